//! A reader of CSV that loses nothing.
//!
//! The usual readers skip blank lines, which are rows in a table of one column, and take a quote that is never closed
//! for a value that holds the rest of the file. This one reports the second, and the line of every record.

use std::io::{BufRead, ErrorKind};

/// The records of a file, one after the other.
pub(super) struct Records<R> {
    input: R,
    /// Between two fields; none where a whole line is one.
    delimiter: Option<u8>,
    /// The line of the next byte, from 1.
    line: u64,
    started: bool,
}

/// One record; kept between calls so that its memory is.
#[derive(Debug, Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    /// Where each field ends.
    ends: Vec<usize>,
    /// The line the record starts on.
    pub(super) line: u64,
    /// Nothing at all between two ends of line.
    pub(super) blank: bool,
}

/// Why a record does not read, and where it starts.
#[derive(Debug)]
pub(super) enum Problem {
    Io(std::io::Error),
    Form { line: u64, reason: &'static str },
}

/// A quote that is never closed makes the rest of a file one record, and ends of line that are lost do: neither is to take
/// the machine's memory before it is told.
const MOST_BYTES: usize = 16 << 20;

const MOST_FIELDS: usize = 1 << 16;

enum State {
    FieldStart,
    Bare,
    Quoted,
    Closed,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(input: R, delimiter: Option<u8>) -> Self {
        Self {
            input,
            delimiter,
            line: 1,
            started: false,
        }
    }

    /// Reads the next record; false at the end of the file.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, Problem> {
        if !self.started {
            self.started = true;
            self.skip_mark()?;
        }
        record.clear(self.line);
        let line = self.line;
        let fail = |reason| Err(Problem::Form { line, reason });
        let mut state = State::FieldStart;
        let mut empty = true;
        loop {
            let Some(byte) = self.byte()? else {
                return match state {
                    State::Quoted => fail("a quote is opened and never closed"),
                    State::FieldStart if empty => Ok(false),
                    _ => {
                        record.end_field();
                        Ok(true)
                    }
                };
            };
            if record.bytes.len() > MOST_BYTES || record.ends.len() > MOST_FIELDS {
                return fail(match state {
                    State::Quoted => "a row of more than 16 MiB, in which a quote is not closed",
                    _ => "a row of more than 16 MiB or 65536 columns",
                });
            }
            match (&state, byte) {
                (State::Quoted, b'"') => state = State::Closed,
                (State::Quoted, _) => record.bytes.push(byte),
                (State::Closed, b'"') => {
                    record.bytes.push(b'"');
                    state = State::Quoted;
                }
                (_, b'\r') => match self.byte()? {
                    Some(b'\n') => {
                        record.blank = empty;
                        record.end_field();
                        return Ok(true);
                    }
                    _ => return fail("a carriage return without a line feed"),
                },
                (_, b'\n') => {
                    record.blank = empty;
                    record.end_field();
                    return Ok(true);
                }
                (_, byte) if Some(byte) == self.delimiter => {
                    record.end_field();
                    state = State::FieldStart;
                }
                (State::Closed, _) => return fail("text follows a closing quote"),
                (State::FieldStart, b'"') => state = State::Quoted,
                (State::FieldStart | State::Bare, _) => {
                    record.bytes.push(byte);
                    state = State::Bare;
                }
            }
            empty = false;
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, Problem> {
        let byte = loop {
            match self.input.fill_buf() {
                Ok(buffer) => break buffer.first().copied(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Problem::Io(error)),
            }
        };
        if let Some(byte) = byte {
            self.input.consume(1);
            self.line += u64::from(byte == b'\n');
        }
        Ok(byte)
    }

    /// Skips the byte-order mark that some editors put first.
    fn skip_mark(&mut self) -> Result<(), Problem> {
        let buffer = self.input.fill_buf().map_err(Problem::Io)?;
        if buffer.starts_with(b"\xEF\xBB\xBF") {
            self.input.consume(3);
        }
        Ok(())
    }
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The fields, or `None` where the text is not UTF-8.
    pub(super) fn fields(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.ends.len()).map(|place| {
            let start = if place == 0 { 0 } else { self.ends[place - 1] };
            std::str::from_utf8(&self.bytes[start..self.ends[place]]).ok()
        })
    }

    fn clear(&mut self, line: u64) {
        self.bytes.clear();
        self.ends.clear();
        self.line = line;
        self.blank = false;
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<(u64, Vec<String>)>;

    fn read(text: &[u8], delimiter: u8) -> Result<Rows, (u64, &'static str)> {
        let mut records = Records::new(text, Some(delimiter));
        let mut record = Record::default();
        let mut all = Vec::new();
        loop {
            match records.next(&mut record) {
                Ok(true) => {
                    let fields = record
                        .fields()
                        .map(|field| field.unwrap().to_owned())
                        .collect();
                    all.push((record.line, fields));
                }
                Ok(false) => return Ok(all),
                Err(Problem::Form { line, reason }) => return Err((line, reason)),
                Err(Problem::Io(error)) => panic!("{error}"),
            }
        }
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (
            line,
            fields.iter().map(|field| (*field).to_owned()).collect(),
        )
    }

    #[test]
    fn marks_quotes_newlines_and_both_ends_of_line_are_read() {
        let text = "\u{feff}a;b\r\n\"x;\"\"y\nz\";\n1;5\" tube".as_bytes();
        let expected = [
            row(1, &["a", "b"]),
            row(2, &["x;\"y\nz", ""]),
            row(4, &["1", "5\" tube"]),
        ];
        assert_eq!(read(text, b';').unwrap(), expected);
    }

    #[test]
    fn a_blank_line_is_a_record_of_one_empty_field() {
        assert_eq!(
            read(b"a\n\nb\n", b',').unwrap(),
            [row(1, &["a"]), row(2, &[""]), row(3, &["b"])]
        );
        assert_eq!(read(b"", b',').unwrap(), []);
    }

    #[test]
    fn bad_quotes_and_lone_carriage_returns_are_errors_with_their_line() {
        assert_eq!(
            read(b"a\n\"b\n\nc", b','),
            Err((2, "a quote is opened and never closed"))
        );
        assert_eq!(
            read(b"a\n\"b\"c\n", b','),
            Err((2, "text follows a closing quote"))
        );
        assert_eq!(
            read(b"a\rb", b','),
            Err((1, "a carriage return without a line feed"))
        );
    }

    #[test]
    fn without_a_delimiter_a_line_is_one_field() {
        let mut records = Records::new(&b"a,b;c\n"[..], None);
        let mut record = Record::default();
        assert!(records.next(&mut record).unwrap());
        assert_eq!(record.fields().collect::<Vec<_>>(), [Some("a,b;c")]);
    }

    proptest! {
        #[test]
        fn what_a_usual_writer_writes_is_read_as_it_was(
            rows in prop::collection::vec(prop::collection::vec("[ab;,\"\r\né]{0,4}", 3), 0..8),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let written = writer.into_inner().unwrap();
            let read: Vec<_> = read(&written, b';').unwrap().into_iter().map(|(_, row)| row).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let mut records = Records::new(&bytes[..], Some(b','));
            let mut record = Record::default();
            while let Ok(true) = records.next(&mut record) {
                prop_assert_eq!(record.fields().count(), record.len());
            }
        }
    }
}
