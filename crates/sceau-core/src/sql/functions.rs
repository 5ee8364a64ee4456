//! The functions a question may call.
//!
//! The list starts from nothing. Left out on purpose: what tells of files and rows (`file_row_index`, `input_file_name`,
//! `arrow_metadata`, `with_metadata`, `arrow_field`), what tells of the engine (`version`), what makes values out of
//! nothing without bound (`repeat`, `range`, `generate_series`, `array_repeat`, `array_resize`), what never gives the
//! same answer twice (`random`, `uuid`), and digests, with which a guessed identifier could be tested.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

/// The scalar, aggregate and window functions of a session.
#[derive(Debug, Clone)]
pub(crate) struct FunctionRegistry {
    scalar: HashMap<String, Arc<ScalarUDF>>,
    aggregate: HashMap<String, Arc<AggregateUDF>>,
    window: HashMap<String, Arc<WindowUDF>>,
}

impl FunctionRegistry {
    /// The functions of DataFusion that are on the allow-list, with those of their aliases that are.
    pub(crate) fn allowed() -> Self {
        let mut registry = Self {
            scalar: HashMap::new(),
            aggregate: HashMap::new(),
            window: HashMap::new(),
        };
        for function in SessionStateDefaults::default_scalar_functions() {
            if SCALAR.contains(&function.name()) {
                registry.scalar.insert(function.name().to_owned(), function);
            }
        }
        for function in SessionStateDefaults::default_aggregate_functions() {
            if AGGREGATE.contains(&function.name()) {
                registry
                    .aggregate
                    .insert(function.name().to_owned(), function);
            }
        }
        for function in SessionStateDefaults::default_window_functions() {
            if WINDOW.contains(&function.name()) {
                registry.window.insert(function.name().to_owned(), function);
            }
        }
        registry
    }

    pub(crate) fn scalar(&self) -> Vec<Arc<ScalarUDF>> {
        self.scalar.values().cloned().collect()
    }

    pub(crate) fn aggregate(&self) -> Vec<Arc<AggregateUDF>> {
        self.aggregate.values().cloned().collect()
    }

    pub(crate) fn window(&self) -> Vec<Arc<WindowUDF>> {
        self.window.values().cloned().collect()
    }

    /// Whether this very function, not just one of its name, is on the list.
    pub(crate) fn has_scalar(&self, function: &ScalarUDF) -> bool {
        self.scalar
            .get(function.name())
            .is_some_and(|known| known.as_ref() == function)
    }

    pub(crate) fn has_aggregate(&self, function: &AggregateUDF) -> bool {
        self.aggregate
            .get(function.name())
            .is_some_and(|known| known.as_ref() == function)
    }

    pub(crate) fn has_window(&self, function: &WindowUDF) -> bool {
        self.window
            .get(function.name())
            .is_some_and(|known| known.as_ref() == function)
    }

    /// Whether a word followed by a parenthesis is the call of a function, by any of its names.
    pub(crate) fn is_function(&self, folded: &str) -> bool {
        self.scalar
            .values()
            .any(|f| named(f.name(), f.aliases(), folded))
            || self
                .aggregate
                .values()
                .any(|f| named(f.name(), f.aliases(), folded))
            || self
                .window
                .values()
                .any(|f| named(f.name(), f.aliases(), folded))
    }
}

fn named(name: &str, aliases: &[String], folded: &str) -> bool {
    name == folded || aliases.iter().any(|alias| alias == folded)
}

const SCALAR: &[&str] = &[
    // numbers
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "cot",
    "degrees",
    "exp",
    "factorial",
    "floor",
    "gcd",
    "isnan",
    "iszero",
    "lcm",
    "ln",
    "log",
    "log10",
    "log2",
    "nanvl",
    "pi",
    "power",
    "radians",
    "round",
    "signum",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
    // text
    "ascii",
    "bit_length",
    "btrim",
    "character_length",
    "chr",
    "concat",
    "concat_ws",
    "contains",
    "ends_with",
    "find_in_set",
    "initcap",
    "left",
    "levenshtein",
    "lower",
    "lpad",
    "ltrim",
    "octet_length",
    "overlay",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "substr_index",
    "to_hex",
    "translate",
    "upper",
    // dates
    "current_date",
    "current_time",
    "date_bin",
    "date_part",
    "date_trunc",
    "from_unixtime",
    "make_date",
    "make_time",
    "now",
    "to_char",
    "to_date",
    "to_local_time",
    "to_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
    // choice and types
    "arrow_cast",
    "arrow_try_cast",
    "arrow_typeof",
    "coalesce",
    "greatest",
    "least",
    "nullif",
    "nvl",
    "nvl2",
    // structures and lists
    "get_field",
    "named_struct",
    "struct",
    "array_append",
    "array_concat",
    "array_distinct",
    "array_element",
    "array_except",
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_intersect",
    "array_length",
    "array_max",
    "array_min",
    "array_position",
    "array_positions",
    "array_prepend",
    "array_remove",
    "array_remove_all",
    "array_reverse",
    "array_slice",
    "array_sort",
    "array_to_string",
    "array_union",
    "cardinality",
    "empty",
    "flatten",
    "make_array",
    "string_to_array",
];

const AGGREGATE: &[&str] = &[
    "any_value",
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "approx_percentile_cont_with_weight",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "first_value",
    "grouping",
    "last_value",
    "max",
    "median",
    "min",
    "nth_value",
    "percentile_cont",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev",
    "stddev_pop",
    "string_agg",
    "sum",
    "var",
    "var_pop",
];

const WINDOW: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_list_exists() {
        let registry = FunctionRegistry::allowed();
        let missing: Vec<_> = SCALAR
            .iter()
            .filter(|name| !registry.scalar.contains_key(**name))
            .chain(
                AGGREGATE
                    .iter()
                    .filter(|name| !registry.aggregate.contains_key(**name)),
            )
            .chain(
                WINDOW
                    .iter()
                    .filter(|name| !registry.window.contains_key(**name)),
            )
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn functions_that_tell_of_files_rows_or_the_engine_are_not_on_the_list() {
        let registry = FunctionRegistry::allowed();
        for name in [
            "file_row_index",
            "input_file_name",
            "arrow_metadata",
            "with_metadata",
            "arrow_field",
            "version",
            "random",
            "uuid",
            "repeat",
            "range",
            "generate_series",
            "md5",
            "sha256",
            "digest",
        ] {
            assert!(!registry.is_function(name), "{name}");
        }
    }
}
