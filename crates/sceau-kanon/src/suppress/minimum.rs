//! The smallest pattern that holds, for tables small enough.
//!
//! Whatever can be computed names open cells one of which must be hidden before it no longer can: the others of a line, or those
//! that an audit's computation needs. So the patterns that hold are found by branching over these, and a cell whose branch is done is
//! barred from the next ones. Sizes are tried in order.

use super::audit::{Audit, Pattern, audit};
use super::lines::Lines;
use super::table::Table;

/// How many cells a table may have, how many patterns may be looked at, and how much work their audits may be.
const CELLS: usize = 200;
const NODES: u32 = 100_000;
const WORK: u64 = 100_000;

/// The pattern that hides fewest cells more than `start`, and of these the one that costs least; it hides at most `most` more. `None`
/// if the search got too long.
pub(super) fn minimum(
    table: &Table,
    start: &Pattern,
    k: u32,
    most: usize,
    left: &mut u64,
) -> Option<(Pattern, Audit)> {
    if table.cells.len() > CELLS {
        return None;
    }
    let lines = Lines::of(table, start, k);
    let mut search = Search {
        table,
        k,
        reach: lines.most().max(1),
        lines,
        pattern: start.clone(),
        barred: vec![false; table.cells.len()],
        nodes: NODES,
        work: 0,
        left,
        best: None,
    };
    for size in 0..=most {
        search.extend(size, 0)?;
        if let Some(best) = search.best {
            let pattern = Pattern {
                hidden: best.hidden,
                dropped: start.dropped.clone(),
            };
            return Some((pattern, best.audit));
        }
    }
    None
}

struct Search<'a> {
    table: &'a Table,
    k: u32,
    lines: Lines<'a>,
    /// The most lines that one more hidden cell can mend.
    reach: usize,
    pattern: Pattern,
    barred: Vec<bool>,
    nodes: u32,
    work: u64,
    left: &'a mut u64,
    best: Option<Best>,
}

struct Best {
    cost: u64,
    hidden: Vec<bool>,
    audit: Audit,
}

impl Search<'_> {
    /// Looks at all patterns with at most `left` more cells. `None` when it takes too long.
    fn extend(&mut self, left: usize, cost: u64) -> Option<()> {
        self.nodes = self.nodes.checked_sub(1)?;
        if self.best.as_ref().is_some_and(|best| cost >= best.cost) {
            return Some(());
        }
        let watch = self.lines.watch(&self.pattern.hidden);
        let showing = watch.showing();
        if showing.len() > left * self.reach {
            return Some(());
        }
        let open = |cell: &usize| !self.barred[*cell];
        let branches: Vec<usize> = if showing.is_empty() {
            if self.work > WORK {
                return None;
            }
            let audit = audit(self.table, &self.pattern, self.k, self.left)?;
            self.work += audit.size();
            let of_each = (audit.findings.iter())
                .map(|finding| finding.breakers.iter().copied().filter(open).collect());
            match of_each.min_by_key(|breakers: &Vec<usize>| breakers.len()) {
                Some(breakers) => breakers,
                None => {
                    self.best = Some(Best {
                        cost,
                        hidden: self.pattern.hidden.clone(),
                        audit,
                    });
                    return Some(());
                }
            }
        } else {
            let of_each = (showing.into_iter()).map(|line| watch.open(line).filter(open).collect());
            of_each
                .min_by_key(|cells: &Vec<usize>| cells.len())
                .unwrap_or_default()
        };
        if left == 0 {
            return Some(());
        }
        for &cell in &branches {
            self.pattern.hidden[cell] = true;
            self.extend(left - 1, cost.saturating_add(self.table.cells[cell].cost))?;
            self.pattern.hidden[cell] = false;
            self.barred[cell] = true;
        }
        for cell in branches {
            self.barred[cell] = false;
        }
        Some(())
    }
}
