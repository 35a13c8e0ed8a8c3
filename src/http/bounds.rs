//! Every bound by its name, as `/health` and `docs/limits.md` tell it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::access::{
    MAX_GUESSES_PER_SECOND, MAX_HEAD_BYTES, MAX_INGEST_TOKENS, MAX_SIGNED_IN, SIGN_IN_LIFETIME,
};
use super::body::{READ_FREELY, READING_BYTES};
use super::control::{MAX_REASON_CHARS, MAX_SIGNAL_BYTES, MAX_SIGNAL_NAME_CHARS};
use super::download::{DOWNLOADS_AT_ONCE, EXPORTS_AT_ONCE};
use super::limits::{
    Bounds, Limits, SEARCHES_AT_ONCE, SEARCHES_WAITING, STORE_READS_AT_ONCE, STORE_READS_WAITING,
    STORE_TURN_TIMEOUT, TREES_AT_ONCE, TREES_WAITING,
};
use super::live::{CATCHING_UP, MAX_STREAMS, SLOW_READER_CUT, STORE_CATCH_UP, WAITING_TO_CATCH_UP};
use crate::registry::REGISTRY_CALLS_AT_ONCE;
use crate::work::workers;
use crate::{model, pipeline, redact, store};

type Named = (&'static str, u64);

impl Limits {
    /// The bounds by name, for people.
    pub(crate) fn by_name(&self) -> BTreeMap<&'static str, u64> {
        let mut bounds = BTreeMap::from(self.memory());
        bounds.extend(self.requests());
        bounds.extend(PAGES_AND_SEARCHES);
        bounds.extend(spans());
        #[cfg(feature = "control")]
        bounds.extend(control());
        #[cfg(feature = "otlp")]
        bounds.extend(ingest());
        #[cfg(feature = "mcp")]
        bounds.extend(self.bounds.mcp);
        bounds
    }

    fn memory(&self) -> [Named; 8] {
        let Bounds { ring_events, ring_bytes, lane_records, lane_bytes, .. } = self.bounds;
        let Bounds { open_spans, store_backlog_bytes, .. } = self.bounds;
        [
            ("ring_events", ring_events as u64),
            ("ring_bytes", ring_bytes as u64),
            ("lane_records", lane_records as u64),
            ("lane_bytes", lane_bytes as u64),
            ("open_spans", open_spans as u64),
            ("store_backlog_bytes", store_backlog_bytes as u64),
            ("live_sessions", pipeline::MAX_LIVE_SESSIONS as u64),
            ("remembered_spans", pipeline::MAX_REMEMBERED_SPANS as u64),
        ]
    }

    fn requests(&self) -> [Named; 27] {
        [
            ("request_head_bytes", MAX_HEAD_BYTES as u64),
            ("body_idle_ms", milliseconds(self.bounds.body.idle)),
            ("body_ms", milliseconds(self.bounds.body.whole)),
            ("reading_bytes", READING_BYTES as u64),
            ("reading_free_bytes", READ_FREELY as u64),
            ("streams", MAX_STREAMS as u64),
            ("streams_catching_up", CATCHING_UP as u64),
            ("streams_waiting_to_catch_up", WAITING_TO_CATCH_UP as u64),
            ("stream_catch_up_ms", milliseconds(STORE_CATCH_UP)),
            ("slow_reader_ms", milliseconds(SLOW_READER_CUT)),
            ("downloads", DOWNLOADS_AT_ONCE as u64),
            ("exports", EXPORTS_AT_ONCE as u64),
            ("workers", workers() as u64),
            ("store_reads", STORE_READS_AT_ONCE as u64),
            ("store_reads_waiting", STORE_READS_WAITING as u64),
            ("store_turn_ms", milliseconds(STORE_TURN_TIMEOUT)),
            ("trees", TREES_AT_ONCE as u64),
            ("trees_waiting", TREES_WAITING as u64),
            ("searches", SEARCHES_AT_ONCE as u64),
            ("searches_waiting", SEARCHES_WAITING as u64),
            ("registry_calls", REGISTRY_CALLS_AT_ONCE as u64),
            ("token_guesses_per_second", u64::from(MAX_GUESSES_PER_SECOND)),
            ("signed_in", MAX_SIGNED_IN as u64),
            ("sign_in_ms", milliseconds(SIGN_IN_LIFETIME)),
            ("ingest_tokens", MAX_INGEST_TOKENS as u64),
            ("signal_bytes", MAX_SIGNAL_BYTES as u64),
            ("session_id_chars", model::MAX_SESSION_ID_CHARS as u64),
        ]
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const PAGES_AND_SEARCHES: [Named; 11] = [
    ("page_sessions", super::sessions::MAX_SESSIONS as u64),
    ("page_rows", super::spans::MAX_ROWS as u64),
    ("page_events", super::events::MAX_EVENTS as u64),
    ("page_hits", super::search::MAX_HITS as u64),
    ("tree_rows_kept", super::trees::MAX_KEPT_ROWS as u64),
    ("search_ms", store::SEARCH_TIME.as_millis() as u64),
    ("query_chars", store::MAX_QUERY_CHARS as u64),
    ("query_conditions", store::MAX_CONDITIONS as u64),
    ("query_regexes", store::MAX_REGEXES as u64),
    ("regex_bytes", store::MAX_REGEX_BYTES as u64),
    ("regex_memory_bytes", store::MAX_REGEX_MEMORY as u64),
];

fn spans() -> [Named; 6] {
    [
        ("attribute_bytes", redact::MAX_ATTRIBUTE_BYTES as u64),
        ("name_bytes", redact::MAX_NAME_BYTES as u64),
        ("log_message_bytes", redact::MAX_MESSAGE_BYTES as u64),
        ("log_attribute_bytes", redact::MAX_LOG_ATTRIBUTE_BYTES as u64),
        ("signal_name_chars", MAX_SIGNAL_NAME_CHARS as u64),
        ("reason_chars", MAX_REASON_CHARS as u64),
    ]
}

#[cfg(feature = "control")]
fn control() -> [Named; 3] {
    [
        ("open_waits", crate::control::MAX_OPEN_WAITS as u64),
        ("breakpoints", crate::control::MAX_BREAKPOINTS as u64),
        ("wait_schema_bytes", crate::control::MAX_SCHEMA_BYTES as u64),
    ]
}

#[cfg(feature = "otlp")]
fn ingest() -> Vec<Named> {
    use super::limits::{INGESTS_AT_ONCE, INGESTS_IN_HAND, LARGE_BODIES_AT_ONCE, SMALL_BODY_BYTES};
    use super::post_events::{MAX_EVENTS, MAX_EVENTS_BYTES};
    use crate::{ingest, otlp};
    let bounds = [
        ("ingest_requests", INGESTS_IN_HAND),
        ("ingest_decoded_at_once", INGESTS_AT_ONCE),
        ("ingest_small_body_bytes", SMALL_BODY_BYTES),
        ("ingest_large_bodies", LARGE_BODIES_AT_ONCE),
        ("ingest_body_bytes", ingest::MAX_DECODED_BYTES),
        ("ingest_memory_bytes", otlp::MAX_REQUEST_MEMORY),
        ("ingest_log_records", ingest::MAX_LOG_RECORDS),
        ("ingest_item_bytes", ingest::MAX_ITEM_BYTES),
        ("attributes", otlp::MAX_ATTRIBUTES),
        ("span_events", otlp::MAX_EVENTS),
        ("span_links", otlp::MAX_LINKS),
        ("attribute_key_bytes", otlp::MAX_KEY_BYTES),
        ("resource_bytes", otlp::MAX_RESOURCE_BYTES),
        ("value_depth", otlp::MAX_VALUE_DEPTH),
        ("values", otlp::MAX_VALUES),
        ("posted_events", MAX_EVENTS),
        ("posted_bytes", MAX_EVENTS_BYTES),
    ];
    let bounds = bounds.into_iter().map(|(name, bound)| (name, bound as u64));
    #[cfg(feature = "control")]
    let bounds = bounds.chain([
        ("permission_requests", super::permission::MAX_PERMISSION_REQUESTS as u64),
        ("permission_wait_ms", milliseconds(super::permission::MAX_PERMISSION_WAIT)),
    ]);
    bounds.collect()
}
