//! One meaning for every convention's attributes.
//!
//! OpenTelemetry's GenAI and MCP conventions (today's names and the old ones), OpenInference, Traceloop, the Vercel
//! AI SDK, mcp-agent, Claude Code and Codex say the same things under different names. [`span`] reads them all in one
//! pass and fills in the normalised fields; the attributes stay as they were sent. [`names`] is the table: a new
//! convention is a new list there.
//!
//! Nothing here fails: what is unknown stays in the attributes, and an unknown operation is [`SpanKind::Other`].
//! Fields that are already set (the session API knows its kinds) are kept.

#[cfg(test)]
mod cells;
mod content;
#[cfg(test)]
mod documented;
mod error;
mod facts;
mod hint;
mod kind;
mod lookup;
mod messages;
mod names;
mod provider;
#[cfg(feature = "otlp")]
mod spelled;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use self::content::used;
use self::facts::Facts;
#[cfg(feature = "otlp")]
pub(crate) use self::hint::session_named;
pub(crate) use self::hint::{SessionHint, engine_hint, one_line, session_hint, title_hint, wait_hint};
pub(crate) use self::messages::content;
use self::names::Slot;
#[cfg(feature = "otlp")]
pub(crate) use self::spelled::spell_out;
use crate::model::{CostSource, Span, SpanKind};

/// Fills in what the span does, with which model, agent and tool, for how many tokens, at what cost, and what went
/// wrong.
pub(crate) fn span(span: &mut Span) {
    let facts = Facts::of(span);

    let kind = if span.kind == SpanKind::Other { kind::kind(span, &facts) } else { span.kind };
    let model = facts.text(Slot::Model).map(str::to_owned);
    let provider = facts.text(Slot::Provider).map(provider::name).or_else(|| {
        // It calls one provider's models, whoever runs them.
        (facts.is_claude_code() && kind == SpanKind::Llm).then(|| "anthropic".to_owned())
    });
    let agent = agent(span, &facts, kind);
    let tool = tool(span, &facts, kind);
    let usage = usage::usage(&facts);
    let cost = usage::cost(&facts);
    let error = error::error(span, &facts, kind);

    span.kind = kind;
    span.model = span.model.take().or(model);
    span.provider = span.provider.take().or(provider);
    span.agent = span.agent.take().or(agent);
    span.tool = span.tool.take().or(tool);
    span.usage = span.usage.or(usage);
    // A trace file may bring a cost that another inspector computed.
    span.cost = span.cost.filter(|cost| cost.source == CostSource::Reported).or(cost).or(span.cost);
    span.error = span.error.take().or(error);
}

/// The agent's name. A root that runs an agent and does not name it is called as its program is.
fn agent(span: &Span, facts: &Facts<'_>, kind: SpanKind) -> Option<String> {
    let program = || {
        let runs_agent =
            matches!(kind, SpanKind::Agent | SpanKind::Workflow) && span.parent_span_id.is_none();
        let name = span.resource.text("service.name").filter(|_| runs_agent)?;
        // What OpenTelemetry's SDKs say when nobody configured a name.
        (!name.starts_with("unknown_service")).then_some(name)
    };
    let entity = || facts.text(Slot::Entity).filter(|_| kind == SpanKind::Agent);
    facts.text(Slot::Agent).or_else(entity).or_else(program).map(str::to_owned)
}

/// The tool's name, on spans that call one.
fn tool(span: &Span, facts: &Facts<'_>, kind: SpanKind) -> Option<String> {
    if !matches!(kind, SpanKind::Tool | SpanKind::Mcp) {
        return None;
    }
    let called = || {
        let entity = facts.text(Slot::Entity);
        let by_kind = facts.text(Slot::OpenInferenceKind).map(|_| span.name.as_str());
        entity
            .or_else(|| span.name.strip_prefix("execute_tool "))
            .or(by_kind)
            .filter(|_| kind == SpanKind::Tool)
    };
    facts.text(Slot::Tool).or_else(called).map(str::to_owned)
}
