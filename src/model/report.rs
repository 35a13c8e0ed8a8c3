//! What an outside sender reports in one request, not yet normalised or redacted.

#![cfg_attr(not(feature = "otlp"), allow(dead_code, reason = "nobody outside has a door then"))]

use std::borrow::Cow;

use super::{Engine, EventKey, EventKind, SessionStatus, Span, Timestamp, TraceId};

/// Spans, and what is said beside them. All of it is stored together.
#[derive(Debug, Default)]
pub(crate) struct Reported {
    /// The spans, in the order they came.
    pub(crate) spans: Vec<Span>,
    /// What was said of sessions themselves, in order.
    pub(crate) sessions: Vec<SessionReport>,
    /// What happened beside the spans, in order.
    pub(crate) events: Vec<ReportedEvent>,
    /// What of it must not be taken again, with the sender's own id of its session.
    pub(crate) taken: Vec<(String, EventKey)>,
}

impl Reported {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.sessions.is_empty() && self.events.is_empty()
    }

    /// About how many bytes of memory it holds.
    pub(crate) fn size(&self) -> usize {
        self.spans.iter().map(Span::size).sum::<usize>()
            + self.sessions.len() * size_of::<SessionReport>()
            + self.events.iter().map(|event| event.kind.size()).sum::<usize>()
            + self.taken.len() * size_of::<(String, EventKey)>()
    }
}

impl From<Vec<Span>> for Reported {
    fn from(spans: Vec<Span>) -> Self {
        Self { spans, ..Self::default() }
    }
}

/// What a sender says of a session, not of a span in it. What it leaves out stays as it is known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SessionReport {
    /// The sender's own id.
    pub(crate) id: String,
    /// What runs it.
    pub(crate) engine: Cow<'static, str>,
    /// When it was said.
    pub(crate) at: Timestamp,
    /// What a person calls it.
    pub(crate) title: Option<String>,
    /// That title and that agent count before whatever spans say.
    pub(crate) outright: bool,
    /// The agent's name.
    pub(crate) agent: Option<String>,
    /// The sender's own id of the session that started it.
    pub(crate) parent: Option<String>,
    /// Words to find it by, added to those it has.
    pub(crate) tags: Vec<String>,
    /// What became of it.
    pub(crate) change: SessionChange,
}

impl SessionReport {
    /// One that says nothing but that the session is there.
    pub(crate) fn new(id: impl Into<String>, engine: impl Into<Cow<'static, str>>, at: Timestamp) -> Self {
        let engine = engine.into();
        Self {
            id: id.into(),
            // Whoever posts events names a session outright; a prompt names it as its span does.
            outright: engine == Engine::EVENTS,
            engine,
            at,
            title: None,
            agent: None,
            parent: None,
            tags: Vec::new(),
            change: SessionChange::Heard,
        }
    }
}

/// What became of a session, as its sender says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SessionChange {
    /// It was heard of.
    Heard,
    /// It began, or goes on after an end.
    Began,
    /// It ended. Without a status, what its spans say counts.
    Ended {
        /// How.
        status: Option<SessionStatus>,
        /// In which error.
        error: Option<String>,
    },
}

/// Something that happened beside the spans.
#[derive(Debug)]
pub(crate) struct ReportedEvent {
    /// What it belongs to.
    pub(crate) of: ReportedOf,
    /// When.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) kind: EventKind,
}

/// What an event belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReportedOf {
    /// A session, by the sender's own id.
    Session(String),
    /// The session that the trace belongs to.
    Trace(TraceId),
    /// The session that the trace belongs to, and while that is not known the one that the sender names.
    TraceOr(TraceId, String),
    /// None.
    Nobody,
}
