use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Expr, GroupingSet};

use crate::release::ReleaseError;

/// What an aggregate groups by.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    /// As the aggregate has it: the columns, or one expression of grouping sets.
    pub(super) exprs: Vec<Expr>,
    /// The columns, each once.
    pub(super) columns: Vec<Expr>,
    /// Whether the grouping set by all columns was added, and is not to be shown.
    pub(super) aside: bool,
}

/// Columns are told by bits of a number, and an answer of more sets than this is not read by anybody.
const MOST_DIMENSIONS: usize = 16;

impl Keys {
    pub(super) fn of_columns(columns: Vec<Expr>) -> Self {
        Self {
            exprs: columns.clone(),
            columns,
            aside: false,
        }
    }

    /// The question's columns, and where there are totals the grouping set by all of them: without it nobody sees that a cell of one set
    /// lies within that of another (a département in its region, those below 40 among those below 41), and that their difference
    /// is a cell, too.
    ///
    /// # Errors
    /// When a grouping set stands there twice, or there are too many columns for totals of each.
    pub(super) fn of(exprs: &[Expr]) -> Result<Self, ReleaseError> {
        let [Expr::GroupingSet(sets)] = exprs else {
            return Ok(Self::of_columns(exprs.to_vec()));
        };
        let columns: Vec<Expr> = grouping_set_to_exprlist(exprs)?
            .into_iter()
            .cloned()
            .collect();
        if columns.len() > MOST_DIMENSIONS {
            return Err(ReleaseError::not_releasable(
                "a table of totals by so many columns",
                "group by fewer",
            ));
        }
        let mut exprs = exprs.to_vec();
        let mut aside = false;
        if let GroupingSet::GroupingSets(sets) = sets {
            let mut seen: Vec<Vec<bool>> = vec![];
            for set in sets {
                let kept = columns.iter().map(|column| set.contains(column)).collect();
                if seen.contains(&kept) {
                    return Err(ReleaseError::Margins {
                        found: "the same grouping set twice",
                    });
                }
                seen.push(kept);
            }
            aside = !seen.contains(&vec![true; columns.len()]);
            if aside {
                let all = sets.iter().cloned().chain([columns.clone()]).collect();
                exprs = vec![Expr::GroupingSet(GroupingSet::GroupingSets(all))];
            }
        }
        Ok(Self {
            exprs,
            columns,
            aside,
        })
    }

    /// Whether there are totals beside the cells.
    pub(super) fn has_totals(&self) -> bool {
        matches!(self.exprs.as_slice(), [Expr::GroupingSet(_)])
    }

    /// How many columns of the aggregate come before its measures: with totals, the id of the grouping set is one.
    pub(super) fn width(&self) -> usize {
        self.columns.len() + usize::from(self.has_totals())
    }
}
