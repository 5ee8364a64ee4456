use std::collections::HashMap;

/// Keys that stand for the same person, joined as they are found.
#[derive(Debug)]
pub(super) struct Unions {
    /// A key that is of the same person, and at last itself.
    towards: HashMap<u64, u64>,
    /// The least of the persons that a key at the end stands for.
    least: HashMap<u64, u64>,
    /// The only key of a person with that person, if everybody is remembered.
    singles: Option<Vec<(u64, u64)>>,
}

impl Unions {
    pub(super) fn new(everybody: bool) -> Self {
        Self {
            towards: HashMap::new(),
            least: HashMap::new(),
            singles: everybody.then(Vec::new),
        }
    }

    /// Joins the keys of one person, if there are several.
    pub(super) fn join(&mut self, person: u64, keys: impl Iterator<Item = u64> + Clone) {
        let mut others = keys.clone();
        let Some(first) = others.next() else { return };
        if others.all(|key| key == first) {
            if let Some(singles) = &mut self.singles {
                singles.push((first, person));
            }
            return;
        }
        let root = self.root(first);
        self.note(root, person);
        for key in keys {
            let other = self.root(key);
            if other == root {
                continue;
            }
            self.towards.insert(other, root);
            if let Some(person) = self.least.remove(&other) {
                self.note(root, person);
            }
        }
    }

    fn note(&mut self, root: u64, person: u64) {
        let least = self.least.entry(root).or_insert(person);
        *least = person.min(*least);
    }

    fn root(&mut self, key: u64) -> u64 {
        let mut root = key;
        while let Some(next) = self.towards.get(&root)
            && *next != root
        {
            root = *next;
        }
        let mut at = key;
        while at != root {
            let next = self.towards.insert(at, root);
            at = next.unwrap_or(root);
        }
        self.towards.entry(key).or_insert(root);
        root
    }

    pub(super) fn size(&self) -> usize {
        // Tables of keys and values, a byte of control each, and at most 7 of 8 places taken.
        let tables = self.towards.capacity() + self.least.capacity();
        let singles = self.singles.as_ref().map_or(0, Vec::capacity);
        tables * (ENTRY_BYTES + 1) * 8 / 7 + singles * ENTRY_BYTES
    }

    pub(super) fn into_map(mut self) -> KeyMap {
        let mut entries = self.singles.take().unwrap_or_default();
        // A key that is the only one of somebody may be one of several of somebody else.
        entries.retain(|(key, person)| {
            let joined = self.towards.contains_key(key);
            if joined {
                let root = self.root(*key);
                self.note(root, *person);
            }
            !joined
        });
        let keys: Vec<u64> = self.towards.keys().copied().collect();
        entries.reserve_exact(keys.len());
        for key in keys {
            let root = self.root(key);
            entries.push((key, self.least.get(&root).copied().unwrap_or(root)));
        }
        entries.sort_unstable();
        // Of two whose only key it is, the least stands for both.
        entries.dedup_by_key(|(key, _)| *key);
        KeyMap::new(entries)
    }
}

/// A key and what stands for it.
const ENTRY_BYTES: usize = std::mem::size_of::<(u64, u64)>();

/// A map of hashes: sorted keys with an index on their first bits, 16 bytes an entry and less than one for the index.
#[derive(Debug, Default)]
pub(super) struct KeyMap {
    entries: Vec<(u64, u64)>,
    /// Where the keys with each prefix begin; one more than there are prefixes.
    starts: Vec<usize>,
    prefix_bits: u32,
}

impl KeyMap {
    /// `entries` are sorted, and have each key once.
    fn new(entries: Vec<(u64, u64)>) -> Self {
        // About sixteen keys a prefix.
        let prefix_bits = (entries.len() / 16).checked_ilog2().unwrap_or(0).min(28);
        let mut starts = Vec::with_capacity((1 << prefix_bits) + 1);
        let mut at = 0;
        for prefix in 0..1_usize << prefix_bits {
            while at < entries.len() && prefix_of(entries[at].0, prefix_bits) < prefix {
                at += 1;
            }
            starts.push(at);
        }
        starts.push(entries.len());
        Self {
            entries,
            starts,
            prefix_bits,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, key: u64) -> Option<u64> {
        let prefix = prefix_of(key, self.prefix_bits);
        let (from, to) = (*self.starts.get(prefix)?, *self.starts.get(prefix + 1)?);
        let entries = self.entries.get(from..to)?;
        let at = entries.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(entries[at].1)
    }

    pub(super) fn size(&self) -> usize {
        self.entries.capacity() * ENTRY_BYTES
            + self.starts.capacity() * std::mem::size_of::<usize>()
    }
}

fn prefix_of(key: u64, bits: u32) -> usize {
    if bits == 0 {
        0
    } else {
        (key >> (64 - bits)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_joined_stand_for_the_least_of_their_persons_and_others_for_nobody() {
        let join = |everybody| {
            let mut unions = Unions::new(everybody);
            unions.join(9, [1, 2].into_iter());
            unions.join(7, [2, 3, 3].into_iter());
            unions.join(8, [5, 6].into_iter());
            unions.join(1, [4, 4].into_iter());
            // Twins who share one, and one of whom has another.
            unions.join(3, [4].into_iter());
            unions.join(2, [5].into_iter());
            unions.into_map()
        };
        let map = join(false);
        let found: Vec<_> = (0..8).map(|key| map.get(key)).collect();
        let (joined, other) = (Some(7), Some(8));
        assert_eq!(
            found,
            [None, joined, joined, joined, None, other, other, None]
        );
        let map = join(true);
        let found: Vec<_> = (0..8).map(|key| map.get(key)).collect();
        let (joined, single, other) = (Some(7), Some(1), Some(2));
        assert_eq!(
            found,
            [None, joined, joined, joined, single, other, other, None]
        );
    }

    #[test]
    fn a_map_of_many_keys_finds_each_and_no_other() {
        let keys: Vec<u64> = (0..10_000_u64).map(|n| n << 50 | n).collect();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        let map = KeyMap::new(sorted.into_iter().map(|key| (key, key)).collect());
        for key in keys {
            assert_eq!(map.get(key), Some(key));
            assert_eq!(map.get(key + 20_000), None);
        }
    }
}
