use super::PseudonymError;

/// Checks that `domain` is one or more of `a`–`z`, `0`–`9` and `_`.
///
/// For whoever reads a domain from a file and wants to say where it is wrong; [`pseudonymize`](super::pseudonymize) and
/// [`pseudonym_udf`](super::pseudonym_udf) check it again.
///
/// # Errors
///
/// [`PseudonymError::Domain`] otherwise. A domain that could hold the separator would let two different pairs of domain
/// and identifier have the same pseudonym.
///
/// ```
/// use sceau_core::pseudonym::check_domain;
///
/// assert!(check_domain("patient").is_ok());
/// assert!(check_domain("Patient").is_err());
/// ```
pub fn check_domain(domain: &str) -> Result<(), PseudonymError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !domain.is_empty() && domain.bytes().all(allowed) {
        Ok(())
    } else {
        Err(PseudonymError::Domain {
            domain: domain.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_lower_case_letters_digits_and_underscores() {
        for good in ["patient", "p", "etablissement_2", "_"] {
            assert!(check_domain(good).is_ok(), "{good}");
        }
        for bad in ["", "Patient", "patient ", "pati\u{1f}ent", "santé", "a-b"] {
            assert!(check_domain(bad).is_err(), "{bad:?}");
        }
    }
}
