//! How far each unknown can go, by one equation at a time.

use super::system::System;

/// How far an unknown can go down (as a negative number) and up from the truth; `None` where there is no end.
pub(super) type Bounds = (Option<i64>, Option<i64>);

/// So often are all equations gone through, as long as that tells more.
const PASSES: usize = 10;

/// What is known of every unknown from its own bounds, and from how far the others of each equation it is in can go. No table of
/// integers lies outside; there may be less room than this leaves.
pub(super) fn bounds(system: &System) -> Vec<Bounds> {
    let mut bounds: Vec<Bounds> = system
        .unknowns
        .iter()
        .map(|unknown| (unknown.below.map(|below| -below), unknown.above))
        .collect();
    for _ in 0..PASSES {
        let mut tightened = false;
        for equation in &system.equations {
            tightened |= tighten(equation, &mut bounds);
        }
        if !tightened {
            break;
        }
    }
    bounds
}

/// The least or greatest that a sum can be: what has an end of it, and how much of it has none.
#[derive(Default)]
struct End {
    sum: i128,
    endless: usize,
}

impl End {
    fn add(&mut self, term: Option<i128>) {
        match term {
            Some(term) => self.sum += term,
            None => self.endless += 1,
        }
    }

    /// The same without one of the terms.
    fn without(&self, term: Option<i128>) -> Option<i128> {
        match term {
            Some(term) => (self.endless == 0).then_some(self.sum - term),
            None => (self.endless == 1).then_some(self.sum),
        }
    }
}

/// The least and greatest of a multiple of an unknown.
fn term((low, high): Bounds, times: i64) -> (Option<i128>, Option<i128>) {
    let multiple = |end: Option<i64>| end.map(|end| i128::from(end) * i128::from(times));
    if times > 0 {
        (multiple(low), multiple(high))
    } else {
        (multiple(high), multiple(low))
    }
}

/// All terms together are zero, so each is what the others leave. Says whether that told anything new.
fn tighten(equation: &[(usize, i64)], bounds: &mut [Bounds]) -> bool {
    let (mut least, mut greatest) = (End::default(), End::default());
    for &(unknown, times) in equation {
        let (low, high) = term(bounds[unknown], times);
        least.add(low);
        greatest.add(high);
    }
    if least.endless > 1 && greatest.endless > 1 {
        return false;
    }
    let mut tightened = false;
    for &(unknown, times) in equation {
        let (low, high) = term(bounds[unknown], times);
        let (least, greatest) = (least.without(low), greatest.without(high));
        let (from, to) = if times > 0 {
            (greatest.map(|rest| -rest), least.map(|rest| -rest))
        } else {
            (least, greatest)
        };
        let size = i128::from(times.unsigned_abs());
        let from = from.and_then(|from| i64::try_from(-(-from).div_euclid(size)).ok());
        let to = to.and_then(|to| i64::try_from(to.div_euclid(size)).ok());
        let (low, high) = &mut bounds[unknown];
        if from.is_some_and(|from| low.is_none_or(|low| low < from)) {
            *low = from;
            tightened = true;
        }
        if to.is_some_and(|to| high.is_none_or(|high| to < high)) {
            *high = to;
            tightened = true;
        }
    }
    tightened
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::system::Unknown;
    use super::*;

    fn system(ends: &[Bounds], equations: &[Vec<i64>]) -> System {
        let equations: Vec<Vec<(usize, i64)>> = (equations.iter())
            .map(|times| {
                let terms = times.iter().copied().enumerate();
                terms.filter(|&(_, times)| times != 0).collect()
            })
            .collect();
        System {
            unknowns: (ends.iter())
                .map(|&(low, high)| Unknown {
                    cell: None,
                    below: low.map(|low| -low),
                    above: high,
                })
                .collect(),
            origin: vec![0; equations.len()],
            equations,
        }
    }

    #[test]
    fn what_goes_down_lets_others_up() {
        // a + b + c = 0, each no lower than the truth less 3, 4, 5; and b twice d.
        let ends = [
            (Some(-3), None),
            (Some(-4), None),
            (Some(-5), None),
            (None, None),
        ];
        let equations = [vec![1, 1, 1, 0], vec![0, 1, 0, -2]];
        assert_eq!(
            bounds(&system(&ends, &equations)),
            [
                (Some(-3), Some(9)),
                (Some(-4), Some(8)),
                (Some(-5), Some(7)),
                (Some(-2), Some(4)),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_table_of_integers_lies_outside(
            ends in prop::collection::vec((prop::option::of(-3..=0_i64), prop::option::of(0..=3_i64)), 4),
            equations in prop::collection::vec(prop::collection::vec(-2..=2_i64, 4), 0..4),
        ) {
            let bounds = bounds(&system(&ends, &equations));
            let inside = |of: &[Bounds], at: [i64; 4]| {
                of.iter().zip(at).all(|(&(low, high), at)| {
                    low.is_none_or(|low| low <= at) && high.is_none_or(|high| at <= high)
                })
            };
            for code in 0..9_i64.pow(4) {
                let at = [0, 1, 2, 3].map(|place| code / 9_i64.pow(place) % 9 - 4);
                let holds = |times: &Vec<i64>| {
                    times.iter().zip(at).map(|(times, at)| times * at).sum::<i64>() == 0
                };
                if inside(&ends, at) && equations.iter().all(holds) {
                    prop_assert!(inside(&bounds, at), "{:?} outside {:?}", at, bounds);
                }
            }
        }
    }
}
