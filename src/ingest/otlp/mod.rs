//! OTLP over HTTP: the body of `POST /v1/traces`.

mod format;
mod json;
mod protobuf;
mod surrogates;
#[cfg(test)]
mod tests;

pub(crate) use self::format::{Format, RpcCode};
use super::{IngestError, body};
use crate::model::Span;
use crate::otlp::Mapper;

/// What a request delivered.
#[derive(Debug)]
pub(crate) struct TraceRequest {
    /// The spans, in the order they came, not yet normalised or redacted.
    pub(crate) spans: Vec<Span>,
    /// How many spans could not be taken.
    pub(crate) rejected: u64,
    /// Why, in words for the sender; empty when all were taken.
    pub(crate) reasons: String,
    /// The encoding of the request, which is also that of the answer.
    pub(crate) format: Format,
}

impl TraceRequest {
    /// The body of the answer once the spans are safe.
    pub(crate) fn success_body(&self) -> Vec<u8> {
        self.format.success_body(self.rejected, &self.reasons)
    }
}

/// Reads the body of a trace export request.
///
/// A body without a content type is JSON when it begins with `{` and protobuf otherwise. No protobuf request begins
/// with that byte (it would open a group, which OTLP has none of).
///
/// # Errors
///
/// When the body as a whole cannot be read; then nothing of it is taken. Single spans that cannot be taken are counted
/// in [`TraceRequest::rejected`] instead.
pub(crate) fn traces(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
) -> Result<TraceRequest, IngestError> {
    // An unknown type is said before any work is put into the body.
    let named =
        content_type.map(|name| Format::named(name).ok_or(IngestError::UnsupportedMediaType)).transpose()?;
    let body = body::decoded(content_encoding, body)?;
    let format = named.unwrap_or_else(|| Format::sniffed(&body));
    let mut mapper = Mapper::default();
    match format {
        Format::Protobuf => protobuf::traces(&body, &mut mapper)?,
        Format::Json => match json::traces(&body, &mut mapper) {
            Ok(()) => {}
            Err(error) => {
                // JavaScript writes text that was cut within a character as half a surrogate pair.
                let Some(repaired) = surrogates::repaired(&body) else { return Err(error) };
                mapper = Mapper::default();
                json::traces(&repaired, &mut mapper)?;
            }
        },
    }
    let mapped = mapper.finish();
    Ok(TraceRequest { spans: mapped.spans, rejected: mapped.rejected, reasons: mapped.reasons, format })
}
