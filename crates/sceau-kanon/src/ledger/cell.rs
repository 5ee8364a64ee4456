use std::sync::Arc;

use super::contributions::{Contributions, KnownFigure};
use super::record::KnownSet;
use super::sketch::Sketch;

/// A cell that would leave: its place in the table, and the sets of people that its measures rest on.
#[derive(Debug, Clone)]
pub struct Cell {
    pub(super) table: u64,
    pub(super) keys: Vec<u64>,
    pub(super) sets: Vec<KnownSet>,
    pub(super) derived: Vec<KnownSet>,
    pub(super) figures: Vec<KnownFigure>,
}

impl Cell {
    /// A cell at these keys, each a number that equal values share, without people yet.
    pub fn at(keys: Vec<u64>) -> Self {
        Self {
            table: 0,
            keys,
            sets: vec![],
            derived: vec![],
            figures: vec![],
        }
    }

    /// The same cell as one of another table of the release: cells of two tables, as those of two grouping sets, do not add up.
    pub fn in_table(mut self, table: u64) -> Self {
        self.table = table;
        self
    }

    /// A cell of its own over these people.
    pub fn of(k: u32, space: &str, people: impl IntoIterator<Item = u64>) -> Self {
        Self::at(vec![]).with(space.into(), Sketch::of(k, people))
    }

    /// The cell with one more set of people: all of it, or those of one measure. Sets of a table's cells are given in one
    /// order.
    ///
    /// `space` says what the ids are made of.
    pub fn with(mut self, space: Arc<str>, sketch: Sketch) -> Self {
        self.sets.push(KnownSet {
            space,
            sum: false,
            sketch,
        });
        self
    }

    /// The cell with one more set of people whose figures follow from its others: those of the rows that a condition leaves
    /// over. It is held against other cells, and not against this one.
    pub fn with_derived(mut self, space: Arc<str>, sketch: Sketch) -> Self {
        self.derived.push(KnownSet {
            space,
            sum: false,
            sketch,
        });
        self
    }

    /// The cell with one more of its figures that add up. It is held against the figures of other releases and their
    /// totals, and not against those of this one.
    pub fn with_figure(mut self, space: Arc<str>, of: Contributions) -> Self {
        self.figures.push(KnownFigure { space, of });
        self
    }

    /// The most people of any of its sets.
    pub(super) fn people(&self) -> u64 {
        let people = self.sets.iter().map(|set| set.sketch.people());
        people.max().unwrap_or(0)
    }
}
