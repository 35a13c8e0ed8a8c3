//! A session's trace: its spans as JSON lines, streamed without compressing anything again.
//!
//! The trace has two representations with an entity tag each: one gzip member when the client takes gzip, the plain
//! lines otherwise. `Range` and the conditions follow RFC 9110 on the one that was chosen; browsers ask for the plain one
//! with every range. The length is fixed when the answer starts, while the session grows.
//!
//! `Content-Location` names what was served: the same trace with `?until=` the length of its lines in bytes. That is a
//! stable prefix: asked for again it is the same bytes under the same tag, until the session is compacted.

mod body;
mod plan;
mod range;

use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use self::plan::{Form, Plan};
use self::range::{Wanted, wanted};
pub(super) use self::range::{accepts_gzip, has_already};
use super::extract::{Params, SessionPath};
use super::mount::Mount;
use super::problem::Problem;
use super::state::AppState;
use crate::model::SessionId;
use crate::store::TraceIndex;

/// How much of the trace is wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; the handler reads them")]
pub(super) struct TraceParams {
    /// Only the blocks that lie whole within so many bytes of plain lines. `Content-Location` of an answer names the value
    /// with which that answer can be had again while the session grows.
    until: Option<u64>,
}

/// The trace of a session as JSON lines: one span per line, and of several lines about one span the last one counts.
#[utoipa::path(
    get, path = "/trace/{id}", operation_id = "get_trace", tag = "traces",
    params(
        ("id" = SessionId, Path, description = "The session."),
        TraceParams,
        ("range" = Option<String>, Header, description = "One range of bytes of the representation that is chosen by `Accept-Encoding`."),
        ("if-range" = Option<String>, Header, description = "The entity tag that the range belongs to; with another one the whole trace is answered."),
        ("if-none-match" = Option<String>, Header, description = "Entity tags that the client has already."),
    ),
    responses(
        (status = 200, description = "The whole trace, one `Span` per line; a single gzip member when gzip is accepted.",
         body = String, content_type = "application/x-ndjson",
         headers(
            ("etag" = String, description = "Strong, one per content coding."),
            ("accept-ranges" = String, description = "`bytes`."),
            ("content-location" = String, description = "The same bytes again while the session grows, as `?until=`."),
         )),
        (status = 206, description = "A part of the trace.", body = String, content_type = "application/x-ndjson"),
        (status = 304, description = "The client has it already."),
        (status = 400, description = "The id or a parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "No byte of the range lies within the trace.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read, or too many streams are open.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get_trace(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    mount: Mount,
    method: Method,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Problem> {
    let until = params.number("until")?;
    let asked = id.clone();
    state.catch_up().await;
    let form = if accepts_gzip(&headers) { Form::Gzip } else { Form::Identity };
    let plan = state
        .read(move |store| Ok(store.trace_index(&asked)?.map(|index| Plan::new(index, form, until))))
        .await?;
    let plan = match plan {
        Some(plan) => plan,
        None => {
            // Known to a registry, but nothing of it is stored: a trace without lines.
            state.find_session(&id).await?;
            Plan::new(TraceIndex { generation: 0, blocks: Vec::new() }, form, until)
        }
    };
    answer(state, plan, &method, &headers, &format!("{}/trace/{id}", mount.as_str()))
}

fn answer(
    state: AppState,
    plan: Plan,
    method: &Method,
    headers: &HeaderMap,
    url: &str,
) -> Result<Response, Problem> {
    let mut response = Response::default();
    describe(response.headers_mut(), &plan, url)?;
    if has_already(headers, &plan.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    // Ranges are defined for GET alone.
    let wanted = if method == Method::GET { wanted(headers, &plan.etag, plan.length) } else { Wanted::Whole };
    let (from, to) = match wanted {
        Wanted::Whole => (0, plan.length),
        Wanted::Part { from, to } => (from, to),
        Wanted::Unsatisfiable => {
            let mut problem = Problem::range_not_satisfiable(plan.length).into_response();
            problem.headers_mut().extend(response.headers_mut().remove(ETAG).map(|etag| (ETAG, etag)));
            return Ok(problem);
        }
    };
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    out.insert(CONTENT_LENGTH, HeaderValue::from(to - from));
    if plan.form == Form::Gzip {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if matches!(wanted, Wanted::Part { .. }) {
        out.insert(CONTENT_RANGE, text(format!("bytes {from}-{}/{}", to - 1, plan.length))?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    if method != Method::HEAD {
        let place = state.download()?;
        *response.body_mut() = body::body(state, plan, from, to, place);
    }
    Ok(response)
}

/// What every answer says about the representation, also the one without a body.
fn describe(headers: &mut HeaderMap, plan: &Plan, url: &str) -> Result<(), Problem> {
    headers.insert(ETAG, text(plan.etag.clone())?);
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(CONTENT_LOCATION, text(format!("{url}?until={}", plan.plain_bytes))?);
    Ok(())
}

/// Only visible ASCII is written here; a mount with anything else has no such path.
fn text(value: String) -> Result<HeaderValue, Problem> {
    HeaderValue::try_from(value).map_err(|_| Problem::not_found())
}
