//! What kind of payload one is, and of which session.

use super::super::hooks::{Payload, Refused, session_of, text};
use super::super::run::Run;
use super::threads::Threads;
use super::{hook, lines};
use crate::model::{Reported, Timestamp};

/// A payload, with whose it is.
#[derive(Debug)]
pub(in super::super) struct Read {
    /// The session.
    pub(in super::super) session: String,
    /// The thread: the session's own, or a sub-agent's.
    thread: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Hook,
    Notification,
    Line,
}

/// Finds out whose a payload is. A hook's says it, a notification too, and of the lines of `codex exec --json` the first.
pub(in super::super) fn read(threads: &mut Threads, payload: &Payload) -> Result<Read, Refused> {
    let own = |thread: String, threads: &Threads| (threads.session(&thread), thread);
    let (kind, (session, thread)) = if payload.contains_key("hook_event_name") {
        let session = threads.session(&session_of(payload)?);
        let agent = text(payload, "agent_id").map(str::to_owned);
        if let Some(agent) = &agent {
            threads.belongs_to(agent, &session);
        }
        let thread = agent.unwrap_or_else(|| session.clone());
        if let Some(turn) = text(payload, "turn_id") {
            threads.turn_is_of(turn, &thread);
        }
        (Kind::Hook, (session, thread))
    } else if let Some(thread) = text(payload, "thread-id") {
        (Kind::Notification, own(thread.to_owned(), threads))
    } else {
        // Whoever passes lines on may add the thread to each of them.
        let named = text(payload, "thread_id").map(str::to_owned);
        if text(payload, "type") == Some("thread.started") {
            threads.printing.clone_from(&named);
        }
        let thread = named.or_else(|| threads.printing.clone()).ok_or(Refused::NoSession)?;
        (Kind::Line, own(thread, threads))
    };
    Ok(Read { session, thread, kind })
}

impl Read {
    /// Takes the payload in.
    pub(in super::super) fn take(&self, run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
        match self.kind {
            Kind::Hook => hook::hook(run, payload, at, out),
            Kind::Notification => hook::notification(run, &self.thread, payload, at, out),
            Kind::Line => lines::line(run, &self.thread, payload, at, out),
        }
    }
}
