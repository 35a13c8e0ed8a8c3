//! Doors for the fuzz targets in `fuzz/` and the benchmarks in `benches/`; no part of the public interface.

use std::io::Cursor;

use crate::model::{
    AttributeValue, Attributes, EventId, Span, SpanContent, SpanEvent, SpanId, SpanKind, Timestamp, TraceId,
};
use crate::store::search::{Matching, Of, Subject};
use crate::store::{Query, QueryError};
use crate::{import, ingest, normalize, redact, sink};

/// Reads a trace export request as it would come over HTTP, and does to its spans what is done to every span before it
/// is published; how many there were, if the request could be read.
pub fn otlp_traces(content_type: Option<&str>, content_encoding: Option<&str>, body: &[u8]) -> Option<usize> {
    let mut request =
        ingest::otlp::request::<Span>(content_type, content_encoding, body, Timestamp::EPOCH).ok()?;
    let redactor = redact::Redactor::new();
    for span in &mut request.items {
        normalize::span(span);
        redactor.apply(span);
        redact::cut(span);
    }
    Some(request.items.len())
}

/// Reads a logs export request as it would come over HTTP, and does to its records what is done to every one before it is
/// published; how many there were, if the request could be read.
pub fn otlp_logs(content_type: Option<&str>, content_encoding: Option<&str>, body: &[u8]) -> Option<usize> {
    let request = ingest::otlp::request(content_type, content_encoding, body, Timestamp::EPOCH).ok()?;
    let count = request.items.len();
    let mut assembler = ingest::agents::Assembler::new(std::sync::Arc::new(|_, _, _| None));
    let mut reported = ingest::logs::logs(request.items, |record, out| assembler.log(record, out));
    let redactor = redact::Redactor::new();
    for event in &mut reported.events {
        redactor.event(&mut event.kind);
    }
    Some(count)
}

/// Reads a metrics export request as it would come over HTTP; how many points were in it, if it could be read.
pub fn otlp_metrics(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
) -> Option<usize> {
    let request = ingest::otlp::request(content_type, content_encoding, body, Timestamp::EPOCH).ok()?;
    let (usage, _) = ingest::metrics::usage_of(&request.items);
    let mut assembler = ingest::agents::Assembler::new(std::sync::Arc::new(|_, _, _| None));
    assembler.usage(&usage, &mut crate::model::Reported::default());
    Some(request.items.len())
}

/// Takes the bytes as an MCP request, and cut where `cut` says as a stream of events; how many messages were found.
#[cfg(feature = "mcp")]
pub fn mcp(body: &[u8], cut: usize) -> usize {
    crate::capture::mcp_messages(body, cut)
}

/// Takes each line as the payload of a hook, as a printed line or as posted events, and as a line of a transcript; how many spans
/// that made.
pub fn agents(lines: &[u8]) -> usize {
    let mut assembler = ingest::agents::Assembler::new(std::sync::Arc::new(|_, _, _| None));
    let mut reported = crate::model::Reported::default();
    for (number, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let at = Timestamp::from_nanos(i64::try_from(number).unwrap_or(i64::MAX));
        if let Ok(payload) = serde_json::from_slice::<serde_json::Value>(line) {
            let _ = assembler.claude_code(payload.clone(), at, &mut reported);
            let _ = assembler.codex(payload.clone(), at, &mut reported);
            let _ = assembler.events(payload, at, &mut reported);
        }
        for read in assembler.transcripts() {
            assembler.transcript(&read, lines, at, &mut reported);
        }
    }
    reported.spans.len()
}

/// Reads a trace file as that of another program, and looks for what is whole in it as after a crash of our own; how many
/// spans there were.
pub fn trace_file(bytes: &[u8]) -> usize {
    let _ = sink::Survey::of(&mut Cursor::new(bytes), &[]);
    let mut spans = 0;
    let mut each = |text: &[u8], _| {
        spans += usize::from(ingest::line::line(text).is_ok());
        true
    };
    let begin = import::Place::default();
    // Reading from memory does not fail.
    let _ = import::lines(Cursor::new(bytes), import::Part::Gzip(begin), &mut each);
    let _ = import::lines(Cursor::new(bytes), import::Part::Blocks(begin, bytes.len() as u64), &mut each);
    let _ = ingest::line::line(bytes);
    spans
}

/// Reads a search and looks for it in a span with this text; the number of texts that match.
///
/// # Panics
///
/// When an error or a highlight points outside of what it is about.
pub fn search(query: &str, text: &str) -> usize {
    let query = match Query::parse(query) {
        Ok(query) => query,
        Err(QueryError { at, .. }) => {
            assert!(at <= query.encode_utf16().count());
            return 0;
        }
    };
    let (Some(trace), Some(id)) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8])) else {
        return 0;
    };
    let mut span = Span::new(trace, id, "a span", Timestamp::EPOCH);
    span.attributes.set("input.value", text);
    let summary = span.summary(EventId(1));
    let of = Of::Span(&summary);
    let mut matching = Matching::new(&query);
    let Ok(line) = serde_json::to_vec(&span) else { return 0 };
    if !matching.admits(&Subject { session: None, engine: None, of }) {
        return 0;
    }
    let matches = matching.find(&of, &line).unwrap_or_default();
    for found in &matches {
        let units = found.snippet.encode_utf16().count();
        assert!(found.highlights.iter().all(|place| place.start < place.end && place.end <= units));
        assert!(found.highlights.is_sorted_by(|a, b| a.end <= b.start));
    }
    matches.len()
}

/// What a span holds in words, as whoever opens it gets it.
#[must_use]
pub fn content(span: &Span) -> SpanContent {
    normalize::content(span)
}

/// Reads the content of a span of the kind that is counted so, of a program of this name, with these attributes. Each has a
/// name, a text, and whether the text is to stand there as the value that its JSON says. An empty name begins an event. How
/// many bytes its JSON has.
///
/// # Panics
///
/// When the content has no JSON form, or reads differently a second time.
pub fn messages(kind: u8, program: &str, attributes: &[(&str, &str, bool)]) -> usize {
    let (Some(trace), Some(id)) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8])) else {
        return 0;
    };
    let mut span = Span::new(trace, id, "a span", Timestamp::EPOCH);
    program.clone_into(&mut span.scope.name);
    span.kind = SpanKind::ALL[usize::from(kind) % SpanKind::ALL.len()];
    for (name, text, structured) in attributes {
        if name.is_empty() {
            let (name, time) = ((*text).to_owned(), Timestamp::EPOCH);
            span.events.push(SpanEvent { name, time, attributes: Attributes::new() });
            continue;
        }
        let json = || serde_json::from_str::<AttributeValue>(text).ok();
        let value = if *structured { json() } else { None }.unwrap_or_else(|| AttributeValue::from(*text));
        let to = span.events.last_mut().map_or(&mut span.attributes, |event| &mut event.attributes);
        to.set((*name).to_owned(), value);
    }
    normalize::span(&mut span);
    let content = content(&span);
    assert_eq!(content, normalize::content(&span));
    serde_json::to_vec(&content).expect("content has a JSON form").len()
}
