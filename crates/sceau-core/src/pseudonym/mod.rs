//! Project keys, and the keyed hash that replaces an identifier.
//!
//! # Definition
//!
//! The pseudonym of a stored identifier, in a domain and under a project's key, is
//!
//! ```text
//! base32( leftmost 160 bits of HMAC-SHA-256( key, domain ‖ 0x1F ‖ identifier ) )
//! ```
//!
//! - *HMAC* is that of RFC 2104, over SHA-256 (FIPS 180-4), truncated on the left to 160 bits as RFC 2104 §5 and
//!   NIST SP 800-107 rev. 1 §5.3.3 allow: more than half of the hash, so that among the 68 million people of the SNDS
//!   the chance that any two share a pseudonym is about 10⁻³³.
//! - *base32* is that of RFC 4648 §6 in lower case without padding: 32 characters of `a`–`z` and `2`–`7`.
//! - The *domain* says what the identifier names (`patient`, `professional`, `establishment`). It is one or more of
//!   `a`–`z`, `0`–`9` and `_`, so that it never holds the separator, byte 0x1F, and no two pairs of domain and identifier
//!   make the same message. Columns that name the same person share a domain, and then they join.
//! - The *identifier* is the stored text in UTF-8, every character of it. **Blanks count**: `"17"`, `" 17"` and `"17 "` are
//!   three identifiers with three pseudonyms, and so are `"17"` and `"017"`. A column that is padded in one table and not
//!   in the other does not join before its pseudonyms are made, nor after. An integer is rendered in decimal, with `-`
//!   before a negative one: 17 and `"17"` are the same identifier.
//! - `NULL` stays `NULL`. The empty text is an identifier like any other.
//!
//! # Worked example
//!
//! With the 32-byte key 00 01 02 … 1f, the domain `patient` and the identifier `10000000000000001`, the message is the 25
//! bytes `patient`, 0x1F, `10000000000000001`, and the pseudonym is `56ptwnpxxrc65tnc7g67l7kozlrbzrxt`:
//!
//! ```
//! use arrow::array::StringArray;
//! use sceau_core::pseudonym::{ProjectKey, pseudonymize};
//!
//! let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
//! let stored = StringArray::from(vec![Some("10000000000000001"), None]);
//!
//! let pseudonyms = pseudonymize(&stored, &key, "patient")?;
//!
//! assert_eq!(pseudonyms, StringArray::from(vec![Some("56ptwnpxxrc65tnc7g67l7kozlrbzrxt"), None]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it promises
//!
//! Within a project equal identifiers have equal pseudonyms, so that tables join and people are counted. Without the
//! key a pseudonym tells nothing of its identifier, and the pseudonyms that two projects hold cannot be linked, as long as
//! HMAC-SHA-256 is a pseudorandom function. Whoever holds the key can try all identifiers: a key is as secret as the
//! identifiers themselves, which is why it is zeroised when dropped and appears in no plan, no error and no log.
//!
//! A new version of a key gives new pseudonyms. A bridge between two versions is [`pseudonymize`] with each of them over
//! the same stored column: only someone who holds both keys and the stored identifiers, the operator, can make it.

mod domain;
mod env;
mod error;
mod file;
mod hmac;
mod kernel;
mod key;
mod material;
mod name;
mod provider;
mod udf;

pub use domain::check_domain;
pub use env::EnvKeys;
pub use error::{KeyError, PseudonymError};
pub use file::FileKeys;
pub use kernel::pseudonymize;
pub use key::ProjectKey;
pub use provider::KeyProvider;
pub use udf::pseudonym_udf;
