use std::collections::HashMap;
use std::sync::Arc;

use super::buckets::{Buckets, InBucket};
use super::{Budget, COUNTING};
use crate::ledger::LedgerError;
use crate::ledger::record::KnownSet;

/// The sets of one space that were sketched for one k.
#[derive(Debug)]
pub(super) struct Shelf {
    space: Arc<str>,
    k: u32,
    entries: Vec<Entry>,
    /// How many people each has; of a sum it is not known, if some of them are in several of its cells.
    sizes: Vec<u32>,
    signatures: Signatures,
    /// The entries by what their sketch begins and ends with.
    same: HashMap<[u64; 3], u32>,
    /// For each group of the signature, the entries by what it holds.
    groups: Vec<Buckets>,
}

#[derive(Debug)]
struct Entry {
    set: KnownSet,
    /// How often it was added; of none it is as if it were not there.
    uses: u32,
    kept: bool,
}

impl Shelf {
    pub(super) fn new(space: Arc<str>, k: u32) -> Self {
        Self {
            space,
            k,
            entries: vec![],
            sizes: vec![],
            signatures: Signatures::new(k as usize),
            same: HashMap::new(),
            groups: (0..k).map(|_| Buckets::default()).collect(),
        }
    }

    pub(super) fn space(&self) -> &str {
        &self.space
    }

    pub(super) fn k(&self) -> u32 {
        self.k
    }

