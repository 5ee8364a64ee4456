//! What is said about a release: a [`Report`] of counts and rules, and the [`Dossier`] for who signs.

mod columns;
mod dossier;
mod html;
mod json;
mod rules;
mod shown;
mod summary;
mod table;
mod text;
mod withheld;

pub(super) use columns::{Origin, origins};
pub(super) use dossier::Asked;
pub use dossier::Dossier;
pub use summary::{Report, RuleReport};
pub(super) use withheld::WithheldCells;
pub use withheld::{Interval, WithheldCell};

#[cfg(test)]
mod tests;
