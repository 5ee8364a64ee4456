//! Exact linear algebra: what equations alone determine.
//!
//! Elimination runs modulo a prime, so that no entry grows, and its result is lifted to integers and checked against the
//! equations. A checked vector is one of the null space whatever the prime did; and since the rank modulo a prime is never
//! above the true one, as many checked vectors as columns without pivot are a basis of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The prime 2^61 - 1.
const P: u64 = (1 << 61) - 1;

/// Entries of a row or vector: column and integer, columns ascending, none zero.
pub(in crate::suppress) type Sparse = Vec<(usize, i64)>;

/// Rows in reduced echelon form modulo the prime.
pub(in crate::suppress) struct Reduced {
    columns: usize,
    /// Each row has 1 in its pivot's column, where all other rows have nothing.
    rows: Vec<Vec<(usize, u64)>>,
    pivots: Vec<usize>,
    /// For each column the row whose pivot it is.
    row_of: Vec<Option<usize>>,
}

pub(in crate::suppress) fn add(left: u64, right: u64) -> u64 {
    let sum = left + right;
    if sum >= P { sum - P } else { sum }
}

fn multiply(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    let folded = (product as u64 & P) + (product >> 61) as u64;
    if folded >= P { folded - P } else { folded }
}

pub(in crate::suppress) fn negate(value: u64) -> u64 {
    if value == 0 { 0 } else { P - value }
}

/// By Fermat: value^(P - 2).
fn invert(value: u64) -> u64 {
    let (mut base, mut exponent, mut result) = (value, P - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, base);
        }
        base = multiply(base, base);
        exponent >>= 1;
    }
    result
}

fn residue(value: i64) -> u64 {
    value.rem_euclid(P as i64) as u64
}

/// The fraction with small numerator and denominator that a residue stands for, if there is one.
fn fraction(value: u64) -> Option<(i64, i64)> {
    const SMALL: i128 = 1 << 29;
    let (mut r0, mut r1) = (i128::from(P), i128::from(value));
    let (mut s0, mut s1) = (0_i128, 1_i128);
    while r1 > SMALL {
        let quotient = r0 / r1;
        (r0, r1) = (r1, r0 - quotient * r1);
        (s0, s1) = (s1, s0 - quotient * s1);
    }
    let (numerator, denominator) = if s1 < 0 { (-r1, -s1) } else { (r1, s1) };
    (denominator > 0 && denominator <= SMALL).then_some((numerator as i64, denominator as i64))
}

