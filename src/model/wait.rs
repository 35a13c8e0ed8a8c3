//! Open waits: what a session wants to hear before it goes on.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{SpanId, Timestamp, TraceId};

/// The attributes of a span that waits for a person: the name of the signal that ends the wait, and the question.
pub(crate) const WAIT_SIGNAL: &str = "inspector.wait.signal";
pub(crate) const WAIT_PROMPT: &str = "inspector.wait.prompt";
/// How the answer must look, as JSON Schema.
pub(crate) const WAIT_SCHEMA: &str = "inspector.wait.schema_json";
/// How the wait ended: `answered`, `denied`, `timed_out`, `cancelled`, `dropped`, or what was said at a checkpoint.
#[cfg(any(feature = "control", feature = "mcp"))]
pub(crate) const WAIT_OUTCOME: &str = "inspector.wait.outcome";
/// What was answered, or why it was denied.
#[cfg(any(feature = "control", feature = "mcp"))]
pub(crate) const WAIT_ANSWER: &str = "inspector.wait.answer_json";
/// Who answered.
#[cfg(feature = "control")]
pub(crate) const WAIT_BY: &str = "inspector.wait.by";

/// One thing that a session waits for, and how it is answered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Wait {
    /// Its id, to be named by the answer when several waits are open: that of its span, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_id: Option<SpanId>,
    /// The trace of its span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// The signal that ends it.
    pub signal_name: String,
    /// The question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// A JSON Schema of the answer, when the asker gave one.
    #[schema(value_type = Option<Value>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// When it began.
    pub since: Timestamp,
    /// When it ends without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The checkpoint that the session stopped at, when it is that. The signal is then `inspector.step` and its payload
    /// `{"action": …}` with one of `continue`, `step`, `skip`, `abort`, or `edit` with a `patch` (JSON Patch, RFC 6902).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepPoint>,
}

/// A checkpoint at which a session stopped.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct StepPoint {
    /// Its name.
    pub checkpoint: String,
    /// The tool that is about to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The agent that is about to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The state there, without what must not be shown.
    #[schema(value_type = Value)]
    pub state: Value,
    /// Whether it may be changed before the session goes on.
    pub editable: bool,
    /// A JSON Schema of the state, when it may be changed.
    #[schema(value_type = Option<Value>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}
