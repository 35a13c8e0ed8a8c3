//! The explicit session API.

mod builder;
#[cfg(feature = "mcp")]
mod place;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::carry::SessionContext;
use super::context::{self, Context, InSession};
use super::record::{Of, Record, SessionEnded, SpanChange};
use super::recorder::{Claim, Recorder, error_status};
use super::span::{Place, SpanGuard};
use super::traceparent::TraceParent;
#[cfg(feature = "control")]
use crate::control::Steering;
use crate::model::{Attributes, EventKind, Key, Link, SessionId, SessionStatus, SpanId, SpanKind, TraceId};

pub use self::builder::SessionBuilder;

/// A session that runs in the host. Clones are the same session; it ends with [`finish`](Self::finish),
/// [`fail`](Self::fail) or [`cancel`](Self::cancel), or when the last clone is dropped: as completed, or as failed while
/// the thread panics.
#[derive(Clone, Debug)]
pub struct SessionHandle {
    inner: Arc<Inner>,
}

/// One allocation and one count, because a handle travels with every span that is entered.
#[derive(Debug)]
struct Inner {
    id: SessionId,
    live: Option<Live>,
}

#[derive(Debug)]
pub(super) struct Live {
    id: SessionId,
    pub(super) recorder: Recorder,
    pub(super) trace_id: TraceId,
    root: SpanId,
    root_taken: bool,
    trace_state: Option<String>,
    ended: AtomicBool,
    #[cfg(feature = "control")]
    pub(super) steering: Arc<Steering>,
}

impl SessionHandle {
    fn new(id: SessionId, live: Option<Live>) -> Self {
        Self { inner: Arc::new(Inner { id, live }) }
    }

    /// The session, when anything is recorded.
    #[cfg(feature = "control")]
    pub(super) fn live(&self) -> Option<&Live> {
        self.inner.live.as_ref()
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.inner.id
    }

    /// Runs `future` in the session: what it opens, by this API or by `tracing`, belongs to the session. A task that
    /// it spawns does not, unless wrapped in [`in_current_session`](super::in_current_session).
    pub fn run<F: Future>(&self, future: F) -> InSession<F> {
        InSession::new(self.root(), future)
    }

