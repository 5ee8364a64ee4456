//! What is said about a release: a [`Report`] of counts and rules, and the [`Dossier`] for who signs.

mod applied;
mod columns;
mod dossier;
mod html;
mod json;
mod rules;
mod shown;
mod summary;
mod table;
mod text;

pub(super) use applied::report;
pub(super) use columns::{Origin, origins};
pub(super) use dossier::Asked;
pub use dossier::Dossier;
pub use summary::{Report, RuleReport};

#[cfg(test)]
mod tests;
