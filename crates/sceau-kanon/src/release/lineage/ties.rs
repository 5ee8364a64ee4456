//! Who is joined with others, and by what.
//!
//! `t a JOIN t b ON a.dep = b.dep WHERE b.age = 103 OR b.dep = 'B'` has everybody of B, and of the département of whoever is 103:
//! so many people on both sides that counting them tells nothing, and yet one of them decided. Only where each group that
//! is made by what they have in common is a cell of its own, are its people counted by themselves. So people who are not joined
//! by an identifier are grouped by the columns that they are joined on, and compared in no other way.

use std::collections::BTreeSet;

use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, Join};

use super::equal::{Equalities, Origin};
use super::flow::Flow;
use crate::release::ReleaseError;

/// What the rows of several tables have been put together by.
#[derive(Debug, Clone, Default)]
pub(super) struct Ties {
    /// Readings of tables that are of the same people, since an identifier is equal.
    same: Vec<(usize, usize)>,
    made: Vec<Tie>,
}

/// One condition on the rows of several tables.
#[derive(Debug, Clone)]
struct Tie {
    /// The readings of tables on either side.
    sides: [BTreeSet<usize>; 2],
    /// The columns that it makes equal; none where it does anything else.
    equal: Option<(Origin, Origin)>,
}

impl Ties {
    pub(super) fn add(&mut self, other: &Self) {
        self.same.extend(other.same.iter().copied());
        self.made.extend(other.made.iter().cloned());
    }

    fn equate(&mut self, left: &Origin, right: &Origin) {
        if left.identifier && right.identifier {
            self.same.push((left.instance, right.instance));
        }
    }

    /// All readings that are of the same people as these.
    fn same_as(&self, readings: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut all = readings.clone();
        loop {
            let before = all.len();
            for (one, other) in &self.same {
                if all.contains(one) || all.contains(other) {
                    all.extend([*one, *other]);
                }
            }
            if all.len() == before {
                return all;
            }
        }
    }
}

impl Flow {
    /// The readings of tables that people are counted by.
    pub(super) fn instances(&self) -> BTreeSet<usize> {
        let people = self.people.iter();
        people
            .flat_map(|contributor| contributor.instances.iter().copied())
            .collect()
    }

    /// Remembers what a condition ties together.
    pub(super) fn tie(&mut self, condition: &Expr) {
        let people = self.instances();
        for part in split_conjunction(condition) {
            let equal = self.equalities_in(part).into_iter().next();
            if let Some((left, right)) = &equal {
                self.ties.equate(left, right);
            }
            let columns = part.column_refs();
            let origins: Vec<Option<Origin>> = (columns.iter())
                .map(|&column| self.origin_of(&Expr::Column(column.clone())))
                .collect();
            // What is made of columns may be of any of the people.
            let of: BTreeSet<usize> = if origins.len() > 1 && origins.contains(&None) {
                people.clone()
            } else {
                let origins = origins.into_iter().flatten();
                let of = origins.map(|origin| origin.instance);
                of.filter(|instance| people.contains(instance)).collect()
            };
            for (at, &one) in of.iter().enumerate() {
                for &other in of.iter().skip(at + 1) {
                    self.ties.made.push(Tie {
                        sides: [[one].into(), [other].into()],
                        equal: equal.clone(),
                    });
                }
            }
        }
    }

    /// Remembers what a join ties together.
    pub(super) fn tie_by(
        &mut self,
        join: &Join,
        equal: &[(Origin, Origin)],
        here: &BTreeSet<usize>,
        there: &BTreeSet<usize>,
    ) {
        for (left, right) in equal {
            self.ties.equate(left, right);
        }
        if here.is_empty() || there.is_empty() {
            return;
        }
        let sides = || [here.clone(), there.clone()];
        let made = equal.iter().map(|pair| Tie {
            sides: sides(),
            equal: Some(pair.clone()),
        });
        self.ties.made.extend(made.collect::<Vec<_>>());
        let conditions = join.on.len() + join.filter.iter().flat_map(split_conjunction).count();
        let of_one_side = join
            .filter
            .iter()
            .flat_map(split_conjunction)
            .filter(|part| {
                [&join.left, &join.right].into_iter().any(|side| {
                    let mut columns = part.column_refs().into_iter();
                    columns.all(|column| side.schema().has_column(column))
                })
            });
        if conditions > equal.len() + of_one_side.count() {
            self.ties.made.push(Tie {
                sides: sides(),
                equal: None,
            });
        }
    }

    /// # Errors
    /// When people are joined with others by anything else than columns that are grouped by.
    pub(super) fn check_strangers(&self, keys: &[Expr]) -> Result<(), ReleaseError> {
        let grouped: Vec<Origin> = keys.iter().filter_map(|key| self.origin_of(key)).collect();
        let equalities = Equalities::new(&self.equal);
        let is_grouped = |column: &Origin| {
            let mut equal = equalities.of(column);
            equal.any(|column| grouped.contains(column))
        };
        for Tie { sides, equal } in &self.ties.made {
            let [here, there] = sides;
            let strangers = self.ties.same_as(here).is_disjoint(there);
            let apart = equal
                .as_ref()
                .is_some_and(|(left, right)| is_grouped(left) || is_grouped(right));
            if strangers && !apart {
                return Err(ReleaseError::not_releasable(
                    "a join of people with other people",
                    "join by the person's identifier, or group by the columns that they are joined on",
                ));
            }
        }
        Ok(())
    }
}
