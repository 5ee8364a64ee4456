use crate::contributors::pairs::Pair;

/// Who has which value in one group, as far as it matters.
///
/// Of each value no more than 2 k people are kept: of so many, fewer than k can have another value beside it, so it is that
/// of most. Of each person no more than two values are kept, who has two stands apart from either. Once 3 k people are
/// kept, or two values have k people each, k people stand apart from whatever value.
///
/// So there are some 6 k pairs at most. They are looked through one after the other: for the few dozen people of a usual *k* nothing
/// finds them sooner.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Values and people.
    kept: Vec<Pair>,
    /// How many people these are.
    people: usize,
    /// How many values have k people.
    shared: usize,
}

impl Pairs {
    /// Adds a pair, and says whether now k people stand apart from whatever value.
    pub(super) fn add(&mut self, k: usize, [value, person]: Pair) -> bool {
        let (mut holders, mut values, mut known) = (0, 0, false);
        for kept in &self.kept {
            holders += usize::from(kept[0] == value);
            values += usize::from(kept[1] == person);
            known |= *kept == [value, person];
        }
        if known || holders >= 2 * k || values == 2 {
            return false;
        }
        self.kept.push([value, person]);
        self.people += usize::from(values == 0);
        self.shared += usize::from(holders + 1 == k);
        self.people >= 3 * k || self.shared > 1
    }

    pub(super) fn kept(&self) -> &[Pair] {
        &self.kept
    }

    /// How many people stand apart from the value that most have, k if there is none. Puts the pairs in another order.
    pub(super) fn apart(&mut self, k: usize) -> usize {
        if self.kept.is_empty() {
            return 0;
        }
        self.kept.sort_unstable_by_key(|pair| pair[1]);
        // Who has one value alone is beside nobody of the same id.
        let mut alone: Vec<u64> = (self.kept.chunk_by(|one, next| one[1] == next[1]))
            .filter(|of_person| of_person.len() == 1)
            .map(|of_person| of_person[0][0])
            .collect();
        alone.sort_unstable();
        let most = alone.chunk_by(u64::eq).map(<[u64]>::len).max().unwrap_or(0);
        let apart = self.people - most;
        if most >= apart { apart.min(k) } else { k }
    }

    /// The bytes that the pairs take.
    pub(super) fn size(&self) -> usize {
        self.kept.capacity() * size_of::<Pair>()
    }
}
