//! Sessions that a person can answer, stop and step through while they run.
//!
//! [`Controls`] knows the host's live sessions and what they wait for. The session API opens waits in it and sleeps on
//! them, the HTTP contract answers them. Nothing here costs a session anything that nobody steers: what is looked at on
//! the way is one number.

mod answer;
mod breakpoints;
mod schema;
mod slot;
mod steering;
mod step;
mod sync;
#[cfg(test)]
mod tests;
mod waits;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

pub use self::answer::{Answer, WaitError};
pub use self::breakpoints::MAX_BREAKPOINTS;
pub(crate) use self::breakpoints::{Breakpoints, Place};
pub(crate) use self::schema::{AnswerSchema, MAX_SCHEMA_BYTES};
pub(crate) use self::steering::Steering;
pub(crate) use self::step::{Command, STEP_SIGNAL, patched};
pub use self::waits::MAX_OPEN_WAITS;
pub(crate) use self::waits::{Check, OpenWait, Outcome, Question, Reply, Stopped, Waiting, Waits};
use crate::model::SessionId;
use crate::registry::ControlError;
pub(crate) use crate::registry::InvalidPart;

/// The host's live sessions, their open waits and the breakpoints.
#[derive(Debug, Default)]
pub(crate) struct Controls {
    sessions: Mutex<HashMap<SessionId, Weak<Steering>>>,
    waits: Arc<Waits>,
    breakpoints: Breakpoints,
}

impl Controls {
    /// Takes a session in that begins. It is known as long as the handle lives.
    pub(crate) fn begin(&self, id: &SessionId) -> Arc<Steering> {
        let steering = Arc::new(Steering::default());
        self.sessions.lock().insert(id.clone(), Arc::downgrade(&steering));
        steering
    }

    /// A session ended: whoever waits in it is told so.
    pub(crate) fn end(&self, id: &SessionId, steering: &Arc<Steering>) {
        let mut sessions = self.sessions.lock();
        // The host may have begun another one under the same id meanwhile.
        if sessions.get(id).is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(steering))) {
            sessions.remove(id);
            drop(sessions);
            self.waits.cancel(id);
        }
    }

    /// What the sessions wait for.
    pub(crate) fn waits(&self) -> &Arc<Waits> {
        &self.waits
    }

    /// Where sessions are to be stopped.
    pub(crate) const fn breakpoints(&self) -> &Breakpoints {
        &self.breakpoints
    }

    fn steering(&self, id: &SessionId) -> Option<Arc<Steering>> {
        self.sessions.lock().get(id)?.upgrade()
    }

    /// Whether a session of this id runs in the host, or something waits in its name.
    pub(crate) fn knows(&self, id: &SessionId) -> bool {
        self.waits.any(id) || self.sessions.lock().contains_key(id)
    }

    /// Whether the session heeds a request to end.
    pub(crate) fn can_cancel(&self, id: &SessionId) -> bool {
        self.steering(id).is_some_and(|steering| steering.listens() || self.waits.any(id))
    }

    /// Whether the session can be stopped at a checkpoint: it came by one.
    pub(crate) fn has_checkpoints(&self, id: &SessionId) -> bool {
        self.steering(id).is_some_and(|steering| steering.has_checkpoints())
    }

    /// Asks a session to end: it is told, and whatever it waits for is over.
    ///
    /// # Errors
    ///
    /// When it does not run here, or neither waits nor ever looked whether it is cancelled.
    pub(crate) fn cancel(&self, id: &SessionId) -> Result<(), ControlError> {
        let Some(steering) = self.steering(id) else {
            // A wait in the name of a program that reports here is answered, and no more.
            return Err(if self.waits.any(id) { ControlError::Unsupported } else { ControlError::NotFound });
        };
        if !steering.listens() && !self.waits.any(id) {
            return Err(ControlError::Unsupported);
        }
        steering.cancel();
        self.waits.cancel(id);
        Ok(())
    }
}
