//! The spans around an agent's span.
//!
//! Most spans of a host have nothing to do with an agent and are not recorded. Those that an agent span stands in, such as
//! that of the request which it answers, are recorded with it: they say where it belongs, and hold together what would
//! otherwise be many roots. Which they are is only known when the first agent span below them begins.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tracing_core::span::Id;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::filter::CaptureFilter;
use super::flat::{Flat, Slice};
use super::record::{Details, SpanStarted};
use super::recorder::{Recorder, fresh_span_id, fresh_trace_id};
use super::spans::Spans;
use crate::model::{SpanId, Timestamp, TraceId};

/// The most spans around an agent span that are shown; the innermost are.
const MAX_AROUND: usize = 32;

/// How many beginnings are remembered of spans that are not recorded: 16 bytes for each. Of two spans in one place the one
/// that began last is known.
const REMEMBERED: usize = 4096;

/// When spans that are not recorded began, as far as it is remembered. Noting it is a look at the clock and two stores,
/// since nearly all spans of most hosts come here and are never asked for.
#[derive(Debug)]
pub(super) struct Beginnings(Box<[(AtomicU64, AtomicI64)]>);

impl Beginnings {
    pub(super) fn new() -> Self {
        Self((0..REMEMBERED).map(|_| (AtomicU64::new(0), AtomicI64::new(0))).collect())
    }

    fn place(&self, id: u64) -> &(AtomicU64, AtomicI64) {
        // A registry's ids differ in their low bits within a thread, and in high ones between threads.
        let mixed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        &self.0[usize::try_from(mixed).unwrap_or(0) % REMEMBERED]
    }

    pub(super) fn note(&self, id: &Id, at: Timestamp) {
        let (of, when) = self.place(id.into_u64());
        of.store(0, Ordering::Release);
        when.store(at.as_nanos(), Ordering::Release);
        of.store(id.into_u64(), Ordering::Release);
    }

    fn of(&self, id: &Id) -> Option<Timestamp> {
        let (of, when) = self.place(id.into_u64());
        let known = || of.load(Ordering::Acquire) == id.into_u64();
        let at = known().then(|| when.load(Ordering::Acquire))?;
        known().then(|| Timestamp::from_nanos(at))
    }
}

/// Kept with a span that is recorded because an agent span stands in it. Its end is recorded when this is dropped, which is
/// when the span closes: of one that the layer's filter leaves out nobody would tell the layer.
#[derive(Debug)]
pub(super) struct Around {
    recorder: Recorder,
    pub(super) ids: (TraceId, SpanId),
}

impl Drop for Around {
    fn drop(&mut self) {
        self.recorder.span_ended(self.ids.0, self.ids.1, None);
    }
}

/// What is needed to record spans after they began.
pub(super) struct Surroundings<'a> {
    pub(super) recorder: &'a Recorder,
    pub(super) filter: &'a CaptureFilter,
    pub(super) beginnings: &'a Beginnings,
    pub(super) spans: &'a Spans,
}

impl Surroundings<'_> {
    /// The trace for an agent span that stands in no recorded one, and its parent there: records the spans around it that
    /// are not recorded yet. A span without any begins a trace.
    pub(super) fn place<S>(&self, span: &SpanRef<'_, S>, now: Timestamp) -> (TraceId, Option<SpanId>)
    where
        S: for<'a> LookupSpan<'a>,
    {
        let mut around = Vec::new();
        let mut below = None;
        let mut next = span.parent();
        while let Some(outer) = next {
            below = recorded(self.spans, &outer);
            if below.is_some() || around.len() == MAX_AROUND {
                break;
            }
            next = outer.parent();
            around.push(outer);
        }
        let (trace_id, mut parent) =
            below.map_or_else(|| (fresh_trace_id(), None), |(trace, span)| (trace, Some(span)));
        let mut trace_id = trace_id;
        for outer in around.iter().rev() {
            let mut extensions = outer.extensions_mut();
            // Another thread may have recorded it meanwhile.
            if let Some(Around { ids, .. }) = extensions.get_mut::<Around>() {
                (trace_id, parent) = (ids.0, Some(ids.1));
            } else if let Some(opened) = self.open(outer, trace_id, parent, now) {
                parent = Some(opened.ids.1);
                extensions.insert(opened);
            }
        }
        (trace_id, parent)
    }

    fn open<S>(
        &self,
        span: &SpanRef<'_, S>,
        trace_id: TraceId,
        parent: Option<SpanId>,
        now: Timestamp,
    ) -> Option<Around>
    where
        S: for<'a> LookupSpan<'a>,
    {
        let metadata = span.metadata();
        // The layer is not told of spans that its filter leaves out: what is noted there is of an earlier span.
        let began = if self.filter.sees(metadata) { self.beginnings.of(&span.id()) } else { None };
        let span_id = fresh_span_id();
        let start = SpanStarted {
            trace_id,
            span_id,
            parent,
            at: began.unwrap_or(now),
            callsite: Some(metadata),
            details: began.is_none().then(|| Box::new(Details { began_before: true, ..Details::default() })),
            attributes: Slice::default(),
        };
        self.recorder
            .span_started(start, &Flat::default())
            .then(|| Around { recorder: self.recorder.clone(), ids: (trace_id, span_id) })
    }
}

/// The ids of a span that is recorded, for itself or for what stands in it.
pub(super) fn recorded<S>(spans: &Spans, span: &SpanRef<'_, S>) -> Option<(TraceId, SpanId)>
where
    S: for<'a> LookupSpan<'a>,
{
    spans.ids(&span.id()).or_else(|| span.extensions().get::<Around>().map(|around| around.ids))
}
