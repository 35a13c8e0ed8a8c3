//! A line of a trace file: one span as JSON, as one of three programs writes it.
//!
//! These are the inspector's own [`Span`], the line of the original Python inspector (`trace_id`, `start_time`,
//! `status.status_code`), and OpenTelemetry Python's `ReadableSpan.to_json()` (`context.trace_id` as `0x…`, `parent_id`).
//! The last two differ in so few names that they are read as one.

use std::borrow::Cow;

use serde::Deserialize;

use crate::model::{
    AttributeValue, Attributes, Link, OtelKind, Span, SpanEvent, SpanId, SpanKind, SpanStatus, StatusCode,
    Timestamp, TraceId,
};

/// The longest line that is read, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 20;

/// A line has at most so many commas: an empty value takes two bytes in a line and up to a hundred in memory.
const MAX_COMMAS: usize = 512 << 10;

/// Attributes, events and links kept of one span; further attributes are counted as dropped.
const MAX_ATTRIBUTES: usize = 512;
const MAX_EVENTS: usize = 512;
const MAX_LINKS: usize = 128;

/// The longest word for what runs a session, in characters.
const MAX_ENGINE_CHARS: usize = 64;

/// The `source` of spans that do not say how they were recorded.
const SOURCE: &str = "file";

/// What a line says.
#[derive(Debug)]
pub(crate) struct Line {
    /// The span, not yet normalised or redacted.
    pub(crate) span: Span,
    /// What runs the session, if the span says so.
    pub(crate) engine: Option<String>,
    /// What a person calls the session, if the span says so; not yet redacted.
    pub(crate) title: Option<String>,
}

/// Reads a line.
///
/// # Errors
///
/// Why it is no span.
pub(crate) fn line(text: &[u8]) -> Result<Line, &'static str> {
    if text.len() > MAX_LINE_BYTES || text.iter().filter(|byte| **byte == b',').count() > MAX_COMMAS {
        return Err("the line is too long");
    }
    let mut span = match serde_json::from_slice::<Span>(text) {
        Ok(span) => span,
        Err(_) => serde_json::from_slice::<Foreign<'_>>(text).map_err(|_| "the line is no span")?.span()?,
    };
    bound(&mut span);
    span.end_time = span.end_time.map(|end| end.max(span.start_time));
    let says = |names: &[&str]| names.iter().find_map(|name| span.attributes.text(name)).map(str::to_owned);
    let engine = says(&["mcp.engine.type", "mcp.workflow.engine"]).and_then(engine);
    let title = says(&["mcp.session.title"]);
    Ok(Line { span, engine, title })
}

/// A word for what runs a session, in the words used here.
fn engine(word: String) -> Option<String> {
    let fit = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    match word.as_str() {
        "inbound" => Some("mcp-inbound".to_owned()),
        _ => (word.len() <= MAX_ENGINE_CHARS && word.chars().all(fit)).then_some(word),
    }
}

/// Leaves out what is too many.
fn bound(span: &mut Span) {
    span.events.truncate(MAX_EVENTS);
    span.links.truncate(MAX_LINKS);
    let events = span.events.iter_mut().map(|event| &mut event.attributes);
    let links = span.links.iter_mut().map(|link| &mut link.attributes);
    let own = [&mut span.attributes, &mut span.resource].into_iter();
    for attributes in own.chain(events).chain(links) {
        let dropped = attributes.len().saturating_sub(MAX_ATTRIBUTES);
        if dropped > 0 {
            let kept = attributes.iter().take(MAX_ATTRIBUTES);
            *attributes = kept.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            span.dropped_attributes =
                span.dropped_attributes.saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
        }
    }
}

/// A span in the words of OpenTelemetry's Python SDK or the original inspector. What both leave out may be absent or null.
#[derive(Deserialize)]
struct Foreign<'a> {
    #[serde(borrow)]
    trace_id: Option<Cow<'a, str>>,
    span_id: Option<Cow<'a, str>>,
    context: Option<Context<'a>>,
    parent_span_id: Option<Cow<'a, str>>,
    parent_id: Option<Cow<'a, str>>,
    name: Option<String>,
    kind: Option<AttributeValue>,
    start_time: Option<AttributeValue>,
    end_time: Option<AttributeValue>,
    status: Option<Status>,
    attributes: Option<Attributes>,
    events: Option<Vec<Event>>,
    links: Option<Vec<Pointer<'a>>>,
    resource: Option<Resource>,
}

#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    trace_id: Cow<'a, str>,
    span_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Word(String),
    Parts {
        #[serde(alias = "code")]
        status_code: Option<String>,
        #[serde(alias = "message")]
        description: Option<String>,
    },
}

#[derive(Deserialize)]
struct Event {
    name: Option<String>,
    #[serde(alias = "timestamp")]
    time: Option<AttributeValue>,
    attributes: Option<Attributes>,
}

