use std::fmt;

/// What the counts of a release are rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Counts are shown as they are.
    Exact,
    /// To the nearest multiple of at least 2, halves upwards: `rounding = 5`.
    Nearest(u32),
    /// To the middle of the run of `n` counts that a count is in, and zero to itself: `rounding = "midpoint-6"`. With 6, counts
    /// from 1 to 6 become 3, from 7 to 12 become 9.
    ///
    /// ⌈x/6⌉ × 6 − 3 × (x ≠ 0), of the [OpenSAFELY documentation](https://docs.opensafely.org/releasing-files/): what may be
    /// added without the bias that halves upwards have. An even number of at least 2.
    Midpoint(u32),
}

impl Rounding {
    /// A count as it is shown. Counts that do not fit in 64 bits once they are rounded stay at the border.
    ///
    /// ```
    /// use sceau_core::permit::Rounding;
    ///
    /// assert_eq!([8, 12, 13].map(|count| Rounding::Nearest(5).of(count)), [10, 10, 15]);
    /// assert_eq!([0, 1, 6, 7].map(|count| Rounding::Midpoint(6).of(count)), [0, 3, 3, 9]);
    /// ```
    pub fn of(self, count: i64) -> i64 {
        match self {
            Self::Exact | Self::Nearest(0 | 1) | Self::Midpoint(0 | 1) => count,
            Self::Nearest(to) => {
                let to = i64::from(to);
                count
                    .saturating_add(to / 2)
                    .div_euclid(to)
                    .saturating_mul(to)
            }
            Self::Midpoint(_) if count == 0 => 0,
            Self::Midpoint(to) => {
                let to = i64::from(to);
                // ⌈count/to⌉ × to is the end of the run that begins at the multiple below.
                (count.saturating_sub(1))
                    .div_euclid(to)
                    .saturating_mul(to)
                    .saturating_add(to / 2)
            }
        }
    }

    /// Whether counts are changed at all.
    pub fn is_exact(self) -> bool {
        self.run() == 1
    }

    /// Whether a shown count tells no more about the exact one than under another rounding: every run of counts that look the
    /// same there looks the same here, or, between the two kinds, runs are as long.
    pub(super) fn is_as_strict_as(self, other: Self) -> bool {
        match (self, other) {
            (_, other) if other.is_exact() => true,
            (Self::Nearest(here), Self::Nearest(there))
            | (Self::Midpoint(here), Self::Midpoint(there)) => here % there == 0 && here >= there,
            _ => self.run() >= other.run(),
        }
    }

    /// How many counts look the same.
    fn run(self) -> u32 {
        match self {
            Self::Exact => 1,
            Self::Nearest(to) | Self::Midpoint(to) => to.max(1),
        }
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("not rounded"),
            Self::Nearest(to) => write!(f, "rounded to the nearest {to}"),
            Self::Midpoint(to) => write!(f, "rounded to the middle of runs of {to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_upwards_and_a_midpoint_is_the_published_formula() {
        assert_eq!(
            [0, 2, 3, 7, 8, 1_000_002].map(|count| Rounding::Nearest(5).of(count)),
            [0, 0, 5, 5, 10, 1_000_000]
        );
        assert_eq!(
            [5, 15, 25].map(|count| Rounding::Nearest(10).of(count)),
            [10, 20, 30]
        );
        for count in 0..10_000_i64 {
            let published = (count + 5) / 6 * 6 - 3 * i64::from(count != 0);
            assert_eq!(Rounding::Midpoint(6).of(count), published, "{count}");
        }
    }

    #[test]
    fn one_and_zero_are_no_rounding() {
        for rounding in [Rounding::Exact, Rounding::Nearest(0), Rounding::Nearest(1)] {
            assert_eq!(rounding.of(7), 7);
            assert!(rounding.is_exact());
        }
    }

    #[test]
    fn coarser_is_as_strict_and_a_multiple_of_something_else_is_not() {
        let strict = |here: Rounding, there| here.is_as_strict_as(there);
        assert!(strict(Rounding::Nearest(10), Rounding::Nearest(5)));
        assert!(strict(Rounding::Midpoint(6), Rounding::Nearest(5)));
        assert!(strict(Rounding::Nearest(5), Rounding::Exact));
        // Published to the nearest 7 and to the nearest 5, a count is in the meet of two runs.
        assert!(!strict(Rounding::Nearest(7), Rounding::Nearest(5)));
        assert!(!strict(Rounding::Nearest(3), Rounding::Nearest(5)));
        assert!(!strict(Rounding::Midpoint(4), Rounding::Nearest(5)));
        assert!(!strict(Rounding::Exact, Rounding::Nearest(5)));
    }

    proptest! {
        #[test]
        fn a_rounded_count_is_near_and_keeps_the_order(
            a in 0..1_000_000_i64, b in 0..1_000_000_i64, to in 1..50_u32, midpoint: bool
        ) {
            let rounding = if midpoint { Rounding::Midpoint(2 * to) } else { Rounding::Nearest(to) };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(rounding.of(low) <= rounding.of(high));
            prop_assert!((rounding.of(a) - a).abs() <= i64::from(rounding.run()) / 2);
        }

        #[test]
        fn no_count_overflows(count: i64, to: u32) {
            Rounding::Nearest(to).of(count);
            Rounding::Midpoint(to).of(count);
        }
    }
}
