//! Spans of the explicit API.

use std::borrow::Cow;
use std::future::Future;

use serde::Serialize;

use super::carry::SessionContext;
use super::context::InSession;
use super::fields::to_json;
use super::flat::{Flat, Slice};
use super::record::{Details, SpanChange, SpanStarted};
use super::recorder::{error_status, fresh_span_id};
use super::session::{Live, SessionHandle};
use crate::model::{AttributeValue, Key, Link, SpanId, SpanKind, Timestamp, TraceId};

/// A span that runs until it is dropped, or ended with [`finish`](Self::finish). Visible from its first moment.
#[derive(Debug)]
#[must_use = "a span ends when its guard is dropped"]
pub struct SpanGuard {
    open: Option<Open>,
}

#[derive(Debug)]
pub(super) struct Open {
    session: SessionHandle,
    pub(super) recorder: super::Recorder,
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) kind: SpanKind,
    /// Gathered for the end, which then needs one hand-over.
    last: Option<Box<SpanChange>>,
}

/// Where a span is opened.
pub(super) struct Place {
    pub(super) trace_id: TraceId,
    /// The span's own id.
    pub(super) span_id: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) link: Option<Link>,
}

impl Place {
    /// Below a span.
    pub(super) fn below((trace_id, parent): (TraceId, SpanId)) -> Self {
        Self { trace_id, span_id: fresh_span_id(), parent: Some(parent), link: None }
    }
}

impl SpanGuard {
    pub(super) fn disabled() -> Self {
        Self { open: None }
    }

    pub(super) fn open(
        session: SessionHandle,
        live: &Live,
        place: Place,
        kind: SpanKind,
        name: Cow<'static, str>,
    ) -> Self {
        let details = Details { name: Some(name), kind, ..Details::default() };
        Self::begin(session, live, place, (details, &Flat::default()), live.recorder.now())
    }

    /// Opens a span of which more is known at once, or that began a while ago. What lies flat has the details' names.
    pub(super) fn begin(
        session: SessionHandle,
        live: &Live,
        place: Place,
        (details, flat): (Details, &Flat),
        at: Timestamp,
    ) -> Self {
        let Place { trace_id, span_id, parent, link } = place;
        let (kind, waits) = (details.kind, details.waits);
        let start = SpanStarted {
            trace_id,
            span_id,
            parent,
            at,
            callsite: None,
            details: Some(Box::new(Details { link, ..details })),
            attributes: Slice::default(),
        };
        let recorder = &live.recorder;
        let taken = if waits { recorder.wait_started(start) } else { recorder.span_started(start, flat) };
        if !taken {
            return Self::disabled();
        }
        let recorder = recorder.clone();
        Self { open: Some(Open { recorder, session, trace_id, span_id, kind, last: None }) }
    }

    pub(super) const fn recorded(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// The span's id; absent when nothing is recorded.
    #[must_use]
    pub fn id(&self) -> Option<SpanId> {
        self.open.as_ref().map(|open| open.span_id)
    }

    /// Sets an attribute.
    pub fn attribute(&self, key: impl Into<Key>, value: impl Into<AttributeValue>) {
        let Some(open) = &self.open else { return };
        let mut change = SpanChange::new(open.trace_id, open.span_id);
        change.attributes.set(key, value);
        open.recorder.span_changed(change);
    }

    /// Sets an attribute to a value's JSON, serialised here because it is borrowed.
    pub fn json(&self, key: impl Into<Key>, value: &impl Serialize) {
        if self.open.is_some() {
            self.attribute(key, to_json(value));
        }
    }

    /// Opens a span below this one.
    pub fn child(&self, kind: SpanKind, name: impl Into<Cow<'static, str>>) -> Self {
        match &self.open {
            Some(open) => {
                let place = Place::below((open.trace_id, open.span_id));
                open.session.span_at(place, kind, name.into())
            }
            None => Self::disabled(),
        }
    }

    /// As [`child`](Self::child), of which more is known at once.
    #[cfg(feature = "mcp")]
    pub(super) fn child_with(&self, details: Details, flat: &Flat) -> Self {
        let Some(open) = &self.open else { return Self::disabled() };
        let place = Place::below((open.trace_id, open.span_id));
        open.session.span_with(place, (details, flat), open.recorder.now())
    }

    /// Gathers what is to be said with the end.
    #[cfg(feature = "mcp")]
    pub(super) fn at_end(&mut self, fill: impl FnOnce(&mut SpanChange)) {
        if let Some(open) = &mut self.open {
            fill(open.last.get_or_insert_with(|| Box::new(SpanChange::new(open.trace_id, open.span_id))));
        }
    }

    /// Ends the span with what is said last, as [`at_end`](Self::at_end) where it lies flat.
    #[cfg(feature = "mcp")]
    pub(super) fn finish_flat(mut self, names: &'static [&'static str], flat: &Flat) {
        if let Some(mut open) = self.open.take() {
            open.recorder.span_ended_flat((open.trace_id, open.span_id), open.last.take(), (names, flat));
        }
    }

    /// Runs `future` in the span: what it opens lies below it.
    pub fn run<F: Future>(&self, future: F) -> InSession<F> {
        self.context().run(future)
    }

    /// Runs `work` in the span, as [`run`](Self::run) does for a future.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.context().in_scope(work)
    }

    /// The span as a place to carry to another thread or task: what is opened in it lies below the span. It may outlive the
    /// span.
    #[must_use]
    pub fn context(&self) -> SessionContext {
        let context = self.open.as_ref().and_then(|open| open.session.place(open.trace_id, open.span_id));
        SessionContext::of(context)
    }

    /// The value of a W3C `traceparent` header: the span as the parent of what another process does for it. `None` when
    /// nothing is recorded.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.context().traceparent()
    }

    /// Says that the span went wrong; it goes on until it ends.
    pub fn error(&mut self, message: impl Into<String>) {
        if let Some(open) = &mut self.open {
            let change =
                open.last.get_or_insert_with(|| Box::new(SpanChange::new(open.trace_id, open.span_id)));
            change.status = Some(error_status(message));
        }
    }

    /// Ends the span; so does dropping it.
    pub fn finish(self) {}
}

impl Drop for SpanGuard {
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            if std::thread::panicking() && open.last.is_none() {
                let mut change = SpanChange::new(open.trace_id, open.span_id);
                change.status = Some(error_status("the host panicked"));
                open.last = Some(Box::new(change));
            }
            open.recorder.span_ended(open.trace_id, open.span_id, open.last.take());
        }
    }
}
