//! Numbers out of text, exactly or not at all.

/// A whole number within `bits`. Zeros after a point say nothing more and are allowed.
pub(super) fn integer(value: &str, bits: u32) -> Result<i64, &'static str> {
    let whole = match value.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        Some(_) => return Err("no whole number"),
        None => value,
    };
    digits(whole).ok_or("no whole number")?;
    leading_zero(whole)?;
    let number: i64 = whole.parse().map_err(|_| "out of range")?;
    let limit = i64::MAX >> (64 - bits);
    if (-limit - 1..=limit).contains(&number) {
        Ok(number)
    } else {
        Err("out of range")
    }
}

/// A decimal as the integer of its last place: `12.5` of scale 2 is 1250. Zeros beyond the scale are allowed.
pub(super) fn decimal(value: &str, precision: u8, scale: i8) -> Result<i128, &'static str> {
    let scale = usize::try_from(scale).map_err(|_| "no decimal number")?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    digits(whole).ok_or("no decimal number")?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("no decimal number");
    }
    leading_zero(whole)?;
    let kept = fraction.trim_end_matches('0');
    if kept.len() > scale {
        return Err("more decimals than the column has");
    }
    let places = format!("{whole}{kept:0<scale$}");
    let number: i128 = places.parse().map_err(|_| "out of range")?;
    let limit = 10_i128
        .checked_pow(u32::from(precision))
        .ok_or("out of range")?;
    if number.abs() < limit {
        Ok(number)
    } else {
        Err("out of range")
    }
}

/// A binary floating-point number that is written back as the same decimal number.
pub(super) fn float(value: &str) -> Result<f64, &'static str> {
    const REASON: &str = "no number";
    let written = normal(value).ok_or(REASON)?;
    leading_zero(value)?;
    let number: f64 = value.parse().map_err(|_| REASON)?;
    if !number.is_finite() {
        return Err("out of range");
    }
    let kept = normal(&format!("{number:e}")).ok_or(REASON)?;
    if written == kept {
        Ok(number)
    } else {
        Err("more digits than a floating-point number keeps")
    }
}

/// `-12`, `0`, `007`: an optional minus and digits.
fn digits(text: &str) -> Option<()> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    (!unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit())).then_some(())
}

/// A number does not begin with a zero before another digit: what does is a code, and the zero belongs to it.
fn leading_zero(text: &str) -> Result<(), &'static str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mut bytes = unsigned.bytes();
    let lost = bytes.next() == Some(b'0') && bytes.next().is_some_and(|byte| byte.is_ascii_digit());
    if lost {
        Err("a leading zero would be lost")
    } else {
        Ok(())
    }
}

/// Sign, digits without zeros around them, power of ten: equal for equal decimal numbers.
fn normal(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let unsigned = exponent.strip_prefix('+').unwrap_or(exponent);
            digits(unsigned)?;
            (mantissa, unsigned.parse::<i64>().ok()?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (mantissa, ""),
    };
    digits(whole)?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let negative = whole.starts_with('-');
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let shown = all.trim_end_matches('0');
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let power = power.checked_add(i64::try_from(all.len() - shown.len()).ok()?)?;
    let shown = shown.trim_start_matches('0');
    Some(if shown.is_empty() {
        (false, String::new(), 0)
    } else {
        (negative, shown.to_owned(), power)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_number_fits_its_bits_or_is_refused() {
        assert_eq!(integer("-32768", 16), Ok(-32_768));
        assert_eq!(integer("32767", 16), Ok(32_767));
        assert_eq!(integer("32768", 16), Err("out of range"));
        assert_eq!(integer("9223372036854775807", 64), Ok(i64::MAX));
        assert_eq!(integer("9223372036854775808", 64), Err("out of range"));
        assert_eq!(integer("40.00", 32), Ok(40));
        assert_eq!(integer("0", 16), Ok(0));
        for text in [
            "", "-", "1.5", "1.", ".0", "1e3", " 1", "1 ", "+1", "MB1", "١",
        ] {
            assert_eq!(integer(text, 64), Err("no whole number"), "{text}");
        }
        for text in ["007", "00", "-01", "00.0"] {
            assert!(integer(text, 64).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decimal_keeps_every_digit_or_is_refused() {
        assert_eq!(decimal("12.5", 6, 2), Ok(1_250));
        assert_eq!(decimal("-0.05", 6, 2), Ok(-5));
        assert_eq!(decimal("6203.0", 4, 0), Ok(6_203));
        assert_eq!(decimal("9999.99", 6, 2), Ok(999_999));
        assert_eq!(decimal("10000", 6, 2), Err("out of range"));
        assert_eq!(
            decimal("1.005", 6, 2),
            Err("more decimals than the column has")
        );
        for text in ["", ".5", "5.", "1,5", "1e2", "--1", "1.-5", "-"] {
            assert_eq!(decimal(text, 6, 2), Err("no decimal number"), "{text}");
        }
        assert!(decimal("01.5", 6, 2).is_err());
    }

    #[test]
    fn a_float_is_the_number_that_is_written() {
        assert_eq!(float("0.1"), Ok(0.1));
        assert_eq!(float("1.50"), Ok(1.5));
        assert_eq!(float("1e-3"), Ok(0.001));
        assert_eq!(float("0.30000000000000004"), Ok(0.30000000000000004));
        assert_eq!(
            float("0.1234567890123456789"),
            Err("more digits than a floating-point number keeps")
        );
        assert_eq!(
            float("9007199254740993"),
            Err("more digits than a floating-point number keeps")
        );
        assert_eq!(float("1e999"), Err("out of range"));
        for text in ["", "NaN", "inf", ".5", "5.", "1e", "1_0", "0x1"] {
            assert_eq!(float(text), Err("no number"), "{text}");
        }
        assert!(float("01.5").is_err());
    }

    proptest! {
        #[test]
        fn every_number_is_read_back_as_it_was_written(number: i64, small in -99_999_999_i64..99_999_999, real in prop::num::f64::NORMAL) {
            prop_assert_eq!(integer(&number.to_string(), 64), Ok(number));
            let sign = if small < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}", small.abs() / 1_000, small.abs() % 1_000);
            if small.abs() >= 1_000 {
                prop_assert_eq!(decimal(&text, 8, 3), Ok(i128::from(small)));
            }
            prop_assert_eq!(float(&real.to_string()), Ok(real));
        }

        #[test]
        fn no_text_makes_them_panic(text: String) {
            let _ = (integer(&text, 16), decimal(&text, 12, 2), float(&text));
        }
    }
}
