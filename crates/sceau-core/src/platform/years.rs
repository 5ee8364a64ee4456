//! Folder patterns: one table a year, found by `{aa}` or `{annee}` in a path.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::snds::of_two_digits;

/// What stands beside the years of a folder pattern and looks like one, but is none: no question reads it.
///
/// What is merely named otherwise, another table's folder, is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The table, as the platform's file names it.
    pub table: String,
    /// How many folders or files.
    pub count: usize,
    /// Where one of them is.
    pub example: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            count,
            example,
        } = self;
        if *count == 1 {
            return write!(
                f,
                "table {table}: {example} is of none of its years and is not read"
            );
        }
        write!(
            f,
            "table {table}: {count} folders or files are of none of its years and are not read, such as {example}"
        )
    }
}

/// What a pattern finds in a store.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The places that there are, a year each.
    pub(super) years: BTreeMap<u16, Path>,
    /// What nearly is one.
    pub(super) passed_over: Vec<Path>,
}

/// A path in which `{aa}` stands for the last two digits of a year and `{annee}` for all four.
#[derive(Debug)]
pub(super) struct Pattern<'a> {
    parts: Vec<&'a str>,
}

const TWO_DIGITS: &str = "{aa}";
const FOUR_DIGITS: &str = "{annee}";

impl<'a> Pattern<'a> {
    /// The pattern that a path is; `None` when it speaks of one place.
    ///
    /// # Errors
    /// Names what was expected, when something else stands in braces.
    pub(super) fn of(path: &'a str) -> Result<Option<Self>, &'static str> {
        let rest = path.replace(TWO_DIGITS, "").replace(FOUR_DIGITS, "");
        if rest.contains(['{', '}']) {
            return Err("{aa} or {annee} where a year stands, and no other braces");
        }
        if rest.len() == path.len() {
            return Ok(None);
        }
        let parts = path.trim_matches('/').split('/').collect();
        Ok(Some(Self { parts }))
    }

    /// Looks for the years.
    ///
    /// # Errors
    /// Says what could not be listed, or which two places are of one year.
    pub(super) async fn find(&self, store: &Arc<dyn ObjectStore>) -> Result<Found, String> {
        let mut passed_over = Vec::new();
        let mut found: Vec<(Option<u16>, Path)> = vec![(None, Path::default())];
        for (at, part) in self.parts.iter().enumerate() {
            if !part.contains('{') {
                for (_, place) in &mut found {
                    *place = place.clone().join(*part);
                }
                continue;
            }
            let mut next = Vec::new();
            for (known, place) in found {
                let below = store
                    .list_with_delimiter(Some(&place))
                    .await
                    .map_err(|_| format!("its years cannot be listed below {place}"))?;
                let files = below.objects.into_iter().map(|file| file.location);
                let last = at + 1 == self.parts.len();
                for place in below
                    .common_prefixes
                    .into_iter()
                    .chain(files.filter(|_| last))
                {
                    let name = place.filename().unwrap_or_default();
                    match year_in(part, name) {
                        Some(year) if known.is_none_or(|known| known == year) => {
                            next.push((Some(year), place));
                        }
                        Some(_) => passed_over.push(place),
                        None if is_nearly(part, name) => passed_over.push(place),
                        None => {}
                    }
                }
            }
            found = next;
        }
        let mut years = BTreeMap::new();
        for (year, place) in found {
            let Some(year) = year else { continue };
            // A part without a year was added without being looked at.
            if store
                .list(Some(&place))
                .try_next()
                .await
                .map_err(|_| format!("its years cannot be listed below {place}"))?
                .is_none()
                && store.head(&place).await.is_err()
            {
                continue;
            }
            if let Some(other) = years.insert(year, place.clone()) {
                return Err(format!("{other} and {place} are both of {year}"));
            }
        }
        passed_over.sort();
        Ok(Found { years, passed_over })
    }
}

/// Whether a name is what a pattern describes but for its year, its case or what comes after.
fn is_nearly(pattern: &str, name: &str) -> bool {
    // By the conventions of those who write Parquet, these are no data.
    if name.starts_with(['_', '.']) {
        return false;
    }
    let (name, pattern) = (name.to_lowercase(), pattern.to_lowercase());
    let begun = (1..name.len())
        .filter(|at| name.is_char_boundary(*at))
        .any(|at| year_in(&pattern, &name[..at]).is_some());
    let literal: Vec<&str> = pattern.split(['{', '}']).collect();
    let around = |before: &&str, after: &&str| name.starts_with(before) && name.ends_with(after);
    begun
        || (literal.first().zip(literal.last()))
            .is_some_and(|(before, after)| around(before, after))
}

/// The year that a name holds where the pattern says so.
fn year_in(pattern: &str, name: &str) -> Option<u16> {
    let (mut pattern, mut name) = (pattern, name);
    let mut year = None;
    while !pattern.is_empty() {
        let digits = [(TWO_DIGITS, 2), (FOUR_DIGITS, 4)]
            .into_iter()
            .find_map(|(placeholder, digits)| Some((pattern.strip_prefix(placeholder)?, digits)));
        if let Some((rest, digits)) = digits {
            let (value, after) = name.split_at_checked(digits)?;
            if !value.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let value: u16 = value.parse().ok()?;
            let value = if digits == 2 {
                of_two_digits(value)
            } else {
                value
            };
            if year.is_some_and(|year| year != value) {
                return None;
            }
            year = Some(value);
            (pattern, name) = (rest, after);
        } else {
            let next = pattern.chars().next()?;
            name = name.strip_prefix(next)?;
            pattern = &pattern[next.len_utf8()..];
        }
    }
    year.filter(|_| name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[test]
    fn a_year_is_read_where_the_pattern_has_it() {
        for (pattern, name, year) in [
            ("T_MCO{aa}B", "T_MCO19B", Some(2019)),
            ("T_MCO{aa}B", "T_MCO98B", Some(1998)),
            ("T_MCO{aa}B", "T_MCO19BX", None),
            ("T_MCO{aa}B", "T_MCO2019B", None),
            ("T_MCO{aa}B", "T_MCO1xB", None),
            ("ER_PRS_F_{annee}", "ER_PRS_F_2019", Some(2019)),
            ("annee={annee}", "annee=2019", Some(2019)),
            ("{annee}-{aa}.parquet", "2019-19.parquet", Some(2019)),
            ("{annee}-{aa}.parquet", "2019-20.parquet", None),
            ("T_MCO{aa}B", "T_MCO1é", None),
        ] {
            assert_eq!(year_in(pattern, name), year, "{pattern} {name}");
        }
    }

    #[test]
    fn other_braces_are_refused_and_a_path_without_is_one_place() {
        assert!(Pattern::of("pmsi/{year}/").is_err());
        assert!(Pattern::of("pmsi/{aa").is_err());
        assert!(Pattern::of("pmsi/t_mco19b/").is_ok_and(|found| found.is_none()));
    }

    #[test]
    fn what_looks_like_a_year_is_told_from_another_table() {
        for (pattern, name, nearly) in [
            ("T_MCO{aa}B", "T_MCO2019B", true),
            ("T_MCO{aa}B", "t_mco19b", true),
            ("T_MCO{aa}B", "T_MCO19B_old", true),
            ("T_MCO{aa}B", "T_MCOxxB", true),
            ("T_MCO{aa}B", "T_MCO19C", false),
            ("T_MCO{aa}B", "T_SSR19B", false),
            ("annee={annee}", "annee=__HIVE_DEFAULT_PARTITION__", true),
            ("annee={annee}", "annee=19", true),
            ("{annee}", "old", true),
            ("{annee}", "_SUCCESS", false),
            ("{annee}", ".tmp", false),
            ("T_MCO{aa}B", "é", false),
        ] {
            assert_eq!(is_nearly(pattern, name), nearly, "{pattern} {name}");
        }
    }

    #[tokio::test]
    async fn every_year_that_is_there_is_found() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for path in [
            "pmsi/2019/T_MCO19B/a.parquet",
            "pmsi/2020/T_MCO20B/deep/b.parquet",
            "pmsi/2020/T_MCO19B/a.parquet",
            "pmsi/2021/T_MCO21C/a.parquet",
            "pmsi/old/T_MCO18B/a.parquet",
            "pmsi/2022.parquet",
        ] {
            let path = Path::from(path);
            store.put(&path, "x".into()).await.expect("put");
        }
        let find = async |pattern| {
            let pattern = Pattern::of(pattern).expect("reads").expect("years");
            let found = pattern.find(&store).await.expect("lists");
            let found = found.years.into_iter();
            found
                .map(|(year, place)| format!("{year} {place}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            find("pmsi/{annee}/T_MCO{aa}B/").await,
            ["2019 pmsi/2019/T_MCO19B", "2020 pmsi/2020/T_MCO20B"]
        );
        assert_eq!(
            find("pmsi/{annee}/T_MCO21C").await,
            ["2021 pmsi/2021/T_MCO21C"]
        );
        assert_eq!(
            find("pmsi/{annee}.parquet").await,
            ["2022 pmsi/2022.parquet"]
        );
    }
}
