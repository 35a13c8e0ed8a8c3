//! The table of open waits.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use serde_json::Value;

use super::schema::AnswerSchema;
use super::slot::Slot;
use crate::model::{SessionId, SpanId, Timestamp, TraceId};
use crate::registry::{ControlError, InvalidPart};

/// How many waits are open at most, over all sessions: some 60 MB with questions of common size. One more is refused, so that
/// a host that asks in a loop learns of it.
pub const MAX_OPEN_WAITS: usize = 65_536;

/// Looks at an answer that fits the schema; says what is wrong with it.
pub(crate) type Check = Box<dyn Fn(&Value) -> Result<(), Vec<InvalidPart>> + Send + Sync>;

/// What is asked.
pub(crate) struct Question {
    /// The signal that answers.
    pub(crate) signal: String,
    /// The question, in words.
    pub(crate) prompt: Option<String>,
    /// How the answer must look.
    pub(crate) schema: Option<AnswerSchema>,
    /// What else it must be.
    pub(crate) check: Option<Check>,
    /// When the wait began.
    pub(crate) since: Timestamp,
    /// When it ends without an answer.
    pub(crate) until: Option<Timestamp>,
    /// The trace that the wait's span stands in.
    pub(crate) trace_id: Option<TraceId>,
    /// The checkpoint that the session stopped at, when it is that.
    pub(crate) step: Option<Stopped>,
}

/// A session that stopped at a checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct Stopped {
    /// The checkpoint's name.
    pub(crate) checkpoint: String,
    /// The tool that is about to be called.
    pub(crate) tool: Option<String>,
    /// The agent that is about to act.
    pub(crate) agent: Option<String>,
    /// The state there.
    pub(crate) state: Value,
    /// Whether the host takes the state back changed.
    pub(crate) editable: bool,
    /// How it must look then.
    pub(crate) schema: Option<Value>,
}

impl Question {
    /// What is wrong with an answer.
    fn check(&self, answer: &Value) -> Result<(), Vec<InvalidPart>> {
        if let Some(schema) = &self.schema {
            schema.check(answer)?;
        }
        let Some(check) = &self.check else { return Ok(()) };
        // The host's own code looks at what a stranger sent.
        catch_unwind(AssertUnwindSafe(|| check(answer)))
            .unwrap_or_else(|_| Err(vec![InvalidPart::new("", "the host cannot read this answer")]))
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// How a wait ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// With an answer that was checked.
    Answered(Value),
    /// With a no, and perhaps a reason.
    Denied(Option<String>),
    /// Because the session is to end.
    Cancelled,
}

/// An outcome and who brought it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) outcome: Outcome,
    /// In a word: a name, or how the caller was let in.
    pub(crate) by: Option<String>,
}

/// A wait that is open.
#[derive(Debug, Clone)]
pub(crate) struct OpenWait {
    /// Its id, which is that of its span.
    pub(crate) id: SpanId,
    pub(crate) question: Arc<Question>,
    /// Waits are counted in the order in which they were opened.
    number: u64,
    slot: Arc<Slot<Reply>>,
}

/// The open waits of one session.
#[derive(Debug, Default)]
struct OfSession {
    by_id: HashMap<SpanId, OpenWait>,
    /// In the order in which they were opened, for an answer that names none.
    by_signal: HashMap<String, BTreeMap<u64, SpanId>>,
}

impl OfSession {
    fn insert(&mut self, wait: OpenWait) {
        let signal = wait.question.signal.clone();
        self.by_signal.entry(signal).or_default().insert(wait.number, wait.id);
        self.by_id.insert(wait.id, wait);
    }

    fn remove(&mut self, id: SpanId) -> Option<OpenWait> {
        let wait = self.by_id.remove(&id)?;
        let signal = &wait.question.signal;
        if let Some(same) = self.by_signal.get_mut(signal) {
            same.remove(&wait.number);
            if same.is_empty() {
                self.by_signal.remove(signal);
            }
        }
        Some(wait)
    }
}

#[derive(Debug, Default)]
struct Table {
    by_session: HashMap<SessionId, OfSession>,
    open: usize,
    number: u64,
}

