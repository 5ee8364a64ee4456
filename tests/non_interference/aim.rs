//! Queries written by hand, each aimed at one way in which hidden cells could show. They run under every setting.

use crate::generate::{Form, Notes, Question};
use crate::oracles::{Harness, Trial};
use crate::worlds::settings;

/// Trial `n`: every query under every setting.
pub fn aimed(n: u64) -> (Question, Trial) {
    let (n, settings) = (usize::try_from(n).expect("fits"), settings());
    let (text, notes) = AIMED[n / settings.len()];
    let question = Question {
        query: Form::Text(text.to_owned()),
        notes,
    };
    let trial = Trial {
        setting: settings[n % settings.len()],
        explain: n.is_multiple_of(settings.len()),
        ..Harness::trial(n as u64)
    };
    (question, trial)
}

pub fn trials() -> u64 {
    (AIMED.len() * settings().len()) as u64
}

const PLAIN: Notes = Notes {
    fallible: false,
    by_order: false,
    approximate: false,
    wrong: false,
};
const FALLIBLE: Notes = Notes {
    fallible: true,
    ..PLAIN
};
const BY_ORDER: Notes = Notes {
    by_order: true,
    ..PLAIN
};
/// Whether it fails depends on the rows that were read before there were enough.
const FALLIBLE_BY_ORDER: Notes = Notes {
    by_order: true,
    ..FALLIBLE
};

