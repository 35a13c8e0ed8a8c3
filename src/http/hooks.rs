//! Hooks of agent programs: answered at once, whatever becomes of them.
//!
//! The program waits for the answer, and takes a body as a decision. So there is one answer, `{}`, which decides nothing;
//! it is given before anything is done, and losses are counted instead of told. Only a request for permission that asks to be
//! decided here waits for a person.

use std::time::SystemTime;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::body::small;
#[cfg(feature = "control")]
use super::permission::Asked;
use super::problem::Problem;
use super::state::AppState;
use crate::import::{HookOf, MAX_HOOK_BYTES};
use crate::model::Timestamp;

/// Take a hook's payload from Claude Code.
///
/// Also lines of `claude -p --output-format stream-json`. One object, an array of them, or one for each line.
#[utoipa::path(
    post, path = "/hooks/claude-code", operation_id = "claude_code_hook", tag = "agents",
    params(("answer" = Option<u32>, Query, minimum = 1, maximum = 600, description = "For a `PermissionRequest`: for how many seconds a person may decide about it here. Then, and on any failure, the answer decides nothing and the program's own prompt does.")),
    request_body(description = "The payload, as the hook got it; 8 MiB at most.", content_type = "application/json", content = serde_json::Value),
    responses(
        (status = 200, description = "An empty object, which decides nothing; for a permission request with `answer`, what a person decided. What cannot be understood or kept is counted in `/health`.", body = serde_json::Value),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn claude_code_hook(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    take(&state, HookOf::ClaudeCode, query, body).await
}

/// Take a hook's payload from Codex.
///
/// Also what the program set as `notify` gets as its argument, and the lines of `codex exec --json`, of which the first names
/// the session: send them in one request, or add its `thread_id` to each. One object, an array of them, or one for each line.
#[utoipa::path(
    post, path = "/hooks/codex", operation_id = "codex_hook", tag = "agents",
    params(("answer" = Option<u32>, Query, minimum = 1, maximum = 600, description = "For a `PermissionRequest`: for how many seconds a person may decide about it here. Then, and on any failure, the answer decides nothing and the program's own prompt does.")),
    request_body(description = "The payload, as the hook got it; 8 MiB at most.", content_type = "application/json", content = serde_json::Value),
    responses(
        (status = 200, description = "An empty object, which decides nothing; for a permission request with `answer`, what a person decided. What cannot be understood or kept is counted in `/health`.", body = serde_json::Value),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn codex_hook(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    take(&state, HookOf::Codex, query, body).await
}

#[cfg_attr(not(feature = "control"), allow(unused_variables, reason = "nobody can be asked then"))]
async fn take(state: &AppState, of: HookOf, query: Option<String>, body: Body) -> Response {
    let Ok(body) = small(body, MAX_HOOK_BYTES, &state.limits).await else {
        state.hooks.lose();
        return nothing();
    };
    #[cfg(feature = "control")]
    let asked = Asked::of(query.as_deref(), &body);
    state.hooks.push(of, Timestamp::from(SystemTime::now()), body);
    #[cfg(feature = "control")]
    if let Some(asked) = asked {
        let decision = state.permission(asked).await;
        return ([(CONTENT_TYPE, "application/json")], decision.to_string()).into_response();
    }
    nothing()
}

/// Decides nothing.
fn nothing() -> Response {
    ([(CONTENT_TYPE, "application/json")], "{}").into_response()
}
