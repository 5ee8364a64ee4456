//! The files of a table, which the blocks of patients are added to in their order.
//!
//! Several threads have a block each. What a block adds to a file is a row group that its thread has encoded already;
//! only the appending waits for the blocks before it. So a file's bytes do not depend on how many threads there are,
//! and of a file that is not being appended to nothing but its footer's beginnings is in memory, nor is it open.

use crate::Error;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowColumnChunk;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::parquet_file::Partial;

/// Rows after which the next row group starts another file: what the footer says of each waits in memory.
const FILE_ROWS: u64 = 500_000;

/// Why the making stopped.
pub(super) enum Halt {
    /// For this.
    Error(Error),
    /// Another thread has the reason.
    Elsewhere,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Files of one name: `part-0.parquet`, and when that is full `part-0-2.parquet` and so on.
pub(super) struct Output {
    pub(super) table: String,
    folder: PathBuf,
    name: String,
    schema: SchemaRef,
    properties: WriterProperties,
    state: Mutex<State>,
    turned: Condvar,
}

struct State {
    /// The block that is to be added next.
    turn: u64,
    halted: bool,
    file: Option<OpenFile>,
    files: u64,
    rows: u64,
}

struct OpenFile {
    partial: Partial,
    writer: SerializedFileWriter<Appended>,
    rows: u64,
}

impl Output {
    pub(super) fn new(
        table: &str,
        folder: &Path,
        name: &str,
        schema: SchemaRef,
        properties: WriterProperties,
    ) -> Self {
        Self {
            table: table.to_owned(),
            folder: folder.to_owned(),
            name: name.to_owned(),
            schema,
            properties,
            state: Mutex::new(State {
                turn: 0,
                halted: false,
                file: None,
                files: 0,
                rows: 0,
            }),
            turned: Condvar::new(),
        }
    }

    /// Adds the row group of a block, which may be empty, after those of all blocks before it.
    pub(super) fn append(
        &self,
        block: u64,
        rows: u64,
        columns: Vec<ArrowColumnChunk>,
    ) -> Result<(), Halt> {
        let mut state = self.lock();
        while state.turn != block && !state.halted {
            state = self
                .turned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.halted {
            return Err(Halt::Elsewhere);
        }
        if rows > 0 {
            self.write(&mut state, rows, columns)?;
        }
        state.turn += 1;
        self.turned.notify_all();
        Ok(())
    }

    /// Lets nobody wait any longer.
    pub(super) fn halt(&self) {
        self.lock().halted = true;
        self.turned.notify_all();
    }

    /// Completes the files and tells how many rows they have. Without rows there is one empty file.
    pub(super) fn finish(self) -> Result<u64, Error> {
        let mut state = self.lock();
        if state.files == 0 {
            state.files = 1;
            state.file = Some(self.open(1)?);
        }
        if let Some(file) = state.file.take() {
            file.close()?;
        }
        Ok(state.rows)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(
        &self,
        state: &mut State,
        rows: u64,
        columns: Vec<ArrowColumnChunk>,
    ) -> Result<(), Error> {
        if let Some(file) = state.file.take_if(|file| file.rows + rows > FILE_ROWS) {
            file.close()?;
        }
        let file = match &mut state.file {
            Some(file) => file,
            none => {
                state.files += 1;
                none.insert(self.open(state.files)?)
            }
        };
        file.append(rows, columns)?;
        state.rows += rows;
        Ok(())
    }

    fn open(&self, number: u64) -> Result<OpenFile, Error> {
        let name = match number {
            1 => format!("part-{}.parquet", self.name),
            _ => format!("part-{}-{number}.parquet", self.name),
        };
        let partial = Partial::create(&self.folder.join(name))?.0;
        let sink = Appended {
            path: partial.temporary().to_owned(),
            file: None,
        };
        let properties = Some(self.properties.clone());
        let (writer, _) = ArrowWriter::try_new(sink, self.schema.clone(), properties)
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(Error::parquet(partial.path()))?;
        Ok(OpenFile {
            partial,
            writer,
            rows: 0,
        })
    }
}

impl OpenFile {
    fn append(&mut self, rows: u64, columns: Vec<ArrowColumnChunk>) -> Result<(), Error> {
        let writer = &mut self.writer;
        let append = || -> Result<(), ParquetError> {
            let mut group = writer.next_row_group()?;
            for column in columns {
                column.append_to_row_group(&mut group)?;
            }
            group.close()?;
            Ok(writer.flush()?)
        };
        append().map_err(Error::parquet(self.partial.path()))?;
        self.rows += rows;
        Ok(())
    }

    fn close(self) -> Result<(), Error> {
        self.writer
            .close()
            .map_err(Error::parquet(self.partial.path()))?;
        self.partial.complete()
    }
}

/// A file that is opened to be appended to, and closed when what was written is flushed: a long period has more months
/// than a process may have open files.
struct Appended {
    path: PathBuf,
    file: Option<File>,
}

impl Write for Appended {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().append(true).open(&self.path)?),
        };
        file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file = None;
        Ok(())
    }
}
