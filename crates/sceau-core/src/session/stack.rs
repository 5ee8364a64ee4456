//! Room for deep expressions.
//!
//! A chain of operators is as deep as it is long, and what DataFusion does with it recurses: a thread's own stack of
//! 2 MiB would end the process. Planning gets a stack that holds any expression that the front gate lets in.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use super::failure::Failure;

const ENOUGH: usize = 8 << 20;
const ROOM: usize = 16 << 20;

/// Runs a future with a large stack below every step it takes. Where the engine panics, the question fails and nothing else.
pub(super) async fn on_large_stack<T>(
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut future = pin!(future);
    poll_fn(|context| {
        on_large_stack_now(|| catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))))
            .unwrap_or_else(|payload| Poll::Ready(Err(Failure::panicked(payload.as_ref()))))
    })
    .await
}

/// Runs a function with a large stack below it.
pub(super) fn on_large_stack_now<T>(run: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(ENOUGH, ROOM, run)
}
