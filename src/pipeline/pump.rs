//! The pump: the one thread that turns records into events.
//!
//! It ticks instead of being woken by the host, which would cost the host's thread microseconds: fast while somebody reads
//! the live stream, slowly when nobody does. Outside senders, who wait for an answer, wake it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use super::fold::{Fold, FoldSpan, Folded, Source};
use super::ids::Ids;
use super::lane::{Done, IngestLane, Request};
use super::open::{OpenSpans, apply};
use super::prepare::{EventOf, Prepared, PreparedReport, clean};
use super::rate::Rate;
use super::turn::Turn;
use super::writer::StoreLane;
use crate::bus::Bus;
use crate::capture::flat::{Flat, field_names};
use crate::capture::lane::{Dropped, Handed, Lane, Taken, in_order};
use crate::capture::record::{CapturedEvent, Of, Record};
use crate::clock::Clock;
use crate::model::{Event, EventId, EventKind, FrameWriter, SessionId, Span, SpanSummary, Timestamp};
use crate::pricing::Prices;
use crate::redact::{Redactor, cut_name};

/// How often the pump looks while somebody reads the live stream and something happens: below what a program notices, and
/// 500 short wake-ups a second, of which those that find nothing end at once.
pub(super) const PUMP_TICK: Duration = Duration::from_millis(2);

/// So long a reader's part of a publication takes to be written to its connection. The next publication waits until the
/// last one is with all readers: earlier it would only be written in smaller pieces.
const WRITTEN_IN: Duration = Duration::from_micros(8);

/// When so many records wait, more come than is good to write one by one: then the runtime's threads, which are the host's,
/// get as much time for other work between publications as for writing them.
const CROWD: u64 = 8;

/// The most that a publication waits for the one before.
const MAX_SPACING: Duration = Duration::from_millis(25);

/// How often it looks while somebody reads but nothing has happened for [`QUIET_AFTER`]: a page left open costs little.
pub(super) const QUIET_PUMP_TICK: Duration = Duration::from_millis(40);

/// After so long without an event a stream counts as quiet.
const QUIET_AFTER: Duration = Duration::from_secs(1);

/// How often it looks while nobody does.
pub(super) const IDLE_PUMP_TICK: Duration = Duration::from_millis(100);

/// How many bytes from outside one turn takes, so that the host's records, which come first, never wait for long.
const TURN_BYTES: usize = 8 << 20;

/// When so few ids are left and none can be reserved, the host's records wait in their lane, which counts what it cannot
/// hold: an id is never used twice.
const MIN_IDS_LEFT: u64 = 1 << 20;

/// How often sessions and memory are looked after.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// What the pump counts for others to read.
#[derive(Debug)]
pub(super) struct Gauges {
    pub(super) ingested_spans: AtomicU64,
    pub(super) panics: AtomicU64,
    pub(super) open_spans: AtomicU64,
    pub(super) rate: Mutex<Rate>,
}

impl Gauges {
    pub(super) fn new() -> Self {
        Self {
            ingested_spans: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            open_spans: AtomicU64::new(0),
            rate: Mutex::new(Rate::new()),
        }
    }
}

/// Everything the pump works with.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) lane: Arc<Lane>,
    pub(super) ingest: Arc<IngestLane>,
    pub(super) store: Arc<StoreLane>,
    pub(super) bus: Arc<Bus>,
    pub(super) clock: Clock,
    pub(super) redactor: Arc<Redactor>,
    pub(super) prices: Arc<Prices>,
    pub(super) ids: Ids,
    pub(super) fold: Fold,
    pub(super) gauges: Arc<Gauges>,
    pub(super) open: OpenSpans,
    pub(super) taken: Vec<Taken>,
    pub(super) requests: Vec<Request>,
    pub(super) frames: FrameWriter,
    /// The losses of the lane that were announced.
    pub(super) announced: Dropped,
    pub(super) turn: Turn,
    /// Whether anybody wants to know which sessions changed.
    pub(super) sinks: bool,
    /// How many records had been handed over at the last look, and when that was.
    pub(super) handed: u64,
    pub(super) looked: Instant,
    pub(super) tidied: Instant,
    pub(super) published: Instant,
    /// When some of a crowd of readers were last woken, and whether more are to be.
    pub(super) woke: Instant,
    pub(super) crowd: bool,
}

