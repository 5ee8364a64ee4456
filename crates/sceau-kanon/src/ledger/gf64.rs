//! Arithmetic in GF(2⁶⁴), the field of 64-bit ids.
//!
//! An element is a polynomial over GF(2) of degree below 64, bit *i* its coefficient of xⁱ, taken modulo the irreducible
//! polynomial x⁶⁴ + x⁴ + x³ + x + 1 (that of lowest weight and degree for 64: Seroussi, *Table of low-weight binary
//! irreducible polynomials*, HP Labs 1998). Addition is exclusive or, and every element is its own opposite.
//!
//! Multiplication uses the machine's integer multiplier. Keeping every fourth bit of both factors leaves holes of three
//! bits that carries collect in: as long as no more than 15 products meet in one place, the lowest bit of each place is
//! their parity, which is the product without carries. 60 bits of one factor keep to that; its last four bits are added
//! one by one.

use std::ops::{Add, AddAssign, Mul};

/// An element of GF(2⁶⁴).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Gf64(pub(super) u64);

impl Gf64 {
    pub(super) const ZERO: Self = Self(0);
    pub(super) const ONE: Self = Self(1);

    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The product with itself, which is cheap: bit *i* goes to 2 *i*.
    pub(super) fn square(self) -> Self {
        reduced(spread(self.0 as u32), spread((self.0 >> 32) as u32))
    }

    /// What gives one when multiplied with this; zero has none, and gives zero.
    pub(super) fn inverse(self) -> Self {
        // The multiplicative group has 2⁶⁴ − 1 elements: a⁻¹ = a^(2⁶⁴ − 2), 62 squarings and products and a squaring.
        let mut power = self;
        for _ in 0..62 {
            power = power.square() * self;
        }
        power.square()
    }
}

impl Add for Gf64 {
    type Output = Self;

    #[expect(
        clippy::suspicious_arithmetic_impl,
        reason = "addition in a field of characteristic 2"
    )]
    fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl AddAssign for Gf64 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Gf64 {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        Factor::new(self).times(other)
    }
}

/// Every fourth bit.
const FOURTH: u64 = 0x1111_1111_1111_1111;
const FOURTH_WIDE: u128 = (FOURTH as u128) << 64 | FOURTH as u128;

/// A factor made ready: 60 of its bits with the holes, and a mask of each of the last four.
#[derive(Clone, Copy)]
pub(super) struct Factor {
    parts: [u64; 4],
    last: [u64; 4],
}

impl Factor {
    #[inline]
    pub(super) fn new(element: Gf64) -> Self {
        let low = element.0 & (u64::MAX >> 4);
        Self {
            parts: [0, 1, 2, 3].map(|shift| low & FOURTH << shift),
            last: [60, 61, 62, 63].map(|bit| 0_u64.wrapping_sub(element.0 >> bit & 1)),
        }
    }

    #[inline]
    pub(super) fn times(&self, other: Gf64) -> Gf64 {
        let mut product = Products::default();
        product.add(self, other);
        product.sum()
    }
}

/// A sum of products, of which the remainder is taken once.
#[derive(Clone, Copy, Default)]
pub(super) struct Products {
    places: [u128; 4],
    last: [u64; 4],
}

impl Products {
    #[inline]
    pub(super) fn add(&mut self, left: &Factor, right: Gf64) {
        let right = right.0;
        let parts = [0, 1, 2, 3].map(|shift| right & FOURTH << shift);
        for (at, &left) in left.parts.iter().enumerate() {
            for (to, &right) in parts.iter().enumerate() {
                self.places[(at + to) % 4] ^= u128::from(left) * u128::from(right);
            }
        }
        for (sum, mask) in self.last.iter_mut().zip(&left.last) {
            *sum ^= right & mask;
        }
    }

    #[inline]
    pub(super) fn sum(&self) -> Gf64 {
        let mut product = 0;
        for (shift, place) in self.places.iter().enumerate() {
            product |= place & FOURTH_WIDE << shift;
        }
        for (bit, &last) in (60..64).zip(&self.last) {
            product ^= u128::from(last) << bit;
        }
        reduced(product as u64, (product >> 64) as u64)
    }
}

/// The remainder of `low` + `high` x⁶⁴, where x⁶⁴ = x⁴ + x³ + x + 1.
#[inline]
fn reduced(low: u64, high: u64) -> Gf64 {
    let beyond = high >> 60 ^ high >> 61 ^ high >> 63;
    let high = high ^ beyond;
    Gf64(low ^ high ^ high << 1 ^ high << 3 ^ high << 4)
}

/// A bit after each bit, zero.
#[inline]
fn spread(half: u32) -> u64 {
    let mut bits = u64::from(half);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One bit after the other, as the definition says.
    fn by_definition(left: u64, right: u64) -> u64 {
        let mut product = 0;
        let mut power = left;
        for bit in 0..64 {
            if right >> bit & 1 == 1 {
                product ^= power;
            }
            let carry = power >> 63;
            power = (power << 1) ^ (carry * 0b11011);
        }
        product
    }

    fn element() -> impl Strategy<Value = Gf64> {
        prop_oneof![
            any::<u64>(),
            Just(0),
            Just(1),
            Just(u64::MAX),
            Just(1 << 63),
            any::<u64>().prop_map(|bits| bits | FOURTH),
            any::<u64>().prop_map(|bits| bits & FOURTH << 2),
        ]
        .prop_map(Gf64)
    }

    #[test]
    fn where_the_most_carries_meet_the_product_is_right() {
        let dense = [0, 1, 2, 3].map(|shift| FOURTH << shift);
        for left in dense.into_iter().chain([u64::MAX]) {
            for right in dense.into_iter().chain([u64::MAX]) {
                assert_eq!((Gf64(left) * Gf64(right)).0, by_definition(left, right));
            }
        }
    }

    /// Rabin's test: x to the 2⁶⁴ is x, and x to the 2³² is not, and shares no factor with it; 64 has one prime factor.
    #[test]
    fn the_polynomial_is_irreducible() {
        let mut power = Gf64(2);
        for _ in 0..32 {
            power = power.square();
        }
        // Were the modulus reducible, some non-zero remainder would have no inverse; this one must have one.
        let half = power + Gf64(2);
        assert!(!half.is_zero());
        let modulus = 1_u128 << 64 | 0b11011;
        assert_eq!(gcd(modulus, u128::from(half.0)), 1);
        for _ in 32..64 {
            power = power.square();
        }
        assert_eq!(power, Gf64(2));
    }

    fn gcd(mut left: u128, mut right: u128) -> u128 {
        while right != 0 {
            while left != 0 && left.leading_zeros() <= right.leading_zeros() {
                left ^= right << (right.leading_zeros() - left.leading_zeros());
            }
            (left, right) = (right, left);
        }
        left
    }

    proptest! {
        #[test]
        fn the_product_is_that_of_the_definition(a in element(), b in element()) {
            prop_assert_eq!((a * b).0, by_definition(a.0, b.0));
            prop_assert_eq!(a.square(), a * a);
        }

        #[test]
        fn the_field_axioms_hold(a in element(), b in element(), c in element()) {
            prop_assert_eq!(a * b, b * a);
            prop_assert_eq!(a * b * c, a * (b * c));
            prop_assert_eq!(a * (b + c), a * b + a * c);
            prop_assert_eq!(a * Gf64::ONE, a);
            prop_assert_eq!(a + a, Gf64::ZERO);
            prop_assert_eq!((a + b).square(), a.square() + b.square());
            if !a.is_zero() {
                prop_assert_eq!(a * a.inverse(), Gf64::ONE);
            }
        }
    }
}
