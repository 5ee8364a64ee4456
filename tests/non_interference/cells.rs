//! Cells as Arrow columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int16Array, Int32Array,
    Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};

use crate::data::Cell;

/// The rows as a batch with these columns.
pub fn batch(columns: &[(&str, DataType)], rows: &[Vec<Cell>]) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, data_type)| Field::new(*name, data_type.clone(), true))
        .collect();
    let arrays = columns
        .iter()
        .enumerate()
        .map(|(at, (_, data_type))| {
            let cells: Vec<&Cell> = rows.iter().map(|row| &row[at]).collect();
            array(data_type, &cells)
        })
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length")
}

fn array(data_type: &DataType, cells: &[&Cell]) -> ArrayRef {
    let whole = || {
        cells.iter().map(|cell| match cell {
            Cell::Int(value) => Some(*value),
            Cell::Null => None,
            other => panic!("{other:?} in a column of {data_type}"),
        })
    };
    match data_type {
        DataType::Int16 => Arc::new(
            whole()
                .map(|value| value.map(|value| i16::try_from(value).expect("fits")))
                .collect::<Int16Array>(),
        ),
        DataType::Int32 => Arc::new(
            whole()
                .map(|value| value.map(|value| i32::try_from(value).expect("fits")))
                .collect::<Int32Array>(),
        ),
        DataType::Int64 => Arc::new(whole().collect::<Int64Array>()),
        DataType::Float64 => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Float(value) => Some(*value),
                _ => None,
            });
            Arc::new(values.collect::<Float64Array>())
        }
        DataType::Decimal128(precision, scale) => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Decimal(value) => Some(*value),
                _ => None,
            });
            let values: Decimal128Array = values.collect();
            Arc::new(
                values
                    .with_precision_and_scale(*precision, *scale)
                    .expect("fits"),
            )
        }
        DataType::Date32 => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Date(value) => Some(*value),
                _ => None,
            });
            Arc::new(values.collect::<Date32Array>())
        }
        DataType::Timestamp(..) => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Moment(value) => Some(*value),
                _ => None,
            });
            Arc::new(values.collect::<TimestampMicrosecondArray>())
        }
        DataType::Boolean => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Bool(value) => Some(*value),
                _ => None,
            });
            Arc::new(values.collect::<BooleanArray>())
        }
        DataType::Utf8View | DataType::Dictionary(..) => {
            let texts = array(&DataType::Utf8, cells);
            cast(&texts, data_type).expect("texts of another layout")
        }
        DataType::Utf8 => {
            let values = cells.iter().map(|cell| match cell {
                Cell::Text(value) => Some(value.as_str()),
                _ => None,
            });
            Arc::new(values.collect::<StringArray>())
        }
        other => panic!("no column of {other} is designed"),
    }
}
