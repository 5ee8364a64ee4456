//! Random questions, of which those that leave are held against their people.

use super::super::world::*;

/// A question: how it is asked, and whom it is about.
type Condition = (String, std::collections::BTreeSet<usize>);

/// Conditions on 40 people, of whom person p has a = p modulo 3, b = p and c = 7 p modulo 40.
fn conditions() -> impl proptest::strategy::Strategy<Value = Vec<Condition>> {
    use proptest::prelude::*;

    const PEOPLE: usize = 40;
    let of = |text: String, holds: &dyn Fn(usize) -> bool| -> Condition {
        (text, (0..PEOPLE).filter(|&person| holds(person)).collect())
    };
    let leaf = prop_oneof![
        (0..3_usize).prop_map(move |a| of(format!("a = {a}"), &|person| person % 3 == a)),
        (0..PEOPLE).prop_map(move |b| of(format!("b < {b}"), &|person| person < b)),
        (0..PEOPLE).prop_map(move |c| of(format!("c <> {c}"), &|person| person * 7 % 40 != c)),
        (0..PEOPLE).prop_map(move |c| of(format!("c >= {c}"), &|person| person * 7 % 40 >= c)),
    ];
    let condition = leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| (
                format!("({} AND {})", one.0, other.0),
                one.1.intersection(&other.1).copied().collect(),
            )),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| (
                format!("({} OR {})", one.0, other.0),
                one.1.union(&other.1).copied().collect(),
            )),
            inner.prop_map(|one| (
                format!("(NOT {})", one.0),
                (0..PEOPLE)
                    .filter(|person| !one.1.contains(person))
                    .collect(),
            )),
        ]
    });
    prop::collection::vec(condition, 2..9)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn no_two_or_three_random_questions_that_leave_differ_in_few_people(asked in conditions(), k in 2..8_usize) {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("folder");
            let session = world()
                .table("t", vec![
                    ("pid", texts(people(0, 40, 1))),
                    ("a", ints((0..40).map(|person| person % 3))),
                    ("b", ints(0..40)),
                    ("c", ints((0..40).map(|person| person * 7 % 40))),
                ])
                .await
                .rules(&format!("k = {k}"))
                .ledger(folder.path())
                .session()
                .await;
            let few = |people: usize| (1..k).contains(&people);
            let mut left: Vec<std::collections::BTreeSet<usize>> = vec![];
            for (condition, people) in asked {
                let sql = format!("SELECT count(*) FROM t WHERE {condition}");
                let released = release(&session, &sql).await;
                let near = left.iter().any(|other| few(people.symmetric_difference(other).count()));
                if rows_of(&released).is_empty() {
                    continue;
                }
                assert_eq!(rows_of(&released), [people.len().to_string()], "{sql}");
                assert!(!near, "{sql}: {people:?} beside {left:?}");
                if people.is_empty() || left.contains(&people) {
                    continue;
                }
                // What is left of any two of those that left before.
                for (at, one) in left.iter().enumerate() {
                    for other in &left[..at] {
                        let parts: std::collections::BTreeSet<usize> = one.union(other).copied().collect();
                        let rest = people.symmetric_difference(&parts).count();
                        assert!(!(one.is_disjoint(other) && few(rest)), "{sql}: {people:?} beside {one:?} and {other:?}");
                    }
                }
                left.push(people);
            }
        });
    }
}
