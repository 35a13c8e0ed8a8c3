//! The lane between outside senders and the pump: it waits, and answers after the commit.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::thread::Thread;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::change::{Asker, Change, Decided};
use super::fold::FromFile;
use super::handle::IngestRefused;
use super::prepare::{Prepared, PreparedReport};
use crate::model::SessionId;

/// How a batch's sender learns what became of it.
pub(super) type Ack = oneshot::Sender<Result<(), IngestRefused>>;

/// How somebody who waits learns that it is done. Whoever waited may have gone.
#[derive(Debug)]
pub(super) enum Done {
    /// A task waits.
    Task(oneshot::Sender<()>),
    /// A thread waits.
    Thread(std::sync::mpsc::SyncSender<()>),
    /// Nobody waits.
    Nobody,
}

impl Done {
    pub(super) fn tell(self) {
        match self {
            Self::Task(task) => _ = task.send(()),
            Self::Thread(thread) => _ = thread.try_send(()),
            Self::Nobody => {}
        }
    }
}

/// What the pump is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    /// Take what was reported. The permit stands for its bytes and is given back with the commit; the hooks' own thread,
    /// which has one request at a time, needs none.
    Ingest { reported: PreparedReport, ack: Ack, permit: Option<OwnedSemaphorePermit> },
    /// Change a session as a person asked. `decided` is told at once whether it is done, `ack` when it is stored.
    Change { id: SessionId, change: Change, asker: Asker, decided: Decided, ack: Ack },
    /// Take these spans, which were read from a trace file. There is one such request at a time.
    Import { traces: Vec<Prepared>, file: FromFile, ack: Ack },
    /// Answer when everything handed over before is in the ring and the store.
    Settle(Done),
    /// Finish, and answer when everything is stored.
    Stop(Done),
}

impl Request {
    fn size(&self) -> usize {
        match self {
            Self::Ingest { reported, .. } => reported.size(),
            Self::Import { traces, .. } => traces.iter().map(Prepared::size).sum(),
            Self::Change { .. } | Self::Settle(_) | Self::Stop(_) => 0,
        }
    }
}

/// Requests to the pump, in order. Bounded by the permits that its requests hold.
#[derive(Debug)]
pub(super) struct IngestLane {
    /// `None` when the pump has ended.
    requests: Mutex<Option<VecDeque<Request>>>,
    pump: OnceLock<Thread>,
}

impl IngestLane {
    pub(super) fn new() -> Self {
        Self { requests: Mutex::new(Some(VecDeque::new())), pump: OnceLock::new() }
    }

    pub(super) fn set_pump(&self, pump: Thread) {
        // Set once, when the pump starts.
        let _ = self.pump.set(pump);
    }

    /// Hands a request over and wakes the pump: these senders wait for an answer. After the pump has ended the request is
    /// dropped, which its sender notices.
    pub(super) fn push(&self, request: Request) {
        match self.requests.lock().as_mut() {
            Some(requests) => requests.push_back(request),
            None => return,
        }
        if let Some(pump) = self.pump.get() {
            pump.unpark();
        }
    }

    /// Takes requests up to about `bytes`, at least one when there is one.
    pub(super) fn take(&self, bytes: usize, into: &mut Vec<Request>) {
        let mut requests = self.requests.lock();
        let mut taken = 0;
        while taken < bytes
            && let Some(request) = requests.as_mut().and_then(VecDeque::pop_front)
        {
            taken += request.size();
            into.push(request);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.lock().as_ref().is_none_or(VecDeque::is_empty)
    }

    /// Takes no more requests, and drops those that wait.
    pub(super) fn close(&self) {
        let left = self.requests.lock().take();
        drop(left);
    }
}
