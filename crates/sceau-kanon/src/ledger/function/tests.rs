use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt64Array};
use arrow::datatypes::UInt64Type;
use datafusion::logical_expr::EmitTo;
use proptest::prelude::*;

use super::*;
use crate::ledger::Sketch;

const K: u32 = 4;

/// One row: its group, its person, whether the filter keeps it.
type Row = (usize, Option<u64>, Option<bool>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(
        (
            0..6usize,
            prop::option::weighted(0.9, 0..40u64),
            prop::option::weighted(0.9, prop::bool::weighted(0.8)),
        ),
        0..200,
    )
}

/// The sketches of the distinct people of each group.
fn expected(rows: &[Row], filtered: bool) -> BTreeMap<usize, Sketch> {
    let mut people: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (group, id, keep) in rows {
        if let Some(id) = id
            && (!filtered || *keep == Some(true))
        {
            people.entry(*group).or_default().insert(*id);
        }
    }
    people
        .into_iter()
        .map(|(group, people)| (group, Sketch::of(K, people)))
        .collect()
}

fn columns(rows: &[Row]) -> (ArrayRef, Vec<usize>, BooleanArray) {
    (
        Arc::new(rows.iter().map(|row| row.1).collect::<UInt64Array>()),
        rows.iter().map(|row| row.0).collect(),
        rows.iter().map(|row| row.2).collect(),
    )
}

fn check(sketches: &ArrayRef, from: usize, expected: &BTreeMap<usize, Sketch>) {
    for (at, bytes) in sketches.as_binary::<i32>().iter().enumerate() {
        let found = Sketch::from_bytes(K, bytes.unwrap()).unwrap();
        let expected = expected.get(&(from + at)).cloned();
        assert_eq!(
            found,
            expected.unwrap_or(Sketch::new(K)),
            "group {}",
            from + at
        );
    }
}

fn sketching(given: Given) -> BagGroups {
    BagGroups::new(given, Wanted::Sketch(K))
}

proptest! {
    #[test]
    fn a_person_of_many_rows_does_not_cancel_out(rows in rows(), size in 1..50usize, filtered: bool) {
        let mut groups = sketching(Given::Ids);
        let mut total = 0;
        for batch in rows.chunks(size) {
            let (ids, indices, filter) = columns(batch);
            total = total.max(indices.iter().max().map_or(0, |max| max + 1));
            groups.update_batch(&[ids], &indices, filtered.then_some(&filter), total).unwrap();
        }
        check(&groups.evaluate(EmitTo::All).unwrap(), 0, &expected(&rows, filtered));
    }

    #[test]
    fn parts_that_share_people_merge_to_the_whole(
        rows in rows(), parts in 1..5usize, filtered: bool, convert: bool, first in 0..6usize,
    ) {
        let mut whole = sketching(Given::Ids);
        for part in 0..parts {
            let part: Vec<Row> = rows.iter().skip(part).step_by(parts).copied().collect();
            let (ids, indices, filter) = columns(&part);
            let filter = filtered.then_some(&filter);
            let mut partial = sketching(Given::Ids);
            let (state, groups) = if convert {
                (partial.convert_to_state(&[ids], filter).unwrap(), indices)
            } else {
                partial.update_batch(&[ids], &indices, filter, 6).unwrap();
                (partial.state(EmitTo::All).unwrap(), (0..6).collect())
            };
            whole.merge_batch(&state, &groups, 6).unwrap();
        }
        let expected = expected(&rows, filtered);
        check(&whole.evaluate(EmitTo::First(first)).unwrap(), 0, &expected);
        check(&whole.evaluate(EmitTo::All).unwrap(), first, &expected);
    }

    #[test]
    fn people_carried_through_an_inner_aggregate_stand_once_in_the_sketch(
        rows in rows(), outer in prop::collection::vec(0..3usize, 6),
    ) {
        let mut inner = BagGroups::new(Given::Ids, Wanted::Set);
        let (ids, indices, _) = columns(&rows);
        inner.update_batch(&[ids], &indices, None, 6).unwrap();
        let sets = inner.evaluate(EmitTo::All).unwrap();
        let mut top = sketching(Given::Sets);
        top.update_batch(&[sets], &outer, None, 3).unwrap();
        let regrouped: Vec<Row> = rows.iter().map(|row| (outer[row.0], row.1, row.2)).collect();
        check(&top.evaluate(EmitTo::All).unwrap(), 0, &expected(&regrouped, false));
    }

    #[test]
    fn without_groups_the_sketch_is_the_same(rows in rows(), size in 1..50usize) {
        let rows: Vec<Row> = rows.into_iter().map(|row| (0, row.1, row.2)).collect();
        let mut last = BagOfOne::new(Given::Ids, Wanted::Sketch(K));
        for batch in rows.chunks(size) {
            let mut part = BagOfOne::new(Given::Ids, Wanted::Sketch(K));
            part.update_batch(&[columns(batch).0]).unwrap();
            let state = part.state().unwrap()[0].to_array().unwrap();
            last.merge_batch(&[state]).unwrap();
        }
        check(&last.evaluate().unwrap().to_array().unwrap(), 0, &expected(&rows, false));
    }
}

