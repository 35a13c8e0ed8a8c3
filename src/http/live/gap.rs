//! What a reader missed, said in the stream.

use std::sync::atomic::Ordering;

use crate::bus::Missed;
use crate::http::limits::Limits;
use crate::model::{Event, EventFrame, EventId, EventKind, Timestamp};

/// At most so many events were missed: ids may have been reserved and never used.
fn at_most(missed: Missed) -> u64 {
    (missed.to.0 + 1).saturating_sub(missed.from.0)
}

/// Everything up to `last`: what a client missed whose last event is not of this stream.
pub(super) fn everything_until(last: EventId) -> Missed {
    Missed { from: EventId(1).min(last), to: last }
}

/// Says what was missed, and counts it. Its id is the last missed one, so that a reconnect goes on after it.
pub(super) fn told_gap(limits: &Limits, missed: Missed) -> EventFrame {
    limits.missed.fetch_add(at_most(missed), Ordering::Relaxed);
    let kind = EventKind::Gap { missed_from: missed.from, missed_to: missed.to, at_most: at_most(missed) };
    let timestamp = Timestamp::from(std::time::SystemTime::now());
    EventFrame::new(&Event { id: missed.to, timestamp, session_id: None, kind })
}