impl Pump {
    /// Runs until it is asked to stop.
    pub(super) fn run(mut self) {
        loop {
            self.wake_crowd();
            if !self.is_due() {
                thread::park_timeout(self.tick());
                continue;
            }
            // A bug of ours must not end the recording: what the turn held is lost and counted, the next one goes on.
            let stop = catch_unwind(AssertUnwindSafe(|| self.turn())).unwrap_or_else(|_| {
                self.gauges.panics.fetch_add(1, Ordering::Relaxed);
                self.frames.clear();
                None
            });
            if let Some(stopped) = stop {
                // Whoever waits for the end must get it, whatever goes wrong here.
                let _ = catch_unwind(AssertUnwindSafe(|| self.leave()));
                while self.bus.wake_more() {}
                self.turn.settled.push(stopped);
                self.store.push(std::mem::take(&mut self.turn));
                self.store.stop();
                self.ingest.close();
                return;
            }
            if self.ingest.is_empty() {
                thread::park_timeout(self.tick());
            }
        }
    }

    /// Whether something came, or what waits for its time is to be looked at.
    fn is_due(&self) -> bool {
        !self.ingest.is_empty()
            || self.lane.is_pressing()
            || self.has_records()
            || self.looked.elapsed() >= QUIET_PUMP_TICK
    }

    /// Whether the host handed something over, and the readers have had time for what came before.
    fn has_records(&self) -> bool {
        let waiting = self.lane.handed() - self.handed;
        let readers = u32::try_from(self.bus.readers()).unwrap_or(u32::MAX);
        let times = if waiting < CROWD { 1 } else { 2 };
        let spacing = WRITTEN_IN.saturating_mul(readers).saturating_mul(times).min(MAX_SPACING);
        waiting > 0 && self.published.elapsed() >= spacing
    }

    /// Has the next few readers woken, at most once a tick: a turn for each request would wake all of them at once again.
    fn wake_crowd(&mut self) {
        if self.woke.elapsed() >= PUMP_TICK {
            self.woke = Instant::now();
            self.crowd = self.bus.wake_more();
        }
    }

    fn tick(&self) -> Duration {
        match (self.bus.readers() > 0, self.crowd || self.published.elapsed() < QUIET_AFTER) {
            (true, true) => PUMP_TICK,
            (true, false) => QUIET_PUMP_TICK,
            (false, _) => IDLE_PUMP_TICK,
        }
    }

    /// Marks what still runs: nobody will tell how it goes on.
    fn leave(&mut self) {
        for mut span in self.open.take_all() {
            span.abandoned = true;
            self.host_span(span);
        }
        self.fold.leave();
        self.finish_turn();
    }

    /// One turn: the host's records first, then some of what came from outside. Gives the answer to a request to stop.
    fn turn(&mut self) -> Option<Done> {
        self.looked = Instant::now();
        self.fold.begin_turn(self.store.next_turn());
        // Requests are taken before records, so that a request to settle finds all records handed over before it.
        let mut requests = std::mem::take(&mut self.requests);
        self.ingest.take(TURN_BYTES, &mut requests);
        let mut stop = None;
        if self.ids.left() > MIN_IDS_LEFT {
            let mut taken = std::mem::take(&mut self.taken);
            self.handed = self.lane.take(&mut taken);
            in_order(&mut taken, |handed, flat| match handed {
                Handed::Record(record) => self.record(record, flat),
                Handed::Event(event) => {
                    self.publish_started();
                    self.event(event);
                }
            });
            self.taken = taken;
            self.publish_started();
            let settles = requests.iter().any(|request| matches!(request, Request::Settle(_)));
            self.publish_changed(settles);
        }
        for request in requests.drain(..) {
            match request {
                Request::Ingest { reported, ack, permit } => {
                    self.reported(reported);
                    self.turn.acks.push(ack);
                    self.turn.permits.extend(permit);
                }
                Request::Change { id, change, asker, decided, ack } => {
                    self.change(&id, (change, asker), decided, ack);
                }
                Request::Import { traces, file, ack } => {
                    for prepared in traces {
                        self.outside(prepared, Source::File(&file));
                    }
                    self.turn.acks.push(ack);
                }
                Request::Settle(settled) => self.turn.settled.push(settled),
                Request::Stop(stopped) => stop = Some(stopped),
            }
        }
        self.requests = requests;
        self.finish_turn();
        stop
    }