impl Table {
    fn remove(&mut self, session: &SessionId, id: SpanId) -> Option<OpenWait> {
        let waits = self.by_session.get_mut(session)?;
        let wait = waits.remove(id)?;
        if waits.by_id.is_empty() {
            self.by_session.remove(session);
        }
        self.open -= 1;
        Some(wait)
    }
}

/// What the sessions wait for.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    table: Mutex<Table>,
}

impl Waits {
    /// Opens a wait; `None` when too many are open.
    pub(crate) fn open(
        self: &Arc<Self>,
        session: &SessionId,
        id: SpanId,
        question: Question,
    ) -> Option<Waiting> {
        let slot = Arc::new(Slot::default());
        let mut table = self.table.lock();
        if table.open >= MAX_OPEN_WAITS {
            return None;
        }
        table.open += 1;
        table.number += 1;
        let wait =
            OpenWait { id, question: Arc::new(question), number: table.number, slot: Arc::clone(&slot) };
        table.by_session.entry(session.clone()).or_default().insert(wait);
        drop(table);
        Some(Waiting { waits: Arc::clone(self), session: session.clone(), id, slot })
    }

    /// Ends a wait of the session's: the one of this id, or the oldest for this signal. Gives the id.
    ///
    /// # Errors
    ///
    /// When no such wait is open any more, or the answer is not what was asked for.
    pub(crate) fn answer(
        &self,
        session: &SessionId,
        (signal, id): (&str, Option<SpanId>),
        reply: &Reply,
    ) -> Result<SpanId, ControlError> {
        // Another answer may win between finding a wait and ending it; then there may be one more.
        while let Some(wait) = self.find(session, signal, id) {
            if let Outcome::Answered(answer) = &reply.outcome {
                // Outside the lock, for it may take a while.
                wait.question.check(answer).map_err(ControlError::Invalid)?;
            }
            let won = wait.slot.fill(reply.clone()).is_ok();
            self.table.lock().remove(session, wait.id);
            if won {
                return Ok(wait.id);
            }
        }
        Err(ControlError::NothingWaits)
    }

    fn find(&self, session: &SessionId, signal: &str, id: Option<SpanId>) -> Option<OpenWait> {
        let table = self.table.lock();
        let waits = table.by_session.get(session)?;
        let id = match id {
            Some(id) => id,
            None => *waits.by_signal.get(signal)?.first_key_value()?.1,
        };
        let found = waits.by_id.get(&id).filter(|wait| wait.question.signal == signal);
        found.cloned()
    }

    /// Ends all waits of a session because it is to end.
    pub(super) fn cancel(&self, session: &SessionId) {
        let mut table = self.table.lock();
        let waits = table.by_session.remove(session).unwrap_or_default();
        table.open -= waits.by_id.len();
        drop(table);
        for wait in waits.by_id.into_values() {
            // One that was answered just now is over already.
            let _ = wait.slot.fill(Reply { outcome: Outcome::Cancelled, by: None });
        }
    }

    /// The open waits of a session, the oldest first, at most so many; and how many there are.
    pub(crate) fn of(&self, session: &SessionId, most: usize) -> (Vec<OpenWait>, usize) {
        let table = self.table.lock();
        let Some(waits) = table.by_session.get(session) else { return (Vec::new(), 0) };
        let mut found: Vec<_> = waits.by_id.values().cloned().collect();
        drop(table);
        let total = found.len();
        found.sort_unstable_by_key(|wait| wait.number);
        found.truncate(most);
        (found, total)
    }

    /// Whether the session waits for anything.
    pub(crate) fn any(&self, session: &SessionId) -> bool {
        self.table.lock().by_session.contains_key(session)
    }

    /// How many are open.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.table.lock().open
    }
}

/// The waiting side: completes when the wait ends, and takes the wait away when dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    waits: Arc<Waits>,
    session: SessionId,
    id: SpanId,
    slot: Arc<Slot<Reply>>,
}

impl Waiting {
    /// Gives the wait up. An answer that was taken before is given, for its sender was told so.
    pub(crate) fn give_up(&self) -> Option<Reply> {
        let late = self.slot.give_up();
        self.waits.table.lock().remove(&self.session, self.id);
        late
    }
}

impl Future for Waiting {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        self.slot.poll(cx.waker())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.give_up();
    }
}
