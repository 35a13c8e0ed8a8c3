//! Spans of hosts on the OpenTelemetry SDK.
//!
//! The SDK tells of a span when it starts and when it ends, on the host's thread. What it tells is copied, handed over as it
//! is, and made into a span of ours by the pump.

mod processor;
mod span;
mod traces;

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use parking_lot::Mutex;

pub(crate) use self::processor::CaptureProcessor;
use self::traces::Traces;
use super::context::Context;
use crate::model::{SpanId, TraceId};

/// The processors of the process that live: an OpenTelemetry context does not say who records its span.
static PROCESSORS: Mutex<Vec<Weak<Traces>>> = Mutex::new(Vec::new());

/// Whether there ever was one; most programs with this feature have, but not all threads of them ask.
static USED: AtomicBool = AtomicBool::new(false);

fn register(traces: Weak<Traces>) {
    let mut all = PROCESSORS.lock();
    all.retain(|known| known.strong_count() > 0);
    all.push(traces);
    USED.store(true, Ordering::Release);
}

/// The span of the OpenTelemetry context that the thread is in.
pub(super) fn active() -> Option<SpanId> {
    if USED.load(Ordering::Acquire) { active_ids().map(|(_, span)| span) } else { None }
}

fn active_ids() -> Option<(TraceId, SpanId)> {
    OtelContext::map_current(|context| {
        if context.has_active_span() { ids(context.span().span_context()) } else { None }
    })
}

fn ids(context: &SpanContext) -> Option<(TraceId, SpanId)> {
    let trace = TraceId::from_bytes(context.trace_id().to_bytes())?;
    Some((trace, SpanId::from_bytes(context.span_id().to_bytes())?))
}

/// The innermost place: `ours`, or the span of the OpenTelemetry context when that was entered later and is recorded.
pub(super) fn current(ours: Option<Context>) -> Option<Context> {
    if !USED.load(Ordering::Acquire) {
        return ours;
    }
    let Some((trace_id, span_id)) = active_ids() else { return ours };
    if ours.as_ref().is_some_and(|ours| ours.within == Some(span_id)) {
        return ours;
    }
    let all = PROCESSORS.lock();
    let place = all.iter().filter_map(Weak::upgrade).find_map(|traces| traces.place(trace_id, span_id));
    drop(all);
    place.or(ours)
}
