use std::ffi::OsString;

use zeroize::Zeroizing;

use super::{KeyError, KeyProvider, ProjectKey, material, name};

/// Keys kept in environment variables: the key `diab-2031` is `SCEAU_KEY_DIAB_2031`.
///
/// The name is put in upper case, and what is neither a letter nor a digit becomes `_`. **Two names that differ there
/// only, like `diab-1` and `diab_1`, are one variable and so one key**: their projects' pseudonyms can then be linked. The
/// content follows the rule of [`FileKeys`](super::FileKeys): at least 32 bytes, in hexadecimal or as they are.
///
/// # Errors
///
/// [`KeyError::Name`], [`KeyError::Missing`] and [`KeyError::TooShort`], which name the variable.
///
/// ```
/// use sceau_core::pseudonym::{EnvKeys, KeyProvider};
///
/// let error = EnvKeys.project_key("diab-2031").unwrap_err();
///
/// assert_eq!(
///     error.to_string(),
///     "key diab-2031: not found in the environment variable SCEAU_KEY_DIAB_2031",
/// );
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvKeys;

impl KeyProvider for EnvKeys {
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        key_from(name, |variable| std::env::var_os(variable))
    }
}

fn key_from(name: &str, lookup: impl Fn(&str) -> Option<OsString>) -> Result<ProjectKey, KeyError> {
    name::check(name)?;
    let variable = variable(name);
    let place = format!("the environment variable {variable}");
    let Some(content) = lookup(&variable) else {
        return Err(KeyError::Missing {
            name: name.to_owned(),
            place,
        });
    };
    let bytes = material::decode(Zeroizing::new(content.into_encoded_bytes()));
    ProjectKey::named(bytes, ProjectKey::FIRST_VERSION, name, &place)
}

fn variable(name: &str) -> String {
    let letter = |c: char| match c.to_ascii_uppercase() {
        c @ ('A'..='Z' | '0'..='9') => c,
        _ => '_',
    };
    "SCEAU_KEY_"
        .chars()
        .chain(name.chars().map(letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_the_name_in_upper_case() {
        assert_eq!(variable("diab-2031"), "SCEAU_KEY_DIAB_2031");
        assert_eq!(variable("a.b_C9"), "SCEAU_KEY_A_B_C9");
    }

    #[test]
    fn the_content_is_read_as_that_of_a_file() {
        let hex = key_from("p", |_| Some("ab".repeat(32).into())).unwrap();
        assert!(hex.id() == ProjectKey::new(vec![0xab; 32], 1).unwrap().id());
    }

    #[test]
    fn each_error_names_the_variable_and_holds_no_secret() {
        let short = key_from("p-1", |_| Some("hunter2".into()))
            .unwrap_err()
            .to_string();
        assert!(short.contains("SCEAU_KEY_P_1: 7 bytes"), "{short}");
        assert!(!short.contains("hunter2"));
        assert!(matches!(
            key_from("../p", |_| None),
            Err(KeyError::Name { .. })
        ));
    }
}
