//! Events that any program posts.

use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::small;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::model::{Reported, Timestamp};

/// The largest request, in bytes.
pub(crate) const MAX_EVENTS_BYTES: usize = 4 << 20;

/// The most events of one request.
pub(crate) const MAX_EVENTS: usize = 10_000;

/// What was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventsTaken {
    /// How many events.
    accepted: usize,
}

/// Take events of any program.
///
/// One object `{"type", "session_id"?, "timestamp"?, ...}` or an array of them; either all are taken, or none.
#[utoipa::path(
    post, path = "/events", operation_id = "post_events", tag = "agents",
    request_body(description = "An event, or an array of them; 4 MiB and 10,000 events at most.", content_type = "application/json", content = serde_json::Value),
    responses(
        (status = 200, description = "The events are stored.", body = EventsTaken),
        (status = 400, description = "The body is no JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An event cannot be taken; `detail` says which, and why. None was.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing can be stored at the moment; send the same again after `Retry-After`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn post_events(State(state): State<AppState>, body: Body) -> Result<Json, Problem> {
    let body = small(body, MAX_EVENTS_BYTES, &state.limits).await?;
    let place = state.limits.ingest_place().ok_or_else(|| busy(&"too many requests are waiting"))?;
    let at = Timestamp::from(SystemTime::now());
    let hooks = std::sync::Arc::clone(&state.hooks);
    let mut order = hooks.in_order().await.ok_or_else(|| busy(&"others report at the same time"))?;
    // Parsing megabytes takes as long as it takes: off the runtime's threads.
    let read = state.work.run(move || {
        let posted: serde_json::Value =
            serde_json::from_slice(&body).map_err(|error| Problem::invalid_body(error.to_string()))?;
        if posted.as_array().is_some_and(|events| events.len() > MAX_EVENTS) {
            return Err(Problem::body_too_large(MAX_EVENTS_BYTES));
        }
        let mut reported = Reported::default();
        let accepted = hooks.events(posted, at, &mut reported);
        let accepted = accepted.map_err(|(number, why)| Problem::invalid_event(number, &why.to_string()))?;
        Ok((accepted, reported))
    });
    let (accepted, reported) = read.await.map_err(|_| busy(&"the events could not be read"))??;
    order.made(&reported);
    state.pipeline.ingest(reported, place).await.map_err(|refused| busy(&refused))?;
    order.stored();
    Json::of(&EventsTaken { accepted })
}

fn busy(why: &dyn std::fmt::Display) -> Problem {
    Problem::ingest_refused(why.to_string())
}
