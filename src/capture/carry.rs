//! A place in a session as a value: to carry it to another thread, task or process.

use std::future::Future;
use std::marker::PhantomData;

use super::context::{self, Context, Entered, InSession};
use super::recorder::Recorder;
use super::session::SessionHandle;
use super::traceparent::TraceParent;
use crate::model::{SpanId, TraceId};

/// Where code stands: in which session, and below which span. What is opened in it lies there.
///
/// A future that is polled elsewhere keeps its place with [`in_current_session`](super::in_current_session) or
/// [`run`](Self::run); code that is no future enters it:
///
/// | to | carry it with |
/// |---|---|
/// | `tokio::spawn`, `JoinSet::spawn` | `spawn(in_current_session(future))` |
/// | `tokio::task::spawn_blocking`, `std::thread::spawn`, rayon | `let here = SessionContext::current(); spawn(move \|\| here.in_scope(work))` |
/// | `FuturesUnordered`, `join_all` within one task | nothing; or `here.run(future)` for each that has a place of its own |
/// | a channel to a worker | send `(SessionContext::current(), job)`; the worker does `here.in_scope(\|\| work(job))` |
/// | another process | send [`traceparent`](Self::traceparent) as a header; it begins with `.traceparent(..)` |
///
/// Cheap to clone. A context keeps its session running.
#[derive(Clone, Debug, Default)]
pub struct SessionContext {
    context: Option<Context>,
}

impl SessionContext {
    /// Where the running code stands: the innermost span that is recorded, whether the session API, `tracing` or (feature
    /// `otel`) an OpenTelemetry context opened it. Nowhere, outside all of them.
    #[must_use]
    pub fn current() -> Self {
        Self { context: current() }
    }

    pub(super) const fn of(context: Option<Context>) -> Self {
        Self { context }
    }

    /// Below a span that is still to be opened, in a session that nobody knows yet.
    #[cfg(feature = "mcp")]
    pub(super) fn without_session(recorder: &Recorder, (trace_id, span_id): (TraceId, SpanId)) -> Self {
        let recorder = recorder.address();
        Self { context: Some(Context { session: None, recorder, trace_id, span_id, within: None }) }
    }

    /// Whether it is a place at all.
    #[must_use]
    pub const fn is_somewhere(&self) -> bool {
        self.context.is_some()
    }

    /// The session, when there is one.
    #[must_use]
    pub fn session(&self) -> Option<&SessionHandle> {
        self.context.as_ref()?.session.as_ref()
    }

    /// Puts the thread there until the guard is dropped. Not across an `.await`: the guard stays on its thread. Nowhere is
    /// no place to go: it leaves the thread where it is.
    #[must_use = "the thread leaves when the guard is dropped"]
    pub fn enter(&self) -> EnteredContext {
        EnteredContext { _entered: self.context.clone().map(context::enter), _stays: PhantomData }
    }

    /// Runs `work` there.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        work()
    }

    /// Runs `future` there, whichever thread polls it.
    pub fn run<F: Future>(&self, future: F) -> InSession<F> {
        InSession::new(self.context.clone(), future)
    }

    /// The place as the value of a W3C `traceparent` header, for a request to another process.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        let Context { trace_id, span_id, .. } = *self.context.as_ref()?;
        Some(TraceParent { trace_id, span_id, sampled: true }.to_string())
    }

    pub(super) fn ids(&self) -> Option<(TraceId, SpanId)> {
        self.context.as_ref().map(|context| (context.trace_id, context.span_id))
    }

    /// The place, with the recorder that knows it.
    pub(super) fn known(&self) -> Option<(&Context, Recorder)> {
        let context = self.context.as_ref()?;
        Some((context, Recorder::at(context.recorder)?))
    }
}

/// Keeps its thread in a [`SessionContext`].
#[derive(Debug)]
pub struct EnteredContext {
    _entered: Option<Entered>,
    /// A guard that moved to another thread would leave the wrong one.
    _stays: PhantomData<*const ()>,
}

/// The value of a `traceparent` header for a request that the running code sends: the current span as the parent of what the
/// receiver does. `None` when nothing is recorded here.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    SessionContext::current().traceparent()
}

#[cfg(not(feature = "otel"))]
fn current() -> Option<Context> {
    context::with_current(|context| Some(context?.clone()))
}

#[cfg(feature = "otel")]
fn current() -> Option<Context> {
    super::otel::current(context::with_current(|context| Some(context?.clone())))
}
