//! Tokens and cost.

use serde::Deserialize;

use super::facts::Facts;
use super::names::Slot;
use crate::model::{AttributeValue, Cost, CostSource, Usage};

/// The tokens, with the input including what was read from and written to a cache. What nobody reported is absent;
/// a reported zero stays a zero.
pub(super) fn usage(facts: &Facts<'_>) -> Option<Usage> {
    let said = facts.text(Slot::ProviderMetadata).and_then(anthropics).unwrap_or_default();
    let read = facts.count(Slot::CacheRead).or(said.read);
    let hour = facts.count(Slot::CacheWrite1h).or(said.hour);
    // Who only says the parts has said the whole too.
    let parts = || match (hour, facts.count(Slot::CacheWrite5m)) {
        (None, None) => None,
        (hour, minutes) => Some(hour.unwrap_or(0).saturating_add(minutes.unwrap_or(0))),
    };
    let write = facts.count(Slot::CacheWrite).or(said.write).or_else(parts);
    let reasoning = facts.count(Slot::Reasoning);
    let cached = read.unwrap_or(0).saturating_add(write.unwrap_or(0));
    let usage = Usage {
        input_tokens: facts.count(Slot::Input).map(|input| {
            if cache_lies_beside(facts) || input < cached { input.saturating_add(cached) } else { input }
        }),
        output_tokens: facts.count(Slot::Output).map(|output| match reasoning {
            Some(reasoning) if output < reasoning => output.saturating_add(reasoning),
            _ => output,
        }),
        cache_read_tokens: read,
        cache_write_tokens: write,
        cache_write_1h_tokens: hour.map(|hour| hour.min(write.unwrap_or(hour))),
        reasoning_tokens: reasoning,
    };
    (!usage.is_empty()).then_some(usage)
}

/// Whether the sender counts the way Anthropic's interface does, with the cached part beside the input. OpenTelemetry,
/// OpenAI, OpenInference, OpenLLMetry and pydantic-ai count it in. Claude Code does not, and nor does the Vercel AI SDK
/// before its sixth version, which tells the parts of the input, when it speaks to Claude.
///
/// Any other sender whose parts are larger than the whole is taken to count so too: the whole cannot hold them.
fn cache_lies_beside(facts: &Facts<'_>) -> bool {
    let old_vercel = || {
        let providers = |name: &str| name.contains("anthropic") || name.contains("bedrock");
        facts.has(Slot::VercelOperation)
            && !facts.has(Slot::Uncached)
            && facts.text(Slot::Provider).is_some_and(providers)
    };
    facts.is_claude_code() || old_vercel()
}

/// What Anthropic said of its cache.
#[derive(Clone, Copy, Debug, Default)]
struct AnthropicCache {
    read: Option<u64>,
    write: Option<u64>,
    hour: Option<u64>,
}

/// From what the Vercel AI SDK passes on of Anthropic's answer: the only place where its older versions say what was
/// written to the cache, and where any says for how long.
fn anthropics(metadata: &str) -> Option<AnthropicCache> {
    #[derive(Default, Deserialize)]
    struct Metadata {
        anthropic: Anthropic,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Anthropic {
        usage: Option<Answered>,
        cache_creation_input_tokens: Option<u64>,
        cache_read_input_tokens: Option<u64>,
    }
    #[derive(Default, Deserialize)]
    struct Answered {
        cache_creation_input_tokens: Option<u64>,
        cache_read_input_tokens: Option<u64>,
        cache_creation: Option<Lifetimes>,
    }
    #[derive(Deserialize)]
    struct Lifetimes {
        ephemeral_1h_input_tokens: Option<u64>,
    }
    let Metadata { anthropic } = serde_json::from_str(metadata).ok()?;
    let answered = anthropic.usage.unwrap_or_default();
    Some(AnthropicCache {
        read: anthropic.cache_read_input_tokens.or(answered.cache_read_input_tokens),
        write: anthropic.cache_creation_input_tokens.or(answered.cache_creation_input_tokens),
        hour: answered.cache_creation.and_then(|lifetimes| lifetimes.ephemeral_1h_input_tokens),
    })
}

/// The cost that the sender reports.
pub(super) fn cost(facts: &Facts<'_>) -> Option<Cost> {
    let said = facts.value(Slot::Cost).and_then(AttributeValue::as_f64);
    let usd = said.or_else(|| facts.text(Slot::CostDetails).and_then(total))?;
    Some(Cost { usd, source: CostSource::Reported })
}

/// Langfuse gives the parts with their total as a JSON object.
fn total(details: &str) -> Option<f64> {
    #[derive(Deserialize)]
    struct Details {
        total: f64,
    }
    let details: Details = serde_json::from_str(details).ok()?;
    (details.total.is_finite() && details.total >= 0.0).then_some(details.total)
}
