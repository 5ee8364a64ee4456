use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::seal::{SEAL_BYTES, Seal, tag_of};
use super::{Head, LedgerError};

/// The version of the format that is written, and the only one that is read.
pub(super) const FORMAT: u32 = 1;

/// The longest record.
pub(super) const MOST_BYTES: usize = 256 << 20;

const MAGIC: &[u8; 8] = b"SCEAULDG";
const HEADER: usize = MAGIC.len() + 4 + 16;
const LENGTH: usize = 4;

/// The files of one project's ledger, open for their one writer: see the [module](super#format) for the format.
#[derive(Debug)]
pub(super) struct LedgerFile {
    file: File,
    path: PathBuf,
    end: EndFile,
    seal: Seal,
    project: String,
    /// Of this file and no other: a record of another ledger does not fit here.
    id: [u8; 16],
    head: Head,
    bytes: u64,
    stopped: bool,
}

impl LedgerFile {
    /// Opens a project's ledger, or begins one, and gives the text of each record to `each`.
    ///
    /// What stands after the last record that was confirmed never left, and is cut off if it is not whole.
    pub(super) fn open(
        folder: &Path,
        name: &str,
        project: &str,
        key: &[u8; 32],
        anchor: Option<Head>,
        mut each: impl FnMut(u64, &[u8]) -> Option<()>,
    ) -> Result<Self, LedgerError> {
        fs::create_dir_all(folder).map_err(LedgerError::io("created", folder))?;
        let path = folder.join(format!("{name}.ledger"));
        let file = options()
            .open(&path)
            .map_err(LedgerError::io("opened", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::Locked { file: path }),
            Err(TryLockError::Error(source)) => {
                return Err(LedgerError::io("locked", &path)(source));
            }
        }
        let seal = Seal::new(key);
        let end = EndFile {
            path: folder.join(format!("{name}.end")),
        };
        let confirmed = end.read(&seal, project)?;
        let mut ledger = Self {
            file,
            path,
            end,
            seal,
            project: project.to_owned(),
            id: [0; 16],
            head: Head::START,
            bytes: 0,
            stopped: false,
        };
        match confirmed {
            Some((confirmed, id)) => {
                ledger.id = id;
                ledger.read_records(confirmed, &mut each)?;
            }
            None => ledger.begin(folder)?,
        }
        ledger.check_anchor(anchor)?;
        Ok(ledger)
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Adds a record, which is on the disk and confirmed when this returns.
    ///
    /// After an error nothing more is written: the file is to be opened again.
    pub(super) fn append(&mut self, text: &[u8]) -> Result<Head, LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped {
                file: self.path.clone(),
            });
        }
        if text.len() > MOST_BYTES {
            return Err(LedgerError::TooLarge {
                bytes: text.len(),
                limit: MOST_BYTES,
            });
        }
        self.stopped = true;
        self.check_undisturbed()?;
        let sealed = self.seal.seal(text, &self.place(&self.head))?;
        let head = Head {
            records: self.head.records + 1,
            tag: tag_of(&sealed).ok_or(LedgerError::Seal)?,
        };
        let mut record = (sealed.len() as u32).to_le_bytes().to_vec();
        record.extend_from_slice(&sealed);
        self.file
            .seek(SeekFrom::Start(self.bytes))
            .and_then(|_| self.file.write_all(&record))
            .map_err(LedgerError::io("written", &self.path))?;
        self.file
            .sync_all()
            .map_err(LedgerError::io("brought to the disk", &self.path))?;
        self.end.write(&self.seal, &self.project, head, self.id)?;
        self.head = head;
        self.bytes += record.len() as u64;
        self.stopped = false;
        Ok(head)
    }

    /// A new ledger. A file that has records and nothing that says where they end is none.
    fn begin(&mut self, folder: &Path) -> Result<(), LedgerError> {
        let length = self.length()?;
        if length > HEADER as u64 {
            return Err(LedgerError::End {
                file: self.end.path.clone(),
            });
        }
        self.id = random_id()?;
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&FORMAT.to_le_bytes());
        header.extend_from_slice(&self.id);
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| self.file.write_all(&header))
            .map_err(LedgerError::io("written", &self.path))?;
        self.file
            .sync_all()
            .map_err(LedgerError::io("brought to the disk", &self.path))?;
        sync_folder(folder)?;
        self.bytes = HEADER as u64;
        self.end
            .write(&self.seal, &self.project, Head::START, self.id)
    }

    fn read_records(
        &mut self,
        confirmed: Head,
        each: &mut impl FnMut(u64, &[u8]) -> Option<()>,
    ) -> Result<(), LedgerError> {
        let length = self.length()?;
        let file = self
            .file
            .try_clone()
            .map_err(LedgerError::io("read", &self.path))?;
        let mut reader = BufReader::new(file);
        self.read_header(&mut reader, length, confirmed)?;
        loop {
            let record = self.head.records + 1;
            let was_confirmed = record <= confirmed.records;
            let left = length - self.bytes;
            if left == 0 && !was_confirmed {
                break;
            }
            let Some(sealed) = self.next_record(&mut reader, left)? else {
                if was_confirmed {
                    return Err(LedgerError::Shortened {
                        file: self.path.clone(),
                        expected: confirmed.records,
                        found: self.head.records,
                    });
                }
                self.cut()?;
                break;
            };
            let Some(text) = self.seal.open(&sealed, &self.place(&self.head)) else {
                if was_confirmed {
                    return Err(LedgerError::Changed {
                        file: self.path.clone(),
                        record,
                    });
                }
                self.cut()?;
                break;
            };
            each(record, &text).ok_or_else(|| LedgerError::Unreadable {
                file: self.path.clone(),
                record,
            })?;
            self.head = Head {
                records: record,
                tag: tag_of(&sealed).ok_or(LedgerError::Seal)?,
            };
            self.bytes += (LENGTH + sealed.len()) as u64;
            if record == confirmed.records && self.head != confirmed {
                return Err(LedgerError::Changed {
                    file: self.path.clone(),
                    record,
                });
            }
        }
        if self.head.records > confirmed.records {
            self.file
                .sync_all()
                .map_err(LedgerError::io("brought to the disk", &self.path))?;
            self.end
                .write(&self.seal, &self.project, self.head, self.id)?;
        }
        Ok(())
    }

    fn read_header(
        &mut self,
        reader: &mut impl Read,
        length: u64,
        confirmed: Head,
    ) -> Result<(), LedgerError> {
        if length < HEADER as u64 {
            return Err(LedgerError::Shortened {
                file: self.path.clone(),
                expected: confirmed.records,
                found: 0,
            });
        }
        let mut header = [0; HEADER];
        reader
            .read_exact(&mut header)
            .map_err(LedgerError::io("read", &self.path))?;
        let format = |found: String| LedgerError::Format {
            file: self.path.clone(),
            found,
        };
        let Some(rest) = header.strip_prefix(MAGIC) else {
            return Err(format("something else".to_owned()));
        };
        match rest.split_first_chunk::<4>() {
            Some((version, id)) if u32::from_le_bytes(*version) == FORMAT => {
                if id != self.id {
                    return Err(LedgerError::End {
                        file: self.end.path.clone(),
                    });
                }
            }
            Some((version, _)) => {
                return Err(format(format!("format {}", u32::from_le_bytes(*version))));
            }
            None => return Err(format("nothing".to_owned())),
        }
        self.bytes = HEADER as u64;
        Ok(())
    }

    /// The next sealed record, if it is there as a whole.
    fn next_record(
        &self,
        reader: &mut impl Read,
        left: u64,
    ) -> Result<Option<Vec<u8>>, LedgerError> {
        let failed = LedgerError::io("read", &self.path);
        if left < LENGTH as u64 {
            return Ok(None);
        }
        let mut length = [0; LENGTH];
        reader.read_exact(&mut length).map_err(&failed)?;
        let length = u64::from(u32::from_le_bytes(length));
        let fits = length >= SEAL_BYTES as u64
            && length <= (MOST_BYTES + SEAL_BYTES) as u64
            && length <= left - LENGTH as u64;
        if !fits {
            return Ok(None);
        }
        let mut sealed = vec![0; length as usize];
        reader.read_exact(&mut sealed).map_err(&failed)?;
        Ok(Some(sealed))
    }

    /// Takes away what a crash left after the last whole record: its release did not leave.
    fn cut(&self) -> Result<(), LedgerError> {
        tracing::warn!(
            file = %self.path.display(),
            records = self.head.records,
            "the end of a ledger was torn and is cut off: what it was written for did not leave"
        );
        self.file
            .set_len(self.bytes)
            .and_then(|()| self.file.sync_all())
            .map_err(LedgerError::io("brought to the disk", &self.path))
    }

    fn check_anchor(&mut self, anchor: Option<Head>) -> Result<(), LedgerError> {
        let Some(anchor) = anchor.filter(|anchor| anchor.records > 0) else {
            return Ok(());
        };
        if anchor.records > self.head.records {
            return Err(LedgerError::Shortened {
                file: self.path.clone(),
                expected: anchor.records,
                found: self.head.records,
            });
        }
        let length = self.length()?;
        let mut reader = BufReader::new(&self.file);
        reader
            .seek(SeekFrom::Start(HEADER as u64))
            .map_err(LedgerError::io("read", &self.path))?;
        let mut at = HEADER as u64;
        let mut tag = None;
        for _ in 0..anchor.records {
            let sealed = self.next_record(&mut reader, length.saturating_sub(at))?;
            at += sealed.as_ref().map_or(0, |sealed| LENGTH + sealed.len()) as u64;
            tag = sealed.as_deref().and_then(tag_of);
        }
        if tag != Some(anchor.tag) {
            return Err(LedgerError::NotTheAnchor {
                file: self.path.clone(),
                anchor,
            });
        }
        Ok(())
    }

    /// Without this, records would go on into a file that was removed and be lost with it.
    fn check_undisturbed(&self) -> Result<(), LedgerError> {
        let disturbed = |found: String| LedgerError::Disturbed {
            file: self.path.clone(),
            expected: self.bytes,
            found,
        };
        let open = self
            .file
            .metadata()
            .map_err(LedgerError::io("read", &self.path))?;
        match fs::metadata(&self.path) {
            Ok(named) if !is_same(&open, &named) => {
                Err(disturbed("another file in its place".to_owned()))
            }
            Ok(_) if open.len() != self.bytes => Err(disturbed(format!("{} bytes", open.len()))),
            Ok(_) => Ok(()),
            Err(error) => Err(disturbed(error.to_string())),
        }
    }

    fn length(&self) -> Result<u64, LedgerError> {
        let metadata = self
            .file
            .metadata()
            .map_err(LedgerError::io("read", &self.path))?;
        Ok(metadata.len())
    }

    /// Where a record stands: after which other, in which file, of which project. It opens nowhere else.
    fn place(&self, before: &Head) -> Vec<u8> {
        let mut place = b"sceau ledger record\x1f".to_vec();
        place.extend_from_slice(&FORMAT.to_le_bytes());
        place.extend_from_slice(&self.id);
        place.extend_from_slice(&before.records.to_le_bytes());
        place.extend_from_slice(&before.tag);
        place.extend_from_slice(self.project.as_bytes());
        place
    }
}

