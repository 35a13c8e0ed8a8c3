//! Doors for the fuzz targets in `fuzz/`; no part of the public interface.

use std::io::Cursor;

use crate::{import, ingest, normalize, redact, sink};

/// Reads a trace export request as it would come over HTTP, and does to its spans what is done to every span before it
/// is published; how many there were, if the request could be read.
pub fn otlp_traces(content_type: Option<&str>, content_encoding: Option<&str>, body: &[u8]) -> Option<usize> {
    let mut request = ingest::otlp::traces(content_type, content_encoding, body).ok()?;
    let redactor = redact::Redactor::new();
    for span in &mut request.spans {
        normalize::span(span);
        redactor.apply(span);
        redact::cut(span);
    }
    Some(request.spans.len())
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
