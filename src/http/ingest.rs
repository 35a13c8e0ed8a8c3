//! Spans from OpenTelemetry exporters: OTLP over HTTP.
//!
//! A 200 is the only acknowledgement that exporters know, so it is given when the spans are stored and never before. What
//! cannot be stored at the moment is answered with 503, which they retry; never with 500, on which they drop their data.

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
use crate::ingest::otlp::{self, Format, RpcCode, TraceRequest};
use crate::ingest::{IngestError, MAX_DECODED_BYTES};
use crate::model::{Reported, Timestamp};

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
    match take(&state, &headers, body).await {
        Ok(request) => answer(request.format.content_type(), request.success_body()),
        Err(refused) => {
            let format = Format::of_answer(text(&headers, &CONTENT_TYPE));
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
            Unread::BrokeOff => IngestError::Malformed("the body broke off".to_owned()).into(),
        }
    }
}

impl Refused {
    fn later(why: &dyn std::fmt::Display) -> Self {
        Self { code: RpcCode::Unavailable, problem: Problem::ingest_refused(why.to_string()) }
    }
}

async fn take(state: &AppState, headers: &HeaderMap, body: Body) -> Result<TraceRequest, Refused> {
    let _place = state.limits.ingest_place().ok_or_else(too_many)?;
    // Read before a turn is taken: decoding never waits for a sender.
    let (body, large) = collect(state, body).await?;
    let turn = state.limits.ingest_turn().await.ok_or_else(too_many)?;
    let owned = |name| text(headers, name).map(str::to_owned);
    let (content_type, coding) = (owned(&CONTENT_TYPE), owned(&CONTENT_ENCODING));
    // Decoding takes as long as it takes: off the runtime's threads.
    let decoded = tokio::task::spawn_blocking(move || {
        let _large = large;
        otlp::traces(content_type.as_deref(), coding.as_deref(), &body).map(|request| (request, turn))
    });
    let broken = |_| Refused::later(&"the batch could not be decoded");
    let (mut request, turn) = decoded.await.map_err(broken)??;
    let mut reported = Reported::from(std::mem::take(&mut request.spans));
    state.hooks.observe(&mut reported, Timestamp::from(SystemTime::now()));
    state.pipeline.ingest(reported, turn).await.map_err(|refused| Refused::later(&refused))?;
    Ok(request)
}

fn too_many() -> Refused {
    Refused::later(&"too many requests are waiting")
}

/// The whole body, however it is framed, up to the bound; with its place when it is a large one.
async fn collect(state: &AppState, body: Body) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refused> {
    let mut reading = Reading::new(body, state.limits.bounds.body);
    let mut place = None;
    if !reading.up_to(SMALL_BODY_BYTES).await? {
        place = Some(state.limits.large_body().await.ok_or_else(too_many)?);
        if !reading.up_to(MAX_DECODED_BYTES).await? {
            return Err(IngestError::TooLarge.into());
        }
    }
    Ok((reading.into_bytes(), place))
}
