//! Signing in with the token, and out again.
//!
//! A page cannot send a header with an `EventSource` or a WebSocket, so it exchanges the token for a cookie. The cookie
//! holds a secret of its own: who steals it does not have the token, and it ends with the process.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{FORWARDED, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{SIGN_IN_LIFETIME, cookie_name};
use super::body;
use super::mount::Mount;
use super::problem::Problem;
use super::state::AppState;

/// How a proxy says what the browser speaks to it.
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The longest body that is read.
pub(crate) const MAX_SIGN_IN_BYTES: usize = 4096;

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
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = body::small(body, MAX_SIGN_IN_BYTES, &state.limits).await?;
    let wanted: SignIn = serde_json::from_slice(&body)
        .map_err(|_| Problem::invalid_body("an object with the field `token`, a text, is wanted"))?;
    let secret = state.guard.sign_in(wanted.token.trim())?;
    Ok(with_cookie(&mount, (&uri, &headers), &secret, SIGN_IN_LIFETIME.as_secs()))
}

/// Sign out: the cookie is worth nothing afterwards.
#[utoipa::path(
    delete, path = "/auth", operation_id = "sign_out", tag = "auth",
    responses(
        (status = 204, description = "Signed out, or nobody was signed in."),
        (status = 403, description = "Another page asks.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sign_out(
    State(state): State<AppState>,
    mount: Mount,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    state.guard.sign_out(&headers);
    with_cookie(&mount, (&uri, &headers), "", 0)
}

fn with_cookie(mount: &Mount, (uri, headers): (&Uri, &HeaderMap), secret: &str, seconds: u64) -> Response {
    let name = cookie_name(headers);
    // A path that would end the attribute is left out: browsers then take the request's, which is the same.
    let path = mount.path();
    let path = if path.contains(';') { String::new() } else { format!("; Path={path}") };
    let secure = if sees_tls(uri, headers) { "; Secure" } else { "" };
    let cookie = format!("{name}={secret}; HttpOnly; SameSite=Strict; Max-Age={seconds}{path}{secure}");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Whether the browser speaks TLS, to us or to a proxy. A header that claims it falsely harms nobody but who sends it: the
/// browser keeps the cookie to itself.
fn sees_tls(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let origin = || text(ORIGIN).any(|origin| origin.starts_with("https://"));
    // The first proxy is the one that the browser speaks to.
    let first = |value: &str| value.split(',').next().unwrap_or_default().trim().to_ascii_lowercase();
    let x_forwarded = || text(X_FORWARDED_PROTO).next().is_some_and(|value| first(value) == "https");
    let forwarded = || {
        let is_https = |pair: &str| matches!(pair.trim(), "proto=https" | "proto=\"https\"");
        text(FORWARDED).next().is_some_and(|value| first(value).split(';').any(is_https))
    };
    uri.scheme_str() == Some("https") || origin() || x_forwarded() || forwarded()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_seen_in_the_address_the_origin_and_what_the_first_proxy_says() {
        let seen = |uri: &'static str, pairs: &[(HeaderName, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            sees_tls(&Uri::from_static(uri), &headers.collect())
        };
        assert!(seen("https://box/auth", &[]));
        assert!(seen("/auth", &[(ORIGIN, "https://box")]));
        assert!(seen("/auth", &[(X_FORWARDED_PROTO, "HTTPS, http")]));
        assert!(seen("/auth", &[(FORWARDED, "for=192.0.2.1;Proto=https;host=box, for=10.0.0.1;proto=http")]));
        assert!(seen("/auth", &[(FORWARDED, "proto=\"https\"")]));
        assert!(!seen("/auth", &[]));
        assert!(!seen("http://box/auth", &[(ORIGIN, "http://box")]));
        assert!(!seen("/auth", &[(X_FORWARDED_PROTO, "http, https")]));
        assert!(!seen("/auth", &[(FORWARDED, "for=\"https\";proto=http, proto=https")]));
    }
}
