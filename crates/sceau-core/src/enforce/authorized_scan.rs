use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result, internal_err};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::estimate::{expected_of_lists, selectivity};
use super::hidden_failure::{Hidden, HiddenFailure};
use super::leakproof::is_leakproof;
use super::parent::ParentGuard;
use super::people::{ListRole, PeopleGuard, Space};
use super::policy_exec::{Guard, Leaf, Output, PolicyExec};
use super::protected_table::Inner;
use crate::permit::ColumnValue;

/// A protected table in a plan whose policies are enforced: scanning it gives a [`PolicyExec`].
///
/// Only [`EnforcePolicies`](super::EnforcePolicies) makes one.
#[derive(Debug)]
pub struct AuthorizedScan {
    inner: Arc<Inner>,
    with_contributor: bool,
}

impl AuthorizedScan {
    pub(super) fn new(inner: Arc<Inner>, with_contributor: bool) -> Self {
        Self {
            inner,
            with_contributor,
        }
    }

    /// Whose question this scan belongs to.
    pub fn binding(&self) -> &super::Binding {
        &self.inner.binding
    }

    /// The stored name of an authorised column that is shown as stored and is a partition of the table's files.
    fn clear_partition(&self, column: &Column) -> Option<&str> {
        let stored = self
            .inner
            .policy
            .columns
            .iter()
            .find(|known| known.name == column.name)
            .and_then(|known| match &known.value {
                ColumnValue::Clear(stored) => Some(stored.as_str()),
                ColumnValue::Masked(_) => None,
            })?;
        self.inner.is_partition(stored).then_some(stored)
    }

    /// Whether a listing of the files may be asked a condition of the researcher's: it is leakproof and on partitions. One on no
    /// column would choose no file, and if it fails, then on nothing that is stored.
    fn chooses_files(&self, filter: &Expr) -> bool {
        !self.inner.strict
            && filter.any_column_refs()
            && is_leakproof(filter, &|column| self.clear_partition(column).is_some())
    }

    /// The researcher's leakproof conditions on partitions, over the stored columns.
    fn partition_filters(&self, filters: &[Expr]) -> Result<Vec<Expr>> {
        let mut usable = Vec::new();
        for filter in filters {
            if !self.chooses_files(filter) {
                continue;
            }
            let stored = filter.clone().transform(|part| match &part {
                Expr::Column(column) => Ok(match self.clear_partition(column) {
                    Some(stored) => Transformed::yes(Expr::Column(Column::new_unqualified(stored))),
                    None => Transformed::no(part),
                }),
                _ => Ok(Transformed::no(part)),
            })?;
            usable.push(stored.data);
        }
        Ok(usable)
    }

    /// The outputs of the leaf: the authorised columns that are asked for, each as the permit shows it.
    fn wanted(&self, projection: Option<&Vec<usize>>) -> Result<Vec<Wanted<'_>>> {
        let authorised = self.inner.policy.columns.len();
        let all: Vec<usize>;
        let positions = match projection {
            Some(positions) => positions,
            None => {
                all = (0..authorised + usize::from(self.with_contributor)).collect();
                &all
            }
        };
        positions
            .iter()
            .map(|at| match self.inner.policy.columns.get(*at) {
                Some(column) => Ok(match &column.value {
                    ColumnValue::Clear(stored) => Wanted::Stored(stored),
                    ColumnValue::Masked(expr) => Wanted::Masked(expr),
                }),
                None if *at == authorised && self.with_contributor => Ok(Wanted::Contributor),
                None => internal_err!("a column beyond the authorised schema"),
            })
            .collect()
    }
}

#[async_trait]
impl TableProvider for AuthorizedScan {
    fn schema(&self) -> SchemaRef {
        self.inner.schema(self.with_contributor)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| {
                if self.chooses_files(filter) {
                    TableProviderFilterPushDown::Inexact
                } else {
                    TableProviderFilterPushDown::Unsupported
                }
            })
            .collect())
    }

    /// The limit is not handed on: rows that the policy removes would be counted towards it.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(positions) => Arc::new(self.schema().project(positions)?),
            None => self.schema(),
        };
        let wanted = self.wanted(projection)?;
        let filters = self.partition_filters(filters)?;
        let leaf = leaf(&self.inner, &wanted, Some(schema), &[], &filters, state).await?;
        Ok(Arc::new(leaf))
    }
}

