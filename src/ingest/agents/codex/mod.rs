//! Codex: its hooks, its notifications, the lines that `codex exec --json` prints, its log records, its spans, and the files in
//! which it notes what was said.
//!
//! Verified against version 0.169.0. Its spans trace the program and not the agent: hundreds for a turn, in dozens of traces,
//! of which some lines name a thread and say when a call began and ended. They are read as log records are, and are details
//! themselves; what names no thread and belongs to no trace that does is left out. So every call of Codex is a derived span,
//! whichever ways it was reported.
//!
//! | what | hooks | log records | spans | printed lines | rollout files |
//! |---|---|---|---|---|---|
//! | the session | `session_id` | `conversation.id`, of a sub-agent its own | the same, on some | the first line | the first line |
//! | a turn | `turn_id` | the trace | `turn.id` | | `turn_id` |
//! | a tool call | `tool_use_id` | `call_id` | `call_id` | | `call_id` |
//! | a model call | | | | | `response_id` |
//!
//! What has no id in common is joined by when it was and what is said of it.

mod calls;
mod hook;
mod lines;
mod logs;
mod memory;
mod models;
mod observed;
mod reading;
mod rollout;
mod threads;
mod tools;
mod turns;

pub(super) use self::logs::{log, session_of as session_of_log};
pub(super) use self::memory::{Memory, remember};
pub(super) use self::observed::{Answers, Of, is_codex, learn, observe, session_of};
pub(super) use self::reading::read;
pub(super) use self::rollout::rollout;
pub(super) use self::threads::Threads;

/// What the main agent of a session is called.
const AGENT: &str = "codex";

/// The `source` of what hooks and notifications tell.
const HOOKS: &str = "hooks";

/// The `source` of what printed lines tell.
const LINES: &str = "lines";

/// The `source` of what log records tell.
const LOGS: &str = "logs";

/// The `source` of what rollout files tell.
const ROLLOUT: &str = "transcript";
