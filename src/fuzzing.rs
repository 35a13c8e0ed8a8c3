//! Doors for the fuzz targets in `fuzz/`; no part of the public interface.

use crate::ingest;

/// Reads a trace export request as it would come over HTTP; how many spans it had, if it could be read.
#[must_use]
pub fn otlp_traces(content_type: Option<&str>, content_encoding: Option<&str>, body: &[u8]) -> Option<usize> {
    ingest::otlp::traces(content_type, content_encoding, body).ok().map(|request| request.spans.len())
}
