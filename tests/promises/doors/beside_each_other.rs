//! Sessions with different permits at the same time: answers are never mixed, and nothing is remembered across them.

use std::sync::Arc;

use sceau::{Permit, Session};

use super::world::{Layout, World, stays, told};
use crate::fixture::permit_text;

fn permit_of(project: &str, region: &str) -> Permit {
    let tables = format!(
        "[table.sejour]\ncolumns = [\"patient\", \"region\", \"note\", \"cost\"]\nwhere = \"region = '{region}'\""
    );
    Permit::parse("permit.toml", &permit_text(project, &tables)).expect("permit")
}

const QUESTIONS: [&str; 5] = [
    "SELECT count(*), min(cost), max(cost) FROM sejour",
    "SELECT * FROM sejour ORDER BY cost, note, patient",
    "SELECT patient FROM sejour ORDER BY patient LIMIT 1",
    "SELECT a.cost FROM sejour a JOIN sejour b ON a.note = b.note WHERE b.cost > 60 ORDER BY a.cost LIMIT 3",
    "SELECT region, count(DISTINCT patient) FROM sejour GROUP BY region",
];

async fn world() -> World {
    let layout = Layout {
        rows_a_group: 3,
        partitions: 2,
        late_materialization: true,
    };
    World::of(&stays(), layout).await
}

/// Door 42: a plan or an answer that is kept under the text of a question alone.
#[tokio::test]
async fn the_same_text_in_turn_gets_each_project_its_own_answer() {
    let world = world().await;
    let sessions = [
        world.session(&permit_of("one", "A")),
        world.session(&permit_of("two", "B")),
    ];
    for sql in QUESTIONS {
        let first = told(&sessions[0], sql, false).await;
        let second = told(&sessions[1], sql, false).await;
        assert!(
            first.starts_with('+') && second.starts_with('+'),
            "{first}\n{second}"
        );
        assert_ne!(first, second, "{sql}");
        assert!(!first.contains("HIDDEN"), "{first}");
        for _ in 0..3 {
            assert_eq!(told(&sessions[0], sql, false).await, first);
            assert_eq!(told(&sessions[1], sql, false).await, second);
        }
    }
}

/// Many questions of four projects at once, on threads that they share.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_of_projects_that_ask_at_once_are_not_mixed() {
    let world = Arc::new(world().await);
    let permits = [("one", "A"), ("two", "B"), ("three", "A"), ("four", "C")];
    let mut sessions: Vec<Session> = Vec::new();
    let mut expected: Vec<Vec<String>> = Vec::new();
    for (project, region) in permits {
        let session = world.session(&permit_of(project, region));
        let mut answers = Vec::new();
        for sql in QUESTIONS {
            answers.push(told(&session, sql, false).await);
        }
        sessions.push(session);
        expected.push(answers);
    }
    // The same rows under two projects have other pseudonyms.
    assert_ne!(expected[0][2], expected[2][2]);
    let expected = Arc::new(expected);
    let mut tasks = Vec::new();
    for at in 0..200 {
        let (project, question) = (at % sessions.len(), (at / sessions.len()) % QUESTIONS.len());
        let (session, expected) = (sessions[project].clone(), Arc::clone(&expected));
        tasks.push(tokio::spawn(async move {
            let found = told(&session, QUESTIONS[question], false).await;
            assert_eq!(found, expected[project][question], "{}", permits[project].0);
        }));
    }
    for task in tasks {
        task.await.expect("an answer of its own");
    }
}

/// Sessions that are opened, asked and closed while others answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_opened_at_once_each_see_their_own_rows() {
    let world = Arc::new(world().await);
    let mut tasks = Vec::new();
    for at in 0..40 {
        let world = Arc::clone(&world);
        tasks.push(tokio::spawn(async move {
            let region = ["A", "B"][at % 2];
            let session = world.session(&permit_of(&format!("project-{at}"), region));
            let found = told(&session, "SELECT DISTINCT region FROM sejour", false).await;
            assert!(found.contains(&format!("| {region} ")), "{found}");
            assert_eq!(found.lines().count(), 5, "{found}");
        }));
    }
    for task in tasks {
        task.await.expect("rows of its own");
    }
}
