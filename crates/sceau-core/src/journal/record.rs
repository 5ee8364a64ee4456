//! One line of a journal: a JSON object whose last member is the MAC of the bytes before it.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use super::head::{Head, RecordMac};
use super::{Entry, JournalError};
use crate::pseudonym::ProjectKey;

/// The most bytes of a line, with its newline. It bounds the memory that a reader needs, whatever it is given to read.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// The format that this version writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What a record holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    /// The first record of each file.
    File(Opening),
    /// Any other.
    Entry(Box<Entry>),
}

/// The first record of a file ties the file to its name, and accounts for what is left of a crash before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opening {
    pub(super) number: u64,
    pub(super) format: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) set_aside: Vec<Torn>,
}

/// What is left of a record that was never finished: the bytes after a file's last newline. They stay where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// The file's name.
    pub file: String,
    /// The line that they would have become, counted from 1.
    pub line: u64,
    /// How many there are; 0 is a file that was created and not written to.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

impl std::fmt::Display for Torn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "torn last record at {}:{} ({} bytes)",
            self.file, self.line, self.bytes
        )
    }
}

/// A record that is authentic.
pub(super) struct Record {
    pub(super) head: Head,
    pub(super) previous: RecordMac,
    pub(super) time: DateTime<Utc>,
    pub(super) content: Content,
}

/// Why a line is not taken for a record.
pub(super) enum NotARecord {
    /// Nobody who has the key wrote it.
    Forged,
    /// It is authentic, and this version cannot read it.
    Unreadable(String),
}

/// A line that is ready to be written, newline included.
pub(super) struct Sealed {
    pub(super) line: Vec<u8>,
    pub(super) head: Head,
    pub(super) time: DateTime<Utc>,
}

/// The line of the record that comes after `last`.
pub(super) fn seal(
    key: &ProjectKey,
    last: &Head,
    content: &ContentRef<'_>,
) -> Result<Sealed, JournalError> {
    let time = Utc::now().trunc_subsecs(6);
    let sequence = last.sequence + 1;
    let mut line = serde_json::to_vec(&Written {
        seq: sequence,
        time: time.to_rfc3339_opts(SecondsFormat::Micros, true),
        prev: last.mac,
        content,
    })?;
    // The MAC goes inside the object and covers what stands before it, byte for byte: nothing has to be brought into a
    // canonical form, and the line stays ordinary JSON.
    line.pop();
    let mac = RecordMac(key.tag(CONTEXT, &line));
    line.extend_from_slice(MAC_MEMBER);
    line.extend_from_slice(mac.to_string().as_bytes());
    line.extend_from_slice(b"\"}\n");
    if line.len() > MAX_BYTES {
        return Err(JournalError::TooLarge {
            bytes: line.len(),
            limit: MAX_BYTES,
        });
    }
    Ok(Sealed {
        line,
        head: Head { sequence, mac },
        time,
    })
}

/// The record that a line (without its newline) is, if whoever wrote it had the key.
pub(super) fn open(key: &ProjectKey, line: &[u8]) -> Result<Record, NotARecord> {
    let (body, mac) = split(line).ok_or(NotARecord::Forged)?;
    if !key.is_tag(CONTEXT, body, &mac.0) {
        return Err(NotARecord::Forged);
    }
    let unreadable = |error: &dyn std::fmt::Display| NotARecord::Unreadable(error.to_string());
    let read: Read = serde_json::from_slice(line).map_err(|error| unreadable(&error))?;
    let time = DateTime::parse_from_rfc3339(&read.time).map_err(|error| unreadable(&error))?;
    Ok(Record {
        head: Head {
            sequence: read.seq,
            mac,
        },
        previous: read.prev,
        time: time.to_utc(),
        content: read.content,
    })
}

/// [`Content`] that is somebody else's.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ContentRef<'a> {
    File(&'a Opening),
    Entry(&'a Entry),
}

/// Keeps the journal apart from whatever else its key may be used for.
const CONTEXT: &str = "journal";

const MAC_MEMBER: &[u8] = b",\"mac\":\"";

#[derive(Serialize)]
struct Written<'a> {
    seq: u64,
    time: String,
    prev: RecordMac,
    #[serde(flatten)]
    content: &'a ContentRef<'a>,
}

#[derive(Deserialize)]
struct Read {
    seq: u64,
    time: String,
    prev: RecordMac,
    #[serde(flatten)]
    content: Content,
}

/// The bytes that the MAC covers, and the MAC.
fn split(line: &[u8]) -> Option<(&[u8], RecordMac)> {
    let rest = line.strip_suffix(b"\"}")?;
    let (rest, mac) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    let body = rest.strip_suffix(MAC_MEMBER)?;
    let mac = std::str::from_utf8(mac).ok()?.parse().ok()?;
    Some((body, mac))
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;

    #[test]
    fn a_line_is_plain_json_whose_mac_covers_the_bytes_before_it() {
        let key = ProjectKey::new(vec![7; 32], 1).unwrap();
        let mut entry = Entry::new(Event::Asked, "ana", "p", "h");
        entry.sql = Some("SELECT '\n'".into());
        let sealed = seal(&key, &Head::START, &ContentRef::Entry(&entry)).unwrap();

        let text = String::from_utf8(sealed.line).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'));
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(json["seq"], 1);
        assert_eq!(json["entry"]["event"], "asked");
        assert_eq!(json["entry"]["sql"], "SELECT '\n'");

        let (body, _) = line.split_once(",\"mac\"").unwrap();
        let mac = RecordMac(key.tag("journal", body.as_bytes()));
        assert_eq!(json["mac"], mac.to_string());
        assert!(matches!(open(&key, line.as_bytes()), Ok(record) if record.head == sealed.head));
    }

    #[test]
    fn what_no_reader_would_take_in_is_not_written() {
        let key = ProjectKey::new(vec![7; 32], 1).unwrap();
        let mut entry = Entry::new(Event::Asked, "ana", "p", "h");
        entry.sql = Some("x".repeat(MAX_BYTES));
        let error = seal(&key, &Head::START, &ContentRef::Entry(&entry)).err();
        assert!(matches!(error, Some(JournalError::TooLarge { .. })));
    }
}
