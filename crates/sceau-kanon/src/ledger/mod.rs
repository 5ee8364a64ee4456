//! What a project has received, so that the difference between two releases describes at least *k* people too.
//!
//! A count over 30 people, and the same count without those of age 103, are 30 and 29: each may leave, and together they are
//! one person. Bounds on the size of a cell do not help. Schlörer's tracker takes three cells and a tracker that all lie well
//! between *k* and N − *k*, and adds up to one person:
//!
//! ```
//! use sceau_core::pseudonym::ProjectKey;
//! use sceau_kanon::ledger::{Cell, Ledger, LedgerConfig};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # fn id(person: u64) -> u64 { person.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9) }
//! let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
//! let ledger = Ledger::open(&LedgerConfig::new(folder), "diab-2031", &key)?;
//! let k = 11;
//! let cell = |people: &mut dyn Iterator<Item = u64>| Cell::of(k, "domain patient", people.map(id));
//!
//! // Person 0 among 75; the tracker is people 1 to 49. All four cells hold 26 to 50 people: k ≤ p ≤ N − k.
//! let first = ledger.weigh(&[cell(&mut (0..50))])?;             // the person or the tracker: 50
//! assert_eq!(first.withheld(), [false]);
//! first.commit("permit", "data")?;
//! let second = ledger.weigh(&[cell(&mut (1..50))])?;            // the tracker: 49
//! assert_eq!(second.withheld(), [true]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is kept
//!
//! Of every cell that left, for every condition that one of its measures counts by, and for every total that its cells add up
//! to: the number of its people and a [`Sketch`], some 130 bytes for k = 11. Of every figure that adds up, a count or a column that
//! is summed or averaged, and of its totals: [`Contributions`], some 200 bytes. Ids are 64 bits of HMAC-SHA-256 of the person
//! under the ledger's own key and the project's name. Who has the file and not the key learns how often, and roughly how much,
//! a project received; who has the key as well could test whether somebody they know, with the stored identifier, makes up
//! the difference between two cells.
//!
//! # What it proves
//!
//! For the sets of people of one project, all releases, data versions and permits taken together:
//!
//! - **Two.** No two sets that left differ in 1 to *k* − 1 people.
//! - **Three.** No three sets that left leave 1 to *k* − 1 people when they are added and subtracted: `A − B − C` where B and C are
//!   parts of A, and every other choice of signs, in whatever order they were asked.
//! - **Totals.** The same, of two, with the sums of a release's cells along its keys in place of cells: a cell that is withheld from
//!   a table is not the difference between the table's sum and a total received before or after. This is so for cells that share
//!   nobody; where people stand in several, as in a table by month, what is withheld errs to both sides.
//!
//! - **Figures.** The same, of two and of totals, for what people add to counts, sums and means: no two figures that left, and no
//!   figure and total of cells, differ by what 1 to *k* − 1 people add to one and not to the other, be it all of their rows or one.
//!   Totals of figures are exact, whoever stands in several cells. Of three as far as a tenth of [`LedgerConfig::comparisons`] goes.
//!   Cells of one table are not held against each other: their rows are different ones.
//!
//! The search for them misses none: a difference of fewer than *k* people leaves one of *k* groups of a sketch's signature
//! unchanged, and sets are found by each of their groups. That a difference is taken for what it is not has a chance below
//! 10⁻³⁸ a pair for ids that behave as random numbers, and two people share an id with 10⁻⁴ among the 68 million of the
//! SNDS; both ways mistakes are rare, not impossible.
//!
//! # What it does not prove
//!
//! - **Four and more.** Sets that isolate somebody only when four or more are combined leave, but for the totals above. Whoever may
//!   ask often enough can solve for one person; the ledger makes that longer, and leaves a trace.
//! - **Which rows.** Figures are compared by people and values, column by column, not by rows. Sums of what a subquery has multiplied,
//!   numbers of different values, and inner aggregates over several people are compared by their people only: of these a row of
//!   one person may be left out. So it may between a figure of rows and one of what an inner aggregate made of each person's rows:
//!   a sum of `count(*)` by person is held against others of its kind, and not against `count(*)`. Nor is it known that people are in two cells with different rows, so that nothing can be
//!   subtracted: such cells are withheld if they are near.
//! - **Who adds nothing.** Those who are counted and those who add to a sum are two sets. Where 1 to *k* − 1 people of a cell add 0, the
//!   count and the sum are not both released, although nobody can be subtracted by that.
//! - **The complement.** A cell of all but five people of a table describes those five to whoever knows the whole table's figures from
//!   elsewhere. The whole counts as known once it, or a table that adds up to it, was released; never if it was not.
//! - **Unknown people.** Rows without a person are one unknown person: their presence is seen, their number is not.
//! - **Other ways of naming people.** Sets are compared if their ids are of the same kind. Where the platform has IR_BEN_R a person
//!   is one, by pseudo-NIR and rank, by `NIR_ANO_17` and by `BEN_IDT_ANO`; but whom it does not hold is somebody else by each of
//!   them, and whom it came to hold between two releases is somebody else before and after. Twins who share a pseudo-NIR are one
//!   where there is no rank. Without IR_BEN_R, tables that name people by other columns are not compared.
//! - **Another k.** A set that left under a small k is compared up to that k only, and in pairs; under a k above 4 096, up to 4 096, and
//!   figures up to 2 048.
//! - **Two projects.** Each has its own ledger; what their members tell each other is not looked at.
//! - **What nobody released.** Rows that a project sees inside the environment are not in its ledger.
//! - **That a cell is withheld tells something too.** Asked with a condition and without, it tells that some people do not meet
//!   it, and fewer than *k*: were there none, the sets would be the same and the cell would leave. It looks like a cell of too few
//!   people; who asks knows whether it can be that.
//!
//! # Cost
//!
//! A person costs some 15 ns a sketch with the processor's carry-less multiplication, ten times as much without, and 8 to 32 bytes
//! while a question runs. What is known takes some 500 bytes a set in memory, k = 11.
//!
//! Pairs are looked for among the sets that share one of the *k* groups of a signature, threes among the pairs of sets whose groups
//! give that of the new one: for each new set a part of all pairs, which grows with the square of what is known, and is larger
//! where sets are of few people. [`LedgerConfig::comparisons`] bounds what one release may take, some seconds; a release that
//! needs more is refused ([`LedgerError::SearchBound`]), unless [`LedgerConfig::threes`] says that from there on pairs are
//! enough. `benches/README.md` says how many cells that is beside how many.
//!
//! # Format
//!
//! A ledger is two files, named after the project and a few digits that keep like names apart.
//!
//! ```text
//! NAME.ledger   "SCEAULDG" · format u32 = 1 · id 16 bytes        then a record for each release:
//!               length u32 · nonce 24 bytes · ciphertext · tag 16 bytes
//! NAME.end      nonce 24 bytes · ciphertext · tag 16 bytes       of: records u64 · last tag 16 bytes · id 16 bytes
//! ```
//!
//! All is sealed with XChaCha20-Poly1305, random nonces, under HMAC-SHA-256 of the project's name with the ledger's key. A
//! record's additional data is the format, the ledger's id, the number and tag of the record before, and the project: it opens
//! in no other place. Each is on the disk before the end says so, and the end is on the disk before the release leaves.
//!
//! - **Changed, moved, removed, repeated or foreign records**, and records cut from the end, are found when the ledger is opened: it
//!   does not open.
//! - **A crash** leaves at most one record that the end does not speak of. Whole, it is kept; torn, it is cut off: its release did
//!   not leave.
//! - **Both files put back** to an older copy, or both removed, look like a ledger that was never longer. The [`Head`] kept elsewhere
//!   shows it: [`LedgerConfig::anchor`].
//! - **One writer.** The file is locked while it is open; a second writer is refused. The lock is advisory, and on some network
//!   file systems does not reach other machines; then the second one to write finds the file disturbed.

mod bags;
mod cell;
mod contributions;
mod decode;
mod distinct;
mod error;
mod file;
mod function;
mod gf64;
mod groups;
mod head;
mod known;
mod power_sums;
mod record;
mod seal;
mod sketch;
mod sums;
mod weigh;

pub use cell::Cell;
pub use contributions::{Contributions, sketch_contributions};
pub use error::LedgerError;
pub use function::{collect_all_people, merge_all_people, sketch_merged_people, sketch_people};
pub use head::{Head, HeadError};
pub(crate) use sketch::MOST_K;
pub use sketch::Sketch;
pub use weigh::{Ledger, LedgerConfig, Received, Threes, Weighed};

#[cfg(test)]
mod tests;
