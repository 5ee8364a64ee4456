//! How often each value is there.

use std::collections::HashMap;
use std::fmt;

/// Values and how many rows have them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Distribution {
    /// Of what, and in which table.
    pub title: String,
    /// Rows counted.
    pub total: u64,
    /// How many different values there are.
    pub distinct: u64,
    /// Values and their rows: those that are asked for by their order, or the most frequent.
    pub shares: Vec<(String, u64)>,
}

/// Which values are shown, and in what order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    /// All of them, in their own order.
    All,
    /// The most frequent.
    Most(usize),
}

/// Values being counted.
#[derive(Default)]
pub(super) struct Count(HashMap<String, u64>);

impl Count {
    pub(super) fn add(&mut self, value: &str) {
        // A value is nearly always there already.
        match self.0.get_mut(value) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(value.to_owned(), 1);
            }
        }
    }

    /// None if nothing was counted.
    pub(super) fn distribution(self, title: &str, shown: Shown) -> Option<Distribution> {
        let total = self.0.values().sum();
        let distinct = self.0.len() as u64;
        let mut shares: Vec<_> = self.0.into_iter().collect();
        shares.sort();
        if let Shown::Most(number) = shown {
            shares.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            shares.truncate(number);
        }
        (total > 0).then(|| Distribution {
            title: title.to_owned(),
            total,
            distinct,
            shares,
        })
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({} values)", self.title, self.distinct)?;
        let width = self.shares.iter().map(|(value, _)| value.len()).max();
        let width = width.unwrap_or(0);
        for (value, count) in &self.shares {
            let percent = *count as f64 * 100.0 / self.total as f64;
            writeln!(f, "  {value:<width$} {count:>12} {percent:>5.1} %")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_equal_ones_in_their_order() {
        let mut count = Count::default();
        for value in ["b", "c", "a", "c", "c", "b", "a", "d"] {
            count.add(value);
        }
        let most = count.distribution("letters", Shown::Most(3)).unwrap();
        let expected = [("c", 3), ("a", 2), ("b", 2)].map(|(value, rows)| (value.to_owned(), rows));
        assert_eq!(most.shares, expected);
        assert_eq!((most.total, most.distinct), (8, 4));
        assert_eq!(
            most.to_string(),
            "letters (4 values)\n  c            3  37.5 %\n  a            2  25.0 %\n  b            2  25.0 %\n"
        );
        assert_eq!(Count::default().distribution("nothing", Shown::All), None);
    }
}
