//! What a live session can be told while it runs.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// One live session's ear.
#[derive(Debug)]
pub(crate) struct Steering {
    /// The same as what `wake` says, for those who only look: a lock there would cost them ten times as much.
    cancelled: AtomicBool,
    wake: watch::Sender<bool>,
    /// Whether it ever looked whether it is cancelled: only then is a request to end more than a hope.
    listens: AtomicBool,
    /// Whether it ever came by a checkpoint.
    checkpoints: AtomicBool,
    /// It is to stop at its next checkpoint, whichever that is.
    step: AtomicBool,
}

impl Default for Steering {
    fn default() -> Self {
        Self {
            cancelled: AtomicBool::new(false),
            wake: watch::Sender::new(false),
            listens: AtomicBool::new(false),
            checkpoints: AtomicBool::new(false),
            step: AtomicBool::new(false),
        }
    }
}

impl Steering {
    /// Notes that the host looks.
    pub(crate) fn listen(&self) {
        // A store that changes nothing would still take the line from other cores.
        if !self.listens.load(Ordering::Relaxed) {
            self.listens.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that it came by a checkpoint.
    pub(crate) fn pass_checkpoint(&self) {
        if !self.checkpoints.load(Ordering::Relaxed) {
            self.checkpoints.store(true, Ordering::Relaxed);
        }
        self.listen();
    }

    pub(super) fn has_checkpoints(&self) -> bool {
        self.checkpoints.load(Ordering::Relaxed)
    }

    pub(super) fn listens(&self) -> bool {
        self.listens.load(Ordering::Relaxed)
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        self.wake.send_replace(true);
    }

    /// Whether it was asked to end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Completes when it is asked to end.
    pub(crate) async fn cancelled(&self) {
        let mut asked = self.wake.subscribe();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // The sender is `self`.
            std::future::pending::<()>().await;
        }
    }

    /// Has it stop at its next checkpoint, or not after all.
    pub(crate) fn stop_next(&self, stop: bool) {
        self.step.store(stop, Ordering::Release);
    }

    /// Whether it is to stop at its next checkpoint.
    pub(crate) fn stops_next(&self) -> bool {
        self.step.load(Ordering::Acquire)
    }

    /// Whether it is to stop at this checkpoint because of that; asks once.
    pub(crate) fn take_stop(&self) -> bool {
        self.stops_next() && self.step.swap(false, Ordering::AcqRel)
    }
}
