//! What a session waits for.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::SessionPath;
use super::own::OwnControls;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::control::{OpenWait, Stopped};
use crate::model::{Control, EventKind, SessionId, StepPoint, Wait};

/// How many open waits are shown; a person answers one after the other.
const MAX_WAITS: usize = 100;

/// The open waits of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WaitList {
    /// The oldest first; at most 100.
    waits: Vec<Wait>,
    /// How many are open.
    total: usize,
}

/// What a session waits for, with how each is answered.
#[utoipa::path(
    get, path = "/sessions/{id}/waits", operation_id = "list_waits", tag = "control",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 200, description = "The open waits, the oldest first. Waits that are only reported (a program outside that waits for its own prompt) are in the session's `waiting_on` alone: nobody can answer them here.", body = WaitList),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store or a registry that might know the session cannot be asked.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_waits(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
) -> Result<Json, Problem> {
    let (open, total) = state.control.own.controls.waits().of(&id, MAX_WAITS);
    if total > 0 {
        // Whoever is told of a wait finds the session paused, and what it did before.
        state.settle().await;
    }
    // One that runs in the host may not be in any list yet.
    if state.control.own.controls.knows(&id) {
        let waits = open.iter().map(|wait| state.control.own.shown(wait)).collect();
        return Json::of(&WaitList { waits, total });
    }
    let session = state.find_session(&id).await?;
    // An engine of the host's answers by the signal's name alone.
    let takes_signals = session
        .controls
        .as_ref()
        .is_some_and(|controls| controls.iter().any(|control| control == Control::SIGNAL));
    let waits: Vec<_> = session
        .waiting_on
        .filter(|_| takes_signals)
        .map(|on| Wait {
            wait_id: None,
            trace_id: None,
            signal_name: on.signal_name,
            prompt: on.prompt,
            schema: None,
            since: on.since,
            until: None,
            step: None,
        })
        .into_iter()
        .collect();
    Json::of(&WaitList { total: waits.len(), waits })
}

impl OwnControls {
    /// A wait as everybody may see it.
    fn shown(&self, wait: &OpenWait) -> Wait {
        let (id, asked) = (wait.id, &wait.question);
        let mut shown = Wait {
            wait_id: Some(id),
            trace_id: asked.trace_id,
            signal_name: asked.signal.clone(),
            prompt: None,
            schema: None,
            since: asked.since,
            until: asked.until,
            step: None,
        };
        let mut event = EventKind::WaitingOnSignal {
            wait_id: None,
            signal_name: asked.signal.clone(),
            prompt: asked.prompt.clone(),
            schema: asked.schema.as_ref().map(|schema| schema.source().clone()),
        };
        self.redactor.event(&mut event);
        if let EventKind::WaitingOnSignal { prompt, schema, .. } = event {
            (shown.prompt, shown.schema) = (prompt, schema);
        }
        let Some(Stopped { checkpoint, tool, agent, state, editable, schema }) = asked.step.clone() else {
            return shown;
        };
        let mut event = EventKind::BeforeStep { wait_id: id, checkpoint, tool, agent, state };
        self.redactor.event(&mut event);
        let schema = schema.and_then(|schema| self.shown_schema(&shown.signal_name, schema));
        if let EventKind::BeforeStep { checkpoint, tool, agent, state, .. } = event {
            shown.step = Some(StepPoint { checkpoint, tool, agent, state, editable, schema });
        }
        shown
    }

    /// A state's schema, without what must not be seen: its defaults and examples are the host's.
    fn shown_schema(&self, signal: &str, schema: serde_json::Value) -> Option<serde_json::Value> {
        let (signal_name, schema) = (signal.to_owned(), Some(schema));
        let mut event = EventKind::WaitingOnSignal { wait_id: None, signal_name, prompt: None, schema };
        self.redactor.event(&mut event);
        let EventKind::WaitingOnSignal { schema, .. } = event else { return None };
        schema
    }
}
