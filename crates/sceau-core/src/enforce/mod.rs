//! What holds a policy up: nothing a researcher writes runs on a row, or sees a value, that the permit hides.
//!
//! A projection of masks over a filter over a scan leaks: the optimizer merges and reorders predicates, and an expression
//! that fails prints the value it failed on. Here a table is one leaf instead, and four things stand around it:
//!
//! 1. [`ProtectedTable`], the only thing in any catalog, shows the authorised schema and cannot be scanned;
//! 2. [`EnforcePolicies`], an optimizer rule, puts an [`AuthorizedScan`] in its place;
//! 3. [`PolicyExec`], the leaf operator, evaluates the row policy on stored batches and the masks on what is left;
//! 4. the front gate allows plan nodes and functions by list, the final gate checks that every source of the physical
//!    plan sits under a [`PolicyExec`].
//!
//! Without the rule the table cannot be read; without the table there is nothing to read; without the leaf the final gate
//! refuses. No one of them is relied on alone.

mod authorized_scan;
mod binding;
mod contributor;
mod estimate;
mod final_gate;
mod front_gate;
mod hidden_failure;
mod lasting;
mod leakproof;
mod listed_names;
mod parent;
mod parent_join;
mod people;
mod policy_exec;
mod protected_table;
mod rule;
mod shown_only;
mod total;

pub use authorized_scan::AuthorizedScan;
pub use binding::Binding;
pub(crate) use contributor::Contributors;
pub use contributor::{CONTRIBUTOR, CountedBy};
pub use final_gate::{UnprotectedSource, check_physical_plan};
pub(crate) use front_gate::{FrontGate, Refusal, check_text, settle_groupings};
pub(crate) use hidden_failure::Hidden;
pub use hidden_failure::HiddenFailure;
pub(crate) use listed_names::ListedNames;
pub(crate) use parent::{KeyPart, ParentCheck};
pub(crate) use parent_join::{ExpectParentJoins, by_flux, leave_parents_to_joins};
pub(crate) use people::{ListRole, PeopleList, Persons, Referential, Space};
pub use policy_exec::PolicyExec;
pub use protected_table::ProtectedTable;
pub(crate) use protected_table::{NOT_ENFORCED, ProtectedTableParts};
pub use rule::EnforcePolicies;
