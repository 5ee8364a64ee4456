//! What several promises are tried with.

pub mod s3;
