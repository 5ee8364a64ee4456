use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result, internal_err};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::estimate::selectivity;
use super::leakproof::is_leakproof;
use super::policy_exec::{Output, PolicyExec};
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
        self.is_partition(stored).then_some(stored)
    }

    fn is_partition(&self, stored: &str) -> bool {
        self.inner
            .partition_columns
            .iter()
            .any(|name| name == stored)
    }

    /// Conditions on partitions, which a listing of the files can use: the policy's own and the researcher's leakproof
    /// ones. They only leave files out that hold no row the policy or the filters above would keep.
    fn partition_filters(&self, filters: &[Expr]) -> Result<Vec<Expr>> {
        let mut usable: Vec<Expr> = self
            .inner
            .policy
            .rows
            .iter()
            .filter(|row| is_leakproof(row, &|column| self.is_partition(&column.name)))
            .cloned()
            .collect();
        for filter in filters {
            if self.inner.strict
                || !is_leakproof(filter, &|column| self.clear_partition(column).is_some())
            {
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
                Some(column) => Ok(Wanted::Column(&column.value)),
                None if *at == authorised && self.with_contributor => Ok(Wanted::Contributor),
                None => internal_err!("a column beyond the authorised schema"),
            })
            .collect()
    }
}

enum Wanted<'a> {
    Column(&'a ColumnValue),
    Contributor,
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
                let usable = !self.inner.strict
                    && is_leakproof(filter, &|column| self.clear_partition(column).is_some());
                if usable {
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
        let wanted = self.wanted(projection)?;
        let stored = self.inner.raw.schema();
        let mut needed: Vec<usize> = Vec::new();
        let mut need = |name: &str| -> Result<()> {
            needed.push(stored.index_of(name)?);
            Ok(())
        };
        for part in &wanted {
            match part {
                Wanted::Column(ColumnValue::Clear(name)) => need(name)?,
                Wanted::Column(ColumnValue::Masked(expr)) => {
                    for column in expr.column_refs() {
                        need(&column.name)?;
                    }
                }
                Wanted::Contributor => {
                    for column in &self.inner.model.contributor {
                        need(&self.inner.stored_name(column)?)?;
                    }
                }
            }
        }
        for column in self.inner.policy.rows.iter().flat_map(Expr::column_refs) {
            need(&column.name)?;
        }
        needed.sort_unstable();
        needed.dedup();

        let partition_filters = self.partition_filters(filters)?;
        let input = self
            .inner
            .raw
            .scan(state, Some(&needed), &partition_filters, None)
            .await?;
        let schema = input.schema();
        let df_schema = DFSchema::try_from(schema.as_ref().clone())?;
        let physical = |expr: &Expr| -> Result<Arc<dyn PhysicalExpr>> {
            create_physical_expr(
                expr,
                &df_schema,
                state.execution_props(),
                &Default::default(),
            )
        };
        let mut outputs = Vec::with_capacity(wanted.len());
        for part in &wanted {
            outputs.push(match part {
                Wanted::Column(ColumnValue::Clear(name)) => Output::Clear(schema.index_of(name)?),
                Wanted::Column(ColumnValue::Masked(expr)) => Output::Masked(physical(expr)?),
                Wanted::Contributor => Output::Contributor(
                    self.inner
                        .model
                        .contributor
                        .iter()
                        .map(|column| Ok(schema.index_of(&self.inner.stored_name(column)?)?))
                        .collect::<Result<_>>()?,
                    self.inner.seed,
                ),
            });
        }
        let rows = self
            .inner
            .policy
            .rows
            .iter()
            .map(physical)
            .collect::<Result<Vec<_>>>()?;
        let output_schema = match projection {
            Some(positions) => Arc::new(self.schema().project(positions)?),
            None => self.schema(),
        };
        let expected = self.inner.rows as f64 * selectivity(&self.inner.policy.rows);
        Ok(Arc::new(PolicyExec::try_new(
            input,
            rows,
            outputs,
            output_schema,
            self.inner.model.name.clone(),
            Arc::clone(&self.inner.binding),
            self.inner.strict,
            expected,
        )?))
    }
}
