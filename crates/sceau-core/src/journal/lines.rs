use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::JournalError;
use super::folder::{file_name, file_path};
use super::record::{MAX_BYTES, Torn};

/// Reads a file of the journal line by line, in bounded memory whatever the file holds.
pub(super) struct Lines {
    number: u64,
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    line: u64,
    bytes: u64,
}

/// What comes next in a file.
pub(super) enum Next<'a> {
    /// A line and its number, without the newline.
    Line(u64, &'a [u8]),
    /// The end, right after a newline.
    End,
    /// The end, after bytes that no newline ends; or the end of an empty file.
    Torn(Torn),
}

impl Lines {
    pub(super) fn open(folder: &Path, number: u64) -> Result<Self, JournalError> {
        let path = file_path(folder, number);
        let file = File::open(&path).map_err(JournalError::io("read", &path))?;
        Ok(Self {
            number,
            path,
            reader: BufReader::with_capacity(1 << 16, file),
            buffer: vec![],
            line: 0,
            bytes: 0,
        })
    }

    pub(super) fn next(&mut self) -> Result<Next<'_>, JournalError> {
        let failed = JournalError::io("read", &self.path);
        self.buffer.clear();
        // One byte more than a record can have: a longer line, cut there, is not authentic.
        let read = (&mut self.reader)
            .take(MAX_BYTES as u64 + 1)
            .read_until(b'\n', &mut self.buffer)
            .map_err(&failed)?;
        if read == 0 && self.line > 0 {
            return Ok(Next::End);
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if read <= MAX_BYTES {
            return Ok(Next::Torn(Torn {
                file: file_name(self.number),
                line: self.line + 1,
                bytes: read as u64,
                sha256: HEXLOWER.encode(&Sha256::digest(&self.buffer)),
            }));
        } else {
            self.bytes += self.reader.skip_until(b'\n').map_err(&failed)? as u64;
        }
        self.line += 1;
        self.bytes += read as u64;
        Ok(Next::Line(self.line, &self.buffer))
    }

    /// How many lines were read, and their bytes with the newlines.
    pub(super) fn so_far(&self) -> (u64, u64) {
        (self.line, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_longer_than_any_record_takes_no_more_memory_than_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = vec![b'x'; MAX_BYTES * 2];
        content.extend_from_slice(b"\nshort\ntail");
        std::fs::write(file_path(folder.path(), 1), &content).unwrap();

        let mut lines = Lines::open(folder.path(), 1).unwrap();
        assert!(matches!(lines.next(), Ok(Next::Line(1, line)) if line.len() == MAX_BYTES + 1));
        assert!(lines.buffer.capacity() <= 3 * MAX_BYTES);
        assert!(matches!(lines.next(), Ok(Next::Line(2, b"short"))));
        let tail = HEXLOWER.encode(&Sha256::digest(b"tail"));
        assert!(matches!(
            lines.next(),
            Ok(Next::Torn(torn)) if (torn.line, torn.bytes) == (3, 4) && torn.sha256 == tail
        ));
        assert_eq!(lines.so_far(), (2, content.len() as u64 - 4));
    }
}
