use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, internal_err, plan_err};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::authorized_scan::AuthorizedScan;
use super::binding::Binding;
use super::contributor::{CONTRIBUTOR, Contributors, CountedBy};
use super::parent::{KeyPart, ParentCheck};
use super::people::PeopleList;
use crate::permit::TablePolicy;
use crate::snds::TableModel;

/// What a scan that no policy stands before says.
pub(crate) const NOT_ENFORCED: &str = "the policies of this session were not enforced";

/// A table as one project may see it: the authorised schema, and nothing that can be read.
///
/// Denied columns are absent, masked ones nullable, metadata, constraints and statistics left out. Its
/// [`scan`](TableProvider::scan) always fails: a plan in which [`EnforcePolicies`](super::EnforcePolicies) did not run
/// reads nothing.
#[derive(Debug, Clone)]
pub struct ProtectedTable {
    inner: Arc<Inner>,
    with_contributor: bool,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(super) model: Arc<TableModel>,
    pub(super) policy: TablePolicy,
    pub(super) raw: Arc<dyn TableProvider>,
    pub(super) partition_columns: Vec<String>,
    pub(super) binding: Arc<Binding>,
    pub(super) strict: bool,
    pub(super) rows: usize,
    pub(super) contributors: Contributors,
    pub(super) people: Vec<Arc<PeopleList>>,
    pub(super) parent: Option<Arc<ParentCheck>>,
    schema: SchemaRef,
    schema_with_contributor: SchemaRef,
}

/// What a protected table is made from.
pub(crate) struct ProtectedTableParts {
    pub(crate) model: Arc<TableModel>,
    pub(crate) policy: TablePolicy,
    pub(crate) raw: Arc<dyn TableProvider>,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) binding: Arc<Binding>,
    pub(crate) strict: bool,
    pub(crate) rows: usize,
    pub(crate) contributors: Contributors,
    /// The lists of people that its rows are held against.
    pub(crate) people: Vec<Arc<PeopleList>>,
    /// The table that its rows' people are found in, when it holds none and the permit hides some of them.
    pub(crate) parent: Option<Arc<ParentCheck>>,
}

impl ProtectedTable {
    pub(crate) fn new(parts: ProtectedTableParts) -> Self {
        let mut fields: Vec<Field> = parts
            .policy
            .columns
            .iter()
            .map(|column| Field::new(&column.name, column.data_type.clone(), column.nullable))
            .collect();
        let schema = Arc::new(Schema::new(fields.clone()));
        fields.push(Field::new(CONTRIBUTOR, DataType::UInt64, true));
        Self {
            with_contributor: false,
            inner: Arc::new(Inner {
                schema,
                schema_with_contributor: Arc::new(Schema::new(fields)),
                model: parts.model,
                policy: parts.policy,
                raw: parts.raw,
                partition_columns: parts.partition_columns,
                binding: parts.binding,
                strict: parts.strict,
                rows: parts.rows,
                contributors: parts.contributors,
                people: parts.people,
                parent: parts.parent,
            }),
        }
    }

    /// The table in the data model: every column it has, authorised or not.
    pub fn model(&self) -> &TableModel {
        &self.inner.model
    }

    /// What the permit makes of the table.
    pub fn policy(&self) -> &TablePolicy {
        &self.inner.policy
    }

    /// Whose table this is.
    pub fn binding(&self) -> &Binding {
        &self.inner.binding
    }

    /// Whether a person of this table has one contributor id with those of every other such table, whatever columns name
    /// them: where the platform keeps a ledger and has IR_BEN_R.
    pub fn knows_persons(&self) -> bool {
        self.inner.contributors.knows_persons(&self.inner.model)
    }

    /// The same table with one more, last column, [`CONTRIBUTOR`]: an id of the person behind each row, NULL where nobody
    /// knows who it is. `None` when the table holds no person. It is for plans that count people; a plan that is asked as a
    /// question ([`Session::execute`](crate::Session::execute)) and reads it is refused.
    pub fn with_contributor(&self) -> Option<Self> {
        (!self.inner.model.contributor.is_empty()).then(|| Self {
            inner: Arc::clone(&self.inner),
            with_contributor: true,
        })
    }

    /// Whether the table shows [`CONTRIBUTOR`], which a release may count by and no question may read.
    pub(super) fn shows_contributor(&self) -> bool {
        self.with_contributor
    }

    /// By what the people of the table are told apart when a release counts them; `None` when it holds none.
    pub fn counted_by(&self) -> Option<CountedBy> {
        self.inner.contributors.counted_by(&self.inner.model)
    }

    /// The table as one that others reach their people through.
    pub(crate) fn as_parent(&self, on: Vec<KeyPart>) -> Arc<ParentCheck> {
        Arc::new(ParentCheck {
            parent: Arc::clone(&self.inner),
            on,
        })
    }

    /// What [`EnforcePolicies`](super::EnforcePolicies) puts in this table's place.
    pub(super) fn authorize(&self) -> AuthorizedScan {
        AuthorizedScan::new(Arc::clone(&self.inner), self.with_contributor)
    }
}

impl Inner {
    pub(super) fn schema(&self, with_contributor: bool) -> SchemaRef {
        Arc::clone(if with_contributor {
            &self.schema_with_contributor
        } else {
            &self.schema
        })
    }

    pub(super) fn is_partition(&self, stored: &str) -> bool {
        self.partition_columns.iter().any(|name| name == stored)
    }

    /// How the stored files spell a column of the model.
    pub(super) fn stored_name(&self, column: &str) -> Result<String> {
        self.raw
            .schema()
            .fields()
            .iter()
            .map(|field| field.name())
            .find(|name| name.eq_ignore_ascii_case(column))
            .cloned()
            .map_or_else(
                || internal_err!("a column of the model that is not stored"),
                Ok,
            )
    }
}

#[async_trait]
impl TableProvider for ProtectedTable {
    fn schema(&self) -> SchemaRef {
        self.inner.schema(self.with_contributor)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan_err!("{NOT_ENFORCED}")
    }
}
