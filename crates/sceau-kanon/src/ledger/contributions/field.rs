//! Arithmetic modulo 2⁶¹ − 1, a prime: one multiplication of the machine and a few additions.

use std::ops::{Add, AddAssign, Mul, Sub};

/// A number modulo 2⁶¹ − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Number(u64);

const PRIME: u64 = (1 << 61) - 1;

impl Number {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const ONE: Self = Self(1);

    /// Of any 64 bits: eight of them make one number.
    pub(super) fn of(bits: u64) -> Self {
        Self::folded((bits & PRIME) + (bits >> 61))
    }

    /// As it is written; nothing if no number is written so.
    pub(super) fn read(bits: u64) -> Option<Self> {
        (bits < PRIME).then_some(Self(bits))
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Of less than twice the prime.
    #[inline]
    fn folded(sum: u64) -> Self {
        Self(if sum >= PRIME { sum - PRIME } else { sum })
    }
}

impl Add for Number {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self::folded(self.0 + other.0)
    }
}

impl AddAssign for Number {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Number {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self::folded(self.0 + PRIME - other.0)
    }
}

impl Mul for Number {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let product = u128::from(self.0) * u128::from(other.0);
        Self::folded((product as u64 & PRIME) + (product >> 61) as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![0..PRIME, Just(0), Just(1), Just(PRIME - 1)]
    }

    proptest! {
        #[test]
        fn it_is_arithmetic_modulo_the_prime(a in number(), b in number()) {
            let modulo = |value: u128| (value % u128::from(PRIME)) as u64;
            let (left, right) = (Number(a), Number(b));
            prop_assert_eq!((left + right).0, modulo(u128::from(a) + u128::from(b)));
            prop_assert_eq!((left * right).0, modulo(u128::from(a) * u128::from(b)));
            prop_assert_eq!(left - right + right, left);
        }

        #[test]
        fn any_bits_make_a_number(bits in prop_oneof![any::<u64>(), Just(u64::MAX), Just(PRIME), Just(2 * PRIME)]) {
            prop_assert_eq!(Number::of(bits).0, bits % PRIME);
            prop_assert_eq!(Number::read(bits).is_some(), bits < PRIME);
        }
    }
}
