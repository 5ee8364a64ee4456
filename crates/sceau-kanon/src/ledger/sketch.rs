use super::decode::{Size, size};
use super::gf64::Gf64;
use super::power_sums::add_odd_power_sums;

/// What the ledger keeps of a set of people: enough to count a small difference to another set, and nobody's id.
///
/// This is PinSketch (Dodis, Ostrovsky, Reyzin and Smith, *Fuzzy extractors*, SIAM J. Comput. 38(1), 2008): the odd power
/// sums s₁, s₃, …, s₂ₖ₊₁ of the ids as elements of GF(2⁶⁴), k + 1 of them. Sums in characteristic 2 forget what stands in both
/// sets, so that the exclusive or of two sketches is the sketch of the symmetric difference, and of three that of the
/// people in an odd number of them.
///
/// A sketch also has the number of people, and a signature of k times 16 bits: each person changes one bit of one group.
/// Sets that differ in fewer than k people agree in at least one group as a whole, by which they are found without
/// looking at every pair.
///
/// Ids are taken for random 64-bit numbers, as keyed hashes are. Each person must be put in once: a person put in twice
/// is not in it.
///
/// ```
/// use sceau_kanon::ledger::Sketch;
///
/// let all = Sketch::of(11, 1..=30);
/// assert_eq!(all.difference(&[&Sketch::of(11, 2..=30)]), Some(1));
/// assert_eq!(all.difference(&[&Sketch::of(11, 1..=19)]), None);   // eleven or more
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sketch {
    people: u64,
    signature: Vec<u16>,
    syndromes: Vec<Gf64>,
}

/// What stands for all people who cannot be told apart, whose id is
/// [`UNKNOWN_PERSON`](crate::contributors::UNKNOWN_PERSON), which is no element that a sum would show.
const UNKNOWN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The largest k that sketches are made for: beyond it a sketch is larger than what it stands for.
pub(crate) const MOST_K: u32 = 4096;

impl Sketch {
    /// The sketch of nobody, that tells apart differences of 1 to `k` − 1 people.
    pub fn new(k: u32) -> Self {
        let k = k.clamp(1, MOST_K) as usize;
        Self {
            people: 0,
            signature: vec![0; k],
            syndromes: vec![Gf64::ZERO; k + 1],
        }
    }

    /// The sketch of a set of people.
    pub fn of(k: u32, people: impl IntoIterator<Item = u64>) -> Self {
        let mut sketch = Self::new(k);
        let people: Vec<Gf64> = people
            .into_iter()
            .map(|person| sketch.count(person))
            .collect();
        add_odd_power_sums(&people, &mut sketch.syndromes);
        sketch
    }

    /// Notes a person everywhere but in the syndromes, and gives the element that they are.
    fn count(&mut self, person: u64) -> Gf64 {
        let person = if person == 0 { UNKNOWN } else { person };
        self.people += 1;
        let bits = 16 * self.signature.len() as u64;
        let place = ((u128::from(person) * u128::from(bits)) >> 64) as usize;
        self.signature[place / 16] ^= 1 << (place % 16);
        Gf64(person)
    }

    /// How many people are in it, an unknown one counted once.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// The k that it was made for.
    pub fn k(&self) -> u32 {
        self.signature.len() as u32
    }

    /// How many people stand in an odd number of this set and the others: in one of two and not in the other. `None` if they
    /// are k or more.
    ///
    /// Of sketches of different k, the smaller one counts.
    pub fn difference(&self, others: &[&Self]) -> Option<u32> {
        let count = others
            .iter()
            .map(|other| other.syndromes.len())
            .fold(self.syndromes.len(), usize::min);
        let mut syndromes = self.syndromes[..count].to_vec();
        for other in others {
            for (syndrome, &term) in syndromes.iter_mut().zip(&other.syndromes) {
                *syndrome += term;
            }
        }
        match size(&syndromes, count.saturating_sub(2)) {
            Size::Empty => Some(0),
            Size::Few(people) => Some(people),
            Size::Many => None,
        }
    }

    /// Adds another set to a sum of sets.
    pub(super) fn add(&mut self, other: &Self) {
        self.people = self.people.saturating_add(other.people);
        for (bits, &term) in self.signature.iter_mut().zip(&other.signature) {
            *bits ^= term;
        }
        for (syndrome, &term) in self.syndromes.iter_mut().zip(&other.syndromes) {
            *syndrome += term;
        }
    }

    /// Takes a set out of a sum of sets that it was added to.
    pub(super) fn remove(&mut self, other: &Self) {
        let people = self.people.saturating_sub(other.people);
        // What is added twice is not in it.
        self.add(other);
        self.people = people;
    }

    /// What no two sets share, but by chance: one in 2¹²⁸.
    pub(super) fn fingerprint(&self) -> [u64; 3] {
        let syndrome = |syndrome: Option<&Gf64>| syndrome.map_or(0, |syndrome| syndrome.0);
        [
            self.people,
            syndrome(self.syndromes.first()),
            syndrome(self.syndromes.last()),
        ]
    }

    pub(super) fn signature(&self) -> &[u16] {
        &self.signature
    }

    /// How many bytes [`write`](Self::write) makes of a sketch for this k.
    pub(super) fn bytes(k: u32) -> usize {
        let k = k as usize;
        8 + 2 * k + 8 * (k + 1)
    }

