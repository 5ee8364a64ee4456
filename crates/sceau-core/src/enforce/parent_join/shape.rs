use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{JoinSide, JoinType, NullEquality};
use datafusion::physical_expr::Partitioning;
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_expr::utils::split_conjunction;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::exec::ParentJoinExec;
use super::flux_join::FluxJoinExec;
use crate::enforce::leakproof::loses_nothing;
use crate::enforce::policy_exec::PolicyExec;

type Plan = Arc<dyn ExecutionPlan>;

/// Whether a join does what the leaf on its probe side would do to rows whose parent is hidden; the leaf if so.
pub(in crate::enforce) fn stands_for_the_check(join: &Plan) -> Option<&PolicyExec> {
    detail_leaf(join.downcast_ref()?, JoinSide::Right, &hands_rows_on)
}

/// Whether it would, once the sides are settled and the leaf has taken in the conditions above it.
pub(super) fn may_stand_for_the_check(join: &HashJoinExec, detail: JoinSide) -> bool {
    detail_leaf(join, detail, &|node| {
        hands_rows_on(node).or_else(|| will_be_absorbed(node))
    })
    .is_some()
}

/// How details hang together with their parents in a join that can go month by month.
pub(in crate::enforce) struct FluxKey<'a> {
    /// The column of the details that is the month.
    pub(super) month: usize,
    /// Columns of the details, and the stored column of the parents that each is compared with.
    pub(super) compared: Vec<(usize, &'a str)>,
}

/// Whether an inner join does what the leaf of its detail side would do to rows whose parent is hidden, and can do it for one
/// month of the flux at a time, in any order: then nothing but the two leaves, and what hands their rows on, is below it.
pub(super) fn flux_join(join: &HashJoinExec, detail: JoinSide) -> Option<FluxKey<'_>> {
    let leaf = detail_leaf(join, detail, &hands_rows_on)?;
    let (details, parents) = match detail {
        JoinSide::Left => (join.left(), join.right()),
        _ => (join.right(), join.left()),
    };
    let (parent, of_parent) = leaf_of_rows(parents, &hands_rows_on)?;
    if *join.join_type() != JoinType::Inner
        || join.fetch().is_some()
        || parent.leaves_parents_to_join()
    {
        return None;
    }
    let (_, of_detail) = leaf_of_rows(details, &hands_rows_on)?;
    let mut compared = Vec::new();
    let mut months = None;
    for (left, right) in join.on() {
        let left = left.downcast_ref::<Column>()?.index();
        let right = right.downcast_ref::<Column>()?.index();
        let (here, there) = match detail {
            JoinSide::Left => (left, right),
            _ => (right, left),
        };
        let types = [(details, here), (parents, there)].map(|(plan, at)| {
            plan.schema()
                .fields()
                .get(at)
                .map(|of| of.data_type().clone())
        });
        let [Some(here_type), Some(there_type)] = types else {
            return None;
        };
        if here_type != there_type || !is_plain(&here_type) {
            return None;
        }
        let stored = parent.stored_name(*of_parent.get(there)?)?;
        let part = leaf.parent_key()?.month.filter(|month| {
            month.of_parent == stored
                && of_detail.get(here).and_then(|at| leaf.stored_name(*at))
                    == Some(month.here.as_str())
        });
        if part.is_some()
            && here_type == DataType::Date32
            && *parent
                .scan()
                .schema()
                .field_with_name(stored)
                .ok()?
                .data_type()
                == DataType::Date32
        {
            months = Some(here);
        }
        compared.push((here, stored));
    }
    Some(FluxKey {
        month: months?,
        compared,
    })
}

/// What an operator makes of rows: its input, and the input column behind each of its output columns.
struct Step<'a> {
    input: &'a Plan,
    /// `None`: all of them, in their order.
    columns: Option<Vec<usize>>,
}

impl<'a> Step<'a> {
    fn same(input: &'a Plan) -> Self {
        Self {
            input,
            columns: None,
        }
    }

    fn column(&self, output: usize) -> Option<usize> {
        match &self.columns {
            None => Some(output),
            Some(columns) => columns.get(output).copied(),
        }
    }
}

