use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::EmitTo;

use crate::contributors::pairs::Pair;

/// The rows of all groups, in the order in which they came.
///
/// Rows are put at its end, wherever their group is, and brought to their groups once, when these are asked for.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// How many groups there are.
    total: usize,
    groups: Vec<u32>,
    rows: Vec<Pair>,
}

impl Log {
    /// Makes room for groups `0..groups`.
    pub(super) fn grow(&mut self, groups: usize) -> Result<()> {
        if u32::try_from(groups).is_err() {
            return exec_err!("too many groups to know the rows of each");
        }
        self.total = self.total.max(groups);
        Ok(())
    }

    /// Adds a row to each of some groups.
    pub(super) fn add(&mut self, groups: &[usize], rows: impl Iterator<Item = Pair>) {
        self.groups.extend(groups.iter().map(|group| *group as u32));
        self.rows.extend(rows.take(groups.len()));
    }

    /// Adds rows to one group.
    pub(super) fn add_to(&mut self, group: usize, rows: &[Pair]) {
        let groups = std::iter::repeat_n(group as u32, rows.len());
        self.groups.extend(groups);
        self.rows.extend_from_slice(rows);
    }

    /// Removes the groups to emit and returns their rows.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> ByGroup {
        let first = match emit_to {
            EmitTo::All => self.total,
            EmitTo::First(groups) => groups.min(self.total),
        };
        let mut ends = vec![0; first];
        for &group in &self.groups {
            if let Some(length) = ends.get_mut(group as usize) {
                *length += 1;
            }
        }
        let mut all = 0;
        for end in &mut ends {
            let start = all;
            all += *end;
            *end = start;
        }
        // Each end is where the next row of its group goes, until all are there.
        let mut rows = vec![Pair::default(); all];
        let mut left = 0;
        for at in 0..self.rows.len() {
            let (group, row) = (self.groups[at], self.rows[at]);
            match ends.get_mut(group as usize) {
                Some(end) => {
                    rows[*end] = row;
                    *end += 1;
                }
                None => {
                    self.groups[left] = group - first as u32;
                    self.rows[left] = row;
                    left += 1;
                }
            }
        }
        self.total -= first;
        if left == 0 {
            self.groups = Vec::new();
            self.rows = Vec::new();
        } else {
            self.groups.truncate(left);
            self.rows.truncate(left);
        }
        ByGroup { rows, ends }
    }

    pub(super) fn size(&self) -> usize {
        self.groups.capacity() * size_of::<u32>() + self.rows.capacity() * size_of::<Pair>()
    }
}

/// Rows, those of a group beside each other.
#[derive(Debug)]
pub(super) struct ByGroup {
    rows: Vec<Pair>,
    /// Where each group ends and the next one begins.
    ends: Vec<usize>,
}

impl ByGroup {
    pub(super) fn groups(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn lengths(&self) -> impl Iterator<Item = usize> {
        let starts = std::iter::once(&0).chain(&self.ends);
        self.ends.iter().zip(starts).map(|(end, start)| end - start)
    }

    /// The rows of a group, to be put in whatever order.
    pub(super) fn rows(&mut self, group: usize) -> &mut [Pair] {
        let start = group.checked_sub(1).map_or(0, |before| self.ends[before]);
        &mut self.rows[start..self.ends[group]]
    }

    pub(super) fn into_rows(self) -> Vec<Pair> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_to_their_groups_and_those_of_later_groups_stay() {
        let mut log = Log::default();
        log.grow(4).unwrap();
        log.add(&[2, 0], [[20, 1], [1, 1]].into_iter());
        log.add_to(0, &[[2, 2], [3, 3]]);
        log.add(&[3, 2], [[30, 1], [21, 2]].into_iter());
        let mut first = log.take(EmitTo::First(2));
        assert_eq!(first.lengths().collect::<Vec<_>>(), [3, 0]);
        assert_eq!(first.rows(0), [[1, 1], [2, 2], [3, 3]]);
        assert!(first.rows(1).is_empty());
        log.add_to(0, &[[22, 3]]);
        let mut rest = log.take(EmitTo::All);
        assert_eq!(rest.groups(), 2);
        assert_eq!(rest.rows(0), [[20, 1], [21, 2], [22, 3]]);
        assert_eq!(rest.rows(1), [[30, 1]]);
        assert_eq!(log.take(EmitTo::All).groups(), 0);
        assert_eq!(log.size(), 0);
    }
    #[test]
    fn of_many_groups_every_one_gets_its_rows() {
        for groups in [255, 256, 1_023, 5_000] {
            let mut log = Log::default();
            log.grow(groups).unwrap();
            for round in 0..3 {
                let at: Vec<usize> = (0..groups).map(|group| (group * 7_919) % groups).collect();
                log.add(&at, at.iter().map(|group| [*group as u64, round]));
            }
            let mut all = log.take(EmitTo::All);
            for group in 0..groups {
                let of_group = group as u64;
                assert_eq!(all.rows(group), [0, 1, 2].map(|round| [of_group, round]));
            }
        }
    }
}
