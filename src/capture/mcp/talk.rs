//! A session of ours, who is in it, and when it is over.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{MCP_IDLE_REQUEST, MCP_IDLE_SESSION};
use crate::capture::SessionHandle;

/// How long a session named by the caller's trace lasts after its last request.
pub(super) const TRACE: Lasts = Lasts::Until(MCP_IDLE_REQUEST);

/// How long a client's own session lasts after its last request.
pub(super) const PROTOCOL: Lasts = Lasts::Until(MCP_IDLE_SESSION);

/// How long a session of ours lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// As long as one of its requests is open; it fails with the last of them.
    Requests,
    /// Until nothing was heard of it for this long.
    Until(Duration),
}

/// A session of ours, and who is in it.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) handle: SessionHandle,
    lasts: Lasts,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    open: usize,
    ended: bool,
    heard: Instant,
    error: Option<String>,
}

impl Talk {
    pub(super) fn new(handle: SessionHandle, lasts: Lasts) -> Arc<Self> {
        let state = State { open: 0, ended: false, heard: Instant::now(), error: None };
        Arc::new(Self { handle, lasts, state: Mutex::new(state) })
    }

    /// The one that is to be forgotten first has the least of this: it has nothing open, or was silent for longest.
    pub(super) fn age(&self) -> (usize, Instant) {
        let state = self.state.lock();
        (state.open, state.heard)
    }

    /// Nobody finds a session over while he is in it; `None` when it is over.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Within> {
        let mut state = self.state.lock();
        if state.ended {
            return None;
        }
        state.open += 1;
        drop(state);
        Some(Within(Arc::clone(self)))
    }

    /// Ends it, unless only a silent one is to end and it is not. Says whether it is over.
    pub(super) fn end(&self, only_silent: bool) -> bool {
        let mut state = self.state.lock();
        if only_silent {
            let idle = match self.lasts {
                Lasts::Requests => Duration::ZERO,
                Lasts::Until(idle) => idle,
            };
            if state.open > 0 || state.heard.elapsed() < idle {
                return false;
            }
        }
        let ended = std::mem::replace(&mut state.ended, true);
        let error = state.error.take().filter(|_| self.lasts == Lasts::Requests);
        drop(state);
        if !ended {
            match error {
                Some(error) => self.handle.fail(error),
                None => self.handle.finish(),
            }
        }
        true
    }
}

/// Somebody is in a session.
#[derive(Debug)]
pub(super) struct Within(Arc<Talk>);

impl Within {
    /// In a session that nobody else will find.
    pub(super) fn alone(talk: Arc<Talk>) -> Self {
        talk.state.lock().open += 1;
        Self(talk)
    }

    pub(super) fn handle(&self) -> &SessionHandle {
        &self.0.handle
    }

    /// What the last request came to.
    pub(super) fn went(&self, error: Option<&str>) {
        self.0.state.lock().error = error.map(str::to_owned);
    }

    /// One more who is in it.
    pub(super) fn again(&self) -> Self {
        self.0.state.lock().open += 1;
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.open -= 1;
        state.heard = Instant::now();
        let over = state.open == 0 && self.0.lasts == Lasts::Requests;
        drop(state);
        if over {
            self.0.end(true);
        }
    }
}
