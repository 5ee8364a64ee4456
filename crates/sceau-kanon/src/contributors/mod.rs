//! Counting the people behind each group of an aggregate, up to *k*.
//!
//! A cell may leave when it describes at least *k* distinct people. Whether it does can be told without knowing them
//! all: *k* distinct ids a group are enough, whatever order they come in, and two such sets merge into a third. So the
//! count is exact below *k*, stops at *k*, takes memory bounded by *k* a group, and can be computed in parts.
//!
//! | function | from | to |
//! |---|---|---|
//! | [`count_people`] | ids | their number, at most *k* |
//! | [`collect_people`] | ids | the ids themselves, at most *k* |
//! | [`count_merged_people`] | sets of ids | the number of people in their union, at most *k* |
//! | [`merge_people`] | sets of ids | their union, at most *k* |
//! | [`people_at_extreme`] | values and ids | how many people share the least or greatest value, at most *k* |
//! | [`people_apart`] | values and ids | how many people have another value than most, at most *k* |
//! | [`people_outside`] | ids and several amounts | how many people stand outside of a tie between all others' amounts, at most *k* |
//! | [`people_beyond`] | values and ids | how many people percentiles leave on their sides, at most *k* |
//!
//! The second and the fourth carry people through nested aggregates. A set of *k* ids means "at least *k*", which
//! stays right under union.
//!
//! An id of NULL is nobody. [`UNKNOWN_PERSON`] is somebody whom nobody can tell from others: such a one never adds to
//! a count of known people, but a group with unknown people only counts one, not none. [`mark_unknown`] makes the
//! second out of the first, where a NULL is going to mean "no row" (the nullable side of an outer join).

mod apart;
mod check;
mod extremes;
mod function;
mod groups;
mod keys;
mod outside;
mod pairs;
mod rows;
mod sets;
mod single;
mod tails;
mod unknown;

pub use apart::people_apart;
pub(crate) use check::OfOne;
pub use extremes::{Extreme, merged_people_at_extreme, people_at_extreme};
pub use function::{collect_people, count_merged_people, count_people, merge_people};
pub use outside::people_outside;
pub(crate) use rows::Counting;
pub use tails::people_beyond;
pub use unknown::{UNKNOWN_PERSON, mark_unknown};
