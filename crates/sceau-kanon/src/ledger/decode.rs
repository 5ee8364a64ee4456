//! How many elements a set has, told from its syndromes.
//!
//! The odd power sums s₁, s₃, …, s₂ₜ₋₁ of the elements of a set are the syndromes of a binary BCH code: the set is the
//! error that they describe. Berlekamp and Massey's algorithm finds the shortest recurrence that produces them; for a set
//! of d ≤ t elements its length is d, and its polynomial is Λ(z) = Π (1 − xᵢ z). For more than t elements the shortest
//! recurrence says nothing of them, and is seldom short: see [`size`].

use super::gf64::{Gf64, sums_of_products};

/// How many elements a set has, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Empty,
    /// So many, of 1 to the limit.
    Few(u32),
    /// More than the limit.
    Many,
}

/// The size of the set that these odd syndromes are of, told apart up to `limit` elements.
///
/// Right for every set of at most as many elements as there are syndromes, `t`. A larger set is taken for one of at most
/// `limit` only if its syndromes fulfil the recurrence of such a one, `t − limit` conditions of 64 bits each, and its
/// polynomial splits: for ids that behave as random numbers a chance below 2^(−64 (t − limit)), with `t = limit + 2` below
/// 10⁻³⁸.
pub(super) fn size(odd: &[Gf64], limit: usize) -> Size {
    if odd.iter().all(|syndrome| syndrome.is_zero()) {
        return Size::Empty;
    }
    match locator(odd, limit) {
        Some(locator) if splits(&locator) => Size::Few((locator.len() - 1) as u32),
        _ => Size::Many,
    }
}

/// The polynomial of the shortest recurrence of a sequence, lowest degree first, up to a factor; none if it is longer than
/// the limit or not of full degree.
///
/// Without divisions (Burton, *Inversionless decoding of binary BCH codes*, 1971); of a binary sequence, in which
/// s₂ⱼ = sⱼ², every second discrepancy is zero (Berlekamp, *Algebraic Coding Theory*, 1968, chapter 7).
fn locator(odd: &[Gf64], limit: usize) -> Option<Vec<Gf64>> {
    let sums = all_sums(odd);
    // Last first, so that a discrepancy is a sum of products of what stands in the same places.
    let backwards: Vec<Gf64> = sums.iter().rev().copied().collect();
    let mut current = vec![Gf64::ONE];
    let mut before = vec![Gf64::ONE];
    let mut next = Vec::with_capacity(sums.len() + 1);
    let mut scaled = Vec::with_capacity(sums.len() + 1);
    let mut discrepancy_before = Gf64::ONE;
    let mut length = 0;
    let mut shift = 1;
    for step in (0..sums.len()).step_by(2) {
        let terms = current.len().min(step + 1);
        let sums_of_it = &backwards[sums.len() - 1 - step..][..terms];
        let mut discrepancy = [Gf64::ZERO];
        sums_of_products(&current[..terms], sums_of_it, &mut discrepancy);
        if !discrepancy[0].is_zero() {
            next.clear();
            next.resize(current.len().max(before.len() + shift), Gf64::ZERO);
            sums_of_products(&current, &[discrepancy_before], &mut next[..current.len()]);
            scaled.resize(before.len(), Gf64::ZERO);
            sums_of_products(&before, &discrepancy, &mut scaled);
            for (factor, &term) in next[shift..].iter_mut().zip(&scaled) {
                *factor += term;
            }
            std::mem::swap(&mut current, &mut next);
            if 2 * length <= step {
                length = step + 1 - length;
                std::mem::swap(&mut before, &mut next);
                discrepancy_before = discrepancy[0];
                shift = 0;
                if length > limit {
                    return None;
                }
            }
        }
        shift += 2;
    }
    while current.last().is_some_and(|factor| factor.is_zero()) {
        current.pop();
    }
    (current.len() == length + 1).then_some(current)
}

/// s₁, s₂, …, s₂ₜ from the odd ones: the square of a sum is the sum of the squares.
fn all_sums(odd: &[Gf64]) -> Vec<Gf64> {
    let mut sums: Vec<Gf64> = Vec::with_capacity(2 * odd.len());
    for &syndrome in odd {
        sums.push(syndrome);
        let half = sums[sums.len() / 2];
        sums.push(half.square());
    }
    sums
}

