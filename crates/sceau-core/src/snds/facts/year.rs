//! The year in the name of a yearly table.

/// What the placeholders of a family's name stand for in the name of one table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Year {
    /// Placeholder and digits: `("aa", "19")`.
    digits: Vec<(&'static str, String)>,
}

/// The placeholders, `aa` and `AAAA` for a year, `xx` for a version; no other name has these letters in this case.
const PLACEHOLDERS: [&str; 3] = ["AAAA", "aa", "xx"];

/// The name of a family's table over all years: `T_MCO_B` for `T_MCOaaB`, `CT_IDE_GN` for `CT_IDE_AAAA_GN`. `None` if the
/// name holds no year.
pub(super) fn over_years(family: &str) -> Option<String> {
    if family.contains("_AAAA_") {
        Some(family.replace("_AAAA_", "_"))
    } else {
        family.contains("aa").then(|| family.replace("aa", "_"))
    }
}

/// Reads `ER_PRS_F_2019`, an archive of one year: the table's name and the year.
pub(super) fn archive(name: &str) -> Option<(&str, u16)> {
    let (table, digits) = name.rsplit_once('_')?;
    let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let year = plain.then(|| digits.parse().ok()).flatten()?;
    (1900..2200).contains(&year).then_some((table, year))
}

/// The year that two digits stand for: the SNDS begins in the 1990s.
pub(crate) fn of_two_digits(digits: u16) -> u16 {
    if digits < 70 {
        2000 + digits
    } else {
        1900 + digits
    }
}

/// Reads `T_MCO19B` by its family's name `T_MCOaaB`; `None` if it is no table of that family.
pub(super) fn read(family: &str, name: &str) -> Option<Year> {
    let mut digits = Vec::new();
    let (mut family, mut name) = (family, name);
    while !family.is_empty() {
        if let Some(placeholder) = PLACEHOLDERS
            .into_iter()
            .find(|word| family.starts_with(word))
        {
            let (value, rest) = name.split_at_checked(placeholder.len())?;
            if !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            digits.push((placeholder, value.to_owned()));
            (family, name) = (&family[placeholder.len()..], rest);
        } else {
            let (expected, found) = (family.chars().next()?, name.chars().next()?);
            if !expected.eq_ignore_ascii_case(&found) {
                return None;
            }
            (family, name) = (&family[expected.len_utf8()..], &name[found.len_utf8()..]);
        }
    }
    (name.is_empty() && !digits.is_empty()).then_some(Year { digits })
}

impl Year {
    /// A year of a family, and the version that a name of the family holds, if any.
    pub(super) fn of(year: u16, version: Option<&Self>) -> Self {
        let mut digits = vec![
            ("AAAA", format!("{year:04}")),
            ("aa", format!("{:02}", year % 100)),
        ];
        if let Some(version) = version {
            digits.extend(version.digits.iter().cloned());
        }
        Self { digits }
    }

    /// The year itself, with all four digits; `None` if the name holds none.
    pub(super) fn number(&self) -> Option<u16> {
        self.digits
            .iter()
            .find_map(|(placeholder, digits)| match *placeholder {
                "aa" => digits.parse().ok().map(of_two_digits),
                "AAAA" => digits.parse().ok(),
                _ => None,
            })
    }

    /// The name of the same year's table of another family (or of the same).
    pub(super) fn write(&self, family: &str) -> String {
        self.digits
            .iter()
            .fold(family.to_owned(), |name, (placeholder, digits)| {
                name.replace(placeholder, digits)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_read_from_one_name_and_written_into_another() {
        let year = read("T_MCOaaB", "t_mco19b").unwrap();
        assert_eq!(year.write("T_MCOaaC"), "T_MCO19C");
        let year = read("T_MCOaaGVxx", "T_MCO12GV11").unwrap();
        assert_eq!(year.write("T_MCOaaGVxx"), "T_MCO12GV11");
        assert_eq!(
            read("CT_IDE_AAAA_GN", "CT_IDE_2019_GN")
                .unwrap()
                .write("X_AAAA"),
            "X_2019"
        );
    }

    #[test]
    fn what_is_no_year_of_the_family_does_not_read() {
        for (family, name) in [
            ("ER_PRS_F", "ER_PRS_F"),
            ("T_MCOaaB", "T_MCOaaB"),
            ("T_MCOaaB", "T_MCO1"),
            ("T_MCOaaB", "T_MCO19BX"),
            ("T_MCOaaB", "T_MCO1é"),
            ("T_MCOaaB", ""),
        ] {
            assert_eq!(read(family, name), None, "{name}");
        }
    }
}
