//! Ids of spans that are put together: they follow from what the program calls the session and the call.

use uuid::Uuid;

use crate::model::{EventKey, SpanId, TraceId};

/// Keeps these ids apart from other version 5 UUIDs.
const DERIVED_IDS: Uuid = Uuid::from_u128(0x6167_656e_742d_696e_7370_6563_746f_7232);

/// The trace of what is put together about a session.
pub(crate) fn trace_id(engine: &str, session: &str) -> TraceId {
    let uuid = Uuid::new_v5(&DERIVED_IDS, format!("{engine}\n{session}").as_bytes());
    TraceId::from_bytes(*uuid.as_bytes()).expect("a version 5 UUID is not all zero")
}

/// The key of an event that was posted under an id. The type is part of it: some call the same thing by one id when it begins
/// and when it ends.
pub(crate) fn event_key(session: &str, kind: &str, id: &str) -> EventKey {
    // Lengths keep `a` and `bc` apart from `ab` and `c`.
    let said = format!("event\n{}\n{}\n{session}{kind}{id}", session.len(), kind.len());
    EventKey::from_bytes(*Uuid::new_v5(&DERIVED_IDS, said.as_bytes()).as_bytes())
}

/// The span of a call, within that trace.
pub(crate) fn span_id(call_id: &str) -> SpanId {
    let uuid = Uuid::new_v5(&DERIVED_IDS, call_id.as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *uuid.as_bytes();
    SpanId::from_bytes([a, b, c, d, e, f, g, h]).expect("the version is among these bytes")
}
