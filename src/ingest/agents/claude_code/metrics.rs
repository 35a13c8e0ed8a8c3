//! The metrics that Claude Code sends: sums of tokens and cost, for sessions of which nothing else says any.

use super::super::call::{Call, Outcome};
use super::super::run::Run;
use super::PROVIDER;
use crate::ingest::metrics::{UsageKind, UsagePoint};
use crate::model::{AttributeValue, Reported, SUM_CALL, SpanKind, Timestamp};

/// The `source` of what metrics tell.
const METRICS: &str = "metrics";

/// Where the sum of a model keeps what it was added up from: for each cumulative series when it was told of last, and what it
/// was then. So it is known after a restart what a point adds.
const SERIES: &str = "inspector.metrics.series";

/// How many series of a model are remembered; the one that was silent for longest is forgotten for another.
const MAX_SERIES: usize = 128;

/// Adds a point to the sum of its model.
pub(in super::super) fn usage(run: &mut Run, point: &UsagePoint, out: &mut Reported) {
    let model = point.model.as_deref().unwrap_or("claude");
    let id = format!("{SUM_CALL}metrics:{model}");
    let (amount, series) = match &point.sum_of {
        None => (point.amount, None),
        Some(name) => {
            let mut series = Series::read(run.attribute(&id, SERIES));
            let Some(amount) = series.adds(name, point.at, point.amount) else { return };
            (amount, Some(series.written()))
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let tokens = amount.round() as i64;
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
        .with_some(SERIES, series)
        .replacing();
    for name in adds {
        let before = run.attribute(&id, name).and_then(|value| value.as_count()).unwrap_or(0);
        call = call.with(name, i64::try_from(before).unwrap_or(i64::MAX).saturating_add(tokens));
    }
    if point.adds == UsageKind::Cost {
        let before = run.attribute(&id, "gen_ai.usage.cost").and_then(|value| AttributeValue::as_f64(&value));
        call = call.with("gen_ai.usage.cost", before.unwrap_or(0.0) + amount);
    }
    run.tell(METRICS, &id, call, point.at, out);
}

/// The cumulative series that were added up: when each was told of last, and what it was.
#[derive(Debug, Default)]
struct Series(Vec<(String, i64, f64)>);

impl Series {
    fn read(known: Option<AttributeValue>) -> Self {
        let Some(AttributeValue::Object(known)) = known else { return Self::default() };
        let read = known.into_iter().filter_map(|(name, value)| {
            let AttributeValue::Array(parts) = value else { return None };
            let [AttributeValue::Int(at), sum] = &parts[..] else { return None };
            Some((name, *at, sum.as_f64()?))
        });
        Self(read.collect())
    }

    fn written(self) -> AttributeValue {
        let part = |(name, at, sum)| {
            (name, AttributeValue::Array(vec![AttributeValue::Int(at), AttributeValue::Double(sum)]))
        };
        AttributeValue::Object(self.0.into_iter().map(part).collect())
    }

    /// What a point adds: `None` when it, or a later one, was told of before. A sum that fell was set to zero in between.
    fn adds(&mut self, name: &str, at: Timestamp, sum: f64) -> Option<f64> {
        let at = at.as_nanos();
        let known = self.0.iter().position(|(known, ..)| known == name);
        let adds = match known.map(|known| self.0.remove(known)) {
            Some((name, before, known)) if at <= before => {
                self.0.push((name, before, known));
                return None;
            }
            Some((.., known)) if sum >= known => sum - known,
            _ => sum,
        };
        if self.0.len() >= MAX_SERIES {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, (_, at, _))| *at).map(|(place, _)| place);
            oldest.map(|oldest| self.0.remove(oldest));
        }
        self.0.push((name.to_owned(), at, sum));
        Some(adds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_adds_what_its_series_grew_by_and_nothing_when_it_comes_again() {
        let mut series = Series::default();
        let mut adds = |name: &str, at: i64, sum: f64| {
            let adds = series.adds(name, Timestamp::from_nanos(at), sum);
            // As it is read back after a restart.
            let written = std::mem::take(&mut series).written();
            let json = serde_json::to_string(&written).unwrap();
            series = Series::read(serde_json::from_str(&json).unwrap());
            adds
        };
        assert_eq!(adds("a", 1, 100.0), Some(100.0));
        assert_eq!(adds("a", 2, 150.0), Some(50.0));
        assert_eq!(adds("a", 2, 150.0), None, "sent again");
        assert_eq!(adds("a", 1, 100.0), None, "late");
        assert_eq!(adds("b", 2, 7.0), Some(7.0), "another series");
        assert_eq!(adds("a", 3, 20.0), Some(20.0), "it began anew");
        assert_eq!(adds("a", 4, 20.5), Some(0.5));
    }

    #[test]
    fn the_series_that_was_silent_for_longest_is_forgotten() {
        let mut series = Series::default();
        for number in 0..=MAX_SERIES {
            let at = Timestamp::from_nanos(i64::try_from(number).unwrap());
            assert_eq!(series.adds(&number.to_string(), at, 1.0), Some(1.0));
        }
        assert_eq!((series.0.len(), &*series.0[0].0), (MAX_SERIES, "1"));
    }
}
