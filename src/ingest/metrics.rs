//! What becomes of metrics: the tokens and the cost of agent programs that report them in no other way.
//!
//! There is no store of metrics. Every point is accepted, so that a program can send all it has to one place, and those that
//! say nothing of a session are counted as ignored.

use crate::model::Timestamp;
use crate::normalize;
use crate::otlp::{MetricPoint, Temporality};

/// What Claude Code's metric of tokens is called; the attribute `type` says which tokens.
const TOKENS: &str = "claude_code.token.usage";

/// What Claude Code's metric of cost is called, in US dollars.
const COST: &str = "claude_code.cost.usage";

/// Keeps the names of series apart from other version 5 UUIDs.
const SERIES: uuid::Uuid = uuid::Uuid::from_u128(0x6167_656e_742d_696e_7370_6563_7365_7269);

/// What one point adds to a session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UsagePoint {
    /// The sender's id of the session.
    pub(crate) session: String,
    /// The model that was used.
    pub(crate) model: Option<String>,
    /// What is added.
    pub(crate) adds: UsageKind,
    /// How much; never negative.
    pub(crate) amount: f64,
    /// The series that the amount is the sum of until now; without one it comes on top of what was said before.
    pub(crate) sum_of: Option<String>,
    /// When.
    pub(crate) at: Timestamp,
}

/// What a point adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageKind {
    /// Tokens read, without those from or for a cache.
    Input,
    /// Tokens written.
    Output,
    /// Tokens read from a cache.
    CacheRead,
    /// Tokens written to a cache.
    CacheWrite,
    /// US dollars.
    Cost,
}

/// The points that add to a session, and how many do not. Claude Code sends deltas unless it is told otherwise.
pub(crate) fn usage_of(points: &[MetricPoint]) -> (Vec<UsagePoint>, u64) {
    let all = points.len();
    let usage: Vec<_> = points.iter().filter_map(usage).collect();
    let ignored = all - usage.len();
    (usage, ignored as u64)
}

fn usage(point: &MetricPoint) -> Option<UsagePoint> {
    let adds = match point.metric.name.as_str() {
        COST => UsageKind::Cost,
        TOKENS => match point.attributes.text("type")? {
            "input" => UsageKind::Input,
            "output" => UsageKind::Output,
            "cacheRead" => UsageKind::CacheRead,
            "cacheCreation" => UsageKind::CacheWrite,
            _ => return None,
        },
        _ => return None,
    };
    let amount = point.value.filter(|amount| amount.is_finite() && *amount >= 0.0)?;
    let sum_of = match point.metric.temporality {
        Temporality::Delta => None,
        // What falls as well says nothing of how much was used.
        Temporality::Cumulative if point.metric.monotonic => Some(series(point)),
        _ => return None,
    };
    let session = normalize::session_named(&point.attributes, &point.resource)?.to_owned();
    let model = point.attributes.text("model").map(str::to_owned);
    Some(UsagePoint { session, model, adds, amount, sum_of, at: point.time })
}

/// What a cumulative point is of: all points that say the same of themselves and count from the same moment. It is the same text
/// after a restart.
fn series(point: &MetricPoint) -> String {
    let mut said: Vec<String> =
        point.attributes.iter().map(|(name, value)| format!("{name}={value:?}\n")).collect();
    said.sort();
    let start = point.start.map_or(0, Timestamp::as_nanos);
    let name = format!("{}\n{start}\n{}", point.metric.name, said.concat());
    uuid::Uuid::new_v5(&SERIES, name.as_bytes()).simple().to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Attributes;
    use crate::otlp::Metric;

    fn point(name: &str, kind: &str, temporality: Temporality, value: f64) -> MetricPoint {
        let attributes: Attributes =
            [("type", kind), ("session.id", "s1"), ("model", "opus")].into_iter().collect();
        MetricPoint {
            metric: Arc::new(Metric { name: name.into(), temporality, ..Metric::default() }),
            value: Some(value),
            count: None,
            start: None,
            time: Timestamp::from_nanos(5),
            attributes,
            resource: Arc::default(),
            scope: Arc::default(),
        }
    }

    #[test]
    fn tokens_and_cost_of_a_session_are_told_apart() {
        let kinds = ["input", "output", "cacheRead", "cacheCreation"];
        let tokens = kinds.map(|kind| point(TOKENS, kind, Temporality::Delta, 3.0));
        let cost = point(COST, "", Temporality::Delta, 0.25);
        let (usage, ignored) = usage_of(&tokens.into_iter().chain([cost]).collect::<Vec<_>>());
        let adds: Vec<_> = usage.iter().map(|point| (point.adds, point.amount)).collect();
        assert_eq!(
            adds,
            [
                (UsageKind::Input, 3.0),
                (UsageKind::Output, 3.0),
                (UsageKind::CacheRead, 3.0),
                (UsageKind::CacheWrite, 3.0),
                (UsageKind::Cost, 0.25),
            ]
        );
        assert_eq!((usage[0].session.as_str(), usage[0].model.as_deref(), ignored), ("s1", Some("opus"), 0));
        assert_eq!(usage[0].at.as_nanos(), 5);
    }

    #[test]
    fn a_sum_is_of_the_series_that_says_the_same_and_began_at_the_same_moment() {
        let of = |kind: &str, start: i64| {
            let monotonic = Metric {
                name: TOKENS.into(),
                temporality: Temporality::Cumulative,
                monotonic: true,
                ..Metric::default()
            };
            let point = MetricPoint {
                metric: Arc::new(monotonic),
                start: Some(Timestamp::from_nanos(start)),
                ..point(TOKENS, kind, Temporality::Cumulative, 3.0)
            };
            usage_of(&[point]).0[0].sum_of.clone().unwrap()
        };
        assert_eq!(of("input", 1), of("input", 1));
        assert!(of("input", 1) != of("output", 1) && of("input", 1) != of("input", 2));
    }

    #[test]
    fn what_adds_to_no_session_is_counted_as_ignored() {
        let mut unnamed = point(COST, "", Temporality::Delta, 1.0);
        unnamed.attributes = Attributes::new();
        let points = vec![
            point("http.server.request.duration", "", Temporality::Delta, 1.0),
            point(TOKENS, "input", Temporality::Cumulative, 1.0),
            point(TOKENS, "input", Temporality::Unspecified, 1.0),
            // It may also fall.
            point(TOKENS, "thinking", Temporality::Delta, 1.0),
            point(TOKENS, "input", Temporality::Delta, -1.0),
            point(COST, "", Temporality::Delta, f64::NAN),
            MetricPoint { value: None, ..point(COST, "", Temporality::Delta, 1.0) },
            unnamed,
        ];
        assert_eq!(usage_of(&points), (vec![], 8));
    }
}
