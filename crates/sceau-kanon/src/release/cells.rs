use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, MutableArrayData, RecordBatch, RecordBatchOptions, make_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::{ReleaseError, Report};

/// What leaves: a table of cells, and what was withheld from it.
///
/// The table is for whoever asked: [`batches`](Self::batches), or written as [CSV](Self::write_csv),
/// [Parquet](Self::write_parquet) or JSON ([lines](Self::write_json_lines), [one object](Self::write_json)). The
/// [`report`](Self::report) is for who signs: a number of withheld cells tells that such groups exist.
#[derive(Debug, Clone)]
pub struct Release {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// For every column, whether it is a measure: whether NULL in it may be a withheld value.
    measures: Vec<bool>,
    mark: Option<String>,
    report: Report,
}

impl Release {
    /// A table that has passed the gate, made anew so that nothing of what the gate took away is left in its buffers.
    pub(super) fn try_new(
        schema: &SchemaRef,
        batches: &[RecordBatch],
        measures: Vec<bool>,
        mark: Option<String>,
        report: Report,
    ) -> Result<Self, ReleaseError> {
        if measures.len() != schema.fields().len()
            || schema
                .fields()
                .iter()
                .any(|field| field.name().contains('\u{1}'))
        {
            // A count of people, or what people are named by, in what leaves.
            return Err(ReleaseError::NotChecked);
        }
        let fields: Vec<Field> = schema
            .fields()
            .iter()
            .map(|field| Field::new(field.name(), owned(field.data_type()), field.is_nullable()))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let batches = batches
            .iter()
            .filter(|batch| batch.num_rows() > 0)
            .map(|batch| remade(batch, &schema))
            .collect::<Result<_, _>>()
            .map_err(|error| {
                tracing::error!(%error, "a release could not be made");
                ReleaseError::Engine
            })?;
        Ok(Self {
            schema,
            batches,
            measures,
            mark,
            report,
        })
    }

    /// The columns of the table.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The cells, in the order that the question asked for.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// What was withheld, by which rule: for who signs.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    pub(super) fn measures(&self) -> &[bool] {
        &self.measures
    }

    pub(super) fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }
}

/// The type that holds its own values: not one that points into what other rows share.
fn owned(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => owned(values),
        other => other.clone(),
    }
}

/// Filters and NULLs of the engine leave values where they were: a text that no row points to any more, a number under a
/// NULL. Copied value by value, nothing comes along that is not shown.
fn remade(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            let column = cast(column, field.data_type())?;
            copied(&column)
        })
        .collect::<Result<Vec<_>, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn copied(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == &DataType::Null {
        return Ok(Arc::clone(column));
    }
    let data = column.to_data();
    let mut copy = MutableArrayData::new(vec![&data], true, column.len());
    let mut row = 0;
    while row < column.len() {
        let null = column.is_null(row);
        let end = (row..column.len())
            .find(|next| column.is_null(*next) != null)
            .unwrap_or(column.len());
        if null {
            copy.try_extend_nulls(end - row)?;
        } else {
            copy.try_extend(0, row, end)?;
        }
        row = end;
    }
    Ok(make_array(copy.freeze()))
}

#[cfg(test)]
pub(super) mod tests {
    use arrow::array::{Array, ArrayData, Int64Array, StringArray, StringViewArray};
    use arrow::buffer::NullBuffer;

    use super::*;

    pub(in crate::release) fn report(released: u64, withheld: u64) -> Report {
        Report {
            project: "diab-2031".to_owned(),
            permit: "565f2240a6d4d566".to_owned(),
            k: 11,
            released,
            withheld,
            share_withheld: 0.0,
            rules: vec![],
        }
    }

    /// A release of these columns; the last is a measure.
    pub(in crate::release) fn release(
        columns: Vec<(&str, ArrayRef)>,
        mark: Option<&str>,
    ) -> Release {
        let measures = (1..=columns.len()).map(|at| at == columns.len()).collect();
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .expect("batch");
        let report = report(batch.num_rows() as u64, 0);
        let mark = mark.map(str::to_owned);
        Release::try_new(&batch.schema(), &[batch], measures, mark, report).expect("release")
    }

    fn holds(data: &ArrayData, bytes: &[u8]) -> bool {
        let holds = |buffer: &[u8]| buffer.windows(bytes.len()).any(|part| part == bytes);
        data.buffers().iter().any(|buffer| holds(buffer))
            || data
                .child_data()
                .iter()
                .any(|child| self::holds(child, bytes))
    }

    #[test]
    fn a_value_under_a_null_does_not_leave() {
        let hidden = Int64Array::new(
            vec![7_777_777, 12].into(),
            Some(NullBuffer::from(vec![false, true])),
        );
        let found = 7_777_777_i64.to_le_bytes();
        assert!(holds(&hidden.to_data(), &found));
        let release = release(vec![("n", Arc::new(hidden))], None);
        let left = release.batches()[0].column(0).to_data();
        assert!(!holds(&left, &found));
        assert!(holds(&left, &12_i64.to_le_bytes()));
    }

    #[test]
    fn a_text_that_no_row_points_to_does_not_leave() {
        let keys = StringViewArray::from(vec![
            "a very long key of a group of two people",
            "another long key, of a group of many people",
        ]);
        let shown = keys.slice(1, 1);
        let found = b"two people";
        assert!(holds(&shown.to_data(), found));
        let release = release(vec![("key", Arc::new(shown))], None);
        let left = release.batches()[0].column(0).to_data();
        assert!(!holds(&left, found));
        assert!(holds(&left, b"many people"));
        assert_eq!(release.schema().field(0).data_type(), &DataType::Utf8);
    }

    #[test]
    fn a_dictionary_leaves_as_the_values_that_are_shown() {
        let keys: arrow::array::DictionaryArray<arrow::datatypes::Int32Type> =
            vec!["hidden group", "shown group"].into_iter().collect();
        let shown = keys.slice(1, 1);
        let release = release(vec![("key", Arc::new(shown))], None);
        let left = release.batches()[0].column(0);
        assert!(!holds(&left.to_data(), b"hidden"));
        let texts = left.as_any().downcast_ref::<StringArray>().expect("texts");
        assert_eq!(texts.value(0), "shown group");
    }

    #[test]
    fn a_count_of_people_does_not_leave() {
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![11]));
        let batch = RecordBatch::try_from_iter([("\u{1}check1", counts)]).expect("batch");
        let error = Release::try_new(&batch.schema(), &[batch], vec![true], None, report(1, 0));
        assert_eq!(error.expect_err("refused"), ReleaseError::NotChecked);
    }
}
