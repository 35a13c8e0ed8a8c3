//! What a reader missed, said in the stream.

use crate::bus::Missed;
use crate::model::{Event, EventFrame, EventId, EventKind, Timestamp};

/// At most so many events were missed: ids may have been reserved and never used.
pub(super) fn at_most(missed: Missed) -> u64 {
    (missed.to.0 + 1).saturating_sub(missed.from.0)
}

/// Everything up to `last`: what a client missed whose last event is not of this stream.
pub(super) fn everything_until(last: EventId) -> Missed {
    Missed { from: EventId(1).min(last), to: last }
}

/// Says what was missed. Its id is the last missed one, so that a reconnect goes on after it.
pub(super) fn gap(missed: Missed) -> EventFrame {
    let kind = EventKind::Gap { missed_from: missed.from, missed_to: missed.to, at_most: at_most(missed) };
    let timestamp = Timestamp::from(std::time::SystemTime::now());
    EventFrame::new(&Event { id: missed.to, timestamp, session_id: None, kind })
}
