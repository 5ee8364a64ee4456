//! What a release must do, tried by attacking it: small tables in which the people behind every cell are known.

mod attacks;
mod brute_force;
mod differences;
mod dominance;
mod groups;
mod joins;
mod ledger;
mod nesting;
mod one_person;
mod random;
mod reports;
mod same_people;
mod sets;
mod subqueries;
mod ties;
mod totals;
mod unanimous;
mod world;
