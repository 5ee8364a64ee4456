use super::{KeyError, ProjectKey};

/// Where project keys come from: [`FileKeys`](super::FileKeys), [`EnvKeys`](super::EnvKeys), or the application's own key
/// management service.
///
/// A provider is asked once a session, by the name that the permit gives in `key`.
///
/// # Errors
///
/// A [`KeyError`] reaches the operator's log: it says which key and where, and never any part of a key. A provider of the
/// application's own reports what it cannot do with [`KeyError::Missing`] or [`KeyError::Provider`].
///
/// ```
/// use sceau_core::pseudonym::{KeyError, KeyProvider, ProjectKey};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl KeyProvider for Vault {
///     fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
///         let bytes = ask_the_vault(name).map_err(|message| KeyError::Provider {
///             name: name.to_owned(),
///             message,
///         })?;
///         ProjectKey::new(bytes, ProjectKey::FIRST_VERSION)
///     }
/// }
/// # fn ask_the_vault(_: &str) -> Result<Vec<u8>, String> { Ok(vec![7; 32]) }
///
/// assert!(Vault.project_key("diab-2031").is_ok());
/// ```
pub trait KeyProvider: std::fmt::Debug + Send + Sync {
    /// The key of this name.
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError>;
}
