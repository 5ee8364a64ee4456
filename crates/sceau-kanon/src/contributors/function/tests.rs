use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{ArrayRef, AsArray, BooleanArray, UInt64Array};
use arrow::datatypes::UInt64Type;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use proptest::prelude::*;

use super::*;

/// One row: its group, its person, whether the filter keeps it.
type Row = (usize, Option<u64>, Option<bool>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(
        (
            0..6usize,
            prop::option::weighted(0.9, 1..15u64),
            prop::option::weighted(0.9, prop::bool::weighted(0.8)),
        ),
        0..120,
    )
}

/// What COUNT(DISTINCT id) FILTER (WHERE kept) gives, capped.
fn expected(rows: &[Row], filtered: bool, k: u32) -> BTreeMap<usize, u64> {
    let mut people: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (group, id, keep) in rows {
        let group = people.entry(*group).or_default();
        if let Some(id) = id
            && (!filtered || *keep == Some(true))
        {
            group.insert(*id);
        }
    }
    people
        .into_iter()
        .map(|(group, people)| (group, (people.len() as u64).min(u64::from(k))))
        .collect()
}

fn columns(rows: &[Row]) -> (ArrayRef, Vec<usize>, BooleanArray) {
    (
        Arc::new(rows.iter().map(|row| row.1).collect::<UInt64Array>()),
        rows.iter().map(|row| row.0).collect(),
        rows.iter().map(|row| row.2).collect(),
    )
}

fn check(counts: &ArrayRef, from: usize, expected: &BTreeMap<usize, u64>) {
    for (at, count) in counts.as_primitive::<UInt64Type>().iter().enumerate() {
        let expected = expected.get(&(from + at)).copied().unwrap_or(0);
        assert_eq!(count, Some(expected), "group {}", from + at);
    }
}

proptest! {
    #[test]
    fn batches_of_any_size_count_as_one(rows in rows(), size in 1..50usize, k in 1..8u32, filtered: bool) {
        let mut groups = PeopleGroups::new(People::Ids, Wanted::Count, k);
        let mut total = 0;
        for batch in rows.chunks(size) {
            let (ids, indices, filter) = columns(batch);
            total = total.max(indices.iter().max().map_or(0, |max| max + 1));
            groups.update_batch(&[ids], &indices, filtered.then_some(&filter), total).unwrap();
        }
        check(&groups.evaluate(EmitTo::All).unwrap(), 0, &expected(&rows, filtered, k));
    }

    #[test]
    fn parts_merge_to_the_whole(
        rows in rows(), parts in 1..5usize, k in 1..8u32, filtered: bool, convert: bool, first in 0..6usize,
    ) {
        let mut whole = PeopleGroups::new(People::Ids, Wanted::Count, k);
        for part in 0..parts {
            let part: Vec<Row> = rows.iter().skip(part).step_by(parts).copied().collect();
            let (ids, indices, filter) = columns(&part);
            let filter = filtered.then_some(&filter);
            let mut partial = PeopleGroups::new(People::Ids, Wanted::Count, k);
            let (state, groups) = if convert {
                (partial.convert_to_state(&[ids], filter).unwrap(), indices)
            } else {
                partial.update_batch(&[ids], &indices, filter, 6).unwrap();
                (partial.state(EmitTo::All).unwrap(), (0..6).collect())
            };
            whole.merge_batch(&state, &groups, 6).unwrap();
        }
        let expected = expected(&rows, filtered, k);
        check(&whole.evaluate(EmitTo::First(first)).unwrap(), 0, &expected);
        check(&whole.evaluate(EmitTo::All).unwrap(), first, &expected);
    }

    #[test]
    fn people_carried_through_an_inner_aggregate_are_counted_once(
        rows in rows(), k in 1..8u32, convert: bool, outer in prop::collection::vec(0..3usize, 6),
    ) {
        let mut inner = PeopleGroups::new(People::Ids, Wanted::Set, k);
        let (ids, indices, _) = columns(&rows);
        inner.update_batch(&[ids], &indices, None, 6).unwrap();
        let sets = inner.evaluate(EmitTo::All).unwrap();
        let mut top = PeopleGroups::new(People::Sets, Wanted::Count, k);
        if convert {
            let state = top.convert_to_state(&[sets], None).unwrap();
            top.merge_batch(&state, &outer, 3).unwrap();
        } else {
            top.update_batch(&[sets], &outer, None, 3).unwrap();
        }
        let regrouped: Vec<Row> = rows.iter().map(|row| (outer[row.0], row.1, row.2)).collect();
        check(&top.evaluate(EmitTo::All).unwrap(), 0, &expected(&regrouped, false, k));
    }

    #[test]
    fn without_groups_the_count_is_the_same(rows in rows(), size in 1..50usize, k in 1..8u32) {
        let rows: Vec<Row> = rows.into_iter().map(|row| (0, row.1, row.2)).collect();
        let mut last = PeopleOfOne::new(People::Ids, Wanted::Count, k);
        for batch in rows.chunks(size) {
            let mut part = PeopleOfOne::new(People::Ids, Wanted::Count, k);
            part.update_batch(&[columns(batch).0]).unwrap();
            let state: Vec<ArrayRef> =
                part.state().unwrap().iter().map(|column| column.to_array().unwrap()).collect();
            last.merge_batch(&state).unwrap();
        }
        let expected = expected(&rows, false, k).get(&0).copied().unwrap_or(0);
        assert_eq!(last.evaluate().unwrap(), ScalarValue::UInt64(Some(expected)));
    }
}

