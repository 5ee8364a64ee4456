//! SNDS data without a real person in it: made up by [`generate`], or the Health Data Hub's published synthetic files
//! turned into Parquet by [`import`]. Both write `OUT/<TABLE>/….parquet` with the columns and types of the data model
//! ([`sceau_core::snds`]), which is all this crate knows of Sceau; [`describe`] tells what is in such a folder.
//!
//! ```
//! use sceau_synth::{GenerateOptions, generate};
//!
//! let out = tempfile::tempdir()?;
//! let options = GenerateOptions { patients: 50, seed: 1, ..GenerateOptions::default() };
//! let summary = generate(&options, out.path())?;
//! assert!(out.path().join("ER_PRS_F").join("part-2019-02.parquet").exists());
//! assert!(summary.rows("IR_BEN_R") >= 50);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

mod describe;
mod error;
mod generate;
mod import;
mod parquet_file;

pub use describe::{Description, Distribution, TableSize, describe};
pub use error::Error;
pub use generate::{Columns, GenerateOptions, Summary, generate, generate_with_progress};
pub use import::{ImportOptions, ImportReport, ImportedTable, KeptAsText, OnMismatch, import};