/// Whether a polynomial with a constant term is a product of distinct linear factors: it is if it divides z^(2⁶⁴) − z,
/// whose roots are all elements of the field, each once.
fn splits(polynomial: &[Gf64]) -> bool {
    let degree = polynomial.len() - 1;
    if degree < 2 {
        return true;
    }
    // The reciprocal, made monic: its roots are the elements themselves.
    let mut lower: Vec<Gf64> = polynomial[1..].iter().rev().copied().collect();
    sums_of_products(&lower.clone(), &[polynomial[0].inverse()], &mut lower);
    let squaring = squaring_modulo(&lower);
    let mut z = vec![Gf64::ZERO; degree];
    z[1] = Gf64::ONE;
    let mut power = z.clone();
    let mut squares = vec![Gf64::ZERO; degree];
    for _ in 0..64 {
        sums_of_products(&power, &power, &mut squares);
        sums_of_products(&squaring, &squares, &mut power);
    }
    power == z
}

/// The matrix, row by row, that takes the squares of a polynomial's coefficients to the coefficients of its square, modulo the
/// monic polynomial with these lower coefficients: its columns are 1, z², z⁴ …, since squaring keeps sums.
fn squaring_modulo(lower: &[Gf64]) -> Vec<Gf64> {
    let degree = lower.len();
    let mut matrix = vec![Gf64::ZERO; degree * degree];
    let mut power = vec![Gf64::ZERO; degree];
    power[0] = Gf64::ONE;
    let mut carried = vec![Gf64::ZERO; degree];
    for column in 0..degree {
        for (row, &factor) in power.iter().enumerate() {
            matrix[row * degree + column] = factor;
        }
        for _ in 0..2 {
            sums_of_products(lower, &[power[degree - 1]], &mut carried);
            power.copy_within(..degree - 1, 1);
            power[0] = Gf64::ZERO;
            for (factor, &term) in power.iter_mut().zip(&carried) {
                *factor += term;
            }
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn syndromes(elements: &BTreeSet<u64>, count: usize) -> Vec<Gf64> {
        (0..count)
            .map(|at| {
                elements.iter().fold(Gf64::ZERO, |sum, &element| {
                    let element = Gf64(element);
                    sum + (0..at).fold(element, |power, _| power * element.square())
                })
            })
            .collect()
    }

    #[test]
    fn a_recurrence_that_no_set_has_is_not_taken_for_one() {
        // The syndromes of an irreducible polynomial: s₁ = s₃ = 1 with z² + z + t, which has no root for some t.
        let mut refused = 0;
        for third in 0..64 {
            let first = Gf64::ONE;
            // Λ = 1 + z + t z²: s₁ = 1, s₂ = 1, s₃ = s₂ + t s₁, s₅ = s₄ + t s₃.
            let t = Gf64(third << 58);
            let second = first.square();
            let s3 = second + t * first;
            let s4 = second.square();
            let s5 = s4 + t * s3;
            match size(&[first, s3, s5], 2) {
                Size::Many => refused += 1,
                found => assert!(matches!(found, Size::Few(_)), "{found:?}"),
            }
        }
        // z² + z + t splits for half of all t, those of trace zero.
        assert!((16..48).contains(&refused), "{refused}");
    }

    proptest! {
        #[test]
        fn every_size_around_the_limit_is_told_apart(
            limit in 1..14_usize,
            size_of_set in 0..40_usize,
            elements in prop::collection::btree_set(1..u64::MAX, 40),
        ) {
            let elements: BTreeSet<u64> = elements.into_iter().take(size_of_set).collect();
            let found = size(&syndromes(&elements, limit + 2), limit);
            let expected = match elements.len() {
                0 => Size::Empty,
                few if few <= limit => Size::Few(few as u32),
                _ => Size::Many,
            };
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn elements_of_low_weight_are_no_exception(elements in prop::collection::btree_set(1..64_u64, 0..30)) {
            let found = size(&syndromes(&elements, 12), 10);
            let expected = match elements.len() {
                0 => Size::Empty,
                few if few <= 10 => Size::Few(few as u32),
                _ => Size::Many,
            };
            // Sets that are no random numbers can be nearer to each other than chance has them: at most 12 are exact.
            if elements.len() <= 12 {
                prop_assert_eq!(found, expected);
            }
        }
    }
}
