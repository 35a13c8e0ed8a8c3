//! Where sessions are to be stopped.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::body;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::control::MAX_BREAKPOINTS;
use crate::model::{Breakpoint, BreakpointRule, EventKind};

/// The largest body that is read, in bytes: a condition may compare with a value.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The longest pattern of a name, and the longest pointer, in characters.
const MAX_PATTERN_CHARS: usize = 128;
const MAX_POINTER_CHARS: usize = 512;

/// The breakpoints that are set.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BreakpointList {
    /// The oldest first.
    breakpoints: Vec<Breakpoint>,
    /// Whether the host allows them.
    allowed: bool,
}

/// The breakpoints that are set.
#[utoipa::path(
    get, path = "/breakpoints", operation_id = "list_breakpoints", tag = "control",
    responses(
        (status = 200, description = "All breakpoints, and whether the host allows any.", body = BreakpointList),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_breakpoints(State(state): State<AppState>) -> Result<Json, Problem> {
    let breakpoints = state.control.own.controls.breakpoints().all();
    Json::of(&BreakpointList { breakpoints, allowed: state.control.own.stepping && !state.control.read_only })
}

/// Set a breakpoint: sessions stop at checkpoints that match it, until somebody says how they go on.
#[utoipa::path(
    post, path = "/breakpoints", operation_id = "set_breakpoint", tag = "control",
    request_body(content = BreakpointRule, description = "Where sessions are to stop; an empty object is every checkpoint."),
    responses(
        (status = 201, description = "It is set, and `BreakpointSet` is published.", body = Breakpoint),
        (status = 400, description = "The body cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, the inspector is read-only, or the host does not allow breakpoints.", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Too many breakpoints are set.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set_breakpoint(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    state.control.may_step()?;
    let body = body::json(&headers, body, MAX_BODY_BYTES, &state.limits).await?;
    // A list of values would be taken for the fields in their order.
    let fields: serde_json::Map<_, _> =
        serde_json::from_slice(&body).map_err(|error| Problem::invalid_body(error.to_string()))?;
    let rule: BreakpointRule =
        serde_json::from_value(fields.into()).map_err(|error| Problem::invalid_body(error.to_string()))?;
    check(&rule)?;
    let (own, (by, from)) = (&state.control.own, caller.named());
    let set = own.controls.breakpoints().set(rule, own.now(), (own.redactor.shown_name(by), from));
    let breakpoint = set.ok_or_else(|| Problem::too_many_breakpoints(MAX_BREAKPOINTS))?;
    state.control.publish(None, EventKind::BreakpointSet { breakpoint: Box::new(breakpoint.clone()) });
    Ok((StatusCode::CREATED, Json::of(&breakpoint)?).into_response())
}

/// Remove a breakpoint. Sessions that stopped at it stay stopped until somebody says how they go on.
#[utoipa::path(
    delete, path = "/breakpoints/{breakpoint_id}", operation_id = "remove_breakpoint", tag = "control",
    params(("breakpoint_id" = u64, Path, description = "The breakpoint.")),
    responses(
        (status = 204, description = "It is gone, and `BreakpointRemoved` is published."),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, the inspector is read-only, or the host does not allow breakpoints.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such breakpoint.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn remove_breakpoint(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    state.control.may_step()?;
    let id = id.parse().map_err(|_| Problem::breakpoint_not_found())?;
    if !state.control.own.controls.breakpoints().remove(id) {
        return Err(Problem::breakpoint_not_found());
    }
    let (by, from) = caller.named();
    state.control.publish(None, EventKind::BreakpointRemoved { breakpoint_id: id, by, from });
    Ok(StatusCode::NO_CONTENT)
}

fn check(rule: &BreakpointRule) -> Result<(), Problem> {
    for (name, pattern) in [("checkpoint", &rule.checkpoint), ("tool", &rule.tool), ("agent", &rule.agent)] {
        let long = |text: &String| text.is_empty() || text.chars().count() > MAX_PATTERN_CHARS;
        if pattern.as_ref().is_some_and(long) {
            let wanted = format!("`{name}`: a pattern of 1 to {MAX_PATTERN_CHARS} characters is wanted");
            return Err(Problem::invalid_body(wanted));
        }
    }
    let Some(condition) = &rule.condition else { return Ok(()) };
    let pointer = &condition.pointer;
    if pointer.chars().count() > MAX_POINTER_CHARS || !(pointer.is_empty() || pointer.starts_with('/')) {
        return Err(Problem::invalid_body(
            "`condition.pointer`: a JSON Pointer is wanted, such as `/plan/0`; empty for the whole state",
        ));
    }
    Ok(())
}
