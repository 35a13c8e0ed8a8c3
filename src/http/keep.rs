//! Keeping sessions, and removing them.
//!
//! Both change what is stored here and nothing else: an engine of the host's that knows the session is not asked.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;

use super::access::Caller;
use super::extract::SessionPath;
use super::problem::Problem;
use super::state::AppState;
use crate::model::SessionId;
use crate::pipeline::{Change, ChangeRefused};

/// Keep a session, whatever the bounds on history say.
#[utoipa::path(
    put, path = "/sessions/{id}/pin", operation_id = "pin_session", tag = "sessions",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 204, description = "It is kept, and `SessionPinned` and `SessionUpdated` are published; also when it was pinned before."),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, or the inspector is read-only.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Only a registry of the host's knows the session; nothing of it is recorded here.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It holds, but the store cannot take it at the moment; it is stored when it can.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn pin_session(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    state.change(id, Change::Pin(true), &caller).await
}

/// Keep a session no longer than others.
#[utoipa::path(
    delete, path = "/sessions/{id}/pin", operation_id = "unpin_session", tag = "sessions",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 204, description = "It is kept as long as others, and `SessionUnpinned` and `SessionUpdated` are published; also when it was not pinned."),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, or the inspector is read-only.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Only a registry of the host's knows the session; nothing of it is recorded here.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It holds, but the store cannot take it at the moment; it is stored when it can.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn unpin_session(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    state.change(id, Change::Pin(false), &caller).await
}

/// Remove a session that has ended, with its spans and events.
///
/// Spans that come later begin a session anew.
#[utoipa::path(
    delete, path = "/sessions/{id}", operation_id = "remove_session", tag = "sessions",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 204, description = "It is gone, and `SessionRemoved` is published."),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, or the inspector is read-only.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The session has not ended, or only a registry of the host's knows it.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "It is gone from memory, but the store cannot be written at the moment; it is removed there when it can.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn remove_session(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    state.change(id, Change::Remove, &caller).await
}

impl AppState {
    async fn change(&self, id: SessionId, change: Change, caller: &Caller) -> Result<StatusCode, Problem> {
        match self.pipeline.change(id.clone(), change, caller.named()).await {
            Ok(()) => Ok(StatusCode::NO_CONTENT),
            // Somebody else may know it.
            Err(ChangeRefused::NotFound) => {
                self.find_session(&id).await?;
                Err(Problem::not_recorded(&id))
            }
            Err(ChangeRefused::Runs) => Err(Problem::session_runs(&id)),
            Err(ChangeRefused::NotStored) => Err(Problem::not_stored()),
            Err(ChangeRefused::Closed) => Err(Problem::store_unavailable()),
        }
    }
}
