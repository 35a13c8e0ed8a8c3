//! A session before it starts, and where it begins.

use std::sync::atomic::AtomicBool;

use super::{Live, SessionHandle};
use crate::capture::context;
use crate::capture::flat::{Flat, Slice};
use crate::capture::record::{Details, Record, SessionStarted, SpanStarted};
use crate::capture::recorder::{Claim, Recorder, fresh_span_id, fresh_trace_id};
use crate::capture::traceparent::{TraceParent, trace_state};
use crate::model::{Attributes, Engine, Link, SessionId, SpanId, SpanKind, Timestamp, TraceId};

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
    pub(in crate::capture) fn engine(mut self, engine: &'static str) -> Self {
        self.engine = engine;
        self
    }

    /// When it began, where that was a while ago.
    #[cfg(feature = "mcp")]
    pub(in crate::capture) fn began(mut self, at: Timestamp) -> Self {
        self.began = Some(at);
        self
    }

    /// Its trace, when nobody calls whose trace it can go on in. Nobody else's.
    #[cfg(feature = "mcp")]
    pub(in crate::capture) fn trace(mut self, trace: TraceId) -> Self {
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

/// Where a session begins.
struct Origin {
    trace_id: TraceId,
    parent: Option<SpanId>,
    /// To the caller, when its trace belongs to another session.
    link: Option<Link>,
    /// The session that calls.
    within: Option<SessionId>,
}

impl Origin {
    /// In the caller's trace, when that is free or `session`'s already; otherwise in its own, which is fresh when it has
    /// none yet.
    fn of(
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