    /// How many sets there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.uses > 0).count()
    }

    pub(super) fn add(&mut self, set: &KnownSet) -> u32 {
        if let Some(&at) = self.same.get(&set.sketch.fingerprint()) {
            self.entries[at as usize].uses += 1;
            return at;
        }
        let at = self.entries.len() as u32;
        self.sizes.push(size_of(set));
        self.signatures.push(set.sketch.signature());
        self.same.insert(set.sketch.fingerprint(), at);
        self.entries.push(Entry {
            set: set.clone(),
            uses: 1,
            kept: false,
        });
        for (group, buckets) in self.groups.iter_mut().enumerate() {
            let word = self.signatures.get(at)[self.signatures.word_beside(group)];
            buckets.add(InBucket::new(at, word), |at| {
                self.signatures.group(at, group)
            });
        }
        at
    }

    pub(super) fn remove(&mut self, at: u32) {
        let entry = &mut self.entries[at as usize];
        entry.uses = entry.uses.saturating_sub(1);
    }

    pub(super) fn keep(&mut self, at: u32) {
        self.entries[at as usize].kept = true;
    }

    pub(super) fn is_kept(&self, at: u32) -> bool {
        self.entries[at as usize].kept
    }

    fn set(&self, at: u32) -> &KnownSet {
        &self.entries[at as usize].set
    }

    pub(super) fn holds(&self, set: &KnownSet) -> bool {
        let at = self.same.get(&set.sketch.fingerprint());
        at.is_some_and(|&at| self.entries[at as usize].uses > 0)
    }

    /// Every set is looked at: for sets of another k, whose signatures say nothing.
    pub(super) fn any_near(
        &self,
        set: &KnownSet,
        budget: &mut Budget,
    ) -> Result<bool, LedgerError> {
        let is_size_near = sizes_near(set, self.k.min(set.sketch.k()));
        budget.spend(self.entries.len() as u64)?;
        for (entry, &size) in self.entries.iter().zip(&self.sizes) {
            if entry.uses == 0 || !is_size_near(size) {
                continue;
            }
            budget.spend(COUNTING)?;
            if isolates(set.sketch.difference(&[&entry.set.sketch])) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the difference to one of the sets is too small.
    ///
    /// Each person of a difference changes one bit of the signature, so that fewer than k of them leave one of its k groups as it
    /// is: no set that is near is missed.
    pub(super) fn one_near(
        &self,
        set: &KnownSet,
        budget: &mut Budget,
    ) -> Result<bool, LedgerError> {
        let is_size_near = sizes_near(set, self.k);
        let wanted = self.signatures.of(set.sketch.signature());
        for (group, buckets) in self.groups.iter().enumerate() {
            let word = wanted[self.signatures.word_beside(group)];
            let candidates = buckets.of(group_of(&wanted, group));
            budget.spend(1 + candidates.len() as u64)?;
            for candidate in candidates {
                if (word ^ candidate.word()).count_ones() >= self.k
                    || !is_size_near(self.sizes[candidate.at as usize])
                    || !self.may_be_near(&wanted, [candidate.at], group)
                {
                    continue;
                }
                budget.spend(COUNTING)?;
                if isolates(set.sketch.difference(&[&self.set(candidate.at).sketch])) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether what two of the sets leave of this one, or it of them, is too small: then one group of their signatures gives that
    /// of this set, when they are put together.
    pub(super) fn two_near(
        &self,
        set: &KnownSet,
        budget: &mut Budget,
    ) -> Result<bool, LedgerError> {
        let wanted = self.signatures.of(set.sketch.signature());
        for (group, buckets) in self.groups.iter().enumerate() {
            let word = wanted[self.signatures.word_beside(group)];
            for (firsts, seconds) in buckets.pairs(group_of(&wanted, group)) {
                let one_bucket = std::ptr::eq(firsts, seconds);
                let pairs = (firsts.len() * seconds.len()) as u64;
                budget.spend(1 + if one_bucket { pairs / 2 } else { pairs })?;
                for (place, first) in firsts.iter().enumerate() {
                    let rest = word ^ first.word();
                    let from = if one_bucket { place + 1 } else { 0 };
                    for second in &seconds[from..] {
                        if (rest ^ second.word()).count_ones() >= self.k
                            || !self.may_be_near(&wanted, [first.at, second.at], group)
                        {
                            continue;
                        }
                        budget.spend(COUNTING)?;
                        if three_isolate(set, [self.set(first.at), self.set(second.at)]) {
                            return Ok(true);
                        }
                    }
                }
            }
        }
        Ok(false)
    }

    /// Whether sets that are there give, put together, a signature that differs from the wanted one in fewer than k bits, and not
    /// in an earlier group alone: then they were met there.
    fn may_be_near<const N: usize>(&self, wanted: &[u64], sets: [u32; N], group: usize) -> bool {
        let signatures = sets.map(|at| self.signatures.get(at));
        let mut differing = 0;
        for (at, &wanted) in wanted.iter().enumerate() {
            let rest = signatures
                .iter()
                .fold(wanted, |rest, signature| rest ^ signature[at]);
            differing += rest.count_ones();
            if differing >= self.k {
                return false;
            }
            let earlier = group.saturating_sub(at * IN_WORD).min(IN_WORD);
            if (0..earlier).any(|group| (rest >> (BITS * group)) as u16 == 0) {
                return false;
            }
        }
        sets.iter().all(|&at| self.entries[at as usize].uses > 0)
    }
}

/// The signatures of sets, side by side.
#[derive(Debug)]
struct Signatures {
    groups: usize,
    words: Vec<u64>,
}

/// Bits of a group, and groups in a word.
const BITS: usize = 16;
const IN_WORD: usize = 64 / BITS;

impl Signatures {
    fn new(groups: usize) -> Self {
        Self {
            groups,
            words: vec![],
        }
    }

    fn push(&mut self, signature: &[u16]) {
        let words = self.of(signature);
        self.words.extend(words);
    }

    fn get(&self, at: u32) -> &[u64] {
        let width = self.groups.div_ceil(IN_WORD);
        &self.words[at as usize * width..][..width]
    }

    fn group(&self, at: u32, group: usize) -> u16 {
        group_of(self.get(at), group)
    }

    /// A signature as words.
    fn of(&self, signature: &[u16]) -> Vec<u64> {
        let word = |groups: &[u16]| {
            let groups = groups.iter().rev();
            groups.fold(0, |word, &bits| word << BITS | u64::from(bits))
        };
        signature.chunks(IN_WORD).map(word).collect()
    }

    /// A word full of groups without this one, if there is any.
    fn word_beside(&self, group: usize) -> usize {
        (group / IN_WORD + 1) % (self.groups / IN_WORD).max(1)
    }
}

fn group_of(words: &[u64], group: usize) -> u16 {
    (words[group / IN_WORD] >> (BITS * (group % IN_WORD))) as u16
}

/// A sum's size, and that of a set of so many people.
const UNKNOWN: u32 = u32::MAX;

fn size_of(set: &KnownSet) -> u32 {
    if set.sum {
        return UNKNOWN;
    }
    u32::try_from(set.sketch.people()).unwrap_or(UNKNOWN)
}

/// Whether a set of a size can differ from this one in fewer than k people. A sum has at most the people of its cells.
fn sizes_near(set: &KnownSet, k: u32) -> impl Fn(u32) -> bool {
    let people = set.sketch.people();
    let from = if set.sum {
        0
    } else {
        people.saturating_sub(u64::from(k))
    };
    let sizes = from..=people.saturating_add(u64::from(k));
    move |size| size == UNKNOWN || sizes.contains(&u64::from(size))
}

/// Whether a difference is one of 1 to k − 1 people.
fn isolates(difference: Option<u32>) -> bool {
    difference.is_some_and(|people| people > 0)
}

/// Whether three sets can be added and subtracted so that 1 to k − 1 people are left.
///
/// Whoever is in one or in all three of them is left by every choice of signs; so those must be fewer than k. If they are, all
/// others must be in none or cancel out, and the numbers of people come to 3 (k − 1) at most: three sets of which any two share
/// many people cannot be subtracted. If there are none, the sets are three groups, two in each, and a choice of signs leaves
/// one group, twice.
fn three_isolate(set: &KnownSet, others: [&KnownSet; 2]) -> bool {
    let k = i128::from(set.sketch.k());
    let people = |set: &KnownSet| i128::from(set.sketch.people());
    let [a, b, c] = [people(set), people(others[0]), people(others[1])];
    let left = [a + b - c, a - b + c, b + c - a];
    // Of a sum the number of its people is not known, if some of them are in several of its cells.
    let of_sums = set.sum || others.iter().any(|other| other.sum);
    match set
        .sketch
        .difference(&[&others[0].sketch, &others[1].sketch])
    {
        None => false,
        Some(0) => !of_sums && left.iter().any(|twice| (1..k).contains(&(twice / 2))),
        Some(_) => of_sums || left.iter().any(|left| left.abs() <= 3 * (k - 1)),
    }
}
