//! The same sums of products by the processor's multiplication without carries: `pclmulqdq` of x86-64, `pmull` of aarch64.
//!
//! Whether there is one is asked when the program runs: what it is built for need not have it. With it a sketch takes 12 ns a
//! person in place of 160 (k = 11), and counting a difference of ten people 8 µs in place of 101 (`benches/README.md`). That is
//! the need for the one line of `unsafe` below.

use super::Gf64;

/// Does what [`sums_of_products`](super::sums_of_products) does and says that it has, if the processor can.
#[inline]
pub(super) fn sums_of_products(left: &[Gf64], right: &[Gf64], sums: &mut [Gf64]) -> bool {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if machine::is_there() {
        // SAFETY: the processor has what the function is compiled for; it was just asked. In all else the function is safe.
        #[expect(unsafe_code, reason = "an instruction that not every processor has")]
        unsafe {
            of_stretches(left, right, sums);
        }
        return true;
    }
    let _ = (left, right, sums);
    false
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "pclmulqdq"))]
#[cfg_attr(target_arch = "aarch64", target_feature(enable = "aes"))]
fn of_stretches(left: &[Gf64], right: &[Gf64], sums: &mut [Gf64]) {
    use machine::{product, reduced, sum, zero};

    let times = |left: &Gf64, right: &Gf64| Gf64(reduced(product(left.0, right.0)));
    if let [right] = right {
        for (left, to) in left.iter().zip(sums) {
            *to = times(left, right);
        }
        return;
    }
    if left.len() == sums.len() {
        for (left, sums) in left.chunks(right.len()).zip(sums.chunks_mut(right.len())) {
            for ((left, right), to) in left.iter().zip(right).zip(sums) {
                *to = times(left, right);
            }
        }
        return;
    }
    let width = left.len() / sums.len();
    let again = right.len() / width;
    for (left, sums) in left.chunks(right.len()).zip(sums.chunks_mut(again)) {
        let stretches = left.chunks_exact(width).zip(right.chunks_exact(width));
        for ((left, right), to) in stretches.zip(sums) {
            let mut all = zero();
            for (left, right) in left.iter().zip(right) {
                all = sum(all, product(left.0, right.0));
            }
            *to = Gf64(reduced(all));
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod machine {
    use std::arch::x86_64::{
        __m128i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_setzero_si128,
        _mm_xor_si128,
    };

    use super::super::REST;

    pub(super) fn is_there() -> bool {
        std::arch::is_x86_feature_detected!("pclmulqdq")
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn zero() -> __m128i {
        _mm_setzero_si128()
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub(super) fn sum(left: __m128i, right: __m128i) -> __m128i {
        _mm_xor_si128(left, right)
    }

    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    pub(super) fn product(left: u64, right: u64) -> __m128i {
        let [left, right] = [left, right].map(|factor| _mm_cvtsi64_si128(factor.cast_signed()));
        _mm_clmulepi64_si128::<0>(left, right)
    }

    /// The remainder: the upper half comes down as its product with [`REST`], whose upper half has four bits, and comes down again.
    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    pub(super) fn reduced(product: __m128i) -> u64 {
        let rest = _mm_cvtsi64_si128(REST.cast_signed());
        let once = _mm_clmulepi64_si128::<1>(product, rest);
        let twice = _mm_clmulepi64_si128::<1>(once, rest);
        _mm_cvtsi128_si64(sum(sum(product, once), twice)).cast_unsigned()
    }
}

#[cfg(target_arch = "aarch64")]
mod machine {
    use std::arch::aarch64::{
        uint64x2_t, vdupq_n_u64, veorq_u64, vgetq_lane_u64, vmull_p64, vreinterpretq_u64_p128,
    };

    use super::super::REST;

    pub(super) fn is_there() -> bool {
        std::arch::is_aarch64_feature_detected!("aes")
    }

    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn zero() -> uint64x2_t {
        vdupq_n_u64(0)
    }

    #[inline]
    #[target_feature(enable = "neon")]
    pub(super) fn sum(left: uint64x2_t, right: uint64x2_t) -> uint64x2_t {
        veorq_u64(left, right)
    }

    #[inline]
    #[target_feature(enable = "aes")]
    pub(super) fn product(left: u64, right: u64) -> uint64x2_t {
        vreinterpretq_u64_p128(vmull_p64(left, right))
    }

    /// The remainder: the upper half comes down as its product with [`REST`], whose upper half has four bits, and comes down again.
    #[inline]
    #[target_feature(enable = "aes")]
    pub(super) fn reduced(wide: uint64x2_t) -> u64 {
        let once = product(vgetq_lane_u64::<1>(wide), REST);
        let twice = product(vgetq_lane_u64::<1>(once), REST);
        vgetq_lane_u64::<0>(sum(sum(wide, once), twice))
    }
}
