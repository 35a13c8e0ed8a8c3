//! Events: what the live stream says.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Attributes, Breakpoint, CounterDeltas, EventId, Session, SessionId, SpanId, SpanSummary, Timestamp,
};

/// One event of the live stream.
///
/// The set of types is open: a reader keeps and shows a type that it does not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// The id; readers resume after it.
    pub id: EventId,
    /// When it happened.
    pub timestamp: Timestamp,
    /// The session it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened. The names are the `type` on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum EventKind {
    /// A session began.
    #[non_exhaustive]
    SessionStarted {
        /// The session.
        session: Box<Session>,
    },
    /// A session's title, status, wait or counters changed; at most one per quarter of a second and session.
    #[non_exhaustive]
    SessionUpdated {
        /// The session.
        session: Box<Session>,
    },
    /// A session ended.
    #[non_exhaustive]
    SessionFinished {
        /// The session.
        session: Box<Session>,
    },
    /// The session was provisional; its traces turned out to belong to another one.
    #[non_exhaustive]
    SessionMerged {
        /// The session that has them now.
        into: SessionId,
    },
    /// A person has the session kept, whatever the bounds on history say.
    #[non_exhaustive]
    SessionPinned {
        /// Who it was: the name that the host's own check gave, or `local`, `token`, `host`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// From where: the address at the other end of the connection; `proxy` when that is a proxy's, whatever it claims;
        /// `unknown` when the host does not tell. Absent when it was the host itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A person has the session kept no longer than others.
    #[non_exhaustive]
    SessionUnpinned {
        /// Who it was: the name that the host's own check gave, or `local`, `token`, `host`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// From where: the address at the other end of the connection; `proxy` when that is a proxy's, whatever it claims;
        /// `unknown` when the host does not tell. Absent when it was the host itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A person removed the session with all that was known of it. One of the same id that begins later is another one.
    #[non_exhaustive]
    SessionRemoved {
        /// Who it was: the name that the host's own check gave, or `local`, `token`, `host`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// From where: the address at the other end of the connection; `proxy` when that is a proxy's, whatever it claims;
        /// `unknown` when the host does not tell. Absent when it was the host itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A span began, or more became known of a running one.
    #[non_exhaustive]
    SpanStarted {
        /// The span.
        span: Box<SpanSummary>,
    },
    /// A span ended, or more became known of an ended one.
    #[non_exhaustive]
    SpanFinished {
        /// The span.
        span: Box<SpanSummary>,
    },
    /// A session began to wait for a person.
    #[non_exhaustive]
    WaitingOnSignal {
        /// The wait: the id of its span.
        #[serde(skip_serializing_if = "Option::is_none")]
        wait_id: Option<SpanId>,
        /// The name of the signal that ends the wait.
        signal_name: String,
        /// The question to the person.
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<String>,
        /// A JSON Schema of the answer, when the asker gave one.
        #[schema(value_type = Option<serde_json::Value>)]
        #[serde(skip_serializing_if = "Option::is_none")]
        schema: Option<serde_json::Value>,
    },
    /// A person, or a program in their name, answered a session that waited; its engine took it.
    #[non_exhaustive]
    SignalReceived {
        /// The signal's name. What it said is between the sender and the engine.
        signal_name: String,
        /// The wait that it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        wait_id: Option<SpanId>,
        /// What was decided, in a word: `answered` or `denied`; at a checkpoint `continue`, `step`, `skip`, `edit` or `abort`.
        #[schema(value_type = Option<String>)]
        #[serde(skip_serializing_if = "Option::is_none")]
        decision: Option<std::borrow::Cow<'static, str>>,
        /// Who it was: the name that the host's own check gave, or `local`, `token`, `host`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// From where: the address at the other end of the connection; `proxy` when that is a proxy's, whatever it claims;
        /// `unknown` when the host does not tell. Absent when it was the host itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A person, or a program in their name, asked for a session to be cancelled; its engine took it.
    #[non_exhaustive]
    CancelRequested {
        /// Who it was: the name that the host's own check gave, or `local`, `token`, `host`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// From where: the address at the other end of the connection; `proxy` when that is a proxy's, whatever it claims;
        /// `unknown` when the host does not tell. Absent when it was the host itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A session stopped at a checkpoint, and goes on when a person says how.
    #[non_exhaustive]
    BeforeStep {
        /// The wait, to be named by the answer: the id of its span.
        wait_id: SpanId,
        /// The checkpoint's name.
        checkpoint: String,
        /// The tool that is about to be called.
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// The agent that is about to act.
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
        /// The state there.
        #[schema(value_type = serde_json::Value)]
        state: serde_json::Value,
    },
    /// A person set a breakpoint.
    #[non_exhaustive]
    BreakpointSet {
        /// The breakpoint.
        breakpoint: Box<Breakpoint>,
    },
    /// A person took a breakpoint away.
    #[non_exhaustive]
    BreakpointRemoved {
        /// Its number.
        breakpoint_id: u64,
        /// Who it was: the name that the host's own check gave, or `local`, `token`, `host`.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// From where: the address at the other end of the connection; `proxy` when that is a proxy's, whatever it claims;
        /// `unknown` when the host does not tell. Absent when it was the host itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// A span that read a resource ended well.
    #[non_exhaustive]
    ResourceFetched {
        /// The span.
        span_id: SpanId,
        /// The resource's address.
        uri: String,
        /// The type of its content.
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// Its size in bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
    /// A span that filled in a prompt template ended well.
    #[non_exhaustive]
    PromptUsed {
        /// The span.
        span_id: SpanId,
        /// The template.
        template_id: String,
        /// What it was filled in with, when that is at most a kilobyte.
        #[schema(value_type = Option<serde_json::Value>)]
        #[serde(skip_serializing_if = "Option::is_none")]
        parameters: Option<serde_json::Value>,
    },
    /// An MCP server in the host was asked something.
    #[non_exhaustive]
    McpRequestStarted {
        /// The request's span.
        #[serde(skip_serializing_if = "Option::is_none")]
        span_id: Option<SpanId>,
        /// What was asked, such as `tools/call`.
        #[schema(value_type = String)]
        method: std::borrow::Cow<'static, str>,
        /// The tool that is called.
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
    },
    /// An MCP server in the host answered, or will not.
    #[non_exhaustive]
    McpRequestFinished {
        /// The request's span.
        #[serde(skip_serializing_if = "Option::is_none")]
        span_id: Option<SpanId>,
        /// What was asked, such as `tools/call`.
        #[schema(value_type = String)]
        method: std::borrow::Cow<'static, str>,
        /// The tool that was called.
        #[serde(skip_serializing_if = "Option::is_none")]
        tool: Option<String>,
        /// Whether it went well.
        ok: bool,
        /// How long it took, in milliseconds.
        duration_ms: f64,
        /// What went wrong.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// How far something has come.
    #[non_exhaustive]
    ProgressUpdate {
        /// The span it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        span_id: Option<SpanId>,
        /// Between 0 and 100.
        #[serde(skip_serializing_if = "Option::is_none")]
        percent: Option<f64>,
        /// In words.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A log line.
    #[non_exhaustive]
    Log {
        /// `trace`, `debug`, `info`, `warn` or `error`.
        level: String,
        /// The text.
        message: String,
        /// The span it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        span_id: Option<SpanId>,
        /// The rest.
        attributes: Attributes,
    },
    /// A sign of life of a session that runs, every ten seconds: what was added since the last one.
    #[non_exhaustive]
    Heartbeat {
        /// How many of its spans run.
        open_spans: u64,
        /// What the session's counters grew by since the last heartbeat, or since it began. They add up to the session's
        /// counters, so a number may shrink when it turns out that something was counted twice.
        deltas: CounterDeltas,
    },
    /// The host recorded faster than the inspector could take; what did not fit was left out.
    #[non_exhaustive]
    RecordsDropped {
        /// How many records were left out since this was last said.
        total: u64,
        /// How many of each kind.
        kinds: std::collections::BTreeMap<std::borrow::Cow<'static, str>, u64>,
    },
    /// Events that this reader can no longer get.
    #[non_exhaustive]
    Gap {
        /// The first missed id.
        missed_from: EventId,
        /// The last missed id.
        missed_to: EventId,
        /// An upper bound on how many were missed.
        at_most: u64,
    },
    /// An event of the host's own kind.
    #[non_exhaustive]
    Custom {
        /// Its name, such as `task_queued`.
        #[schema(value_type = String)]
        name: std::borrow::Cow<'static, str>,
        /// Its content.
        #[schema(value_type = serde_json::Value)]
        data: serde_json::Value,
    },
}

impl EventKind {
    /// A [`ProgressUpdate`](Self::ProgressUpdate), with a percentage that is one.
    #[must_use]
    pub fn progress(span_id: Option<SpanId>, percent: Option<f64>, message: String) -> Self {
        let percent = percent.filter(|percent| percent.is_finite()).map(|percent| percent.clamp(0.0, 100.0));
        Self::ProgressUpdate { span_id, percent, message: Some(message) }
    }

    /// The names of all types this version writes.
    #[must_use]
    pub const fn types() -> &'static [&'static str] {
        &[
            "SessionStarted",
            "SessionUpdated",
            "SessionFinished",
            "SessionMerged",
            "SessionPinned",
            "SessionUnpinned",
            "SessionRemoved",
            "SpanStarted",
            "SpanFinished",
            "WaitingOnSignal",
            "SignalReceived",
            "CancelRequested",
            "BeforeStep",
            "BreakpointSet",
            "BreakpointRemoved",
            "ResourceFetched",
            "PromptUsed",
            "McpRequestStarted",
            "McpRequestFinished",
            "ProgressUpdate",
            "Log",
            "Heartbeat",
            "RecordsDropped",
            "Gap",
            "Custom",
        ]
    }

    /// About how many bytes of memory it holds.
    pub(crate) fn size(&self) -> usize {
        let own = match self {
            Self::Log { message, attributes, .. } => message.len() + attributes.size(),
            Self::ProgressUpdate { message, .. } => message.as_ref().map_or(0, String::len),
            // Its numbers and texts take more in memory than in JSON.
            Self::Custom { data, .. } | Self::BeforeStep { state: data, .. } => {
                serde_json::to_vec(data).map_or(0, |json| json.len() * 2)
            }
            _ => 0,
        };
        size_of::<Self>() + own
    }

    /// The `type` on the wire.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::SessionStarted { .. } => "SessionStarted",
            Self::SessionUpdated { .. } => "SessionUpdated",
            Self::SessionFinished { .. } => "SessionFinished",
            Self::SessionMerged { .. } => "SessionMerged",
            Self::SessionPinned { .. } => "SessionPinned",
            Self::SessionUnpinned { .. } => "SessionUnpinned",
            Self::SessionRemoved { .. } => "SessionRemoved",
            Self::SpanStarted { .. } => "SpanStarted",
            Self::SpanFinished { .. } => "SpanFinished",
            Self::WaitingOnSignal { .. } => "WaitingOnSignal",
            Self::SignalReceived { .. } => "SignalReceived",
            Self::CancelRequested { .. } => "CancelRequested",
            Self::BeforeStep { .. } => "BeforeStep",
            Self::BreakpointSet { .. } => "BreakpointSet",
            Self::BreakpointRemoved { .. } => "BreakpointRemoved",
            Self::ResourceFetched { .. } => "ResourceFetched",
            Self::PromptUsed { .. } => "PromptUsed",
            Self::McpRequestStarted { .. } => "McpRequestStarted",
            Self::McpRequestFinished { .. } => "McpRequestFinished",
            Self::ProgressUpdate { .. } => "ProgressUpdate",
            Self::Log { .. } => "Log",
            Self::Heartbeat { .. } => "Heartbeat",
            Self::RecordsDropped { .. } => "RecordsDropped",
            Self::Gap { .. } => "Gap",
            Self::Custom { .. } => "Custom",
        }
    }
}
