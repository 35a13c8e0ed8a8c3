//! A sign of life, and what is wrong.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use axum::Extension;
use axum::extract::State;
use parking_lot::Mutex;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Caller, Role};
use super::mount::Mount;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::import::Import;
use crate::model::{Cursor, SessionQuery, Timestamp};
use crate::pipeline::Counters;
use crate::pricing::Prices;
use crate::sink::Feed;
use crate::store::{Store, StoreError, StoreStats};

/// How far back a session counts as active.
const ACTIVE_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// How long a count of active sessions is told again before it is taken anew: it reads them all.
const COUNT_ANEW_AFTER: Duration = Duration::from_secs(30);

/// How many sessions are read at once while counting.
const COUNT_PAGE: usize = 1000;

/// How a part of the inspector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartState {
    /// It works.
    Ok,
    /// Something is missing; `why` says what.
    Degraded,
}

/// A part of the inspector.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Part {
    /// Its name: `store`, a registry's or a sink's name, or what went wrong at the start.
    pub(super) name: String,
    /// How it is.
    pub(super) state: PartState,
    /// What is wrong, in words for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What the store is and how full.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreHealth {
    /// `sqlite` or `memory`.
    kind: String,
    /// Where it is; only told to callers who may see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Bytes on disk or in memory.
    bytes: u64,
    /// Sessions in it.
    sessions: u64,
    /// Spans in it.
    spans: u64,
    /// Events in it that can be replayed.
    events: u64,
    /// Lines of spans and events that are not in the index of the search yet; every search reads them one by one, so that
    /// it finds them all the same. Absent without an index: then every search reads everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    unindexed: Option<u64>,
}

/// The price list from which costs are computed that nobody reported.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PriceHealth {
    /// The day of the list that ships with the inspector.
    #[schema(format = "date")]
    date: String,
    /// Where that list is from, with its version.
    source: String,
    /// How many prices are in force. A model that several providers sell has several.
    models: u64,
    /// How many of them are the host's own, from a file; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    own_models: Option<u64>,
    /// That file; only told to callers who may see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

/// The inspector's own numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `degraded` when a part is.
    status: PartState,
    /// The version of the inspector.
    version: &'static str,
    /// This start of it.
    instance: String,
    /// How long it has been up.
    uptime_seconds: u64,
    /// The path it is mounted at, empty at the root.
    mount: String,
    /// The store; absent when it cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<StoreHealth>,
    /// Sessions that began within 24 hours; absent when the store cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions_active_24h: Option<u64>,
    /// Events published within the last minute.
    events_last_minute: u64,
    /// Open live streams and other readers.
    subscribers: usize,
    /// Bytes that wait for the store; about zero while it keeps up.
    backlog_bytes: u64,
    /// Counts since the start: `published`, `ingested_spans`, `ingested_log_records` and `ingested_metric_points` (of which
    /// `metric_points_ignored` say nothing of a session), and every loss: `dropped_capture`, `missed`, `not_stored`,
    /// `panics_contained`, `redactions_overrun`, and the requests that were `refused` until later.
    counters: BTreeMap<&'static str, u64>,
    /// The bounds in force, in events, records, requests, bytes or milliseconds, as their names say; `docs/limits.md` says what
    /// becomes of what goes beyond. Empty for callers who may not see everything.
    limits: BTreeMap<&'static str, u64>,
    /// Present when the host opened the inspector to all: what everybody may do who can reach it, `viewer`, `operator` or
    /// `admin`. A page shows that where nobody overlooks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    open_to_everyone: Option<&'static str>,
    /// What the caller may do: `viewer`, `operator` or `admin`; absent for callers who may not see everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    role: Option<&'static str>,
    /// Whether the host lets nobody act on sessions, whatever their role.
    read_only: bool,
    /// The prices from which costs are computed.
    prices: PriceHealth,
    /// The parts.
    parts: Vec<Part>,
}

/// A sign of life, how full the store is, what was lost, and how each part is.
#[utoipa::path(
    get, path = "/health", operation_id = "get_health", tag = "health",
    responses(
        (status = 200, description = "The inspector answers; `status` says whether every part works.", body = Health),
        (status = 403, description = "The host name or the asking page is foreign.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get_health(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    mount: Mount,
) -> Result<Json, Problem> {
    let stats = state.read(Store::stats).await.ok();
    let active = state.active_sessions().await;
    let parts = parts(&state, stats.is_some(), state.hidden_spans().await, &caller);
    let degraded = parts.iter().any(|part| part.state == PartState::Degraded);
    Json::of(&Health {
        status: if degraded { PartState::Degraded } else { PartState::Ok },
        version: env!("CARGO_PKG_VERSION"),
        instance: state.instance.to_string(),
        uptime_seconds: state.started.elapsed().as_secs(),
        mount: mount.as_str().to_owned(),
        store: stats.map(|stats| store_health(stats, &caller)),
        sessions_active_24h: active,
        events_last_minute: state.pipeline.events_last_minute(),
        subscribers: state.bus.readers(),
        backlog_bytes: state.pipeline.counters().backlog_bytes,
        counters: state.counters(),
        limits: if caller.trusted { limits(&state) } else { BTreeMap::new() },
        open_to_everyone: state.guard.open_to_everyone().map(Role::as_str),
        role: caller.role().map(Role::as_str),
        read_only: state.control.read_only,
        prices: price_health(state.pipeline.prices(), &caller),
        parts,
    })
}

fn price_health(prices: &Prices, caller: &Caller) -> PriceHealth {
    let listed = prices.listed();
    PriceHealth {
        date: listed.date.to_owned(),
        source: listed.source.to_owned(),
        models: listed.models as u64,
        own_models: listed.file.map(|(_, models)| models as u64),
        path: listed.file.filter(|_| caller.trusted).map(|(path, _)| path.display().to_string()),
    }
}

fn limits(state: &AppState) -> BTreeMap<&'static str, u64> {
    let mut limits = state.limits.by_name();
    limits.extend(state.feed.as_deref().map(Feed::limits).unwrap_or_default());
    limits.extend(state.import.as_deref().map(Import::limits).unwrap_or_default());
    #[cfg(feature = "otlp")]
    limits.extend(crate::import::Hooks::limits());
    limits
}

