//! The door to the lane that all sources share.

use std::any::Any;
use std::sync::Arc;

use tracing_core::Metadata;

use super::flat::Flat;
use super::lane::Lane;
use super::record::{CapturedEvent, Of, Record, RecordKind, SpanChange, SpanStarted};
use crate::clock::Clock;
use crate::model::{EventKind, SpanId, SpanStatus, Timestamp, TraceId};

/// Hands records to the lane. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    lane: Arc<Lane>,
    clock: Clock,
    /// Whoever empties the lane runs as long as somebody can fill it.
    _pump: Arc<dyn Any + Send + Sync>,
}

impl Recorder {
    pub(crate) fn new(lane: Arc<Lane>, clock: Clock, pump: Arc<dyn Any + Send + Sync>) -> Self {
        Self { lane, clock, _pump: pump }
    }

    /// A number that no other inspector's recorder in this process has.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.lane).addr()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn record(&self, record: Record) {
        self.lane.push(record);
    }

    /// Says whether the start was taken; if not, the span must not be ended here.
    pub(crate) fn span_started(&self, start: SpanStarted, flat: &Flat) -> bool {
        self.lane.push_start(start, flat)
    }

    pub(crate) fn span_fields(
        &self,
        ids: (TraceId, SpanId),
        callsite: &'static Metadata<'static>,
        flat: &Flat,
    ) {
        let (trace_id, span_id) = ids;
        self.lane.push_flat(RecordKind::SpanChanged, flat, |attributes| Record::SpanFields {
            trace_id,
            span_id,
            callsite,
            attributes,
        });
    }

    pub(crate) fn span_changed(&self, change: SpanChange) {
        self.lane.push(Record::SpanChanged(Box::new(change)));
    }

    pub(crate) fn span_ended(&self, trace_id: TraceId, span_id: SpanId, change: Option<SpanChange>) {
        let at = self.clock.now();
        self.lane.push_end(Record::SpanEnded { trace_id, span_id, at, change: change.map(Box::new) });
    }

    pub(crate) fn event(&self, of: Of, kind: EventKind) {
        let at = self.clock.now();
        self.lane.push_event(CapturedEvent { of, at, kind });
    }
}

/// A status that says what went wrong.
pub(super) fn error_status(message: impl Into<String>) -> SpanStatus {
    SpanStatus { code: crate::model::StatusCode::Error, message: Some(message.into()) }
}

/// Fresh ids, from a generator of the thread's own; they need to be unique, not secret.
pub(super) fn fresh_trace_id() -> TraceId {
    loop {
        if let Some(id) = TraceId::from_bytes(fastrand::u128(..).to_ne_bytes()) {
            return id;
        }
    }
}

pub(super) fn fresh_span_id() -> SpanId {
    loop {
        if let Some(id) = SpanId::from_bytes(fastrand::u64(..).to_ne_bytes()) {
            return id;
        }
    }
}
