/// Takes out of lists of ids those that stand there again, without sorting: what it needs for that is kept from list to list.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    table: Vec<u64>,
    parts: Vec<u64>,
}

/// So few are sorted.
const FEW: usize = 20;

/// A table for so many stays near the processor.
const NEAR: usize = 4096;

/// Into no more parts is a long list cut.
const MOST_PARTS: usize = 4096;

/// Two odd numbers that spread ids over tables and over parts.
pub(super) const SPREAD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];

impl Distinct {
    /// Brings each id that is in the list to the front of it, once, and says how many there are.
    pub(super) fn keep(&mut self, ids: &mut [u64]) -> usize {
        if ids.len() <= FEW {
            sorted(ids)
        } else if ids.len() <= NEAR {
            in_table(&mut self.table, ids)
        } else {
            self.in_parts(ids)
        }
    }

    /// A long list is cut in parts by what its ids are, so that equal ones meet in one part.
    fn in_parts(&mut self, ids: &mut [u64]) -> usize {
        let count = (ids.len() / NEAR * 2).next_power_of_two().min(MOST_PARTS);
        let part = |id: u64| (id.wrapping_mul(SPREAD[1]) >> (64 - count.trailing_zeros())) as usize;
        let mut ends = vec![0; count];
        for &id in ids.iter() {
            ends[part(id)] += 1;
        }
        let mut end = 0;
        for of_part in &mut ends {
            // Where it begins, for now.
            end += std::mem::replace(of_part, end);
        }
        self.parts.clear();
        self.parts.resize(ids.len(), 0);
        for &id in ids.iter() {
            let end = &mut ends[part(id)];
            self.parts[*end] = id;
            *end += 1;
        }
        let (mut start, mut kept) = (0, 0);
        for end in ends {
            let part = &mut self.parts[start..end];
            let few = in_table(&mut self.table, part);
            ids[kept..kept + few].copy_from_slice(&part[..few]);
            kept += few;
            start = end;
        }
        kept
    }
}

fn sorted(ids: &mut [u64]) -> usize {
    ids.sort_unstable();
    let mut kept = 0;
    for at in 0..ids.len() {
        if kept == 0 || ids[at] != ids[kept - 1] {
            ids[kept] = ids[at];
            kept += 1;
        }
    }
    kept
}

/// By open addressing; a place that is free holds 0, which is therefore not put in.
fn in_table(table: &mut Vec<u64>, ids: &mut [u64]) -> usize {
    let places = (2 * ids.len()).next_power_of_two().max(2);
    table.clear();
    table.resize(places, 0);
    let (mut kept, mut zero) = (0, false);
    for at in 0..ids.len() {
        let id = ids[at];
        if id == 0 {
            zero = true;
            continue;
        }
        let mut place = (id.wrapping_mul(SPREAD[0]) >> (64 - places.trailing_zeros())) as usize;
        while table[place] != 0 && table[place] != id {
            place = (place + 1) % places;
        }
        if table[place] == 0 {
            table[place] = id;
            ids[kept] = id;
            kept += 1;
        }
    }
    if zero {
        ids[kept] = 0;
        kept += 1;
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn kept(distinct: &mut Distinct, mut ids: Vec<u64>) -> Vec<u64> {
        let kept = distinct.keep(&mut ids);
        ids.truncate(kept);
        ids.sort_unstable();
        ids
    }

    proptest! {
        #[test]
        fn each_id_is_kept_once(lists in prop::collection::vec(prop::collection::vec(0..300_u64, 0..600), 1..4), spread: u64) {
            let mut distinct = Distinct::default();
            for list in lists {
                let list: Vec<u64> = list.into_iter().map(|id| id.wrapping_mul(spread)).collect();
                let expected: Vec<u64> = list.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
                prop_assert_eq!(kept(&mut distinct, list), expected);
            }
        }
    }

    #[test]
    fn lists_of_any_length_are_told_apart() {
        let mut distinct = Distinct::default();
        for (length, people) in [
            (NEAR, 3),
            (NEAR + 1, 1),
            (3 * NEAR, 20_000),
            (200_000, 150_000),
        ] {
            let ids: Vec<u64> = (0..length as u64).map(|at| at % people).collect();
            let expected: Vec<u64> = (0..people.min(length as u64)).collect();
            assert_eq!(kept(&mut distinct, ids), expected, "{length}");
        }
    }
}
