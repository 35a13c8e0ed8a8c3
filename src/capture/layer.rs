//! The `tracing` layer.

use std::borrow::Cow;
use std::sync::OnceLock;

use tracing_core::dispatcher::{WeakDispatch, get_default};
use tracing_core::span::{Attributes as SpanAttributes, Id, Record as SpanRecord};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::around::{Beginnings, Surroundings, recorded};
use super::context::{self, Context, Entry};
use super::fields::Fields;
use super::filter::{CaptureFilter, has_agent_fields};
use super::flat::{Flat, Slice, field_names};
use super::record::{Details, SpanChange, SpanStarted};
use super::recorder::{Recorder, fresh_span_id};
use super::spans::Spans;
use super::visibility;
use crate::model::{Attributes, Key, Link, SpanEvent, SpanId, Timestamp, TraceId};

/// Records the spans of a `tracing` host: those in a session, those with an agent's fields wherever they stand, and
/// those around and below them. A span is handed over when it is created, when fields are recorded and when it closes.
#[derive(Debug)]
pub(crate) struct CaptureLayer {
    recorder: Recorder,
    filter: CaptureFilter,
    /// Ids are our own: `tracing` uses its ids again after a span closed.
    spans: Spans,
    beginnings: Beginnings,
    /// Where the layer stands, once it does: its own view of the spans leaves out what its filter does.
    dispatch: OnceLock<WeakDispatch>,
}

impl CaptureLayer {
    pub(crate) fn new(recorder: Recorder, filter: CaptureFilter) -> Self {
        let (spans, beginnings) = (Spans::default(), Beginnings::new());
        Self { recorder, filter, spans, beginnings, dispatch: OnceLock::new() }
    }

    fn entry(&self, id: &Id) -> Entry {
        Entry::Tracing { layer: self.recorder.address(), id: id.into_u64() }
    }

    /// Whether spans of this thread go to the subscriber that the layer stands in. Callsites are shown to all subscribers of a
    /// process, also to those that never get a span from them.
    fn is_current<S: Subscriber>(&self) -> bool {
        let Some(own) = self.dispatch.get().and_then(WeakDispatch::upgrade) else { return false };
        // What the layer stands on: each subscriber has its own, and a layer around this one may hide it.
        let Some(own) = own.downcast_ref::<S>().map(std::ptr::from_ref) else { return true };
        get_default(|current| current.downcast_ref::<S>().is_some_and(|current| std::ptr::eq(current, own)))
    }

    /// The recorded span that a new one stands in.
    fn parent(&self, attributes: &SpanAttributes<'_>) -> Option<Context> {
        if attributes.is_contextual() {
            return context::with_current_of(self.recorder.address(), |context| Some(context?.clone()));
        }
        self.spans.get(attributes.parent()?)
    }

    /// The place of an agent span that stands in no recorded one.
    fn among<S>(
        &self,
        id: &Id,
        now: Timestamp,
        subscriber: &LayerContext<'_, S>,
    ) -> Option<(TraceId, Option<SpanId>)>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Self { recorder, filter, beginnings, spans, .. } = self;
        let surroundings = Surroundings { recorder, filter, beginnings, spans };
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
        // The registry itself shows all spans, also those that the layer's filter leaves out.
        if let Some(registry) = dispatch.as_ref().and_then(|dispatch| dispatch.downcast_ref::<Registry>()) {
            return Some(surroundings.place(&registry.span(id)?, now));
        }
        Some(surroundings.place(&subscriber.span(id)?, now))
    }
}

