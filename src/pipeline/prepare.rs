//! What is done to every span before anybody sees it: normalise, price, redact, cut, and look at what it says of its session.

use std::borrow::Cow;

use super::fold::{FoldReport, FoldSpan};
use crate::model::{
    EventId, EventKey, EventKind, ReportedEvent, ReportedOf, Session, SessionChange, SessionId,
    SessionReport, Span, Timestamp, TraceId, WAIT_SIGNAL,
};
use crate::normalize;
use crate::pricing::Prices;
use crate::redact::{self, Redactor, cut_name};
use crate::store::{Chunk, ChunkBuilder};

/// The spans of one trace that arrived together, compressed.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) trace_id: TraceId,
    pub(super) spans: Vec<FoldSpan>,
    pub(super) chunks: Vec<Chunk>,
}

/// What came in one request, ready for the pump.
#[derive(Debug, Default)]
pub(super) struct PreparedReport {
    pub(super) traces: Vec<Prepared>,
    pub(super) sessions: Vec<FoldReport>,
    pub(super) events: Vec<(EventOf, Timestamp, EventKind)>,
    pub(super) taken: Vec<(SessionId, EventKey)>,
}

impl PreparedReport {
    pub(super) fn size(&self) -> usize {
        self.traces.iter().map(Prepared::size).sum::<usize>()
            + self.sessions.len() * size_of::<FoldReport>()
            + self.events.iter().map(|(.., kind)| kind.size()).sum::<usize>()
            + self.taken.len() * size_of::<(SessionId, EventKey)>()
    }
}

/// What an event belongs to.
#[derive(Debug)]
pub(super) enum EventOf {
    Session(SessionId),
    Trace(TraceId),
    TraceOr(TraceId, SessionId),
    Nobody,
}

impl Prepared {
    pub(super) fn size(&self) -> usize {
        self.chunks.iter().map(Chunk::size).sum::<usize>() + self.spans.len() * size_of::<FoldSpan>()
    }
}

/// Normalises, prices, redacts and cuts one span. A redactor that panics has cost the span its content.
pub(super) fn clean(span: &mut Span, redactor: &Redactor, prices: &Prices) -> FoldSpan {
    normalize::span(span);
    span.cost = span.cost.or_else(|| prices.cost(span));
    let mut hint = normalize::session_hint(span);
    if let Some(hint) = &mut hint
        && let Cow::Owned(masked) = redactor.name(&hint.id)
    {
        hint.masked = Some(masked);
    }
    redactor.apply(span);
    redact::cut(span);
    let service = span.resource.text("service.name").map(str::to_owned);
    // After redaction, for a title may quote the prompt.
    let title = normalize::title_hint(span);
    let used = normalize::used(span);
    let (engine, wait) = (normalize::engine_hint(span), normalize::wait_hint(span));
    // The session API announces the waits that it opens.
    let told = matches!(&*span.source, "session" | "mcp") && span.attributes.text(WAIT_SIGNAL).is_some();
    FoldSpan { summary: span.summary(EventId(0)), hint, title, service, used, engine, wait, told }
}

/// Redacts what is said of a session.
pub(super) fn session_report(report: SessionReport, redactor: &Redactor) -> FoldReport {
    let text = |text: Option<String>| text.map(|text| normalize::one_line(&redactor.text(&text)));
    let (id, external_id) = session_id(&report.id, redactor);
    let change = match report.change {
        SessionChange::Ended { status, error } => SessionChange::Ended { status, error: text(error) },
        change => change,
    };
    FoldReport {
        id,
        external_id,
        engine: report.engine,
        at: report.at,
        title: text(report.title),
        outright: report.outright,
        agent: report.agent.map(|agent| cut_name(redactor.name(&agent))),
        parent: report.parent.map(|parent| session_id(&parent, redactor).0),
        tags: report.tags.iter().map(|tag| cut_name(redactor.name(tag))).collect(),
        change,
    }
}

/// Masks and cuts the words of a session that a registry of the host's tells of. Its id stays: it is what the registry is asked
/// with.
pub(super) fn clean_session(session: &mut Session, redactor: &Redactor) {
    let text = |text: &mut String| *text = normalize::one_line(&redactor.text(text));
    let name = |name: &mut String| *name = cut_name(redactor.name(name));
    text(&mut session.title);
    session.error.as_mut().map(text);
    session.agent.as_mut().map(name);
    session.external_id.as_mut().map(name);
    session.tags.iter_mut().for_each(name);
    if let Some(prompt) = session.waiting_on.as_mut().and_then(|waiting| waiting.prompt.as_mut()) {
        *prompt = redactor.text(prompt).into_owned();
    }
}

/// The id under which a session is known here, and the sender's where that was unfit.
pub(super) fn session_id(external: &str, redactor: &Redactor) -> (SessionId, Option<String>) {
    if let Cow::Owned(masked) = redactor.name(external) {
        return (SessionId::hashed(external), Some(cut_name(masked.into())));
    }
    let (id, hashed) = SessionId::from_external(external);
    (id, hashed.then(|| cut_name(external.into())))
}

/// Redacts an event.
pub(super) fn to_publish(mut event: ReportedEvent, redactor: &Redactor) -> (EventOf, Timestamp, EventKind) {
    redactor.event(&mut event.kind);
    let of = match event.of {
        ReportedOf::Session(id) => EventOf::Session(session_id(&id, redactor).0),
        ReportedOf::Trace(trace) => EventOf::Trace(trace),
        ReportedOf::TraceOr(trace, id) => EventOf::TraceOr(trace, session_id(&id, redactor).0),
        ReportedOf::Nobody => EventOf::Nobody,
    };
    (of, event.at, event.kind)
}

/// Prepares spans of one trace that came together, and compresses them.
pub(super) fn prepare_trace(
    trace_id: TraceId,
    spans: Vec<Span>,
    redactor: &Redactor,
    prices: &Prices,
) -> Prepared {
    let mut prepared = Prepared { trace_id, spans: Vec::with_capacity(spans.len()), chunks: Vec::new() };
    let mut builder = ChunkBuilder::new(trace_id);
    for mut span in spans {
        let folded = clean(&mut span, redactor, prices);
        // Every span has a JSON form: its maps have text keys and its numbers are written as text where JSON has none.
        if builder.push(&span, folded.summary.clone()).is_ok() {
            prepared.spans.push(folded);
        }
    }
    prepared.chunks = builder.finish();
    prepared
}
