//! Whole queries: sources and joins, groups, set operations, order and limit.

use super::{Generator, Kind, Output, Relation, Scope};
use crate::ast::{Body, Expr, From, Group, Order, Query, Select, Source, Type};

impl Generator {
    /// A query with everything around it.
    pub(super) fn whole(&mut self) -> Query {
        let mut ctes = Vec::new();
        if self.dice.percent(15) {
            let (query, columns) = self.query(1, None);
            // Now and then under a name that a policy speaks of.
            let name = match self.dice.percent(20) {
                true => "etab".to_owned(),
                false => self.name("w"),
            };
            self.ctes.retain(|known| known.name != name);
            self.ctes.push(Relation {
                name: name.clone(),
                columns,
                unique: false,
            });
            ctes.push((name, query));
        }
        let (mut query, _) = self.query(2, None);
        query.ctes = ctes;
        query
    }

    /// A query, and what it gives: the given types, or any.
    fn query(&mut self, depth: usize, wanted: Option<Vec<Type>>) -> (Query, Vec<Output>) {
        if depth > 0 && self.dice.percent(14) {
            return self.set_operation(depth, wanted);
        }
        let (select, outputs, scope) = self.select(depth, wanted);
        let sortable = !select.distinct && !scope.known.is_empty();
        let mut query = Query::of(select);
        self.sort(&mut query, sortable.then_some(&scope));
        (query, outputs)
    }

    fn set_operation(&mut self, depth: usize, wanted: Option<Vec<Type>>) -> (Query, Vec<Output>) {
        let types = wanted.unwrap_or_else(|| {
            let count = 1 + self.dice.below(3);
            (0..count).map(|_| self.pick_type()).collect()
        });
        let (left, mut outputs, _) = self.select(depth - 1, Some(types.clone()));
        let (right, _, _) = self.select(depth - 1, Some(types));
        for output in &mut outputs {
            output.kind = Kind::Plain;
        }
        let operator = *self
            .dice
            .pick(&["UNION ALL", "UNION ALL", "UNION", "INTERSECT", "EXCEPT"]);
        let mut query = Query {
            ctes: vec![],
            body: Body::Set(
                operator,
                Box::new(Body::Select(left)),
                Box::new(Body::Select(right)),
            ),
            order: Order::None,
            limit: None,
        };
        self.sort(&mut query, None);
        (query, outputs)
    }

    /// Order and limit, or not. A limit without an order that tells all rows apart takes rows by chance.
    fn sort(&mut self, query: &mut Query, scope: Option<&Scope>) {
        let directions = ["", "DESC", "NULLS FIRST", "DESC NULLS LAST"];
        let kind = self.dice.below(10);
        match (kind, scope) {
            (0 | 1, Some(scope)) if !scope.keys.is_empty() => {
                let mut keys = Vec::new();
                if self.dice.percent(50) {
                    let ty = self.pick_type();
                    keys.push((self.leaf_of_known(scope, ty), *self.dice.pick(&directions)));
                }
                for key in &scope.keys {
                    keys.push((key.clone(), *self.dice.pick(&directions)));
                }
                query.order = Order::By { keys, total: true };
            }
            (2, Some(scope)) => {
                let ty = self.pick_type();
                let key = self.expr(scope, ty, 1);
                query.order = Order::By {
                    keys: vec![(key, *self.dice.pick(&directions))],
                    total: false,
                };
            }
            (0..=4, _) => {
                query.order = Order::All(vec![
                    *self.dice.pick(&directions),
                    *self.dice.pick(&directions),
                ]);
            }
            _ => {}
        }
        let limited = match query.is_ordered() {
            true => self.dice.percent(60),
            false => self.dice.percent(5),
        };
        if limited {
            self.notes.by_order |= !query.is_ordered();
            let skipped = if self.dice.percent(20) {
                1 + self.dice.below(4)
            } else {
                0
            };
            query.limit = Some((1 + self.dice.below(8), skipped));
        }
    }

