//! Spans of which more is known than their name: what the layer in front of an MCP server opens.

use super::SessionHandle;
use crate::capture::flat::Flat;
use crate::capture::record::Details;
use crate::capture::recorder::Claim;
use crate::capture::span::{Place, SpanGuard};
use crate::model::{SpanId, Timestamp, TraceId};

impl SessionHandle {
    /// As [`place_for`](Self::place_for), for a span that was promised this id in this trace before its session was known.
    pub(in crate::capture) fn promised_place(
        &self,
        traceparent: Option<&str>,
        (trace_id, span_id): (TraceId, SpanId),
    ) -> Option<Place> {
        let (live, mut place) = self.place_for(traceparent)?;
        place.span_id = span_id;
        if place.trace_id != trace_id {
            let claim = Claim { session: self.id().clone(), own: false };
            if live.recorder.claim(trace_id, claim).is_ok() {
                live.join(trace_id);
                (place.trace_id, place.parent) = (trace_id, None);
            }
        }
        Some(place)
    }

    /// Opens a span of which more is known at once, or that began a while ago.
    pub(in crate::capture) fn span_with(
        &self,
        place: Place,
        told: (Details, &Flat),
        at: Timestamp,
    ) -> SpanGuard {
        match &self.inner.live {
            Some(live) => SpanGuard::begin(self.clone(), live, place, told, at),
            None => SpanGuard::disabled(),
        }
    }
}
