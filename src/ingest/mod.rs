//! Bytes from outside and the model: what a sender posted, or wrote into a file, becomes spans and events, or an error that
//! tells it what to fix.
//!
//! No I/O and no HTTP: status codes are chosen where the answer is written. Everything is bounded, whatever the bytes
//! are, and nothing here panics; the fuzz targets and the property tests hold both.

#[cfg(feature = "otlp")]
pub(crate) mod agents;
#[cfg(feature = "otlp")]
mod body;
#[cfg(feature = "otlp")]
pub(crate) mod described;
pub(crate) mod line;
#[cfg(feature = "otlp")]
pub(crate) mod logs;
#[cfg(feature = "otlp")]
pub(crate) mod metrics;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;

#[cfg(feature = "otlp")]
pub(crate) use self::body::MAX_DECODED_BYTES;
#[cfg(feature = "otlp")]
pub(crate) use self::otlp::MAX_ITEM_BYTES;
#[cfg(feature = "otlp")]
pub(crate) use crate::otlp::MAX_LOG_RECORDS;

/// Why a body was not taken. Nothing of it was.
#[cfg(feature = "otlp")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IngestError {
    /// It is not what it says it is.
    #[error("{0}")]
    Malformed(String),
    /// It is larger than [`MAX_DECODED_BYTES`] after decompression.
    #[error("the body is larger than 64 MiB after decompression; send smaller batches")]
    TooLarge,
    /// The content type is none of those taken here.
    #[error("the content type must be application/x-protobuf or application/json")]
    UnsupportedMediaType,
    /// The content encoding is none of those taken here.
    #[error("the content encoding must be gzip or identity")]
    UnsupportedEncoding,
}
