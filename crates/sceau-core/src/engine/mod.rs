//! Rules that make DataFusion 55's answers right, and the same each time.
//!
//! None of them knows a policy. They mend what was seen to give wrong rows, what fails without need, and what lets the order
//! of an answer depend on how fast its parts were read:
//!
//! - [`ForgetConstants`]: a key of ROLLUP, CUBE or GROUPING SETS, a column of the side of an outer join that NULLs are
//!   filled in for, or what each part of a UNION has a value of its own for, is no constant above it, even if it was one
//!   below.
//! - [`ReadInOrder`]: in one partition, the parts of a UNION come one after the other.
//! - [`SettleRounding`]: `round` of a decimal has one type, so that it can be compared with others.
//! - [`CompareOneKindOfText`]: `levenshtein` takes texts that are stored in two ways.
//!
//! [`soundly`] puts the physical ones where they belong among DataFusion's own rules, [`analyzed_soundly`] the last. An
//! application that compares answers with plain DataFusion's wants them on both sides.

mod calls;
mod constants;
mod in_order;
mod opaque;
mod rounding;
mod texts;

use std::sync::Arc;

use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_optimizer::PhysicalOptimizerRule;

pub use constants::ForgetConstants;
pub use in_order::ReadInOrder;
pub use rounding::SettleRounding;
pub(crate) use rounding::settle_rounding;
pub use texts::CompareOneKindOfText;
pub(crate) use texts::compare_one_kind_of_text;

/// Physical rules with those of this module among them: constants are forgotten before any other rule builds on them, and
/// the order of reading is the last thing that is settled.
///
/// ```
/// use datafusion::execution::SessionStateBuilder;
/// use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
///
/// let state = SessionStateBuilder::new()
///     .with_default_features()
///     .with_physical_optimizer_rules(sceau_core::engine::soundly(PhysicalOptimizer::new().rules))
///     .build();
/// # let _ = state;
/// ```
pub fn soundly(
    rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>,
) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut sound: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> =
        vec![Arc::new(ForgetConstants)];
    sound.extend(rules);
    sound.push(Arc::new(ReadInOrder));
    sound
}

/// Analyzer rules with those of this module among them: types are settled before DataFusion makes others go with them.
///
/// ```
/// use datafusion::execution::SessionStateBuilder;
/// use datafusion::optimizer::Analyzer;
///
/// let state = SessionStateBuilder::new()
///     .with_default_features()
///     .with_analyzer_rules(sceau_core::engine::analyzed_soundly(Analyzer::new().rules))
///     .build();
/// # let _ = state;
/// ```
pub fn analyzed_soundly(
    rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>>,
) -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut sound: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![
        Arc::new(SettleRounding::new()),
        Arc::new(CompareOneKindOfText::new()),
    ];
    sound.extend(rules);
    sound
}
