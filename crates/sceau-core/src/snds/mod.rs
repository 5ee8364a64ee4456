//! The SNDS data model: which tables there are, their columns, types, roles and keys.
//!
//! Facts only. This module knows Arrow types and nothing of DataFusion, permits or storage.
//!
//! # To look a column's role up
//!
//! A table written out is a page of it: every column with its type, its role, the pseudonym domain of an identifier, where
//! its values are found again and since when it exists.
//!
//! ```
//! let page = sceau_core::snds::table("t_mco19c").expect("a table of the model").to_string();
//! assert!(page.contains("person    NIR_ANO_17"), "{page}");
//! assert!(page.contains("NIR_ANO_17"), "{page}");
//! ```
//!
//! The same from the command line: `cargo run --example sql -- --model t_mco19c`. The rules that roles come from are in
//! [`column_roles`], those that say who a row is about in [`row_links`].
//!
//! # Who is who
//!
//! All columns that hold a person share the pseudonym domain `patient`, so that equal identifiers have equal pseudonyms and
//! joins hold: `NIR_ANO_17` with `BEN_NIR_PSA`, `BEN_IDT_ANO` with itself. What is one identifier to the SNDS and two columns
//! to SQL does not join: where a person's own NIR is not known, `BEN_IDT_ANO` is `BEN_NIR_PSA` followed by `BEN_RNG_GEM`, and
//! the pseudonym of the whole is not made of the pseudonym of a part. From DCIR to the causes of death the way is
//! `IR_BEN_R`, which has the pair and the person in one row. It takes 17 characters or 18, and is a text of any length here.

mod column;
mod facts;
mod table;

#[doc = "What each column may tell: the rules, in the order in which they decide."]
#[doc = ""]
#[doc = "```text"]
#[doc = include_str!("facts/roles.txt")]
#[doc = "```"]
pub mod column_roles {}

#[doc = "Who a row is about, when, and through which table: the rules, in the order in which they decide."]
#[doc = ""]
#[doc = "```text"]
#[doc = include_str!("facts/links.txt")]
#[doc = "```"]
pub mod row_links {}

pub(crate) use column::is_text;
pub use column::{ColumnModel, KEPT_AS_TEXT, Reference, Role};
pub(crate) use facts::{identifier_domain, in_year, of_two_digits, over_years};
pub use facts::{table, tables};
pub use table::{Parent, TableModel, YEAR};

/// The referential that gives a pseudo-NIR its person.
pub(crate) const REFERENTIAL: &str = "IR_BEN_R";

/// The referential's pseudo-NIR, the rank of a twin, and the person.
pub(crate) const REFERENTIAL_KEYS: [&str; 3] = ["BEN_NIR_PSA", "BEN_RNG_GEM", "BEN_IDT_ANO"];