#[test]
fn memory_is_that_of_k_ids_a_group() {
    let mut groups = PeopleGroups::new(People::Ids, Wanted::Count, 11);
    let ids: ArrayRef = Arc::new(UInt64Array::from_iter_values(1..=10_000));
    let indices: Vec<usize> = (0..10_000).collect();
    groups.update_batch(&[ids], &indices, None, 10_000).unwrap();
    let size = groups.size();
    assert!(
        (10_000 * 90..10_000 * 90 * 2 + 200).contains(&size),
        "{size}"
    );
    groups.evaluate(EmitTo::All).unwrap();
    assert!(groups.size() < 200);
}

#[tokio::test]
async fn in_a_query_it_is_count_distinct_up_to_k() {
    use datafusion::functions_aggregate::expr_fn::count_distinct;
    use datafusion::prelude::*;

    let ids: UInt64Array = (0..20_000u64)
        .map(|row| (row % 7 != 0).then_some(row * row % 97 + 1))
        .collect();
    let groups: UInt64Array = (0..20_000u64)
        .map(|row| Some(row * row * 31 % 911))
        .collect();
    let batch = arrow::array::RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("g", Arc::new(groups) as ArrayRef),
    ])
    .unwrap();
    for partitions in [1, 4] {
        let config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_batch_size(512);
        let context = SessionContext::new_with_config(config);
        let batches = context
            .read_batches(vec![batch.slice(0, 9_000), batch.slice(9_000, 11_000)])
            .unwrap()
            .repartition(Partitioning::RoundRobinBatch(partitions))
            .unwrap()
            .aggregate(
                vec![col("g")],
                vec![
                    count_people(11).call(vec![col("id")]).alias("people"),
                    count_distinct(col("id")).alias("all"),
                ],
            )
            .unwrap()
            .collect()
            .await
            .unwrap();
        for batch in batches {
            for row in 0..batch.num_rows() {
                let people = batch.column(1).as_primitive::<UInt64Type>().value(row);
                let all = batch
                    .column(2)
                    .as_primitive::<arrow::datatypes::Int64Type>()
                    .value(row);
                assert_eq!(people, (all as u64).min(11));
            }
        }
    }
}
