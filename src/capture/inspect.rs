//! A value, or what a function gives, onto the current span with one word.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use serde::{Serialize, Serializer};

use super::carry::SessionContext;
use super::fields::to_json;
use super::record::SpanChange;
use crate::model::{AttributeValue, Key};

/// Records a value on the current span and gives it back:
///
/// ```
/// use agent_inspector::Inspect;
///
/// fn plan() -> Vec<&'static str> {
///     vec!["read", "think", "write"].inspect_as("plan")
/// }
/// assert_eq!(plan().len(), 3);
/// ```
///
/// It stands there as `mcp.result.<name>_json`. The current span is the innermost that is recorded, whether the session API,
/// `tracing` or (feature `otel`) an OpenTelemetry context opened it; where nothing is recorded, nothing happens.
pub trait Inspect: Serialize + Sized {
    /// Records the value as the result `name` and gives it back. Of an `Option` nothing is `null`.
    #[must_use = "the value is given back"]
    fn inspect_as(self, name: &str) -> Self {
        record(name, || to_json(&self));
        self
    }
}

impl<T: Serialize> Inspect for T {}

/// [`Inspect`] for a `Result` whose error has words and need not be serialisable.
pub trait InspectResult: sealed::Sealed + Sized {
    /// Records what came of it as the result `name`: the value, or `{"error": "…"}`.
    #[must_use = "the result is given back"]
    fn inspect_result_as(self, name: &str) -> Self;
}

impl<T, E> sealed::Sealed for Result<T, E> {}

mod sealed {
    /// `Result` alone has it. The other two traits need none: whatever could have them has them.
    pub trait Sealed {}
}

impl<T: Serialize, E: Display> InspectResult for Result<T, E> {
    fn inspect_result_as(self, name: &str) -> Self {
        record(name, || match &self {
            Ok(value) => to_json(value),
            Err(error) => to_json(&Failed { error: Words(error) }),
        });
        self
    }
}

/// [`Inspect`] for what a future gives.
pub trait InspectFuture: Future + Sized {
    /// Records what the future gives as the result `name`, on the span that is the current one when it does.
    fn inspect_output_as(self, name: impl Into<String>) -> InspectOutput<Self>
    where
        Self::Output: Serialize,
    {
        InspectOutput { future: Box::pin(self), name: name.into() }
    }
}

impl<F: Future> InspectFuture for F {}

/// A future whose output is recorded, by [`InspectFuture::inspect_output_as`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct InspectOutput<F> {
    future: Pin<Box<F>>,
    name: String,
}

impl<F: Future<Output: Serialize>> Future for InspectOutput<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let output = self.future.as_mut().poll(task);
        output.map(|output| output.inspect_as(&self.name))
    }
}

#[derive(Serialize)]
struct Failed<W> {
    error: W,
}

/// An error's words, formatted where a panic of the host's is contained.
struct Words<'a, E>(&'a E);

impl<E: Display> Serialize for Words<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

fn record(name: &str, value: impl FnOnce() -> AttributeValue) {
    let current = SessionContext::current();
    let Some((context, recorder)) = current.known() else { return };
    let mut change = SpanChange::new(context.trace_id, context.span_id);
    change.attributes.set(Key::Owned(format!("mcp.result.{name}_json")), value());
    recorder.span_changed(change);
}