const AIMED: &[(&str, Notes)] = &[
    // Expressions that would fail on hidden rows.
    (
        "SELECT id FROM sejour WHERE CAST(code AS INT) > 5 AND region = 'A'",
        PLAIN,
    ),
    (
        "SELECT region, CAST(code AS INT) + cout AS v FROM sejour ORDER BY 2, 1 LIMIT 5",
        PLAIN,
    ),
    ("SELECT 100 / duree AS v, id FROM sejour ORDER BY id", PLAIN),
    (
        "SELECT sum(100 / duree) FROM sejour WHERE region <> 'B' GROUP BY region HAVING sum(100 / duree) > 1",
        PLAIN,
    ),
    (
        "SELECT CAST(cout AS SMALLINT) AS v FROM sejour WHERE cout < 1000",
        PLAIN,
    ),
    (
        "SELECT date_trunc('month', entree) AS m, count(*) FROM sejour WHERE id <> 171 GROUP BY 1",
        PLAIN,
    ),
    (
        "SELECT abs(quantite) AS q, CAST(quantite AS TINYINT) AS t FROM acte",
        PLAIN,
    ),
    (
        "SELECT CASE WHEN region = 'Z' THEN CAST(note AS INT) ELSE 1 END AS v FROM sejour",
        FALLIBLE,
    ),
    (
        "SELECT CAST(service AS INT) AS v, CAST(motif AS BIGINT) AS w FROM sejour",
        PLAIN,
    ),
    (
        "SELECT id FROM sejour WHERE CAST(service AS INT) > 1 AND CAST(motif AS BIGINT) > 1",
        PLAIN,
    ),
    (
        "SELECT CAST(service AS INT) AS v, count(*) FROM sejour GROUP BY 1 ORDER BY 1",
        PLAIN,
    ),
    // Expressions that fail on a visible row, which a filter made of other rows' values may or may not leave out.
    (
        "SELECT CAST(note AS INT) AS v, id FROM sejour ORDER BY id LIMIT 3",
        FALLIBLE,
    ),
    (
        "SELECT CAST(note AS INT) AS v, id FROM sejour ORDER BY id DESC LIMIT 3",
        FALLIBLE,
    ),
    (
        "SELECT CAST(note AS INT) AS v FROM sejour ORDER BY entree DESC LIMIT 2",
        FALLIBLE,
    ),
    (
        "SELECT CAST(note AS INT) AS v FROM sejour ORDER BY montant LIMIT 2",
        FALLIBLE,
    ),
    (
        "SELECT max(id) FROM sejour WHERE CAST(note AS INT) > 0",
        FALLIBLE,
    ),
    (
        "SELECT min(id), max(id) FROM sejour WHERE CAST(note AS INT) > 0",
        FALLIBLE,
    ),
    (
        "SELECT s.id FROM sejour s JOIN etab e ON s.etab = e.id WHERE e.nom = 'HAD' AND CAST(s.note AS INT) > 0",
        FALLIBLE,
    ),
    (
        "SELECT s.id FROM acte a JOIN sejour s ON a.sejour = s.id WHERE a.id < 9 AND CAST(s.note AS INT) > 0",
        FALLIBLE,
    ),
    (
        "SELECT s.id FROM acte a JOIN sejour s ON a.sejour = s.id WHERE a.id > 70 AND CAST(s.note AS INT) > 0",
        FALLIBLE,
    ),
    (
        "SELECT id FROM sejour WHERE id IN (SELECT sejour FROM acte WHERE id < 9) AND CAST(note AS INT) > 0",
        FALLIBLE,
    ),
    (
        "SELECT CAST(note AS INT) AS v FROM sejour LIMIT 4",
        FALLIBLE_BY_ORDER,
    ),
    (
        "SELECT 10 / (id - 5) AS v FROM etab LIMIT 2",
        FALLIBLE_BY_ORDER,
    ),
    (
        "SELECT 10 / (id - 5) AS v FROM etab ORDER BY id LIMIT 2",
        FALLIBLE,
    ),
    (
        "SELECT id FROM sejour WHERE duree + 0 = 1 AND CAST(note AS INT) > 0",
        FALLIBLE_BY_ORDER,
    ),
    (
        "SELECT id FROM sejour WHERE duree = 1 AND CAST(note AS INT) > 0",
        FALLIBLE,
    ),
    // Statistics of files and row groups.
    ("SELECT count(*) FROM sejour", PLAIN),
    (
        "SELECT count(*), count(region), min(cout), max(cout), min(region), max(entree) FROM sejour",
        PLAIN,
    ),
    ("SELECT DISTINCT annee FROM acte", PLAIN),
    (
        "SELECT max(annee), count(*) FROM acte WHERE annee > 2019",
        PLAIN,
    ),
    ("SELECT id FROM sejour WHERE poids > 100", PLAIN),
    ("SELECT id FROM sejour WHERE poids < -1000", PLAIN),
    ("SELECT id FROM sejour WHERE poids <= 0.0", PLAIN),
    ("SELECT id FROM sejour WHERE poids = -0.0", PLAIN),
    ("SELECT id FROM sejour WHERE NOT (poids <= 100)", PLAIN),
    (
        "SELECT id, poids FROM sejour WHERE poids = CAST('NaN' AS DOUBLE)",
        PLAIN,
    ),
    (
        "SELECT id FROM sejour WHERE poids BETWEEN 60 AND 1e308",
        PLAIN,
    ),
    ("SELECT id FROM sejour WHERE poids <> 60.5", PLAIN),
    (
        "SELECT id, poids FROM sejour ORDER BY poids DESC, id LIMIT 3",
        PLAIN,
    ),
    (
        "SELECT id, poids FROM sejour ORDER BY poids, id LIMIT 3",
        PLAIN,
    ),
    ("SELECT id FROM sejour WHERE note IS NULL", PLAIN),
    (
        "SELECT id FROM sejour WHERE NOT (note IN ('20', '7'))",
        PLAIN,
    ),
    (
        "SELECT count(*) FROM sejour WHERE region IN ('Z', 'A') OR region IS NULL",
        PLAIN,
    ),
    (
        "SELECT a.id, s.id FROM acte a JOIN sejour s ON a.patient = s.patient AND a.id < s.id ORDER BY 1, 2",
        PLAIN,
    ),
    // Order, and how rows are batched.
    ("SELECT id FROM sejour LIMIT 3", BY_ORDER),
    (
        "SELECT region, first_value(id), last_value(id), array_agg(id) FROM sejour GROUP BY region",
        BY_ORDER,
    ),
    ("SELECT row_number() OVER () AS n, id FROM sejour", BY_ORDER),
    (
        "SELECT string_agg(s.motif, '/' ORDER BY a.id) FROM acte a LEFT JOIN sejour s ON a.patient = s.patient",
        BY_ORDER,
    ),
    ("SELECT s.id, e.id FROM sejour s CROSS JOIN etab e", PLAIN),
    ("SELECT id FROM sejour UNION ALL SELECT id FROM acte", PLAIN),
    (
        "SELECT sum(poids * 0.1), avg(poids / 3) FROM sejour WHERE poids < 100",
        PLAIN,
    ),
    (
        "SELECT approx_median(cout), approx_distinct(code), stddev(poids) FROM sejour WHERE poids < 100",
        BY_ORDER,
    ),
    // What a message may tell.
    (
        "SELECT FALSE AS v FROM (SELECT poids AS p FROM sejour) t ORDER BY log10(t.p)",
        PLAIN,
    ),
    ("SELECT (SELECT id FROM sejour) AS v", FALLIBLE),
    (
        "SELECT * FROM sejour WHERE seccret = 1",
        Notes {
            wrong: true,
            ..PLAIN
        },
    ),
];
