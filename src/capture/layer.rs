//! The `tracing` layer.

use std::borrow::Cow;

use tracing_core::span::{Attributes as SpanAttributes, Id, Record as SpanRecord};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::context::{self, Context, Entry};
use super::fields::Fields;
use super::filter::has_agent_fields;
use super::flat::{Flat, Slice};
use super::record::{Details, SpanChange, SpanStarted};
use super::recorder::{Recorder, fresh_span_id, fresh_trace_id};
use crate::model::{Attributes, Key, Link, SpanEvent, SpanId, TraceId};

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

    fn entry(&self, id: &Id) -> Entry {
        Entry::Tracing { layer: self.recorder.address(), id: id.into_u64() }
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
        let taken = Flat::scratch(|flat| {
            let mut fields = Fields::new(flat);
            attributes.record(&mut fields);
            let Fields { name, kind, status, .. } = fields;
            let rare = name.is_some() || kind.is_some() || status.is_some();
            let start = SpanStarted {
                trace_id: context.trace_id,
                span_id: context.span_id,
                parent,
                at: self.recorder.now(),
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
            span_ref.extensions_mut().insert(Recorded(context));
        }
    }

    fn on_record(&self, id: &Id, values: &SpanRecord<'_>, subscriber: LayerContext<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        let Some((trace_id, span_id)) = ids(&span) else { return };
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
        let metadata = event.metadata();
        let (name, mut attributes) = Flat::scratch(|flat| {
            let mut fields = Fields::new(flat);
            event.record(&mut fields);
            (fields.name.or(fields.message), flat.attributes(flat.whole(), metadata.fields()))
        });
        attributes.set(Key::Borrowed("level"), metadata.level().as_str());
        attributes.set(Key::Borrowed("target"), metadata.target());
        let name = name.unwrap_or_else(|| metadata.name().to_owned());
        let mut change = SpanChange::new(trace_id, span_id);
        change.events.push(SpanEvent { name, time: self.recorder.now(), attributes });
        self.recorder.span_changed(change);
    }

    fn on_enter(&self, id: &Id, subscriber: LayerContext<'_, S>) {
        let Some(span) = subscriber.span(id) else { return };
        let entered = span.extensions().get::<Recorded>().map(|recorded| recorded.0.clone());
        if let Some(context) = entered {
            context::push(self.entry(id), context);
        }
    }

    fn on_exit(&self, id: &Id, _: LayerContext<'_, S>) {
        context::pop(self.entry(id));
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
