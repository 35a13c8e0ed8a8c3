//! What OpenTelemetry exporters send: OTLP over HTTP.
//!
//! A 200 is the only acknowledgement that exporters know, so it is given when everything is stored and never before. What
//! cannot be stored at the moment is answered with 503, which they retry; never with 500, on which they drop their data.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::body::{Reading, Unread};
use super::limits::SMALL_BODY_BYTES;
use super::problem::Problem;
use super::state::AppState;
use crate::ingest::agents::is_span_of_agent;
use crate::ingest::described;
use crate::ingest::logs::{is_of_agent, logs};
use crate::ingest::metrics::usage_of;
use crate::ingest::otlp::{self, Delivered, Format, LogRecord, MetricPoint, RpcCode, Signal};
use crate::ingest::{IngestError, MAX_DECODED_BYTES};
use crate::model::{Reported, Span, Timestamp};

/// Take spans (`ExportTraceServiceRequest`).
#[utoipa::path(
    post, path = "/v1/traces", operation_id = "ingest_traces", tag = "otlp",
    request_body(
        description = "An `ExportTraceServiceRequest` of OTLP, as protobuf or JSON, optionally with `Content-Encoding: gzip`; 64 MiB at most, also when decompressed.",
        content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json")),
    ),
    responses(
        (status = 200, description = "The spans are stored. `partial_success` counts those that could not be understood. In the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 400, description = "The body cannot be understood; nothing of it was taken. A `google.rpc.Status` in the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large. A `google.rpc.Status` in the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 415, description = "The content type or coding is not understood. A `google.rpc.Status`.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 503, description = "Nothing can be stored at the moment, or the body came too slowly; send the same again after `Retry-After`.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
    ),
)]
pub(super) async fn ingest_traces(State(state): State<AppState>, headers: HeaderMap, body: Body) -> Response {
    let hooks = Arc::clone(&state.hooks);
    let report = move |spans: Vec<Span>, of_agent| {
        let mut reported = Reported::from(spans);
        described::take(&mut reported);
        if of_agent {
            hooks.observe(&mut reported, Timestamp::from(SystemTime::now()));
        }
        (reported, Taken::default())
    };
    ingest(&state, &headers, body, |spans: &[Span]| spans.iter().any(is_span_of_agent), report).await
}

/// Take log records (`ExportLogsServiceRequest`). Each becomes a `Log` event of the session that its trace belongs to, or that
/// it names.
#[utoipa::path(
    post, path = "/v1/logs", operation_id = "ingest_logs", tag = "otlp",
    request_body(
        description = "An `ExportLogsServiceRequest` of OTLP, as protobuf or JSON, optionally with `Content-Encoding: gzip`; 64 MiB at most, also when decompressed, and 65,536 log records.",
        content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json")),
    ),
    responses(
        (status = 200, description = "The log records are stored. `partial_success` counts those that could not be taken. In the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 400, description = "The body cannot be understood; nothing of it was taken. A `google.rpc.Status` in the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large. A `google.rpc.Status` in the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 415, description = "The content type or coding is not understood. A `google.rpc.Status`.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 503, description = "Nothing can be stored at the moment, or the body came too slowly; send the same again after `Retry-After`.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
    ),
)]
pub(super) async fn ingest_logs(State(state): State<AppState>, headers: HeaderMap, body: Body) -> Response {
    let hooks = Arc::clone(&state.hooks);
    let report = move |records: Vec<LogRecord>, _| {
        let taken = Taken { log_records: records.len() as u64, ..Taken::default() };
        (logs(records, |record, out| hooks.log(record, out)), taken)
    };
    ingest(&state, &headers, body, |records: &[LogRecord]| records.iter().any(is_of_agent), report).await
}

