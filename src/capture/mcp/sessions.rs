//! Which of our sessions, and which open requests, a client's next request belongs to: bounded by count and by silence.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::scope::Scope;
use super::talk::{Talk, Within};
use super::wait::Wait;
use super::{MAX_MCP_SESSIONS, MCP_IDLE_SESSION};

/// How often it is looked whether a session is over.
const SWEEP: Duration = Duration::from_secs(15);

/// Questions that an answer asked instead of giving a result; the client's next request brings what was said to them.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) within: Within,
    pub(super) waits: HashMap<String, Wait>,
    since: Instant,
}

/// All that is remembered between one request and the next.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    tables: Mutex<Tables>,
    /// Hashes with a key of its own: nobody can make two questions look like one.
    state: RandomState,
}

#[derive(Debug, Default)]
struct Tables {
    talks: HashMap<String, Arc<Talk>>,
    scopes: HashMap<String, (Arc<Scope>, Instant)>,
    asked: HashMap<u64, Asked>,
    swept: bool,
}

impl Sessions {
    /// Goes into the session of this key: a new one where none is known, or where the known one is over.
    pub(super) fn enter(self: &Arc<Self>, key: &str, new: impl FnOnce() -> Arc<Talk>) -> Within {
        let mut tables = self.tables.lock();
        if let Some(within) = tables.talks.get(key).and_then(Talk::enter) {
            return within;
        }
        let gone = if tables.talks.len() >= MAX_MCP_SESSIONS { oldest(&mut tables.talks) } else { None };
        let talk = new();
        let within = Within::alone(Arc::clone(&talk));
        tables.talks.insert(key.to_owned(), talk);
        self.watch(&mut tables);
        drop(tables);
        if let Some(gone) = gone {
            gone.end(false);
        }
        within
    }

    /// The session of this key, when it is known.
    pub(super) fn known(&self, key: &str) -> Option<Within> {
        self.tables.lock().talks.get(key).and_then(Talk::enter)
    }

    /// What is open in the client's session of this name.
    pub(super) fn scope(self: &Arc<Self>, key: &str) -> Arc<Scope> {
        let mut tables = self.tables.lock();
        if let Some((scope, heard)) = tables.scopes.get_mut(key) {
            *heard = Instant::now();
            return Arc::clone(scope);
        }
        let full = tables.scopes.len() >= MAX_MCP_SESSIONS;
        let oldest = tables.scopes.iter().min_by_key(|(_, (_, heard))| *heard).map(|(key, _)| key.clone());
        let gone = oldest.filter(|_| full).and_then(|key| tables.scopes.remove(&key));
        let scope = Arc::new(Scope::default());
        tables.scopes.insert(key.to_owned(), (Arc::clone(&scope), Instant::now()));
        self.watch(&mut tables);
        drop(tables);
        if let Some((gone, _)) = gone {
            gone.close();
        }
        scope
    }

    /// The client ended it, or the server does not know it any more.
    pub(super) fn end(&self, key: &str) {
        let mut tables = self.tables.lock();
        let (talk, scope) = (tables.talks.remove(key), tables.scopes.remove(key));
        drop(tables);
        if let Some((scope, _)) = scope {
            scope.close();
        }
        if let Some(talk) = talk {
            talk.end(false);
        }
    }

    /// By what a client's next request is known as the one that answers: it brings back the state that it was given, or else
    /// has answers of these names.
    pub(super) fn question<'a>(
        &self,
        method: &str,
        state: Option<&str>,
        keys: impl Iterator<Item = &'a str>,
    ) -> u64 {
        match state {
            Some(state) => self.state.hash_one((method, state)),
            None => self.state.hash_one((method, keys.collect::<Vec<_>>())),
        }
    }

    /// Keeps questions until the client's next request.
    pub(super) fn ask(self: &Arc<Self>, key: u64, within: Within, waits: HashMap<String, Wait>) {
        let mut tables = self.tables.lock();
        let full = tables.asked.len() >= MAX_MCP_SESSIONS;
        let oldest = tables.asked.iter().min_by_key(|(_, asked)| asked.since).map(|(key, _)| *key);
        let gone = oldest.filter(|_| full).and_then(|key| tables.asked.remove(&key));
        let before = tables.asked.insert(key, Asked { within, waits, since: Instant::now() });
        self.watch(&mut tables);
        drop(tables);
        drop((gone, before));
    }

    pub(super) fn asked(&self, key: u64) -> Option<Asked> {
        self.tables.lock().asked.remove(&key)
    }

    /// A task that looks for what is over, as long as something is known. Whoever serves requests has a runtime.
    fn watch(self: &Arc<Self>, tables: &mut Tables) {
        if std::mem::replace(&mut tables.swept, true) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            tables.swept = false;
            return;
        };
        let sessions = Arc::downgrade(self);
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                if !Weak::upgrade(&sessions).is_some_and(|sessions| sessions.sweep()) {
                    return;
                }
            }
        });
    }

    /// Forgets what is over; says whether anything is left.
    fn sweep(&self) -> bool {
        let mut tables = self.tables.lock();
        tables.talks.retain(|_, talk| !talk.end(true));
        let mut closed = Vec::new();
        tables.scopes.retain(|_, (scope, heard)| {
            // Whoever answers in it now holds it.
            let stays = Arc::strong_count(scope) > 1 || heard.elapsed() < MCP_IDLE_SESSION;
            if !stays {
                closed.push(Arc::clone(scope));
            }
            stays
        });
        let silent = |asked: &Asked| asked.since.elapsed() >= MCP_IDLE_SESSION;
        let unanswered: Vec<_> = tables.asked.extract_if(|_, asked| silent(asked)).collect();
        tables.swept = !(tables.talks.is_empty() && tables.scopes.is_empty() && tables.asked.is_empty());
        let left = tables.swept;
        drop(tables);
        closed.iter().for_each(|scope| scope.close());
        drop(unanswered);
        left
    }
}

/// The session that was silent for longest, taken out.
fn oldest(talks: &mut HashMap<String, Arc<Talk>>) -> Option<Arc<Talk>> {
    let key = talks.iter().min_by_key(|(_, talk)| talk.age()).map(|(key, _)| key.clone())?;
    talks.remove(&key)
}
