//! SQL as its users write it: names in any case, and the functions that may be called.

mod functions;
mod names;
mod padding;
mod text;

pub(crate) use functions::FunctionRegistry;
pub(crate) use names::{AmbiguousName, Names, fold};
pub(crate) use padding::bounded_padding;
pub(crate) use text::{SqlError, parse_expression, parse_statements};