/// Take data points (`ExportMetricsServiceRequest`). There is no store of metrics: only the token and cost sums of Claude Code
/// are looked at, and all other points are counted and forgotten.
#[utoipa::path(
    post, path = "/v1/metrics", operation_id = "ingest_metrics", tag = "otlp",
    request_body(
        description = "An `ExportMetricsServiceRequest` of OTLP, as protobuf or JSON, optionally with `Content-Encoding: gzip`; 64 MiB at most, also when decompressed.",
        content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json")),
    ),
    responses(
        (status = 200, description = "The data points are taken. `partial_success` counts those that could not be understood. In the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 400, description = "The body cannot be understood; nothing of it was taken. A `google.rpc.Status` in the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large. A `google.rpc.Status` in the request's content type.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 415, description = "The content type or coding is not understood. A `google.rpc.Status`.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
        (status = 503, description = "Nothing can be stored at the moment, or the body came too slowly; send the same again after `Retry-After`.",
         content((Vec<u8> = "application/x-protobuf"), (serde_json::Value = "application/json"))),
    ),
)]
pub(super) async fn ingest_metrics(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let hooks = Arc::clone(&state.hooks);
    let report = move |points: Vec<MetricPoint>, _| {
        let metric_points = points.len() as u64;
        let (usage, metric_points_ignored) = usage_of(&points);
        let mut reported = Reported::default();
        hooks.usage(&usage, &mut reported);
        (reported, Taken { metric_points, metric_points_ignored, ..Taken::default() })
    };
    ingest(&state, &headers, body, |points: &[MetricPoint]| !usage_of(points).0.is_empty(), report).await
}

/// How much a request delivered besides spans, which the pipeline counts.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    log_records: u64,
    metric_points: u64,
    metric_points_ignored: u64,
}

/// How much was delivered besides spans since the start.
#[derive(Debug, Default)]
pub(crate) struct DeliveredCounts {
    log_records: AtomicU64,
    metric_points: AtomicU64,
    metric_points_ignored: AtomicU64,
}

impl DeliveredCounts {
    fn add(&self, taken: Taken) {
        self.log_records.fetch_add(taken.log_records, Ordering::Relaxed);
        self.metric_points.fetch_add(taken.metric_points, Ordering::Relaxed);
        self.metric_points_ignored.fetch_add(taken.metric_points_ignored, Ordering::Relaxed);
    }

