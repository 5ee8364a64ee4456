//! What Sceau promises, one file a promise, each tried by breaking it.

#[path = "promises/fixture.rs"]
mod fixture;

#[path = "promises/a_person_is_counted_once.rs"]
mod a_person_is_counted_once;
#[path = "promises/a_release_describes_groups.rs"]
mod a_release_describes_groups;
#[path = "promises/a_release_is_reported.rs"]
mod a_release_is_reported;
#[path = "promises/a_release_waits_for_a_person.rs"]
mod a_release_waits_for_a_person;
#[path = "promises/answers_are_right_where_the_engine_errs.rs"]
mod answers_are_right_where_the_engine_errs;
#[path = "promises/answers_are_the_same_over_s3.rs"]
mod answers_are_the_same_over_s3;
#[path = "promises/answers_carry_what_they_show.rs"]
mod answers_carry_what_they_show;
#[path = "promises/attacks_on_releases.rs"]
mod attacks_on_releases;
#[path = "promises/denied_is_like_absent.rs"]
mod denied_is_like_absent;
#[path = "promises/doors/mod.rs"]
mod doors;
#[path = "promises/drift_from_the_model_is_said.rs"]
mod drift_from_the_model_is_said;
#[path = "promises/every_question_is_recorded.rs"]
mod every_question_is_recorded;
#[path = "promises/every_table_of_the_model_registers.rs"]
mod every_table_of_the_model_registers;
#[path = "promises/files_are_read_or_refused.rs"]
mod files_are_read_or_refused;
#[path = "promises/files_that_change_are_seen.rs"]
mod files_that_change_are_seen;
#[path = "promises/hidden_values_stay_hidden.rs"]
mod hidden_values_stay_hidden;
#[path = "promises/joins_go_month_by_month.rs"]
mod joins_go_month_by_month;
#[path = "promises/lists_match_or_are_refused.rs"]
mod lists_match_or_are_refused;
#[path = "promises/masks_show_what_they_say.rs"]
mod masks_show_what_they_say;
#[path = "promises/names_match_in_any_case.rs"]
mod names_match_in_any_case;
#[path = "promises/only_one_query_of_what_is_allowed.rs"]
mod only_one_query_of_what_is_allowed;
#[path = "promises/only_the_people_of_the_permit.rs"]
mod only_the_people_of_the_permit;
#[path = "promises/operators_see_how_it_ran.rs"]
mod operators_see_how_it_ran;
#[path = "promises/parents_are_checked_once.rs"]
mod parents_are_checked_once;
#[path = "promises/people_are_known_under_every_name.rs"]
mod people_are_known_under_every_name;
#[path = "promises/permits_ask_who_asks.rs"]
mod permits_ask_who_asks;
#[path = "promises/policies_hold_on_every_value.rs"]
mod policies_hold_on_every_value;
#[path = "promises/pruning_is_kept.rs"]
mod pruning_is_kept;
#[path = "promises/pseudonyms_join_within_a_project.rs"]
mod pseudonyms_join_within_a_project;
#[path = "promises/published_files_are_answered.rs"]
mod published_files_are_answered;
#[path = "promises/queries_of_epidemiologists.rs"]
mod queries_of_epidemiologists;
#[path = "promises/releases_are_held_against_each_other.rs"]
mod releases_are_held_against_each_other;
#[path = "promises/stored_tables_are_what_the_model_says.rs"]
mod stored_tables_are_what_the_model_says;
#[path = "promises/the_journal_outlives_a_kill.rs"]
mod the_journal_outlives_a_kill;
#[path = "promises/totals_are_read_or_refused.rs"]
mod totals_are_read_or_refused;
#[path = "promises/without_policies_nothing_is_read.rs"]
mod without_policies_nothing_is_read;
#[path = "promises/wrong_files_are_named.rs"]
mod wrong_files_are_named;

#[path = "promises/years_of_a_table_are_one_table.rs"]
mod years_of_a_table_are_one_table;

#[path = "promises/store.rs"]
mod store;
#[path = "promises/support/mod.rs"]
mod support;