/// Under so little memory that the engine has to spill, and in many parts, a sketch is the same. What was spilled comes back a
/// batch at a time, which has to fit into its reader's share of the memory: batches are small here, since a group is some
/// 400 people.
#[tokio::test]
async fn in_a_query_that_spills_the_sketch_is_that_of_all_people() {
    use datafusion::execution::memory_pool::FairSpillPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::physical_plan::{ExecutionPlan, collect};
    use datafusion::prelude::*;

    fn spills(plan: &Arc<dyn ExecutionPlan>) -> usize {
        let here = plan.metrics().and_then(|metrics| metrics.spill_count());
        here.unwrap_or(0) + plan.children().into_iter().map(spills).sum::<usize>()
    }

    let rows = 300_000_u64;
    let person = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 60_000 + 1;
    let group = |row: u64| row.wrapping_mul(0xbf58_476d_1ce4_e5b9) % 701;
    let ids: UInt64Array = (0..rows).map(|row| Some(person(row))).collect();
    let groups: UInt64Array = (0..rows).map(|row| Some(group(row))).collect();
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("g", Arc::new(groups) as ArrayRef),
    ])
    .unwrap();
    let by_hand: Vec<Row> = (0..rows)
        .map(|row| (group(row) as usize, Some(person(row)), None))
        .collect();
    let expected = expected(&by_hand, false);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(3 << 20)))
        .build_arc()
        .unwrap();
    for (partitions, runtime) in [
        (1, RuntimeEnvBuilder::new().build_arc().unwrap()),
        (4, runtime),
    ] {
        let config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_batch_size(64);
        let context = SessionContext::new_with_config_rt(config, runtime);
        let batches = (0..30)
            .map(|part| batch.slice(part * 10_000, 10_000))
            .collect::<Vec<_>>();
        let plan = context
            .read_batches(batches)
            .unwrap()
            .aggregate(vec![col("g")], vec![sketch_people(K).call(vec![col("id")])])
            .unwrap()
            .create_physical_plan()
            .await
            .unwrap();
        let found = collect(Arc::clone(&plan), context.task_ctx())
            .await
            .unwrap();
        assert_eq!(spills(&plan) > 0, partitions == 4, "{}", spills(&plan));
        let mut seen = 0;
        for batch in found {
            let groups = batch.column(0).as_primitive::<UInt64Type>();
            let sketches = batch.column(1).as_binary::<i32>();
            for (group, bytes) in groups.iter().zip(sketches) {
                let found = Sketch::from_bytes(K, bytes.unwrap()).unwrap();
                assert_eq!(found, expected[&(group.unwrap() as usize)]);
                seen += 1;
            }
        }
        assert_eq!(seen, 701);
    }
}
