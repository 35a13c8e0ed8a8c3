//! What a person changes in a session: that it is kept, or that it goes.

use tokio::sync::oneshot;

use super::fold::Folded;
use super::handle::{INGEST_TIMEOUT, Pipeline};
use super::lane::{Ack, Request};
use super::pump::Pump;
use crate::model::{EventKind, Session, SessionId};

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Keep the session whatever the bounds, or no longer.
    Pin(bool),
    /// Remove it, with all that is known of it.
    Remove,
}

/// Who asks for it, and from where, as far as that is known.
pub(crate) type Asker = (Option<String>, Option<String>);

/// Why it was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeRefused {
    /// Nothing was ever recorded of such a session.
    NotFound,
    /// It has not ended.
    Runs,
    /// It is done, but not stored yet.
    NotStored,
    /// The inspector is shutting down.
    Closed,
}

/// How who asks learns whether it is done.
pub(super) type Decided = oneshot::Sender<Result<(), ChangeRefused>>;

impl Pipeline {
    /// Changes a session, in order with everything that is recorded. On `Ok` the change is stored.
    ///
    /// # Errors
    ///
    /// When there is nothing to change, or the change is not stored yet.
    pub(crate) async fn change(
        &self,
        id: SessionId,
        change: Change,
        asker: Asker,
    ) -> Result<(), ChangeRefused> {
        let ((decided, decision), (ack, answer)) = (oneshot::channel(), oneshot::channel());
        self.request(Request::Change { id, change, asker, decided, ack });
        decision.await.map_err(|_| ChangeRefused::Closed)??;
        match tokio::time::timeout(INGEST_TIMEOUT, answer).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(_))) | Err(_) => Err(ChangeRefused::NotStored),
            Ok(Err(_)) => Err(ChangeRefused::Closed),
        }
    }
}

impl Pump {
    pub(super) fn change(
        &mut self,
        id: &SessionId,
        (change, asker): (Change, Asker),
        decided: Decided,
        ack: Ack,
    ) {
        // What came before is published and counted before.
        self.finish_turn();
        self.fold.begin_turn(self.store.next_turn());
        let done = match change {
            Change::Pin(pinned) => self.pin(id, pinned, asker),
            Change::Remove => self.remove(id, asker),
        };
        if done.is_ok() {
            self.turn.acks.push(ack);
        }
        // Who asked may have gone.
        let _ = decided.send(done);
    }

    fn pin(&mut self, id: &SessionId, pinned: bool, (by, from): Asker) -> Result<(), ChangeRefused> {
        let session = self.fold.pin(id, pinned).ok_or(ChangeRefused::NotFound)?;
        self.say(
            id,
            if pinned {
                EventKind::SessionPinned { by, from }
            } else {
                EventKind::SessionUnpinned { by, from }
            },
        );
        self.turn.pins.push((id.clone(), pinned));
        self.say(id, EventKind::SessionUpdated { session: Box::new(session) });
        Ok(())
    }

    fn remove(&mut self, id: &SessionId, (by, from): Asker) -> Result<(), ChangeRefused> {
        let session: Session = self.fold.session(id).ok_or(ChangeRefused::NotFound)?;
        if !session.status.is_ended() {
            return Err(ChangeRefused::Runs);
        }
        self.fold.remove(id);
        self.bus.remove_session(id);
        self.turn.deleted.push(id.clone());
        self.say(id, EventKind::SessionRemoved { by, from });
        Ok(())
    }

    fn say(&mut self, id: &SessionId, kind: EventKind) {
        self.announce(Folded { events: vec![(id.clone(), kind)], ..Folded::default() });
    }
}
