//! SQL on pseudonymised SNDS tables under a permit; what leaves describes at least *k* people.
//!
//! A health-data platform embeds this library so that researchers can query the French national health data (SNDS), kept
//! as Parquet on an object store. A project sees the rows and columns that its permit grants, under pseudonyms of its own.
//! An application meets three types:
//!
//! - [`Platform`]: stores, tables and keys, built once;
//! - [`Session`]: one principal under one [`Permit`], the only door for SQL inside the environment;
//! - [`Releaser`]: the way out, which counts the people behind every cell and withholds the cells that have too few.
//!
//! ```
//! # use std::sync::Arc;
//! # use arrow::array::{RecordBatch, StringArray};
//! # use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
//! use sceau::pseudonym::EnvKeys;
//! use sceau::snds::Role;
//! use sceau::{ColumnConfig, Permit, Platform, Releaser, TableConfig};
//!
//! # async fn stays() -> Arc<dyn ObjectStore> {
//! #     let regions: Vec<&str> = (0..15).map(|at| if at < 12 { "75" } else { "13" }).collect();
//! #     let patients: Vec<String> = (0..15).map(|at| at.to_string()).collect();
//! #     let batch = RecordBatch::try_from_iter([
//! #         ("patient", Arc::new(StringArray::from(patients)) as _),
//! #         ("region", Arc::new(StringArray::from(regions)) as _),
//! #     ]).unwrap();
//! #     let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
//! #     writer.write(&batch).unwrap();
//! #     let store = InMemory::new();
//! #     store.put(&Path::from("sejour/a.parquet"), writer.into_inner().unwrap().into()).await.unwrap();
//! #     Arc::new(store)
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let platform = Platform::builder()
//!     .store("data", stays().await)
//!     .keys(Arc::new(EnvKeys))
//!     .table(
//!         "sejour",
//!         TableConfig::new("data", "sejour/")
//!             .contributor(["patient"])
//!             .column("patient", ColumnConfig::new(Role::Identifier).domain("patient"))
//!             .column("region", ColumnConfig::new(Role::QuasiIdentifier)),
//!     )
//!     .build()
//!     .await?;
//!
//! let permit = Permit::parse("permit.toml", r#"
//!     project    = "diab-2031"
//!     principals = ["ana"]
//!     valid      = { from = 2020-01-01, until = 2099-12-31 }
//!     [table.sejour]
//!     columns = ["region"]
//!     [release]
//!     k = 11
//! "#)?;
//! let session = platform.session(&permit, "ana")?;
//!
//! let sql = "SELECT region, count(*) AS stays FROM sejour GROUP BY region";
//! let inside = session.sql(sql).await?.collect().await?;
//! assert_eq!(inside.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
//!
//! let release = Releaser::new(&session).sql(sql).await?;
//! assert_eq!(release.batches().iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
//! assert_eq!(release.report().withheld, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! The README shows the two files, `docs/` what is promised and how it holds.

pub use sceau_core::platform::{ColumnConfig, PlatformBuilder, TableConfig};
pub use sceau_core::*;
pub use sceau_kanon::ledger;
pub use sceau_kanon::{
    CsvOptions, Decision, Dossier, Formulas, Interval, Quarantine, QuarantineError, Release,
    ReleaseError, ReleaseReviewer, Releaser, Report, Review, ReviewFailed, RuleReport, Verdict,
    Waiting, WithheldCell, WriteError, json_columns_and_rows,
};

/// The README's examples are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
