use super::KeyError;

/// Checks a key's name, which comes from a permit and ends up in a path: it must not leave the folder of keys.
pub(super) fn check(name: &str) -> Result<(), KeyError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(allowed) || name.contains("..") || name == "." {
        return Err(KeyError::Name {
            name: name.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_be_a_way_to_another_folder() {
        for good in ["diab-2031", "a", "v1.2", "A_b"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "../a",
            "a/../b",
            "a..b",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "c:a",
            "a b",
            "é",
            "a\0",
            "a\n",
        ] {
            assert!(matches!(check(bad), Err(KeyError::Name { .. })), "{bad:?}");
        }
    }
}
