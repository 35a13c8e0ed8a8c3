//! What goes when there is too much, and how much there is.

use super::{Known, REPLAY_SHARE, State};
use crate::model::{EventKey, Session, TraceId};
use crate::store::{Block, BlockId, REPLAY_EVENTS, REPLAY_EVENTS_AT_LEAST};

/// About what a span takes besides its line: the entry and its short texts.
pub(super) const SPAN_BYTES: usize = size_of::<Known>() + 64;

/// About what a posted event takes that must not be taken again.
pub(super) const TAKEN_BYTES: usize = 3 * size_of::<EventKey>();

pub(super) fn block_size(block: &Block) -> usize {
    block.bytes.len() + size_of::<Block>() + 32
}

pub(super) fn session_size(session: &Session) -> usize {
    let texts = [Some(&session.title), session.agent.as_ref(), session.error.as_ref()];
    2 * size_of::<Session>() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

impl State {
    pub(super) fn evict(&mut self) {
        while self.replay.len() as u64 > REPLAY_EVENTS
            || (self.replay_bytes > self.max_bytes / REPLAY_SHARE
                && self.replay.len() as u64 > REPLAY_EVENTS_AT_LEAST)
        {
            let Some(dropped) = self.replay.pop_front() else { break };
            self.bytes -= dropped.size();
            self.replay_bytes -= dropped.size();
            self.replay_floor = dropped.id;
            while self.of_nobody.front().is_some_and(|event| event.id <= dropped.id) {
                self.of_nobody.pop_front();
            }
        }
        self.only_pinned_left = false;
        while self.bytes > self.max_bytes {
            let oldest = |wanted: fn(&Session) -> bool| {
                let mut oldest = self.newest.iter().filter_map(|(_, id)| self.session(id));
                oldest.find(|session| wanted(session)).map(|session| session.id.clone())
            };
            if let Some(session) = oldest(|session| session.status.is_ended() && !session.pinned) {
                self.remove_session(&session);
            } else if let Some(block) = self.oldest_block_to_go() {
                self.drop_block(block);
            } else if let Some(session) = oldest(|session| !session.pinned) {
                self.remove_session(&session);
            } else {
                self.only_pinned_left = true;
                break;
            }
        }
    }

    /// The oldest block of what runs, which is all that is left beside pinned sessions. Those that run go last: nobody else
    /// bounds them.
    pub(super) fn oldest_block_to_go(&self) -> Option<BlockId> {
        let of = |wanted: fn(&Session) -> bool| {
            let session = |trace: &TraceId| self.session(self.traces.get(trace)?.session.as_ref()?);
            let goes = |trace: &TraceId| session(trace).is_none_or(wanted);
            self.blocks.iter().find(|(_, (trace, _))| goes(trace)).map(|(id, _)| *id)
        };
        of(|session| !session.pinned).or_else(|| of(|session| !session.status.is_ended()))
    }

    pub(super) fn drop_block(&mut self, id: BlockId) {
        let Some((trace_id, block)) = self.blocks.remove(&id) else { return };
        self.bytes -= block_size(&block);
        let Some(trace) = self.traces.get_mut(&trace_id) else { return };
        trace.blocks.remove(&id);
        let before = trace.spans.len();
        trace.spans.retain(|_, known| known.block != id);
        let removed = before - trace.spans.len();
        let session = trace.session.clone();
        self.spans -= removed as u64;
        self.bytes -= removed * SPAN_BYTES;
        if let Some(session) = session {
            self.renew(&session);
        }
    }

    /// Whether pinned sessions take all the room.
    pub(in crate::store::memory) fn only_pinned_left(&self) -> bool {
        self.only_pinned_left
    }
}
