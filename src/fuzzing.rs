//! Doors for the fuzz targets in `fuzz/`; no part of the public interface.

use crate::{ingest, normalize, redact};

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
