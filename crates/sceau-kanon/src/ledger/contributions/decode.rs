use super::field::Number;

/// How many people are behind power sums Σ v αʲ, j = 0, 1, …, each with an α of their own and a v that is not zero; nothing if
/// they are more than half of the sums less two tell.
///
/// The sums of n people meet a linear recurrence of length n and none that is shorter, which is found by Berlekamp and Massey
/// (Massey, *Shift-register synthesis and BCH decoding*, IEEE Trans. Inf. Theory 15(1), 1969). It is found but for a factor, so that
/// nothing has to be divided. The last two sums are there to refuse what happens to look like few people: by chance one in 2¹²²
/// does.
pub(super) fn people(sums: &[Number]) -> Option<u32> {
    if sums.iter().all(|sum| sum.is_zero()) {
        return Some(0);
    }
    let most = sums.len().saturating_sub(2) / 2;
    let mut recurrence = vec![Number::ONE];
    let mut before = vec![Number::ONE];
    let mut length = 0;
    let mut since = 1;
    let mut of_before = Number::ONE;
    for at in 0..sums.len() {
        let terms = recurrence.iter().zip(sums[..=at].iter().rev());
        let off = terms.fold(Number::ZERO, |sum, (&factor, &term)| sum + factor * term);
        if off.is_zero() {
            since += 1;
            continue;
        }
        let mut next: Vec<Number> = recurrence.iter().map(|&value| of_before * value).collect();
        next.resize(next.len().max(before.len() + since), Number::ZERO);
        for (place, &value) in next[since..].iter_mut().zip(&before) {
            *place = *place - off * value;
        }
        if 2 * length <= at {
            length = at + 1 - length;
            if length > most {
                return None;
            }
            before = std::mem::replace(&mut recurrence, next);
            of_before = off;
            since = 1;
        } else {
            recurrence = next;
            since += 1;
        }
    }
    Some(length as u32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn people_are_counted_as_long_as_they_are_few(
            k in 1..14_usize, each in prop::collection::btree_map(1..u64::MAX >> 4, 1..u64::MAX >> 4, 0..30),
        ) {
            let each: BTreeMap<u64, u64> = each;
            let mut sums = vec![Number::ZERO; 2 * k];
            for (&person, &adds) in &each {
                let mut power = Number::of(adds);
                for sum in &mut sums {
                    *sum += power;
                    power = power * Number::of(person);
                }
            }
            let expected = u32::try_from(each.len()).ok().filter(|&people| people < k as u32);
            prop_assert_eq!(people(&sums), expected);
        }
    }
}
