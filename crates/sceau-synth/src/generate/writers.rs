//! The threads that encode and compress: they take most of the time, people are drawn meanwhile.
//!
//! Each file is written by one thread, in the order its rows come, so that its bytes do not depend on how many threads
//! there are; and a thread that is behind makes the others wait, so that memory does not grow.

use crate::Error;
use crate::parquet_file::ParquetFile;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::file::properties::WriterProperties;
use std::cell::Cell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Batches that may wait for a thread.
const WAITING: usize = 4;

/// Why the making stopped.
pub(super) enum Halt {
    /// For this.
    Error(Error),
    /// A writing thread has the reason, which [`Writers::join`] gives.
    Writer,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// All threads.
pub(super) struct Writers {
    threads: Vec<Thread>,
    files: Cell<usize>,
}

struct Thread {
    jobs: SyncSender<Job>,
    handle: JoinHandle<Result<(), Error>>,
}

/// Files of one name: `part-0.parquet`, and when that is full `part-0-2.parquet` and so on.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) name: String,
    pub(super) schema: SchemaRef,
    pub(super) properties: WriterProperties,
}

/// Rows of a file: what its footer says of each row group waits in memory until it is complete.
const FILE_ROWS: usize = 8 * 65_536;

/// The file of [`Files`] that is being written.
struct Current {
    files: Files,
    count: usize,
    file: ParquetFile,
}

enum Job {
    Start(usize, Box<Current>),
    Write(usize, RecordBatch),
    Finish(usize),
}

/// One file, written by some thread.
pub(super) struct Writer {
    jobs: SyncSender<Job>,
    file: usize,
}

impl Writers {
    /// As many as the machine runs at once, up to four.
    pub(super) fn start() -> Self {
        let count = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
        let threads = (0..count)
            .map(|_| {
                let (jobs, receiver) = sync_channel(WAITING);
                Thread {
                    jobs,
                    handle: std::thread::spawn(move || work(&receiver)),
                }
            })
            .collect();
        Self {
            threads,
            files: Cell::new(0),
        }
    }

    /// Starts a file and gives it to a thread.
    pub(super) fn add(&self, files: Files) -> Result<Writer, Halt> {
        let number = self.files.replace(self.files.get() + 1);
        // A large file and a small one follow each other: both to one thread, so that each has as much to do.
        let jobs = self.threads[number / 2 % self.threads.len()].jobs.clone();
        let writer = Writer { jobs, file: number };
        writer.send(Job::Start(number, Box::new(Current::start(files)?)))?;
        Ok(writer)
    }

    /// Waits until all is written; every [`Writer`] is finished or dropped by then.
    pub(super) fn join(self) -> Result<(), Error> {
        let mut result = Ok(());
        for thread in self.threads {
            drop(thread.jobs);
            let done = thread.handle.join();
            result = result.and(done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        result
    }
}

impl Writer {
    pub(super) fn write(&self, rows: RecordBatch) -> Result<(), Halt> {
        self.send(Job::Write(self.file, rows))
    }

    pub(super) fn finish(self) -> Result<(), Halt> {
        self.send(Job::Finish(self.file))
    }

    fn send(&self, job: Job) -> Result<(), Halt> {
        // Nobody receives any more once a thread has failed.
        self.jobs.send(job).map_err(|_| Halt::Writer)
    }
}

/// What a thread does. Files that are not finished are given up.
fn work(jobs: &Receiver<Job>) -> Result<(), Error> {
    let mut files = HashMap::new();
    for job in jobs {
        match job {
            Job::Start(number, file) => {
                files.insert(number, file);
            }
            Job::Write(number, rows) => {
                if let Some(file) = files.get_mut(&number) {
                    file.write(&rows)?;
                }
            }
            Job::Finish(number) => {
                if let Some(current) = files.remove(&number) {
                    current.file.finish()?;
                }
            }
        }
    }
    Ok(())
}

impl Current {
    fn start(files: Files) -> Result<Self, Error> {
        let file = files.create(1)?;
        Ok(Self {
            files,
            count: 1,
            file,
        })
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<(), Error> {
        if self.file.rows() + rows.num_rows() > FILE_ROWS {
            self.count += 1;
            let next = self.files.create(self.count)?;
            std::mem::replace(&mut self.file, next).finish()?;
        }
        self.file.write(rows)
    }
}

impl Files {
    fn create(&self, count: usize) -> Result<ParquetFile, Error> {
        let name = match count {
            1 => format!("part-{}.parquet", self.name),
            _ => format!("part-{}-{count}.parquet", self.name),
        };
        ParquetFile::create(
            &self.folder.join(name),
            self.schema.clone(),
            self.properties.clone(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parquet_file::properties;
    use arrow::array::{ArrayRef, Int32Array, Int64Array};
    use std::path::Path;
    use std::sync::Arc;

    fn rows(column: ArrayRef) -> RecordBatch {
        RecordBatch::try_from_iter([("A", column)]).unwrap()
    }

    fn start(writers: &Writers, folder: &Path, name: &str, rows: &RecordBatch) -> Writer {
        let (folder, name) = (folder.to_owned(), name.to_owned());
        let files = Files {
            folder,
            name,
            schema: rows.schema(),
            properties: properties().build(),
        };
        writers.add(files).map_err(|_| "stopped").unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn finished_files_are_there_and_others_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let batch = rows(Arc::new(Int32Array::from(vec![1])));
        let writers = Writers::start();
        let whole = start(&writers, folder.path(), "whole", &batch);
        let given_up = start(&writers, folder.path(), "given-up", &batch);
        for writer in [&whole, &given_up] {
            assert!(writer.write(batch.clone()).is_ok());
        }
        assert!(whole.finish().is_ok());
        drop(given_up);
        writers.join().unwrap();
        assert_eq!(names(folder.path()), ["part-whole.parquet"]);
    }

    #[test]
    fn a_full_file_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let batch = rows(Arc::new(Int32Array::from(vec![1; FILE_ROWS / 2])));
        let writers = Writers::start();
        let writer = start(&writers, folder.path(), "0", &batch);
        for _ in 0..3 {
            assert!(writer.write(batch.clone()).is_ok());
        }
        assert!(writer.finish().is_ok());
        writers.join().unwrap();
        assert_eq!(names(folder.path()), ["part-0-2.parquet", "part-0.parquet"]);
    }

    #[test]
    fn an_error_of_a_thread_stops_the_sender_and_comes_out_of_join() {
        let folder = tempfile::tempdir().unwrap();
        let batch = rows(Arc::new(Int32Array::from(vec![1])));
        let writers = Writers::start();
        let writer = start(&writers, folder.path(), "0", &batch);
        let other = rows(Arc::new(Int64Array::from(vec![1])));
        while writer.write(other.clone()).is_ok() {}
        drop(writer);
        let error = writers.join().unwrap_err();
        assert!(matches!(error, Error::Parquet { .. }), "{error}");
    }
}
