//! OTLP over HTTP: the bodies of `POST /v1/traces`, `/v1/logs` and `/v1/metrics`.

#[cfg(test)]
mod damaged;
mod format;
mod json;
mod protobuf;
#[cfg(test)]
mod signal_tests;
mod surrogates;
#[cfg(test)]
mod tests;

pub(crate) use self::format::{Format, RpcCode};
pub(crate) use self::protobuf::MAX_ITEM_BYTES;
use super::{IngestError, body};
use crate::model::{Span, Timestamp};
use crate::otlp::Mapper;
pub(crate) use crate::otlp::{LogRecord, MetricPoint};

/// One of OTLP's signals, by what it carries.
pub(crate) trait Signal: json::Listed + protobuf::Listed + Send + 'static {
    /// What its requests are called.
    const WORD: &'static str;

    /// The field of a partial success that counts what was rejected, as JSON names it. In protobuf it is the first of all.
    const REJECTED: &'static str;
}

impl Signal for Span {
    const WORD: &'static str = "trace";
    const REJECTED: &'static str = "rejectedSpans";
}

impl Signal for LogRecord {
    const WORD: &'static str = "logs";
    const REJECTED: &'static str = "rejectedLogRecords";
}

impl Signal for MetricPoint {
    const WORD: &'static str = "metrics";
    const REJECTED: &'static str = "rejectedDataPoints";
}

/// What a request delivered.
#[derive(Debug)]
pub(crate) struct Delivered<T> {
    /// The spans, log records or data points, in the order they came, not yet normalised or redacted.
    pub(crate) items: Vec<T>,
    /// How many could not be taken.
    pub(crate) rejected: u64,
    /// Why, in words for the sender; empty when all were taken.
    pub(crate) reasons: String,
    /// The encoding of the request, which is also that of the answer.
    pub(crate) format: Format,
}

impl<T: Signal> Delivered<T> {
    /// The body of the answer once everything is safe.
    pub(crate) fn success_body(&self) -> Vec<u8> {
        self.format.success_body(T::REJECTED, self.rejected, &self.reasons)
    }
}

/// Reads the body of an export request that came at `arrival`.
///
/// A body without a content type is JSON when it begins with `{` and protobuf otherwise. No protobuf request begins
/// with that byte (it would open a group, which OTLP has none of).
///
/// # Errors
///
/// When the body as a whole cannot be read; then nothing of it is taken. Single items that cannot be taken are counted
/// in [`Delivered::rejected`] instead.
pub(crate) fn request<T: Signal>(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
    arrival: Timestamp,
) -> Result<Delivered<T>, IngestError> {
    // An unknown type is said before any work is put into the body.
    let named =
        content_type.map(|name| Format::named(name).ok_or(IngestError::UnsupportedMediaType)).transpose()?;
    let body = body::decoded(content_encoding, body)?;
    let format = named.unwrap_or_else(|| Format::sniffed(&body));
    let mut mapper = Mapper::new(arrival);
    match format {
        Format::Protobuf => protobuf::request(&body, &mut mapper)?,
        Format::Json => match json::request(&body, &mut mapper) {
            Ok(()) => {}
            Err(error) => {
                // JavaScript writes text that was cut within a character as half a surrogate pair.
                let Some(repaired) = surrogates::repaired(&body) else { return Err(error) };
                mapper = Mapper::new(arrival);
                json::request(&repaired, &mut mapper)?;
            }
        },
    }
    let mapped = mapper.finish();
    Ok(Delivered { items: mapped.items, rejected: mapped.rejected, reasons: mapped.reasons, format })
}
