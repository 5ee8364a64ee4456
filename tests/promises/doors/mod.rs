//! The ways past a policy that are known of an engine which embeds DataFusion, each of them tried.
//!
//! Each test names in its documentation the doors it tries, by the number they have in the project's list. Most ask the
//! same question twice, of a [`world`](world::World) that holds hidden rows full of traps and of one that holds the visible
//! cells and nothing else: what the two answer, errors included, must be the same.
//!
//! Three doors cannot be shut inside the environment, and `left_open` tries how far they open: door 49, the order in which
//! rows are stored; door 50, how long an answer takes; door 55, what answers that are allowed one by one tell together.

mod barriers;
mod beside_each_other;
mod explained;
mod failures;
mod fields_and_nulls;
mod files_and_names;
mod functions;
mod guards;
mod host_planners;
mod host_rules;
mod left_open;
mod masks;
mod odd_texts;
mod other_front_ends;
mod plans_in_code;
mod predicates;
mod settings;
mod size;
mod statements;
mod statistics;
mod world;

pub use world::stays;
