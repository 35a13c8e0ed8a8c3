//! The inspector's own numbers for Prometheus and whatever else reads OpenMetrics.
//!
//! They are the numbers of [`health`](super::health), by the names that such systems expect. They are taken when they are
//! asked for and kept nowhere else.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::access::Caller;
use super::health::{Part, PartState, parts};
use super::problem::Problem;
use super::state::AppState;
use crate::store::{Store, StoreStats};

/// What every name begins with.
const PREFIX: &str = "agent_inspector";

type Labels = Vec<(&'static str, String)>;

/// OpenMetrics 1.0; Prometheus reads it since 2.5.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// The inspector's own numbers as OpenMetrics text.
#[utoipa::path(
    get, path = "/metrics", operation_id = "get_metrics", tag = "health",
    responses(
        (status = 200, description = "Counters since the start, sizes, and the state of each part, in OpenMetrics 1.0. What the store holds is left out while it cannot be asked.",
         body = String, content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get_metrics(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let stats = state.read(Store::stats).await.ok();
    let mut registry = Registry::with_prefix(PREFIX);
    about(&mut registry, &state);
    counted(&mut registry, &state);
    present(&mut registry, &state);
    part_states(&mut registry, parts(&state, stats.is_some(), state.hidden_spans().await, &caller));
    if let Some(stats) = stats {
        stored(&mut registry, &stats);
    }
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = encode(&mut text, &registry);
    ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

fn about(registry: &mut Registry, state: &AppState) {
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    registry.register("build", "The inspector that answers", Info::new(version));
    let uptime = ConstGauge::new(state.started.elapsed().as_secs_f64());
    registry.register_with_unit("uptime", "How long the inspector has been up", Unit::Seconds, uptime);
}

/// Counts since the start.
fn counted(registry: &mut Registry, state: &AppState) {
    let counters = state.counters();
    for (name, help, counter) in [
        ("events_published", "Events published in the live stream", "published"),
        ("events_missed", "Events that live readers could not get any more, at most", "missed"),
        ("readers_cut", "Live readers that were cut off because they did not read", "readers_cut"),
        ("records_not_stored", "Records that could not be stored in time", "not_stored"),
        ("panics_contained", "Panics contained in host code, the store or the inspector", "panics_contained"),
        (
            "redactions_overrun",
            "Spans whose content was dropped because the host's redaction took too long",
            "redactions_overrun",
        ),
        ("requests_refused", "Requests sent away until later, with 429 or 503", "refused"),
        ("spans_ingested", "Spans taken from outside senders", "ingested_spans"),
        ("log_records_ingested", "Log records taken from outside senders", "ingested_log_records"),
        ("metric_points_ingested", "Data points taken from outside senders", "ingested_metric_points"),
        (
            "metric_points_ignored",
            "Of these, data points that say nothing of a session",
            "metric_points_ignored",
        ),
        ("hooks_taken", "Payloads of hooks that were taken", "hooks_taken"),
        ("hooks_lost", "Payloads of hooks that came faster than they could be taken", "hooks_lost"),
        ("hooks_not_understood", "Payloads of hooks that could not be understood", "hooks_not_understood"),
        ("hooks_not_stored", "Payloads of hooks that could not be stored in time", "hooks_not_stored"),
        (
            "agent_spans_left_out",
            "Spans that a program records of itself and that name no session",
            "agent_spans_left_out",
        ),
    ] {
        // What the crate was built without is not counted.
        let Some(count) = counters.get(counter).copied() else { continue };
        registry.register(name, help, ConstCounter::new(count));
    }
    let dropped = Family::<Labels, Counter>::default();
    for (kind, count) in state.pipeline.counters().dropped_capture.of_every_kind() {
        dropped.get_or_create(&vec![("kind", kind.to_owned())]).inc_by(count);
    }
    registry.register(
        "records_dropped",
        "Records of the host that did not fit into the capture lane",
        dropped,
    );
}

/// What is the case at the moment.
fn present(registry: &mut Registry, state: &AppState) {
    let counters = state.pipeline.counters();
    gauge(
        registry,
        "events_last_minute",
        "Events published within the last minute",
        state.pipeline.events_last_minute(),
    );
    gauge(registry, "readers", "Open live streams and other readers", state.bus.readers() as u64);
    gauge(registry, "spans_open", "Spans of the host that run", counters.open_spans);
    gauge_of_bytes(registry, "store_backlog", "What waits for the store", counters.backlog_bytes);
}

fn stored(registry: &mut Registry, stats: &StoreStats) {
    gauge_of_bytes(registry, "store", "The store's size on disk or in memory", stats.bytes);
    gauge(registry, "store_sessions", "Sessions in the store", stats.sessions);
    gauge(registry, "store_spans", "Spans in the store", stats.spans);
    gauge(registry, "store_events", "Events in the store that can be replayed", stats.events);
}

/// One line for each part: 1 when it works. Names may repeat, lines may not.
fn part_states(registry: &mut Registry, parts: Vec<Part>) {
    let mut works: BTreeMap<String, bool> = BTreeMap::new();
    for part in parts {
        *works.entry(part.name).or_insert(true) &= part.state == PartState::Ok;
    }
    let up = Family::<Labels, Gauge>::default();
    for (name, works) in works {
        up.get_or_create(&vec![("part", name)]).set(i64::from(works));
    }
    registry.register("part_up", "Whether a part of the inspector works", up);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register(name, help, ConstGauge::new(value));
}

fn gauge_of_bytes(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register_with_unit(name, help, Unit::Bytes, ConstGauge::new(value));
}
