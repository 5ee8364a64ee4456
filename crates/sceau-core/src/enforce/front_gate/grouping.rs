use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, GroupByWithModifier, Select, SelectItem, Statement, Value, VisitMut,
    VisitorMut,
};

use super::Refusal;

/// Puts the columns that `ROLLUP (1, 2)`, `CUBE` and `GROUPING SETS` number in the numbers' place, and refuses totals that
/// are asked for in a way that DataFusion does not read.
///
/// DataFusion takes such a number for itself, one key for all rows, and reads over `WITH ROLLUP` and its like: the answer
/// would lack the totals.
pub(crate) fn settle_groupings(statement: &mut Statement) -> Result<(), Refusal> {
    match statement.visit(&mut Groupings { room: MOST_COPIED }) {
        ControlFlow::Break(refused) => Err(refused),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// As many bytes of text as numbers may stand for: a short question could otherwise be a very large one.
const MOST_COPIED: usize = 100_000;

struct Groupings {
    room: usize,
}

impl VisitorMut for Groupings {
    type Break = Refusal;

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Refusal> {
        match self.settle(select) {
            Ok(()) => ControlFlow::Continue(()),
            Err(refusal) => ControlFlow::Break(refusal),
        }
    }
}

impl Groupings {
    fn settle(&mut self, select: &mut Select) -> Result<(), Refusal> {
        let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) =
            &select.group_by;
        if let Some(modifier) = modifiers.first() {
            return Err(refused_modifier(modifier));
        }
        let GroupByExpr::Expressions(keys, _) = &mut select.group_by else {
            return Ok(());
        };
        for key in keys {
            let (word, sets) = match key {
                Expr::Rollup(sets) => ("ROLLUP", sets),
                Expr::Cube(sets) => ("CUBE", sets),
                Expr::GroupingSets(sets) => ("GROUPING SETS", sets),
                _ => continue,
            };
            if word != "GROUPING SETS" && sets.iter().any(|set| set.len() != 1) {
                return Err(Refusal(format!(
                    "several columns as one in {word} are not allowed: write GROUPING SETS ((a, b), ())"
                )));
            }
            for part in sets.iter_mut().flatten() {
                if let Expr::Function(call) = part
                    && let name = call.name.to_string().to_uppercase()
                    && matches!(name.as_str(), "ROLLUP" | "CUBE")
                {
                    return Err(Refusal(format!(
                        "{name} within {word} is not allowed: write out its sets, as in GROUPING SETS ((a, b), (a), ())"
                    )));
                }
                if let Some(number) = whole_number(part) {
                    *part = self.numbered(word, &number, &select.projection)?;
                }
            }
        }
        Ok(())
    }

    /// The expression that a question selects in this place.
    fn numbered(
        &mut self,
        word: &str,
        number: &str,
        items: &[SelectItem],
    ) -> Result<Expr, Refusal> {
        let none = || {
            Refusal(format!(
                "{word} by {number} is not allowed: what is selected has {} places",
                items.len()
            ))
        };
        let at: usize = number.parse().map_err(|_| none())?;
        let up_to = items
            .get(..at)
            .filter(|up_to| !up_to.is_empty())
            .ok_or_else(none)?;
        let mut found = None;
        for item in up_to {
            found = match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    Some(expr)
                }
                _ => {
                    return Err(Refusal(format!(
                        "{word} by {number} is not allowed where * is selected before: write the column's name"
                    )));
                }
            };
        }
        let expr = found.ok_or_else(none)?;
        self.room = self
            .room
            .checked_sub(expr.to_string().len())
            .ok_or_else(|| {
                Refusal(format!(
                    "numbers in {word} that stand for more than {MOST_COPIED} bytes are not allowed"
                ))
            })?;
        Ok(expr.clone())
    }
}

fn refused_modifier(modifier: &GroupByWithModifier) -> Refusal {
    Refusal(match modifier {
        GroupByWithModifier::Rollup => {
            "GROUP BY … WITH ROLLUP is not allowed: write GROUP BY ROLLUP (…)".to_owned()
        }
        GroupByWithModifier::Cube => {
            "GROUP BY … WITH CUBE is not allowed: write GROUP BY CUBE (…)".to_owned()
        }
        GroupByWithModifier::Totals => {
            "GROUP BY … WITH TOTALS is not allowed: write GROUP BY ROLLUP (…)".to_owned()
        }
        GroupByWithModifier::GroupingSets(_) => {
            "columns before GROUPING SETS are not allowed: write GROUP BY GROUPING SETS (…) alone"
                .to_owned()
        }
    })
}

fn whole_number(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => Some(number.to_string()),
            _ => None,
        },
        _ => None,
    }
}