    fn leaf_of_known(&mut self, scope: &Scope, ty: Type) -> Expr {
        let found = self.column(scope, |known, _| known.ty == ty);
        found.unwrap_or_else(|| scope.keys[0].clone())
    }

    fn select(&mut self, depth: usize, wanted: Option<Vec<Type>>) -> (Select, Vec<Output>, Scope) {
        let (from, scope) = self.sources(depth);
        let types = wanted.unwrap_or_else(|| {
            let count = 1 + self.dice.below(4);
            (0..count).map(|_| self.pick_type()).collect()
        });
        let filter = self.dice.percent(55).then(|| self.condition(&scope, 2));
        let mut select = Select {
            distinct: false,
            items: vec![],
            from,
            filter,
            group: None,
            having: None,
        };
        let mut kinds = vec![Kind::Plain; types.len()];
        match self.dice.below(10) {
            0..=2 => self.grouped(&mut select, &scope, &types),
            3 => {
                for ty in &types {
                    let item = self.aggregate(&scope, *ty, 2);
                    self.item(&mut select, item);
                }
            }
            4 => {
                for ty in &types {
                    let item = match self.dice.percent(60) {
                        true => self.window(&scope, *ty, 1),
                        false => self.expr(&scope, *ty, 2),
                    };
                    self.item(&mut select, item);
                }
            }
            choice => {
                select.distinct = choice == 5;
                for (at, ty) in types.iter().enumerate() {
                    let item = self.expr(&scope, *ty, 3);
                    kinds[at] = kind_of(&scope, &item);
                    self.item(&mut select, item);
                }
            }
        }
        let outputs = select
            .items
            .iter()
            .zip(kinds)
            .map(|((item, name), kind)| Output {
                name: name.clone(),
                ty: item.ty,
                kind,
            })
            .collect();
        let is_plain =
            select.group.is_none() && select.items.iter().all(|(item, _)| !is_aggregate(item));
        let scope = match is_plain {
            true => scope,
            false => Scope::default(),
        };
        (select, outputs, scope)
    }

    fn item(&mut self, select: &mut Select, item: Expr) {
        let name = self.name("c");
        select.items.push((item, name));
    }

    fn grouped(&mut self, select: &mut Select, scope: &Scope, types: &[Type]) {
        let mut keys = Vec::new();
        for ty in types {
            let is_key = self.dice.percent(40) && keys.len() < 3;
            let item = if is_key {
                let key = match self.dice.percent(75) {
                    true => self.leaf_or_first(scope, *ty),
                    false => self.expr(scope, *ty, 1),
                };
                keys.push(key.clone());
                key
            } else {
                self.aggregate(scope, *ty, 2)
            };
            self.item(select, item);
        }
        if keys.is_empty() {
            let ty = self.pick_type();
            keys.push(self.leaf_or_first(scope, ty));
        }
        let sets = match self.dice.below(10) {
            0 | 1 => "ROLLUP ",
            2 => "CUBE ",
            _ => "",
        };
        select.group = Some(Group { keys, sets });
        if self.dice.percent(30) {
            let ty = self.pick_type();
            let (left, right) = (self.aggregate(scope, ty, 1), self.literal(ty));
            let comparison =
                *self
                    .dice
                    .pick(&["({} > {})", "({} <> {})", "({} IS NOT NULL OR {} IS NULL)"]);
            select.having = Some(Expr::form(Type::Bool, comparison, vec![left, right]));
        }
    }

    /// A column to group by: of the type if there is one, else any.
    fn leaf_or_first(&mut self, scope: &Scope, ty: Type) -> Expr {
        let found = self.column(scope, |known, _| known.ty == ty);
        found.unwrap_or_else(|| self.dice.pick(&scope.known).0.clone())
    }

