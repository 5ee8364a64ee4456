//! SQL on pseudonymised SNDS tables under a permit, with k-anonymity checks on what leaves.
pub use sceau_core::platform::{ColumnConfig, PlatformBuilder, TableConfig};
pub use sceau_core::*;
