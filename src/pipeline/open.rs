//! The host's spans that have begun and not ended.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::capture::record::{SpanChange, SpanStarted};
use crate::model::{Span, SpanId, TraceId};

/// A span that goes on changing is written again at most this often, so that many small changes do not become many large
/// lines.
pub(super) const SPAN_UPDATE_INTERVAL: Duration = Duration::from_secs(1);

/// The most events and links that are kept of one span; more are counted as dropped attributes are.
const MAX_SPAN_EVENTS: usize = 256;

/// One open span, as the host handed it over: not redacted, since what is still to come belongs to it.
#[derive(Debug)]
struct OpenSpan {
    span: Span,
    changed: bool,
    published: Option<Instant>,
}

/// All open spans.
#[derive(Debug, Default)]
pub(super) struct OpenSpans {
    spans: HashMap<(TraceId, SpanId), OpenSpan>,
    changed: Vec<(TraceId, SpanId)>,
}

impl OpenSpans {
    pub(super) fn start(&mut self, start: SpanStarted) {
        let key = (start.trace_id, start.span_id);
        self.changed.push(key);
        let open = OpenSpan { span: start.into_span(), changed: true, published: None };
        self.spans.insert(key, open);
    }

    /// Adds to an open span. One that ended before gets nothing more.
    pub(super) fn change(&mut self, change: SpanChange) {
        let key = (change.trace_id, change.span_id);
        let Some(open) = self.spans.get_mut(&key) else { return };
        apply(&mut open.span, change);
        if !open.changed {
            open.changed = true;
            self.changed.push(key);
        }
    }

    /// Takes out a span that ended, when its start is known.
    pub(super) fn end(&mut self, trace: TraceId, span: SpanId, change: Option<SpanChange>) -> Option<Span> {
        let mut open = self.spans.remove(&(trace, span))?;
        if let Some(change) = change {
            apply(&mut open.span, change);
        }
        Some(open.span)
    }

    /// The spans that began, or changed and are due again.
    pub(super) fn due(&mut self) -> Vec<Span> {
        let mut due = Vec::new();
        let spans = &mut self.spans;
        self.changed.retain(|key| {
            let Some(open) = spans.get_mut(key) else { return false };
            if open.published.is_some_and(|at| at.elapsed() < SPAN_UPDATE_INTERVAL) {
                return true;
            }
            open.changed = false;
            open.published = Some(Instant::now());
            due.push(open.span.clone());
            false
        });
        due
    }

    /// Takes out all, when the inspector ends before them.
    pub(super) fn take_all(&mut self) -> Vec<Span> {
        self.changed.clear();
        self.spans.drain().map(|(_, open)| open.span).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}

fn apply(span: &mut Span, change: SpanChange) {
    if let Some(name) = change.name {
        span.name = name;
    }
    if let Some(status) = change.status {
        span.status = status;
    }
    span.attributes.merge(change.attributes);
    let room = MAX_SPAN_EVENTS.saturating_sub(span.events.len());
    let over = change.events.len().saturating_sub(room);
    span.dropped_attributes = span.dropped_attributes.saturating_add(u32::try_from(over).unwrap_or(u32::MAX));
    span.events.extend(change.events.into_iter().take(room));
    let room = MAX_SPAN_EVENTS.saturating_sub(span.links.len());
    span.links.extend(change.links.into_iter().take(room));
}
