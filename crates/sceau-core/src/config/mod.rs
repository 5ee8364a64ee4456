//! The two TOML files: strict reading, and errors that name file, line and key.

mod document;
mod error;

pub(crate) use document::Document;
pub use error::ConfigError;
