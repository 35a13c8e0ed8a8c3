//! The `tracing` layer.

use std::borrow::Cow;

use tracing_core::span::{Attributes as SpanAttributes, Id, Record as SpanRecord};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::context::{self, Context};
use super::fields::Fields;
use super::filter::has_agent_fields;
use super::record::{SpanChange, SpanStarted};
use super::recorder::{Recorder, fresh_span_id, fresh_trace_id};
use crate::model::{Attributes, Key, Link, OtelKind, SpanEvent, SpanId, TraceId};

/// Records the spans of a `tracing` host: those in a session, and those with an agent's fields wherever they stand. A
/// span is handed over when it is created, when fields are recorded and when it closes.
#[derive(Clone, Debug)]
pub(crate) struct CaptureLayer {
    recorder: Recorder,
}

/// Kept with a span that is recorded. Ids are our own: `tracing` uses its ids again after a span closed.
#[derive(Clone, Debug)]
struct Recorded(Context);

/// Kept with the outermost span around agent spans that stand in no session, so that all of them share a trace.
#[derive(Clone, Copy, Debug)]
struct SharedTrace(TraceId);

impl CaptureLayer {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self { recorder }
    }

    /// Where a new span belongs, and whether it is a root there; `None` when it is of no interest.
    fn place<S>(
        &self,
        attributes: &SpanAttributes<'_>,
        span: &SpanRef<'_, S>,
    ) -> Option<(Context, Option<SpanId>)>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let parent = if attributes.is_contextual() {
            context::with_current(|context| Some(context?.clone()))
        } else {
            span.parent().and_then(|parent| Some(parent.extensions().get::<Recorded>()?.0.clone()))
        };
        let span_id = fresh_span_id();
        if let Some(parent) = parent {
            return Some((Context { span_id, ..parent.clone() }, Some(parent.span_id)));
        }
        if !has_agent_fields(attributes.metadata()) {
            return None;
        }
        let trace_id = match span.scope().from_root().next() {
            Some(outermost) if outermost.id() != span.id() => {
                let mut extensions = outermost.extensions_mut();
                match extensions.get_mut::<SharedTrace>() {
                    Some(SharedTrace(trace_id)) => *trace_id,
                    None => {
                        let trace_id = fresh_trace_id();
                        extensions.insert(SharedTrace(trace_id));
                        trace_id
                    }
                }
            }
            _ => fresh_trace_id(),
        };
        Some((Context { session: None, trace_id, span_id }, None))
    }
}

impl<S> Layer<S> for CaptureLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &SpanAttributes<'_>, id: &Id, subscriber: LayerContext<'_, S>) {
        let Some(span_ref) = subscriber.span(id) else { return };
        let Some((context, parent)) = self.place(attributes, &span_ref) else { return };
        let metadata = attributes.metadata();
        let mut fields = Fields::with_capacity(metadata.fields().len());
        attributes.record(&mut fields);
        let name = fields.name.map_or(Cow::Borrowed(metadata.name()), Cow::Owned);
        let start = SpanStarted {
            parent,
            otel_kind: fields.kind.unwrap_or(OtelKind::Internal),
            status: fields.status,
            attributes: fields.attributes,
            scope: metadata.target(),
            source: "tracing",
            ..SpanStarted::new(context.trace_id, context.span_id, name, self.recorder.now())
        };
        if self.recorder.span_started(start) {
            span_ref.extensions_mut().insert(Recorded(context));
        }
    }

    fn on_record(&self, id: &Id, values: &SpanRecord<'_>, subscriber: LayerContext<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        let Some((trace_id, span_id)) = ids(&span) else { return };
        let mut fields = Fields::default();
        values.record(&mut fields);
        if !fields.is_empty() {
            let mut change = SpanChange::new(trace_id, span_id);
            change.name = fields.name;
            change.status = fields.status;
            change.attributes = fields.attributes;
            self.recorder.span_changed(change);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, subscriber: LayerContext<'_, S>) {
        let (Some(span), Some(other)) = (subscriber.span(id), subscriber.span(follows)) else { return };
        if let (Some((trace_id, span_id)), Some((other_trace, other_span))) = (ids(&span), ids(&other)) {
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
        let place = match subscriber.event_span(event) {
            Some(span) => span.scope().find_map(|span| ids(&span)),
            None => None,
        };
        // An event outside any recorded span may still stand in a span of the explicit API.
        let place =
            place.or_else(|| context::with_current(|context| context.map(|at| (at.trace_id, at.span_id))));
        let Some((trace_id, span_id)) = place else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        fields.attributes.set(Key::Borrowed("level"), metadata.level().as_str());
        fields.attributes.set(Key::Borrowed("target"), metadata.target());
        let mut change = SpanChange::new(trace_id, span_id);
        change.events.push(SpanEvent {
            name: fields.name.or(fields.message).unwrap_or_else(|| metadata.name().to_owned()),
            time: self.recorder.now(),
            attributes: fields.attributes,
        });
        self.recorder.span_changed(change);
    }

    fn on_enter(&self, id: &Id, subscriber: LayerContext<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        let entered = span.extensions().get::<Recorded>().map(|recorded| recorded.0.clone());
        if let Some(context) = entered {
            context::push(context);
        }
    }

    fn on_exit(&self, id: &Id, subscriber: LayerContext<'_, S>) {
        if let Some((_, span_id)) = subscriber.span(id).and_then(|span| ids(&span)) {
            context::pop(span_id);
        }
    }

    fn on_close(&self, id: Id, subscriber: LayerContext<'_, S>) {
        let Some(span) = subscriber.span(&id) else { return };
        let recorded = span.extensions_mut().remove::<Recorded>();
        if let Some(Recorded(context)) = recorded {
            self.recorder.span_ended(context.trace_id, context.span_id, None);
        }
    }
}

fn ids<S: for<'a> LookupSpan<'a>>(span: &SpanRef<'_, S>) -> Option<(TraceId, SpanId)> {
    span.extensions().get::<Recorded>().map(|Recorded(context)| (context.trace_id, context.span_id))
}
