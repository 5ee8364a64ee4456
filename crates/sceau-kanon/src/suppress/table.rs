use std::collections::HashSet;

use thiserror::Error;

/// The people behind a cell, known up to *k*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// Fewer than *k* people: their ids, sorted, each once. One id may stand for "somebody whom nobody can tell from others".
    Few(Vec<u64>),
    /// At least *k* people.
    Many,
}

/// What may become of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It breaks no rule. It may be released, and may be hidden to protect others.
    Open,
    /// It breaks a rule and is hidden, whatever happens to the others.
    Primary,
    /// It is empty and whoever reads the release knows that: shown as zero, or absent where every group is listed. It can
    /// hide nothing and is hidden by nothing.
    Zero,
    /// No row of the release shows it whatever is hidden, and few people are behind it: it is not to be computed either. What it can be
    /// is not asked, since nobody knows that there is such a cell.
    Unseen,
    /// No row of the release shows it, yet it can be computed: a margin that several grouping sets have in common.
    Unlisted,
}

/// One cell of a release: the unit that is shown or hidden, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The people it rests on.
    pub people: People,
    /// What is lost when it is hidden, in any unit: its rows or people, as a rule.
    pub cost: u64,
    /// What may become of it.
    pub state: State,
    /// The margin that it belongs to: a grouping set, or one table of several. Margins can be dropped as a whole.
    pub margin: u32,
}

/// How one cell's figure follows from others'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// The total is the sum of its parts: `COUNT(*)`, `SUM(x)`.
    Adds {
        /// Index of the total's cell.
        total: usize,
        /// Indices of the parts' cells, each once.
        parts: Vec<usize>,
    },
    /// The total counts everything that is in any part, once: `COUNT(DISTINCT person)`. It is at least the largest part and
    /// at most the sum of the parts.
    Covers {
        /// Index of the total's cell.
        total: usize,
        /// Indices of the parts' cells, each once.
        parts: Vec<usize>,
    },
}

impl Relation {
    pub(super) fn members(&self) -> (usize, &[usize]) {
        match self {
            Self::Adds { total, parts } | Self::Covers { total, parts } => (*total, parts),
        }
    }
}

/// One published column: a figure for every cell, and what the reader knows of how they hang together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Its name in the report.
    pub name: String,
    /// For each cell its figure as an integer (amounts in cents).
    pub values: Vec<i64>,
    /// How the figures follow from each other. One that holds is one that an attacker uses.
    pub relations: Vec<Relation>,
    /// The least that a hidden figure can be, as everybody knows: 0 for counts and amounts paid; 1 for counts of rows when a hidden
    /// cell's key is shown (`withheld = "mask"`), since a group without rows is not there; `None` where refunds make it negative.
    pub least: Option<i64>,
}

/// The cells of a release and all that ties their figures together.
///
/// Everything that one project can lay side by side belongs in one table: all grouping sets of a query, all branches of a
/// union of margins, all hierarchies over the same cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The cells.
    pub cells: Vec<Cell>,
    /// The published columns. They are hidden together and attacked one by one.
    pub figures: Vec<Figure>,
}

/// A table that cannot be one, or cannot be protected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// A figure lacks values or has too many.
    #[error("column {figure} has {found} figures for {cells} cells")]
    Length {
        /// The column.
        figure: String,
        /// How many figures it has.
        found: usize,
        /// How many cells there are.
        cells: usize,
    },
    /// A relation names a cell that is not there, or one cell twice.
    #[error("relation {relation} of column {figure} names a cell that is not there, or one twice")]
    Members {
        /// The column.
        figure: String,
        /// Which of its relations.
        relation: usize,
    },
    /// The figures contradict a relation, or lie below the least.
    #[error("relation {relation} of column {figure} does not hold between its figures")]
    Broken {
        /// The column.
        figure: String,
        /// Which of its relations.
        relation: usize,
    },
    /// A figure is below what is said to be the least, or too large to be computed with.
    #[error("column {figure} has a figure out of range in cell {cell}")]
    Range {
        /// The column.
        figure: String,
        /// Which cell.
        cell: usize,
    },
    /// A row's keys are not as many as the others', more than 32, or fewer than its grouping set keeps.
    #[error("the keys of row {cell} do not fit its grouping set")]
    Keys {
        /// Which row.
        cell: usize,
    },
    /// The bound on the search was met before a pattern was shown to hold.
    #[error(
        "what has to be hidden beside the hidden cells was not found within the bound on the search"
    )]
    TooLong,
    /// A bounded set of people holds *k* or more, or is not sorted.
    #[error("the people of cell {cell} are not fewer than k ids in order, each once")]
    People {
        /// Which cell.
        cell: usize,
    },
}

