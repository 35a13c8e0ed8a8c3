//! What is known of a span and stands in none of its attributes, spelled out.
//!
//! The session API sets some fields outright. Whoever gets the span as OTLP learns them from attributes alone.

use super::span as normalize;
use crate::model::{AttributeValue, Cost, CostSource, Span, SpanKind, Usage};

/// Adds the attributes, in OpenTelemetry's GenAI names, without which the span's normalised fields would not be found
/// again. A span that came with them gets none.
pub(crate) fn spell_out(span: &mut Span) {
    let mut again = bare(span);
    normalize(&mut again);
    if again.kind != span.kind
        && let Some((key, value)) = said(span.kind)
    {
        add(span, key, value.into());
        again = bare(span);
        normalize(&mut again);
    }
    let texts = [
        ("gen_ai.response.model", &span.model, &again.model),
        ("gen_ai.provider.name", &span.provider, &again.provider),
        ("gen_ai.agent.name", &span.agent, &again.agent),
        ("gen_ai.tool.name", &span.tool, &again.tool),
    ];
    let mut added: Vec<(&'static str, AttributeValue)> = texts
        .into_iter()
        .filter(|(_, known, found)| known.is_some() && known != found)
        .filter_map(|(key, known, _)| Some((key, known.as_deref()?.into())))
        .collect();
    if span.usage != again.usage {
        added.extend(span.usage.iter().flat_map(tokens));
    }
    // A cost that was computed is computed again by whoever takes the span.
    if let (Some(Cost { usd, source: CostSource::Reported }), None) = (&span.cost, &again.cost) {
        added.push(("gen_ai.usage.cost", (*usd).into()));
    }
    for (key, value) in added {
        add(span, key, value);
    }
}

/// What the sender said itself stays as it is.
fn add(span: &mut Span, key: &'static str, value: AttributeValue) {
    if span.attributes.get(key).is_none() {
        span.attributes.set(key, value);
    }
}

fn tokens(usage: &Usage) -> impl Iterator<Item = (&'static str, AttributeValue)> {
    [
        ("gen_ai.usage.input_tokens", usage.input_tokens),
        ("gen_ai.usage.output_tokens", usage.output_tokens),
        ("gen_ai.usage.cache_read.input_tokens", usage.cache_read_tokens),
        ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens),
        ("gen_ai.usage.cache_creation.ephemeral_1h_input_tokens", usage.cache_write_1h_tokens),
        ("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens),
    ]
    .into_iter()
    .filter_map(|(key, count)| Some((key, count?.into())))
}

/// The span as its sender would have given it.
fn bare(span: &Span) -> Span {
    Span {
        kind: SpanKind::Other,
        model: None,
        provider: None,
        agent: None,
        tool: None,
        usage: None,
        cost: None,
        error: None,
        ..span.clone()
    }
}

/// The attribute that says a kind. The others have no word in any convention.
fn said(kind: SpanKind) -> Option<(&'static str, &'static str)> {
    match kind {
        SpanKind::Llm => Some(("gen_ai.operation.name", "chat")),
        SpanKind::Tool => Some(("gen_ai.operation.name", "execute_tool")),
        SpanKind::Agent => Some(("gen_ai.operation.name", "invoke_agent")),
        SpanKind::Workflow => Some(("gen_ai.operation.name", "invoke_workflow")),
        SpanKind::Retrieval => Some(("gen_ai.operation.name", "retrieval")),
        SpanKind::Prompt => Some(("openinference.span.kind", "PROMPT")),
        SpanKind::Mcp | SpanKind::Resource | SpanKind::Human | SpanKind::Other => None,
    }
}
