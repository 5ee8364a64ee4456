/// What a value that is no number becomes: more than any other.
pub(super) const NO_NUMBER: u64 = u64::MAX;

/// Numbers that are in order as floating-point numbers are, the negative zero before the other one.
pub(super) fn of_float(value: f64) -> u64 {
    if value.is_nan() {
        return NO_NUMBER;
    }
    let bits = value.to_bits();
    if value.is_sign_negative() {
        !bits
    } else {
        bits | SIGN
    }
}

const SIGN: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_are_in_the_order_of_numbers(
            one in prop::num::f64::ANY, other in prop::num::f64::ANY,
        ) {
            prop_assume!(!one.is_nan() && !other.is_nan());
            prop_assert_eq!(of_float(one).cmp(&of_float(other)), one.total_cmp(&other));
            prop_assert!(of_float(one) < of_float(f64::NAN));
            prop_assert!(of_float(one) < of_float(-f64::NAN));
        }
    }

    #[test]
    fn zeros_and_infinities_have_their_places() {
        let ordered = [
            f64::NEG_INFINITY,
            f64::MIN,
            -0.0,
            0.0,
            f64::MAX,
            f64::INFINITY,
        ];
        assert!(ordered.map(of_float).is_sorted_by(|one, next| one < next));
    }
}
