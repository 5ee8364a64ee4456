use std::fmt;
use std::str::FromStr;

/// The end of a ledger: how many records it has, and the authentication tag of the last.
///
/// Kept somewhere that whoever can write to the ledger's folder cannot reach, it is an anchor: a ledger that was put back to
/// an older copy no longer opens with it. It tells nothing of what is in the ledger, and as a text it is one word.
///
/// ```
/// use sceau_kanon::ledger::Head;
///
/// let head: Head = "3:00112233445566778899aabbccddeeff".parse()?;
/// assert_eq!(head.records(), 3);
/// assert_eq!(head.to_string(), "3:00112233445566778899aabbccddeeff");
/// # Ok::<(), sceau_kanon::ledger::HeadError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub(super) records: u64,
    pub(super) tag: [u8; 16],
}

impl Head {
    /// Before the first record.
    pub(super) const START: Self = Self {
        records: 0,
        tag: [0; 16],
    };

    /// How many records the ledger has.
    pub fn records(&self) -> u64 {
        self.records
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.records)?;
        self.tag.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (records, digits) = text.split_once(':').ok_or(HeadError)?;
        let lower = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        if !records.bytes().all(|byte| byte.is_ascii_digit())
            || !digits.as_bytes().iter().all(lower)
        {
            return Err(HeadError);
        }
        let mut tag = [0; 16];
        let pairs = digits.as_bytes().as_chunks::<2>();
        if pairs.0.len() != tag.len() || !pairs.1.is_empty() {
            return Err(HeadError);
        }
        for (byte, pair) in tag.iter_mut().zip(pairs.0) {
            let pair = std::str::from_utf8(pair).map_err(|_| HeadError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| HeadError)?;
        }
        Ok(Self {
            records: records.parse().map_err(|_| HeadError)?,
            tag,
        })
    }
}

/// The text is not the head of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number of records, `:` and 32 digits of hexadecimal in lower case")]
pub struct HeadError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_text_is_a_given_head() {
        let head = Head {
            records: 7,
            tag: [0xab; 16],
        };
        let text = head.to_string();
        assert_eq!(text.parse(), Ok(head));
        for wrong in [
            "",
            "7",
            ":",
            &text.replace('a', "A"),
            &text[..text.len() - 2],
            &text[..text.len() - 1],
            &format!("{text}ab"),
            &text.replace('7', "+7"),
            &text.replace('7', "99999999999999999999"),
        ] {
            assert_eq!(wrong.parse::<Head>(), Err(HeadError), "{wrong}");
        }
    }
}
