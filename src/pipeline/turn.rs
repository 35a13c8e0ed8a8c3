//! What the pump hands to the store writer, and what becomes of it while the store takes nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::OwnedSemaphorePermit;

use super::handle::IngestRefused;
use super::lane::{Ack, Done};
use crate::bus::Bus;
use crate::model::{
    Event, EventFrame, EventId, EventKey, EventKind, Session, SessionId, Span, SpanError, SpanSummary,
    Timestamp, TraceId,
};
use crate::store::{Chunk, ChunkBuilder, WriteBatch};

/// The attribute of a span whose content was given up while the store took nothing.
pub(super) const CONTENT_NOT_STORED: &str = "inspector.content_not_stored";

/// What the pump hands over in one turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) sessions: Vec<Session>,
    pub(super) traces: Vec<(TraceId, SessionId)>,
    pub(super) removed: Vec<SessionId>,
    /// Sessions that a person removed; whatever else is in the turn came after that.
    pub(super) deleted: Vec<SessionId>,
    /// Sessions that a person pinned or unpinned.
    pub(super) pins: Vec<(SessionId, bool)>,
    /// Sessions whose traces the sinks have not as they will be stored.
    pub(super) changed: HashSet<SessionId>,
    /// The host's spans, still to be written as lines and compressed.
    pub(super) captured: Vec<(Span, SpanSummary)>,
    /// Spans from outside, prepared.
    pub(super) chunks: Vec<Chunk>,
    pub(super) events: Vec<Arc<EventFrame>>,
    /// The posted events that must not be taken again.
    pub(super) taken: Vec<(SessionId, EventKey)>,
    pub(super) acks: Vec<Ack>,
    pub(super) permits: Vec<OwnedSemaphorePermit>,
    pub(super) settled: Vec<Done>,
    /// The events of spans whose lines were given up.
    without_line: Vec<EventId>,
    /// Events that were left to the ring.
    in_ring: Vec<InRing>,
}

/// Events from the first to the last id, and how many.
#[derive(Clone, Copy, Debug)]
struct InRing {
    first: EventId,
    last: EventId,
    events: u64,
}

impl Turn {
    pub(super) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
            && self.traces.is_empty()
            && self.removed.is_empty()
            && self.deleted.is_empty()
            && self.pins.is_empty()
            && self.captured.is_empty()
            && self.chunks.is_empty()
            && self.events.is_empty()
            && self.acks.is_empty()
            && self.settled.is_empty()
    }

    /// Whether somebody waits for the commit.
    pub(super) fn is_urgent(&self) -> bool {
        !(self.acks.is_empty() && self.permits.is_empty() && self.settled.is_empty())
    }

    /// About how many bytes of memory it holds.
    pub(super) fn size(&self) -> usize {
        self.captured.iter().map(|(span, _)| span.size()).sum::<usize>()
            + self.chunks.iter().map(Chunk::size).sum::<usize>()
            + self.events.iter().map(|event| event.size()).sum::<usize>()
            + self.sessions.iter().map(session_size).sum::<usize>()
            + self.traces.len() * size_of::<(TraceId, SessionId)>()
            + self.without_line.len() * size_of::<EventId>()
            + self.taken.len() * size_of::<(SessionId, EventKey)>()
    }

    /// Takes in what comes next.
    pub(super) fn absorb(&mut self, later: Self) {
        // Only a session's last state counts; the order of first appearance is kept.
        let mut at: HashMap<SessionId, usize> =
            self.sessions.iter().enumerate().map(|(at, session)| (session.id.clone(), at)).collect();
        // One that came back after it was removed stays.
        self.removed.retain(|removed| !later.sessions.iter().any(|session| session.id == *removed));
        for session in later.sessions {
            if let Some(&at) = at.get(&session.id) {
                self.sessions[at] = session;
            } else {
                at.insert(session.id.clone(), self.sessions.len());
                self.sessions.push(session);
            }
        }
        let removed = &later.removed;
        self.sessions.retain(|session| !removed.contains(&session.id));
        self.removed.extend(later.removed);
        self.changed.extend(later.changed);
        self.traces.extend(later.traces);
        self.captured.extend(later.captured);
        self.chunks.extend(later.chunks);
        self.events.extend(later.events);
        self.taken.extend(later.taken);
        self.acks.extend(later.acks);
        self.permits.extend(later.permits);
        self.settled.extend(later.settled);
        self.deleted.extend(later.deleted);
        self.pins.extend(later.pins);
        self.without_line.extend(later.without_line);
        self.in_ring.extend(later.in_ring);
    }

    /// Gives up what the spans contain: what they are stands in their events. Says how many spans that were.
    pub(super) fn give_up_contents(&mut self) -> u64 {
        let captured = self.captured.drain(..).map(|(_, summary)| summary.event_id);
        let lines = self.chunks.drain(..).flat_map(|chunk| chunk.spans).map(|line| line.summary.event_id);
        let before = self.without_line.len();
        self.without_line.extend(captured.chain(lines));
        for ack in self.acks.drain(..) {
            // The sender may have gone.
            let _ = ack.send(Err(IngestRefused::NotStored));
        }
        self.permits.clear();
        // Whoever was told so sends it again, and then it is to be taken.
        self.taken.clear();
        (self.without_line.len() - before) as u64
    }

    /// Gives up the events. What the ring still has of them when they are written is written all the same, and what it
    /// has not is counted then: nothing yet.
    pub(super) fn leave_events_to_the_ring(&mut self) -> u64 {
        if let (Some(first), Some(last)) = (self.events.first(), self.events.last()) {
            let (first, last) = (first.id, last.id);
            self.in_ring.push(InRing { first, last, events: self.events.len() as u64 });
            self.events = Vec::new();
        }
        0
    }

    /// Gives up the rows of sessions, which come again when something happens in them. Says how many those were.
    pub(super) fn give_up_rows(&mut self) -> u64 {
        self.without_line = Vec::new();
        self.traces = Vec::new();
        std::mem::take(&mut self.sessions).len() as u64
    }

    /// Takes back from the ring what was left to it. For what it has no longer a gap is written, so that who reads the
    /// events later is told. Says how many events were lost.
    pub(super) fn catch_up(&mut self, bus: &Bus) -> u64 {
        let mut lost = 0;
        let mut caught_up = Vec::new();
        for part in std::mem::take(&mut self.in_ring) {
            let before = caught_up.len();
            let mut after = EventId(part.first.0.saturating_sub(1));
            let mut missed = None;
            while after < part.last {
                let batch = bus.read(after, CATCH_UP_BATCH);
                missed = missed.or(batch.missed);
                let frames = batch.frames.into_iter().take_while(|frame| frame.id <= part.last);
                let known = caught_up.len();
                caught_up.extend(frames);
                let Some(last) = caught_up[known..].last() else { break };
                after = last.id;
            }
            let found = (caught_up.len() - before) as u64;
            if found < part.events {
                lost += part.events - found;
                let last = missed.map_or(part.last, |missed| missed.to).min(part.last);
                caught_up.insert(before, gap(part.first, last));
            }
        }
        caught_up.append(&mut self.events);
        self.events = caught_up;
        lost
    }

    /// What the store is asked to write.
    pub(super) fn into_batch(self) -> WriteBatch {
        let mut captured = self.captured;
        captured.extend(lines_from_events(&self.without_line, &self.events));
        let mut chunks = compress(captured);
        chunks.extend(self.chunks);
        // Of several words on whose a trace is, the last one counts.
        let mut told = HashSet::new();
        let mut traces: Vec<_> =
            self.traces.into_iter().rev().filter(|(trace, _)| told.insert(*trace)).collect();
        traces.reverse();
        WriteBatch {
            deleted_sessions: self.deleted,
            sessions: self.sessions,
            traces,
            pins: self.pins,
            removed_sessions: self.removed,
            chunks,
            events: self.events,
            taken: self.taken,
        }
    }
}

