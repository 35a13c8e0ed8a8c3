//! What a memory store holds.

mod room;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use crate::model::{
    EventFrame, EventId, EventKey, EventQuery, Session, SessionId, SessionQuery, Span, SpanId, SpanSummary,
    StatusCounts, Timestamp, TraceId,
};
use crate::store::search::is_searched;
use crate::store::{Block, BlockId, BlockIndex, StoreError, StoreStats, TraceIndex, early};

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

    pub(super) fn has_taken(&self, event: EventKey) -> bool {
        self.taken.contains(&event)
    }
}

impl Trace {
    fn summaries(&self) -> impl Iterator<Item = SpanSummary> {
        self.spans.values().map(|known| known.summary.clone())
    }
}
