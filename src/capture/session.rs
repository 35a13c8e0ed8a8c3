//! The explicit session API.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::carry::SessionContext;
use super::context::{self, Context, InSession};
use super::flat::{Flat, Slice};
use super::record::{Details, Of, Record, SessionEnded, SessionStarted, SpanChange, SpanStarted};
use super::recorder::{Claim, Recorder, error_status, fresh_span_id, fresh_trace_id};
use super::span::{Place, SpanGuard};
use super::traceparent::{TraceParent, trace_state};
#[cfg(feature = "control")]
use crate::control::Steering;
use crate::model::{
    Attributes, Engine, EventKind, Key, Link, SessionId, SessionStatus, SpanId, SpanKind, Timestamp, TraceId,
};

/// What a session is to be called, before it starts.
#[derive(Debug)]
#[must_use = "a session begins with `start`"]
pub struct SessionBuilder {
    recorder: Option<Recorder>,
    id: Option<SessionId>,
    engine: &'static str,
    title: String,
    agent: Option<String>,
    tags: Vec<String>,
    parent: Option<SessionId>,
    caller: Option<TraceParent>,
    trace_state: Option<String>,
    began: Option<Timestamp>,
    trace: Option<TraceId>,
}

impl SessionBuilder {
    pub(crate) fn new(recorder: Option<Recorder>, title: String) -> Self {
        Self {
            recorder,
            id: None,
            engine: Engine::TOKIO,
            title,
            agent: None,
            tags: Vec::new(),
            parent: None,
            caller: None,
            trace_state: None,
            began: None,
            trace: None,
        }
    }

    /// The session's id; without one it gets a fresh UUID.
    pub fn id(mut self, id: SessionId) -> Self {
        self.id = Some(id);
        self
    }

    /// What runs it, where that is not the host's own code.
    #[cfg(feature = "mcp")]
    pub(super) fn engine(mut self, engine: &'static str) -> Self {
        self.engine = engine;
        self
    }

    /// When it began, where that was a while ago.
    #[cfg(feature = "mcp")]
    pub(super) fn began(mut self, at: Timestamp) -> Self {
        self.began = Some(at);
        self
    }

    /// Its trace, when nobody calls whose trace it can go on in. Nobody else's.
    #[cfg(feature = "mcp")]
    pub(super) fn trace(mut self, trace: TraceId) -> Self {
        self.trace = Some(trace);
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

    /// Goes on in the trace of a caller in another process: the value of the `traceparent` header that came with its
    /// request. The session has the caller's trace id, and its root the caller's span as parent. What is not as the W3C
    /// specification says is ignored.
    ///
    /// A trace belongs to one session. When the caller's is that of another session of this host already, the session gets a
    /// trace of its own with a link to the caller; if that other session is the caller itself, it becomes the
    /// [parent](Self::parent).
    pub fn traceparent(mut self, header: &str) -> Self {
        self.caller = TraceParent::parse(header);
        self
    }

    /// The value of the `tracestate` header that came with the [`traceparent`](Self::traceparent); ignored without one.
    pub fn tracestate(mut self, header: &str) -> Self {
        self.trace_state = trace_state(header);
        self
    }

    /// Begins the session.
    #[must_use]
    pub fn start(self) -> SessionHandle {
        let id = self.id.unwrap_or_else(SessionId::generate);
        let Some(recorder) = self.recorder else { return SessionHandle::new(id, None) };
        let origin = Origin::of(self.caller, (&id, self.trace), &recorder);
        let parent = self
            .parent
            .or(origin.within)
            .or_else(|| context::with_current(|context| Some(context?.session.as_ref()?.id().clone())));
        let (trace_id, root) = (origin.trace_id, fresh_span_id());
        let at = self.began.unwrap_or_else(|| recorder.now());
        let details = Details {
            name: Some(self.title.clone().into()),
            kind: SpanKind::Workflow,
            agent: self.agent.clone(),
            trace_state: self.trace_state.clone().filter(|_| self.caller.is_some()),
            link: origin.link,
            source: (self.engine == Engine::MCP_INBOUND).then_some("mcp"),
            ..Details::default()
        };
        let trace_state = details.trace_state.clone();
        let root_span = SpanStarted {
            trace_id,
            span_id: root,
            parent: origin.parent,
            at,
            callsite: None,
            details: Some(Box::new(details)),
            attributes: Slice::default(),
        };
        recorder.record(Record::SessionStarted(Box::new(SessionStarted {
            id: id.clone(),
            engine: self.engine,
            title: self.title,
            agent: self.agent,
            tags: self.tags,
            parent: parent.filter(|parent| *parent != id),
            trace_id,
            at,
        })));
        let root_taken = recorder.span_started(root_span, &Flat::default());
        let ended = AtomicBool::new(false);
        #[cfg(feature = "control")]
        let steering = recorder.controls().begin(&id);
        let live = Live {
            id: id.clone(),
            recorder,
            trace_id,
            root,
            root_taken,
            trace_state,
            ended,
            #[cfg(feature = "control")]
            steering,
        };
        SessionHandle::new(id, Some(live))
    }
}

/// Where a session, or a span with a caller, begins.
pub(super) struct Origin {
    pub(super) trace_id: TraceId,
    pub(super) parent: Option<SpanId>,
    /// To the caller, when its trace belongs to another session.
    pub(super) link: Option<Link>,
    /// The session that calls.
    within: Option<SessionId>,
}

impl Origin {
    /// In the caller's trace, when that is free or `session`'s already; otherwise in its own, which is fresh when it has
    /// none yet.
    pub(super) fn of(
        caller: Option<TraceParent>,
        (session, own): (&SessionId, Option<TraceId>),
        recorder: &Recorder,
    ) -> Self {
        let claim = |own| Claim { session: session.clone(), own };
        let trace_id = own.unwrap_or_else(fresh_trace_id);
        let mut origin = Self { trace_id, parent: None, link: None, within: None };
        if let Some(TraceParent { trace_id, span_id, .. }) = caller {
            match recorder.claim(trace_id, claim(false)) {
                Ok(()) => return Self { trace_id, parent: Some(span_id), ..origin },
                Err(known) => {
                    origin.link = Some(Link { trace_id, span_id, attributes: Attributes::new() });
                    origin.within = known.own.then_some(known.session);
                }
            }
        }
        // Nobody has a fresh one.
        let _ = recorder.claim(origin.trace_id, claim(true));
        origin
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

    /// As [`place_for`](Self::place_for), for a span that was promised this id in this trace before its session was known.
    #[cfg(feature = "mcp")]
    pub(super) fn promised_place(
        &self,
        traceparent: Option<&str>,
        (trace_id, span_id): (TraceId, SpanId),
    ) -> Option<Place> {
        let (live, mut place) = self.place_for(traceparent)?;
        place.span_id = span_id;
        if place.trace_id != trace_id {
            let claim = Claim { session: self.id().clone(), own: false };
            if live.recorder.claim(trace_id, claim).is_ok() {
                live.join(trace_id);
                (place.trace_id, place.parent) = (trace_id, None);
            }
        }
        Some(place)
    }

    /// Opens a span of which more is known at once, or that began a while ago.
    #[cfg(feature = "mcp")]
    pub(super) fn span_with(&self, place: Place, told: (Details, &Flat), at: Timestamp) -> SpanGuard {
        match &self.inner.live {
            Some(live) => SpanGuard::begin(self.clone(), live, place, told, at),
            None => SpanGuard::disabled(),
        }
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
