//! Secondary suppression: hiding more, so that what is hidden cannot be computed back.
//!
//! A cell that rests on too few people is hidden, but its line's total and the line's other cells give it away. [`protect`] hides further
//! cells until two things hold, and proves that they do:
//!
//! * **E**: no hidden cell can be computed exactly;
//! * **U**: no sum of hidden cells that can be computed rests on 1 to *k* - 1 people.
//!
//! # The attacker
//!
//! Knows every released figure; which cells are hidden, and nothing of why (primary and secondary ones look the same); every
//! [`Relation`] of the table; that figures are integers, and not below [`Figure::least`]; and that what is neither shown nor hidden is
//! zero. A figure *can be computed* when it is the same in all tables of integers that fit this.
//!
//! | setting | what it changes |
//! |---|---|
//! | `withheld = "mask"` | A shown key without figures says that the group is not empty: `least` is 1 for counts of rows and people. |
//! | `withheld = "omit"` | A hidden cell looks like one without rows: `least` is 0. The attacker is taken to know the hidden cells even so. |
//! | rounding | Takes knowledge away only: what holds for exact figures holds for rounded ones. Intervals are those of exact figures. |
//!
//! What is **not** covered: that a hidden cell which is known to be primary (because it is alone, say) has fewer than *k* people, which narrows its
//! interval; conclusions from how patterns are chosen; what an attacker knows of single people in a hidden cell; how narrow an
//! interval is beyond not being a point; differences of hidden cells (one exceeds another by five); relations that
//! are not in the table, between columns (a cell has no more people than rows, or everybody in it the same amount) or to other releases.
//!
//! # How
//!
//! `lines` completes a pattern line by line, the cheapest cell first. `audit` looks for what can be computed: exact elimination gives
//! all displacements of the true table that the equations allow; those that stay within the bounds are other tables, and what none of them
//! changes is looked at by linear programmes. `pattern` repairs and audits again. `minimum` searches small tables for the least pattern. When nothing
//! helps, a margin is dropped as a whole, and the rest is proved. All of it is bounded by counts of what is gone through: a table too
//! large for them is an error.
//!
//! ```
//! use sceau_kanon::suppress::{Cell, Figure, Method, People, Relation, State, Table, protect};
//!
//! // GROUP BY ROLLUP (dep): 20, 15, 3, and 38 in all.
//! let cell = |people, cost, state| Cell { people, cost, state, margin: 0 };
//! let table = Table {
//!     cells: vec![
//!         cell(People::Many, 20, State::Open),
//!         cell(People::Many, 15, State::Open),
//!         cell(People::Few(vec![7, 8, 9]), 3, State::Primary),
//!         cell(People::Many, 38, State::Open),
//!     ],
//!     figures: vec![Figure {
//!         name: "count(*)".into(),
//!         values: vec![20, 15, 3, 38],
//!         relations: vec![Relation::Adds { total: 3, parts: vec![0, 1, 2] }],
//!         least: Some(0),
//!     }],
//! };
//! let protection = protect(&table, 11)?;
//! assert_eq!(protection.hidden, [false, true, true, false]);
//! assert_eq!(protection.method, Method::Minimum);
//! assert!(protection.proof.intervals.iter().all(|of| (of.low, of.high) == (Some(0), Some(18))));
//! # Ok::<_, sceau_kanon::suppress::TableError>(())
//! ```

mod attacker;
mod audit;
mod explain;
mod lattice;
mod lines;
mod minimum;
mod pattern;
mod proof;
mod table;
mod watch;

pub use lattice::{Column, Kind, Row, grouping_sets};
pub use proof::{Interval, Method, Proof, Protection};
pub use table::{Cell, Figure, People, Relation, State, Table, TableError};

use audit::{Pattern, audit, prove};
use pattern::Failure;

/// Hides what must be hidden so that no primary cell, and no sum of too few people, can be computed.
///
/// The same table gives the same answer every time: searches are bounded by counts, never by time.
///
/// # Errors
/// The table's parts do not fit together: see [`Table::check`]. It is so large that the bound on the search is met before a pattern is
/// shown to hold: [`TableError::TooLong`].
pub fn protect(table: &Table, k: u32) -> Result<Protection, TableError> {
    table.check(k)?;
    protect_within(table, k, pattern::ROUNDS, WORK)
}

/// What the search for a pattern may take, in entries of equations gone through: some ten seconds.
const WORK: u64 = 400_000_000;

fn protect_within(
    table: &Table,
    k: u32,
    rounds: usize,
    mut work: u64,
) -> Result<Protection, TableError> {
    let mut start = Pattern {
        hidden: table
            .cells
            .iter()
            .map(|cell| matches!(cell.state, State::Primary | State::Unseen))
            .collect(),
        dropped: vec![false; table.cells.len()],
    };
    let count = |pattern: &Pattern| pattern.hidden.iter().filter(|&&hidden| hidden).count();
    let primary = count(&start);
    if primary == 0 {
        return Ok(Protection {
            hidden: start.hidden,
            dropped: Vec::new(),
            method: Method::Nothing,
            proof: Proof::default(),
        });
    }
    let mut dropped = Vec::new();
    let ((pattern, audit), method) = loop {
        match pattern::heuristic(table, &start, k, rounds, &mut work) {
            Ok(found) if dropped.is_empty() => {
                let most = count(&found.0) - primary;
                match minimum::minimum(table, &start, k, most, &mut work) {
                    Some(least) => break (least, Method::Minimum),
                    None => break (found, Method::Heuristic),
                }
            }
            Ok(found) => break (found, Method::Margins),
            Err(Failure::TooLong) => return Err(TableError::TooLong),
            Err(Failure::Found(findings)) => {
                let Some(margin) = pattern::give_up(table, &findings, &dropped) else {
                    // Everything is hidden.
                    let audit = audit(table, &start, k, &mut work).ok_or(TableError::TooLong)?;
                    break ((start, audit), Method::Margins);
                };
                dropped.push(margin);
                for (cell, of) in table.cells.iter().enumerate() {
                    if of.margin == margin && matches!(of.state, State::Open | State::Primary) {
                        start.hidden[cell] = true;
                        start.dropped[cell] = true;
                    }
                }
            }
        }
    };
    Ok(Protection {
        proof: prove(table, &pattern, &audit),
        hidden: pattern.hidden,
        dropped,
        method,
    })
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod large;
#[cfg(test)]
mod random;
