//! One clock for the whole inspector.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::model::Timestamp;

/// By how much the clock may differ from the system's before it is set again: less is the steering of a time daemon,
/// more is a clock that was set.
pub(crate) const MAX_CLOCK_DRIFT: Duration = Duration::from_secs(1);

/// Tells the time from the monotonic clock, anchored to the system's, so that a span never ends before it began because
/// the system's clock was set back in between.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    inner: Arc<Anchor>,
}

#[derive(Debug)]
struct Anchor {
    instant: Instant,
    /// What the time was at `instant`, in nanoseconds since the Unix epoch.
    nanos: AtomicI64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let nanos = AtomicI64::new(Timestamp::from(SystemTime::now()).as_nanos());
        Self { inner: Arc::new(Anchor { instant: Instant::now(), nanos }) }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.inner.nanos.load(Ordering::Relaxed)).plus(self.inner.instant.elapsed())
    }

    /// Follows the system's clock when that was set. Called now and then by the pump, never by the host's threads.
    pub(crate) fn follow(&self, system: SystemTime) {
        let (ours, theirs) = (self.now(), Timestamp::from(system));
        if ours.since(theirs).max(theirs.since(ours)) > MAX_CLOCK_DRIFT {
            let nanos = theirs.minus(self.inner.instant.elapsed()).as_nanos();
            self.inner.nanos.store(nanos, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_followed_and_a_steered_one_is_not() {
        let clock = Clock::new();
        let before = clock.now();
        clock.follow(SystemTime::now() - Duration::from_millis(500));
        assert!(clock.now() >= before);
        clock.follow(SystemTime::now() - Duration::from_secs(3600));
        assert!(before.since(clock.now()) > Duration::from_secs(3500));
    }
}
