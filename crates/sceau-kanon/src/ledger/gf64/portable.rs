//! Products by the integer multiplier that every processor has.
//!
//! Keeping every fourth bit of both factors leaves holes of three bits that carries collect in: as long as no more than 15
//! products meet in one place, the lowest bit of each place is their parity, which is the product without carries. 60 bits of
//! one factor keep to that; its last four bits are added one by one.

use super::{Gf64, reduced};

/// Does what [`sums_of_products`](super::sums_of_products) does.
pub(super) fn sums_of_products(left: &[Gf64], right: &[Gf64], sums: &mut [Gf64]) {
    if left.len() == sums.len() && std::ptr::eq(left, right) {
        // Squares are cheap: bit i goes to 2 i.
        for (element, square) in left.iter().zip(sums) {
            *square = element.square();
        }
        return;
    }
    let width = left.len() / sums.len();
    let again = right.len() / width;
    for (left, sums) in left.chunks(right.len()).zip(sums.chunks_mut(again)) {
        let stretches = left.chunks_exact(width).zip(right.chunks_exact(width));
        for ((left, right), to) in stretches.zip(sums) {
            let mut all = Products::default();
            for (left, right) in left.iter().zip(right) {
                all.add(left.0, right.0);
            }
            *to = all.sum();
        }
    }
}

/// Every fourth bit.
const FOURTH: u64 = 0x1111_1111_1111_1111;
const FOURTH_WIDE: u128 = (FOURTH as u128) << 64 | FOURTH as u128;

/// A sum of products, of which the remainder is taken once.
#[derive(Default)]
struct Products {
    places: [u128; 4],
    last: [u64; 4],
}

impl Products {
    #[inline]
    fn add(&mut self, left: u64, right: u64) {
        let parts = |of: u64| [0, 1, 2, 3].map(|shift| of & FOURTH << shift);
        let right_parts = parts(right);
        for (at, left) in parts(left & u64::MAX >> 4).into_iter().enumerate() {
            for (to, right) in right_parts.into_iter().enumerate() {
                self.places[(at + to) % 4] ^= u128::from(left) * u128::from(right);
            }
        }
        for (sum, bit) in self.last.iter_mut().zip(60..64) {
            *sum ^= right & 0_u64.wrapping_sub(left >> bit & 1);
        }
    }

    #[inline]
    fn sum(&self) -> Gf64 {
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
