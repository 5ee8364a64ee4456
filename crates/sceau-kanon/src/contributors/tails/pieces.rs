use crate::contributors::UNKNOWN_PERSON;
use crate::contributors::keys::NO_NUMBER;
use crate::contributors::pairs::Pair;

/// Finds how many people percentiles leave in the smallest of the pieces that they cut values into.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    k: usize,
    /// The percentiles, in order.
    at: &'a [f64],
    /// Those whom a piece was found to have.
    people: Vec<u64>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(k: u32, at: &'a [f64]) -> Self {
        Self {
            k: k as usize,
            at,
            people: Vec::new(),
        }
    }

    /// The people of the smallest piece, at most *k*. Puts the rows in another order, and in no more of it than it must.
    pub(super) fn smallest(&mut self, mut rows: &mut [Pair]) -> u64 {
        let Some(last) = rows.len().checked_sub(1) else {
            return self.k as u64;
        };
        if rows.iter().any(|row| row[0] == NO_NUMBER) {
            return 0;
        }
        let mut smallest = self.k;
        // What is left of the rows are those after `passed`, none of which has less than the value of the last passed one.
        let mut passed = 0;
        let mut above = None;
        for share in self.at {
            let (lower, upper) = around(share * last as f64);
            // The rows of the percentile before it reach as far: nobody is between the two.
            let Some(ahead) = lower.checked_sub(passed) else {
                return 0;
            };
            let (before, &mut [value, _], after) = rows.select_nth_unstable_by_key(ahead, key);
            smallest = smallest.min(self.people(before, |row| {
                row < value && above.is_none_or(|above| row > above)
            }));
            above = Some(value);
            passed = lower + 1;
            rows = after;
            if upper > lower && !rows.is_empty() {
                let (_, &mut [value, _], after) = rows.select_nth_unstable_by_key(0, key);
                above = Some(value);
                passed += 1;
                rows = after;
            }
        }
        let beyond = self.people(rows, |row| above.is_none_or(|above| row > above));
        smallest.min(beyond) as u64
    }

    /// How many people have a value within, at most *k*.
    fn people(&mut self, rows: &[Pair], within: impl Fn(u64) -> bool) -> usize {
        self.people.clear();
        for &[value, person] in rows {
            if self.people.len() == self.k {
                break;
            }
            if person != UNKNOWN_PERSON && within(value) && !self.people.contains(&person) {
                self.people.push(person);
            }
        }
        self.people.len()
    }
}

fn key(row: &Pair) -> u64 {
    row[0]
}

/// The rows that a position lies between, or on. That a third of three is not quite one makes it no other row.
fn around(position: f64) -> (usize, usize) {
    let nearest = position.round();
    if (position - nearest).abs() < 1e-6 {
        (nearest as usize, nearest as usize)
    } else {
        (position.floor() as usize, position.ceil() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smallest(at: &[f64], values: impl IntoIterator<Item = u64>) -> u64 {
        let mut rows: Vec<Pair> = values.into_iter().zip(1..).map(Pair::from).collect();
        Pieces::new(3, at).smallest(&mut rows)
    }

    #[test]
    fn k_people_lie_on_each_side_of_a_percentile_and_between_two() {
        assert_eq!(smallest(&[0.5], 1..=7), 3);
        assert_eq!(smallest(&[0.5], (1..=7).rev()), 3);
        assert_eq!(smallest(&[0.5], 1..=6), 2);
        assert_eq!(smallest(&[0.5], [1, 1, 1, 4, 4, 4, 4]), 0);
        assert_eq!(smallest(&[0.0], 1..=9), 0);
        assert_eq!(smallest(&[1.0], 1..=9), 0);
        assert_eq!(smallest(&[0.25, 0.75], 1..=13), 3);
        assert_eq!(smallest(&[0.5, 0.6], 1..=13), 0);
        assert_eq!(smallest(&[0.50, 0.51], 1..=13), 0);
    }

    #[test]
    fn nothing_to_tell_what_is_no_number_and_nobody() {
        assert_eq!(smallest(&[0.5], []), 3);
        assert_eq!(smallest(&[0.5], (1..=8).chain([NO_NUMBER])), 0);
        let mut rows: Vec<Pair> = (1..=9).map(|value| [value, UNKNOWN_PERSON]).collect();
        assert_eq!(Pieces::new(3, &[0.5]).smallest(&mut rows), 0);
    }
}
