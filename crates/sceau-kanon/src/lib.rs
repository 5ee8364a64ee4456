//! What leaves the secure environment describes at least *k* people: contributors, checks, reports.
#![warn(missing_docs)]

pub mod contributors;
