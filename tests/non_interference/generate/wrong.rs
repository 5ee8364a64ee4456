//! Questions that are wrong on purpose.

use super::{Form, Generator};
use crate::ast::{Expr, Query, Select, Type};

impl Generator {
    /// Something denied, unknown, not allowed, contradictory or not SQL, alone or within a query; or what is about names.
    pub(super) fn wrong(&mut self) -> Form {
        if self.dice.percent(30) {
            let texts = [
                "EXPLAIN ANALYZE SELECT * FROM sejour",
                "COPY sejour TO 'x.parquet'",
                "SELECT * FROM sejour TABLESAMPLE BERNOULLI (50)",
                "SELECT 1; SELECT 2",
                "SET datafusion.optimizer.max_passes = 0",
                "CREATE TABLE t AS SELECT * FROM sejour",
                "SELECT * FROM stored_sejour",
                "SELECT * FROM information_schema.df_settings",
                "SELECT * FROM generate_series(1, 3)",
                "SELECT FROM WHERE",
                "SELECT * FROM 'sejour/part-0.parquet'",
                "PREPARE p AS SELECT * FROM sejour",
                "SELECT count(secret) FROM sejour",
                "SELECT site, count(*) FROM sejour GROUP BY site",
                "SELECT \"Patient\" FROM sejour",
                "SELECT * FROM acte NATURAL JOIN nowhere",
                "DESCRIBE sejour",
                "SHOW TABLES",
                "SHOW COLUMNS FROM acte",
                "EXPLAIN SELECT region, count(*) FROM sejour WHERE cout > 5 GROUP BY region",
                "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY 1, 2",
            ];
            return Form::Text((*self.dice.pick(&texts)).to_owned());
        }
        let mut query = self.whole();
        let bad = Expr::text(
            Type::Int,
            *self.dice.pick(&[
                "secret",
                "droit",
                "input_file_name()",
                "file_row_index()",
                "md5('x')",
                "random()",
                "arrow_metadata(1)",
                "unknown_function(1)",
                "nowhere.x",
                "$1",
                "@x",
                "sum(count(*))",
                "upper(DATE '2020-01-01', 3)",
            ]),
        );
        add(&mut query, bad);
        Form::Query(Box::new(query))
    }
}

fn add(query: &mut Query, bad: Expr) {
    fn first(body: &mut crate::ast::Body) -> &mut Select {
        match body {
            crate::ast::Body::Select(select) => select,
            crate::ast::Body::Set(_, left, _) => first(left),
        }
    }
    first(&mut query.body).items[0].0 = bad;
}
