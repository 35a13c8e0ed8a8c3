//! The guard in front of every route, and the headers behind it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{OriginalUri, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::decide::{Decision, Without, decide};
use super::facts::Facts;
use super::role::{self, Identity, Role};
use super::{Access, Guard};
use crate::http::mount;
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// What was found out about the caller; in the extensions of every request that passed.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whether the caller may see everything. Others reach only what is open to everyone.
    pub(crate) trusted: bool,
    /// What a trusted caller may do.
    role: Role,
    /// Who it is, in a word, for the events of what they do.
    pub(crate) by: Arc<str>,
}

impl Caller {
    fn trusted(role: Role, by: impl Into<Arc<str>>) -> Self {
        Self { trusted: true, role, by: by.into() }
    }
}

/// Lets a request pass or answers it, and sets the headers that every answer has.
pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let original = parts.extensions.get::<OriginalUri>();
    let mount = mount::of_request(state.guard.public_path(), (&parts.uri, original, &parts.headers));
    let mut response = match state.guard.judge(&parts) {
        Ok(caller) => {
            parts.extensions.insert(caller);
            parts.extensions.insert(mount);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    };
    if matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        state.limits.refused.fetch_add(1, Ordering::Relaxed);
    }
    protect(response.headers_mut());
    response
}

impl Guard {
    fn judge(&self, parts: &Parts) -> Result<Caller, Problem> {
        let verdict = self.verdict(parts);
        let caller = match decide(&self.policy, &Facts::of(parts), &verdict) {
            Decision::Trusted => match verdict {
                Access::As(Identity { role, name }) => {
                    Caller::trusted(role, name.unwrap_or_else(|| role.as_str().into()))
                }
                Access::Granted => Caller::trusted(Role::Admin, "granted"),
                Access::Default | Access::Denied => Caller::trusted(Role::Admin, "local"),
            },
            Decision::ForbiddenOrigin => return Err(Problem::forbidden_origin()),
            Decision::Denied => return Err(Problem::access_denied()),
            Decision::Token(Without::Open) => {
                let trusted = self.credential(&parts.headers).unwrap_or(false);
                Caller { trusted, ..Caller::trusted(Role::Admin, "token") }
            }
            Decision::Token(without) => match (self.credential(&parts.headers)?, without) {
                (true, _) => Caller::trusted(Role::Admin, "token"),
                (false, Without::ForbiddenHost) => return Err(Problem::forbidden_host()),
                (false, _) => return Err(Problem::sign_in_required()),
            },
        };
        // The one place at which roles count.
        let needed = role::needed(&parts.method, parts.uri.path());
        if caller.trusted && caller.role < needed {
            return Err(Problem::role_needed(caller.role.as_str(), needed.as_str()));
        }
        Ok(caller)
    }

    fn verdict(&self, parts: &Parts) -> Access {
        let Some(hook) = &self.policy.hook else { return Access::Default };
        std::panic::catch_unwind(AssertUnwindSafe(|| hook(parts))).unwrap_or_else(|_| {
            tracing::error!(target: "agent_inspector", "the access check panicked; the request was denied");
            Access::Denied
        })
    }
}

/// Nothing we answer is to be guessed at, embedded, kept or told about to other sites.
fn protect(headers: &mut HeaderMap) {
    const DEFAULTS: [(HeaderName, &str); 5] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
