//! What a batch changes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::room::{SPAN_BYTES, TAKEN_BYTES, block_size, session_size};
use super::{Known, State, Stored, Trace};
use crate::model::{EventFrame, Session, SessionId, TraceId};
use crate::store::chunk::replaces;
use crate::store::search::is_searched;
use crate::store::{BlockId, Chunk, WriteBatch, outlives_replay};

impl State {
    pub(in crate::store::memory) fn apply(&mut self, batch: &WriteBatch) {
        for session in &batch.deleted_sessions {
            self.remove_session(session);
            self.remove_events(session);
        }
        for session in &batch.sessions {
            self.put_session(session);
        }
        for (trace, session) in &batch.traces {
            self.map_trace(*trace, session);
        }
        for chunk in &batch.chunks {
            self.add_chunk(chunk);
        }
        for (session, pinned) in &batch.pins {
            if let Some(stored) = self.sessions.get_mut(session) {
                stored.session.pinned = *pinned;
            }
        }
        for session in &batch.removed_sessions {
            self.move_provisional(session);
            self.remove_session(session);
        }
        for event in &batch.events {
            self.add_event(event);
        }
        for (session, event) in &batch.taken {
            if self.taken.insert(*event) {
                self.taken_of.entry(session.clone()).or_default().push(*event);
                self.bytes += TAKEN_BYTES;
            }
        }
        self.evict();
    }

    fn put_session(&mut self, session: &Session) {
        let mut session = session.clone();
        session.pinned = false;
        let generation = match self.sessions.remove(&session.id) {
            Some(old) => {
                session.pinned = old.session.pinned;
                self.bytes -= session_size(&old.session);
                self.newest.remove(&(old.session.started_at, old.session.id));
                old.generation
            }
            None => self.next_generation(),
        };
        self.bytes += session_size(&session);
        self.newest.insert((session.started_at, session.id.clone()));
        self.sessions.insert(session.id.clone(), Stored { session, generation });
    }

    fn next_generation(&mut self) -> u64 {
        self.last_generation += 1;
        self.last_generation
    }

    pub(super) fn renew(&mut self, session: &SessionId) {
        let generation = self.next_generation();
        if let Some(stored) = self.sessions.get_mut(session) {
            stored.generation = generation;
        }
    }

    fn trace(&mut self, id: TraceId) -> &mut Trace {
        let last_trace = &mut self.last_trace;
        self.traces.entry(id).or_insert_with(|| {
            *last_trace += 1;
            Trace { order: *last_trace, session: None, blocks: BTreeSet::new(), spans: HashMap::new() }
        })
    }

    fn map_trace(&mut self, id: TraceId, session: &SessionId) {
        let trace = self.trace(id);
        let (order, has_blocks) = (trace.order, !trace.blocks.is_empty());
        let before = trace.session.replace(session.clone());
        if before.as_ref() == Some(session) {
            return;
        }
        if let Some(before) = before {
            self.unlist_trace(&before, order);
            if has_blocks {
                self.renew(&before);
            }
        }
        self.traces_of.entry(session.clone()).or_default().insert(order, id);
        if has_blocks {
            self.renew(session);
        }
    }

    fn unlist_trace(&mut self, session: &SessionId, order: u64) {
        if let Some(traces) = self.traces_of.get_mut(session) {
            traces.remove(&order);
            if traces.is_empty() {
                self.traces_of.remove(session);
            }
        }
    }

    fn add_chunk(&mut self, chunk: &Chunk) {
        self.last_block += 1;
        let block = BlockId(self.last_block);
        let trace = self.trace(chunk.trace_id);
        let before = trace.spans.len();
        trace.blocks.insert(block);
        for line in &chunk.spans {
            let known =
                Known { summary: line.summary.clone(), block, offset: line.offset, length: line.length };
            match trace.spans.get_mut(&line.summary.span_id) {
                Some(old) if !replaces(&old.summary, &known.summary) => {}
                Some(old) => *old = known,
                None => {
                    trace.spans.insert(line.summary.span_id, known);
                }
            }
        }
        let added = trace.spans.len() - before;
        self.spans += added as u64;
        self.bytes += block_size(&chunk.block) + added * SPAN_BYTES;
        self.blocks.insert(block, (chunk.trace_id, chunk.block.clone()));
    }

    fn add_event(&mut self, event: &Arc<EventFrame>) {
        self.bytes += event.size();
        self.replay_bytes += event.size();
        self.replay.push_back(Arc::clone(event));
        let session = event.session_id.as_ref().filter(|_| outlives_replay(&event.event_type));
        // Events of a session that only a registry of the host's knows would never be removed with it.
        if let Some(session) = session.filter(|session| self.sessions.contains_key(session)) {
            self.bytes += event.size();
            // Its neighbours go with the replay.
            self.session_events.entry(session.clone()).or_default().push(Arc::new(event.detached()));
        } else if is_searched(&event.event_type) {
            self.of_nobody.push_back(Arc::clone(event));
        }
    }

    /// Takes what is told of a session out of the replay, which goes on without it.
    fn remove_events(&mut self, id: &SessionId) {
        let mut removed = 0;
        self.replay.retain(|event| {
            let keep = event.session_id.as_ref() != Some(id);
            removed += if keep { 0 } else { event.size() };
            keep
        });
        self.bytes -= removed;
        self.replay_bytes -= removed;
    }

    /// Has the session to which the trace of a provisional one moved keep what that one kept.
    fn move_provisional(&mut self, provisional: &SessionId) {
        let trace = provisional.as_trace().and_then(|trace| self.traces.get(&trace));
        let moved_to = trace.and_then(|trace| trace.session.clone()).filter(|to| to != provisional);
        if let Some(to) = moved_to {
            let events = self.session_events.remove(provisional).unwrap_or_default();
            self.session_events.entry(to).or_default().extend(events);
        }
    }

    pub(super) fn remove_session(&mut self, id: &SessionId) {
        if let Some(old) = self.sessions.remove(id) {
            self.bytes -= session_size(&old.session);
            self.newest.remove(&(old.session.started_at, old.session.id));
        }
        for event in self.taken_of.remove(id).into_iter().flatten() {
            self.taken.remove(&event);
            self.bytes -= TAKEN_BYTES;
        }
        for event in self.session_events.remove(id).into_iter().flatten() {
            self.bytes -= event.size();
        }
        for trace in self.traces_of.remove(id).unwrap_or_default().into_values() {
            let Some(trace) = self.traces.remove(&trace) else { continue };
            self.spans -= trace.spans.len() as u64;
            self.bytes -= trace.spans.len() * SPAN_BYTES;
            for block in trace.blocks {
                if let Some((_, block)) = self.blocks.remove(&block) {
                    self.bytes -= block_size(&block);
                }
            }
        }
    }
}
