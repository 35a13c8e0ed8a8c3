//! What is open in a client's session with the server.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::MAX_MCP_OPEN;
use super::call::Call;
use super::wait::Wait;

/// What is open among the JSON-RPC ids of one client's session with the server: they are unique there and nowhere else.
#[derive(Debug, Default)]
pub(super) struct Scope {
    calls: Mutex<HashMap<String, Arc<Call>>>,
    waits: Mutex<HashMap<String, Wait>>,
}

impl Scope {
    pub(super) fn add(&self, call: &Arc<Call>) {
        let mut calls = self.calls.lock();
        if calls.len() < MAX_MCP_OPEN {
            calls.insert(call.id().to_owned(), Arc::clone(call));
        }
    }

    pub(super) fn call(&self, id: &str) -> Option<Arc<Call>> {
        self.calls.lock().get(id).cloned()
    }

    pub(super) fn find(&self, fits: impl Fn(&Call) -> bool) -> Option<Arc<Call>> {
        self.calls.lock().values().find(|call| fits(call)).cloned()
    }

    pub(super) fn remove(&self, call: &Arc<Call>) {
        let mut calls = self.calls.lock();
        if calls.get(call.id()).is_some_and(|known| Arc::ptr_eq(known, call)) {
            calls.remove(call.id());
        }
    }

    /// Says whether it was kept: a client that never answers must not fill the memory.
    pub(super) fn ask(&self, id: &str, wait: Wait) -> bool {
        let mut waits = self.waits.lock();
        let kept = waits.len() < MAX_MCP_OPEN;
        if kept {
            waits.insert(id.to_owned(), wait);
        }
        kept
    }

    pub(super) fn asked(&self, id: &str) -> Option<Wait> {
        self.waits.lock().remove(id)
    }

    /// Nobody will answer any more.
    pub(super) fn close(&self) {
        self.waits.lock().clear();
        let calls = std::mem::take(&mut *self.calls.lock());
        calls
            .into_values()
            .for_each(|call| call.broken("disconnected", "the session ended before the result"));
    }
}