/// One output that a leaf is to have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// A stored column as it is.
    Stored(&'a str),
    /// An expression over stored columns.
    Masked(&'a Expr),
    /// The person behind the row.
    Contributor,
}

/// The leaf that reads a table under its policy.
///
/// `schema` names the outputs; without it they are named as stored. `extra` are further conditions of our own on stored
/// rows, `partition_filters` conditions that a listing of the files can use.
pub(super) async fn leaf(
    inner: &Arc<Inner>,
    wanted: &[Wanted<'_>],
    schema: Option<SchemaRef>,
    extra: &[Expr],
    partition_filters: &[Expr],
    state: &dyn Session,
) -> Result<PolicyExec> {
    let conditions: Vec<&Expr> = inner.policy.rows.iter().chain(extra).collect();
    let contributor = inner
        .model
        .contributor
        .iter()
        .map(|column| inner.stored_name(column))
        .collect::<Result<Vec<_>>>()?;
    let needed = needed(inner, wanted, &conditions, &contributor)?;
    let mut pruning: Vec<Expr> = conditions
        .iter()
        .filter(|row| is_leakproof(row, &|column| inner.is_partition(&column.name)))
        .map(|row| (*row).clone())
        .collect();
    pruning.extend_from_slice(partition_filters);
    let input = inner.raw.scan(state, Some(&needed), &pruning, None).await;
    let input = input.map_err(|error| Hidden::reading(&error))?;
    let stored = input.schema();
    let df_schema = DFSchema::try_from(stored.as_ref().clone())?;
    let physical = |expr: &Expr| -> Result<Arc<dyn PhysicalExpr>> {
        create_physical_expr(
            expr,
            &df_schema,
            state.execution_props(),
            &Default::default(),
        )
    };
    let position = |name: &String| -> Result<usize> { Ok(stored.index_of(name)?) };
    let people: Vec<usize> = if needs_contributor(inner, wanted) {
        contributor.iter().map(position).collect::<Result<_>>()?
    } else {
        vec![]
    };
    let mut outputs = Vec::with_capacity(wanted.len());
    let mut fields = Vec::with_capacity(wanted.len());
    for part in wanted {
        outputs.push(match part {
            Wanted::Stored(name) => {
                let at = stored.index_of(name)?;
                fields.push(stored.field(at).clone());
                Output::Clear(at)
            }
            Wanted::Masked(expr) => {
                let expr = physical(expr)?;
                fields.push(Field::new("masked", expr.data_type(&stored)?, true));
                Output::Masked(expr)
            }
            Wanted::Contributor => {
                fields.push(Field::new(
                    "contributor",
                    arrow::datatypes::DataType::UInt64,
                    true,
                ));
                let ids = inner
                    .contributors
                    .of(&inner.model.contributor, state)
                    .await?;
                Output::Contributor(people.clone(), ids)
            }
        });
    }
    let rows = conditions
        .iter()
        .map(|row| physical(row))
        .collect::<Result<Vec<_>>>()?;
    let guards = guards(inner, &people, &stored, state).await?;
    PolicyExec::try_new(Leaf {
        input,
        rows,
        guards,
        outputs,
        schema: schema.unwrap_or_else(|| Arc::new(Schema::new(fields))),
        table: inner.model.name.clone(),
        binding: Arc::clone(&inner.binding),
        strict: inner.strict,
        expected_rows: inner.rows as f64
            * selectivity(&inner.policy.rows)
            * expected_of_lists(&inner.people),
    })
}

/// The stored columns that the leaf reads, by position.
fn needed(
    inner: &Inner,
    wanted: &[Wanted<'_>],
    conditions: &[&Expr],
    contributor: &[String],
) -> Result<Vec<usize>> {
    let stored = inner.raw.schema();
    let mut names: Vec<&str> = Vec::new();
    for part in wanted {
        match part {
            Wanted::Stored(name) => names.push(name),
            Wanted::Masked(expr) => {
                names.extend(expr.column_refs().iter().map(|c| c.name.as_str()))
            }
            Wanted::Contributor => {}
        }
    }
    for row in conditions {
        names.extend(row.column_refs().iter().map(|column| column.name.as_str()));
    }
    if needs_contributor(inner, wanted) {
        names.extend(contributor.iter().map(String::as_str));
    }
    if let Some(check) = &inner.parent {
        names.extend(check.on.iter().map(|part| part.here.as_str()));
    }
    let mut needed = names
        .into_iter()
        .map(|name| Ok(stored.index_of(name)?))
        .collect::<Result<Vec<_>>>()?;
    needed.sort_unstable();
    needed.dedup();
    Ok(needed)
}

fn needs_contributor(inner: &Inner, wanted: &[Wanted<'_>]) -> bool {
    !inner.people.is_empty()
        || wanted
            .iter()
            .any(|part| matches!(part, Wanted::Contributor))
}

/// The lists of people and the parent that rows are held against.
async fn guards(
    inner: &Arc<Inner>,
    people: &[usize],
    stored: &Schema,
    state: &dyn Session,
) -> Result<Vec<Guard>> {
    let mut guards = Vec::new();
    let space = Space::of(&inner.model.contributor);
    // A cohort leaves fewer rows than an opposition list, so it is asked first.
    let mut lists: Vec<_> = inner.people.iter().collect();
    lists.sort_by_key(|list| list.role() != ListRole::Cohort);
    for list in lists {
        let sets = list.current(state).await?;
        guards.push(Guard::People(PeopleGuard::new(
            list,
            &sets,
            &space,
            people.to_vec(),
        )?));
    }
    if let Some(check) = &inner.parent {
        let columns = check
            .on
            .iter()
            .map(|part| Ok(stored.index_of(&part.here)?))
            .collect::<Result<Vec<_>>>()?;
        let state = state
            .as_any()
            .downcast_ref::<SessionState>()
            .ok_or(HiddenFailure::Policy)?
            .clone();
        guards.push(Guard::Parent(Arc::new(ParentGuard::new(
            Arc::clone(check),
            columns,
            stored,
            state,
        )?)));
    }
    Ok(guards)
}
