//! The call ids of Codex.

/// A tool call, by `call_id`.
pub(super) fn tool(call_id: &str) -> String {
    format!("tool:{call_id}")
}

/// A turn, by `turn_id`.
pub(super) fn turn(turn_id: &str) -> String {
    format!("turn:{turn_id}")
}

/// A sub-agent, by its thread.
pub(super) fn agent(thread: &str) -> String {
    format!("agent:{thread}")
}
