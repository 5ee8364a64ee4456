use std::sync::Arc;

use datafusion::common::Column;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::logical_plan::TableScanBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, TableScan};
use sceau_core::enforce::{CONTRIBUTOR, ProtectedTable};
use sceau_core::permit::ColumnValue;
use sceau_core::snds::{Role, TableModel};

use super::Pass;
use super::equal::Origin;
use super::flow::{Contributor, Detail, Flow, Known};
use crate::release::ReleaseError;

impl Pass<'_> {
    /// A table is where people begin: its contributor comes out as one more column.
    pub(super) fn scan(&mut self, scan: &TableScan) -> Result<Flow, ReleaseError> {
        let provider = source_as_provider(&scan.source)?;
        let Some(table) = provider.downcast_ref::<ProtectedTable>() else {
            return Err(ReleaseError::not_releasable(
                "a table that is not of this session",
                "ask for the permit's tables",
            ));
        };
        if scan.projection.is_some() || !scan.filters.is_empty() || scan.fetch.is_some() {
            return Err(ReleaseError::Engine);
        }
        let model = table.model();
        let instance = self.instance();
        let mut columns = origins(table, instance);
        if model.contributor.is_empty() && model.parent.is_none() {
            columns.iter_mut().for_each(|known| known.reference = true);
        }
        let mut flow = match table.with_contributor() {
            Some(counted) => self.counted(scan, counted, columns, instance)?,
            None => Flow {
                columns,
                ..Flow::of_nobody(LogicalPlan::TableScan(scan.clone()))
            },
        };
        flow.parents.push((instance, model.name.clone()));
        if let (Some(parent), true) = (&model.parent, model.contributor.is_empty()) {
            flow.details.push(Detail {
                instance,
                table: model.name.clone(),
                parent: parent.table.clone(),
                on: parent.on.clone(),
            });
        }
        Ok(flow)
    }

    fn counted(
        &mut self,
        scan: &TableScan,
        table: ProtectedTable,
        mut columns: Vec<Known>,
        instance: usize,
    ) -> Result<Flow, ReleaseError> {
        let persons = table.knows_persons();
        let space = match space(table.model()) {
            // Other tables may have the same values, and not the ids of persons.
            space if persons => format!("persons by {space}"),
            space => space,
        };
        let source = provider_as_source(Arc::new(table));
        let counted = TableScanBuilder::new(scan.table_name.clone(), source).build()?;
        // A name of its own: the same table may be read twice in one question.
        let name = self.name("people");
        let exprs = counted
            .projected_schema
            .columns()
            .into_iter()
            .map(|column| {
                let person = column.name == CONTRIBUTOR;
                let column = Expr::Column(column);
                if person { column.alias(&name) } else { column }
            })
            .collect();
        let plan = Projection::try_new(exprs, Arc::new(LogicalPlan::TableScan(counted)))?;
        columns.push(Known::hidden());
        Ok(Flow {
            columns,
            people: vec![Contributor {
                column: Column::new_unqualified(name),
                set: false,
                alone: false,
                required: true,
                space,
                persons,
                instances: vec![instance],
            }],
            ..Flow::of_nobody(LogicalPlan::Projection(plan))
        })
    }
}

/// The authorised columns that are shown as they are stored, or as a pseudonym of it.
fn origins(table: &ProtectedTable, instance: usize) -> Vec<Known> {
    table
        .policy()
        .columns
        .iter()
        .map(|column| {
            let kept = match &column.value {
                ColumnValue::Clear(_) => true,
                ColumnValue::Masked(Expr::ScalarFunction(call)) => call.name() == "pseudonym",
                ColumnValue::Masked(_) => false,
            };
            let origin = kept.then(|| Origin {
                person: is_person(table.model(), &column.name),
                identifier: names_people(table.model(), &column.name),
                ..Origin::new(instance, &column.name)
            });
            Known {
                origin,
                identifying: matches!(column.role, None | Some(Role::Identifier | Role::Sensitive)),
                sensitive: column.role == Some(Role::Sensitive),
                quasi: column.role == Some(Role::QuasiIdentifier),
                of: [column.name.to_ascii_lowercase()].into(),
                ..Known::default()
            }
        })
        .collect()
}

/// Whether a column alone identifies the person behind the row: it is the only identifier of those that do together. Beside
/// it there may be a rank, as of twins, who are then taken for one. Another identifier of the same kind may be somebody
/// else's: the mother's in a newborn's stay.
fn is_person(model: &TableModel, name: &str) -> bool {
    let is_identifier =
        |part: &str| model.column(part).and_then(|column| column.role) == Some(Role::Identifier);
    let mut identifiers = model.contributor.iter().filter(|part| is_identifier(part));
    match (identifiers.next(), identifiers.next()) {
        (Some(only), None) => only.eq_ignore_ascii_case(name),
        _ => false,
    }
}

/// Whether a column names people, and not whoever treats them or the place where: those of a contributor, or of the model's patients.
fn names_people(model: &TableModel, name: &str) -> bool {
    let domain = |name: &str| {
        model
            .column(name)
            .and_then(|column| column.domain.as_deref())
    };
    let mut of_people = model.contributor.iter().map(|part| domain(part));
    domain(name).is_some_and(|of| of == PATIENT || of_people.any(|people| people == Some(of)))
}

/// What the data model calls the domain of patients' identifiers.
const PATIENT: &str = "patient";

/// Ids of two tables mean the same people when they are made of columns of the same kinds, and kept as values of the same
/// kind.
fn space(model: &TableModel) -> String {
    model
        .contributor
        .iter()
        .map(
            |name| match model.column(name).and_then(|column| column.domain.as_ref()) {
                Some(domain) => format!("domain {domain} as {}", kind(model, name)),
                None => format!("column {}", name.to_ascii_lowercase()),
            },
        )
        .collect::<Vec<_>>()
        .join(", ")
}

/// A number and its text are two ids.
fn kind(model: &TableModel, name: &str) -> &'static str {
    match model
        .column(name)
        .and_then(|column| column.data_type.as_ref())
    {
        Some(number) if number.is_integer() => "numbers",
        _ => "texts",
    }
}