    fn record(&mut self, record: Record, flat: &Flat) {
        let mut folded = Folded::default();
        match record {
            Record::SessionStarted(mut start) => {
                self.publish_started();
                start.title = cut_name(self.redactor.name(&start.title));
                start.agent = start.agent.map(|agent| cut_name(self.redactor.name(&agent)));
                for tag in &mut start.tags {
                    *tag = cut_name(self.redactor.name(tag));
                }
                self.fold.session_started(*start, &mut folded);
            }
            Record::SessionEnded(mut end) => {
                self.publish_started();
                end.error = end.error.map(|error| cut_name(self.redactor.text(&error)));
                self.fold.session_ended(*end);
            }
            Record::TraceJoined { trace_id, session } => {
                self.publish_started();
                self.fold.trace_joined(trace_id, &session, &mut folded);
            }
            Record::Foreign { ended: false, span } => self.open.start(span.into_span()),
            Record::Foreign { ended: true, span } => {
                if let Some(span) = self.open.end_whole(span.into_span()) {
                    self.publish_started();
                    self.host_span(span);
                }
            }
            Record::SpanStarted(start) => self.open.start(start.into_span(flat)),
            Record::SpanFields { trace_id, span_id, callsite, attributes } => {
                self.open.change((trace_id, span_id), |span| {
                    span.attributes.merge(flat.attributes(attributes, &field_names(callsite.fields())));
                });
            }
            Record::SpanChanged(change) => {
                self.open.change((change.trace_id, change.span_id), |span| apply(span, *change));
            }
            Record::SpanEnded { trace_id, span_id, at, change, listed } => {
                if !listed.is_empty() {
                    self.open
                        .change((trace_id, span_id), |span| span.attributes.merge(listed.attributes(flat)));
                }
                if let Some(mut span) = self.open.end(trace_id, span_id, change.map(|change| *change)) {
                    self.publish_started();
                    span.end_time = Some(at.max(span.start_time));
                    self.host_span(span);
                }
            }
        }
        self.announce(folded);
    }

    /// Publishes the spans that began. It comes before whatever is published next, so that the stream keeps the order in
    /// which things happened; a span that begins and ends with nothing in between is published once.
    fn publish_started(&mut self) {
        for span in self.open.started() {
            self.host_span(span);
        }
    }

    /// Publishes the spans that changed and are due again, or `all` that changed.
    fn publish_changed(&mut self, all: bool) {
        for span in self.open.changed(all) {
            self.host_span(span);
        }
    }

    /// Publishes a span of the host as it stands.
    fn host_span(&mut self, mut span: Span) {
        let mut cleaned = clean(&mut span, &self.redactor, &self.prices);
        let mut folded = Folded::default();
        let session =
            self.fold.assign(span.trace_id, Source::Host, std::slice::from_ref(&cleaned), &mut folded);
        self.announce(folded);
        self.changed(&session);
        if self.span_event(&session, &mut cleaned.summary).is_some() {
            self.used(&session, &mut cleaned);
            self.fold.apply(&cleaned);
            self.turn.captured.push((span, cleaned.summary));
        }
    }

    /// Publishes what an outside sender reports.
    fn reported(&mut self, reported: PreparedReport) {
        let mut folded = Folded::default();
        // Before the spans: a session is announced as what it is.
        for report in reported.sessions {
            self.fold.report(report, &mut folded);
        }
        self.announce(folded);
        for prepared in reported.traces {
            self.outside(prepared, Source::Outside);
        }
        for (of, at, kind) in reported.events {
            let session = match of {
                EventOf::Session(session) => Some(session),
                EventOf::Trace(trace) => self.fold.session_of(trace),
                EventOf::TraceOr(trace, named) => Some(self.fold.session_of(trace).unwrap_or(named)),
                EventOf::Nobody => None,
            };
            if let Some(id) = self.ids.next() {
                self.frame(id, at, session, kind);
            }
        }
        self.turn.taken.extend(reported.taken);
    }