/// Figures stay so small that sums of them are exact, in integers and in floating point.
const LARGEST: i64 = 1 << 46;

impl Table {
    /// Whether cells, figures and relations fit together.
    ///
    /// # Errors
    /// The first thing found that does not fit.
    pub fn check(&self, k: u32) -> Result<(), TableError> {
        for (cell, of) in self.cells.iter().enumerate() {
            if let People::Few(ids) = &of.people
                && (ids.len() >= k as usize || !ids.is_sorted_by(|left, right| left < right))
            {
                return Err(TableError::People { cell });
            }
        }
        self.figures
            .iter()
            .try_for_each(|figure| figure.check(&self.cells))
    }
}

impl Figure {
    fn check(&self, cells: &[Cell]) -> Result<(), TableError> {
        let figure = || self.name.clone();
        if self.values.len() != cells.len() {
            return Err(TableError::Length {
                figure: figure(),
                found: self.values.len(),
                cells: cells.len(),
            });
        }
        for (cell, &value) in self.values.iter().enumerate() {
            // What is known to be empty is below the least of what is there.
            let least = match cells[cell].state {
                State::Zero => self.least.map(|least| least.min(0)),
                _ => self.least,
            };
            if value.checked_abs().is_none_or(|value| value > LARGEST)
                || least.is_some_and(|least| value < least)
            {
                return Err(TableError::Range {
                    figure: figure(),
                    cell,
                });
            }
        }
        for (relation, of) in self.relations.iter().enumerate() {
            let (total, parts) = of.members();
            let mut seen = HashSet::from([total]);
            if total >= cells.len()
                || parts
                    .iter()
                    .any(|&part| part >= cells.len() || !seen.insert(part))
            {
                return Err(TableError::Members {
                    figure: figure(),
                    relation,
                });
            }
            let values = || parts.iter().map(|&part| self.values[part]);
            let sum: i128 = values().map(i128::from).sum();
            let total = i128::from(self.values[total]);
            let holds = match of {
                Relation::Adds { .. } => total == sum,
                Relation::Covers { .. } => {
                    total <= sum && values().all(|part| i128::from(part) <= total)
                }
            };
            if !holds {
                return Err(TableError::Broken {
                    figure: figure(),
                    relation,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: [i64; 3], relation: Relation) -> Table {
        Table {
            cells: (0..3)
                .map(|_| Cell {
                    people: People::Many,
                    cost: 1,
                    state: State::Open,
                    margin: 0,
                })
                .collect(),
            figures: vec![Figure {
                name: "n".into(),
                values: values.into(),
                relations: vec![relation],
                least: Some(0),
            }],
        }
    }

    #[test]
    fn figures_that_contradict_their_relation_are_refused() {
        let adds = || Relation::Adds {
            total: 0,
            parts: vec![1, 2],
        };
        let covers = || Relation::Covers {
            total: 0,
            parts: vec![1, 2],
        };
        assert_eq!(table([5, 2, 3], adds()).check(11), Ok(()));
        assert!(table([4, 2, 3], adds()).check(11).is_err());
        assert_eq!(table([4, 2, 3], covers()).check(11), Ok(()));
        assert!(table([6, 2, 3], covers()).check(11).is_err());
        assert!(table([2, 2, 3], covers()).check(11).is_err());
        assert!(table([i64::MIN, 2, 3], adds()).check(11).is_err());
    }

    #[test]
    fn a_relation_names_each_cell_once() {
        let twice = Relation::Adds {
            total: 0,
            parts: vec![1, 1],
        };
        let itself = Relation::Adds {
            total: 0,
            parts: vec![0, 1],
        };
        let absent = Relation::Adds {
            total: 0,
            parts: vec![1, 7],
        };
        for relation in [twice, itself, absent] {
            let error = table([4, 2, 2], relation).check(11).unwrap_err();
            assert!(matches!(error, TableError::Members { .. }), "{error}");
        }
    }

    #[test]
    fn few_people_are_fewer_than_k() {
        let mut table = table(
            [5, 2, 3],
            Relation::Adds {
                total: 0,
                parts: vec![1, 2],
            },
        );
        for ids in [vec![1, 2, 3], vec![2, 1], vec![1, 1]] {
            table.cells[1].people = People::Few(ids);
            assert_eq!(table.check(3), Err(TableError::People { cell: 1 }));
        }
    }
}