fn gcd(left: i64, right: i64) -> i64 {
    let (mut left, mut right) = (left.abs(), right.abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// A row under construction: dense, with the columns that were touched.
struct Scratch {
    values: Vec<u64>,
    touched: Vec<usize>,
}

impl Scratch {
    fn load(&mut self, row: &[(usize, u64)]) {
        for &(column, value) in row {
            self.add(column, value);
        }
    }

    fn add(&mut self, column: usize, value: u64) {
        if self.values[column] == 0 {
            self.touched.push(column);
        }
        self.values[column] = add(self.values[column], value);
    }

    fn add_times(&mut self, row: &[(usize, u64)], factor: u64) {
        for &(column, value) in row {
            self.add(column, multiply(value, factor));
        }
    }

    fn take(&mut self) -> Vec<(usize, u64)> {
        self.touched.sort_unstable();
        self.touched.dedup();
        let mut row = Vec::with_capacity(self.touched.len());
        for column in self.touched.drain(..) {
            let value = std::mem::take(&mut self.values[column]);
            if value != 0 {
                row.push((column, value));
            }
        }
        row
    }
}

fn entry(row: &[(usize, u64)], column: usize) -> u64 {
    row.binary_search_by_key(&column, |&(column, _)| column)
        .map_or(0, |at| row[at].1)
}

impl Reduced {
    /// Reduces rows over `columns` columns. Entries of columns from there on are carried along, and never pivots. Columns for which
    /// `first` holds are pivots before others. `None` where it takes more than `work`, in entries gone through.
    pub(in crate::suppress) fn of(
        rows: &[Sparse],
        columns: usize,
        first: impl Fn(usize) -> bool,
        work: &mut u64,
    ) -> Option<Self> {
        let widest = rows
            .iter()
            .flatten()
            .map(|&(column, _)| column + 1)
            .max()
            .unwrap_or(0)
            .max(columns);
        let mut scratch = Scratch {
            values: vec![0; widest],
            touched: Vec::new(),
        };
        // All rows at once: the shortest is next, since little follows from it for the others.
        let mut all: Vec<Vec<(usize, u64)>> = rows
            .iter()
            .map(|row| {
                for &(column, value) in row {
                    scratch.add(column, residue(value));
                }
                scratch.take()
            })
            .collect();
        // For each column rows that may have an entry there.
        let mut holders: Vec<Vec<usize>> = vec![Vec::new(); columns];
        for (row, entries) in all.iter().enumerate() {
            for &(column, _) in entries.iter().take_while(|&&(column, _)| column < columns) {
                holders[column].push(row);
            }
        }
        let length = |row: &[(usize, u64)]| row.partition_point(|&(column, _)| column < columns);
        let mut queue: BinaryHeap<Reverse<(usize, usize)>> = (all.iter().enumerate())
            .map(|(row, entries)| Reverse((length(entries), row)))
            .collect();
        let mut pivot_of: Vec<Option<usize>> = vec![None; all.len()];
        while let Some(Reverse((size, next))) = queue.pop() {
            let current = length(&all[next]);
            if pivot_of[next].is_some() || size != current {
                continue;
            }
            let pivot = all[next][..current]
                .iter()
                .map(|&(column, _)| column)
                .min_by_key(|&column| (!first(column), holders[column].len(), column));
            let Some(pivot) = pivot else { continue };
            let scale = invert(entry(&all[next], pivot));
            for (_, value) in &mut all[next] {
                *value = multiply(*value, scale);
            }
            pivot_of[next] = Some(pivot);
            let reduced = std::mem::take(&mut all[next]);
            let mut others = std::mem::take(&mut holders[pivot]);
            others.sort_unstable();
            others.dedup();
            for other in others {
                let factor = entry(&all[other], pivot);
                if factor == 0 {
                    continue;
                }
                for &(column, _) in &reduced[..current] {
                    if column != pivot && entry(&all[other], column) == 0 {
                        holders[column].push(other);
                    }
                }
                *work = work.checked_sub((all[other].len() + reduced.len()) as u64)?;
                scratch.load(&all[other]);
                scratch.add_times(&reduced, negate(factor));
                all[other] = scratch.take();
                if pivot_of[other].is_none() {
                    queue.push(Reverse((length(&all[other]), other)));
                }
            }
            all[next] = reduced;
        }
        let mut found = Self {
            columns,
            rows: Vec::new(),
            pivots: Vec::new(),
            row_of: vec![None; columns],
        };
        for (row, pivot) in all.into_iter().zip(pivot_of) {
            if let Some(pivot) = pivot {
                found.row_of[pivot] = Some(found.rows.len());
                found.pivots.push(pivot);
                found.rows.push(row);
            }
        }
        Some(found)
    }

    /// An integer basis of the null space of `rows`, the rows that were reduced, and how many dimensions it should have.
    /// Vectors whose lift does not solve the equations are left out.
    pub(in crate::suppress) fn null_space(&self, rows: &[Sparse]) -> (Vec<Sparse>, usize) {
        let mut vectors: Vec<Vec<(usize, u64)>> = vec![Vec::new(); self.columns];
        for (row, &pivot) in self.rows.iter().zip(&self.pivots) {
            for &(column, value) in row {
                if column < self.columns && column != pivot {
                    vectors[column].push((pivot, negate(value)));
                }
            }
        }
        let check = Check::of(rows, self.columns);
        let mut basis = Vec::new();
        let mut dimensions = 0;
        for (column, mut vector) in vectors.into_iter().enumerate() {
            if self.row_of[column].is_some() {
                continue;
            }
            dimensions += 1;
            vector.push((column, 1));
            vector.sort_unstable();
            if let Some(lifted) = lift(&vector).filter(|lifted| check.solves(lifted)) {
                basis.push(lifted);
            }
        }
        (basis, dimensions)
    }

    /// The combination of the reduced rows that has 1 in the given columns and nothing in others, if there is one: its entries in the
    /// columns that were carried along, modulo the prime.
    pub(in crate::suppress) fn combination(&self, ones: &[usize]) -> Option<Vec<(usize, u64)>> {
        let widest = self
            .rows
            .iter()
            .flatten()
            .map(|&(column, _)| column + 1)
            .max()
            .unwrap_or(0)
            .max(self.columns);
        let mut scratch = Scratch {
            values: vec![0; widest],
            touched: Vec::new(),
        };
        for &column in ones {
            scratch.add(column, negate(1));
            if let Some(row) = self.row_of[column] {
                scratch.load(&self.rows[row]);
            }
        }
        let rest = scratch.take();
        rest.first()
            .is_none_or(|&(column, _)| column >= self.columns)
            .then_some(rest)
    }
}

/// The integers that residues stand for, scaled to have no common divisor.
fn lift(vector: &[(usize, u64)]) -> Option<Sparse> {
    let mut fractions = Vec::with_capacity(vector.len());
    let mut common = 1_i64;
    for &(column, value) in vector {
        let (numerator, denominator) = fraction(value)?;
        common = common.checked_mul(denominator / gcd(common, denominator))?;
        if common > 1 << 30 {
            return None;
        }
        fractions.push((column, numerator, denominator));
    }
    fractions
        .into_iter()
        .map(|(column, numerator, denominator)| {
            let value = numerator.checked_mul(common / denominator)?;
            Some((column, value))
        })
        .collect()
}

/// The equations by column, to check vectors that have few entries.
pub(in crate::suppress) struct Check {
    by_column: Vec<Vec<(usize, i64)>>,
}

impl Check {
    pub(in crate::suppress) fn of(rows: &[Sparse], columns: usize) -> Self {
        let mut by_column = vec![Vec::new(); columns];
        for (row, entries) in rows.iter().enumerate() {
            for &(column, value) in entries {
                if column < columns {
                    by_column[column].push((row, value));
                }
            }
        }
        Self { by_column }
    }

    /// Whether every equation, applied to the vector, gives exactly zero.
    pub(in crate::suppress) fn solves(&self, vector: &[(usize, i64)]) -> bool {
        let mut sums: Vec<(usize, i128)> = Vec::new();
        for &(column, value) in vector {
            for &(row, coefficient) in &self.by_column[column] {
                sums.push((row, i128::from(value) * i128::from(coefficient)));
            }
        }
        sums.sort_unstable_by_key(|&(row, _)| row);
        sums.chunk_by(|left, right| left.0 == right.0)
            .all(|row| row.iter().map(|&(_, value)| value).sum::<i128>() == 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reduction(rows: &[Sparse], columns: usize, first: impl Fn(usize) -> bool) -> Reduced {
        Reduced::of(rows, columns, first, &mut 1_000_000).unwrap()
    }

    #[test]
    fn a_unit_vector_in_the_row_space_is_found_with_the_rows_that_make_it() {
        // x + y, y + z, x + 2y + z + w: w is the third less the first two.
        let rows = vec![
            vec![(0, 1), (1, 1), (4, 1)],
            vec![(1, 1), (2, 1), (5, 1)],
            vec![(0, 1), (1, 2), (2, 1), (3, 1), (6, 1)],
        ];
        let reduced = reduction(&rows, 4, |_| false);
        assert_eq!(
            reduced.combination(&[3]),
            Some(vec![(4, P - 1), (5, P - 1), (6, 1)])
        );
        assert_eq!(reduced.combination(&[0, 1]), Some(vec![(4, 1)]));
        assert_eq!(reduced.combination(&[0]), None);
        let (basis, dimensions) = reduced.null_space(&rows);
        assert_eq!((basis.len(), dimensions), (1, 1));
    }

    #[test]
    fn what_takes_too_long_is_not_reduced() {
        let rows = vec![vec![(0, 1), (1, 1)], vec![(0, 1), (1, 2)]];
        assert!(Reduced::of(&rows, 2, |_| false, &mut 3).is_none());
        let mut work = 10;
        assert!(Reduced::of(&rows, 2, |_| false, &mut work).is_some());
        assert!(work < 10);
    }

    #[test]
    fn halves_are_lifted_to_integers() {
        // 2x = y
        let rows = vec![vec![(0, 2), (1, -1)]];
        for first in [0, 1] {
            let reduced = reduction(&rows, 2, |column| column == first);
            let (basis, _) = reduced.null_space(&rows);
            assert_eq!(basis, [vec![(0, 1), (1, 2)]]);
        }
    }

    proptest! {
        #[test]
        fn the_basis_solves_the_equations_and_is_as_large_as_it_must_be(
            entries in prop::collection::vec(prop::collection::vec(-2..=2_i64, 6), 0..7)
        ) {
            let rows: Vec<Sparse> = entries
                .iter()
                .map(|row| row.iter().copied().enumerate().filter(|&(_, value)| value != 0).collect())
                .collect();
            let reduced = reduction(&rows, 6, |_| false);
            let (basis, dimensions) = reduced.null_space(&rows);
            prop_assert_eq!(basis.len(), dimensions);
            prop_assert_eq!(dimensions + reduced.rows.len(), 6);
            for vector in &basis {
                for row in &entries {
                    let sum: i64 = vector.iter().map(|&(column, value)| value * row[column]).sum();
                    prop_assert_eq!(sum, 0);
                }
            }
            // The vectors are independent: their own rank is their number.
            prop_assert_eq!(reduction(&basis, 6, |_| false).rows.len(), basis.len());
        }
    }
}
