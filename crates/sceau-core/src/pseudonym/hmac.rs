use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::key::KeyId;

/// Keeps the domain and the identifier apart in the message: it is in no domain.
const SEPARATOR: u8 = 0x1F;

/// 160 of the 256 bits are kept: 32 characters of base32, without a remainder.
const KEPT_BYTES: usize = 20;

/// The bytes of a whole hash.
pub(super) const TAG_BYTES: usize = 32;

/// The characters of a pseudonym.
pub(super) const CHARACTERS: usize = 32;

/// HMAC-SHA-256 that has absorbed a key: made once for an array, cloned for each value.
pub(super) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("RFC 2104 takes a key of any length"))
    }

    /// The hash that has also absorbed the beginning of every message of a checked domain.
    pub(super) fn in_domain(mut self, domain: &str) -> DomainHash {
        self.0.update(domain.as_bytes());
        self.0.update(&[SEPARATOR]);
        DomainHash(self.0)
    }

    /// A value that tells keys apart in memory. No pseudonym is made from its message, since no domain is empty.
    pub(super) fn id(mut self) -> KeyId {
        self.0.update(&[SEPARATOR]);
        self.0.update(b"key id");
        let tag = self.0.finalize().into_bytes();
        let mut id = [0; 16];
        id.copy_from_slice(&tag[..16]);
        KeyId(id)
    }

    /// The whole hash of a message that is no identifier, for what `context` names.
    ///
    /// No pseudonym is made from the same message, since no domain is empty, and [`Self::id`] has one separator only.
    pub(super) fn tag(self, context: &str, message: &[u8]) -> [u8; TAG_BYTES] {
        self.tagging(context, message)
            .finalize()
            .into_bytes()
            .into()
    }

    /// Whether `tag` is the one that [`Self::tag`] gives, compared in constant time.
    pub(super) fn has_tag(self, context: &str, message: &[u8], tag: &[u8; TAG_BYTES]) -> bool {
        self.tagging(context, message).verify(tag.into()).is_ok()
    }

    fn tagging(mut self, context: &str, message: &[u8]) -> Hmac<Sha256> {
        self.0.update(&[SEPARATOR]);
        self.0.update(context.as_bytes());
        self.0.update(&[SEPARATOR]);
        self.0.update(message);
        self.0
    }
}

/// HMAC-SHA-256 that waits for an identifier.
pub(super) struct DomainHash(Hmac<Sha256>);

impl DomainHash {
    /// The pseudonym of the identifier that `write` gives, in pieces if it likes.
    pub(super) fn pseudonym(&self, write: impl FnOnce(&mut Message)) -> [u8; CHARACTERS] {
        let mut message = Message(self.0.clone());
        write(&mut message);
        let tag = message.0.finalize().into_bytes();

        let mut text = [0; CHARACTERS];
        BASE32_NOPAD.encode_mut(&tag[..KEPT_BYTES], &mut text);
        text.make_ascii_lowercase();
        text
    }
}

/// A message that takes an identifier. It is written to like a text, so that an integer needs no text of its own.
pub(super) struct Message(Hmac<Sha256>);

impl std::fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn pseudonym(key: &[u8], domain: &str, identifier: &str) -> String {
        let hash = Keyed::new(key).in_domain(domain);
        let text = hash.pseudonym(|message| message.write_str(identifier).unwrap());
        String::from_utf8(text.to_vec()).unwrap()
    }

    /// Computed with the `hmac`, `hashlib` and `base64` modules of Python 3:
    /// `b32encode(hmac.new(key, domain + b"\x1f" + id, sha256).digest()[:20]).decode().lower()`.
    #[test]
    fn pseudonyms_are_those_of_another_implementation() {
        let bytes: Vec<u8> = (0..100).collect();
        let (first, second, longer_than_a_block) = (&bytes[..32], &bytes[32..64], &bytes[..]);
        let patient = "10000000000000001";
        let long = "é".repeat(60);
        let cases: [(&[u8], &str, &str, &str); 9] = [
            (
                first,
                "patient",
                patient,
                "56ptwnpxxrc65tnc7g67l7kozlrbzrxt",
            ),
            (first, "patient", "", "lzxfavn34vybdkued45az3l3sxb23zva"),
            (
                first,
                "patient",
                " 10000000000000001",
                "jjlbn2fcdn2xmylyrihgb6c6mhid2on4",
            ),
            (first, "patient", "42", "us537wiacnnvrjarjpg2t4unxho4hr73"),
            (first, "patient", &long, "t5wi5d4muw2v3qmt732fpawizbtby24h"),
            (
                first,
                "professional",
                patient,
                "rhshcjwgvqv53uuzd7rku3og5zzln5m7",
            ),
            (
                second,
                "patient",
                patient,
                "c5kvmnhaopgapzkkeywedvwkjqdqbodv",
            ),
            (
                longer_than_a_block,
                "patient",
                patient,
                "t43glrnd6ubremmrouwoirzttrcylo54",
            ),
            (
                longer_than_a_block,
                "patient",
                &long,
                "vlljmpamc4hjcivvnvajs2s2qqxx4yyw",
            ),
        ];
        for (key, domain, identifier, expected) in cases {
            assert_eq!(
                pseudonym(key, domain, identifier),
                expected,
                "{domain} {identifier:?}"
            );
        }
    }

    /// Computed with Python 3: `hmac.new(key, b"\x1fjournal\x1f" + message, sha256).hexdigest()`.
    #[test]
    fn tags_are_those_of_another_implementation() {
        let tag = Keyed::new(&[7; 32]).tag("journal", b"{}");
        assert_eq!(
            data_encoding::HEXLOWER.encode(&tag),
            "f65e46bd814ea9b86e6a0b3c9676808492e9bba443af9d61b164b8c04cfc1403"
        );
        assert!(Keyed::new(&[7; 32]).has_tag("journal", b"{}", &tag));
        assert!(!Keyed::new(&[8; 32]).has_tag("journal", b"{}", &tag));
        assert!(!Keyed::new(&[7; 32]).has_tag("journa", b"l{}", &tag));
    }

    #[test]
    fn pieces_of_an_identifier_are_the_identifier() {
        let hash = Keyed::new(&[7; 32]).in_domain("patient");
        let whole = hash.pseudonym(|message| message.write_str("-42").unwrap());
        let pieces = hash.pseudonym(|message| write!(message, "-{}", 42).unwrap());
        assert_eq!(whole, pieces);
    }
}
