//! The ways past a policy that are known of an engine which embeds DataFusion, each of them tried.
//!
//! Each test names in its documentation the doors it tries, by the number they have in the project's list. Most ask the
//! same question twice, of a [`world`](world::World) that holds hidden rows full of traps and of one that holds the visible
//! cells and nothing else: what the two answer, errors included, must be the same.
//!
//! Doors without a test of their own, and why:
//!
//! - door 49: rows come in the order of the files unless a question orders them. If a file is sorted by a column that is
//!   masked, the order of the answer tells its rank. That stays open; store such tables in another order.
//! - door 50: how long an answer takes, and whether a cache was warm, can depend on hidden rows. That stays open.
//! - door 55: differences between answers that are allowed one by one are what releases are checked for; inside the
//!   environment they are no leak, since the rows themselves may be seen.

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
