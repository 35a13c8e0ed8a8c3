//! Sessions: the unit a person looks at.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Activity, Counters, SessionId, SpanId, Timestamp, TraceId};

/// What runs the session. Open: any text; these are the well-known ones.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Engine;

impl Engine {
    /// An agent inside the host process.
    pub const TOKIO: &'static str = "tokio";
    /// A program that reports over OTLP.
    pub const OTLP: &'static str = "otlp";
    /// A program that is known by its trace file only.
    pub const FILE: &'static str = "file";
    /// Claude Code.
    pub const CLAUDE_CODE: &'static str = "claude-code";
    /// Codex.
    pub const CODEX: &'static str = "codex";
    /// The requests of a client to an MCP server in the host.
    pub const MCP_INBOUND: &'static str = "mcp-inbound";
    /// A program that reports by `POST /events`.
    pub const EVENTS: &'static str = "events";
}

/// What can be done with a session from outside. Open: any text; these are the well-known ones.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Control;

impl Control {
    /// Its wait can be answered: `POST /signal/{id}`.
    pub const SIGNAL: &'static str = "signal";
    /// It can be asked to end: `POST /cancel/{id}`.
    pub const CANCEL: &'static str = "cancel";
    /// It can be stopped at its checkpoints: `POST /breakpoints`.
    pub const STEP: &'static str = "step";
}

/// The tag of sessions that were read from a trace file of another process.
pub const IMPORTED_TAG: &str = "trace-file";

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionStatus {
    /// Something in it runs.
    Running,
    /// It waits for a person; derived from an open wait, cleared when the wait ends.
    Paused,
    /// It ended well.
    Completed,
    /// It ended in an error.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// Its process died, or nothing was heard of it for too long.
    Abandoned,
}

impl SessionStatus {
    /// All, in the order above.
    pub const ALL: &'static [Self] =
        &[Self::Running, Self::Paused, Self::Completed, Self::Failed, Self::Cancelled, Self::Abandoned];

    /// The wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
        }
    }

    /// From the wire form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == text)
    }

    /// Whether the session is over, as far as is known.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        !matches!(self, Self::Running | Self::Paused)
    }
}

/// How many sessions stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct StatusCounts {
    /// Something in them runs.
    pub running: u64,
    /// They wait for a person.
    pub paused: u64,
    /// They ended well.
    pub completed: u64,
    /// They ended in an error.
    pub failed: u64,
    /// They were cancelled.
    pub cancelled: u64,
    /// Nothing is heard of them any more.
    pub abandoned: u64,
}

impl StatusCounts {
    /// Those of one status.
    #[must_use]
    pub const fn of(&self, status: SessionStatus) -> u64 {
        match status {
            SessionStatus::Running => self.running,
            SessionStatus::Paused => self.paused,
            SessionStatus::Completed => self.completed,
            SessionStatus::Failed => self.failed,
            SessionStatus::Cancelled => self.cancelled,
            SessionStatus::Abandoned => self.abandoned,
        }
    }

    /// Those of one status, to be changed.
    pub const fn of_mut(&mut self, status: SessionStatus) -> &mut u64 {
        match status {
            SessionStatus::Running => &mut self.running,
            SessionStatus::Paused => &mut self.paused,
            SessionStatus::Completed => &mut self.completed,
            SessionStatus::Failed => &mut self.failed,
            SessionStatus::Cancelled => &mut self.cancelled,
            SessionStatus::Abandoned => &mut self.abandoned,
        }
    }
}

/// What a paused session waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct WaitingOn {
    /// The name of the signal that ends the wait.
    pub signal_name: String,
    /// The question to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// When the wait began.
    pub since: Timestamp,
    /// The trace of the span that waits, when a span tells of the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The span that waits, when one tells of the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
}

impl WaitingOn {
    /// A wait for this signal that began at this moment.
    #[must_use]
    pub fn new(signal_name: impl Into<String>, since: Timestamp) -> Self {
        Self { signal_name: signal_name.into(), prompt: None, since, trace_id: None, span_id: None }
    }

    /// With the question to the person.
    #[must_use]
    pub fn prompt(mut self, question: impl Into<String>) -> Self {
        self.prompt = Some(question.into());
        self
    }
}

/// One run of an agent: a set of traces that belong together, with what they amount to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// What runs it: `tokio` (in the host), `otlp`, `file` (known by its trace file only), `claude-code`, `codex`,
    /// `temporal`, `mcp-inbound`, or any other text.
    pub engine: String,
    /// What a person calls it; one line.
    pub title: String,
    /// Where it stands.
    pub status: SessionStatus,
    /// When its first span began.
    pub started_at: Timestamp,
    /// When its last span ended; absent while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When something was last heard of it.
    pub updated_at: Timestamp,
    /// The agent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The session that started this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_session_id: Option<SessionId>,
    /// Free words to find it by.
    #[serde(default)]
    #[schema(required)]
    pub tags: Vec<String>,
    /// What it waits for, when paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_on: Option<WaitingOn>,
    /// The first error; one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether a person wants it kept, whatever the bounds on history say.
    #[serde(default)]
    #[schema(required)]
    pub pinned: bool,
    /// The id the sender used, when it was unfit as a session id and was hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What it amounts to.
    pub counters: Counters,
    /// When how many of its spans began; absent where nobody counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// What can be done with it now, from here and by whoever asks: `signal` (answer its wait), `cancel`, or any other text.
    /// Absent where nothing is said of it, as in events. A [registry](crate::registry) that leaves it out and has a
    /// control is taken to do both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Vec<String>>,
}

impl Session {
    /// A session that has just begun.
    #[must_use]
    pub fn new(
        id: SessionId,
        engine: impl Into<String>,
        title: impl Into<String>,
        started_at: Timestamp,
    ) -> Self {
        Self {
            id,
            engine: engine.into(),
            title: title.into(),
            status: SessionStatus::Running,
            started_at,
            ended_at: None,
            updated_at: started_at,
            agent: None,
            parent_session_id: None,
            tags: Vec::new(),
            waiting_on: None,
            error: None,
            pinned: false,
            external_id: None,
            counters: Counters::default(),
            activity: None,
            controls: None,
        }
    }
}