fn detail_leaf<'a>(
    join: &'a HashJoinExec,
    detail: JoinSide,
    step: &dyn Fn(&'a Plan) -> Option<Step<'a>>,
) -> Option<&'a PolicyExec> {
    let (probe, build) = match detail {
        JoinSide::Right => (join.right(), join.left()),
        _ => (join.left(), join.right()),
    };
    let throws_away = matches!(
        (join.join_type(), detail),
        (
            JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi,
            _
        ) | (JoinType::Left, JoinSide::Right)
            | (JoinType::Right, JoinSide::Left)
    );
    let plainly = join.filter().is_none()
        && !join.null_aware
        && join.null_equality() == NullEquality::NullEqualsNothing;
    if !throws_away || !plainly {
        return None;
    }
    let (leaf, columns) = leaf_of_rows(probe, step)?;
    let key = leaf.parent_key()?;
    if !leaf.shows_stored_columns_only() {
        return None;
    }
    // Which stored column here is compared with which of which occurrence of the parent's leaf.
    let mut compared: Vec<(&str, Origin<'_>)> = Vec::new();
    for (left, right) in join.on() {
        let (here, there) = match detail {
            JoinSide::Right => (right, left),
            _ => (left, right),
        };
        let here = here.downcast_ref::<Column>()?.index();
        let data_type = probe.schema().fields().get(here)?.data_type().clone();
        if !is_plain(&data_type) {
            return None;
        }
        let Some(there) = there.downcast_ref::<Column>() else {
            continue;
        };
        let same = build
            .schema()
            .fields()
            .get(there.index())
            .is_some_and(|field| field.data_type() == &data_type);
        let stored = leaf.stored_name(*columns.get(here)?)?;
        match origin(build, there.index()) {
            Some(origin) if same => compared.push((stored, origin)),
            _ => {}
        }
    }
    let is_parent = |origin: &Origin<'_>| {
        origin.leaf.table() == key.parent && origin.leaf.binding() == leaf.binding()
    };
    let whole = compared.iter().any(|(_, first)| {
        is_parent(first)
            && key.parts.iter().all(|part| {
                !part.as_text
                    && compared.iter().any(|(here, origin)| {
                        origin.path == first.path
                            && *here == part.here
                            && origin.stored == part.of_parent
                    })
            })
    });
    whole.then_some(leaf)
}

/// Values that are compared and hashed as they are, one by one.
fn is_plain(data_type: &DataType) -> bool {
    !data_type.is_nested()
        && !data_type.is_floating()
        && !matches!(
            data_type,
            DataType::Dictionary(..) | DataType::RunEndEncoded(..)
        )
}

/// The leaf from which every row of a plan comes as it is, and the leaf's column behind each of the plan's.
fn leaf_of_rows<'a>(
    plan: &'a Plan,
    step: &dyn Fn(&'a Plan) -> Option<Step<'a>>,
) -> Option<(&'a PolicyExec, Vec<usize>)> {
    let mut columns: Vec<usize> = (0..plan.schema().fields().len()).collect();
    let mut node = plan;
    loop {
        if let Some(leaf) = node.downcast_ref::<PolicyExec>() {
            return Some((leaf, columns));
        }
        let down = step(node)?;
        for column in &mut columns {
            *column = down.column(*column)?;
        }
        node = down.input;
    }
}

/// Operators that neither look at a row nor leave one out, and can fail on none.
fn hands_rows_on(node: &Plan) -> Option<Step<'_>> {
    if let Some(projection) = node.downcast_ref::<ProjectionExec>() {
        return picked(projection);
    }
    if let Some(dealt) = node.downcast_ref::<RepartitionExec>() {
        let by_rows = match dealt.partitioning() {
            Partitioning::RoundRobinBatch(_) => true,
            Partitioning::Hash(by, _) => by.iter().all(|by| {
                by.downcast_ref::<Column>()
                    .and_then(|by| dealt.schema().fields().get(by.index()).cloned())
                    .is_some_and(|field| is_plain(field.data_type()))
            }),
            _ => false,
        };
        return (by_rows && !dealt.preserve_order()).then(|| Step::same(dealt.input()));
    }
    if let Some(gathered) = node.downcast_ref::<CoalescePartitionsExec>() {
        return gathered
            .fetch()
            .is_none()
            .then(|| Step::same(gathered.input()));
    }
    node.downcast_ref::<CooperativeExec>()
        .map(|node| Step::same(node.input()))
}

/// A filter directly above a leaf that will take all of it in.
fn will_be_absorbed(node: &Plan) -> Option<Step<'_>> {
    let filter = node.downcast_ref::<FilterExec>()?;
    let leaf = filter.input().downcast_ref::<PolicyExec>()?;
    let all = filter.fetch().is_none()
        && split_conjunction(filter.predicate())
            .into_iter()
            .all(|condition| leaf.would_absorb(condition));
    all.then(|| filtered(filter))
}

