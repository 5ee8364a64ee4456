//! How a column writes its dates.

use chrono::format::{Item, StrftimeItems};
use chrono::{NaiveDate, NaiveDateTime};
use std::fmt::Write;

/// A `strftime` pattern, e.g. `%d%b%Y:%H:%M:%S`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format(String);

impl Format {
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        if StrftimeItems::new(pattern).any(|item| matches!(item, Item::Error)) {
            return Err(format!("`{pattern}` is no format of a date"));
        }
        Ok(Self(pattern.to_owned()))
    }

    /// Whether the pattern tells year, month and day, as a date needs.
    pub(super) fn is_whole_date(&self) -> bool {
        let day = NaiveDate::from_ymd_opt(2011, 12, 13).unwrap_or_default();
        let mut written = String::new();
        write!(written, "{}", day.format(&self.0)).is_ok() && self.date(&written) == Some(day)
    }

    /// The date, if the value is written exactly so and the calendar has it. Letters may be of any case.
    pub(super) fn date(&self, value: &str) -> Option<NaiveDate> {
        let date = NaiveDate::parse_from_str(value, &self.0).ok()?;
        // The parser forgives spaces and missing zeros: what it read has to be what is written.
        let mut written = String::new();
        write!(written, "{}", date.format(&self.0)).ok()?;
        written.eq_ignore_ascii_case(value).then_some(date)
    }

    /// The second, or midnight if the pattern is one of dates.
    pub(super) fn seconds(&self, value: &str) -> Option<NaiveDateTime> {
        let Ok(second) = NaiveDateTime::parse_from_str(value, &self.0) else {
            return self.date(value)?.and_hms_opt(0, 0, 0);
        };
        let mut written = String::new();
        write!(written, "{}", second.format(&self.0)).ok()?;
        written.eq_ignore_ascii_case(value).then_some(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_only_if_it_is_written_exactly_as_its_format_says() {
        let iso = Format::new("%Y-%m-%d").unwrap();
        assert_eq!(iso.date("2019-06-28"), NaiveDate::from_ymd_opt(2019, 6, 28));
        for other in [
            "2019-6-28",
            " 2019-06-28",
            "2019-02-29",
            "28/06/2019",
            "2019-06-28 ",
            "",
        ] {
            assert_eq!(iso.date(other), None, "{other}");
        }
        let plain = Format::new("%d%m%Y").unwrap();
        assert_eq!(plain.date("28062019"), NaiveDate::from_ymd_opt(2019, 6, 28));
    }

    #[test]
    fn a_second_is_read_with_month_names_in_any_case() {
        let sas = Format::new("%d%b%Y:%H:%M:%S").unwrap();
        let expected = NaiveDate::from_ymd_opt(2007, 1, 2)
            .unwrap()
            .and_hms_opt(22, 12, 17);
        assert_eq!(sas.seconds("02Jan2007:22:12:17"), expected);
        assert_eq!(sas.seconds("02JAN2007:22:12:17"), expected);
        assert_eq!(sas.seconds("02Jan2007:24:12:17"), None);
        assert_eq!(sas.seconds("2Jan2007:22:12:17"), None);
    }

    #[test]
    fn a_month_is_no_whole_date() {
        assert!(!Format::new("%m").unwrap().is_whole_date());
        assert!(Format::new("%d%m%Y").unwrap().is_whole_date());
        assert!(Format::new("%Q").is_err());
    }
}
