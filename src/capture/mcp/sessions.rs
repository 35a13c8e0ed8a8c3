//! The clients' sessions that are known, bounded by count and by silence.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::exchange::{Call, Wait};
use super::{MAX_MCP_SESSIONS, MCP_IDLE_SESSION};
use crate::capture::SessionHandle;

/// The most calls, and the most questions to the client, that one session's table has.
pub(super) const MAX_OPEN: usize = 1024;

/// A session with what is open in it, by JSON-RPC id: ids are unique within one session only.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) handle: SessionHandle,
    pub(super) calls: Mutex<HashMap<String, Arc<Call>>>,
    pub(super) waits: Mutex<HashMap<String, Wait>>,
    /// It ends with its only request.
    pub(super) single: bool,
}

impl Talk {
    pub(super) fn new(handle: SessionHandle, single: bool) -> Arc<Self> {
        Arc::new(Self { handle, calls: Mutex::default(), waits: Mutex::default(), single })
    }
}

#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, (Arc<Talk>, Instant)>>);

impl Sessions {
    pub(super) fn get(&self, key: &str) -> Option<Arc<Talk>> {
        let mut all = self.0.lock();
        let (talk, heard) = all.get_mut(key)?;
        *heard = Instant::now();
        Some(Arc::clone(talk))
    }

    /// The session of this key; a new one where none is known.
    pub(super) fn get_or(&self, key: &str, new: impl FnOnce() -> Arc<Talk>) -> Arc<Talk> {
        if let Some(known) = self.get(key) {
            return known;
        }
        let talk = new();
        let mut all = self.0.lock();
        let mut gone = Vec::new();
        // Whoever talks is not silent, however long ago it was asked.
        all.retain(|_, (talk, heard)| {
            let stays = Arc::strong_count(talk) > 1 || heard.elapsed() < MCP_IDLE_SESSION;
            if !stays {
                gone.push(Arc::clone(talk));
            }
            stays
        });
        if all.len() >= MAX_MCP_SESSIONS
            && let Some(oldest) = all.iter().min_by_key(|(_, (_, heard))| *heard).map(|(key, _)| key.clone())
        {
            gone.extend(all.remove(&oldest).map(|(talk, _)| talk));
        }
        // Two first requests at once are of one session.
        let kept = Arc::clone(&all.entry(key.to_owned()).or_insert((talk, Instant::now())).0);
        drop(all);
        drop(gone);
        kept
    }

    /// The client ended it, or the server does not know it any more.
    pub(super) fn end(&self, key: &str) {
        let ended = self.0.lock().remove(key);
        if let Some((talk, _)) = ended {
            talk.waits.lock().clear();
            talk.handle.finish();
        }
    }
}
