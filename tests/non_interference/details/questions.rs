//! Questions over acts (`er_prs_f`, p) and their drugs (`er_pha_f`, d), in every shape of join.
//!
//! `{on}` is the whole key between p and d, `{using}` the same as a list, `{8}` all of it but one part, `{keys}` the columns.

use super::stored::KEY;

pub struct Question {
    pub sql: &'static str,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answered, and the same in every order.
    Plain,
    /// What is answered depends on the order of rows.
    ByOrder,
    /// Fails on a visible row, if it is met.
    Fails,
}

const fn plain(sql: &'static str) -> Question {
    Question {
        sql,
        kind: Kind::Plain,
    }
}

const fn by_order(sql: &'static str) -> Question {
    Question {
        sql,
        kind: Kind::ByOrder,
    }
}

const fn fails(sql: &'static str) -> Question {
    Question {
        sql,
        kind: Kind::Fails,
    }
}

pub fn spelt(sql: &str) -> String {
    let equal = |keys: &[&str]| {
        let parts: Vec<String> = keys
            .iter()
            .map(|key| format!("d.{key} = p.{key}"))
            .collect();
        parts.join(" AND ")
    };
    sql.replace("{on}", &equal(&KEY))
        .replace("{8}", &equal(&KEY[1..]))
        .replace("{8b}", &equal(&KEY[..8]))
        .replace("{using}", &KEY.join(", "))
        .replace("{keys}", &KEY.join(", "))
        .to_lowercase()
        .replace("'hidden'", "'HIDDEN'")
}

