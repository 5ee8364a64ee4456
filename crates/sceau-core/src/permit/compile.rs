use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, TimeUnit};
use chrono::{Datelike as _, Days, NaiveDate};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, ExprSchemable, Volatility, lit};
use datafusion::optimizer::simplify_expressions::{ExprSimplifier, SimplifyContext};
use datafusion::sql::sqlparser::ast::{self, ExprWithAlias, Visit, Visitor};

use super::attributes::Attributes;
use super::file::{Columns, Grant, Permit};
use super::mask::Mask;
use crate::config::ConfigError;
use crate::engine::{compare_one_kind_of_text, settle_rounding};
use crate::pseudonym::{KeyProvider, ProjectKey, pseudonym_udf};
use crate::snds::{ColumnModel, Role, TableModel};
use crate::sql::{FunctionRegistry, Names, bounded_padding, parse_expression};

/// What a permit makes of one table: which columns, as what, of which rows.
#[derive(Debug, Clone)]
pub struct TablePolicy {
    /// The authorised columns, in the table's order.
    pub columns: Vec<AuthorizedColumn>,
    /// The rows that may be seen: conjuncts over the stored columns, each of which must be true.
    pub rows: Vec<Expr>,
}

/// One column that a project may see.
#[derive(Debug, Clone)]
pub struct AuthorizedColumn {
    /// Its name, in the data model's spelling.
    pub name: String,
    /// The type of what is shown.
    pub data_type: DataType,
    /// Whether NULL may be shown.
    pub nullable: bool,
    /// What it may tell.
    pub role: Option<Role>,
    /// What is shown.
    pub value: ColumnValue,
}

/// What is shown of a column.
#[derive(Debug, Clone)]
pub enum ColumnValue {
    /// The stored value; the name is the stored column's.
    Clear(String),
    /// An expression over the stored columns.
    Masked(Expr),
}

/// A table that a permit is compiled against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The table's model, with the columns that are stored and their types.
    pub(crate) model: &'a TableModel,
    /// The schema of the stored files.
    pub(crate) stored: &'a Schema,
}

impl Source<'_> {
    /// How the stored files spell a column.
    fn stored_name(&self, column: &str) -> Option<&str> {
        self.stored
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .find(|name| name.eq_ignore_ascii_case(column))
    }
}

/// Compiles a permit, table by table.
pub(crate) struct Compiler<'a> {
    pub(crate) permit: &'a Permit,
    /// Who asks.
    pub(crate) principal: &'a str,
    pub(crate) keys: &'a dyn KeyProvider,
    pub(crate) state: &'a SessionState,
    pub(crate) functions: &'a FunctionRegistry,
}