/// The small file beside the ledger that says where it ends.
#[derive(Debug)]
struct EndFile {
    path: PathBuf,
}

impl EndFile {
    /// The last record that was confirmed, and the ledger's id; nothing if there is no such file.
    fn read(&self, seal: &Seal, project: &str) -> Result<Option<(Head, [u8; 16])>, LedgerError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io("read", &self.path)(error)),
        };
        let parsed = seal
            .open(&bytes, &Self::place(project))
            .and_then(|text| parse_end(&text));
        match parsed {
            Some(end) => Ok(Some(end)),
            None => Err(LedgerError::End {
                file: self.path.clone(),
            }),
        }
    }

    /// Puts a new end in the old one's place, all of it or nothing.
    fn write(
        &self,
        seal: &Seal,
        project: &str,
        head: Head,
        id: [u8; 16],
    ) -> Result<(), LedgerError> {
        let mut text = head.records.to_le_bytes().to_vec();
        text.extend_from_slice(&head.tag);
        text.extend_from_slice(&id);
        let sealed = seal.seal(&text, &Self::place(project))?;
        let new = self.path.with_extension("end.new");
        let mut file = options()
            .truncate(true)
            .open(&new)
            .map_err(LedgerError::io("created", &new))?;
        file.write_all(&sealed)
            .map_err(LedgerError::io("written", &new))?;
        file.sync_all()
            .map_err(LedgerError::io("brought to the disk", &new))?;
        fs::rename(&new, &self.path).map_err(LedgerError::io("renamed", &new))?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))
    }

    fn place(project: &str) -> Vec<u8> {
        let mut place = b"sceau ledger end\x1f".to_vec();
        place.extend_from_slice(&FORMAT.to_le_bytes());
        place.extend_from_slice(project.as_bytes());
        place
    }
}

