//! What a file or a variable that holds a key may contain.

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

use super::ProjectKey;

/// The bytes of a key from what a file or a variable holds.
///
/// Hexadecimal digits, at least as many as the shortest key needs, are decoded (blanks around them do not count). Anything
/// else is the key itself, but for the newline that an editor leaves at the end of a text.
pub(super) fn decode(content: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let digits = content.trim_ascii();
    if digits.len() >= 2 * ProjectKey::MIN_BYTES
        && let Ok(bytes) = HEXLOWER_PERMISSIVE.decode(digits)
    {
        return Zeroizing::new(bytes);
    }
    without_newline(content)
}

fn without_newline(mut content: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    // A random key may well end with the byte of a newline; then it is very unlikely to be valid UTF-8.
    if std::str::from_utf8(&content).is_ok() {
        let end = content
            .strip_suffix(b"\r\n")
            .or(content.strip_suffix(b"\n"))
            .map_or(content.len(), <[u8]>::len);
        content.truncate(end);
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content: &[u8]) -> Vec<u8> {
        decode(Zeroizing::new(content.to_vec())).to_vec()
    }

    #[test]
    fn sixty_four_hexadecimal_digits_of_either_case_are_decoded() {
        let digits = "00112233445566778899aabbccddeeff".repeat(2);
        let bytes = decoded(digits.as_bytes());
        assert_eq!(bytes.len(), 32);
        assert_eq!(bytes[..4], [0x00, 0x11, 0x22, 0x33]);
        assert_eq!(decoded(digits.to_uppercase().as_bytes()), bytes);
        assert_eq!(decoded(format!(" {digits}\r\n\n").as_bytes()), bytes);
    }

    #[test]
    fn anything_else_is_the_key_itself() {
        let short = "ab".repeat(31);
        assert_eq!(decoded(short.as_bytes()), short.as_bytes());
        let odd = "a".repeat(65);
        assert_eq!(decoded(odd.as_bytes()), odd.as_bytes());
        assert_eq!(decoded(b"  correct horse "), b"  correct horse ");
    }

    #[test]
    fn one_newline_at_the_end_of_a_text_does_not_count() {
        assert_eq!(decoded(b"battery staple\n"), b"battery staple");
        assert_eq!(decoded(b"battery staple\r\n"), b"battery staple");
        assert_eq!(decoded(b"battery staple\n\n"), b"battery staple\n");
        assert_eq!(decoded(b"\xff\xfe\n"), b"\xff\xfe\n");
    }
}
