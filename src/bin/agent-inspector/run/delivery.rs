//! Sending one batch: what an answer, or none, means for it.

use std::io;
use std::time::Duration;

use crate::post::{Answer, answer};
use crate::target::Target;

/// How long one request may take.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// How long an inspector that is not there is left alone.
const REST: Duration = Duration::from_secs(1);

/// How long to wait before the first attempt after a failed one; each further time twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long an inspector may ask to be left alone.
const LONGEST_ASKED: Duration = Duration::from_secs(30);

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It was taken.
    Done,
    /// There is no inspector, and there never was. It is to be left alone for so long.
    Nobody(Duration),
    /// It will not be taken, for this reason.
    Refused(String),
    /// The same is to be sent again after so long, for this reason.
    Again(Duration, String),
}

/// The way to an inspector.
#[derive(Debug)]
pub(super) struct Delivery {
    target: Target,
    url: String,
    /// What is sent twice there is taken once.
    knows_twins: bool,
    /// Somebody answered, whatever it was.
    found: bool,
    failures: u32,
}

impl Delivery {
    pub(super) fn to(target: Target, path: &'static str) -> Self {
        let url = target.at(path);
        // Events have ids, lines of agents have none.
        Self { target, url, knows_twins: path == "/events", found: false, failures: 0 }
    }

    /// Sends a batch.
    pub(super) fn attempt(&mut self, batch: &[u8]) -> Next {
        let answered = answer(&self.url, self.target.token.as_deref(), batch, SEND_WITHIN);
        self.judge(answered)
    }

    fn judge(&mut self, answered: io::Result<Answer>) -> Next {
        let next = match answered {
            Ok(Answer { status: 200..300, .. }) => Next::Done,
            Ok(Answer { status: status @ (408 | 429 | 502 | 503 | 504), retry_after }) => {
                let wait = retry_after.map_or_else(|| self.backoff(), |asked| asked.min(LONGEST_ASKED));
                Next::Again(wait, format!("the inspector answered with {status}"))
            }
            Ok(Answer { status, .. }) => Next::Refused(format!("the inspector answered with {status}")),
            Err(error) if was_not_sent(&error) && !self.found => return Next::Nobody(REST),
            Err(error) if was_not_sent(&error) || self.knows_twins => {
                Next::Again(self.backoff(), format!("the inspector did not answer: {error}"))
            }
            // It may have been taken.
            Err(error) => Next::Refused(format!("the inspector did not answer: {error}")),
        };
        self.found = true;
        self.failures = if matches!(next, Next::Again(..)) { self.failures.saturating_add(1) } else { 0 };
        next
    }

    fn backoff(&self) -> Duration {
        FIRST_WAIT.saturating_mul(1 << self.failures.min(10)).min(LONGEST_WAIT)
    }
}

/// Nobody is there, or the way leads nowhere.
fn was_not_sent(error: &io::Error) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidInput, NetworkUnreachable, NotFound,
    };
    let kinds =
        [AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidInput, NetworkUnreachable, NotFound];
    // A name that cannot be looked up has no kind of its own.
    kinds.contains(&error.kind()) || error.to_string().contains("lookup")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(path: &'static str) -> Delivery {
        Delivery::to(Target { url: "http://nobody".to_owned(), token: None }, path)
    }

    fn with(status: u16, retry_after: Option<u64>) -> io::Result<Answer> {
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs) })
    }

    fn wait(next: &Next) -> Duration {
        let Next::Again(wait, _) = next else { panic!("{next:?}") };
        *wait
    }

    #[test]
    fn who_has_no_time_is_asked_again_when_it_says_and_otherwise_ever_later() {
        let mut delivery = delivery("/events");
        assert_eq!(wait(&delivery.judge(with(503, Some(2)))), Duration::from_secs(2));
        assert_eq!(wait(&delivery.judge(with(503, Some(3600)))), LONGEST_ASKED);
        let waits: Vec<_> = (0..20).map(|_| wait(&delivery.judge(with(503, None)))).collect();
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[0] < waits[3], "{waits:?}");
        assert_eq!(waits[19], LONGEST_WAIT);
        assert_eq!(delivery.judge(with(200, None)), Next::Done);
        assert_eq!(wait(&delivery.judge(with(429, None))), FIRST_WAIT, "it went well in between");
        assert!(matches!(delivery.judge(with(400, None)), Next::Refused(_)));
    }

    #[test]
    fn nobody_is_missed_who_was_never_there_and_lines_that_may_have_been_taken_are_not_sent_twice() {
        let gone = || Err(io::ErrorKind::ConnectionRefused.into());
        let silent = || Err(io::ErrorKind::TimedOut.into());
        for path in ["/events", "/hooks/codex"] {
            let mut delivery = delivery(path);
            assert_eq!(delivery.judge(gone()), Next::Nobody(REST));
            assert_eq!(delivery.judge(with(200, None)), Next::Done);
            assert!(matches!(delivery.judge(gone()), Next::Again(..)), "it comes back");
            assert_eq!(matches!(delivery.judge(silent()), Next::Again(..)), path == "/events");
        }
    }
}
