use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// The end of a journal: its last record's sequence number and MAC.
///
/// Kept somewhere that whoever can write to the journal's folder cannot reach (another machine, a printed page, a signed
/// mail), it is an anchor: [`verify`](super::verify) then finds that records were cut from the end, or that the journal
/// was put back to an older copy. It tells nothing of what was asked, and as a text it is one word:
///
/// ```
/// use sceau_core::journal::Head;
///
/// let text = "12:6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1";
/// let head: Head = text.parse()?;
///
/// assert_eq!(head.sequence, 12);
/// assert_eq!(head.to_string(), text);
/// # Ok::<(), sceau_core::journal::HeadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The record's place in the journal; the first is 1.
    pub sequence: u64,
    /// The record's message authentication code.
    pub mac: RecordMac,
}

impl Head {
    /// Before the first record.
    pub(super) const START: Self = Self {
        sequence: 0,
        mac: RecordMac([0; 32]),
    };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.mac)
    }
}

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (sequence, mac) = text.split_once(':').ok_or(HeadError)?;
        Ok(Self {
            sequence: sequence.parse().map_err(|_| HeadError)?,
            mac: mac.parse()?,
        })
    }
}

/// The message authentication code of a record: 32 bytes, written as 64 digits of hexadecimal in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordMac(pub(super) [u8; 32]);

impl fmt::Display for RecordMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for RecordMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordMac {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| HeadError)?;
        Ok(Self(bytes.try_into().map_err(|_| HeadError)?))
    }
}

impl TryFrom<String> for RecordMac {
    type Error = HeadError;

    fn try_from(text: String) -> Result<Self, HeadError> {
        text.parse()
    }
}

impl From<RecordMac> for String {
    fn from(mac: RecordMac) -> Self {
        mac.to_string()
    }
}

/// The text is not the head of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a sequence number, `:` and 64 digits of hexadecimal in lower case")]
pub struct HeadError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_text_is_a_given_head() {
        let head = Head {
            sequence: 7,
            mac: RecordMac([0xab; 32]),
        };
        let text = head.to_string();
        assert_eq!(text.parse(), Ok(head));
        for wrong in [
            "",
            "7",
            ":",
            &text.replace('a', "A"),
            &text[..text.len() - 2],
            &format!("{text}ab"),
            &text.replace('7', "-7"),
            &text.replace('7', "99999999999999999999"),
        ] {
            assert_eq!(wrong.parse::<Head>(), Err(HeadError), "{wrong}");
        }
    }

    #[test]
    fn serde_writes_the_mac_as_text() {
        let json = serde_json::to_string(&Head::START).unwrap();
        assert_eq!(
            json,
            format!("{{\"sequence\":0,\"mac\":\"{}\"}}", "0".repeat(64))
        );
        assert_eq!(serde_json::from_str::<Head>(&json).unwrap(), Head::START);
    }
}
