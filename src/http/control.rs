//! Answering a session that waits, and cancelling one that runs.
//!
//! Both go to the registry that knows the session. What was taken is published as an event, so that everybody who looks sees
//! what somebody did.

use std::fmt;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::body;
use super::extract::SessionPath;
#[cfg(feature = "control")]
use super::own::OwnControls;
use super::problem::Problem;
use super::state::AppState;
use crate::model::{EventKind, SessionId, SpanId};
use crate::registry::{Action, ControlError, NotControlled, Signal};

/// The largest body of a signal, in bytes: an answer with a text of many pages.
pub(crate) const MAX_SIGNAL_BYTES: usize = 1 << 20;

/// The longest name of a signal, in characters; it is repeated in an event.
pub(crate) const MAX_SIGNAL_NAME_CHARS: usize = 128;

/// The longest reason of a denial, in characters.
pub(crate) const MAX_REASON_CHARS: usize = 2_000;

/// Makes an action known; one without a session concerns all.
pub(crate) type Publish = Arc<dyn Fn(Option<SessionId>, EventKind) + Send + Sync>;

/// Whether sessions may be answered and cancelled here, and how that is made known.
#[derive(Clone)]
pub(crate) struct ControlDoor {
    pub(crate) read_only: bool,
    pub(crate) publish: Publish,
    /// The host's own sessions.
    #[cfg(feature = "control")]
    pub(crate) own: OwnControls,
}

impl ControlDoor {
    /// Makes an action known.
    pub(super) fn publish(&self, session: Option<SessionId>, kind: EventKind) {
        (self.publish)(session, kind);
    }

    /// Whether breakpoints may be set. That a read-only inspector sets none is seen to where roles are.
    #[cfg(feature = "control")]
    pub(super) fn may_step(&self) -> Result<(), Problem> {
        if self.own.stepping { Ok(()) } else { Err(Problem::stepping_off()) }
    }
}

impl fmt::Debug for ControlDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlDoor").field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

/// What is sent to answer a session.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SignalBody {
    /// The name of the signal that the session waits for, as in its `waiting_on`.
    #[schema(min_length = 1, max_length = 128)]
    pub(super) signal: String,
    /// What is said: any JSON that the session's engine understands.
    #[serde(default)]
    #[schema(value_type = serde_json::Value)]
    pub(super) payload: serde_json::Value,
    /// Which wait is meant, when several are open for this signal; otherwise the oldest is.
    #[serde(default)]
    #[schema(value_type = Option<SpanId>)]
    #[cfg_attr(not(feature = "control"), expect(dead_code, reason = "no session of the host's waits then"))]
    pub(super) wait_id: Option<SpanId>,
    /// Says no in place of an answer: whoever waits is told that nobody will give it one. For sessions of the host's own, and
    /// permission requests.
    #[serde(default)]
    pub(super) deny: Option<Denial>,
}

/// A no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Denial {
    /// Why, for the program or the model that asked.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(super) reason: Option<String>,
}

/// Answer a session that waits.
#[utoipa::path(
    post, path = "/signal/{id}", operation_id = "signal_session", tag = "control",
    params(("id" = SessionId, Path, description = "The session.")),
    request_body(content = SignalBody, description = "The answer; 1 MiB at most."),
    responses(
        (status = 202, description = "The session's engine took it; `SignalReceived` is published."),
        (status = 400, description = "The id or the body cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, or the inspector is read-only.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The session does not wait for this signal, was answered already, has ended, or takes no signals.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The payload is not what the session waits for; `errors` says where and why.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The session's engine cannot be reached, or did not answer in time; then it may have taken the signal.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn signal_session(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let body = body::json(&headers, body, MAX_SIGNAL_BYTES, &state.limits).await?;
    let body: SignalBody = serde_json::from_slice(&body).map_err(|error| {
        Problem::invalid_body(format!(
            "an object with the field `signal`, a text, and `payload` or `deny` is wanted: {error}"
        ))
    })?;
    if body.signal.is_empty() || body.signal.chars().count() > MAX_SIGNAL_NAME_CHARS {
        return Err(Problem::invalid_body("`signal`: a name of 1 to 128 characters is wanted"));
    }
    if let Some(Denial { reason }) = &body.deny {
        if !body.payload.is_null() {
            return Err(Problem::invalid_body("either `payload` or `deny` is wanted, not both"));
        }
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON_CHARS) {
            return Err(Problem::invalid_body("`deny.reason`: at most 2000 characters are taken"));
        }
    }
    #[cfg(feature = "control")]
    if state.control.own.controls.knows(&id) {
        state.control.publish(Some(id.clone()), state.control.own.answer(&id, body, &caller)?);
        return Ok(StatusCode::ACCEPTED);
    }
    let SignalBody { signal, payload, deny, .. } = body;
    if deny.is_some() {
        return Err(ControlError::Unsupported.into());
    }
    let (by, from) = caller.named();
    let published = EventKind::SignalReceived {
        signal_name: signal.clone(),
        wait_id: None,
        decision: Some("answered".into()),
        by,
        from,
    };
    state.control(id, Action::Signal(Signal::new(signal, payload)), published).await
}

/// Cancel a session.
#[utoipa::path(
    post, path = "/cancel/{id}", operation_id = "cancel_session", tag = "control",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 202, description = "The session's engine took it; `CancelRequested` is published. The session ends when its engine says so."),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks, or the inspector is read-only.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The session has ended, or cannot be cancelled from here.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The session's engine cannot be reached, or did not answer in time; then it may have taken the request.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel_session(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    Extension(caller): Extension<Caller>,
) -> Result<StatusCode, Problem> {
    let (by, from) = caller.named();
    let published = EventKind::CancelRequested { by, from };
    #[cfg(feature = "control")]
    if state.control.own.controls.knows(&id) {
        state.control.own.controls.cancel(&id)?;
        state.control.publish(Some(id), published);
        return Ok(StatusCode::ACCEPTED);
    }
    state.control(id, Action::Cancel, published).await
}

impl AppState {
    async fn control(&self, id: SessionId, action: Action, done: EventKind) -> Result<StatusCode, Problem> {
        let refused = match self.registries.control(&id, action).await {
            Ok(()) => {
                self.control.publish(Some(id), done);
                return Ok(StatusCode::ACCEPTED);
            }
            Err(refused) => refused,
        };
        match refused {
            NotControlled::Refused(ControlError::NotFound) => Err(Problem::session_not_found(&id)),
            NotControlled::Refused(error) => Err(error.into()),
            NotControlled::Unknown(unasked) if unasked.is_empty() => {
                // Nobody answers for it: the inspector itself only recorded it. What was seen of it a moment ago, such as what it
                // waited for, was perhaps not stored yet.
                self.settle().await;
                let session = self.find_session(&id).await?;
                let ended = session.status.is_ended();
                Err(if ended { ControlError::AlreadyEnded } else { ControlError::Unsupported }.into())
            }
            NotControlled::Unknown(unasked) => {
                let names: Vec<_> = unasked.into_iter().map(|one| one.registry).collect();
                Err(Problem::registry_unavailable(&names.join(", ")))
            }
        }
    }
}
