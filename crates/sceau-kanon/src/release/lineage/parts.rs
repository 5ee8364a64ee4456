//! What an amount is the sum of, person by person.
//!
//! Whoever adds the same to everybody's amount makes the largest look small beside the others, and takes it off again
//! afterwards: `sum(cost + 1000000) - 1000000 * count(*)`. So the shares of the largest contributors are those of an
//! amount without what is constant in it, and of each column that it is made of. An amount that a subquery puts together hands
//! its parts on in hidden columns.

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast};

use super::flow::Flow;

impl Flow {
    /// The amounts by which the largest contributors to a sum are to be told.
    pub(super) fn parts_of(&self, amount: &Expr) -> Result<Vec<Expr>> {
        let mut all = self.columns_of(amount);
        if all.is_empty() {
            // Of constants alone, each person's share is their number of rows.
            return Ok(vec![amount.clone().unalias()]);
        }
        let varying = without_constants(amount)?.unalias();
        let handed_on = amount.column_refs().into_iter().any(|column| {
            !self
                .known_of(&Expr::Column(column.clone()))
                .parts
                .is_empty()
        });
        if all.len() == 1 && !handed_on {
            return Ok(vec![varying]);
        }
        if !all.contains(&varying) {
            all.insert(0, varying);
        }
        Ok(all)
    }

    /// The columns that an amount is made of, where it takes them; none if it is made of constants.
    pub(super) fn columns_of(&self, amount: &Expr) -> Vec<Expr> {
        let of_column = |column: &Expr| {
            let handed_on = self.known_of(column).parts;
            let parts = handed_on
                .iter()
                .filter_map(|name| self.hidden_column(name))
                .map(Expr::Column);
            let parts: Vec<Expr> = parts.collect();
            if parts.is_empty() {
                vec![column.clone()]
            } else {
                parts
            }
        };
        let mut all: Vec<Expr> = Vec::new();
        for part in parts(amount, &of_column) {
            if !all.contains(&part) {
                all.push(part);
            }
        }
        all
    }

    /// What of an amount has to be handed on beside it.
    pub(super) fn parts_to_hand_on(&self, amount: &Expr) -> Result<Vec<Expr>> {
        let is_number = |expr: &Expr| {
            let kind = expr.get_type(self.plan.schema().as_ref());
            kind.is_ok_and(|kind| kind.is_numeric())
        };
        if !is_number(amount) || !self.is_amount(amount) {
            return Ok(vec![]);
        }
        let parts = self.parts_of(amount)?;
        Ok(if parts == [amount.clone().unalias()] {
            vec![]
        } else {
            parts
        })
    }
}

/// Each column of an amount, where it is taken.
fn parts(amount: &Expr, of_column: &dyn Fn(&Expr) -> Vec<Expr>) -> Vec<Expr> {
    let parts = |expr: &Expr| parts(expr, of_column);
    match amount {
        Expr::Column(_) => of_column(amount),
        Expr::Alias(alias) => parts(&alias.expr),
        Expr::Negative(inner) => parts(inner),
        Expr::Cast(cast) => parts(&cast.expr),
        Expr::TryCast(cast) => parts(&cast.expr),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide,
            right,
        }) => [parts(left), parts(right)].concat(),
        Expr::Case(case) => (0..=case.when_then_expr.len())
            .flat_map(|branch| parts_of_branch(case, branch, &parts))
            .collect(),
        Expr::ScalarFunction(ScalarFunction { args, .. }) => {
            args.first().map(parts).unwrap_or_default()
        }
        _ => vec![],
    }
}

/// Each column that one branch of a CASE takes, for the rows that take it; the branch after the last is ELSE.
fn parts_of_branch(case: &Case, branch: usize, parts: &dyn Fn(&Expr) -> Vec<Expr>) -> Vec<Expr> {
    let value = match case.when_then_expr.get(branch) {
        Some((_, then)) => Some(then),
        None => case.else_expr.as_ref(),
    };
    let nothing = || Box::new(Expr::Literal(ScalarValue::Float64(None), None));
    let here = |part: Expr| {
        let taken = Box::new(cast(part, DataType::Float64));
        let value = |at: usize| {
            if at == branch {
                taken.clone()
            } else {
                nothing()
            }
        };
        let branches = case.when_then_expr.iter().enumerate();
        Expr::Case(Case {
            expr: case.expr.clone(),
            when_then_expr: branches
                .map(|(at, (when, _))| (when.clone(), value(at)))
                .collect(),
            else_expr: Some(value(case.when_then_expr.len())),
        })
    };
    value
        .map(|value| parts(value).into_iter().map(here).collect())
        .unwrap_or_default()
}

/// An amount with 0 for every constant that is added.
fn without_constants(amount: &Expr) -> Result<Expr> {
    let within = |expr: &Expr| without_constants(expr).map(Box::new);
    let mut amount = amount.clone();
    match &mut amount {
        Expr::Literal(value, _) if value.data_type().is_numeric() && !value.is_null() => {
            *value = ScalarValue::new_zero(&value.data_type())?;
        }
        Expr::Alias(alias) => alias.expr = within(&alias.expr)?,
        Expr::Negative(inner) => *inner = within(inner)?,
        Expr::Cast(cast) => cast.expr = within(&cast.expr)?,
        Expr::TryCast(cast) => cast.expr = within(&cast.expr)?,
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Plus | Operator::Minus => {
                *left = within(left)?;
                *right = within(right)?;
            }
            Operator::Multiply if left.column_refs().is_empty() => *right = within(right)?,
            Operator::Multiply | Operator::Divide => *left = within(left)?,
            _ => {}
        },
        Expr::Case(case) => {
            for (_, then) in &mut case.when_then_expr {
                *then = within(then)?;
            }
            if let Some(other) = &mut case.else_expr {
                *other = within(other)?;
            }
        }
        Expr::ScalarFunction(call) if matches!(call.name(), "coalesce" | "nvl") => {
            for argument in &mut call.args {
                *argument = without_constants(argument)?;
            }
        }
        _ => {}
    }
    Ok(amount)
}
