//! The token, who is signed in with it, and how often it may be guessed.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use super::SignedOut;
use crate::http::problem::Problem;

/// How many tokens may be given to those who only report: each is looked at in every request that brings one.
pub(crate) const MAX_INGEST_TOKENS: usize = 64;

/// How many browsers may be signed in at once; the one that signed in first makes room.
pub(crate) const MAX_SIGNED_IN: usize = 256;

/// How long a sign-in lasts: a working day with room, so that a forgotten browser does not stay in for ever.
pub(crate) const SIGN_IN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How many wrong tokens are looked at per second, from all callers together. Beyond that tokens are refused unread,
/// right ones too; who is signed in already does not notice.
pub(crate) const MAX_GUESSES_PER_SECOND: u32 = 10;

/// The shortest token that a host may choose, in bytes: at ten guesses a second it stands for ages.
pub(crate) const MIN_TOKEN_BYTES: usize = 16;

/// The secret that lets callers in which are not local. It never appears in debug output.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// A token of the host's choice: at least 16 visible ASCII characters, or `None`.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fit = text.len() >= MIN_TOKEN_BYTES && text.bytes().all(|byte| byte.is_ascii_graphic());
        fit.then(|| Self(text.to_owned()))
    }

    /// 256 random bits.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        secret().map(Self)
    }

    /// The text, for the sign-in link.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `offered` is the token, in a time that says nothing about where they differ.
    pub(crate) fn is(&self, offered: &str) -> bool {
        same(&self.0, offered)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn same(secret: &str, offered: &str) -> bool {
    secret.as_bytes().ct_eq(offered.as_bytes()).into()
}

fn secret() -> Result<String, getrandom::Error> {
    use fmt::Write;
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The browsers that are signed in. They end with the process.
#[derive(Default)]
pub(crate) struct SignedIn(Mutex<VecDeque<SignIn>>);

struct SignIn {
    secret: String,
    since: Instant,
    /// Whoever reads a stream because of it hears when it is dropped.
    over: watch::Sender<()>,
}

impl SignedIn {
    /// Signs one more in and gives its secret.
    pub(crate) fn add(&self, now: Instant) -> Result<String, getrandom::Error> {
        let secret = secret()?;
        let mut all = self.0.lock();
        while all.len() >= MAX_SIGNED_IN {
            all.pop_front();
        }
        all.push_back(SignIn { secret: secret.clone(), since: now, over: watch::Sender::new(()) });
        Ok(secret)
    }

    /// Whether `offered` is the secret of one: then what tells of its end. Looks at all of them, whatever it finds.
    pub(crate) fn has(&self, offered: &str, now: Instant) -> Option<SignedOut> {
        let mut all = self.0.lock();
        all.retain(|one| now.saturating_duration_since(one.since) < SIGN_IN_LIFETIME);
        let found =
            all.iter().fold(None, |found, one| if same(&one.secret, offered) { Some(one) } else { found });
        found.map(|one| SignedOut::SignIn { over: one.over.subscribe(), until: one.since + SIGN_IN_LIFETIME })
    }

    /// Signs everybody out.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }

    /// Signs one out.
    pub(crate) fn remove(&self, offered: &str) {
        self.0.lock().retain(|one| !same(&one.secret, offered));
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedIn({})", self.0.lock().len())
    }
}

/// Counts wrong tokens in windows of one second.
#[derive(Debug, Default)]
pub(crate) struct Guesses(Mutex<Option<(Instant, u32)>>);

impl Guesses {
    /// Refuses when there were too many wrong ones within this second.
    pub(crate) fn allow(&self, now: Instant) -> Result<(), Problem> {
        let window = self.0.lock();
        match *window {
            Some((since, wrong)) if within(since, now) && wrong >= MAX_GUESSES_PER_SECOND => {
                Err(Problem::too_many_guesses())
            }
            _ => Ok(()),
        }
    }

    /// Counts a wrong one.
    pub(crate) fn wrong(&self, now: Instant) {
        let mut window = self.0.lock();
        *window = match *window {
            Some((since, wrong)) if within(since, now) => Some((since, wrong + 1)),
            _ => Some((now, 1)),
        };
    }
}

fn within(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < Duration::from_secs(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_random_and_never_printed() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert!(one.as_str().len() == 64 && one != other);
        assert!(one.is(one.as_str()) && !one.is(other.as_str()) && !one.is(&one.as_str()[..63]));
        assert_eq!(format!("{one:?}"), "Token(…)");
        assert!(Token::new("too short").is_none() && Token::new("sixteen letters!").is_none());
        assert!(Token::new("correct-horse-battery\n").is_some());
    }

    #[test]
    fn a_sign_in_ends_by_itself_by_signing_out_and_when_too_many_came_later() {
        let (all, now) = (SignedIn::default(), Instant::now());
        let first = all.add(now).unwrap();
        assert!(all.has(&first, now).is_some() && all.has("", now).is_none());
        assert!(all.has(&first, now + SIGN_IN_LIFETIME).is_none());
        let second = all.add(now).unwrap();
        all.remove(&second);
        assert!(all.has(&second, now).is_none());
        let third = all.add(now).unwrap();
        for _ in 0..MAX_SIGNED_IN {
            all.add(now).unwrap();
        }
        assert!(all.has(&third, now).is_none());
    }

    #[test]
    fn guessing_is_slowed_down_and_forgiven_a_second_later() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        for _ in 0..MAX_GUESSES_PER_SECOND {
            assert!(guesses.allow(now).is_ok());
            guesses.wrong(now);
        }
        assert!(guesses.allow(now).is_err());
        assert!(guesses.allow(now + Duration::from_secs(1)).is_ok());
    }
}
