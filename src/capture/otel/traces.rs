//! Which open spans of the SDK are recorded.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry_sdk::trace::SpanData;
use parking_lot::Mutex;

use super::span::{OtelSpan, is_agents};
use crate::capture::context::Context;
use crate::capture::recorder::Recorder;
use crate::capture::session::SessionHandle;
use crate::model::{Attributes, SpanId, TraceId};

/// How many open spans are kept that are not recorded, in case an agent's span begins in their trace. Each is what the SDK
/// holds of it anyway.
const MAX_WAITING: usize = 10_000;

/// Threads that record in different traces seldom meet.
const SHARDS: usize = 8;

/// The open spans of all traces.
#[derive(Debug)]
pub(super) struct Traces {
    recorder: Recorder,
    shards: [Mutex<HashMap<TraceId, Trace>>; SHARDS],
    waiting: AtomicUsize,
}

/// The open spans of a trace.
#[derive(Debug, Default)]
struct Trace {
    /// Everything in it is recorded: it stands in a session, or an agent's span began in it.
    recorded: bool,
    session: Option<SessionHandle>,
    spans: HashMap<SpanId, Open>,
    began: u64,
}

#[derive(Debug)]
enum Open {
    /// Its start was taken, so its end will be.
    Recorded,
    /// Kept in case that it is wanted, with its place in the order in which they began.
    Waiting(u64, Box<SpanData>),
}

impl Traces {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self { recorder, shards: Default::default(), waiting: AtomicUsize::new(0) }
    }

    fn shard(&self, trace: TraceId) -> &Mutex<HashMap<TraceId, Trace>> {
        &self.shards[usize::from(trace.as_bytes()[15]) % SHARDS]
    }

    /// A span began, in `session` if in any.
    pub(super) fn began(
        &self,
        ids: (TraceId, SpanId),
        data: SpanData,
        session: Option<SessionHandle>,
        resource: &Arc<Attributes>,
    ) {
        let mut shard = self.shard(ids.0).lock();
        let trace = shard.entry(ids.0).or_default();
        if let (None, Some(session)) = (&trace.session, session) {
            session.join(ids.0);
            trace.session = Some(session);
            trace.recorded = true;
        }
        if trace.recorded || is_agents(&data) {
            self.record_all(ids.0, trace, resource);
            self.record(ids, trace, data, resource);
        } else if self.waiting.load(Ordering::Relaxed) < MAX_WAITING {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            trace.began += 1;
            trace.spans.insert(ids.1, Open::Waiting(trace.began, Box::new(data)));
        }
        if trace.spans.is_empty() {
            shard.remove(&ids.0);
        }
    }

    /// A span ended.
    pub(super) fn ended(&self, ids: (TraceId, SpanId), data: SpanData, resource: &Arc<Attributes>) {
        let mut shard = self.shard(ids.0).lock();
        let Some(trace) = shard.get_mut(&ids.0) else { return };
        // Its attributes may have come after its start.
        if !trace.recorded && is_agents(&data) && trace.spans.contains_key(&ids.1) {
            self.record_all(ids.0, trace, resource);
        }
        match trace.spans.remove(&ids.1) {
            Some(Open::Recorded) => {
                let resource = Arc::clone(resource);
                self.recorder.foreign_ended(Box::new(OtelSpan { ids, data, resource, ended: true }));
            }
            Some(Open::Waiting(..)) => _ = self.waiting.fetch_sub(1, Ordering::Relaxed),
            None => {}
        }
        if trace.spans.is_empty() {
            shard.remove(&ids.0);
        }
    }

    /// Records what waits in a trace, and whatever begins in it from now on.
    fn record_all(&self, id: TraceId, trace: &mut Trace, resource: &Arc<Attributes>) {
        trace.recorded = true;
        let waiting = trace.spans.extract_if(|_, open| matches!(open, Open::Waiting(..)));
        let mut waiting: Vec<_> = waiting
            .filter_map(|(span, open)| match open {
                Open::Waiting(order, data) => Some((order, span, data)),
                Open::Recorded => None,
            })
            .collect();
        waiting.sort_unstable_by_key(|(order, ..)| *order);
        self.waiting.fetch_sub(waiting.len(), Ordering::Relaxed);
        for (_, span, data) in waiting {
            self.record((id, span), trace, *data, resource);
        }
    }

    fn record(&self, ids: (TraceId, SpanId), trace: &mut Trace, data: SpanData, resource: &Arc<Attributes>) {
        let span = OtelSpan { ids, data, resource: Arc::clone(resource), ended: false };
        if self.recorder.foreign_started(Box::new(span)) {
            trace.spans.insert(ids.1, Open::Recorded);
        }
    }

    /// A recorded span as a context.
    pub(super) fn place(&self, trace_id: TraceId, span_id: SpanId) -> Option<Context> {
        let shard = self.shard(trace_id).lock();
        let trace = shard.get(&trace_id)?;
        if !matches!(trace.spans.get(&span_id), Some(Open::Recorded)) {
            return None;
        }
        let (session, recorder) = (trace.session.clone(), self.recorder.address());
        Some(Context { session, recorder, trace_id, span_id, within: None })
    }

    pub(super) const fn recorder(&self) -> &Recorder {
        &self.recorder
    }
}