    /// Number of people, signature and syndromes, lowest byte first.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.people.to_le_bytes());
        for bits in &self.signature {
            bytes.extend_from_slice(&bits.to_le_bytes());
        }
        for syndrome in &self.syndromes {
            bytes.extend_from_slice(&syndrome.0.to_le_bytes());
        }
    }

    /// Reads the bytes that [`sketch_people`](super::sketch_people) gives for this k; nothing if they are not as many.
    pub fn from_bytes(k: u32, bytes: &[u8]) -> Option<Self> {
        let k = k.min(MOST_K);
        if k == 0 || bytes.len() != Self::bytes(k) {
            return None;
        }
        let (people, rest) = bytes.split_first_chunk::<8>()?;
        let (signature, syndromes) = rest.split_at(2 * k as usize);
        Some(Self {
            people: u64::from_le_bytes(*people),
            signature: signature
                .as_chunks::<2>()
                .0
                .iter()
                .map(|bits| u16::from_le_bytes(*bits))
                .collect(),
            syndromes: syndromes
                .as_chunks::<8>()
                .0
                .iter()
                .map(|bits| Gf64(u64::from_le_bytes(*bits)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn expected(k: u32, people: usize) -> Option<u32> {
        u32::try_from(people).ok().filter(|&people| people < k)
    }

    /// By the definition of the sums.
    fn insert(sketch: &mut Sketch, person: u64) {
        let mut power = sketch.count(person);
        let square = power.square();
        for syndrome in &mut sketch.syndromes {
            *syndrome += power;
            power = power * square;
        }
    }

    #[test]
    fn a_sketch_for_eleven_has_a_hundred_and_twenty_six_bytes() {
        let mut bytes = Vec::new();
        Sketch::of(11, [7, 8]).write(&mut bytes);
        assert_eq!(bytes.len(), 126);
        assert_eq!(bytes.len(), Sketch::bytes(11));
        assert_eq!(Sketch::from_bytes(11, &bytes), Some(Sketch::of(11, [7, 8])));
        assert_eq!(Sketch::from_bytes(10, &bytes), None);
    }

    proptest! {
        #[test]
        fn many_people_at_once_are_the_same_as_one_after_the_other(k in 1..30_u32, people in prop::collection::vec(any::<u64>(), 0..20)) {
            let mut one_by_one = Sketch::new(k);
            people.iter().for_each(|&person| insert(&mut one_by_one, person));
            prop_assert_eq!(Sketch::of(k, people), one_by_one);
        }
    }

    #[test]
    fn unknown_people_are_somebody() {
        let known = Sketch::of(5, [1, 2, 3]);
        let with_unknown = Sketch::of(5, [1, 2, 3, 0]);
        assert_eq!(known.difference(&[&with_unknown]), Some(1));
    }

    proptest! {
        #[test]
        fn a_difference_is_counted_up_to_k(
            k in 2..15_u32,
            common in prop::collection::btree_set(any::<u64>(), 0..50),
            here in prop::collection::btree_set(any::<u64>(), 0..12),
            there in prop::collection::btree_set(any::<u64>(), 0..12),
        ) {
            let here: BTreeSet<u64> = common.union(&here).copied().collect();
            let there: BTreeSet<u64> = common.union(&there).copied().collect();
            let difference = here.symmetric_difference(&there).count();
            let (left, right) = (Sketch::of(k, here.clone()), Sketch::of(k, there));
            prop_assert_eq!(left.difference(&[&right]), expected(k, difference));
            prop_assert_eq!(left.people(), here.len() as u64);
            // Few differences leave a group of the signature alone.
            if difference < k as usize {
                prop_assert!(left.signature().iter().zip(right.signature()).any(|(left, right)| left == right));
            }
        }

        #[test]
        fn three_sets_and_sums_are_counted_alike(
            k in 2..12_u32,
            a in prop::collection::btree_set(1..40_u64, 0..30),
            b in prop::collection::btree_set(1..40_u64, 0..30),
            c in prop::collection::btree_set(1..40_u64, 0..30),
        ) {
            // Spread, as keyed hashes are.
            let spread = |set: &BTreeSet<u64>| -> BTreeSet<u64> {
                set.iter().map(|id| id.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)).collect()
            };
            let (a, b, c) = (spread(&a), spread(&b), spread(&c));
            let ab: BTreeSet<u64> = a.symmetric_difference(&b).copied().collect();
            let odd = ab.symmetric_difference(&c).count();
            let [a, b, c] = [a, b, c].map(|set| Sketch::of(k, set));
            prop_assert_eq!(a.difference(&[&b, &c]), expected(k, odd));
            let mut sum = b.clone();
            sum.add(&c);
            prop_assert_eq!(a.difference(&[&sum]), expected(k, odd));
        }

        #[test]
        fn the_smaller_k_counts(set in prop::collection::btree_set(any::<u64>(), 0..20), small in 2..9_u32) {
            let (fine, coarse) = (Sketch::of(11, set.clone()), Sketch::new(small));
            prop_assert_eq!(fine.difference(&[&coarse]), expected(small, set.len()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(k in 0..20_u32, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(sketch) = Sketch::from_bytes(k, &bytes) {
                let mut again = Vec::new();
                sketch.write(&mut again);
                prop_assert_eq!(again, bytes);
                // Nor does counting fail on what no set has.
                let _ = sketch.difference(&[]);
            }
        }
    }
}