    fn sources(&mut self, depth: usize) -> (Vec<From>, Scope) {
        let count = [1, 1, 1, 1, 2, 2, 2, 3][self.dice.below(8)];
        let mut scope = Scope {
            depth,
            ..Scope::default()
        };
        let (mut from, mut unique) = (Vec::<From>::new(), true);
        for at in 0..count {
            let alias = self.name("t");
            let derived = depth > 0 && self.dice.percent(18);
            let (source, columns, is_unique) = if derived {
                let (query, columns) = self.query(depth - 1, None);
                (Source::Derived(Box::new(query)), columns, false)
            } else {
                let relation = self.relation();
                (
                    Source::Named(relation.name),
                    relation.columns,
                    relation.unique,
                )
            };
            let known: Vec<(Expr, Kind)> = columns
                .iter()
                .map(|column| {
                    (
                        Expr::text(column.ty, format!("{alias}.{}", column.name)),
                        column.kind,
                    )
                })
                .collect();
            let (join, on) = match at {
                0 => ("", None),
                _ => self.join(&scope, &known),
            };
            let gone = join.contains("SEMI") || join.contains("ANTI");
            if is_unique && !gone {
                scope
                    .keys
                    .push(Expr::text(Type::Int, format!("{alias}.id")));
            }
            unique &= is_unique || gone;
            if !gone {
                scope.known.extend(known);
            }
            from.push(From {
                join,
                source,
                alias,
                on,
            });
        }
        if !unique {
            scope.keys.clear();
        }
        (from, scope)
    }

    fn relation(&mut self) -> Relation {
        let stays = self
            .ctes
            .iter()
            .find(|known| known.name == "sejour")
            .cloned();
        match stays {
            Some(stays) if self.dice.percent(30) => stays,
            _ => self.dice.pick(&self.ctes).clone(),
        }
    }

