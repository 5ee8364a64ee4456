use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::KeyError;
use super::hmac::{Keyed, TAG_BYTES};

/// A project's secret key, with its version.
///
/// The bytes are zeroised when the last clone is dropped, never leave this module, and are not shown by `Debug`. There is
/// no `PartialEq` either: two keys are compared through what they make.
///
/// ```
/// use sceau_core::pseudonym::ProjectKey;
///
/// let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
///
/// assert_eq!(format!("{key:?}"), "ProjectKey { version: 1, .. }");
/// # Ok::<(), sceau_core::pseudonym::KeyError>(())
/// ```
#[derive(Clone)]
pub struct ProjectKey {
    bytes: Arc<Zeroizing<Vec<u8>>>,
    version: u32,
    id: KeyId,
}

impl ProjectKey {
    /// The version of a key that was never replaced, and of every key from a place that knows no versions.
    pub const FIRST_VERSION: u32 = 1;

    /// The fewest bytes of a key: as many as SHA-256 gives.
    pub const MIN_BYTES: usize = 32;

    /// A key of these bytes, which should come from a cryptographic generator (`openssl rand -hex 32`).
    ///
    /// # Errors
    ///
    /// [`KeyError::TooShort`] if there are fewer than [`Self::MIN_BYTES`].
    pub fn new(bytes: Vec<u8>, version: u32) -> Result<Self, KeyError> {
        Self::named(
            Zeroizing::new(bytes),
            version,
            "(unnamed)",
            "the application",
        )
    }

    /// The same, for a provider that can say in its errors which key it is and where it was found.
    pub(super) fn named(
        bytes: Zeroizing<Vec<u8>>,
        version: u32,
        name: &str,
        place: &str,
    ) -> Result<Self, KeyError> {
        if bytes.len() < Self::MIN_BYTES {
            return Err(KeyError::TooShort {
                name: name.to_owned(),
                place: place.to_owned(),
                bytes: bytes.len(),
            });
        }
        Ok(Self {
            id: Keyed::new(&bytes).id(),
            bytes: Arc::new(bytes),
            version,
        })
    }

    /// Which key of the project this is: it grows when the operator replaces the key.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// HMAC-SHA-256 of a message that is no identifier; `context` keeps the uses of a key apart.
    pub(crate) fn tag(&self, context: &str, message: &[u8]) -> [u8; TAG_BYTES] {
        self.keyed().tag(context, message)
    }

    /// Whether `tag` is the one that [`Self::tag`] gives, compared in constant time.
    pub(crate) fn is_tag(&self, context: &str, message: &[u8], tag: &[u8; TAG_BYTES]) -> bool {
        self.keyed().has_tag(context, message, tag)
    }

    /// A key for another use than pseudonyms: HMAC-SHA-256 of what it is for, under this one.
    ///
    /// Two uses, or two contexts, have keys of which none tells anything of the other, and none of this one.
    ///
    /// ```
    /// use sceau_core::pseudonym::ProjectKey;
    ///
    /// let key = ProjectKey::new((0..32).collect(), ProjectKey::FIRST_VERSION)?;
    /// assert_ne!(key.derived("ledger", b"diab-2031"), key.derived("ledger", b"diab-2032"));
    /// # Ok::<(), sceau_core::pseudonym::KeyError>(())
    /// ```
    pub fn derived(&self, purpose: &str, context: &[u8]) -> Zeroizing<[u8; TAG_BYTES]> {
        Zeroizing::new(self.tag(purpose, context))
    }

    pub(super) fn keyed(&self) -> Keyed {
        Keyed::new(&self.bytes)
    }

    pub(super) fn id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Debug for ProjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectKey")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Tells keys apart without holding them; see [`Keyed::id`]. It has no `Debug`: nobody needs to see it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyId(pub(super) [u8; 16]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_bytes_are_enough_and_thirty_one_are_not() {
        assert!(ProjectKey::new(vec![7; 32], 1).is_ok());
        let error = ProjectKey::new(vec![7; 31], 1).unwrap_err();
        assert!(matches!(error, KeyError::TooShort { bytes: 31, .. }));
    }

    #[test]
    fn debug_shows_the_version_and_nothing_else() {
        let key = ProjectKey::new(b"the quick brown fox jumps over it".to_vec(), 3).unwrap();
        assert_eq!(format!("{key:?}"), "ProjectKey { version: 3, .. }");
        assert_eq!(format!("{key:#?}").matches("version").count(), 1);
    }

    #[test]
    fn keys_of_equal_bytes_have_one_id() {
        let id = |byte| ProjectKey::new(vec![byte; 32], 1).unwrap().id();
        assert!(id(1) == id(1));
        assert!(id(1) != id(2));
    }
}