/// Where a column of a plan comes from: a stored column, and the occurrence of the leaf that shows it.
struct Origin<'a> {
    leaf: &'a PolicyExec,
    stored: &'a str,
    /// The children taken on the way down. Columns that came the same way are columns of one row.
    path: Vec<usize>,
}

/// Follows a column down through operators of which every row holds at most one row of each leaf below.
fn origin(plan: &Plan, column: usize) -> Option<Origin<'_>> {
    let (mut node, mut column, mut path) = (plan, column, Vec::new());
    loop {
        if let Some(leaf) = node.downcast_ref::<PolicyExec>() {
            let stored = leaf.stored_name(column)?;
            return Some(Origin { leaf, stored, path });
        }
        let by_flux = node.downcast_ref::<FluxJoinExec>().map(FluxJoinExec::join);
        let (child, down) = match by_flux.or_else(|| node.downcast_ref::<HashJoinExec>()) {
            Some(join) => through_join(join, &mut column)?,
            None => (0, keeps_rows_whole(node)?),
        };
        column = down.column(column)?;
        path.push(child);
        node = down.input;
    }
}

/// The side of a join that a column comes from; `column` becomes its position there.
fn through_join<'a>(join: &'a HashJoinExec, column: &mut usize) -> Option<(usize, Step<'a>)> {
    if let Some(projection) = join.projection.as_ref() {
        *column = *projection.get(*column)?;
    }
    let left = join.left().schema().fields().len();
    let right = join.right().schema().fields().len();
    let in_left = match join.join_type() {
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => *column < left,
        JoinType::LeftSemi | JoinType::LeftAnti => true,
        JoinType::RightSemi | JoinType::RightAnti => false,
        JoinType::LeftMark | JoinType::RightMark => return None,
    };
    if in_left {
        return Some((0, Step::same(join.left())));
    }
    if !matches!(join.join_type(), JoinType::RightSemi | JoinType::RightAnti) {
        *column = column.checked_sub(left)?;
    }
    (*column < right).then(|| (1, Step::same(join.right())))
}

/// Operators that drop, order or widen rows.
fn keeps_rows_whole(node: &Plan) -> Option<Step<'_>> {
    if let Some(filter) = node.downcast_ref::<FilterExec>() {
        return Some(filtered(filter));
    }
    if let Some(projection) = node.downcast_ref::<ProjectionExec>() {
        return Some(computed(projection));
    }
    let same = node.is::<RepartitionExec>()
        || node.is::<CoalescePartitionsExec>()
        || node.is::<CooperativeExec>()
        || node.is::<SortExec>()
        || node.is::<SortPreservingMergeExec>()
        || node.is::<GlobalLimitExec>()
        || node.is::<LocalLimitExec>()
        || node.is::<ParentJoinExec>();
    let [input] = <[_; 1]>::try_from(node.children()).ok()?;
    same.then(|| Step::same(input))
}

fn filtered(filter: &FilterExec) -> Step<'_> {
    Step {
        input: filter.input(),
        columns: filter.projection().as_ref().map(|columns| columns.to_vec()),
    }
}

/// A projection of nothing but columns, perhaps as wider whole numbers.
fn picked(projection: &ProjectionExec) -> Option<Step<'_>> {
    let columns = projection
        .expr()
        .iter()
        .map(|part| position(&part.expr, projection.input()))
        .collect::<Option<Vec<usize>>>()?;
    Some(Step {
        input: projection.input(),
        columns: Some(columns),
    })
}

/// Any projection; columns that it computes come from nowhere.
fn computed(projection: &ProjectionExec) -> Step<'_> {
    let columns = projection
        .expr()
        .iter()
        .map(|part| position(&part.expr, projection.input()).unwrap_or(usize::MAX))
        .collect();
    Step {
        input: projection.input(),
        columns: Some(columns),
    }
}

/// The column that an expression is, or of which it is the value as a wider whole number: that cannot fail, and keeps
/// different values different. The SNDS stores two of the nine keys as other numbers in some tables than in ER_PRS_F.
fn position(expr: &Arc<dyn PhysicalExpr>, input: &Plan) -> Option<usize> {
    if let Some(column) = expr.downcast_ref::<Column>() {
        return Some(column.index());
    }
    let widened = expr.downcast_ref::<CastExpr>()?;
    let column = widened.expr().downcast_ref::<Column>()?.index();
    let schema = input.schema();
    let from = schema.fields().get(column)?.data_type();
    let to = widened.cast_type();
    (from.is_integer() && to.is_integer() && loses_nothing(from, to)).then_some(column)
}
