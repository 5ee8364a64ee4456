//! A pattern that holds, fast: complete the lines, audit, repair, audit again.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::{Audit, Finding, Pattern, audit};
use super::lines::Lines;
use super::table::{Relation, State, Table};
use super::watch::Watch;

/// How often a pattern is repaired before a margin is given up.
pub(super) const ROUNDS: usize = 40;

/// Why no pattern was found.
#[derive(Debug)]
pub(super) enum Failure {
    /// What could still be computed when nothing more could be done about it.
    Found(Vec<Finding>),
    /// It took more work than there was.
    TooLong,
}

/// Hides more than `start` until an audit finds nothing; repairs at most so many times, and as long as there is `work` left.
///
/// # Errors
/// See [`Failure`].
pub(super) fn heuristic(
    table: &Table,
    start: &Pattern,
    k: u32,
    rounds: usize,
    work: &mut u64,
) -> Result<(Pattern, Audit), Failure> {
    let lines = Lines::of(table, start, k);
    let mut watch = lines.watch(&start.hidden);
    let now = |watch: &Watch| Pattern {
        hidden: watch.hidden().to_vec(),
        dropped: start.dropped.clone(),
    };
    watch.complete();
    watch.thin();
    let mut pattern = now(&watch);
    let mut audited = audit(table, &pattern, k, work).ok_or(Failure::TooLong)?;
    for _ in 0..rounds {
        let findings = &audited.findings;
        if findings.is_empty() {
            return Ok((pattern, audited));
        }
        let idle = |finding: &Finding| match finding.cells[..] {
            [cell] => table.cells[cell].state == State::Open,
            _ => false,
        };
        if findings.iter().all(idle) {
            // Secondary cells that can be computed anyway: shown, they tell nothing more.
            for finding in findings {
                for &cell in &finding.cells {
                    watch.show(cell);
                }
            }
        } else {
            let mut stuck = true;
            let pressing = findings.iter().filter(|finding| !idle(finding));
            for Finding { breakers, .. } in pressing {
                if breakers.iter().any(|&cell| watch.hidden()[cell]) {
                    continue;
                }
                let best = breakers
                    .iter()
                    .copied()
                    .min_by_key(|&cell| (watch.price(cell), cell));
                if let Some(best) = best {
                    watch.hide(best);
                    stuck = false;
                }
            }
            if stuck {
                break;
            }
            watch.complete();
        }
        pattern = now(&watch);
        audited = audit(table, &pattern, k, work).ok_or(Failure::TooLong)?;
    }
    if audited.findings.is_empty() {
        return Ok((pattern, audited));
    }
    Err(Failure::Found(audited.findings))
}

/// Which margin to give up for what can still be computed: the one with fewest cells among those whose totals are computed with; if
/// they are all gone, the one with fewest cells of all. `None` when none is left.
pub(super) fn give_up(table: &Table, findings: &[Finding], dropped: &[u32]) -> Option<u32> {
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    let mut could_show: BTreeSet<u32> = BTreeSet::new();
    for cell in &table.cells {
        if cell.state != State::Unlisted && !dropped.contains(&cell.margin) {
            *sizes.entry(cell.margin).or_default() += 1;
        }
        if cell.state == State::Open {
            could_show.insert(cell.margin);
        }
    }
    // To give up what is hidden anyway hides nothing.
    sizes.retain(|margin, _| could_show.contains(margin));
    let found: BTreeSet<usize> = findings
        .iter()
        .flat_map(|finding| finding.cells.iter().copied())
        .collect();
    let involved: BTreeSet<u32> = table
        .figures
        .iter()
        .flat_map(|figure| &figure.relations)
        .map(Relation::members)
        .filter(|(total, parts)| {
            found.contains(total) || parts.iter().any(|part| found.contains(part))
        })
        .map(|(total, _)| table.cells[total].margin)
        .collect();
    let fewest = |margins: &mut dyn Iterator<Item = (u32, usize)>| {
        margins.min_by_key(|&(margin, cells)| (cells, margin))
    };
    let margins = || sizes.iter().map(|(&margin, &cells)| (margin, cells));
    fewest(&mut margins().filter(|(margin, _)| involved.contains(margin)))
        .or_else(|| fewest(&mut margins()))
        .map(|(margin, _)| margin)
}
