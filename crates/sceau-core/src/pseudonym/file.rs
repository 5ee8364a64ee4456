use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{KeyError, KeyProvider, ProjectKey, material, name};

/// Keys kept as files of one folder: the key `diab-2031` is `diab-2031.key`, or else `diab-2031`.
///
/// A file that holds 64 hexadecimal digits or more (blanks around them do not count) holds a key in hexadecimal; of any
/// other file the bytes are the key, without the newline at the end if it is a text. There must be at least 32 bytes:
/// `openssl rand -hex 32 > keys/diab-2031.key` makes one. The folder should be readable by the platform alone.
///
/// # Errors
///
/// [`KeyError::Name`] if the name is not made of letters, digits, `.`, `_` and `-`, or holds `..`;
/// [`KeyError::Missing`] with the two files; [`KeyError::Read`]; [`KeyError::TooShort`].
///
/// ```
/// use sceau_core::pseudonym::{FileKeys, KeyProvider};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// std::fs::write(folder.join("diab-2031.key"), "5e".repeat(32))?;
///
/// let key = FileKeys::new(folder).project_key("diab-2031")?;
///
/// assert_eq!(key.version(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileKeys {
    folder: PathBuf,
}

impl FileKeys {
    /// The keys in this folder, which is read each time a key is asked for.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }
}

impl KeyProvider for FileKeys {
    fn project_key(&self, name: &str) -> Result<ProjectKey, KeyError> {
        name::check(name)?;
        let files = [format!("{name}.key"), name.to_owned()].map(|file| self.folder.join(file));
        for file in &files {
            let place = file.display().to_string();
            match fs::read(file).map(Zeroizing::new) {
                Ok(content) => {
                    let bytes = material::decode(content);
                    return ProjectKey::named(bytes, ProjectKey::FIRST_VERSION, name, &place);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(KeyError::Read {
                        name: name.to_owned(),
                        place,
                        source,
                    });
                }
            }
        }
        let [first, second] = files;
        Err(KeyError::Missing {
            name: name.to_owned(),
            place: format!("{} nor {}", first.display(), second.display()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_with_the_ending_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let keys = FileKeys::new(folder.path());
        let id = || keys.project_key("p").unwrap().id();

        fs::write(folder.path().join("p"), [1; 32]).unwrap();
        let plain = id();
        fs::write(folder.path().join("p.key"), [2; 32]).unwrap();

        assert!(id() != plain);
        assert!(id() == ProjectKey::new(vec![2; 32], 1).unwrap().id());
    }

    #[test]
    fn hexadecimal_and_raw_content_are_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("hex.key"),
            format!("{}\n", "ab".repeat(32)),
        )
        .unwrap();
        fs::write(folder.path().join("raw.key"), [0xab; 32]).unwrap();
        let keys = FileKeys::new(folder.path());
        assert!(keys.project_key("hex").unwrap().id() == keys.project_key("raw").unwrap().id());
    }

    #[test]
    fn each_error_names_the_key_and_the_place_and_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("short.key"), "hunter2 hunter2\n").unwrap();
        fs::create_dir(folder.path().join("folder.key")).unwrap();
        let keys = FileKeys::new(folder.path());

        let message = |name| keys.project_key(name).unwrap_err().to_string();
        let place = |file| folder.path().join(file).display().to_string();

        let missing = message("none");
        assert!(missing.contains(&place("none.key")) && missing.contains(&place("none")));
        let short = message("short");
        assert!(short.contains("15 bytes") && short.contains(&place("short.key")));
        assert!(!short.contains("hunter2"));
        assert!(message("folder").contains(&place("folder.key")));
        assert!(message("../short").contains("without `..`"));
    }
}
