//! Which sets have a group of their signature in common.

/// Sets by what one group of their signature holds: such as hold the same are in one bucket.
///
/// The number of a bucket is made of the group's bits by exclusive or alone. So two sets whose groups give a third one's
/// when they are put together are in two buckets whose numbers do so too: sets are looked for by going through pairs of
/// buckets, which lie beside each other in memory as their sets do, and not by one look-up for each known set.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// None, or two to the power of 6 to 16.
    buckets: Vec<Vec<u32>>,
    sets: usize,
}

/// A bucket for as many sets, on average, or more buckets are made.
const SETS: usize = 4;

const FEWEST: usize = 1 << 6;

/// As many as a group can hold.
const MOST: usize = 1 << 16;

impl Buckets {
    /// Adds a set; `bits` says what the group of any set holds.
    pub(super) fn add(&mut self, at: u32, bits: impl Fn(u32) -> u16) {
        if self.sets >= SETS * self.buckets.len() && self.buckets.len() < MOST {
            let before = std::mem::take(&mut self.buckets);
            let more = (before.len() * 8).clamp(FEWEST, MOST);
            self.buckets.resize_with(more, Vec::new);
            for at in before.into_iter().flatten() {
                self.put(at, bits(at));
            }
        }
        self.put(at, bits(at));
        self.sets += 1;
    }

    fn put(&mut self, at: u32, bits: u16) {
        let number = self.number(bits);
        self.buckets[number].push(at);
    }

    /// The sets whose group holds these bits, and by chance others.
    pub(super) fn of(&self, bits: u16) -> &[u32] {
        let bucket = self.buckets.get(self.number(bits));
        bucket.map_or(&[][..], Vec::as_slice)
    }

    /// Pairs of buckets, such that every two sets whose groups give these bits when put together are in one of them: each in one of
    /// the two, or both in the one that stands there twice.
    pub(super) fn pairs(&self, bits: u16) -> impl Iterator<Item = (&[u32], &[u32])> {
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