#[derive(Deserialize)]
struct Pointer<'a> {
    #[serde(borrow)]
    context: Option<Context<'a>>,
    trace_id: Option<Cow<'a, str>>,
    span_id: Option<Cow<'a, str>>,
    attributes: Option<Attributes>,
}

#[derive(Deserialize)]
struct Resource {
    attributes: Option<Attributes>,
}

impl Foreign<'_> {
    fn span(self) -> Result<Span, &'static str> {
        let (trace_id, span_id) =
            ids(self.context.as_ref(), self.trace_id.as_deref(), self.span_id.as_deref())
                .ok_or("a span has a trace id of 32 and a span id of 16 hexadecimal digits")?;
        let end_time = self.end_time.as_ref().and_then(time);
        let start_time =
            self.start_time.as_ref().and_then(time).or(end_time).ok_or("a span has a start time")?;
        let mut span = Span::new(trace_id, span_id, self.name.unwrap_or_default(), start_time);
        let parent = self.parent_span_id.or(self.parent_id);
        span.parent_span_id =
            parent.and_then(|parent| SpanId::parse(digits(&parent)).ok()).filter(|parent| *parent != span_id);
        span.end_time = end_time;
        span.source = SOURCE.into();
        if let Some(word) = self.kind.as_ref().and_then(AttributeValue::as_str) {
            (span.kind, span.otel_kind) = kinds(word);
        }
        span.status = self.status.map(status).unwrap_or_default();
        span.attributes = self.attributes.unwrap_or_default();
        span.resource = self.resource.and_then(|resource| resource.attributes).unwrap_or_default();
        span.events = self.events.unwrap_or_default().into_iter().map(|event| event.at(start_time)).collect();
        span.links = self.links.unwrap_or_default().into_iter().filter_map(Pointer::link).collect();
        Ok(span)
    }
}

impl Event {
    fn at(self, start: Timestamp) -> SpanEvent {
        SpanEvent {
            name: self.name.unwrap_or_default(),
            time: self.time.as_ref().and_then(time).unwrap_or(start),
            attributes: self.attributes.unwrap_or_default(),
        }
    }
}

impl Pointer<'_> {
    fn link(self) -> Option<Link> {
        let (trace_id, span_id) =
            ids(self.context.as_ref(), self.trace_id.as_deref(), self.span_id.as_deref())?;
        Some(Link { trace_id, span_id, attributes: self.attributes.unwrap_or_default() })
    }
}

fn ids(context: Option<&Context<'_>>, trace: Option<&str>, span: Option<&str>) -> Option<(TraceId, SpanId)> {
    let trace = trace.or_else(|| context.map(|context| &*context.trace_id))?;
    let span = span.or_else(|| context.map(|context| &*context.span_id))?;
    Some((TraceId::parse(digits(trace)).ok()?, SpanId::parse(digits(span)).ok()?))
}

/// The digits of an id, which Python writes as a number.
fn digits(id: &str) -> &str {
    id.strip_prefix("0x").unwrap_or(id)
}

/// RFC 3339, or nanoseconds since the epoch as a number or a text.
fn time(value: &AttributeValue) -> Option<Timestamp> {
    match value {
        AttributeValue::Int(nanos) => Some(Timestamp::from_nanos(*nanos)),
        other => {
            let text = other.as_str()?;
            Timestamp::parse(text).ok().or_else(|| text.parse().ok().map(Timestamp::from_nanos))
        }
    }
}

/// `SpanKind.INTERNAL`, `SPAN_KIND_INTERNAL`, `INTERNAL`; or one of the inspector's own words.
fn kinds(word: &str) -> (SpanKind, OtelKind) {
    let word = word.rsplit('.').next().unwrap_or(word).to_ascii_lowercase();
    let word = word.strip_prefix("span_kind_").unwrap_or(&word);
    let otel = match word {
        "internal" => OtelKind::Internal,
        "server" => OtelKind::Server,
        "client" => OtelKind::Client,
        "producer" => OtelKind::Producer,
        "consumer" => OtelKind::Consumer,
        _ => OtelKind::Unspecified,
    };
    (SpanKind::parse(word).unwrap_or_default(), otel)
}

fn status(status: Status) -> SpanStatus {
    let (word, message) = match status {
        Status::Word(word) => (word, None),
        Status::Parts { status_code, description } => (status_code.unwrap_or_default(), description),
    };
    let word = word.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let code = match word.strip_prefix("status_code_").unwrap_or(&word) {
        "ok" => StatusCode::Ok,
        "error" => StatusCode::Error,
        _ => StatusCode::Unset,
    };
    SpanStatus { code, message: message.filter(|text| !text.is_empty()) }
}

#[cfg(test)]
mod tests;
