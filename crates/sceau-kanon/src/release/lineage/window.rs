use datafusion::logical_expr::{Expr, Window};

use super::equal::Origin;
use super::expression::check_expressions;
use super::flow::{Flow, Known};
use crate::release::ReleaseError;

/// Windows over cells that have passed the gate, or over reference tables, are free. Over rows of people a window must
/// stay within one person: then what it gives is that person's own, and is counted with it.
pub(super) fn window(mut input: Flow, window: &Window) -> Result<Flow, ReleaseError> {
    check_expressions(&window.window_expr)?;
    input.link_details();
    if !input.is_of_nobody() {
        for expr in &window.window_expr {
            let Expr::WindowFunction(call) = unaliased(expr) else {
                return Err(ReleaseError::Engine);
            };
            let columns: Vec<Origin> = call
                .params
                .partition_by
                .iter()
                .filter_map(|expr| input.origin_of(expr))
                .collect();
            if !input.details.is_empty() || !input.is_one_person(&columns) {
                return Err(ReleaseError::Window {
                    function: call.fun.name().to_owned(),
                });
            }
        }
    }
    let node = datafusion::logical_expr::LogicalPlan::Window(window.clone());
    let told: Vec<Known> = window
        .window_expr
        .iter()
        .map(|expr| Known {
            sensitive: input.is_sensitive(expr),
            identifying: input.known_of(expr).identifying,
            chosen: true,
            computed: true,
            of: input.made_of([expr]),
            ..Known::default()
        })
        .collect();
    input = input.rebuilt(&node)?;
    input.columns.extend(told);
    Ok(input)
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}
