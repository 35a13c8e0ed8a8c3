//! What a memory store holds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use crate::model::{
    EventFrame, EventId, EventKey, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanSummary,
    StatusCounts, Timestamp, TraceId,
};
use crate::store::chunk::replaces;
use crate::store::search::is_searched;
use crate::store::{
    Block, BlockId, BlockIndex, Chunk, REPLAY_EVENTS, REPLAY_EVENTS_AT_LEAST, StoreError, StoreStats,
    TraceIndex, WriteBatch, early, outlives_replay,
};

/// The part of the bound that events kept for a replay may take.
const REPLAY_SHARE: usize = 4;

#[derive(Debug)]
pub(super) struct State {
    max_bytes: usize,
    bytes: usize,
    replay_bytes: usize,
    sessions: HashMap<SessionId, Stored>,
    newest: BTreeSet<(Timestamp, SessionId)>,
    traces: HashMap<TraceId, Trace>,
    traces_of: HashMap<SessionId, BTreeMap<u64, TraceId>>,
    blocks: BTreeMap<BlockId, (TraceId, Block)>,
    session_events: HashMap<SessionId, Vec<Arc<EventFrame>>>,
    taken: HashSet<EventKey>,
    taken_of: HashMap<SessionId, Vec<EventKey>>,
    replay: VecDeque<Arc<EventFrame>>,
    /// Those of the replay that are of no session here, for the search.
    of_nobody: VecDeque<Arc<EventFrame>>,
    replay_floor: EventId,
    spans: u64,
    only_pinned_left: bool,
    last_block: i64,
    last_trace: u64,
    last_generation: u64,
}

#[derive(Debug)]
struct Stored {
    session: Session,
    generation: u64,
}

#[derive(Debug)]
struct Trace {
    order: u64,
    session: Option<SessionId>,
    blocks: BTreeSet<BlockId>,
    spans: HashMap<SpanId, Known>,
}

/// What is known of a span, and where its line is.
#[derive(Debug)]
struct Known {
    summary: SpanSummary,
    block: BlockId,
    offset: u32,
    length: u32,
}

/// A span's line in a block; read after the lock is released.
#[derive(Clone)]
pub(super) struct Line {
    block: Block,
    offset: u32,
    length: u32,
}

impl Line {
    pub(super) fn plain(&self) -> Result<Vec<u8>, StoreError> {
        Block::decompress(&self.block.bytes, self.block.plain_bytes)
    }

    /// Its bytes among those of its block.
    pub(super) fn within<'a>(&self, plain: &'a [u8]) -> Result<&'a [u8], StoreError> {
        let from = self.offset as usize;
        let line = plain.get(from..from.saturating_add(self.length as usize));
        line.ok_or_else(|| StoreError::Corrupt("a span's line lies outside its block".to_owned()))
    }

    pub(super) fn read(&self) -> Result<Span, StoreError> {
        let plain = Block::decompress(&self.block.bytes, self.block.plain_bytes)?;
        let from = self.offset as usize;
        plain
            .get(from..from.saturating_add(self.length as usize))
            .and_then(|line| serde_json::from_slice(line).ok())
            .ok_or_else(|| StoreError::Corrupt("a span's line cannot be read".to_owned()))
    }
}

