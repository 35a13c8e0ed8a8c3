//! Which spans of a session a person is shown.

use std::collections::HashMap;

use super::span::{LONE_CALL, SUM_CALL};
use super::{SpanId, SpanKind, SpanSummary, TraceId};

type Place = (TraceId, SpanId);

/// The spans without [details](SpanSummary::detail) and without those that give way to a better report of the same
/// [call](SpanSummary::call_id). What hung below one of them hangs below the better report, or below the next span above
/// that is shown.
#[must_use]
pub fn shown(spans: Vec<SpanSummary>) -> Vec<SpanSummary> {
    if !spans.iter().any(|span| span.detail || span.derived) {
        return spans;
    }
    let hidden = hidden(&spans);
    if hidden.is_empty() {
        return spans;
    }
    let mut shown: Vec<_> = spans.into_iter().filter(|span| !hidden.contains_key(&place(span))).collect();
    for span in &mut shown {
        let Some(parent) = parent(span) else { continue };
        let above = above(&hidden, parent);
        span.parent_span_id = above.map(|(_, id)| id);
        span.parent_trace_id = above.map(|(trace, _)| trace).filter(|trace| *trace != span.trace_id);
    }
    shown
}

/// The hidden spans, each with what stands in for it.
fn hidden(spans: &[SpanSummary]) -> HashMap<Place, Option<Place>> {
    let mut real: HashMap<&str, Place> = HashMap::new();
    for span in spans.iter().filter(|span| !span.derived && !span.detail) {
        if let Some(call) = &span.call_id {
            real.entry(call).or_insert(place(span));
        }
    }
    let counted = spans
        .iter()
        .any(|span| span.kind == SpanKind::Llm && has_tokens(span) && !span.detail && !is_fallback(span));
    let stands_in = |span: &SpanSummary| {
        let better = || real.get(span.call_id.as_deref()?).copied();
        if span.detail {
            Some(parent(span))
        } else if !span.derived {
            None
        } else if is_fallback(span) {
            counted.then(|| parent(span))
        } else {
            better().map(Some)
        }
    };
    spans.iter().filter_map(|span| Some((place(span), stands_in(span)?))).collect()
}

/// Whether a span counts only when nothing else says what it says.
fn is_fallback(span: &SpanSummary) -> bool {
    let call = span.call_id.as_deref().unwrap_or_default();
    call.starts_with(SUM_CALL) || call.starts_with(LONE_CALL)
}

fn has_tokens(span: &SpanSummary) -> bool {
    span.usage.is_some() || span.cost.is_some()
}

fn place(span: &SpanSummary) -> Place {
    (span.trace_id, span.span_id)
}

fn parent(span: &SpanSummary) -> Option<Place> {
    Some((span.parent_trace_id.unwrap_or(span.trace_id), span.parent_span_id?))
}

/// The next that is shown, from a span on upwards. Broken senders make circles: then there is none.
fn above(hidden: &HashMap<Place, Option<Place>>, from: Place) -> Option<Place> {
    let mut at = from;
    for _ in 0..=hidden.len() {
        match hidden.get(&at) {
            None => return Some(at),
            Some(next) => at = (*next)?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, Span, Timestamp, Usage};
    use proptest::prelude::*;

    fn at(trace: u8, id: u8) -> Place {
        (TraceId::from_bytes([trace; 16]).unwrap(), SpanId::from_bytes([id; 8]).unwrap())
    }

    fn span(trace: u8, id: u8, parent: Option<u8>) -> SpanSummary {
        let (trace, id) = at(trace, id);
        let mut span = Span::new(trace, id, "x", Timestamp::EPOCH).summary(EventId(0));
        span.parent_span_id = parent.map(|parent| at(1, parent).1);
        span
    }

    fn shape(spans: Vec<SpanSummary>) -> Vec<(Place, Option<Place>)> {
        shown(spans).iter().map(|span| (place(span), parent(span))).collect()
    }

    #[test]
    fn a_span_takes_the_place_of_what_was_put_together_about_the_same_call() {
        let turn = SpanSummary { call_id: Some("turn:1".into()), derived: true, ..span(1, 1, None) };
        let wait = SpanSummary { derived: true, ..span(1, 2, Some(1)) };
        let real = SpanSummary { call_id: Some("turn:1".into()), ..span(2, 9, None) };
        assert_eq!(shape(vec![turn.clone(), wait.clone()]).len(), 2, "nothing is better");
        assert_eq!(shape(vec![turn, wait, real]), [(at(1, 2), Some(at(2, 9))), (at(2, 9), None)]);
    }

    #[test]
    fn details_are_left_out_and_what_is_below_them_moves_up() {
        let detail = |id, parent| SpanSummary { detail: true, ..span(1, id, parent) };
        let spans = vec![
            span(1, 1, None),
            detail(2, Some(1)),
            detail(3, Some(2)),
            span(1, 4, Some(3)),
            detail(5, None),
        ];
        assert_eq!(shape(spans), [(at(1, 1), None), (at(1, 4), Some(at(1, 1)))]);
        let below_a_circle = vec![detail(2, Some(3)), detail(3, Some(2)), span(1, 4, Some(3))];
        assert_eq!(shape(below_a_circle), [(at(1, 4), None)]);
    }

    #[test]
    fn what_metrics_say_is_shown_only_when_nothing_else_says_it() {
        let usage = Some(Usage { input_tokens: Some(1), ..Usage::default() });
        let llm = |id| SpanSummary { kind: SpanKind::Llm, usage, ..span(1, id, None) };
        let metrics = SpanSummary { call_id: Some("usage:m".into()), derived: true, ..llm(1) };
        assert_eq!(shape(vec![metrics.clone(), span(1, 3, None)]).len(), 2);
        assert_eq!(shape(vec![metrics, llm(2)]), [(at(1, 2), None)]);
    }

    proptest! {
        #[test]
        fn every_span_is_shown_or_has_a_reason_and_parents_of_shown_spans_are_shown(
            given in prop::collection::vec((1_u8..12, prop::option::of(1_u8..12), 0_u8..4, any::<bool>(), any::<bool>()), 0..12),
        ) {
            let spans: Vec<_> = given.iter().enumerate().map(|(id, (_, parent, call, derived, detail))| SpanSummary {
                call_id: (*call > 0).then(|| format!("tool:{call}")),
                derived: *derived,
                detail: *detail,
                ..span(1, u8::try_from(id + 1).unwrap(), *parent)
            }).collect();
            let rows = shown(spans.clone());
            for span in &spans {
                let better = spans.iter().any(|other| !other.derived && !other.detail && other.call_id.is_some() && other.call_id == span.call_id);
                let left_out = span.detail || (span.derived && better);
                prop_assert_eq!(rows.iter().any(|row| place(row) == place(span)), !left_out);
            }
            for row in &rows {
                if let Some(parent) = parent(row) {
                    let known = spans.iter().any(|span| place(span) == parent);
                    prop_assert!(!known || rows.iter().any(|row| place(row) == parent));
                }
            }
        }
    }
}