fn parse_end(text: &[u8]) -> Option<(Head, [u8; 16])> {
    let (records, rest) = text.split_first_chunk::<8>()?;
    let (tag, rest) = rest.split_first_chunk::<16>()?;
    let id = <[u8; 16]>::try_from(rest).ok()?;
    let head = Head {
        records: u64::from_le_bytes(*records),
        tag: *tag,
    };
    Some((head, id))
}

fn random_id() -> Result<[u8; 16], LedgerError> {
    use chacha20poly1305::aead::Generate;
    Generate::try_generate().map_err(|_| LedgerError::Random)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    // No one reads it but its owner.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Waits until the folder's entries are on disk.
fn sync_folder(folder: &Path) -> Result<(), LedgerError> {
    // Elsewhere a folder cannot be opened, and the file system keeps its entries with the file.
    #[cfg(unix)]
    {
        let folder = if folder == Path::new("") {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)
            .and_then(|opened| opened.sync_all())
            .map_err(LedgerError::io("brought to the disk", folder))?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Whether an open file is still the one that its path names.
#[cfg(unix)]
fn is_same(open: &fs::Metadata, named: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
fn is_same(open: &fs::Metadata, named: &fs::Metadata) -> bool {
    open.len() == named.len()
}

#[cfg(test)]
mod tests;
