use proptest::prelude::*;

use super::*;

/// Every fourth bit, which is where the portable way has carries meet.
const FOURTH: u64 = 0x1111_1111_1111_1111;

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
            let mut product = [Gf64::ZERO];
            portable::sums_of_products(&[Gf64(left)], &[Gf64(right)], &mut product);
            assert_eq!(product[0].0, by_definition(left, right));
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

/// As many stretches of a width, and how many of them the right side has.
fn vectors() -> impl Strategy<Value = (Vec<Gf64>, Vec<Gf64>, usize)> {
    (1..30_usize, 1..6_usize, 1..6_usize).prop_flat_map(|(width, again, times)| {
        (
            prop::collection::vec(element(), width * again * times),
            prop::collection::vec(element(), width * again),
            Just(again * times),
        )
    })
}

proptest! {
    #[test]
    fn with_the_instruction_and_without_sums_are_those_of_the_definition((left, right, count) in vectors()) {
        let width = left.len() / count;
        let expected: Vec<Gf64> = (0..count)
            .map(|at| {
                let of_it = at * width..(at + 1) * width;
                of_it.fold(Gf64::ZERO, |sum, at| sum + Gf64(by_definition(left[at].0, right[at % right.len()].0)))
            })
            .collect();
        let mut found = vec![Gf64::ONE; count];
        portable::sums_of_products(&left, &right, &mut found);
        prop_assert_eq!(&found, &expected);
        found.fill(Gf64::ONE);
        if clmul::sums_of_products(&left, &right, &mut found) {
            prop_assert_eq!(&found, &expected);
        }
        found.fill(Gf64::ONE);
        sums_of_products(&left, &right, &mut found);
        prop_assert_eq!(found, expected);
        let mut squares = [vec![Gf64::ZERO; left.len()], vec![Gf64::ZERO; left.len()]];
        portable::sums_of_products(&left, &left, &mut squares[0]);
        sums_of_products(&left, &left.clone(), &mut squares[1]);
        prop_assert_eq!(&squares[0], &squares[1]);
    }

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