    /// Runs `work` in the session, as [`run`](Self::run) does for a future.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.root().map(context::enter);
        work()
    }

    /// Opens a span below the current span of this session, or below its root.
    pub fn span(&self, kind: SpanKind, name: impl Into<Cow<'static, str>>) -> SpanGuard {
        let Some((live, here)) = self.here() else { return SpanGuard::disabled() };
        self.open(live, Place::below(here), kind, name.into())
    }

    /// Opens a span that a caller in another process is the parent of: `traceparent` is the header that came with its
    /// request. The caller's trace becomes one of this session's; when it belongs to another session already, or the
    /// header is not as the W3C specification says, the span is opened as by [`span`](Self::span), in the first case with
    /// a link to the caller.
    pub fn span_for(
        &self,
        traceparent: &str,
        kind: SpanKind,
        name: impl Into<Cow<'static, str>>,
    ) -> SpanGuard {
        match self.place_for(Some(traceparent)) {
            Some((live, place)) => self.open(live, place, kind, name.into()),
            None => SpanGuard::disabled(),
        }
    }

    /// Where a span is opened that a caller in another process may be the parent of.
    pub(super) fn place_for(&self, traceparent: Option<&str>) -> Option<(&Live, Place)> {
        let (live, here) = self.here()?;
        let mut place = Place::below(here);
        if let Some(caller) = traceparent.and_then(TraceParent::parse) {
            let claim = Claim { session: self.id().clone(), own: false };
            if live.recorder.claim(caller.trace_id, claim).is_ok() {
                live.join(caller.trace_id);
                (place.trace_id, place.parent) = (caller.trace_id, Some(caller.span_id));
            } else {
                let (trace_id, span_id) = (caller.trace_id, caller.span_id);
                place.link = Some(Link { trace_id, span_id, attributes: Attributes::new() });
            }
        }
        Some((live, place))
    }

    fn open(&self, live: &Live, place: Place, kind: SpanKind, name: Cow<'static, str>) -> SpanGuard {
        SpanGuard::open(self.clone(), live, place, kind, name)
    }

    pub(super) fn span_at(&self, place: Place, kind: SpanKind, name: Cow<'static, str>) -> SpanGuard {
        match &self.inner.live {
            Some(live) => self.open(live, place, kind, name),
            None => SpanGuard::disabled(),
        }
    }

    /// The current span of this session, or its root.
    pub(super) fn here(&self) -> Option<(&Live, (TraceId, SpanId))> {
        let live = self.inner.live.as_ref()?;
        let current = SessionContext::current();
        let inside = current.session().is_some_and(|session| Arc::ptr_eq(&session.inner, &self.inner));
        let place = current.ids().filter(|_| inside).unwrap_or((live.trace_id, live.root));
        Some((live, place))
    }

    /// The session's root as a place to carry: what is opened in it belongs to the session.
    #[must_use]
    pub fn context(&self) -> SessionContext {
        SessionContext::of(self.root())
    }

    /// The value of a W3C `traceparent` header: the session's root as the parent of what another process does for it. `None`
    /// when nothing is recorded. For a call that a span makes there is [`SpanGuard::traceparent`], and
    /// [`current_traceparent`](super::current_traceparent) wherever it runs.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.context().traceparent()
    }

    /// The `tracestate` that the session began with, to be passed on with its [`traceparent`](Self::traceparent).
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.inner.live.as_ref()?.trace_state.as_deref()
    }

    /// Joins a trace that began within the session to it.
    #[cfg(feature = "otel")]
    pub(super) fn join(&self, trace_id: TraceId) {
        let Some(live) = &self.inner.live else { return };
        let claim = Claim { session: self.id().clone(), own: false };
        if live.trace_id != trace_id && live.recorder.claim(trace_id, claim).is_ok() {
            live.join(trace_id);
        }
    }

    /// Records a snapshot of the session's state under `mcp.state.<name>_json`, on the current span.
    ///
    /// The value is serialised here, on the caller's thread, because it is borrowed; one that cannot be serialised is
    /// recorded as the reason why.
    pub fn state(&self, name: &str, value: &impl Serialize) {
        self.snapshot(format!("mcp.state.{name}_json"), value);
    }

    /// Records a result under `mcp.result.<name>_json`, on the current span. See [`state`](Self::state).
    pub fn result(&self, name: &str, value: &impl Serialize) {
        self.snapshot(format!("mcp.result.{name}_json"), value);
    }

    fn snapshot(&self, key: String, value: &impl Serialize) {
        let Some((live, (trace_id, span_id))) = self.here() else { return };
        let mut change = SpanChange::new(trace_id, span_id);
        change.attributes.set(Key::Owned(key), super::fields::to_json(value));
        live.recorder.span_changed(change);
    }

    /// Says how far the session has come: `percent` between 0 and 100, and words.
    pub fn progress(&self, percent: Option<f64>, message: impl Into<String>) {
        let Some(live) = &self.inner.live else { return };
        live.recorder.event(Of::Trace(live.trace_id), EventKind::progress(None, percent, message.into()));
    }

    /// Publishes an event of the host's own kind.
    pub fn emit(&self, name: impl Into<Cow<'static, str>>, data: serde_json::Value) {
        let Some(live) = &self.inner.live else { return };
        live.recorder.event(Of::Trace(live.trace_id), EventKind::Custom { name: name.into(), data });
    }

    /// Ends the session well. Only the first end counts.
    pub fn finish(&self) {
        self.end(SessionStatus::Completed, None);
    }

    /// Ends the session in an error.
    pub fn fail(&self, error: impl Into<String>) {
        self.end(SessionStatus::Failed, Some(error.into()));
    }

    /// Ends the session as cancelled.
    pub fn cancel(&self) {
        self.end(SessionStatus::Cancelled, None);
    }

    fn end(&self, status: SessionStatus, error: Option<String>) {
        if let Some(live) = &self.inner.live {
            live.end(status, error);
        }
    }

    fn root(&self) -> Option<Context> {
        let live = self.inner.live.as_ref()?;
        self.place(live.trace_id, live.root)
    }

    /// A span of the session as a context.
    pub(super) fn place(&self, trace_id: TraceId, span_id: SpanId) -> Option<Context> {
        let recorder = self.inner.live.as_ref()?.recorder.address();
        Some(Context { session: Some(self.clone()), recorder, trace_id, span_id, within: None })
    }
}

impl Live {
    /// Whether the session is over.
    #[cfg(feature = "control")]
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Says that another trace belongs to the session too.
    fn join(&self, trace_id: TraceId) {
        self.recorder.record(Record::TraceJoined { trace_id, session: Box::new(self.id.clone()) });
    }

    fn end(&self, status: SessionStatus, error: Option<String>) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        #[cfg(feature = "control")]
        self.recorder.controls().end(&self.id, &self.steering);
        let change = error.as_ref().map(|message| {
            let mut change = SpanChange::new(self.trace_id, self.root);
            change.status = Some(error_status(message.clone()));
            change
        });
        if self.root_taken {
            self.recorder.span_ended(self.trace_id, self.root, change.map(Box::new));
        }
        let at = self.recorder.now();
        self.recorder.record(Record::SessionEnded(Box::new(SessionEnded {
            id: self.id.clone(),
            status,
            error,
            at,
        })));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.end(SessionStatus::Failed, Some("the host panicked".to_owned()));
        } else {
            self.end(SessionStatus::Completed, None);
        }
    }
}