fn store_health(stats: StoreStats, caller: &Caller) -> StoreHealth {
    StoreHealth {
        kind: stats.kind.to_owned(),
        path: stats.path.filter(|_| caller.trusted).map(|path| path.display().to_string()),
        bytes: stats.bytes,
        sessions: stats.sessions,
        spans: stats.spans,
        events: stats.events,
        unindexed: stats.unindexed,
    }
}

impl AppState {
    /// Counts since the start, by name.
    pub(super) fn counters(&self) -> BTreeMap<&'static str, u64> {
        let counted = self.pipeline.counters();
        let sinks = self.feed.as_deref();
        let mut counters = BTreeMap::from([
            ("published", counted.published),
            ("dropped_capture", counted.dropped_capture.total()),
            ("missed", self.limits.missed.load(Ordering::Relaxed)),
            ("readers_cut", self.limits.readers.cut()),
            ("not_stored", counted.not_stored),
            (
                "panics_contained",
                counted.panics_contained + self.registries.panics() + sinks.map_or(0, Feed::panics),
            ),
            ("redactions_overrun", counted.redactions_overrun),
            ("refused", self.limits.refused.load(Ordering::Relaxed)),
            ("ingested_spans", counted.ingested_spans),
        ]);
        #[cfg(feature = "otlp")]
        counters.extend(self.limits.delivered.by_name());
        counters.extend(sinks.map(Feed::counters).unwrap_or_default());
        counters.extend(self.import.as_deref().map(Import::counters).unwrap_or_default());
        #[cfg(feature = "otlp")]
        counters.extend(self.hooks.counters());
        counters
    }
}

/// What is wrong may name paths and machines: callers who may not see everything are told that something is.
pub(super) fn parts(
    state: &AppState,
    store_answers: bool,
    hidden: Option<String>,
    caller: &Caller,
) -> Vec<Part> {
    let part = |name: &str, why: Option<String>| Part {
        name: name.to_owned(),
        state: if why.is_some() { PartState::Degraded } else { PartState::Ok },
        why: why.filter(|_| caller.trusted),
    };
    let unreadable = || (!store_answers).then(|| "it cannot be read at the moment".to_owned());
    let notice = || state.store.notice();
    let store = part("store", state.pipeline.problem().or_else(unreadable).or_else(notice));
    let registries = state.registries.states().into_iter().map(|one| part(&one.name, one.problem));
    let start = state.start_problems.iter().map(|(name, why)| part(name, Some(why.clone())));
    let capture = part("capture", hidden);
    let redaction = part("redaction", redaction_problem(&state.pipeline.counters()));
    let sinks = state.feed.iter().flat_map(|feed| feed.states()).map(|(name, why)| part(name, why));
    let import = state.import.iter().map(|import| part(Import::NAME, import.problem()));
    [store, capture, redaction]
        .into_iter()
        .chain(registries)
        .chain(sinks)
        .chain(import)
        .chain(start)
        .collect()
}

/// How the host's own redaction failed since the start; what it cost is not to be had back.
fn redaction_problem(counters: &Counters) -> Option<String> {
    let (overran, panicked) = (counters.redactions_overrun, counters.redactions_panicked);
    (overran + panicked > 0).then(|| {
        format!(
            "the host's redaction took too long for {overran} spans and panicked on {panicked}; their content was dropped"
        )
    })
}

/// The last count of active sessions and when it was taken.
#[derive(Debug, Default)]
pub(crate) struct ActiveSessions(Mutex<Option<(Instant, u64)>>);

impl AppState {
    async fn active_sessions(&self) -> Option<u64> {
        let last = *self.limits.active_sessions.0.lock();
        if let Some((at, count)) = last
            && at.elapsed() < COUNT_ANEW_AFTER
        {
            return Some(count);
        }
        let count = self.read(count_active).await.ok()?;
        *self.limits.active_sessions.0.lock() = Some((Instant::now(), count));
        Some(count)
    }
}

fn count_active(store: &dyn Store) -> Result<u64, StoreError> {
    let since = Timestamp::from(SystemTime::now()).minus(ACTIVE_WITHIN);
    let mut query = SessionQuery { limit: COUNT_PAGE, since: Some(since), ..SessionQuery::default() };
    let mut count = 0;
    loop {
        let page = store.sessions(&query)?;
        count += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == COUNT_PAGE => query.after = Some(Cursor::after(last)),
            _ => return Ok(count),
        }
    }
}
