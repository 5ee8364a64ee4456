//! A join on the whole key stands for the check that a row's parent is visible.
//!
//! A table without a person is held against the visible rows of its parent, which are read for it once more (see
//! [`parent`](super::parent)). Where the question itself joins the two on the whole key, the join throws away the very
//! rows that the check would:
//!
//! ```text
//! before                                              after
//! HashJoinExec: type=Inner, on=[the nine keys]        ParentJoinExec
//!   PolicyExec: table=ER_PRS_F                          HashJoinExec: type=Inner, on=[the nine keys]
//!   PolicyExec: table=ER_PHA_F                            PolicyExec: table=ER_PRS_F
//!                                                         PolicyExec: table=ER_PHA_F, parents=join
//! ```
//!
//! Rows that the permit hides then leave the leaf, and what happens between it and the join must tell nothing of them.
//! So the check is left to the join only when all of this holds, and the final gate looks at it again:
//!
//! * **Nothing of the question's runs on a row before the join has matched it.** Between leaf and join stand only operators
//!   that hand rows on as they are: columns picked by position, rows dealt to partitions by plain columns, no limit. The
//!   leaf shows stored columns only; there is no mask that could be costly or fail. Conditions that the leaf took in are
//!   leakproof. The join compares plain columns of one type, through no cast; it has no further condition, which would be
//!   evaluated for a batch of pairs whose borders hidden rows decide.
//! * **The leaf is on the probe side.** Rows that stream past are held nowhere but in the batch they came in (and in the
//!   bounded channels of a repartition); what the join keeps in memory, how it hashes and whether it stops early depends on
//!   the build side alone, and the build side holds rows of the parent that its own leaf lets be seen.
//! * **Every row that leaves the join has a visible parent.** Inner and semi joins give matched rows only, a left join
//!   adds rows of the build side. Each part of the key, NULL equal to nothing, is compared with that part of one row of the
//!   parent's own leaf, under the same binding: operators between it and the join may drop, sort or widen rows, but all
//!   parts come out of the same occurrence of the leaf, so out of one row. Equal values of one type that is no
//!   floating-point number are equal for the check too.
//! * **Batches are cut anew.** A hash join hands a large batch of matches on as it is, so that its borders show how many
//!   hidden rows stood between; whether AND, OR or CASE leave a failing side out is decided batch by batch.
//!   [`ParentJoinExec`] joins and cuts batches by the number of visible rows alone. The rows come in the order of the
//!   probe side, and those of one probe row in the order of the build side: neither is touched by what did not match.
//!
//! With that the batches above the join are a function of the visible rows, as they are above a leaf that checks for itself.
//!
//! An inner join on a key that has the month of the flux goes month by month besides, and may hold the detail side:
//! see [`flux_join`].
//!
//! Which side is the build side is decided on estimates before any of this is known for certain. [`ExpectParentJoins`]
//! therefore has leaves that may come to stand below such a join estimated as if nothing were checked. If the parent
//! turns out to be the larger side, the detail table becomes the build side and keeps its check: hidden rows would
//! otherwise count towards the memory that a question may use, and whether it fails for want of memory would count them.

mod exec;
mod flux_join;
mod pieces;
mod rules;
mod shape;

pub(super) use exec::ParentJoinExec;
pub(super) use flux_join::FluxJoinExec;
pub(crate) use rules::{ExpectParentJoins, by_flux, leave_parents_to_joins};
pub(super) use shape::stands_for_the_check;
