//! What is remembered of a session to join what has no id in common.

use std::collections::VecDeque;

use super::bounded::Bounded;
use super::models::Models;
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
}
