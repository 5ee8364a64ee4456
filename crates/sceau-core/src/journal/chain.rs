use super::finding::{Damage, Problem};
use super::folder::file_name;
use super::head::Head;
use super::record::{self, Content, FORMAT, NotARecord, Opening, Record, Torn};
use crate::pseudonym::ProjectKey;

/// Follows the records of a journal through its files, and notes where they are not what the writer left.
///
/// A record that is authentic was once written by this journal; the question is then whether it stands where it was
/// written. The chain goes on from the latest authentic record, so that one change makes one finding and not one a line.
pub(super) struct Chain<'a> {
    key: &'a ProjectKey,
    anchor: Option<&'a Head>,
    file: u64,
    /// The latest authentic record; none when the chain is taken up in the middle of a journal.
    last: Option<Head>,
    authentic: u64,
    /// How many lines since then are not authentic.
    damaged: u64,
    /// Torn records that the next file has to account for; none when it cannot be known.
    pending: Option<Vec<Torn>>,
    set_aside: Vec<Torn>,
    damage: Damage,
}

/// Where a chain ends.
pub(super) struct End {
    pub(super) head: Option<Head>,
    /// Torn records that no file accounts for yet.
    pub(super) torn: Vec<Torn>,
    /// Torn records that a later file accounts for.
    pub(super) set_aside: Vec<Torn>,
}

impl<'a> Chain<'a> {
    /// From the first record on.
    pub(super) fn whole(key: &'a ProjectKey, anchor: Option<&'a Head>) -> Self {
        Self {
            key,
            anchor,
            file: 0,
            last: Some(Head::START),
            authentic: 0,
            damaged: 0,
            pending: Some(vec![]),
            set_aside: vec![],
            damage: Damage::none(),
        }
    }

    /// From the beginning of some file on, whatever came before.
    pub(super) fn middle(key: &'a ProjectKey) -> Self {
        Self {
            last: None,
            pending: None,
            ..Self::whole(key, None)
        }
    }

    /// The next file is this one.
    pub(super) fn file(&mut self, number: u64) {
        let expected = self.file + 1;
        if self.last.is_some() && number > expected {
            let until = file_name(number - 1);
            self.find_in(expected, None, Problem::FileMissing { until });
            self.pending = None;
        }
        self.file = number;
    }

    /// The next line of the file; returns its record if it is authentic.
    pub(super) fn line(&mut self, number: u64, line: &[u8]) -> Option<Record> {
        let record = match record::open(self.key, line) {
            Ok(record) => record,
            Err(not) => {
                let problem = match not {
                    NotARecord::Forged => Problem::Changed {
                        expected: self.expected() + self.damaged,
                    },
                    NotARecord::Unreadable(message) => {
                        self.authentic += 1;
                        Problem::Unreadable { message }
                    }
                };
                self.find(number, problem);
                self.damaged += 1;
                if number == 1 {
                    self.pending = None;
                }
                return None;
            }
        };
        self.authentic += 1;
        self.check_place_in_file(number, &record);
        self.check_place_in_chain(number, &record);
        Some(record)
    }

    /// The file ends in bytes that no newline ends.
    pub(super) fn torn(&mut self, torn: Torn) {
        if let Some(pending) = &mut self.pending {
            pending.push(torn);
        }
    }

    /// The journal ends, after this line of the file.
    pub(super) fn end(mut self, line: u64) -> Result<End, Damage> {
        let last = self.last.map_or(0, |last| last.sequence);
        if let Some(anchor) = self.anchor
            && anchor.sequence > last + self.damaged
        {
            let anchor = *anchor;
            let line = (line > 0).then_some(line);
            self.find_in(self.file, line, Problem::CutShort { last, anchor });
        }
        if self.damage.findings.is_empty() {
            return Ok(End {
                head: self.last.filter(|last| *last != Head::START),
                torn: self.pending.unwrap_or_default(),
                set_aside: self.set_aside,
            });
        }
        if self.authentic == 0 && self.damaged > 0 {
            self.damage = Damage::none();
            self.find_in(1, Some(1), Problem::NoneAuthentic);
        }
        Err(self.damage)
    }

    fn check_place_in_file(&mut self, line: u64, record: &Record) {
        match &record.content {
            Content::File(opening) if line == 1 => self.check_opening(opening),
            Content::File(_) => self.find(line, Problem::OpenedInside),
            Content::Entry(_) if line == 1 => self.find(line, Problem::NotOpened { opens: None }),
            Content::Entry(_) => {}
        }
        if line == 1 {
            self.pending = Some(vec![]);
        }
    }

    fn check_opening(&mut self, opening: &Opening) {
        if opening.number != self.file {
            let opens = Some(opening.number);
            self.find(1, Problem::NotOpened { opens });
        }
        if opening.format != FORMAT {
            let message = format!("format {}, expected {FORMAT}", opening.format);
            self.find(1, Problem::Unreadable { message });
        }
        if let Some(found) = self.pending.take()
            && found != opening.set_aside
        {
            let expected = opening.set_aside.clone();
            self.find(1, Problem::SetAside { expected, found });
        }
        self.set_aside.extend_from_slice(&opening.set_aside);
    }

    fn check_place_in_chain(&mut self, line: u64, record: &Record) {
        let found = record.head.sequence;
        if let Some(last) = self.last {
            let expected = last.sequence + 1;
            if found < expected {
                self.find(line, Problem::OutOfOrder { expected, found });
                return;
            }
            if found == expected && record.previous != last.mac {
                self.find(line, Problem::Forked { sequence: found });
            }
            if found - expected > self.damaged {
                let last = found - 1;
                let first = expected;
                self.find(line, Problem::Missing { first, last });
            }
        }
        if let Some(anchor) = self.anchor
            && anchor.sequence == found
            && *anchor != record.head
        {
            let anchor = *anchor;
            self.find(line, Problem::NotTheAnchor { anchor });
        }
        self.last = Some(record.head);
        self.damaged = 0;
    }

    fn expected(&self) -> u64 {
        self.last.map_or(0, |last| last.sequence) + 1
    }

    fn find(&mut self, line: u64, problem: Problem) {
        self.find_in(self.file, Some(line), problem);
    }

    fn find_in(&mut self, file: u64, line: Option<u64>, problem: Problem) {
        self.damage.add(&file_name(file), line, problem);
    }
}
