//! The guard in front of every route, and the headers behind it.

use std::fmt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{OriginalUri, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::decide::{Decision, Without, decide};
use super::facts::Facts;
use super::role::{self, Identity, Needs, Role};
use super::{Access, Credential, Guard, SignedOut};
use crate::http::mount;
use crate::http::problem::Problem;
use crate::http::refusal;
use crate::http::state::AppState;

/// The largest address and headers of a request together, in bytes. The host's server reads them before we see them and has a
/// bound of its own (hyper's is some 400 KB); nothing that is asked here needs more than this.
pub(crate) const MAX_HEAD_BYTES: usize = 64 << 10;

/// What was found out about the caller; in the extensions of every request that passed.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whether the caller may see everything. Others reach only what is open to everyone, or what takes reports.
    pub(crate) trusted: bool,
    standing: Standing,
    /// Who it is, in a word, for the events of what they do.
    by: Arc<str>,
    /// From where it asks, for the same events.
    from: Origin,
    /// Of one who came with the token or a sign-in: tells when that is worth nothing any more.
    pub(crate) signed_out: Option<SignedOut>,
}

/// What is known of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nothing.
    Stranger,
    /// A token that may report, and nothing else.
    Reporter,
    /// Somebody who may do so much.
    Known(Role),
}

/// From where a request comes, as far as the connection itself tells. What a proxy claims of it is no fact, and not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// From this address.
    Peer(IpAddr),
    /// Through a proxy, from wherever.
    Proxy,
    /// The host does not tell.
    Unknown,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(address) => address.fmt(f),
            Self::Proxy => f.write_str("proxy"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Caller {
    fn new(standing: Standing, by: impl Into<Arc<str>>, from: Origin) -> Self {
        let trusted = matches!(standing, Standing::Known(_));
        Self { trusted, standing, by: by.into(), from, signed_out: None }
    }

    /// Who it is and from where, as events tell it.
    pub(crate) fn named(&self) -> (Option<String>, Option<String>) {
        (Some(self.by.to_string()), Some(self.from.to_string()))
    }

    /// What the caller may do, if it may see everything.
    pub(crate) fn role(&self) -> Option<Role> {
        match self.standing {
            Standing::Known(role) => Some(role),
            Standing::Stranger | Standing::Reporter => None,
        }
    }

    /// Whether the caller may act on sessions.
    pub(crate) fn may_act(&self) -> bool {
        self.may(Needs::Operator).is_ok()
    }

    /// The one place at which roles count.
    fn may(&self, needs: Needs) -> Result<(), Problem> {
        let Some(needed) = needs.role() else { return Ok(()) };
        match self.standing {
            Standing::Known(role) if role >= needed => Ok(()),
            Standing::Known(role) => Err(Problem::role_needed(role.as_str(), needed.as_str())),
            Standing::Reporter if needs == Needs::Reporter => Ok(()),
            Standing::Reporter => Err(Problem::only_reports()),
            Standing::Stranger => Err(Problem::sign_in_required()),
        }
    }
}

/// Lets a request pass or answers it, and sets the headers that every answer has.
pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let original = parts.extensions.get::<OriginalUri>();
    let mount = mount::of_request(state.guard.public_path(), (&parts.uri, original, &parts.headers));
    let needs = role::needed(&parts.method, parts.uri.path());
    let fits = if head_bytes(&parts) > MAX_HEAD_BYTES { Err(Problem::head_too_large()) } else { Ok(()) };
    let judged = fits.and_then(|()| state.guard.judge(&parts, needs)).and_then(|caller| {
        let refused = needs.controls() && state.control.read_only;
        if refused { Err(Problem::read_only()) } else { Ok(caller) }
    });
    let mut response = match judged {
        Ok(caller) => {
            parts.extensions.insert(caller);
            parts.extensions.insert(mount);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => refusal::refuse(problem, &parts, &mount),
    };
    if matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        state.limits.refused.fetch_add(1, Ordering::Relaxed);
    }
    protect(response.headers_mut());
    response
}

fn head_bytes(parts: &Parts) -> usize {
    let address = parts.uri.path().len() + parts.uri.query().map_or(0, str::len);
    // With `: ` and the end of the line.
    address + parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

impl Guard {
    fn judge(&self, parts: &Parts, needs: Needs) -> Result<Caller, Problem> {
        let verdict = self.verdict(parts);
        let facts = Facts::of(parts, needs);
        let from = match (facts.proxied, facts.peer) {
            (true, _) => Origin::Proxy,
            (false, Some(peer)) => Origin::Peer(peer),
            (false, None) => Origin::Unknown,
        };
        let known = |role, by| Caller::new(Standing::Known(role), by, from);
        let caller = match decide(&self.policy, &facts, &verdict) {
            Decision::Trusted => match verdict {
                Access::As(Identity { role, name }) => {
                    known(role, name.unwrap_or_else(|| role.as_str().into()))
                }
                Access::Granted => known(Role::Admin, "granted".into()),
                // Whoever says that it only reports is held to it, on this machine too.
                Access::Default | Access::Denied if self.only_reports(&parts.headers) => {
                    Caller::new(Standing::Reporter, "ingest token", from)
                }
                Access::Default | Access::Denied => known(Role::Admin, "local".into()),
            },
            Decision::ForbiddenOrigin => return Err(Problem::forbidden_origin()),
            Decision::Denied => return Err(Problem::access_denied()),
            Decision::Token(without) => self.by_token(parts, from, without)?,
        };
        caller.may(needs)?;
        Ok(caller)
    }

    /// A caller who is who it is by what it brings.
    fn by_token(&self, parts: &Parts, from: Origin, without: Without) -> Result<Caller, Problem> {
        let credential = match self.credential(&parts.headers) {
            // Who guesses too fast still sees what everyone sees.
            Err(_) if matches!(without, Without::Open | Without::As(_)) => Credential::Nothing,
            credential => credential?,
        };
        match (credential, without) {
            (Credential::Whole(signed_out), _) => {
                let signed_out = Some(signed_out);
                Ok(Caller { signed_out, ..Caller::new(Standing::Known(Role::Admin), "token", from) })
            }
            (Credential::Reports, _) => Ok(Caller::new(Standing::Reporter, "ingest token", from)),
            (Credential::Nothing, Without::As(role)) => {
                Ok(Caller::new(Standing::Known(role), "everyone", from))
            }
            (Credential::Nothing, Without::Open) => Ok(Caller::new(Standing::Stranger, "stranger", from)),
            (Credential::Nothing, Without::ForbiddenHost) => Err(Problem::forbidden_host()),
            (Credential::Nothing, Without::SignIn) => Err(Problem::sign_in_required()),
        }
    }

    /// Whether the same request would pass again.
    pub(super) fn lets_in(&self, parts: &Parts) -> bool {
        self.judge(parts, role::needed(&parts.method, parts.uri.path())).is_ok()
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
    const DEFAULTS: [(HeaderName, &str); 6] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
