//! The call ids of Claude Code: how hooks, log records, spans and transcripts name the same thing.

/// A tool call, by `tool_use_id`.
pub(super) fn tool(tool_use_id: &str) -> String {
    format!("tool:{tool_use_id}")
}

/// A model call, by `request_id`, or by the message's id where a gateway gives no request ids.
pub(super) fn llm(request_id: &str) -> String {
    format!("llm:{request_id}")
}

/// A turn, by `prompt_id`.
pub(super) fn turn(prompt_id: &str) -> String {
    format!("turn:{prompt_id}")
}

/// A sub-agent, by `agent_id`.
pub(super) fn agent(agent_id: &str) -> String {
    format!("agent:{agent_id}")
}
