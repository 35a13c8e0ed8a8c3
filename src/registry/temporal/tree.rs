//! The spans of a run, as far as its history has been read.

use std::collections::HashMap;

use temporalio_common::protos::temporal::api::common::v1::{Header, Payloads};
use temporalio_common::protos::temporal::api::failure::v1::Failure;

use super::payload::{Reader, error, json, stack};
use super::run::Run;
use crate::model::{
    AttributeValue, Attributes, Link, Scope, Span, SpanEvent, SpanId, SpanKind, SpanStatus, StatusCode,
    Timestamp, TraceId,
};
use crate::registry::MAX_REGISTRY_SPANS;

/// The [`source`](Span::source) of these spans.
const SOURCE: &str = "temporal";

/// The id of the workflow's own span: histories begin with event 1.
pub(super) const ROOT: i64 = 1;

/// What stands for the workflow among what has not ended: no event, so that none can end the workflow by its number.
pub(super) const WORKFLOW: i64 = i64::MIN;

/// How many things that are no spans are told on the workflow's span; a workflow that does more is counted on.
const MAX_NOTES: usize = 1000;

/// Where the result of whatever a span is stands.
pub(super) const OUTPUT: &str = "output.value";

/// The tree. A span is named after the event that began it, so that it is the same span however often it is read.
#[derive(Debug)]
pub(super) struct Tree {
    trace: TraceId,
    /// The workflow's first.
    spans: Vec<Span>,
    /// What has not ended, by the event that began it.
    open: HashMap<i64, usize>,
    /// The event that began the newest span.
    last: i64,
    pub(super) reader: Reader,
    notes: usize,
    left_out: usize,
}

impl Tree {
    /// `None` when the ids of the run are not Temporal's.
    pub(super) fn new(run: &Run, kind: &str, started: Timestamp, namespace: &str) -> Option<Self> {
        let trace = run.trace_id()?;
        let mut root = Span::new(trace, span_id(ROOT)?, kind, started);
        root.kind = SpanKind::Workflow;
        root.source = SOURCE.into();
        root.resource.set("temporal.namespace", namespace);
        root.attributes.set("gen_ai.operation.name", AttributeValue::Static("invoke_workflow"));
        root.attributes.set("gen_ai.workflow.name", kind);
        root.attributes.set("temporal.workflow_id", run.workflow_id.as_str());
        root.attributes.set("temporal.run_id", run.run_id.as_str());
        let open = HashMap::from([(WORKFLOW, 0)]);
        Some(Self {
            trace,
            spans: vec![root],
            open,
            last: ROOT,
            reader: Reader::default(),
            notes: 0,
            left_out: 0,
        })
    }

    /// The workflow's span.
    pub(super) fn root(&mut self) -> &mut Span {
        // It is put in first and nothing is taken out.
        &mut self.spans[0]
    }

    /// Something begins below the workflow. `None` when the tree is full.
    pub(super) fn begin(
        &mut self,
        event: i64,
        name: impl Into<String>,
        kind: SpanKind,
        at: Timestamp,
    ) -> Option<&mut Span> {
        // Events are numbered in order, so that one which is not is none that could be told apart.
        if self.spans.len() >= MAX_REGISTRY_SPANS || event <= self.last {
            self.left_out += 1;
            return None;
        }
        self.last = event;
        let mut span = Span::new(self.trace, span_id(event)?, name, at);
        (span.kind, span.source, span.parent_span_id) = (kind, SOURCE.into(), span_id(ROOT));
        span.resource = self.spans[0].resource.clone();
        self.open.insert(event, self.spans.len());
        self.spans.push(span);
        self.spans.last_mut()
    }

    /// What the event began and has not ended.
    pub(super) fn running(&mut self, event: i64) -> Option<&mut Span> {
        self.spans.get_mut(*self.open.get(&event)?)
    }

    /// What has not ended and has this attribute.
    pub(super) fn running_with(&mut self, key: &str, value: &str) -> Option<&mut Span> {
        let fits = |at: &&usize| self.spans[**at].attributes.text(key) == Some(value);
        let at = self.open.values().find(fits).copied()?;
        self.spans.get_mut(at)
    }

    /// What the event began ends.
    pub(super) fn end(&mut self, event: i64, at: Timestamp) -> Option<&mut Span> {
        let span = self.spans.get_mut(self.open.remove(&event)?)?;
        span.end_time = Some(at.max(span.start_time));
        Some(span)
    }

    /// It ends well.
    pub(super) fn complete(
        &mut self,
        event: i64,
        at: Timestamp,
        key: &'static str,
        result: Option<&Payloads>,
    ) {
        let value = self.reader.values(result);
        if let Some(span) = self.end(event, at) {
            span.status.code = StatusCode::Ok;
            set(&mut span.attributes, key, value);
        }
    }