impl<S> Layer<S> for CaptureLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_span() && has_agent_fields(metadata) && self.is_current::<S>() {
            self.recorder.visibility().saw(metadata);
        }
        Interest::always()
    }

    fn enabled(&self, _: &Metadata<'_>, _: LayerContext<'_, S>) -> bool {
        visibility::reached();
        true
    }

    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
        self.recorder.visibility().watch(dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &SpanAttributes<'_>, id: &Id, subscriber: LayerContext<'_, S>) {
        let metadata = attributes.metadata();
        let now = self.recorder.now();
        if self.recorder.visibility().waits() && has_agent_fields(metadata) {
            self.recorder.visibility().came_by(metadata);
        }
        let (context, parent) = match self.parent(attributes) {
            Some(parent) => {
                let above = parent.span_id;
                (Context { span_id: fresh_span_id(), ..parent }, Some(above))
            }
            None if has_agent_fields(metadata) => {
                let Some((trace_id, parent)) = self.among(id, now, &subscriber) else { return };
                let recorder = self.recorder.address();
                (
                    Context { session: None, recorder, trace_id, span_id: fresh_span_id(), within: None },
                    parent,
                )
            }
            None => return self.beginnings.note(id, now),
        };
        let taken = Flat::scratch(|flat| {
            let mut fields = Fields::new(flat);
            attributes.record(&mut fields);
            let Fields { name, kind, status, .. } = fields;
            let rare = name.is_some() || kind.is_some() || status.is_some();
            let start = SpanStarted {
                trace_id: context.trace_id,
                span_id: context.span_id,
                parent,
                at: now,
                callsite: Some(metadata),
                details: rare.then(|| {
                    let name = name.map(Cow::Owned);
                    Box::new(Details { name, otel_kind: kind, status, ..Details::default() })
                }),
                attributes: Slice::default(),
            };
            self.recorder.span_started(start, flat)
        });
        if taken {
            self.spans.insert(id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &SpanRecord<'_>, subscriber: LayerContext<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        let Some((trace_id, span_id)) = recorded(&self.spans, &span) else { return };
        Flat::scratch(|flat| {
            let mut fields = Fields::new(flat);
            values.record(&mut fields);
            if fields.is_empty() {
                return;
            }
            let (name, status) = (fields.name, fields.status);
            if name.is_some() || status.is_some() {
                let mut change = SpanChange::new(trace_id, span_id);
                (change.name, change.status) = (name, status);
                self.recorder.span_changed(change);
            }
            if !flat.is_empty() {
                self.recorder.span_fields((trace_id, span_id), span.metadata(), flat);
            }
        });
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, subscriber: LayerContext<'_, S>) {
        let ids = |id| recorded(&self.spans, &subscriber.span(id)?);
        if let (Some((trace_id, span_id)), Some((other_trace, other_span))) = (ids(id), ids(follows)) {
            let mut change = SpanChange::new(trace_id, span_id);
            change.links.push(Link {
                trace_id: other_trace,
                span_id: other_span,
                attributes: Attributes::new(),
            });
            self.recorder.span_changed(change);
        }
    }

    fn on_event(&self, event: &Event<'_>, subscriber: LayerContext<'_, S>) {
        let here = |context: Option<&Context>| context.map(|at| (at.trace_id, at.span_id));
        let place = match event.parent() {
            Some(parent) => subscriber
                .span(parent)
                .and_then(|span| span.scope().find_map(|span| self.spans.ids(&span.id()))),
            // An event outside any recorded span may still stand in a span of the explicit API.
            None if event.is_contextual() => context::with_current_of(self.recorder.address(), here),
            None => None,
        };
        let metadata = event.metadata();
        // A span around an agent's is told of errors alone: whatever else the host says in it is not about the agent.
        let around = || {
            let span = (*metadata.level() == Level::ERROR).then(|| subscriber.event_span(event))??;
            span.scope().find_map(|span| recorded(&self.spans, &span))
        };
        let Some((trace_id, span_id)) = place.or_else(around) else { return };
        let (name, mut attributes) = Flat::scratch(|flat| {
            let mut fields = Fields::new(flat);
            event.record(&mut fields);
            (fields.name.or(fields.message), flat.attributes(flat.whole(), &field_names(metadata.fields())))
        });
        attributes.set(Key::Borrowed("level"), metadata.level().as_str());
        attributes.set(Key::Borrowed("target"), metadata.target());
        let name = name.unwrap_or_else(|| metadata.name().to_owned());
        let mut change = SpanChange::new(trace_id, span_id);
        change.events.push(SpanEvent { name, time: self.recorder.now(), attributes });
        self.recorder.span_changed(change);
    }

    fn on_enter(&self, id: &Id, _: LayerContext<'_, S>) {
        if let Some(context) = self.spans.get(id) {
            context::push(self.entry(id), context);
        }
    }

    fn on_exit(&self, id: &Id, _: LayerContext<'_, S>) {
        context::pop(self.entry(id));
    }

    fn on_close(&self, id: Id, _: LayerContext<'_, S>) {
        if let Some(context) = self.spans.remove(&id) {
            self.recorder.span_ended(context.trace_id, context.span_id, None);
        }
    }
}
