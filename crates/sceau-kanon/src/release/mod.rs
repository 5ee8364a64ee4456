//! The way out: a question whose answer describes at least *k* people a cell.
//!
//! A [`Releaser`] rewrites the plan of a question so that every row carries the people behind it, counts them where rows
//! become cells, and puts a gate above that aggregate: what breaks a rule does not come out of it, so HAVING, ORDER BY, LIMIT
//! and windows see only what may be seen. Everything a plan can hold is allowed by list; what is on none is refused with what
//! to ask instead.
//!
//! # The rules
//!
//! | rule | a cell is withheld if | from | how it is computed |
//! |---|---|---|---|
//! | `people` | fewer than *k* distinct people are behind it | CASD, PMSI: 11; OpenSAFELY: more than 7 | [`count_people`], a column of the aggregate; of each kind of identifier, where one person's kinds are not linked |
//! | `measures` | a measure, or the difference of two, is made of 1 to *k* - 1 people | differencing; case by case in the guides for output checkers | every condition of a FILTER or CASE, every missing value and every piece that these cut the cell into is counted as a cell of its own; [`people_apart`] from the value that most have, where a condition picked it |
//! | `extremes` | fewer than *k* people share a minimum or maximum | CASD, SDAP *Handbook on Statistical Disclosure Control for Outputs* | [`people_at_extreme`] |
//! | `percentiles` | fewer than *k* people lie strictly on each side, or between two | as above | [`people_beyond`] |
//! | `dominance` | the largest contributors make up too much of a sum or a mean: (n, k) or p % | Insee: 85 % for the largest; Hundepool et al. 2012 | [`top_share`], [`top_margin`] on amounts summed a person, by absolute value |
//! | `unanimous` | everybody, or nobody, of a group has a value of a sensitive column | CASD 2022, 2.3.2 | cells that agree in the other keys; both sides of a condition on such a column hold *k* people |
//! | `secondary` | it could be computed from the others and the totals, or lets a sum be computed that is of 1 to *k* - 1 people | CASD 2022, 2.3.1.2; Hundepool et al. 2012 | [`suppress`](crate::suppress), for ROLLUP, CUBE, GROUPING SETS and a UNION of margins |
//! | `differences between releases` | beside what the project received before, it tells of 1 to *k* - 1 people | differencing, and Schlörer's trackers | [`ledger`](crate::ledger), where the platform keeps one |
//!
//! Besides, whatever the number of people: rows of persons are refused, and functions that give back one value (`first_value`,
//! `any_value`, `array_agg`, `mode` and the like), wherever they stand; so are sums and means of anything but stored amounts, their
//! sums, differences, multiples and choices among them, since `sum(5 * (2 + age / 103))` counts those of that age, and so does `avg(age + 9223372036854775705)`, so that they are multiplied
//! and added to within bounds; and over rows of
//! people whatever fails on some values, since failing is an answer. What fails in a cast or a division is NULL.
//!
//! Counts are rounded if the permit says so. Totals are then sums of rounded cells, as OpenSAFELY asks: a total that is
//! rounded by itself tells in which direction its parts were.
//!
//! [`count_people`]: crate::contributors::count_people
//! [`people_apart`]: crate::contributors::people_apart
//! [`people_at_extreme`]: crate::contributors::people_at_extreme
//! [`people_beyond`]: crate::contributors::people_beyond
//! [`top_share`]: crate::dominance::top_share
//! [`top_margin`]: crate::dominance::top_margin

mod cells;
mod error;
mod gate;
mod lineage;
mod persons;
mod received;
mod releaser;
mod report;
mod review;
mod total;
mod withheld;
mod write;

pub use cells::Release;
pub use error::ReleaseError;
pub use releaser::Releaser;
pub use report::{Dossier, Report, RuleReport};
pub use review::{
    Decision, Quarantine, QuarantineError, ReleaseReviewer, Review, ReviewFailed, Verdict, Waiting,
};
pub use withheld::{Interval, WithheldCell};
pub use write::{CsvOptions, Formulas, WriteError, json_columns_and_rows};

#[cfg(test)]
mod cases;
