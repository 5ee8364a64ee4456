//! Smaller queries that may still show what a query shows.
//!
//! One step away each: a clause left out, a part of a set operation or a subquery in place of the whole, an expression
//! replaced by an operand of the same type or by a literal. What is no query any more is found out by asking it.

use crate::ast::{Body, Expr, Group, Order, Piece, Query, Select, Source};

/// The queries one step smaller than a query, the largest steps first.
pub fn smaller(query: &Query) -> Vec<Query> {
    let mut found = Vec::new();
    subqueries(&query.body, &mut |inner| found.push(inner.clone()));
    found.extend(query.ctes.iter().map(|(_, cte)| cte.clone()));
    if let Body::Set(_, left, right) = &query.body {
        for side in [left, right] {
            found.push(Query {
                body: side.as_ref().clone(),
                ..query.clone()
            });
        }
    }
    for at in 0..query.ctes.len() {
        let mut without = query.clone();
        without.ctes.remove(at);
        found.push(without);
    }
    if !matches!(query.order, Order::None) || query.limit.is_some() {
        // Together: a limit without its order would take other rows.
        found.push(Query {
            order: Order::None,
            limit: None,
            ..query.clone()
        });
    }
    if query.limit.is_some() {
        found.push(Query {
            limit: None,
            ..query.clone()
        });
    }
    found.extend(smaller_bodies(&query.body).into_iter().map(|body| Query {
        body,
        ..query.clone()
    }));
    for (at, (_, cte)) in query.ctes.iter().enumerate() {
        for inner in smaller(cte) {
            let mut other = query.clone();
            other.ctes[at].1 = inner;
            found.push(other);
        }
    }
    found
}

fn subqueries(body: &Body, visit: &mut impl FnMut(&Query)) {
    match body {
        Body::Set(_, left, right) => {
            subqueries(left, visit);
            subqueries(right, visit);
        }
        Body::Select(select) => {
            for from in &select.from {
                if let Source::Derived(query) = &from.source {
                    visit(query);
                }
            }
            for expr in expressions(select) {
                in_expression(expr, visit);
            }
        }
    }
}

fn in_expression(expr: &Expr, visit: &mut impl FnMut(&Query)) {
    for piece in &expr.pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Expr(inner) => in_expression(inner, visit),
            Piece::Query(query) => visit(query),
        }
    }
}

fn expressions(select: &Select) -> Vec<&Expr> {
    let on = select.from.iter().filter_map(|from| from.on.as_ref());
    let keys = select.group.iter().flat_map(|group| &group.keys);
    let items = select.items.iter().map(|(item, _)| item);
    items
        .chain(on)
        .chain(&select.filter)
        .chain(keys)
        .chain(&select.having)
        .collect()
}

fn smaller_bodies(body: &Body) -> Vec<Body> {
    match body {
        Body::Set(operator, left, right) => {
            let lefts = smaller_bodies(left)
                .into_iter()
                .map(|left| Body::Set(operator, Box::new(left), right.clone()));
            let rights = smaller_bodies(right)
                .into_iter()
                .map(|right| Body::Set(operator, left.clone(), Box::new(right)));
            lefts.chain(rights).collect()
        }
        Body::Select(select) => smaller_selects(select)
            .into_iter()
            .map(Body::Select)
            .collect(),
    }
}

fn smaller_selects(select: &Select) -> Vec<Select> {
    let mut found = Vec::new();
    let mut with = |change: &dyn Fn(&mut Select)| {
        let mut other = select.clone();
        change(&mut other);
        found.push(other);
    };
    for at in (0..select.from.len())
        .rev()
        .filter(|_| select.from.len() > 1)
    {
        with(&|other| {
            other.from.remove(at);
        });
    }
    if select.having.is_some() {
        with(&|other| other.having = None);
    }
    if select.filter.is_some() {
        with(&|other| other.filter = None);
    }
    if let Some(group) = &select.group {
        with(&|other| other.group = None);
        if !group.sets.is_empty() {
            with(&|other| {
                if let Some(group) = &mut other.group {
                    group.sets = "";
                }
            });
        }
        for at in 0..group.keys.len().saturating_sub(1) {
            with(&|other| {
                if let Some(Group { keys, .. }) = &mut other.group {
                    keys.remove(at);
                }
            });
        }
    }
    if select.distinct {
        with(&|other| other.distinct = false);
    }
    for at in (0..select.items.len()).filter(|_| select.items.len() > 1) {
        with(&|other| {
            other.items.remove(at);
        });
    }
    for (at, from) in select.from.iter().enumerate() {
        if let Source::Derived(query) = &from.source {
            for inner in smaller(query) {
                with(&|other| other.from[at].source = Source::Derived(Box::new(inner.clone())));
            }
        }
        for on in from.on.iter().flat_map(smaller_expressions) {
            with(&|other| other.from[at].on = Some(on.clone()));
        }
    }
    for filter in select.filter.iter().flat_map(smaller_expressions) {
        with(&|other| other.filter = Some(filter.clone()));
    }
    for having in select.having.iter().flat_map(smaller_expressions) {
        with(&|other| other.having = Some(having.clone()));
    }
    for (at, (item, _)) in select.items.iter().enumerate() {
        for item in smaller_expressions(item) {
            with(&|other| other.items[at].0 = item.clone());
        }
    }
    found
}

fn smaller_expressions(expr: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    let is_leaf = matches!(expr.pieces.as_slice(), [Piece::Text(_)]);
    operands(expr, expr, &mut found);
    let simplest = expr.ty.simplest();
    if !is_leaf {
        found.extend(simplest);
    }
    for (at, piece) in expr.pieces.iter().enumerate() {
        let mut with = |piece: Piece| {
            let mut other = expr.clone();
            other.pieces[at] = piece;
            found.push(other);
        };
        match piece {
            Piece::Text(_) => {}
            Piece::Expr(inner) => {
                for inner in smaller_expressions(inner) {
                    with(Piece::Expr(inner));
                }
            }
            Piece::Query(query) => {
                for inner in smaller(query) {
                    with(Piece::Query(Box::new(inner)));
                }
            }
        }
    }
    found
}

/// Operands, of whatever depth, that can stand for the whole.
fn operands(expr: &Expr, whole: &Expr, found: &mut Vec<Expr>) {
    for piece in &expr.pieces {
        if let Piece::Expr(inner) = piece {
            if inner.ty == whole.ty {
                found.push(inner.clone());
            } else {
                operands(inner, whole, found);
            }
        }
    }
}
