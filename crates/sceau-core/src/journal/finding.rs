use std::fmt;

use super::{Head, JournalError, Torn};

/// One thing that is wrong with a journal: where, what was expected and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file's name.
    pub file: String,
    /// The line, counted from 1; none if it is about the file as a whole.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The line is not what the journal's writer wrote: it was changed, or added, or its end was cut off.
    Changed {
        /// The record that should be there.
        expected: u64,
    },
    /// Records that should stand before this line do not.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them. Damaged lines in between may be what is left of some.
        last: u64,
    },
    /// The record stands here though a later one stands before it: it was moved or repeated.
    OutOfOrder {
        /// The record that should be there.
        expected: u64,
        /// The record that is.
        found: u64,
    },
    /// The record is authentic, and was not written after the one before it: two histories were put together, as when the
    /// journal went on from an old copy.
    Forked {
        /// The record.
        sequence: u64,
    },
    /// One or more files are not there, from this one on.
    FileMissing {
        /// The last of them.
        until: String,
    },
    /// The first line is not a record that opens this file: the file was renamed, or its beginning removed.
    NotOpened {
        /// The number of the file that the record opens, if it opens one.
        opens: Option<u64>,
    },
    /// A record that opens a file stands inside of one.
    OpenedInside,
    /// What stands after the last line of a file is not what the next file says was left there by a crash.
    SetAside {
        /// What the next file says.
        expected: Vec<Torn>,
        /// What is there.
        found: Vec<Torn>,
    },
    /// The record is authentic, and this version cannot read it.
    Unreadable {
        /// Why.
        message: String,
    },
    /// No record at all is authentic: the key is not the journal's, or every record was changed.
    NoneAuthentic,
    /// The journal's last record comes before the anchor: records were cut from its end.
    CutShort {
        /// The journal's last record.
        last: u64,
        /// The anchor.
        anchor: Head,
    },
    /// The record that the anchor names is another one: the history after an earlier record was replaced.
    NotTheAnchor {
        /// The anchor.
        anchor: Head,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { expected } => {
                write!(
                    f,
                    "expected record {expected}, found a line that is not authentic"
                )
            }
            Self::Missing { first, last } if first == last => {
                write!(f, "expected record {first} before this one, found none")
            }
            Self::Missing { first, last } => {
                write!(
                    f,
                    "expected records {first} to {last} before this one, found not all of them"
                )
            }
            Self::OutOfOrder { expected, found } => {
                write!(
                    f,
                    "expected record {expected}, found record {found}, moved or repeated"
                )
            }
            Self::Forked { sequence } => write!(
                f,
                "expected record {sequence} as written after the one before it, found one of another history"
            ),
            Self::FileMissing { until } => {
                write!(f, "expected the files from here to {until}, found none")
            }
            Self::NotOpened {
                opens: Some(number),
            } => write!(
                f,
                "expected the record that opens this file, found the one that opens file {number}"
            ),
            Self::NotOpened { opens: None } => {
                write!(
                    f,
                    "expected the record that opens this file, found another one"
                )
            }
            Self::OpenedInside => {
                write!(f, "expected an entry, found the record that opens a file")
            }
            Self::SetAside { expected, found } => write!(
                f,
                "expected to follow {}, found {}",
                Torns(expected),
                Torns(found)
            ),
            Self::Unreadable { message } => {
                write!(f, "expected a record that this version can read: {message}")
            }
            Self::NoneAuthentic => write!(
                f,
                "expected records made under this key, found none: another key, or everything was changed"
            ),
            Self::CutShort { last, anchor } => write!(
                f,
                "expected the journal to reach record {}, found its end at record {last}",
                anchor.sequence
            ),
            Self::NotTheAnchor { anchor } => write!(
                f,
                "expected record {} with the MAC {}, found another one",
                anchor.sequence, anchor.mac
            ),
        }
    }
}

/// Why a journal is not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The journal is not what its writer left.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The folder holds no record: no journal was ever begun there, or it was removed as a whole.
    #[error("{}: holds no record of a journal", folder.display())]
    Empty {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// The operating system could not read something.
    #[error(transparent)]
    Read(JournalError),
}

/// All that is wrong with a journal, in its order; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Damage {
    /// What is wrong; the first hundred, if there are more.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{finding}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl Damage {
    pub(super) const fn none() -> Self {
        Self {
            findings: vec![],
            more: 0,
        }
    }

    pub(super) fn add(&mut self, file: &str, line: Option<u64>, problem: Problem) {
        if self.findings.len() < 100 {
            self.findings.push(Finding {
                file: file.to_owned(),
                line,
                problem,
            });
        } else {
            self.more += 1;
        }
    }
}

struct Torns<'a>(&'a [Torn]);

impl fmt::Display for Torns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no torn record");
        }
        for (index, torn) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{torn} with SHA-256 {}", torn.sha256)?;
        }
        Ok(())
    }
}
