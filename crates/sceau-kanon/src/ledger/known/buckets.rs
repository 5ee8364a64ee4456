//! Which sets have a group of their signature in common.

/// Sets by what one group of their signature holds: such as hold the same are in one bucket.
///
/// The number of a bucket is made of the group's bits by exclusive or alone. So two sets whose groups give a third one's
/// when they are put together are in two buckets whose numbers do so too: sets are looked for by going through pairs of
/// buckets, which lie beside each other in memory as their sets do, and not by one look-up for each known set.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// None, or two to the power of 6 to 16.
    buckets: Vec<Vec<InBucket>>,
    sets: usize,
}

/// A set, and a word of its signature beside the group, by which nearly all of those that are not looked for are told: it is here,
/// since the signature itself is far away in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct InBucket {
    pub(super) at: u32,
    /// In halves, which take no room for alignment.
    word: [u32; 2],
}

impl InBucket {
    pub(super) fn new(at: u32, word: u64) -> Self {
        Self {
            at,
            word: [word as u32, (word >> 32) as u32],
        }
    }

    #[inline]
    pub(super) fn word(self) -> u64 {
        u64::from(self.word[0]) | u64::from(self.word[1]) << 32
    }
}

const FEWEST: usize = 1 << 6;

/// As many as a group can hold.
const MOST: usize = 1 << 16;

impl Buckets {
    /// Adds a set; `bits` says what the group of any set holds.
    pub(super) fn add(&mut self, set: InBucket, bits: impl Fn(u32) -> u16) {
        // As many buckets as sets, or more.
        if self.sets >= self.buckets.len() && self.buckets.len() < MOST {
            let before = std::mem::take(&mut self.buckets);
            let more = (before.len() * 2).clamp(FEWEST, MOST);
            self.buckets.resize_with(more, Vec::new);
            for set in before.into_iter().flatten() {
                self.put(set, bits(set.at));
            }
        }
        self.put(set, bits(set.at));
        self.sets += 1;
    }

    fn put(&mut self, set: InBucket, bits: u16) {
        let number = self.number(bits);
        self.buckets[number].push(set);
    }

    /// The sets whose group holds these bits, and by chance others.
    pub(super) fn of(&self, bits: u16) -> &[InBucket] {
        let bucket = self.buckets.get(self.number(bits));
        bucket.map_or(&[][..], Vec::as_slice)
    }

    /// Pairs of buckets, such that every two sets whose groups give these bits when put together are in one of them: each in one of
    /// the two, or both in the one that stands there twice.
    pub(super) fn pairs(&self, bits: u16) -> impl Iterator<Item = (&[InBucket], &[InBucket])> {
        let apart = self.number(bits);
        (0..self.buckets.len())
            .filter(move |&number| number <= number ^ apart)
            .map(move |number| (&*self.buckets[number], &*self.buckets[number ^ apart]))
    }

    fn number(&self, bits: u16) -> usize {
        let (mut bits, mut number) = (usize::from(bits), 0);
        while self.buckets.len() > 1 && bits > 0 {
            number ^= bits & (self.buckets.len() - 1);
            bits >>= self.buckets.len().ilog2();
        }
        number
    }
}
