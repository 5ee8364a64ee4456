//! Who is behind a figure, and what each of them adds to it.
//!
//! Two sums over the same people differ by a few rows of one of them, and no sketch of people tells: `WHERE NOT (id = 'a' AND
//! act = 'X')` leaves out a row of a person who has others. So of every figure that adds up, the ledger keeps a sketch that says
//! of how many people the difference to another figure is.

mod decode;
mod field;
mod function;
mod groups;
mod known;

pub use function::sketch_contributions;
pub(super) use known::{FigurePlace, KnownFigure, KnownFigures};

use field::Number;

/// What the ledger keeps of a figure that adds up.
///
/// Each row adds v αʲ to sum number *j* of 2 *k*, with α a number for the person and v one for the value, modulo a prime. So
/// figures are added and subtracted as their sketches are, in whatever way they were put together, and a person to whom a
/// difference owes nothing is in none of its sums. Of fewer than *k* people 2 *k* sums tell how many they are: they are the
/// syndromes of a Reed–Solomon code (sparse recovery, as Prony did it).
///
/// Beside them stand *k* small sums, each of some of the people: figures that differ by fewer than *k* people have at least one of them
/// in common, by which they are found.
///
/// ```
/// use sceau_kanon::ledger::Contributions;
///
/// let mut all = Contributions::new(11);
/// for person in 1..=30 {
///     all.add_row(person, 20.0);
///     all.add_row(person, 7.5);
/// }
/// let mut one_row_less = Contributions::new(11);
/// for person in 1..=30 {
///     one_row_less.add_row(person, 7.5);
///     if person != 3 {
///         one_row_less.add_row(person, 20.0);
///     }
/// }
/// assert_eq!(all.minus(&one_row_less).people(), Some(1));
/// assert_eq!(all.minus(&all).people(), Some(0));
/// assert_eq!(all.people(), None);    // eleven or more
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Contributions {
    signature: Vec<u16>,
    sums: Vec<Number>,
}

impl Contributions {
    /// Of nobody, to tell 1 to `k` − 1 people apart.
    pub fn new(k: u32) -> Self {
        let k = k.clamp(1, MOST_K) as usize;
        Self {
            signature: vec![0; k],
            sums: vec![Number::ZERO; 2 * k],
        }
    }

    /// One more row. Its value stands for itself: rows with the same value are the same, and a row of 0 adds nothing.
    pub fn add_row(&mut self, person: u64, value: f64) {
        add(
            &mut self.signature,
            &mut self.sums,
            person,
            Added::of(number(value)),
        );
    }

    /// This figure less another. Of sketches for different k, the smaller one counts.
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, |one, other| one - other, u16::wrapping_sub)
    }

    /// The sum of two figures, as of two cells.
    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, |one, other| one + other, u16::wrapping_add)
    }

    fn with(
        &self,
        other: &Self,
        sums: impl Fn(Number, Number) -> Number,
        signatures: impl Fn(u16, u16) -> u16,
    ) -> Self {
        let both = self.signature.iter().zip(&other.signature);
        let same_k = self.signature.len() == other.signature.len();
        Self {
            // Those for another k say nothing of each other.
            signature: both
                .map(|(&one, &other)| if same_k { signatures(one, other) } else { 0 })
                .collect(),
            sums: (self.sums.iter().zip(&other.sums))
                .map(|(&one, &other)| sums(one, other))
                .collect(),
        }
    }

    /// How many people add to it; `None` if they are k or more.
    pub fn people(&self) -> Option<u32> {
        decode::people(&self.sums)
    }

    /// The k that it was made for.
    pub fn k(&self) -> u32 {
        self.signature.len() as u32
    }

    /// How many bytes [`write`](Self::write) makes for this k.
    pub(super) fn bytes(k: u32) -> usize {
        let k = k.clamp(1, MOST_K) as usize;
        k * size_of::<u16>() + 2 * k * size_of::<u64>()
    }

    /// Signature and sums, lowest byte first.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        write(&self.signature, &self.sums, bytes);
    }

    /// Reads the bytes that [`sketch_contributions`] gives for this k; nothing if it gives none such.
    pub fn from_bytes(k: u32, bytes: &[u8]) -> Option<Self> {
        let k = k.clamp(1, MOST_K);
        if bytes.len() != Self::bytes(k) {
            return None;
        }
        let (signature, sums) = bytes.split_at(2 * k as usize);
        Some(Self {
            signature: (signature.as_chunks().0.iter())
                .map(|bits| u16::from_le_bytes(*bits))
                .collect(),
            sums: (sums.as_chunks().0.iter())
                .map(|bits| Number::read(u64::from_le_bytes(*bits)))
                .collect::<Option<_>>()?,
        })
    }
}

/// The largest k that sketches are made for: beyond it a sketch is larger than what it stands for.
const MOST_K: u32 = 2048;

/// What some rows of one person add.
#[derive(Debug, Clone, Copy, Default)]
struct Added {
    to_sums: Number,
    to_signature: u16,
}

impl Added {
    /// By a value's number.
    #[inline]
    fn of(number: u64) -> Self {
        Self {
            to_sums: Number::of(number),
            to_signature: number as u16,
        }
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        Self {
            to_sums: self.to_sums + other.to_sums,
            to_signature: self.to_signature.wrapping_add(other.to_signature),
        }
    }
}

