use datafusion::logical_expr::Expr;

use super::expression::{beyond, plain};
use super::flow::Flow;
use super::measure::Measure;
use crate::release::ReleaseError;

/// The conditions that the measures of a cell are made by. The people who meet one of them are nobody, or enough.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Whether some measure is made of all rows of a cell, or there is none and the cell itself is what is told.
    pub(super) whole: bool,
    /// Those that some measure is made of.
    of: Vec<Expr>,
    /// Those on whose other side a measure is, too.
    pub(super) splits: Vec<Expr>,
    /// What the splits cut a cell into: each piece can be computed from measures along them.
    pub(super) pieces: Vec<Expr>,
}

/// How many lines a question may draw through its cells: all their pieces are counted.
const MOST_SPLITS: usize = 5;

impl Lines {
    /// # Errors
    /// When a measure is made so that one person's value can be read from it, or there are too many conditions.
    pub(super) fn of(input: &Flow, measures: &[Measure]) -> Result<Self, ReleaseError> {
        let mut lines = Self {
            whole: measures.is_empty(),
            ..Self::default()
        };
        for measure in measures {
            measure.check_arguments(input)?;
            let rows = measure.rows(input, measures.len() == 1)?;
            lines.whole |= rows.of.is_empty() && rows.split.is_empty();
            add_new(&mut lines.of, rows.of);
            add_new(&mut lines.splits, rows.split);
        }
        if lines.splits.len() > MOST_SPLITS {
            return Err(ReleaseError::not_releasable(
                "a table of so many different conditions",
                "make the conditions columns of GROUP BY, or ask for fewer at a time",
            ));
        }
        for sides in 0..1_u32 << lines.splits.len() {
            let piece = lines.splits.iter().enumerate().map(|(at, line)| {
                if sides >> at & 1 == 1 {
                    plain(line.clone().is_true())
                } else {
                    beyond(line)
                }
            });
            lines.pieces.extend(piece.reduce(Expr::and));
        }
        Ok(lines)
    }

    /// The conditions that measures are made of, without what follows from them.
    pub(super) fn made_of(&self) -> impl Iterator<Item = &Expr> {
        self.of.iter().chain(&self.splits)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Expr> {
        self.of.iter().chain(&self.splits).chain(&self.pieces)
    }
}

fn add_new(known: &mut Vec<Expr>, new: Vec<Expr>) {
    for expr in new {
        if !known.contains(&expr) {
            known.push(expr);
        }
    }
}