    /// The counts by name.
    pub(super) fn by_name(&self) -> [(&'static str, u64); 3] {
        [
            ("ingested_log_records", self.log_records.load(Ordering::Relaxed)),
            ("ingested_metric_points", self.metric_points.load(Ordering::Relaxed)),
            ("metric_points_ignored", self.metric_points_ignored.load(Ordering::Relaxed)),
        ]
    }
}

/// Takes the items of an export request, as `report` makes something of them, and answers as the specification asks. Those by
/// which an agent program reports a run are taken one request after the other; `report` is told whether these are any.
async fn ingest<T: Signal>(
    state: &AppState,
    headers: &HeaderMap,
    body: Body,
    is_of_agent: impl FnOnce(&[T]) -> bool + Send + 'static,
    report: impl FnOnce(Vec<T>, bool) -> (Reported, Taken) + Send + 'static,
) -> Response {
    match take(state, headers, body, is_of_agent, report).await {
        Ok(request) => answer(request.format.content_type(), request.success_body()),
        Err(refused) => {
            let format = Format::of_answer(text(headers, &CONTENT_TYPE));
            let body = format.error_body(refused.code, &refused.problem.message());
            refused.problem.with_body(format.content_type(), body)
        }
    }
}

fn answer(content_type: &'static str, body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("not ASCII"))
}

/// Why nothing was taken, in HTTP's words and in gRPC's.
struct Refused {
    problem: Problem,
    code: RpcCode,
}

impl From<IngestError> for Refused {
    fn from(error: IngestError) -> Self {
        Self { code: error.rpc_code(), problem: error.into() }
    }
}

impl From<Unread> for Refused {
    fn from(unread: Unread) -> Self {
        match unread {
            // Not 408, after which exporters drop what they have: the network may be slow, and better later.
            Unread::TooSlow => Self::later(&"the body came too slowly"),
            Unread::NoRoom => Self::later(&"too many bodies are being sent"),
            Unread::BrokeOff => IngestError::Malformed("the body broke off".to_owned()).into(),
        }
    }
}

impl Refused {
    fn later(why: &dyn std::fmt::Display) -> Self {
        Self { code: RpcCode::Unavailable, problem: Problem::ingest_refused(why.to_string()) }
    }
}

/// A request that was decoded, with what it holds until it is prepared.
struct Made<T> {
    request: Delivered<T>,
    large: Option<OwnedSemaphorePermit>,
    turn: OwnedSemaphorePermit,
}

/// What comes of decoding.
enum Decoded<T, F> {
    /// It is for the pipeline. Only the turn is held on.
    Reported(Delivered<T>, OwnedSemaphorePermit, (Reported, Taken)),
    /// An agent program reports a run: in order.
    OfAgent(Made<T>, F),
}

impl<T> Made<T> {
    fn by<F: FnOnce(Vec<T>, bool) -> (Reported, Taken)>(self, of_agent: bool, report: F) -> Decoded<T, F> {
        let Self { mut request, large, turn } = self;
        let reported = report(std::mem::take(&mut request.items), of_agent);
        drop(large);
        Decoded::Reported(request, turn, reported)
    }
}

/// What was delivered, without its items: they are stored.
async fn take<T: Signal>(
    state: &AppState,
    headers: &HeaderMap,
    body: Body,
    is_of_agent: impl FnOnce(&[T]) -> bool + Send + 'static,
    report: impl FnOnce(Vec<T>, bool) -> (Reported, Taken) + Send + 'static,
) -> Result<Delivered<T>, Refused> {
    let arrival = Timestamp::from(SystemTime::now());
    // Read before a place or a turn is taken: nobody waits for a sender.
    let (body, large) = collect(state, body).await?;
    let _place = state.limits.ingest_place().ok_or_else(too_many)?;
    let turn = state.limits.ingest_turn().await.ok_or_else(too_many)?;
    let owned = |name| text(headers, name).map(str::to_owned);
    let (content_type, coding) = (owned(&CONTENT_TYPE), owned(&CONTENT_ENCODING));
    // Decoding takes as long as it takes: off the runtime's threads.
    let decoded = state.work.run(move || {
        let request = otlp::request(content_type.as_deref(), coding.as_deref(), &body, arrival)?;
        let of_agent = is_of_agent(&request.items);
        let made = Made { request, large, turn };
        Ok::<_, IngestError>(if of_agent { Decoded::OfAgent(made, report) } else { made.by(false, report) })
    });
    let broken = |_| Refused::later(&"the batch could not be decoded");
    let (made, report) = match decoded.await.map_err(broken)?? {
        Decoded::Reported(request, turn, (reported, taken)) => {
            state.pipeline.ingest(reported, turn).await.map_err(|refused| Refused::later(&refused))?;
            state.limits.delivered.add(taken);
            return Ok(request);
        }
        Decoded::OfAgent(made, report) => (made, report),
    };
    let busy = || Refused::later(&"others report at the same time");
    let mut order = state.hooks.in_order().await.ok_or_else(busy)?;
    let made = state.work.run(move || made.by(true, report)).await.map_err(broken)?;
    let Decoded::Reported(request, turn, (reported, taken)) = made else { return Err(busy()) };
    order.made(&reported);
    state.pipeline.ingest(reported, turn).await.map_err(|refused| Refused::later(&refused))?;
    order.stored();
    state.limits.delivered.add(taken);
    Ok(request)
}

fn too_many() -> Refused {
    Refused::later(&"too many requests are waiting")
}

/// The whole body, however it is framed, up to the bound; with its place when it is a large one.
async fn collect(state: &AppState, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refused> {
    let mut reading = Reading::new(body, &state.limits);
    let mut place = None;
    if !reading.up_to(SMALL_BODY_BYTES).await? {
        place = Some(state.limits.large_body().await.ok_or_else(too_many)?);
        reading.has_a_place();
        if !reading.up_to(MAX_DECODED_BYTES).await? {
            return Err(IngestError::TooLarge.into());
        }
    }
    Ok((reading.into_bytes(), place))
}
