//! Who may ask: local callers, holders of the token, and whom the host's own check lets in.

mod decide;
mod facts;
mod layer;
mod role;
mod token;

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;

pub(crate) use self::layer::{Caller, check};
pub use self::role::{Identity, Role};
pub(crate) use self::token::SIGN_IN_LIFETIME;
pub(crate) use self::token::Token;
use self::token::{Guesses, SignedIn};
use super::mount::PublicPath;
use super::problem::Problem;

/// What the host's own check says about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Nothing: the inspector's own rules decide (local callers, and holders of the token).
    Default,
    /// The caller may do everything.
    Granted,
    /// The caller is known, and may do what the role says. The name, if given, stands in the events of what they do.
    As(Identity),
    /// The caller may not, not even from the same machine.
    Denied,
}

/// The host's own check. A panic in it counts as [`Access::Denied`].
pub(crate) type AccessHook = Arc<dyn Fn(&Parts) -> Access + Send + Sync>;

/// What the builder was told about access.
#[derive(Clone, Default)]
pub(crate) struct AccessPolicy {
    /// The token; a fresh one when absent.
    pub(crate) token: Option<Token>,
    /// Whether local callers need the token too.
    pub(crate) require_token: bool,
    /// Host names, with or without a port, that the inspector is reached by besides local ones.
    pub(crate) allow_hosts: Vec<String>,
    /// Origins (`https://host[:port]`) whose pages may ask besides our own.
    pub(crate) allow_origins: Vec<String>,
    /// How the public path of the mount is told.
    pub(crate) public_path: PublicPath,
    /// The host's own check.
    pub(crate) hook: Option<AccessHook>,
}

impl fmt::Debug for AccessPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessPolicy")
            .field("require_token", &self.require_token)
            .field("allow_hosts", &self.allow_hosts)
            .field("allow_origins", &self.allow_origins)
            .field("public_path", &self.public_path)
            .field("hook", &self.hook.is_some())
            .finish_non_exhaustive()
    }
}

/// Holds the policy, the token and who is signed in.
#[derive(Debug)]
pub(crate) struct Guard {
    policy: AccessPolicy,
    token: Token,
    signed_in: SignedIn,
    guesses: Guesses,
}

impl Guard {
    /// With the policy's token or a fresh one.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub(crate) fn new(mut policy: AccessPolicy) -> Result<Self, getrandom::Error> {
        for name in policy.allow_hosts.iter_mut().chain(&mut policy.allow_origins) {
            *name = name.trim().trim_end_matches('/').to_ascii_lowercase();
        }
        let token = match policy.token.take() {
            Some(token) => token,
            None => Token::generate()?,
        };
        Ok(Self { policy, token, signed_in: SignedIn::default(), guesses: Guesses::default() })
    }

    /// The token, for the sign-in link.
    pub(crate) fn token(&self) -> &Token {
        &self.token
    }

    /// How the public path of the mount is told.
    pub(crate) fn public_path(&self) -> &PublicPath {
        &self.policy.public_path
    }

    /// Exchanges the token for a session of our own; its secret goes into a cookie.
    pub(crate) fn sign_in(&self, offered: &str) -> Result<String, Problem> {
        let now = std::time::Instant::now();
        self.guesses.allow(now)?;
        if !self.token.is(offered) {
            self.guesses.wrong(now);
            return Err(Problem::wrong_token());
        }
        self.signed_in.add(now).map_err(|_| Problem::store_unavailable())
    }

    /// Ends the session of the caller's cookie.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) {
        for secret in facts::cookies(headers, &facts::cookie_name(headers)) {
            self.signed_in.remove(secret);
        }
    }

    /// Whether the request brings the token, or the cookie of someone who brought it before.
    fn credential(&self, headers: &HeaderMap) -> Result<bool, Problem> {
        let now = std::time::Instant::now();
        if facts::cookies(headers, &facts::cookie_name(headers)).any(|secret| self.signed_in.has(secret, now))
        {
            return Ok(true);
        }
        let Some(offered) = facts::offered_token(headers) else { return Ok(false) };
        self.guesses.allow(now)?;
        let right = self.token.is(offered);
        if !right {
            self.guesses.wrong(now);
        }
        Ok(right)
    }
}

/// The name of our cookie at the host that `headers` name.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    facts::cookie_name(headers)
}
