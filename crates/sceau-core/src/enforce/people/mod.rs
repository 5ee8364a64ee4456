//! Lists of people: the cohort that may be seen, and those who opposed and never are.
//!
//! A list is a Parquet file of stored identifiers. Every table with a contributor is held against it, whatever its
//! identifier: DCIR by `BEN_NIR_PSA` and `BEN_RNG_GEM`, the PMSI by `NIR_ANO_17`, the CépiDc by `BEN_IDT_ANO`. Where the
//! platform has the referential IR_BEN_R, a list that names a person by one identifier holds for the others too, and for
//! every pseudo-NIR that the person has had.
//!
//! A person costs 16 bytes and a few bits for each identifier that some table needs.

mod guard;
mod list;
mod persons;
mod set;
mod spaces;
mod unions;

pub(super) use guard::PeopleGuard;
pub(super) use list::canonical;
pub(crate) use list::{ListRole, PeopleList, Referential};
pub(crate) use persons::Persons;
pub(super) use persons::{SamePeople, comparable, hash};
pub(super) use set::{KeySet, RowHasher, known, whole};
pub(crate) use spaces::Space;
