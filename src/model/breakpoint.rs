//! Breakpoints: where sessions are to be stopped.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{SessionId, Timestamp};

/// Where sessions are to stop. What is absent matches everything; what is there must all match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BreakpointRule {
    /// The checkpoint's name; `*` stands for any characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    pub checkpoint: Option<String>,
    /// The tool that is about to be called; `*` stands for any characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    pub tool: Option<String>,
    /// The agent that is about to act; `*` stands for any characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    pub agent: Option<String>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What the state must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Whether it goes away once a session stopped at it.
    #[serde(default)]
    #[schema(required = false)]
    pub once: bool,
}

/// What a part of the state must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Condition {
    /// The part: a JSON Pointer (RFC 6901) into the state, such as `/plan/0/tool`; empty for all of it. What is not there
    /// matches nothing.
    #[schema(max_length = 512)]
    pub pointer: String,
    /// How it is compared.
    #[serde(default)]
    #[schema(required = false)]
    pub is: Comparison,
    /// With what; not needed for `there`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub value: Option<Value>,
}

/// How a part of the state is compared with a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Comparison {
    /// It is there, whatever it is.
    #[default]
    There,
    /// It is the same.
    Equal,
    /// It is there and something else.
    Different,
    /// It is a text, a list or an object with this part, this item or this key.
    Contains,
    /// It is a greater number.
    Above,
    /// It is a smaller number.
    Below,
}

/// A breakpoint that is set.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Breakpoint {
    /// Its number, not used again while the host runs.
    pub id: u64,
    /// Where it stops sessions.
    pub rule: BreakpointRule,
    /// When it was set.
    pub since: Timestamp,
    /// Who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// From where: the address at the other end of the connection, `proxy` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How many sessions stopped at it.
    pub hits: u64,
}