pub const QUESTIONS: &[Question] = &[
    // The detail table alone.
    plain("SELECT pha_prs_c13, pha_act_qsn, 100 / pha_act_qsn AS v FROM er_pha_f"),
    plain("SELECT pha_prs_c13 FROM er_pha_f WHERE CAST(pha_dec_top AS INT) > 2"),
    plain("SELECT count(*), min(pha_prs_c13), max(pha_prs_c13) FROM er_pha_f"),
    by_order("SELECT pha_prs_c13 FROM er_pha_f LIMIT 3"),
    // Inner joins, both ways.
    plain("SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {on}"),
    plain("SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_pha_f d JOIN er_prs_f p ON {on}"),
    plain(
        "SELECT prs_ord_num, flx_dis_dtd, ben_ama_cod, pha_prs_c13 FROM er_prs_f JOIN er_pha_f USING ({using})",
    ),
    plain("SELECT count(*) FROM er_pha_f d JOIN er_prs_f p ON {on}"),
    plain("SELECT count(*) FROM er_prs_f p JOIN er_pha_f d ON {on}"),
    plain("SELECT 1 AS one FROM er_prs_f p JOIN er_pha_f d ON {on}"),
    plain("SELECT d.pha_prs_c13 FROM er_prs_f p, er_pha_f d WHERE {on}"),
    // What fails on hidden rows, in every place.
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d JOIN er_prs_f p ON {on} WHERE CAST(d.pha_dec_top AS INT) > 2",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} AND CAST(d.pha_dec_top AS INT) > 2",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} AND CAST(d.pha_dec_top AS INT) > p.ben_ama_cod % 5",
    ),
    plain(
        "SELECT CAST(d.pha_dec_top AS INT) AS v, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT CAST(d.pha_dec_top AS INT) + p.ben_ama_cod AS v FROM er_pha_f d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT 100 / d.pha_act_qsn AS v FROM er_pha_f d JOIN er_prs_f p ON {on} WHERE p.ben_ama_cod > 30",
    ),
    plain(
        "SELECT 100 / d.pha_act_qsn AS v, count(*) FROM er_prs_f p JOIN er_pha_f d ON {on} GROUP BY 1",
    ),
    plain("SELECT sum(100 / d.pha_act_qsn) AS v FROM er_prs_f p JOIN er_pha_f d ON {on}"),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} ORDER BY 100 / d.pha_act_qsn, 1",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} AND CAST(d.pha_dec_top AS INT) = p.ben_ama_cod % 6",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} AND 100 / d.pha_act_qsn = p.ben_ama_cod",
    ),
    plain(
        "SELECT d.pha_prs_c13 + 1 AS v FROM er_prs_f p JOIN er_pha_f d ON {on} WHERE d.pha_prs_c13 + 1 > 0",
    ),
    plain("SELECT CAST(d.pha_prs_c13 AS INT) AS v FROM er_prs_f p JOIN er_pha_f d ON {on}"),
    // Conditions that the leaf takes in.
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} WHERE d.pha_act_qsn IN (2, 3) AND p.ben_ama_cod > 30",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d JOIN er_prs_f p ON {on} WHERE d.pha_dec_top = 'HIDDEN' OR d.pha_act_qsn = 0 OR d.pha_act_qsn = 4",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d JOIN er_prs_f p ON {on} WHERE d.pha_dec_top = '4' AND CAST(d.pha_dec_top AS INT) = 4",
    ),
    // Failing on a visible row that only batches without it leave out.
    fails(
        "SELECT p.ben_ama_cod < 40 AND CAST(d.pha_cpa_pcp AS INT) > 0 AS v FROM er_prs_f p JOIN er_pha_f d ON {on}",
    ),
    fails(
        "SELECT p.ben_ama_cod < 30 OR CAST(d.pha_cpa_pcp AS INT) > 0 AS v FROM er_pha_f d JOIN er_prs_f p ON {on}",
    ),
    fails(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} WHERE d.pha_act_qsn + p.ben_ama_cod < 30 AND CAST(d.pha_cpa_pcp AS INT) + p.ben_ama_cod > 0",
    ),
    fails(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} AND d.pha_act_qsn + p.ben_ama_cod < 30 AND CAST(d.pha_cpa_pcp AS INT) + p.ben_ama_cod > 0",
    ),
    fails(
        "SELECT CASE WHEN p.ben_ama_cod + d.pha_act_qsn < 30 THEN CAST(d.pha_cpa_pcp AS INT) ELSE 0 END AS v FROM er_prs_f p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT CASE WHEN d.pha_act_qsn <> 5 THEN CAST(d.pha_cpa_pcp AS INT) ELSE 0 END AS v FROM er_prs_f p JOIN er_pha_f d ON {on}",
    ),
    fails(
        "SELECT d.pha_act_qsn <> 5 AND CAST(d.pha_cpa_pcp AS INT) > 0 AS v FROM er_prs_f p JOIN er_pha_f d ON {on}",
    ),
    fails(
        "SELECT d.pha_prs_c13 FROM (SELECT * FROM er_prs_f WHERE CAST(ben_cmu_org AS INT) > 0) p JOIN er_pha_f d ON {on}",
    ),
    fails(
        "SELECT d.pha_prs_c13 FROM er_pha_f d JOIN (SELECT *, CAST(ben_cmu_org AS INT) AS c FROM er_prs_f WHERE ben_ama_cod < 40) p ON {on} WHERE p.c > 0",
    ),
    // Outer joins, both ways.
    plain("SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_prs_f p LEFT JOIN er_pha_f d ON {on}"),
    plain("SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_pha_f d RIGHT JOIN er_prs_f p ON {on}"),
    plain("SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_pha_f d LEFT JOIN er_prs_f p ON {on}"),
    plain("SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_prs_f p RIGHT JOIN er_pha_f d ON {on}"),
    plain("SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_prs_f p FULL JOIN er_pha_f d ON {on}"),
    plain(
        "SELECT p.ben_ama_cod FROM er_prs_f p LEFT JOIN er_pha_f d ON {on} WHERE d.pha_prs_c13 IS NULL",
    ),
    plain(
        "SELECT p.ben_ama_cod, CAST(d.pha_dec_top AS INT) AS v FROM er_prs_f p LEFT JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d LEFT JOIN (SELECT * FROM er_prs_f WHERE ben_ama_cod > 40) p ON {on} WHERE p.ben_ama_cod IS NULL",
    ),
    plain(
        "SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_prs_f p LEFT JOIN er_pha_f d ON {on} AND d.pha_act_qsn = 2",
    ),
    plain(
        "SELECT p.ben_ama_cod, d.pha_prs_c13 FROM er_prs_f p LEFT JOIN er_pha_f d ON {on} AND p.ben_ama_cod > 40",
    ),
    // Semi and anti joins.
    plain(
        "SELECT p.ben_ama_cod FROM er_prs_f p WHERE EXISTS (SELECT 1 FROM er_pha_f d WHERE {on})",
    ),
    plain(
        "SELECT p.ben_ama_cod FROM er_prs_f p WHERE NOT EXISTS (SELECT 1 FROM er_pha_f d WHERE {on})",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d WHERE EXISTS (SELECT 1 FROM er_prs_f p WHERE {on})",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d WHERE NOT EXISTS (SELECT 1 FROM er_prs_f p WHERE {on})",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d WHERE NOT EXISTS (SELECT 1 FROM er_prs_f p WHERE {on} AND p.ben_ama_cod > 40)",
    ),
    plain("SELECT p.ben_ama_cod FROM er_prs_f p LEFT SEMI JOIN er_pha_f d ON {on}"),
    plain(
        "SELECT d.pha_prs_c13, 100 / d.pha_act_qsn AS v FROM er_pha_f d LEFT SEMI JOIN er_prs_f p ON {on}",
    ),
    plain("SELECT d.pha_prs_c13 FROM er_prs_f p RIGHT SEMI JOIN er_pha_f d ON {on}"),
    plain("SELECT d.pha_prs_c13 FROM er_prs_f p RIGHT ANTI JOIN er_pha_f d ON {on}"),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d WHERE d.prs_ord_num IN (SELECT prs_ord_num FROM er_prs_f)",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d WHERE d.prs_ord_num NOT IN (SELECT prs_ord_num FROM er_prs_f WHERE ben_ama_cod > 40)",
    ),
    plain(
        "SELECT p.ben_ama_cod FROM er_prs_f p WHERE p.prs_ord_num NOT IN (SELECT prs_ord_num FROM er_pha_f)",
    ),
    // Not the whole key, or not only the key, or not as a key.
    plain("SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_pha_f d JOIN er_prs_f p ON {8}"),
    plain("SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {8b}"),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {8} AND d.dct_ord_num + 0 = p.dct_ord_num",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {8} AND d.dct_ord_num = p.dct_ord_num + 0",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {8} AND d.dct_ord_num = p.prs_ord_num + 100",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {8} AND d.dct_ord_num <= p.dct_ord_num",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON ({on}) OR d.pha_act_qsn = 0",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {on} AND (d.pha_act_qsn = 0 OR p.ben_ama_cod > 40)",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {8} AND d.dct_ord_num IS NOT DISTINCT FROM p.dct_ord_num",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {on} AND d.pha_act_qsn = p.flx_emt_typ",
    ),
    plain(
        "SELECT d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {on} AND d.pha_dec_top = p.ben_cmu_org",
    ),
    // The key from somewhere else than one row of acts.
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT a.dct_ord_num, b.flx_dis_dtd, a.flx_emt_num, b.flx_emt_ord, a.flx_emt_typ, b.flx_trt_dtd, a.org_cle_num, b.prs_ord_num, a.rem_typ_aff FROM er_prs_f a CROSS JOIN er_prs_f b) p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT a.dct_ord_num, b.flx_dis_dtd, a.flx_emt_num, b.flx_emt_ord, a.flx_emt_typ, b.flx_trt_dtd, a.org_cle_num, b.prs_ord_num, a.rem_typ_aff FROM er_prs_f a JOIN er_prs_f b ON a.flx_emt_ord = b.flx_emt_ord) p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT DISTINCT {keys} FROM er_pha_f) p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT {keys} FROM er_pha_f UNION ALL SELECT {keys} FROM er_prs_f) p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT DISTINCT {keys} FROM er_prs_f) p JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT * FROM er_prs_f ORDER BY ben_ama_cod, prs_ord_num LIMIT 9) p JOIN er_pha_f d ON {on}",
    ),
    plain("SELECT d.pha_prs_c13, b.pha_prs_c13 FROM er_pha_f d JOIN er_pha_f b USING ({using})"),
    plain(
        "SELECT d.pha_prs_c13 FROM er_pha_f d JOIN er_pha_f p ON {on} AND d.pha_act_qsn < p.pha_act_qsn",
    ),
    // The detail's rows from somewhere else than its leaf as it is.
    by_order(
        "SELECT d.pha_prs_c13 FROM (SELECT * FROM er_pha_f LIMIT 5) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT * FROM er_pha_f ORDER BY pha_prs_c13 LIMIT 5) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM (SELECT * FROM er_pha_f ORDER BY pha_prs_c13 DESC LIMIT 5) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT d.n, p.ben_ama_cod FROM (SELECT *, row_number() OVER (ORDER BY pha_prs_c13) AS n FROM er_pha_f) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT d.v FROM (SELECT *, 100 / pha_act_qsn AS v FROM er_pha_f) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT d.n FROM (SELECT {keys}, count(*) AS n FROM er_pha_f GROUP BY {keys}) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT d.n FROM (SELECT DISTINCT {keys}, 100 / pha_act_qsn AS n FROM er_pha_f) d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "WITH d AS (SELECT *, CAST(pha_dec_top AS INT) AS t FROM er_pha_f) SELECT d.pha_prs_c13 FROM d JOIN er_prs_f p ON {on} WHERE d.t > 2",
    ),
    plain(
        "WITH d AS (SELECT * FROM er_pha_f) SELECT d.pha_prs_c13, e.pha_prs_c13 FROM d JOIN er_prs_f p ON {on} JOIN d e ON e.prs_ord_num = p.prs_ord_num",
    ),
    plain(
        "WITH d AS (SELECT * FROM er_pha_f), p AS (SELECT * FROM er_prs_f) SELECT (SELECT count(*) FROM d) AS n, count(*) FROM d JOIN p ON {on}",
    ),
    plain(
        "WITH j AS (SELECT d.pha_prs_c13 AS c, p.ben_ama_cod AS a FROM er_prs_f p JOIN er_pha_f d ON {on}) SELECT x.c, y.c FROM j x JOIN j y ON x.a = y.a AND x.c < y.c",
    ),
    // More tables, and what stands above.
    plain(
        "SELECT d.pha_prs_c13, e.pha_act_qsn FROM er_prs_f p JOIN er_pha_f d ON {on} JOIN er_pha_f e ON e.prs_ord_num = p.prs_ord_num AND e.flx_dis_dtd = p.flx_dis_dtd",
    ),
    plain(
        "SELECT d.pha_prs_c13, q.ben_ama_cod FROM er_prs_f q JOIN er_prs_f p USING (prs_ord_num) JOIN er_pha_f d ON {on}",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} UNION ALL SELECT pha_prs_c13 FROM er_pha_f",
    ),
    plain(
        "SELECT p.ben_ama_cod, count(DISTINCT d.pha_dec_top), max(d.pha_prs_c13) FROM er_prs_f p JOIN er_pha_f d ON {on} GROUP BY 1 HAVING max(d.pha_act_qsn) > 1",
    ),
    plain(
        "SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} ORDER BY 1 LIMIT 4 OFFSET 2",
    ),
    plain("SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} ORDER BY 1 DESC LIMIT 4"),
    by_order("SELECT d.pha_prs_c13 FROM er_prs_f p JOIN er_pha_f d ON {on} LIMIT 5"),
    fails("SELECT CAST(d.pha_cpa_pcp AS INT) AS v FROM er_prs_f p JOIN er_pha_f d ON {on} LIMIT 4"),
    fails(
        "SELECT CAST(d.pha_cpa_pcp AS INT) AS v FROM er_pha_f d JOIN er_prs_f p ON {on} ORDER BY d.pha_prs_c13 LIMIT 4",
    ),
    fails(
        "SELECT max(d.pha_prs_c13) FROM er_prs_f p JOIN er_pha_f d ON {on} WHERE CAST(d.pha_cpa_pcp AS INT) + p.ben_ama_cod > 0",
    ),
    by_order(
        "SELECT row_number() OVER () AS n, d.pha_prs_c13, p.ben_ama_cod FROM er_prs_f p JOIN er_pha_f d ON {on}",
    ),
    by_order(
        "SELECT array_agg(d.pha_prs_c13), first_value(d.pha_dec_top), last_value(p.ben_ama_cod) FROM er_pha_f d JOIN er_prs_f p ON {on}",
    ),
    plain(
        "SELECT p.ben_ama_cod FROM er_prs_f p WHERE p.ben_ama_cod > (SELECT count(*) FROM er_pha_f d JOIN er_prs_f q USING ({using}))",
    ),
    plain(
        "SELECT p.ben_ama_cod, (SELECT sum(d.pha_act_qsn) FROM er_pha_f d WHERE {on}) AS boxes FROM er_prs_f p",
    ),
];
