//! Claude Code: its hooks, its transcripts, its spans, its log records and metrics.
//!
//! Verified against version 2.1.197. A hook's payload has no time, so it counts from its arrival. Events that are not known
//! here are published as they are.

mod calls;
mod hook;
mod lines;
mod logs;
mod metrics;
mod spans;
mod tools;
mod transcript;
mod waits;

pub(super) use self::hook::hook;
pub(super) use self::logs::{log, session_of_log};
pub(super) use self::metrics::usage;
pub(super) use self::spans::{observe, session_of};
pub(super) use self::transcript::{Followed, transcript};

/// What the main agent of a run is called.
const AGENT: &str = "claude-code";

/// Who runs its models, unless a span says otherwise.
const PROVIDER: &str = "anthropic";

/// The `source` of what hooks tell.
const HOOKS: &str = "hooks";
