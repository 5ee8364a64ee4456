//! Arithmetic in GF(2⁶⁴), the field of 64-bit ids.
//!
//! An element is a polynomial over GF(2) of degree below 64, bit *i* its coefficient of xⁱ, taken modulo the irreducible
//! polynomial x⁶⁴ + x⁴ + x³ + x + 1 (that of lowest weight and degree for 64: Seroussi, *Table of low-weight binary
//! irreducible polynomials*, HP Labs 1998). Addition is exclusive or, and every element is its own opposite.
//!
//! Sums of products are made many at a time, and of each sum the remainder is taken once: by the processor's multiplication
//! without carries where it has one ([`clmul`]), and anywhere else by its integer multiplier ([`portable`]).

mod clmul;
mod portable;

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
        let mut product = [Self::ZERO];
        sums_of_products(&[self], &[other], &mut product);
        product[0]
    }
}

/// Of each stretch of two vectors, the sum of the products of what stands in the same places: as many stretches as there is
/// room for sums, all of one width.
///
/// A right one that is shorter, some whole stretches, is taken again and again.
#[inline]
pub(super) fn sums_of_products(left: &[Gf64], right: &[Gf64], sums: &mut [Gf64]) {
    debug_assert!(left.len().is_multiple_of(sums.len().max(1)));
    debug_assert!(left.len().is_multiple_of(right.len().max(1)));
    debug_assert!((right.len() * sums.len()).is_multiple_of(left.len().max(1)));
    if left.is_empty() || right.is_empty() || sums.is_empty() {
        sums.fill(Gf64::ZERO);
        return;
    }
    if !clmul::sums_of_products(left, right, sums) {
        portable::sums_of_products(left, right, sums);
    }
}

/// What x⁶⁴ leaves: x⁴ + x³ + x + 1.
const REST: u64 = 0b11011;

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
mod tests;
