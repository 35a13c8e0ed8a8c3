//! The door to the lane that all sources share.

use std::any::Any;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tracing_core::Metadata;

use super::flat::{Flat, Listed};
use super::lane::Lane;
use super::record::{CapturedEvent, Foreign, Of, Record, RecordKind, SpanChange, SpanStarted};
use super::visibility::Visibility;
use crate::clock::Clock;
#[cfg(feature = "control")]
use crate::control::Controls;
use crate::model::{EventKind, SessionId, SpanId, SpanStatus, Timestamp, TraceId};

/// How many traces are remembered as belonging to a session: about half a megabyte.
const MAX_CLAIMS: usize = 4096;

/// All recorders of the process that live, so that a thread's context can name one by a number: a counted reference in each
/// context would be counted each time a span is entered.
static RECORDERS: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// Hands records to the lane. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    lane: Arc<Lane>,
    clock: Clock,
    visibility: Visibility,
    claims: Mutex<Claims>,
    #[cfg(feature = "control")]
    controls: Arc<Controls>,
    /// Whoever empties the lane runs as long as somebody can fill it.
    _pump: Arc<dyn Any + Send + Sync>,
}

impl Recorder {
    pub(crate) fn new(lane: Arc<Lane>, clock: Clock, pump: Arc<dyn Any + Send + Sync>) -> Self {
        let visibility = Visibility::default();
        let inner = Arc::new(Inner {
            lane,
            clock,
            visibility,
            claims: Mutex::default(),
            #[cfg(feature = "control")]
            controls: Arc::default(),
            _pump: pump,
        });
        let mut all = RECORDERS.lock();
        all.retain(|recorder| recorder.strong_count() > 0);
        all.push(Arc::downgrade(&inner));
        drop(all);
        Self { inner }
    }

    /// The recorder of this [address](Self::address), when it still lives.
    pub(super) fn at(address: usize) -> Option<Self> {
        let all = RECORDERS.lock();
        let found = all.iter().find(|recorder| recorder.as_ptr().addr() == address)?.upgrade();
        drop(all);
        Some(Self { inner: found? })
    }

    /// A number that no other inspector's recorder in this process has.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }

    /// What the host's `tracing` filters let through.
    pub(crate) fn visibility(&self) -> &Visibility {
        &self.inner.visibility
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub(crate) fn record(&self, record: Record) {
        self.inner.lane.push(record);
    }

    /// Says whether the start was taken; if not, the span must not be ended here.
    pub(crate) fn span_started(&self, start: SpanStarted, flat: &Flat) -> bool {
        self.inner.lane.push_start(start, flat)
    }

    /// As [`span_started`](Self::span_started), for a span that waits for a person.
    pub(super) fn wait_started(&self, start: SpanStarted) -> bool {
        self.inner.lane.push_wait(start)
    }

    /// The host's live sessions, and what they wait for.
    #[cfg(feature = "control")]
    pub(crate) fn controls(&self) -> &Arc<Controls> {
        &self.inner.controls
    }

    /// As [`span_started`](Self::span_started), for a span in another library's own form.
    pub(crate) fn foreign_started(&self, span: Box<dyn Foreign>) -> bool {
        self.inner.lane.push_foreign_start(span)
    }

    /// The end of a span whose start was taken, in another library's own form.
    pub(crate) fn foreign_ended(&self, span: Box<dyn Foreign>) {
        self.inner.lane.push_end(Record::Foreign { ended: true, span });
    }

    pub(crate) fn span_fields(
        &self,
        ids: (TraceId, SpanId),
        callsite: &'static Metadata<'static>,
        flat: &Flat,
    ) {
        let (trace_id, span_id) = ids;
        self.inner.lane.push_flat(RecordKind::SpanChanged, flat, |attributes| Record::SpanFields {
            trace_id,
            span_id,
            callsite,
            attributes,
        });
    }

    pub(crate) fn span_changed(&self, change: SpanChange) {
        self.record(Record::SpanChanged(Box::new(change)));
    }

    pub(crate) fn span_ended(&self, trace_id: TraceId, span_id: SpanId, change: Option<Box<SpanChange>>) {
        let at = self.now();
        let listed = Listed::default();
        self.inner.lane.push_end(Record::SpanEnded { trace_id, span_id, at, change, listed });
    }

    /// As [`span_ended`](Self::span_ended), with what is said last lying flat.
    #[cfg(feature = "mcp")]
    pub(super) fn span_ended_flat(
        &self,
        (trace_id, span_id): (TraceId, SpanId),
        change: Option<Box<SpanChange>>,
        (names, flat): (&'static [&'static str], &Flat),
    ) {
        let at = self.now();
        self.inner.lane.push_end_flat(flat, |values| Record::SpanEnded {
            trace_id,
            span_id,
            at,
            change,
            listed: Listed::new(names, values),
        });
    }

    pub(crate) fn event(&self, of: Of, kind: EventKind) {
        let at = self.now();
        self.inner.lane.push_event(CapturedEvent { of, at, kind });
    }

    /// Whether a trace belongs to a session of the host's.
    #[cfg(feature = "mcp")]
    pub(super) fn is_claimed(&self, trace: TraceId) -> bool {
        self.inner.claims.lock().by_trace.contains_key(&trace)
    }

    /// Takes a trace for a session; or says which session has it already.
    pub(super) fn claim(&self, trace: TraceId, claim: Claim) -> Result<(), Claim> {
        self.inner.claims.lock().take(trace, claim)
    }
}

/// Which session of the host's a trace belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) session: SessionId,
    /// The trace began with the session; otherwise it is a caller's.
    pub(super) own: bool,
}

/// The traces of the sessions that the host began, the last [`MAX_CLAIMS`] of them. A trace belongs to one session: another
/// one that is called from within it, or by the same caller, does not take it away.
#[derive(Debug, Default)]
struct Claims {
    by_trace: HashMap<TraceId, Claim>,
    order: VecDeque<TraceId>,
}

impl Claims {
    fn take(&mut self, trace: TraceId, claim: Claim) -> Result<(), Claim> {
        match self.by_trace.entry(trace) {
            Entry::Occupied(known) if known.get().session == claim.session => return Ok(()),
            Entry::Occupied(known) => return Err(known.get().clone()),
            Entry::Vacant(free) => _ = free.insert(claim),
        }
        self.order.push_back(trace);
        if self.order.len() > MAX_CLAIMS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_trace.remove(&oldest);
        }
        Ok(())
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
