//! Which session a span belongs to, and what a person would call it.

use super::facts::Facts;
use super::names::Slot;
use crate::model::{Engine, Span, SpanKind, WAIT_PROMPT, WAIT_SIGNAL, WaitingOn};

/// The longest title in characters.
const MAX_TITLE_CHARS: usize = 120;

/// The session that a span names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionHint {
    /// The sender's id.
    pub(crate) id: String,
    /// The program named it for all its spans; what one of them names for itself counts more.
    pub(crate) resource_level: bool,
    /// How the id may be shown, when it must not be as it is.
    pub(crate) masked: Option<String>,
}

/// The session that a span names, if it does. Spans of one trace may disagree (a sub-agent has a conversation of its
/// own): the root's word counts, and the caller knows the root.
///
/// `mcp.session.id` comes last among a span's own: it is the session between a client and a server, not the agent's.
/// `service.instance.id` names a process, which may serve many sessions, and is not taken.
pub(crate) fn session_hint(span: &Span) -> Option<SessionHint> {
    let own = Facts::of(span);
    // Within a sub-agent of Claude Code `gen_ai.conversation.id` is that of the sub-agent.
    let session = || span.attributes.text("session.id").filter(|id| own.is_claude_code() && !id.is_empty());
    let id = session().or_else(|| own.text(Slot::Session)).or_else(|| own.text(Slot::McpSession));
    let (id, resource_level) = match id {
        Some(id) => (id, false),
        None => (Facts::of_resource(span).text(Slot::Session)?, true),
    };
    Some(SessionHint { id: id.to_owned(), resource_level, masked: None })
}

/// The session that attributes name which belong to no span: those of a log record or a data point, and otherwise those of
/// the program that sent it.
#[cfg(feature = "otlp")]
pub(crate) fn session_named<'a>(
    attributes: &'a crate::model::Attributes,
    resource: &'a crate::model::Attributes,
) -> Option<&'a str> {
    let own = Facts::of_attributes(attributes);
    let session = own.text(Slot::Session).or_else(|| own.text(Slot::McpSession));
    session.or_else(|| Facts::of_attributes(resource).text(Slot::Session))
}

/// What a person would call the session of this root: what was asked for, the workflow's or the agent's name, or the
/// span's. `None` on a span that has a parent. To be called after redaction, for it may quote the prompt.
pub(crate) fn title_hint(span: &Span) -> Option<String> {
    if span.parent_span_id.is_some() {
        return None;
    }
    let facts = Facts::of(span);
    // Claude Code sends the first when it may not send prompts; the second is the inspector's own mask.
    let asked = facts.text(Slot::UserPrompt).filter(|prompt| !matches!(*prompt, "<REDACTED>" | "[redacted]"));
    let name = asked
        .or_else(|| facts.text(Slot::Workflow))
        .or_else(|| facts.text(Slot::Entity))
        .or(span.agent.as_deref())
        .unwrap_or(&span.name);
    Some(one_line(name)).filter(|title| !title.is_empty())
}

/// A text as one line of at most [`MAX_TITLE_CHARS`] characters.
pub(crate) fn one_line(text: &str) -> String {
    let mut title = String::new();
    for word in text.split_whitespace() {
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
        if let Some((end, _)) = title.char_indices().nth(MAX_TITLE_CHARS) {
            title.truncate(end);
            title.push('…');
            break;
        }
    }
    title
}

/// What runs the session that a span belongs to, when its program is known by name.
pub(crate) fn engine_hint(span: &Span) -> Option<&'static str> {
    let service = span.resource.text("service.name").unwrap_or_default();
    if span.scope.name.starts_with("com.anthropic.claude_code") || service == "claude-code" {
        Some(Engine::CLAUDE_CODE)
    } else if service.starts_with("codex") {
        Some(Engine::CODEX)
    } else {
        None
    }
}

/// What an open span waits for, when it waits for a person. To be called after redaction.
pub(crate) fn wait_hint(span: &Span) -> Option<WaitingOn> {
    if span.kind != SpanKind::Human || span.end_time.is_some() {
        return None;
    }
    let text = |name| span.attributes.text(name).filter(|text| !text.is_empty());
    let signal_name = text(WAIT_SIGNAL).unwrap_or(&span.name).to_owned();
    Some(WaitingOn {
        prompt: text(WAIT_PROMPT).map(str::to_owned),
        trace_id: Some(span.trace_id),
        span_id: Some(span.span_id),
        ..WaitingOn::new(signal_name, span.start_time)
    })
}
