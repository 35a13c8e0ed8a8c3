//! OTLP's messages and the model: pure mapping, no bytes, no I/O.
//!
//! One [`Mapper`] takes the spans, log records or data points of one request, in whatever encoding they came. One that
//! cannot be taken is rejected alone and with a reason, so that a request with one broken span still delivers the others;
//! odd values (absurd times, unknown enum numbers, values nested too deeply) are clamped rather than rejected. Nothing here
//! panics, and nothing grows beyond the bounds below.

mod encode;
mod log;
mod mapper;
mod metric;
#[cfg(test)]
mod signal_tests;
mod span;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use self::encode::request as encode_request;
pub(crate) use self::log::LogRecord;
pub(crate) use self::mapper::{Item, Mapper};
pub(crate) use self::metric::{Metric, MetricPoint, PointMessage, Temporality};

/// Attributes kept of one span, event, link, log record, data point or resource; further ones are counted as dropped. OpenTelemetry's own
/// default limit is 128, and flattened message lists (OpenInference, Traceloop) need more.
pub(crate) const MAX_ATTRIBUTES: usize = 512;

/// Events kept of one span; OpenTelemetry's own default limit is 128.
pub(crate) const MAX_EVENTS: usize = 512;

/// Links kept of one span; OpenTelemetry's own default limit is 128.
pub(crate) const MAX_LINKS: usize = 128;

/// The longest name of an attribute in bytes; an attribute with a longer one is counted as dropped.
pub(crate) const MAX_KEY_BYTES: usize = 512;

/// How deeply lists and maps may lie inside each other; what lies deeper becomes [`TOO_DEEP`]. It leaves room below
/// the recursion limits of both decoders (prost 100, serde_json 128 levels; up to 4 of them per level here).
pub(crate) const MAX_VALUE_DEPTH: usize = 24;

/// Stands where a value was nested deeper than [`MAX_VALUE_DEPTH`].
pub(crate) const TOO_DEEP: &str = "[nested too deeply]";

/// List items and map entries kept within one span, log record or data point: an empty one takes 2 bytes on the wire and 32 in memory.
pub(crate) const MAX_VALUES: usize = 65_536;

/// Stands where the items of a list or map went beyond [`MAX_VALUES`].
pub(crate) const TOO_MANY: &str = "[the rest is left out]";

/// The attributes of a resource, in bytes of memory. Every span carries them, so that a small request could
/// otherwise become very large; further ones are counted as dropped on each span.
pub(crate) const MAX_RESOURCE_BYTES: usize = 32 * 1024;

/// What the spans, log records or data points of one request may take in memory; those beyond it are rejected. Four times the largest body.
pub(crate) const MAX_REQUEST_MEMORY: usize = 256 * 1024 * 1024;

/// Log records taken of one request; further ones are rejected. Each becomes an event of the live stream, and an empty one
/// takes 2 bytes on the wire. Exporters send some hundreds, collectors some thousands.
pub(crate) const MAX_LOG_RECORDS: usize = 65_536;

/// Where OpenTelemetry's mapping for formats without such fields puts the number of events that were left out.
pub(crate) const DROPPED_EVENTS: &str = "otel.dropped_events_count";

/// As [`DROPPED_EVENTS`], for links.
pub(crate) const DROPPED_LINKS: &str = "otel.dropped_links_count";

/// How the names begin under which an inspector tells another one what OTLP has no field for: `kind` (where no convention has
/// a word for it), `source` and `call_id` (of what was put together from hooks, logs and lines), `detail`, `abandoned`.
pub(crate) const OWN: &str = "inspector.span.";

/// What the attributes of a resource begin with that say what belongs to a session and to none of its spans.
pub(crate) const OWN_SESSION: &str = "inspector.session.";
