//! The host's spans that have begun and not ended.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::capture::record::SpanChange;
use crate::model::{Span, SpanEvent, SpanId, SpanStatus, StatusCode, TraceId};

/// A span that goes on changing is written again at most this often, so that many small changes do not become many large
/// lines.
pub(super) const SPAN_UPDATE_INTERVAL: Duration = Duration::from_secs(1);

/// The most events and links that are kept of one span; more are counted as dropped attributes are.
const MAX_SPAN_EVENTS: usize = 256;

/// One open span, as the host handed it over: not redacted, since what is still to come belongs to it.
#[derive(Debug)]
struct OpenSpan {
    span: Span,
    /// Whether it stands in the list of those that changed.
    changed: bool,
    /// When it was published last; not yet, while it stands in the list of those that began.
    published: Option<Instant>,
}

/// All open spans.
#[derive(Debug, Default)]
pub(super) struct OpenSpans {
    spans: HashMap<(TraceId, SpanId), OpenSpan>,
    started: Vec<(TraceId, SpanId)>,
    changed: Vec<(TraceId, SpanId)>,
}

impl OpenSpans {
    pub(super) fn start(&mut self, span: Span) {
        let key = (span.trace_id, span.span_id);
        self.started.push(key);
        let open = OpenSpan { span, changed: false, published: None };
        self.spans.insert(key, open);
    }

    /// Adds to an open span. One that ended before gets nothing more.
    pub(super) fn change(&mut self, key: (TraceId, SpanId), change: impl FnOnce(&mut Span)) {
        let Some(open) = self.spans.get_mut(&key) else { return };
        change(&mut open.span);
        if !open.changed && open.published.is_some() {
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

    /// Puts a span that its source tells whole at its end in the place of what was known of it, when its start is known.
    /// What others added meanwhile stays.
    pub(super) fn end_whole(&mut self, mut span: Span) -> Option<Span> {
        let open = self.spans.remove(&(span.trace_id, span.span_id))?;
        let ended = std::mem::replace(&mut span.attributes, open.span.attributes);
        span.attributes.merge(ended);
        Some(span)
    }

    /// The spans that began since they were asked for last and have not ended.
    pub(super) fn started(&mut self) -> Vec<Span> {
        let spans = &mut self.spans;
        let publish = |key| {
            let open = spans.get_mut(&key)?;
            open.published = Some(Instant::now());
            Some(open.span.clone())
        };
        self.started.drain(..).filter_map(publish).collect()
    }

    /// The spans that changed since they were published, unless that was just now or somebody waits for `all`. Walks all that
    /// changed, so it is asked once a turn.
    pub(super) fn changed(&mut self, all: bool) -> Vec<Span> {
        let mut due = Vec::new();
        let spans = &mut self.spans;
        self.changed.retain(|key| {
            let Some(open) = spans.get_mut(key) else { return false };
            if !all && open.published.is_some_and(|at| at.elapsed() < SPAN_UPDATE_INTERVAL) {
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
        self.started.clear();
        self.changed.clear();
        self.spans.drain().map(|(_, open)| open.span).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}

/// As in the rest of the `tracing` world, an event at the level `ERROR` says that the span it stands in went wrong, unless the
/// span itself says how it ended.
fn told_error(event: &SpanEvent) -> Option<SpanStatus> {
    (event.attributes.text("level") == Some("ERROR")).then(|| {
        let cause = ["error", "err"].into_iter().find_map(|key| event.attributes.text(key));
        let message = cause.map_or_else(|| event.name.clone(), |cause| format!("{}: {cause}", event.name));
        SpanStatus { code: StatusCode::Error, message: Some(message) }
    })
}

/// Adds a change to a span.
pub(super) fn apply(span: &mut Span, change: SpanChange) {
    if let Some(name) = change.name {
        span.name = name;
    }
    if let Some(status) = change.status {
        // Code and message may be recorded one after the other.
        if status.code != StatusCode::Unset {
            span.status.code = status.code;
        }
        span.status.message = status.message.or(span.status.message.take());
    }
    span.attributes.merge(change.attributes);
    if span.source == "tracing"
        && span.status.code == StatusCode::Unset
        && let Some(status) = change.events.iter().find_map(told_error)
    {
        span.status = status;
    }
    let room = MAX_SPAN_EVENTS.saturating_sub(span.events.len());
    let over = change.events.len().saturating_sub(room);
    span.dropped_attributes = span.dropped_attributes.saturating_add(u32::try_from(over).unwrap_or(u32::MAX));
    span.events.extend(change.events.into_iter().take(room));
    let room = MAX_SPAN_EVENTS.saturating_sub(span.links.len());
    span.links.extend(change.links.into_iter().take(room));
}
