//! What is remembered of a session to join what has no id in common.

use std::collections::VecDeque;

use super::super::RecallTrace;
use super::super::bounded::Bounded;
use super::super::run::Run;
use super::super::transcripts::Transcripts;
use super::models::Models;
use super::rollout::Rollout;
use super::tools::Tools;
use super::turns::Turns;

/// One for each session.
#[derive(Debug, Default)]
pub(in super::super) struct Memory {
    pub(super) turns: Turns,
    pub(super) models: Models,
    pub(super) tools: Tools,
    /// The first turn that a person asked for, and how: the title of the session.
    pub(super) asked: Option<(String, String)>,
    /// The tool call that started each sub-agent, as its answer said, and what the sub-agent is called.
    pub(super) started: Bounded<String, (String, Option<String>)>,
    /// The tool calls that started sub-agents of which it is not known which.
    pub(super) starters: VecDeque<String>,
    /// Who runs the models, as a log record said.
    pub(super) provider: Option<String>,
    /// The files in which the program notes what was said.
    pub(in super::super) rollouts: Transcripts<Rollout>,
}

/// Has a run that is new here know what was stored of it before: its calls, and which of them were the model's, for these have
/// no ids.
pub(in super::super) fn remember(run: &mut Run, recall: &RecallTrace) {
    for span in recall(run.trace_id()) {
        run.codex.models.stored(&span);
        span.call_id.iter().for_each(|call_id| run.is_stored(call_id));
    }
}
