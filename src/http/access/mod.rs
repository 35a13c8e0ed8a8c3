//! Who may ask: local callers, holders of the token, and whom the host's own check lets in.

mod decide;
mod facts;
mod layer;
mod role;
mod token;
mod token_file;

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use parking_lot::RwLock;
use tokio::sync::watch;

pub(crate) use self::layer::{Caller, MAX_HEAD_BYTES, check};
pub use self::role::{Identity, Role};
pub(crate) use self::role::{Needs, listed};
use self::token::{Guesses, SignedIn};
pub(crate) use self::token::{
    MAX_GUESSES_PER_SECOND, MAX_INGEST_TOKENS, MAX_SIGNED_IN, SIGN_IN_LIFETIME, Token,
};
pub(crate) use self::token_file::write as write_token_file;
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
    /// Tokens of those who may report, and nothing else.
    pub(crate) ingest_tokens: Vec<Token>,
    /// Whether local callers need the token too.
    pub(crate) require_token: bool,
    /// What everybody may do who brings nothing, when the host wants that.
    pub(crate) open_to_everyone: Option<Role>,
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
            .field("open_to_everyone", &self.open_to_everyone)
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
    token: RwLock<Token>,
    signed_in: SignedIn,
    guesses: Guesses,
    rotations: watch::Sender<u64>,
}

/// What a request brings to say who its caller is.
#[derive(Debug)]
enum Credential {
    /// Nothing, or nothing that counts.
    Nothing,
    /// A token of those who may report.
    Reports,
    /// The token, or the cookie of somebody who brought it before.
    Whole(SignedOut),
}

/// Tells when what let somebody in is worth nothing any more.
#[derive(Debug, Clone)]
pub(crate) enum SignedOut {
    /// The token, until it is changed.
    Token(watch::Receiver<u64>),
    /// A sign-in, until it is ended or its time is over.
    SignIn {
        /// Closed when it is ended.
        over: watch::Receiver<()>,
        /// When its time is over.
        until: std::time::Instant,
    },
    /// The host's own check, until it says no.
    Host {
        /// Who asks it.
        guard: Arc<Guard>,
        /// What it is asked about.
        request: Arc<Parts>,
    },
}

/// How often the host's own check is asked again about who reads a stream: it cannot say by itself that somebody has left.
pub(crate) const ASK_HOST_AGAIN: std::time::Duration = std::time::Duration::from_secs(15);

impl SignedOut {
    /// Completes then.
    pub(crate) async fn wait(self) {
        match self {
            Self::Token(mut changed) => {
                if changed.changed().await.is_err() {
                    // The guard is gone, and with it whoever could change the token.
                    std::future::pending::<()>().await;
                }
            }
            Self::SignIn { mut over, until } => {
                // Nothing is ever sent: it closes, or its time comes.
                let _ = tokio::time::timeout_at(until.into(), over.changed()).await;
            }
            Self::Host { guard, request } => loop {
                tokio::time::sleep(ASK_HOST_AGAIN).await;
                if !guard.lets_in(&request) {
                    return;
                }
            },
        }
    }
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
        Ok(Self {
            policy,
            token: RwLock::new(token),
            signed_in: SignedIn::default(),
            guesses: Guesses::default(),
            rotations: watch::Sender::new(0),
        })
    }

    /// Tells when who opened a stream with this request is let in no more; `None` for callers who stay.
    pub(crate) fn until(self: &Arc<Self>, caller: &Caller, request: Parts) -> Option<SignedOut> {
        let by_host = || SignedOut::Host { guard: Arc::clone(self), request: Arc::new(request) };
        caller.signed_out.clone().or_else(|| self.policy.hook.is_some().then(by_host))
    }

    /// The token, for the sign-in link.
    pub(crate) fn token(&self) -> Token {
        self.token.read().clone()
    }

    /// Takes a fresh token in place of the present one, and signs everybody out who came with it.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers; then everything is as it was.
    pub(crate) fn rotate(&self) -> Result<Token, getrandom::Error> {
        let fresh = Token::generate()?;
        let mut token = self.token.write();
        *token = fresh.clone();
        self.signed_in.clear();
        self.rotations.send_modify(|times| *times += 1);
        Ok(fresh)
    }

    /// What everybody may do who brings nothing, when the host wants that.
    pub(crate) fn open_to_everyone(&self) -> Option<Role> {
        self.policy.open_to_everyone
    }

    /// How the public path of the mount is told.
    pub(crate) fn public_path(&self) -> &PublicPath {
        &self.policy.public_path
    }

    /// Exchanges the token for a session of our own; its secret goes into a cookie.
    pub(crate) fn sign_in(&self, offered: &str) -> Result<String, Problem> {
        let now = now();
        self.guesses.allow(now)?;
        // Held until the sign-in is noted: one with a token that is changed meanwhile would outlive it.
        let token = self.token.read();
        if token.is(offered) {
            return self.signed_in.add(now).map_err(|_| Problem::store_unavailable());
        }
        if self.is_ingest_token(offered) {
            return Err(Problem::only_reports());
        }
        self.guesses.wrong(now);
        Err(Problem::wrong_token())
    }

    /// Ends the session of the caller's cookie.
    pub(crate) fn sign_out(&self, headers: &HeaderMap) {
        for secret in facts::cookies(headers, &facts::cookie_name(headers)) {
            self.signed_in.remove(secret);
        }
    }

    /// What the request brings. A token that is sent says more than a cookie, which a browser adds by itself.
    fn credential(&self, headers: &HeaderMap) -> Result<Credential, Problem> {
        let now = now();
        if self.only_reports(headers) {
            self.guesses.allow(now)?;
            return Ok(Credential::Reports);
        }
        let name = facts::cookie_name(headers);
        let signed_in = facts::cookies(headers, &name).find_map(|secret| self.signed_in.has(secret, now));
        if let Some(signed_out) = signed_in {
            return Ok(Credential::Whole(signed_out));
        }
        let Some(offered) = facts::offered_token(headers) else { return Ok(Credential::Nothing) };
        self.guesses.allow(now)?;
        // Asked for first: a token that is changed meanwhile is told of.
        let signed_out = SignedOut::Token(self.rotations.subscribe());
        if self.token.read().is(offered) {
            return Ok(Credential::Whole(signed_out));
        }
        self.guesses.wrong(now);
        Ok(Credential::Nothing)
    }

    /// Whether the request brings a token that may report and nothing else.
    fn only_reports(&self, headers: &HeaderMap) -> bool {
        facts::offered_token(headers).is_some_and(|offered| self.is_ingest_token(offered))
    }

    /// Looks at all of them, whatever it finds.
    fn is_ingest_token(&self, offered: &str) -> bool {
        self.policy.ingest_tokens.iter().fold(false, |found, token| found | token.is(offered))
    }
}

/// By the runtime's clock, which a test can hold.
fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

/// The name of our cookie at the host that `headers` name.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    facts::cookie_name(headers)
}