/// The number of a value; 0, which adds nothing, for either zero.
#[inline]
fn number(value: f64) -> u64 {
    if value == 0.0 {
        return 0;
    }
    let one_of_each = if value.is_nan() { f64::NAN } else { value };
    mixed(one_of_each.to_bits())
}

/// Adds what rows of one person add to a figure.
#[inline]
fn add(signature: &mut [u16], sums: &mut [Number], person: u64, added: Added) {
    let person = mixed(person);
    let group = ((u128::from(person) * signature.len() as u128) >> 64) as usize;
    // An odd factor: what is added to a person is seen in their group.
    let factor = person as u16 | 1;
    signature[group] = signature[group].wrapping_add(added.to_signature.wrapping_mul(factor));
    // Four sums at a time, none of which waits for another.
    let one = Number::of(person);
    let two = one * one;
    let step = two * two;
    let first = added.to_sums;
    let mut powers = [first, first * one, first * two, first * two * one];
    for sums in sums.chunks_mut(powers.len()) {
        for (sum, power) in sums.iter_mut().zip(&mut powers) {
            *sum += *power;
            *power = *power * step;
        }
    }
}

fn write(signature: &[u16], sums: &[Number], bytes: &mut Vec<u8>) {
    for bits in signature {
        bytes.extend_from_slice(&bits.to_le_bytes());
    }
    for sum in sums {
        bytes.extend_from_slice(&sum.bits().to_le_bytes());
    }
}

/// A number in which every bit hangs on every bit of another (the finalizer of SplitMix64): the same on every machine and in every
/// version, since it is kept.
fn mixed(of: u64) -> u64 {
    let mut mixed = of.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(u64, u8)>;

    fn rows() -> impl Strategy<Value = Rows> {
        prop::collection::vec((0..25_u64, 0..5_u8), 0..60)
    }

    fn sketch(k: u32, rows: &Rows) -> Contributions {
        let mut of = Contributions::new(k);
        for (person, value) in rows {
            of.add_row(*person, f64::from(*value));
        }
        of
    }

    /// For whom figures, added and subtracted, leave something: of every value as many rows on either side leave nothing,
    /// and rows of 0 never do.
    fn left(figures: &[(&Rows, i32)]) -> BTreeSet<u64> {
        let mut each: BTreeMap<(u64, u8), i32> = BTreeMap::new();
        for (rows, sign) in figures {
            for row in *rows {
                *each.entry(*row).or_default() += sign;
            }
        }
        let left = each.into_iter().filter(|(_, rows)| *rows != 0);
        left.filter(|((_, value), _)| *value != 0)
            .map(|((person, _), _)| person)
            .collect()
    }

    fn few(k: u32, people: usize) -> Option<u32> {
        u32::try_from(people).ok().filter(|&people| people < k)
    }

    proptest! {
        #[test]
        fn a_difference_of_two_and_of_three_is_counted_up_to_k(k in 1..14_u32, a in rows(), b in rows(), c in rows()) {
            let [one, two, three] = [&a, &b, &c].map(|rows| sketch(k, rows));
            prop_assert_eq!(one.people(), few(k, left(&[(&a, 1)]).len()));
            let pair = left(&[(&a, 1), (&b, -1)]).len();
            prop_assert_eq!(one.minus(&two).people(), few(k, pair));
            let of_three = left(&[(&a, 1), (&b, -1), (&c, -1)]).len();
            prop_assert_eq!(one.minus(&two.plus(&three)).people(), few(k, of_three));
            // Fewer than k people leave one of k small sums as it is.
            if pair < k as usize {
                prop_assert!(one.signature.iter().zip(&two.signature).any(|(one, two)| one == two));
            }
        }

        #[test]
        fn the_smaller_k_counts(large in 5..14_u32, small in 1..5_u32, a in rows(), b in rows()) {
            let people = sketch(large, &a).minus(&sketch(small, &b)).people();
            prop_assert_eq!(people, few(small, left(&[(&a, 1), (&b, -1)]).len()));
        }

        #[test]
        fn what_is_written_is_read_and_any_bytes_are_read_or_refused(
            k in 1..13_u32, rows in rows(), bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut written = Vec::new();
            let of = sketch(k, &rows);
            of.write(&mut written);
            prop_assert_eq!(written.len(), Contributions::bytes(k));
            prop_assert_eq!(Contributions::from_bytes(k, &written), Some(of));
            if let Some(read) = Contributions::from_bytes(k, &bytes) {
                let mut again = Vec::new();
                read.write(&mut again);
                prop_assert_eq!(again, bytes);
                let _ = read.people();
            }
        }
    }

    #[test]
    fn a_figure_for_eleven_takes_some_two_hundred_bytes() {
        assert_eq!(Contributions::bytes(11), 198);
    }

    #[test]
    fn zeros_add_nothing_and_all_that_are_no_number_are_one_value() {
        let of = |value: f64| {
            let mut of = Contributions::new(3);
            of.add_row(1, value);
            of
        };
        assert_eq!(of(0.0), Contributions::new(3));
        assert_eq!(of(-0.0), Contributions::new(3));
        assert_eq!(of(f64::NAN), of(-f64::NAN));
        assert_ne!(of(0.0), of(f64::NAN));
    }
}
