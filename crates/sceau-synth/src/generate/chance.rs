//! Random draws whose values are part of the promise "same seed, same bytes".
//!
//! The draws are made here and not by `rand`'s distributions, which may change their values from one version to the
//! next; and they use no function of the mathematics library, whose last digit depends on the machine.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random draws.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of one patient (or other numbered thing) under a seed: independent of all others.
    pub(super) fn of(seed: u64, index: u64) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(index);
        Self(stream)
    }

    /// A number from 0 to `count` - 1; `count` is not 0.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        let scaled = u64::from(self.0.next_u32()) * u64::from(count);
        u32::try_from(scaled >> 32).expect("less than count")
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = high
            .checked_sub(low)
            .and_then(|span| u32::try_from(span).ok());
        let span = span.expect("low is not above high");
        low + i32::try_from(self.below(span + 1)).expect("at most span")
    }

    /// Yes with this probability.
    pub(super) fn yes(&mut self, probability: f64) -> bool {
        f64::from(self.0.next_u32()) < probability * 4_294_967_296.0
    }

    /// A whole number that is `mean` on average: the one below or the one above it.
    pub(super) fn about(&mut self, mean: f64) -> u32 {
        let whole = mean.floor();
        whole as u32 + u32::from(self.yes(mean - whole))
    }

    /// A place in a list of weights, as often as its weight says.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        unreachable!("less than the sum of the weights was drawn")
    }

    /// One of a list.
    pub(super) fn one<T: Copy>(&mut self, list: &[T]) -> T {
        let count = u32::try_from(list.len()).expect("a short list");
        list[self.below(count) as usize]
    }

    /// One of a list, the first ones more often.
    pub(super) fn skewed<T: Copy>(&mut self, list: &[T]) -> T {
        let count = u32::try_from(list.len()).expect("a short list");
        let first = self.below(count);
        list[first.min(self.below(count)) as usize]
    }

    /// Letters and digits as a pseudonym has them: with 17, no two people get the same.
    pub(super) fn letters(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length)
            .map(|_| char::from(self.one(ALPHABET)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_and_an_index_never_changes() {
        let mut chance = Chance::of(42, 7);
        assert_eq!(chance.letters(17), Chance::of(42, 7).letters(17));
        assert_ne!(chance.letters(17), Chance::of(42, 8).letters(17));
        assert_ne!(Chance::of(42, 7).letters(17), Chance::of(43, 7).letters(17));
    }

    #[test]
    fn draws_stay_within_their_bounds_and_near_their_means() {
        let mut chance = Chance::of(1, 1);
        let mut yes = 0;
        let mut about = 0;
        let mut heavy = 0;
        for _ in 0..10_000 {
            assert!((3..=9).contains(&chance.between(3, 9)));
            yes += u32::from(chance.yes(0.25));
            about += chance.about(1.5);
            heavy += u32::from(chance.weighted([1, 0, 3].into_iter()) == 2);
        }
        assert!((2_300..2_700).contains(&yes), "{yes}");
        assert!((14_500..15_500).contains(&about), "{about}");
        assert!((7_300..7_700).contains(&heavy), "{heavy}");
        assert!(!chance.yes(0.0) && chance.yes(1.0));
    }
}
