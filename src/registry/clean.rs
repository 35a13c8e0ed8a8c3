//! What is done to all that a registry of the host's says, before it is kept or shown.

use std::fmt;

use crate::model::{Session, Span, SpanEvent};

/// Masks secrets, and reads what conventions say. The inspector does it to what others send; what a registry tells comes from
/// other programs too.
pub(crate) trait Clean: Send + Sync + fmt::Debug {
    /// Cleans the words of a session.
    fn session(&self, session: &mut Session);

    /// Normalises, prices, redacts and cuts a span.
    fn span(&self, span: &mut Span);
}

/// How many spans of one session are taken from a registry; a tree with more is a list that nobody reads. The first span says
/// how many were left out.
pub const MAX_REGISTRY_SPANS: usize = 10_000;

/// The name of the event on the first span that says how many spans were left out.
const LEFT_OUT: &str = "inspector.spans_left_out";

/// The sessions, cleaned.
pub(super) fn sessions(mut sessions: Vec<Session>, clean: &dyn Clean) -> Vec<Session> {
    sessions.iter_mut().for_each(|session| clean.session(session));
    sessions
}

/// The first [`MAX_REGISTRY_SPANS`] of the spans, cleaned.
pub(super) fn spans(mut spans: Vec<Span>, clean: &dyn Clean) -> Vec<Span> {
    let left_out = spans.len().saturating_sub(MAX_REGISTRY_SPANS);
    spans.truncate(MAX_REGISTRY_SPANS);
    spans.iter_mut().for_each(|span| clean.span(span));
    if left_out > 0
        && let Some(first) = spans.first_mut()
    {
        let attributes = [("count", left_out)].into_iter().collect();
        first.events.push(SpanEvent { name: LEFT_OUT.to_owned(), time: first.start_time, attributes });
    }
    spans
}

#[cfg(test)]
impl Clean for () {
    fn session(&self, _: &mut Session) {}
    fn span(&self, _: &mut Span) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttributeValue, SpanId, Timestamp, TraceId};

    #[test]
    fn a_tree_without_end_is_cut_and_says_so() {
        let span = |at: usize| {
            let id = SpanId::from_bytes((at as u64 + 1).to_be_bytes()).unwrap();
            Span::new(TraceId::from_bytes([1; 16]).unwrap(), id, "step", Timestamp::EPOCH)
        };
        let kept = spans((0..MAX_REGISTRY_SPANS + 7).map(span).collect(), &());
        assert_eq!(kept.len(), MAX_REGISTRY_SPANS);
        assert_eq!(kept[0].events[0].attributes.get("count").and_then(AttributeValue::as_count), Some(7));
        assert!(spans(vec![span(1)], &())[0].events.is_empty());
    }
}
