//! Stored events of one session. The live stream is [`live`](super::live).

use axum::extract::State;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::extract::{Params, SessionPath};
use super::openapi::EventSchema;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::model::{EventFrame, EventId, EventQuery, SessionId};
use crate::store::StoreError;

/// How many events a page has when the client does not say.
pub(crate) const DEFAULT_EVENTS: usize = 500;

/// How many events a page has at most.
pub(crate) const MAX_EVENTS: usize = 5000;

/// Which events are wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; the handler reads them")]
pub(super) struct EventPageParams {
    /// Only events with a higher id.
    after: Option<EventId>,
    /// At most so many; a number above 5000 counts as 5000.
    #[param(minimum = 1, default = 500)]
    limit: Option<u32>,
}

/// A page of stored events, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventPage {
    /// The events.
    #[schema(value_type = Vec<EventSchema>)]
    events: Vec<Box<RawValue>>,
    /// `after` of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_after: Option<EventId>,
}

/// The stored events of a session, oldest first.
#[utoipa::path(
    get, path = "/sessions/{id}/events", operation_id = "list_session_events", tag = "events",
    params(("id" = SessionId, Path, description = "The session."), EventPageParams),
    responses(
        (status = 200, description = "A page of events, oldest first.", body = EventPage),
        (status = 400, description = "The id or a parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_session_events(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    params: Params,
) -> Result<Json, Problem> {
    let limit = params.limit(DEFAULT_EVENTS, MAX_EVENTS)?;
    let after = EventId(params.number("after")?.unwrap_or(0));
    let query = EventQuery { after, limit: limit + 1, session_id: Some(id.clone()) };
    state.catch_up().await;
    let read = state.read(move |store| {
        let frames = store.events(&query)?;
        Ok((frames.is_empty(), page(&frames, limit)?))
    });
    let (empty, page) = read.await?;
    if empty {
        state.find_session(&id).await?;
    }
    page
}

/// The events are JSON already; they are checked and copied, not read.
fn page(frames: &[EventFrame], limit: usize) -> Result<Result<Json, Problem>, StoreError> {
    let shown = &frames[..limit.min(frames.len())];
    let corrupt = |_| StoreError::Corrupt("a stored event is no JSON".to_owned());
    let events = shown.iter().map(|frame| serde_json::from_slice(frame.json()).map_err(corrupt));
    let next_after = shown.last().filter(|_| frames.len() > limit).map(|last| last.id);
    Ok(Json::of(&EventPage { events: events.collect::<Result<_, _>>()?, next_after }))
}