impl Compiler<'_> {
    /// The policy of one granted table; `name` is what the permit calls it.
    pub(crate) fn table(
        &self,
        name: &str,
        grant: &Grant,
        source: Source<'_>,
    ) -> Result<TablePolicy, ConfigError> {
        let granted = self.granted(name, grant, source)?;
        for column in grant.masks.keys() {
            if !granted
                .iter()
                .any(|known| known.name.eq_ignore_ascii_case(column))
            {
                return Err(self.invalid(
                    &["table", name, "mask", column],
                    "a column that this permit grants",
                    column.clone(),
                ));
            }
        }
        let mut columns = Vec::with_capacity(granted.len());
        for column in granted {
            columns.push(self.column(name, grant, source, column)?);
        }
        let rows = self.rows(name, grant.filter.as_deref(), source)?;
        Ok(TablePolicy { columns, rows })
    }

    /// The rows of a table that may be seen, whether or not it is granted: a table without a person is held against those
    /// of its parent.
    pub(crate) fn rows(
        &self,
        name: &str,
        filter: Option<&str>,
        source: Source<'_>,
    ) -> Result<Vec<Expr>, ConfigError> {
        let mut rows = Vec::new();
        if let Some(filter) = filter {
            let path = ["table", name, "where"];
            let filter = self.expression(&path, filter, source)?;
            let found = self.type_of(&path, &filter, source)?;
            if found != DataType::Boolean {
                return Err(self.invalid(
                    &path,
                    "a condition",
                    format!("an expression that is a {found}"),
                ));
            }
            rows.extend(split_conjunction_owned(filter));
        }
        rows.extend(self.period(name, source)?);
        Ok(rows)
    }

    fn granted<'m>(
        &self,
        name: &str,
        grant: &Grant,
        source: Source<'m>,
    ) -> Result<Vec<&'m ColumnModel>, ConfigError> {
        let known = |key: &str, column: &String| {
            source.model.column(column).ok_or_else(|| {
                self.invalid(
                    &["table", name, key],
                    format!("columns of {}", source.model.name),
                    format!("{column:?}"),
                )
            })
        };
        let mut denied = Vec::new();
        for column in &grant.deny {
            denied.push(known("deny", column)?.name.as_str());
        }
        let mut listed = Vec::new();
        if let Columns::Listed(columns) = &grant.columns {
            for column in columns {
                listed.push(known("columns", column)?.name.as_str());
            }
        }
        let granted: Vec<_> = source
            .model
            .columns
            .iter()
            .filter(|column| match &grant.columns {
                Columns::All => column.role.is_some(),
                Columns::Listed(_) => listed.contains(&column.name.as_str()),
            })
            .filter(|column| !denied.contains(&column.name.as_str()))
            .collect();
        if granted.is_empty() {
            return Err(self.invalid(
                &["table", name, "columns"],
                "at least one classified column that is not denied",
                "none",
            ));
        }
        Ok(granted)
    }

    fn column(
        &self,
        table: &str,
        grant: &Grant,
        source: Source<'_>,
        column: &ColumnModel,
    ) -> Result<AuthorizedColumn, ConfigError> {
        let written = grant
            .masks
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&column.name));
        let key = written.map_or(column.name.as_str(), |(name, _)| name.as_str());
        let path = ["table", table, "mask", key];
        let is_identifier = column.role == Some(Role::Identifier);
        let mask = match written {
            Some((_, mask)) => mask.clone(),
            None if is_identifier => Mask::Pseudonym,
            None => Mask::Clear,
        };
        if is_identifier && !mask.hides_identifiers() {
            return Err(self.invalid(
                &path,
                "pseudonym, null, const('x') or redact, since the column is an identifier",
                "a mask that shows some of it",
            ));
        }
        let stored = source
            .stored_name(&column.name)
            .ok_or_else(|| self.invalid(&path, "a stored column", format!("{:?}", column.name)))?;
        let field = source
            .stored
            .field_with_name(stored)
            .map_err(|_| self.invalid(&path, "a stored column", format!("{stored:?}")))?;
        let reference = Expr::Column(Column::new_unqualified(stored));
        let value = match &mask {
            Mask::Clear => {
                return Ok(AuthorizedColumn {
                    name: column.name.clone(),
                    data_type: field.data_type().clone(),
                    nullable: field.is_nullable(),
                    role: column.role,
                    value: ColumnValue::Clear(stored.to_owned()),
                });
            }
            Mask::Pseudonym => {
                let domain = match (&column.domain, is_identifier) {
                    (Some(domain), _) => domain.clone(),
                    (None, true) => own_domain(&column.name),
                    (None, false) => {
                        return Err(self.invalid(
                            &path,
                            "a mask for a column that is no identifier",
                            "pseudonym",
                        ));
                    }
                };
                let usable =
                    crate::snds::is_text(field.data_type()) || field.data_type().is_integer();
                if !usable {
                    return Err(self.invalid(
                        &path,
                        "an identifier stored as text or whole number",
                        format!("a {}", field.data_type()),
                    ));
                }
                pseudonym_udf(&self.key()?, &domain).call(vec![reference])
            }
            Mask::Sql(sql) => self.sql_mask(&path, sql, source)?,
            simple => simple
                .expression(reference, field.data_type())
                .map_err(|expected| {
                    self.invalid(&path, expected, format!("a {}", field.data_type()))
                })?,
        };
        Ok(AuthorizedColumn {
            name: column.name.clone(),
            data_type: self.type_of(&path, &value, source)?,
            nullable: true,
            role: column.role,
            value: ColumnValue::Masked(value),
        })
    }

    /// A mask of the officer's own may use any stored column but an identifier: what it shows of one would be clear.
    fn sql_mask(&self, path: &[&str], sql: &str, source: Source<'_>) -> Result<Expr, ConfigError> {
        let value = self.expression(path, sql, source)?;
        for used in value.column_refs() {
            let role = source
                .model
                .column(&used.name)
                .and_then(|column| column.role);
            if role == Some(Role::Identifier) {
                return Err(self.invalid(
                    path,
                    "an expression without identifiers",
                    format!("{:?} in it", used.name),
                ));
            }
        }
        Ok(value)
    }

    /// An SQL expression over the stored columns: immutable, of one row, with its types settled. What the engine panics on
    /// is no expression.
    fn expression(
        &self,
        path: &[&str],
        sql: &str,
        source: Source<'_>,
    ) -> Result<Expr, ConfigError> {
        catch_unwind(AssertUnwindSafe(|| self.planned(path, sql, source))).unwrap_or_else(|_| {
            Err(self.invalid(
                path,
                "an SQL expression that the engine can plan",
                "one on which it panics",
            ))
        })
    }

    fn planned(&self, path: &[&str], sql: &str, source: Source<'_>) -> Result<Expr, ConfigError> {
        let expected = format!(
            "an SQL expression over the columns of {}",
            source.model.name
        );
        let wrong = |error: String| self.invalid(path, expected.clone(), error);
        let names = Names::of_columns(
            source
                .stored
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
        );
        let mut parsed = parse_expression(sql, &names, self.functions)
            .map_err(|error| wrong(error.to_string()))?;
        if holds_a_query(&parsed) {
            return Err(self.invalid(
                path,
                format!("{expected}; subqueries are not allowed here"),
                "a subquery",
            ));
        }
        let attributes = Attributes {
            project: self.permit.project(),
            principal: self.principal,
        };
        attributes.put_into(&mut parsed).map_err(wrong)?;
        let schema = self.schema(path, source)?;
        let expr = self
            .state
            .create_logical_expr_from_sql_expr(
                ExprWithAlias {
                    expr: parsed,
                    alias: None,
                },
                &schema,
            )
            .map_err(|error| wrong(first_line(&error.strip_backtrace())))?;
        one_row_and_immutable(&expr).map_err(wrong)?;
        let context = SimplifyContext::builder()
            .with_schema(Arc::new(schema.clone()))
            .with_config_options(Arc::clone(self.state.config_options()))
            .build();
        let simplifier = ExprSimplifier::new(context);
        settle_rounding(expr)
            .and_then(|expr| compare_one_kind_of_text(expr, &schema))
            .and_then(|expr| simplifier.coerce(expr, &schema))
            .and_then(|expr| simplifier.simplify(expr))
            .map_err(|error| wrong(first_line(&error.strip_backtrace())))
    }

    /// The permit's period on the table's care date or, where people have a year and no day, on its year.
    fn period(&self, name: &str, source: Source<'_>) -> Result<Vec<Expr>, ConfigError> {
        let Some((from, until)) = self.permit.population().period else {
            return Ok(vec![]);
        };
        let Some(care_date) = &source.model.care_date else {
            return Ok(years(source, from.year(), until.year()));
        };
        let path = ["population", "period"];
        let stored = source
            .stored_name(care_date)
            .ok_or_else(|| self.invalid(&path, format!("a stored care date of {name}"), "none"))?;
        let field = source
            .stored
            .field_with_name(stored)
            .map_err(|_| self.invalid(&path, "a stored care date", "none"))?;
        let column = Expr::Column(Column::new_unqualified(stored));
        let after = until
            .checked_add_days(Days::new(1))
            .ok_or_else(|| self.invalid(&path, "a day of the calendar", until.to_string()))?;
        let bounds = day_start(from, field.data_type()).zip(day_start(after, field.data_type()));
        let Some((from, after)) = bounds else {
            return Err(self.invalid(
                &path,
                format!("a care date of {name} that is stored as a date"),
                format!("{care_date}, a {}", field.data_type()),
            ));
        };
        Ok(vec![column.clone().gt_eq(lit(from)), column.lt(lit(after))])
    }

    fn key(&self) -> Result<ProjectKey, ConfigError> {
        self.keys
            .project_key(self.permit.key_name())
            .map_err(|error| {
                self.invalid(&["key"], "a key that the platform has", error.to_string())
            })
    }

    fn type_of(
        &self,
        path: &[&str],
        expr: &Expr,
        source: Source<'_>,
    ) -> Result<DataType, ConfigError> {
        let schema = self.schema(path, source)?;
        expr.get_type(&schema).map_err(|error| {
            self.invalid(
                path,
                "an expression with a type",
                first_line(&error.strip_backtrace()),
            )
        })
    }

    fn schema(&self, path: &[&str], source: Source<'_>) -> Result<DFSchema, ConfigError> {
        DFSchema::try_from(source.stored.clone()).map_err(|error| {
            self.invalid(
                path,
                "columns with different names",
                first_line(&error.strip_backtrace()),
            )
        })
    }

    fn invalid(
        &self,
        path: &[&str],
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> ConfigError {
        self.permit.document().invalid(path, expected, found)
    }
}