    /// How a source is joined to those before it.
    fn join(&mut self, scope: &Scope, joined: &[(Expr, Kind)]) -> (&'static str, Option<Expr>) {
        if self.dice.percent(4) {
            return ("CROSS JOIN", None);
        }
        let kinds = [
            "JOIN",
            "JOIN",
            "JOIN",
            "LEFT JOIN",
            "LEFT JOIN",
            "RIGHT JOIN",
            "FULL JOIN",
            "LEFT SEMI JOIN",
            "LEFT ANTI JOIN",
        ];
        let join = *self.dice.pick(&kinds);
        type Same<'a> = &'a dyn Fn(&(Expr, Kind), &(Expr, Kind)) -> bool;
        let pairs = |same: Same<'_>| -> Vec<(Expr, Expr)> {
            let left = scope.known.iter();
            left.flat_map(|a| {
                joined
                    .iter()
                    .filter(move |b| same(a, b))
                    .map(move |b| (a.0.clone(), b.0.clone()))
            })
            .collect()
        };
        let keyed = pairs(&|a, b| a.1 == b.1 && !matches!(a.1, Kind::Plain | Kind::Digits));
        let typed = pairs(&|a, b| a.0.ty == b.0.ty);
        let (left, right) = match (keyed.is_empty(), typed.is_empty()) {
            (false, _) if self.dice.percent(85) => self.dice.pick(&keyed).clone(),
            (_, false) => self.dice.pick(&typed).clone(),
            _ => return ("CROSS JOIN", None),
        };
        let mut on = Expr::form(Type::Bool, "{} = {}", vec![left, right]);
        if self.dice.percent(20) {
            let both = Scope {
                known: scope.known.iter().chain(joined).cloned().collect(),
                ..Scope::default()
            };
            let more = self.condition(&both, 1);
            on = Expr::form(Type::Bool, "{} AND {}", vec![on, more]);
        }
        (join, Some(on))
    }

    /// A query for `EXISTS`: most often one that speaks of the query around it.
    pub(super) fn correlated(&mut self, scope: &Scope) -> Query {
        let (mut select, inner) = self.small(scope);
        let tie = self.tie(scope, &inner);
        select.filter = match (tie, select.filter) {
            (Some(tie), Some(filter)) => {
                Some(Expr::form(Type::Bool, "({} AND {})", vec![tie, filter]))
            }
            (tie, filter) => tie.or(filter),
        };
        select.items = vec![(Expr::text(Type::Int, "1"), self.name("c"))];
        Query::of(select)
    }

    /// A query of one column, of a type, for `IN`.
    pub(super) fn column_of_values(&mut self, scope: &Scope, ty: Type, kind: Kind) -> Query {
        let (mut select, inner) = self.small(scope);
        let same = self.column(&inner, |known, of| known.ty == ty && of == kind);
        let value = same.unwrap_or_else(|| self.leaf(&inner, ty));
        self.item(&mut select, value);
        Query::of(select)
    }

    /// A query of one value of a type.
    pub(super) fn single_value(&mut self, scope: &Scope, ty: Type) -> Query {
        let (mut select, inner) = self.small(scope);
        if self.dice.percent(60)
            && let Some(tie) = self.tie(scope, &inner)
        {
            select.filter = Some(tie);
        }
        // Now and then more rows than one, which is an error.
        if self.dice.percent(4) {
            self.notes.fallible = true;
            let value = self.leaf(&inner, ty);
            self.item(&mut select, value);
        } else {
            let value = self.aggregate(&inner, ty, 0);
            self.item(&mut select, value);
        }
        Query::of(select)
    }

    /// One table, maybe filtered.
    fn small(&mut self, scope: &Scope) -> (Select, Scope) {
        let (relation, alias) = (self.relation(), self.name("t"));
        let inner = Scope {
            known: relation
                .columns
                .iter()
                .map(|column| {
                    (
                        Expr::text(column.ty, format!("{alias}.{}", column.name)),
                        column.kind,
                    )
                })
                .collect(),
            outer: match self.dice.percent(15) {
                true => scope.known.clone(),
                false => vec![],
            },
            depth: scope.depth.saturating_sub(1),
            ..Scope::default()
        };
        let filter = self.dice.percent(50).then(|| self.condition(&inner, 1));
        let select = Select {
            distinct: false,
            items: vec![],
            from: vec![From {
                join: "",
                source: Source::Named(relation.name),
                alias,
                on: None,
            }],
            filter,
            group: None,
            having: None,
        };
        (select, inner)
    }

    /// An equality between a query and the one around it.
    fn tie(&mut self, outer: &Scope, inner: &Scope) -> Option<Expr> {
        let pairs: Vec<(Expr, Expr)> = outer
            .known
            .iter()
            .flat_map(|a| inner.known.iter().map(move |b| (a, b)))
            .filter(|(a, b)| {
                a.1 == b.1 && a.0.ty == b.0.ty && !matches!(a.1, Kind::Plain | Kind::Digits)
            })
            .map(|(a, b)| (a.0.clone(), b.0.clone()))
            .collect();
        (!pairs.is_empty()).then(|| {
            let (a, b) = self.dice.pick(&pairs).clone();
            Expr::form(Type::Bool, "({} = {})", vec![b, a])
        })
    }
}

fn kind_of(scope: &Scope, item: &Expr) -> Kind {
    let text = item.to_string();
    let known = scope
        .known
        .iter()
        .find(|(known, _)| known.to_string() == text);
    known.map_or(Kind::Plain, |(_, kind)| *kind)
}

/// Whether an item is one of those that make a row of many; windows are not.
fn is_aggregate(item: &Expr) -> bool {
    let text = item.to_string();
    let calls = [
        "count(",
        "sum(",
        "avg(",
        "min(",
        "max(",
        "bool_",
        "bit_or",
        "bit_and",
        "bit_xor",
        "stddev",
        "var_pop",
        "corr(",
        "covar",
        "regr_",
        "median(",
        "_value(",
        "string_agg",
        "approx_",
    ];
    !text.contains(" OVER (") && calls.iter().any(|call| text.contains(call))
}
