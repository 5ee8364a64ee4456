//! The rows that wait to be joined, in the order in which they came.

use std::collections::{BTreeSet, VecDeque};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use arrow::record_batch::RecordBatch;
use datafusion::common::{Result, internal_err};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;

/// Days since 1970 of a month of the flux.
pub(super) type Month = i32;

/// More borders of months than this in a batch, and its months are not told apart.
const BORDERS: usize = 16;

/// Rows of a detail table, read as they are asked for.
pub(super) struct Details {
    input: SendableRecordBatchStream,
    /// The column of the month.
    month: usize,
    waiting: VecDeque<Run>,
    rows: usize,
    bytes: usize,
    ended: bool,
    failed: bool,
    /// How many runs were handed out.
    taken: u64,
}

/// Rows that stand together.
pub(super) struct Run {
    pub(super) rows: RecordBatch,
    pub(super) months: BTreeSet<Month>,
    bytes: usize,
}

/// What comes next.
pub(super) enum Next {
    /// Few enough rows to be held: all that are left, or all of the months before the one that is being read.
    Few(Vec<Run>),
    /// Rows of one month, more than few, which still wait.
    Month(Month),
    /// More than few rows, whose months come in no order, which still wait.
    Unordered,
    End,
}

impl Details {
    pub(super) fn new(input: SendableRecordBatchStream, month: usize) -> Self {
        Self {
            input,
            month,
            waiting: VecDeque::new(),
            rows: 0,
            bytes: 0,
            ended: false,
            failed: false,
            taken: 0,
        }
    }

    /// Reads until more than `rows` or `bytes` wait, or all that is left, and says what to do with them. `in_order`: whether
    /// months may be taken to come one after the other.
    pub(super) async fn next(&mut self, rows: usize, bytes: usize, in_order: bool) -> Result<Next> {
        while !self.ended && self.rows <= rows && self.bytes <= bytes {
            self.read().await?;
        }
        if self.ended && self.rows <= rows && self.bytes <= bytes {
            if self.waiting.is_empty() {
                return Ok(Next::End);
            }
            return Ok(Next::Few(self.take(self.waiting.len())));
        }
        let last = self.waiting.back().map(|last| &last.months);
        let last = last.filter(|months| in_order && months.len() == 1);
        let Some(&month) = last.and_then(BTreeSet::first) else {
            return Ok(Next::Unordered);
        };
        let alone = |run: &&Run| run.months.len() == 1 && run.months.contains(&month);
        let of_month = self.waiting.iter().rev().take_while(alone).count();
        match self.waiting.len() - of_month {
            0 => Ok(Next::Month(month)),
            before => Ok(Next::Few(self.take(before))),
        }
    }

    /// About as many rows as may be held, whatever their months.
    pub(super) async fn some(&mut self, rows: usize, bytes: usize) -> Result<Vec<Run>> {
        while !self.ended && self.rows <= rows && self.bytes <= bytes {
            self.read().await?;
        }
        let (mut runs, mut held, mut size) = (0, 0, 0);
        for run in &self.waiting {
            if runs > 0 && (held + run.rows.num_rows() > rows || size + run.bytes > bytes) {
                break;
            }
            runs += 1;
            held += run.rows.num_rows();
            size += run.bytes;
        }
        Ok(self.take(runs))
    }

    /// The next rows, if they are of this month; of any, if none is given.
    pub(super) async fn rows_of(&mut self, month: Option<Month>) -> Result<Option<RecordBatch>> {
        while self.waiting.is_empty() && !self.ended {
            self.read().await?;
        }
        let fits = self.waiting.front().is_some_and(|run| {
            month.is_none_or(|month| run.months.len() == 1 && run.months.contains(&month))
        });
        Ok(if fits {
            self.take(1).pop().map(|run| run.rows)
        } else {
            None
        })
    }

    /// How many runs were handed out.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether a failure ended them: what is left of them is not all.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    fn take(&mut self, runs: usize) -> Vec<Run> {
        let taken: Vec<Run> = self.waiting.drain(..runs).collect();
        self.taken += taken.len() as u64;
        for run in &taken {
            self.rows -= run.rows.num_rows();
            self.bytes -= run.bytes;
        }
        taken
    }

    async fn read(&mut self) -> Result<()> {
        let batch = match self.input.next().await {
            Some(Ok(batch)) => batch,
            Some(Err(error)) => {
                (self.ended, self.failed) = (true, true);
                return Err(error);
            }
            None => {
                self.ended = true;
                return Ok(());
            }
        };
        for run in runs(batch, self.month)? {
            self.rows += run.rows.num_rows();
            self.bytes += run.bytes;
            self.waiting.push_back(run);
        }
        Ok(())
    }
}

/// A batch cut where the month changes. Rows without a month have no parent.
fn runs(batch: RecordBatch, month: usize) -> Result<Vec<Run>> {
    let Some(months) = batch.column(month).as_primitive_opt::<Date32Type>() else {
        return internal_err!("a month that is no date");
    };
    let rows = batch.num_rows();
    let bytes = batch.get_array_memory_size();
    let part = |from: usize, to: usize, months: BTreeSet<Month>| Run {
        rows: batch.slice(from, to - from),
        months,
        bytes: bytes * (to - from) / rows.max(1),
    };
    if months.null_count() == 0 {
        let values = months.values();
        let borders: Vec<usize> = (1..rows)
            .filter(|row| values[*row] != values[row - 1])
            .take(BORDERS + 1)
            .collect();
        if rows > 0 && borders.len() <= BORDERS {
            let starts = [0].into_iter().chain(borders.iter().copied());
            let ends = borders.iter().copied().chain([rows]);
            return Ok(starts
                .zip(ends)
                .map(|(from, to)| part(from, to, BTreeSet::from([values[from]])))
                .collect());
        }
    }
    let found: BTreeSet<Month> = months.iter().flatten().collect();
    Ok(if found.is_empty() {
        vec![]
    } else {
        vec![part(0, rows, found)]
    })
}
