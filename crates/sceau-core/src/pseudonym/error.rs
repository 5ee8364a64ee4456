use std::io;

use arrow::datatypes::DataType;

/// Why there is no key. It names the key and where it was looked for, and holds no byte of any key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The name of the key could reach outside of the place where keys are kept.
    #[error(
        "key {name:?}: a key's name is made of letters, digits, `.`, `_` and `-`, without `..`"
    )]
    Name {
        /// The name that was asked for.
        name: String,
    },
    /// There is no such key.
    #[error("key {name}: not found in {place}")]
    Missing {
        /// The name that was asked for.
        name: String,
        /// Where it was looked for: files, or an environment variable.
        place: String,
    },
    /// The key is there and cannot be read.
    #[error("key {name}: {place} cannot be read: {source}")]
    Read {
        /// The name that was asked for.
        name: String,
        /// The file.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// The key is shorter than the hash, which RFC 2104 §3 strongly discourages.
    #[error("key {name}, from {place}: {bytes} bytes, expected at least 32")]
    TooShort {
        /// The name that was asked for.
        name: String,
        /// Where it was found.
        place: String,
        /// How many bytes it has.
        bytes: usize,
    },
    /// A provider of the application's own could not answer.
    #[error("key {name}: {message}")]
    Provider {
        /// The name that was asked for.
        name: String,
        /// What the provider says. It must not hold any part of a key.
        message: String,
    },
}

/// Why identifiers could not be pseudonymised. It holds no identifier and no byte of any key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PseudonymError {
    /// The domain is not one or more of `a`–`z`, `0`–`9` and `_`.
    #[error(
        "pseudonym domain {domain:?}: expected lower-case letters a to z, digits and underscores"
    )]
    Domain {
        /// The domain that was given.
        domain: String,
    },
    /// The column's type cannot hold identifiers.
    #[error("a pseudonym is made of a text or integer column, found {data_type}")]
    Type {
        /// The type that was found.
        data_type: DataType,
    },
    /// The pseudonyms of one array would not fit 32-bit offsets: it holds more than 67,108,863 identifiers.
    #[error("{rows} rows are more than one array of pseudonyms can hold")]
    TooLong {
        /// How many rows were given.
        rows: usize,
    },
}
