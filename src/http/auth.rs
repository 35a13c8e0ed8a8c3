//! Signing in with the token, and out again.
//!
//! A page cannot send a header with an `EventSource` or a WebSocket, so it exchanges the token for a cookie. The cookie
//! holds a secret of its own: who steals it does not have the token, and it ends with the process.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{SIGN_IN_LIFETIME, cookie_name};
use super::body;
use super::mount::Mount;
use super::problem::Problem;
use super::state::AppState;

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 4096;

/// What is sent to sign in.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SignIn {
    /// The inspector's token.
    token: String,
}

/// Sign in: exchange the token for a cookie.
#[utoipa::path(
    post, path = "/auth", operation_id = "sign_in", tag = "auth",
    request_body(content = SignIn, description = "The token."),
    responses(
        (status = 204, description = "Signed in; the cookie is set.",
         headers(("set-cookie" = String, description = "The cookie of this sign-in, for this mount only."))),
        (status = 400, description = "The body is not `{\"token\": \"…\"}`.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Another page asks.", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sign_in(
    State(state): State<AppState>,
    mount: Mount,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = body::small(body, MAX_BODY_BYTES, state.limits.bounds.body).await?;
    let wanted: SignIn = serde_json::from_slice(&body)
        .map_err(|_| Problem::invalid_body("an object with the field `token`, a text, is wanted"))?;
    let secret = state.guard.sign_in(wanted.token.trim())?;
    Ok(with_cookie(&mount, &headers, &secret, SIGN_IN_LIFETIME.as_secs()))
}

/// Sign out: the cookie is worth nothing afterwards.
#[utoipa::path(
    delete, path = "/auth", operation_id = "sign_out", tag = "auth",
    responses(
        (status = 204, description = "Signed out, or nobody was signed in."),
        (status = 403, description = "Another page asks.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sign_out(State(state): State<AppState>, mount: Mount, headers: HeaderMap) -> Response {
    state.guard.sign_out(&headers);
    with_cookie(&mount, &headers, "", 0)
}

fn with_cookie(mount: &Mount, headers: &HeaderMap, secret: &str, seconds: u64) -> Response {
    let name = cookie_name(headers);
    // A path that would end the attribute is left out: browsers then take the request's, which is the same.
    let path = mount.path();
    let path = if path.contains(';') { String::new() } else { format!("; Path={path}") };
    let https = headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!("{name}={secret}; HttpOnly; SameSite=Strict; Max-Age={seconds}{path}{secure}");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