    /// It ends because something went wrong.
    pub(super) fn fail(&mut self, event: i64, at: Timestamp, failure: Option<&Failure>, otherwise: &str) {
        if let Some(span) = self.end(event, at) {
            fail(span, at, failure, otherwise);
        }
    }

    /// It ends because somebody wanted it to.
    pub(super) fn stop(&mut self, event: i64, at: Timestamp, outcome: &'static str) {
        if let Some(span) = self.end(event, at) {
            span.attributes.set("temporal.outcome", AttributeValue::Static(outcome));
        }
    }

    /// Something that took no time.
    pub(super) fn moment(
        &mut self,
        event: i64,
        name: String,
        kind: SpanKind,
        at: Timestamp,
    ) -> Option<&mut Span> {
        self.begin(event, name, kind, at)?;
        self.end(event, at)
    }

    /// Something about the workflow that is no span.
    pub(super) fn note(&mut self, name: impl Into<String>, time: Timestamp, attributes: Attributes) {
        self.notes += 1;
        if self.notes <= MAX_NOTES {
            self.root().events.push(SpanEvent { name: name.into(), time, attributes });
        }
    }

    /// The workflow has ended: nothing of it runs any more.
    pub(super) fn close(&mut self, at: Timestamp) {
        for (_, place) in self.open.drain().filter(|(event, _)| *event != WORKFLOW) {
            let span = &mut self.spans[place];
            span.end_time = Some(at.max(span.start_time));
            // A person need not have answered.
            span.abandoned = span.kind != SpanKind::Human;
        }
        let root = self.root();
        root.end_time = Some(at.max(root.start_time));
    }

    /// The spans, the workflow's first. `unread` says what of the history could not be read.
    pub(super) fn finish(mut self, scope: &Scope, unread: Option<&str>) -> Vec<Span> {
        let hidden = self.left_out + self.notes.saturating_sub(MAX_NOTES);
        let root = self.root();
        if hidden > 0 {
            root.attributes.set("temporal.left_out", hidden);
        }
        if let Some(unread) = unread {
            root.attributes.set("temporal.unread", unread);
        }
        self.spans.iter_mut().for_each(|span| span.scope = scope.clone());
        self.spans
    }
}

/// Marks what went wrong, with the words of the code that failed.
pub(super) fn fail(span: &mut Span, at: Timestamp, failure: Option<&Failure>, otherwise: &str) {
    let mut error = failure.map(error).unwrap_or_default();
    error.message.get_or_insert_with(|| otherwise.to_owned());
    span.status = SpanStatus { code: StatusCode::Error, message: error.message.clone() };
    if let Some(failure) = failure {
        span.events.push(exception("exception", at, failure));
    }
    span.error = Some(error);
}

/// An event that tells of a failure.
pub(super) fn exception(name: &str, time: Timestamp, failure: &Failure) -> SpanEvent {
    let error = error(failure);
    let mut attributes = Attributes::new();
    set(&mut attributes, "exception.type", error.kind);
    set(&mut attributes, "exception.message", error.message);
    set(&mut attributes, "exception.stacktrace", stack(failure));
    SpanEvent { name: name.to_owned(), time, attributes }
}

/// Sets what is known.
pub(super) fn set(attributes: &mut Attributes, key: &'static str, value: Option<impl Into<AttributeValue>>) {
    if let Some(value) = value {
        attributes.set(key, value);
    }
}

/// The id of the span that this event began.
pub(super) fn span_id(event: i64) -> Option<SpanId> {
    SpanId::from_bytes(u64::try_from(event).ok()?.to_be_bytes())
}

/// A link to the span that an event of another run began.
pub(super) fn link(run: &Run, event: i64, what: &'static str) -> Option<Link> {
    let attributes: Attributes = [
        ("temporal.link", AttributeValue::Static(what)),
        ("temporal.workflow_id", run.workflow_id.as_str().into()),
        ("temporal.run_id", run.run_id.as_str().into()),
        ("session.id", run.session_id().0.as_str().into()),
    ]
    .into_iter()
    .collect();
    Some(Link { trace_id: run.trace_id()?, span_id: span_id(event)?, attributes })
}

/// A link to the span in which the caller sent this header, as Temporal's tracing interceptors write it.
pub(super) fn caller(header: Option<&Header>) -> Option<Link> {
    let carried = json(header?.fields.get("_tracer-data")?)?;
    let mut parts = carried.get("traceparent")?.as_str()?.split('-').skip(1);
    let (trace, span) = (TraceId::parse(parts.next()?).ok()?, SpanId::parse(parts.next()?).ok()?);
    let attributes = [("temporal.link", AttributeValue::Static("caller"))].into_iter().collect();
    Some(Link { trace_id: trace, span_id: span, attributes })
}