impl State {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            replay_bytes: 0,
            sessions: HashMap::new(),
            newest: BTreeSet::new(),
            traces: HashMap::new(),
            traces_of: HashMap::new(),
            blocks: BTreeMap::new(),
            session_events: HashMap::new(),
            taken: HashSet::new(),
            taken_of: HashMap::new(),
            replay: VecDeque::new(),
            of_nobody: VecDeque::new(),
            replay_floor: EventId(0),
            spans: 0,
            only_pinned_left: false,
            last_block: 0,
            last_trace: 0,
            last_generation: 0,
        }
    }

    pub(super) fn stats(&self) -> StoreStats {
        StoreStats {
            kind: "memory",
            path: None,
            bytes: self.bytes as u64,
            sessions: self.sessions.len() as u64,
            spans: self.spans,
            events: self.replay.len() as u64,
            unindexed: None,
        }
    }

    pub(super) fn list(&self, query: &SessionQuery) -> Vec<Session> {
        let newest_first = self.newest.iter().rev().filter_map(|(_, id)| self.session(id));
        newest_first.filter(|session| query.matches(session)).take(query.limit).cloned().collect()
    }

    pub(super) fn counts(&self, query: &SessionQuery) -> StatusCounts {
        let query = query.of_any_status();
        let mut counts = StatusCounts::default();
        let wanted = self.sessions.values().map(|stored| &stored.session);
        wanted
            .filter(|session| query.matches(session))
            .for_each(|session| *counts.of_mut(session.status) += 1);
        counts
    }

    pub(super) fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.get(id).map(|stored| &stored.session)
    }

    pub(super) fn session_of_trace(&self, trace: TraceId) -> Option<SessionId> {
        self.traces.get(&trace)?.session.clone()
    }

    pub(super) fn traces(&self, session: &SessionId) -> Vec<TraceId> {
        self.traces_of.get(session).map(|traces| traces.values().copied().collect()).unwrap_or_default()
    }

    pub(super) fn trace_spans(&self, trace: TraceId) -> Vec<SpanSummary> {
        self.traces.get(&trace).into_iter().flat_map(Trace::summaries).collect()
    }

    pub(super) fn session_spans(&self, session: &SessionId) -> Vec<SpanSummary> {
        let traces = self.traces(session);
        traces.iter().filter_map(|trace| self.traces.get(trace)).flat_map(Trace::summaries).collect()
    }

    pub(super) fn lines(&self, session: &SessionId, span: SpanId) -> Vec<Line> {
        let traces = self.traces(session);
        let known = traces.iter().filter_map(|trace| self.traces.get(trace)?.spans.get(&span));
        known
            .filter_map(|known| {
                let (_, block) = self.blocks.get(&known.block)?;
                Some(Line { block: block.clone(), offset: known.offset, length: known.length })
            })
            .collect()
    }

    pub(super) fn events(&self, query: &EventQuery) -> Vec<EventFrame> {
        let from = self.replay.partition_point(|frame| frame.id <= query.after);
        let replay = self.replay.range(from..);
        let Some(session) = &query.session_id else {
            return replay.take(query.limit).map(|frame| EventFrame::clone(frame)).collect();
        };
        let kept =
            self.session_events.get(session).into_iter().flatten().filter(|frame| frame.id > query.after);
        let is_own = |frame: &&Arc<EventFrame>| frame.session_id.as_ref() == Some(session);
        let traces: HashSet<TraceId> = self.traces(session).into_iter().collect();
        let nobodys = self.of_nobody.iter().filter(|frame| frame.id > query.after);
        let found: BTreeMap<EventId, &Arc<EventFrame>> = kept
            .filter(|frame| is_own(frame) || early::moves(frame))
            .chain(replay.filter(is_own))
            .chain(nobodys.filter(|frame| early::is_of(frame, &traces)))
            .map(|frame| (frame.id, frame))
            .collect();
        found.into_values().take(query.limit).map(|frame| EventFrame::clone(frame)).collect()
    }

    /// Every span with its trace.
    pub(super) fn all_spans(&self) -> impl Iterator<Item = (TraceId, &SpanSummary)> {
        self.traces.iter().flat_map(|(id, trace)| trace.spans.values().map(|known| (*id, &known.summary)))
    }

    pub(super) fn span(&self, trace: TraceId, span: SpanId) -> Option<(&SpanSummary, BlockId, Line)> {
        let known = self.traces.get(&trace)?.spans.get(&span)?;
        let (_, block) = self.blocks.get(&known.block)?;
        let line = Line { block: block.clone(), offset: known.offset, length: known.length };
        Some((&known.summary, known.block, line))
    }

    /// Every event that is kept with its session, or is of no session here and kept for a replay.
    pub(super) fn kept_events(&self) -> impl Iterator<Item = &Arc<EventFrame>> {
        let kept = self.session_events.values().flatten();
        kept.chain(&self.of_nobody).filter(|event| is_searched(&event.event_type))
    }

    pub(super) fn replay_floor(&self) -> EventId {
        self.replay_floor
    }

    pub(super) fn trace_index(&self, session: &SessionId) -> Option<TraceIndex> {
        let generation = self.sessions.get(session)?.generation;
        let ids: BTreeSet<BlockId> = self
            .traces(session)
            .iter()
            .filter_map(|trace| self.traces.get(trace))
            .flat_map(|trace| trace.blocks.iter().copied())
            .collect();
        let blocks = ids.into_iter().filter_map(|id| {
            let (_, block) = self.blocks.get(&id)?;
            let compressed_bytes = block.bytes.len() as u64;
            Some(BlockIndex { id, compressed_bytes, plain_bytes: block.plain_bytes, crc32: block.crc32 })
        });
        Some(TraceIndex { generation, blocks: blocks.collect() })
    }

    pub(super) fn block(&self, id: BlockId) -> Option<Bytes> {
        self.blocks.get(&id).map(|(_, block)| block.bytes.clone())
    }

    pub(super) fn apply(&mut self, batch: &WriteBatch) {
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

    pub(super) fn has_taken(&self, event: EventKey) -> bool {
        self.taken.contains(&event)
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

    fn renew(&mut self, session: &SessionId) {
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

    fn evict(&mut self) {
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
    fn oldest_block_to_go(&self) -> Option<BlockId> {
        let of = |wanted: fn(&Session) -> bool| {
            let session = |trace: &TraceId| self.session(self.traces.get(trace)?.session.as_ref()?);
            let goes = |trace: &TraceId| session(trace).is_none_or(wanted);
            self.blocks.iter().find(|(_, (trace, _))| goes(trace)).map(|(id, _)| *id)
        };
        of(|session| !session.pinned).or_else(|| of(|session| !session.status.is_ended()))
    }

    fn drop_block(&mut self, id: BlockId) {
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

    /// Whether pinned sessions take all the room.
    pub(super) fn only_pinned_left(&self) -> bool {
        self.only_pinned_left
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

    fn remove_session(&mut self, id: &SessionId) {
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

impl Trace {
    fn summaries(&self) -> impl Iterator<Item = SpanSummary> {
        self.spans.values().map(|known| known.summary.clone())
    }
}

/// About what a span takes besides its line: the entry and its short texts.
const SPAN_BYTES: usize = size_of::<Known>() + 64;

/// About what a posted event takes that must not be taken again.
const TAKEN_BYTES: usize = 3 * size_of::<EventKey>();

fn block_size(block: &Block) -> usize {
    block.bytes.len() + size_of::<Block>() + 32
}

fn session_size(session: &Session) -> usize {
    let texts = [Some(&session.title), session.agent.as_ref(), session.error.as_ref()];
    2 * size_of::<Session>() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}
