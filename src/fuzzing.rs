//! Doors for the fuzz targets in `fuzz/`; no part of the public interface.

use std::io::Cursor;

use crate::model::{EventId, Span, SpanId, Timestamp, TraceId};
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

/// Takes each line as the payload of a hook, as a printed line or as posted events, and as a line of a transcript; how many spans
/// that made.
pub fn agents(lines: &[u8]) -> usize {
    let mut assembler = ingest::agents::Assembler::new(std::sync::Arc::new(|_, _, _| None));
    let mut reported = crate::model::Reported::default();
    for (number, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let at = Timestamp::from_nanos(i64::try_from(number).unwrap_or(i64::MAX));
        if let Ok(payload) = serde_json::from_slice::<serde_json::Value>(line) {
            let _ = assembler.claude_code(payload.clone(), at, &mut reported);
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
