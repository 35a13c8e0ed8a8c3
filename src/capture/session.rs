//! The explicit session API.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::context::{self, Context, InSession};
use super::flat::{Flat, Slice};
use super::record::{Details, Of, Record, SessionEnded, SessionStarted, SpanChange, SpanStarted};
use super::recorder::{Recorder, error_status, fresh_span_id, fresh_trace_id};
use super::span::SpanGuard;
use crate::model::{EventKind, Key, SessionId, SessionStatus, SpanId, SpanKind, TraceId};

/// What a session is to be called, before it starts.
#[derive(Debug)]
#[must_use = "a session begins with `start`"]
pub struct SessionBuilder {
    recorder: Option<Recorder>,
    id: Option<SessionId>,
    title: String,
    agent: Option<String>,
    tags: Vec<String>,
    parent: Option<SessionId>,
}

impl SessionBuilder {
    pub(crate) fn new(recorder: Option<Recorder>, title: String) -> Self {
        Self { recorder, id: None, title, agent: None, tags: Vec::new(), parent: None }
    }

    /// The session's id; without one it gets a fresh UUID.
    pub fn id(mut self, id: SessionId) -> Self {
        self.id = Some(id);
        self
    }

    /// The agent's name.
    pub fn agent(mut self, name: impl Into<String>) -> Self {
        self.agent = Some(name.into());
        self
    }

    /// A free word to find the session by; may be called several times.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The session that started this one; without one it is the current session, if there is one.
    pub fn parent(mut self, parent: SessionId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Begins the session.
    #[must_use]
    pub fn start(self) -> SessionHandle {
        let id = self.id.unwrap_or_else(SessionId::generate);
        let Some(recorder) = self.recorder else { return SessionHandle::new(id, None) };
        let parent = self.parent.or_else(|| context::current_session().map(|session| session.id().clone()));
        let (trace_id, root) = (fresh_trace_id(), fresh_span_id());
        let at = recorder.now();
        let details = Details {
            name: Some(self.title.clone().into()),
            kind: SpanKind::Workflow,
            agent: self.agent.clone(),
            ..Details::default()
        };
        let root_span = SpanStarted {
            trace_id,
            span_id: root,
            parent: None,
            at,
            callsite: None,
            details: Some(Box::new(details)),
            attributes: Slice::default(),
        };
        recorder.record(Record::SessionStarted(Box::new(SessionStarted {
            id: id.clone(),
            title: self.title,
            agent: self.agent,
            tags: self.tags,
            parent: parent.filter(|parent| *parent != id),
            trace_id,
            at,
        })));
        let root_taken = recorder.span_started(root_span, &Flat::default());
        let live =
            Live { id: id.clone(), recorder, trace_id, root, root_taken, ended: AtomicBool::new(false) };
        SessionHandle::new(id, Some(live))
    }
}

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
    trace_id: TraceId,
    root: SpanId,
    root_taken: bool,
    ended: AtomicBool,
}

impl SessionHandle {
    fn new(id: SessionId, live: Option<Live>) -> Self {
        Self { inner: Arc::new(Inner { id, live }) }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.inner.id
    }

    /// Runs `future` in the session: what it opens, by this API or by `tracing`, belongs to the session. A task that
    /// it spawns does not, unless wrapped in [`in_current_session`](super::in_current_session).
    pub fn run<F: Future>(&self, future: F) -> InSession<F> {
        InSession::new(self.context(), future)
    }

    /// Runs `work` in the session, as [`run`](Self::run) does for a future.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.context().map(context::enter);
        work()
    }

    /// Opens a span below the current span of this session, or below its root.
    pub fn span(&self, kind: SpanKind, name: impl Into<Cow<'static, str>>) -> SpanGuard {
        let Some(live) = &self.inner.live else { return SpanGuard::disabled() };
        let parent = context::with_current(|context| {
            context.filter(|context| context.trace_id == live.trace_id).map(|context| context.span_id)
        });
        self.span_below(parent.unwrap_or(live.root), kind, name.into())
    }

    pub(super) fn span_below(&self, parent: SpanId, kind: SpanKind, name: Cow<'static, str>) -> SpanGuard {
        let Some(live) = &self.inner.live else { return SpanGuard::disabled() };
        SpanGuard::open(self.clone(), live, live.trace_id, parent, kind, name)
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
        let Some(live) = &self.inner.live else { return };
        let span_id = context::with_current(|context| {
            context
                .filter(|context| context.trace_id == live.trace_id)
                .map_or(live.root, |context| context.span_id)
        });
        let mut change = SpanChange::new(live.trace_id, span_id);
        change.attributes.set(Key::Owned(key), super::fields::to_json(value));
        live.recorder.span_changed(change);
    }

    /// Says how far the session has come: `percent` between 0 and 100, and words.
    pub fn progress(&self, percent: Option<f64>, message: impl Into<String>) {
        let Some(live) = &self.inner.live else { return };
        let percent = percent.filter(|percent| percent.is_finite()).map(|percent| percent.clamp(0.0, 100.0));
        let message = Some(message.into());
        live.recorder
            .event(Of::Trace(live.trace_id), EventKind::ProgressUpdate { span_id: None, percent, message });
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

    fn context(&self) -> Option<Context> {
        let live = self.inner.live.as_ref()?;
        Some(Context { session: Some(self.clone()), trace_id: live.trace_id, span_id: live.root })
    }
}

impl Live {
    fn end(&self, status: SessionStatus, error: Option<String>) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let change = error.as_ref().map(|message| {
            let mut change = SpanChange::new(self.trace_id, self.root);
            change.status = Some(error_status(message.clone()));
            change
        });
        if self.root_taken {
            self.recorder.span_ended(self.trace_id, self.root, change);
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
