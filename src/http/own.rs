//! The host's own sessions as they are answered, stepped and cancelled, and those that wait in the name of a program outside.

use std::borrow::Cow;
use std::sync::Arc;

use super::access::Caller;
use super::control::{Denial, SignalBody};
use super::problem::Problem;
use crate::clock::Clock;
use crate::control::{Command, Controls, Outcome, Reply, STEP_SIGNAL};
use crate::model::{Control, EventKind, SessionId, Timestamp};
use crate::redact::Redactor;

/// What is known of the host's own sessions, and what is allowed.
#[derive(Clone)]
pub(crate) struct OwnControls {
    pub(super) controls: Arc<Controls>,
    /// Whether breakpoints may be set.
    pub(super) stepping: bool,
    /// Questions are shown as everything is: without what must not be seen.
    pub(super) redactor: Arc<Redactor>,
    clock: Clock,
    /// The places of those who wait for a person's decision about a program outside.
    #[cfg(feature = "otlp")]
    pub(super) permissions: Arc<tokio::sync::Semaphore>,
}

impl OwnControls {
    pub(crate) fn new(
        controls: Arc<Controls>,
        stepping: bool,
        redactor: Arc<Redactor>,
        clock: Clock,
    ) -> Self {
        Self {
            controls,
            stepping,
            redactor,
            clock,
            #[cfg(feature = "otlp")]
            permissions: Arc::new(tokio::sync::Semaphore::new(super::permission::MAX_PERMISSION_REQUESTS)),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What can be done with a session that runs in the host, or that waits in the name of a program outside.
    pub(super) fn of(&self, id: &SessionId) -> impl Iterator<Item = String> {
        let own = [
            (Control::SIGNAL, self.controls.waits().any(id)),
            (Control::CANCEL, self.controls.can_cancel(id)),
            (Control::STEP, self.stepping && self.controls.has_checkpoints(id)),
        ];
        own.into_iter().filter(|(_, can)| *can).map(|(control, _)| control.to_owned())
    }

    /// Answers a wait, and gives the event that tells of it.
    pub(super) fn answer(
        &self,
        id: &SessionId,
        body: SignalBody,
        caller: &Caller,
    ) -> Result<EventKind, Problem> {
        let SignalBody { signal, payload, wait_id, deny } = body;
        let decision = match &deny {
            Some(_) => "denied",
            None => step_taken(&signal, &payload).unwrap_or("answered"),
        };
        let outcome = match deny {
            Some(Denial { reason }) => Outcome::Denied(reason),
            None => Outcome::Answered(payload),
        };
        let (by, from) = caller.named();
        let reply = Reply { outcome, by: by.clone() };
        let wait_id = Some(self.controls.waits().answer(id, (&signal, wait_id), &reply)?);
        let decision = Some(Cow::Borrowed(decision));
        Ok(EventKind::SignalReceived { signal_name: signal, wait_id, decision, by, from })
    }
}

/// What was said at a checkpoint, in a word.
fn step_taken(signal: &str, payload: &serde_json::Value) -> Option<&'static str> {
    let command = (signal == STEP_SIGNAL).then(|| Command::read(payload).ok())??;
    Some(command.as_str())
}