    /// Publishes spans from outside.
    fn outside(&mut self, prepared: Prepared, source: Source<'_>) {
        let Prepared { trace_id, mut spans, mut chunks } = prepared;
        let mut folded = Folded::default();
        let session = self.fold.assign(trace_id, source, &spans, &mut folded);
        self.announce(folded);
        // What came from a file need not be written to one.
        if !matches!(source, Source::File(_)) {
            self.changed(&session);
        }
        let lines = chunks.iter_mut().flat_map(|chunk| &mut chunk.spans);
        for (span, line) in spans.iter_mut().zip(lines) {
            if let Some(id) = self.span_event(&session, &mut span.summary) {
                line.summary.event_id = id;
                self.used(&session, span);
            }
            self.fold.apply(span);
        }
        if let Source::File(file) = source {
            self.fold.was_quiet(&session, file.quiet_for);
        }
        self.gauges.ingested_spans.fetch_add(spans.len() as u64, Ordering::Relaxed);
        self.turn.chunks.append(&mut chunks);
    }

    /// Notes a session for the sinks.
    fn changed(&mut self, session: &SessionId) {
        if self.sinks && !self.turn.changed.contains(session) {
            self.turn.changed.insert(session.clone());
        }
    }

    fn span_event(&mut self, session: &SessionId, summary: &mut SpanSummary) -> Option<EventId> {
        let id = self.ids.next()?;
        summary.event_id = id;
        let timestamp = summary.end_time.unwrap_or(summary.start_time);
        let span = Box::new(summary.clone());
        let kind = if summary.end_time.is_some() {
            EventKind::SpanFinished { span }
        } else {
            EventKind::SpanStarted { span }
        };
        self.frame(id, timestamp, Some(session.clone()), kind);
        Some(id)
    }

    /// Publishes what a span made use of.
    fn used(&mut self, session: &SessionId, span: &mut FoldSpan) {
        if let Some(kind) = span.used.take()
            && let Some(id) = self.ids.next()
        {
            let at = span.summary.end_time.unwrap_or(span.summary.start_time);
            self.frame(id, at, Some(session.clone()), kind);
        }
    }

    fn event(&mut self, event: CapturedEvent) {
        let mut kind = event.kind;
        self.redactor.event(&mut kind);
        let session = match event.of {
            Of::Nobody => None,
            Of::Trace(trace) => self.fold.session_of(trace),
            Of::Session(session) => Some(session),
        };
        if let Some(id) = self.ids.next() {
            self.frame(id, event.at, session, kind);
        }
    }

    /// Publishes what folding gave, and hands its rows to the turn.
    pub(super) fn announce(&mut self, folded: Folded) {
        let now = self.clock.now();
        for (session, kind) in folded.events {
            if let Some(id) = self.ids.next() {
                self.frame(id, now, Some(session), kind);
            }
        }
        self.turn.sessions.extend(folded.sessions);
        self.turn.traces.extend(folded.traces);
        self.turn.removed.extend(folded.removed);
        self.turn.pins.extend(folded.pins);
        for session in folded.moved {
            self.changed(&session);
        }
    }

    /// Says what did not fit into the lane, so that a reader of the stream knows that what it sees is not all.
    fn announce_dropped(&mut self) {
        let dropped = self.lane.dropped();
        let new = dropped.since(&self.announced);
        if new.total() > 0
            && let Some(id) = self.ids.next()
        {
            let kinds = new.by_kind().map(|(kind, count)| (kind.into(), count)).collect();
            let kind = EventKind::RecordsDropped { total: new.total(), kinds };
            self.frame(id, self.clock.now(), None, kind);
            self.announced = dropped;
        }
    }

    fn frame(&mut self, id: EventId, timestamp: Timestamp, session_id: Option<SessionId>, kind: EventKind) {
        self.frames.push(&Event { id, timestamp, session_id, kind });
    }

    pub(super) fn finish_turn(&mut self) {
        let mut folded = Folded::default();
        if self.tidied.elapsed() >= TIDY_EVERY {
            self.tidied = Instant::now();
            self.clock.follow(SystemTime::now());
            self.announce_dropped();
            self.fold.tidy(self.tidied, self.store.committed(), &mut folded);
        }
        self.fold.tick(self.clock.now(), &mut folded);
        self.announce(folded);
        self.gauges.open_spans.store(self.open.len() as u64, Ordering::Relaxed);
        if self.frames.len() > 0 {
            self.published = Instant::now();
            let mut frames = self.frames.take();
            self.gauges.rate.lock().add(frames.len() as u64);
            self.bus.publish(&frames);
            self.crowd = true;
            self.turn.events.append(&mut frames);
        }
        if !self.turn.is_empty() {
            self.store.push(std::mem::take(&mut self.turn));
        }
    }
}