fn holds_a_query(expr: &ast::Expr) -> bool {
    struct Queries;
    impl Visitor for Queries {
        type Break = ();
        fn pre_visit_query(&mut self, _: &ast::Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    expr.visit(&mut Queries).is_break()
}

fn one_row_and_immutable(expr: &Expr) -> Result<(), String> {
    let mut found = None;
    // The visitor itself never fails.
    let _ = expr.apply(|part| {
        let is_wrong = match part {
            Expr::AggregateFunction(_) => Some("an aggregate function"),
            Expr::WindowFunction(_) => Some("a window function"),
            Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::ScalarSubquery(_)
            | Expr::SetComparison(_) => Some("a subquery"),
            Expr::Placeholder(_) => Some("a parameter"),
            Expr::ScalarVariable(..) => Some("a variable"),
            Expr::ScalarFunction(call)
                if call.func.signature().volatility != Volatility::Immutable =>
            {
                Some("a function that depends on the moment it is called")
            }
            _ => None,
        };
        found = match part {
            Expr::ScalarFunction(call) if is_wrong.is_none() => bounded_padding(call).err(),
            _ => is_wrong.map(str::to_owned),
        };
        Ok(match found {
            Some(_) => TreeNodeRecursion::Stop,
            None => TreeNodeRecursion::Continue,
        })
    });
    found.map_or(Ok(()), Err)
}

/// The rows of some years, of a table about people whose years are all that dates it. The referential of people is of no
/// year's care.
fn years(source: Source<'_>, from: i32, until: i32) -> Vec<Expr> {
    let model = source.model;
    if model.contributor.is_empty() || model.product == "BENEFICIAIRE" {
        return vec![];
    }
    match (&model.year_column, model.year) {
        (Some(year), _) => {
            let year = || Expr::Column(Column::new_unqualified(year));
            vec![year().gt_eq(lit(from)), year().lt_eq(lit(until))]
        }
        (None, Some(year)) if !(from..=until).contains(&i32::from(year)) => vec![lit(false)],
        _ => vec![],
    }
}

/// The first moment of a day in a column's type.
fn day_start(day: NaiveDate, data_type: &DataType) -> Option<ScalarValue> {
    let days = day.signed_duration_since(NaiveDate::default()).num_days();
    let seconds = days.checked_mul(86_400)?;
    Some(match data_type {
        DataType::Date32 => ScalarValue::Date32(Some(i32::try_from(days).ok()?)),
        DataType::Date64 => ScalarValue::Date64(Some(seconds.checked_mul(1_000)?)),
        DataType::Timestamp(TimeUnit::Second, None) => {
            ScalarValue::TimestampSecond(Some(seconds), None)
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            ScalarValue::TimestampMillisecond(Some(seconds.checked_mul(1_000)?), None)
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            ScalarValue::TimestampMicrosecond(Some(seconds.checked_mul(1_000_000)?), None)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) => {
            ScalarValue::TimestampNanosecond(Some(seconds.checked_mul(1_000_000_000)?), None)
        }
        _ => return None,
    })
}

/// The domain of an identifier for which the model names none: its own, shared with no other column.
fn own_domain(column: &str) -> String {
    column
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// An engine's message without the engine's name for its kind.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    ["Schema error: ", "Error during planning: ", "SQL error: "]
        .iter()
        .find_map(|kind| line.strip_prefix(kind))
        .unwrap_or(line)
        .to_owned()
}