/// How many events are read from the ring at once.
const CATCH_UP_BATCH: usize = 1024;

fn session_size(session: &Session) -> usize {
    let texts = [Some(&session.title), session.agent.as_ref(), session.error.as_ref()];
    size_of::<Session>() + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

/// What stands in the store for events that it could not take, so that who reads them later is told.
fn gap(missed_from: EventId, missed_to: EventId) -> Arc<EventFrame> {
    let kind = EventKind::Gap { missed_from, missed_to, at_most: missed_to.0 - missed_from.0 + 1 };
    let timestamp = Timestamp::from(SystemTime::now());
    Arc::new(EventFrame::new(&Event { id: missed_to, timestamp, session_id: None, kind }))
}

/// Spans as their events tell of them, which is all but what they contain.
fn lines_from_events(wanted: &[EventId], events: &[Arc<EventFrame>]) -> Vec<(Span, SpanSummary)> {
    /// The one field of an event that is wanted.
    #[derive(serde::Deserialize)]
    struct OfSpan {
        span: SpanSummary,
    }
    let wanted: HashSet<EventId> = wanted.iter().copied().collect();
    let told = events.iter().filter(|event| wanted.contains(&event.id));
    let summaries = told.filter_map(|event| serde_json::from_slice::<OfSpan>(event.json()).ok());
    summaries.map(|OfSpan { span: summary }| (without_content(&summary), summary)).collect()
}

fn without_content(summary: &SpanSummary) -> Span {
    let mut span = Span::new(summary.trace_id, summary.span_id, summary.name.clone(), summary.start_time);
    span.parent_span_id = summary.parent_span_id;
    span.kind = summary.kind;
    span.end_time = summary.end_time;
    span.status.code = summary.status;
    span.error = summary.error.clone().map(|message| SpanError { kind: None, message: Some(message) });
    span.model.clone_from(&summary.model);
    span.provider.clone_from(&summary.provider);
    span.agent.clone_from(&summary.agent);
    span.tool.clone_from(&summary.tool);
    span.usage = summary.usage;
    span.cost = summary.cost;
    span.abandoned = summary.abandoned;
    span.attributes.set(CONTENT_NOT_STORED, true);
    span
}

/// Writes the host's spans as lines, in chunks of one trace each.
fn compress(captured: Vec<(Span, SpanSummary)>) -> Vec<Chunk> {
    let mut builders: Vec<ChunkBuilder> = Vec::new();
    let mut at: HashMap<TraceId, usize> = HashMap::new();
    for (span, summary) in captured {
        let at = *at.entry(span.trace_id).or_insert_with(|| {
            builders.push(ChunkBuilder::new(span.trace_id));
            builders.len() - 1
        });
        // Every span has a JSON form.
        let _ = builders[at].push(&span, summary);
    }
    builders.into_iter().flat_map(ChunkBuilder::finish).collect()
}
