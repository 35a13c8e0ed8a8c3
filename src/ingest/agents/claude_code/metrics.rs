//! The metrics that Claude Code sends: sums of tokens and cost, for sessions of which nothing else says any.

use super::super::call::{Call, Outcome};
use super::super::run::Run;
use super::PROVIDER;
use crate::ingest::metrics::{UsageKind, UsagePoint};
use crate::model::{AttributeValue, Reported, SUM_CALL, SpanKind};

/// The `source` of what metrics tell.
const METRICS: &str = "metrics";

/// Adds a point to the sum of its model.
pub(in super::super) fn usage(run: &mut Run, point: &UsagePoint, out: &mut Reported) {
    let model = point.model.as_deref().unwrap_or("claude");
    let id = format!("{SUM_CALL}metrics:{model}");
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let tokens = point.amount.round() as i64;
    let input = "gen_ai.usage.input_tokens";
    // OpenTelemetry counts the cached part within the input, Anthropic beside it.
    let adds: &[&'static str] = match point.adds {
        UsageKind::Input => &[input],
        UsageKind::Output => &["gen_ai.usage.output_tokens"],
        UsageKind::CacheRead => &[input, "gen_ai.usage.cache_read.input_tokens"],
        UsageKind::CacheWrite => &[input, "gen_ai.usage.cache_creation.input_tokens"],
        UsageKind::Cost => &[],
    };
    let mut call = Call::new(SpanKind::Llm, format!("model calls of {model}"))
        .ended(point.at, Outcome::Ok)
        .with("gen_ai.provider.name", PROVIDER)
        .with_some("gen_ai.request.model", point.model.clone())
        .replacing();
    for name in adds {
        let before = run.attribute(&id, name).and_then(|value| value.as_count()).unwrap_or(0);
        call = call.with(name, i64::try_from(before).unwrap_or(i64::MAX).saturating_add(tokens));
    }
    if point.adds == UsageKind::Cost {
        let before = run.attribute(&id, "gen_ai.usage.cost").and_then(|value| AttributeValue::as_f64(&value));
        call = call.with("gen_ai.usage.cost", before.unwrap_or(0.0) + point.amount);
    }
    run.tell(METRICS, &id, call, point.at, out);
}
