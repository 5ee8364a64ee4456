//! Tables, permits, pseudonyms and enforcement: what stands between a researcher's SQL and the SNDS.
//!
//! An application meets two types here: [`Platform`], built once by the operator, and [`Session`], one principal under
//! one [`Permit`] and the only door for SQL. The `sceau-kanon` crate adds the way out.
//!
//! A question goes text → front gate → logical plan over protected tables → policies → physical plan → final gate →
//! batches. Each stage is a module:
//!
//! | module | what it holds |
//! |---|---|
//! | [`snds`] | the data model: tables, columns, roles, keys |
//! | [`storage`] | where the Parquet files are |
//! | [`pseudonym`] | keys, and the HMAC that replaces an identifier |
//! | [`permit`] | what one project may see: parsed, checked, compiled |
//! | [`enforce`] | the protected table, the optimizer rule, the leaf operator, the two gates |
//! | [`engine`] | rules that keep DataFusion's answers right and repeatable; they know no policy |
//! | [`journal`] | what was asked and what was decided |
//! | [`platform`], [`session`] | the front door |
#![warn(missing_docs)]

mod config;
pub mod enforce;
pub mod engine;
pub mod journal;
pub mod permit;
pub mod platform;
pub mod pseudonym;
pub mod session;
pub mod snds;
mod sql;
pub mod storage;

pub use config::ConfigError;
pub use permit::Permit;
pub use platform::Platform;
pub use session::{ErrorCode, QueryError, Session};
