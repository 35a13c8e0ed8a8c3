//! Tokens and cost.

use serde::Deserialize;

use super::facts::Facts;
use super::names::Slot;
use crate::model::{AttributeValue, Cost, CostSource, Usage};

/// The tokens, with the input including what was read from and written to a cache. What nobody reported is absent;
/// a reported zero stays a zero.
///
/// Claude Code counts the way Anthropic's interface does, with the cached part beside the input. So does any sender
/// whose parts are larger than the whole: the whole cannot hold them, so it is taken to lie beside them.
pub(super) fn usage(facts: &Facts<'_>) -> Option<Usage> {
    let (read, write) = (facts.count(Slot::CacheRead), facts.count(Slot::CacheWrite));
    let reasoning = facts.count(Slot::Reasoning);
    let cached = read.unwrap_or(0).saturating_add(write.unwrap_or(0));
    let usage = Usage {
        input_tokens: facts.count(Slot::Input).map(|input| {
            if facts.is_claude_code() || input < cached { input.saturating_add(cached) } else { input }
        }),
        output_tokens: facts.count(Slot::Output).map(|output| match reasoning {
            Some(reasoning) if output < reasoning => output.saturating_add(reasoning),
            _ => output,
        }),
        cache_read_tokens: read,
        cache_write_tokens: write,
        reasoning_tokens: reasoning,
    };
    (!usage.is_empty()).then_some(usage)
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
