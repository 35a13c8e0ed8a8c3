//! The protobuf encoding.
//!
//! The three outer levels are walked in place and only single spans, log records and data points are decoded into prost's
//! messages, so that a large request never lies in memory as messages and as items at once, and one that cannot be read
//! is rejected alone.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord as LogMessage;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span as SpanMessage;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};

use super::{IngestError, Signal};
use crate::model::Span;
use crate::otlp::{Item, LogRecord, Mapper, Metric, MetricPoint, PointMessage, Temporality};

/// The largest encoded span, log record or data point. In memory an empty value takes 16 times its 2 bytes on the wire,
/// until the mapping has cut it to its bounds.
pub(crate) const MAX_ITEM_BYTES: usize = 16 * 1024 * 1024;

/// What lies in a list of a scope: the level at which the signals differ.
pub(crate) trait Listed: Item {
    /// Takes what one entry of the list holds.
    fn take(bytes: &[u8], mapper: &mut Mapper<Self>) -> Result<(), DecodeError>;
}

impl Listed for Span {
    fn take(bytes: &[u8], mapper: &mut Mapper<Self>) -> Result<(), DecodeError> {
        push(bytes, mapper, |span: SpanMessage| span);
        Ok(())
    }
}

impl Listed for LogRecord {
    fn take(bytes: &[u8], mapper: &mut Mapper<Self>) -> Result<(), DecodeError> {
        push(bytes, mapper, |record: LogMessage| record);
        Ok(())
    }
}

impl Listed for MetricPoint {
    fn take(bytes: &[u8], mapper: &mut Mapper<Self>) -> Result<(), DecodeError> {
        metric(bytes, mapper)
    }
}

/// Decodes one item. `wrap` makes it what the mapper takes.
fn push<T: Item, M: Message + Default>(bytes: &[u8], mapper: &mut Mapper<T>, wrap: impl Fn(M) -> T::Message) {
    if bytes.len() > MAX_ITEM_BYTES {
        return mapper.reject("one has at most 16 MiB");
    }
    match M::decode(bytes) {
        Ok(message) => mapper.push(wrap(message)),
        Err(_) => mapper.reject("its message cannot be decoded"),
    }
}

/// Reads the export request of a signal: their outer levels have the same numbers.
pub(super) fn request<T: Signal>(body: &[u8], mapper: &mut Mapper<T>) -> Result<(), IngestError> {
    fields(body, |tag, bytes| match tag {
        1 => of_resource(bytes, mapper),
        _ => Ok(()),
    })
    .map_err(|error| IngestError::Malformed(format!("the body is not an OTLP {} request: {error}", T::WORD)))
}

fn of_resource<T: Listed>(bytes: &[u8], mapper: &mut Mapper<T>) -> Result<(), DecodeError> {
    let mark = mapper.mark();
    let mut resource = Merged::<Resource>::default();
    fields(bytes, |tag, bytes| match tag {
        1 => resource.merge(bytes),
        2 => of_scope(bytes, mapper),
        _ => Ok(()),
    })?;
    mapper.resource(mark, resource.message);
    Ok(())
}

fn of_scope<T: Listed>(bytes: &[u8], mapper: &mut Mapper<T>) -> Result<(), DecodeError> {
    let mark = mapper.mark();
    let mut scope = Merged::<InstrumentationScope>::default();
    fields(bytes, |tag, bytes| match tag {
        1 => scope.merge(bytes),
        2 => T::take(bytes, mapper),
        _ => Ok(()),
    })?;
    mapper.scope(mark, scope.message);
    Ok(())
}

/// A message that may come in parts, as protobuf allows, which together are no larger than one of another kind.
#[derive(Default)]
struct Merged<M> {
    message: M,
    bytes: usize,
}

impl<M: Message> Merged<M> {
    fn merge(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes <= MAX_ITEM_BYTES { self.message.merge(bytes) } else { Ok(()) }
    }
}

/// What is read of a metric besides its points.
#[derive(Clone, PartialEq, Message)]
struct MetricFields {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    unit: String,
}

/// What is read of a gauge, sum, histogram or summary besides its points.
#[derive(Clone, PartialEq, Message)]
struct DataFields {
    #[prost(int32, tag = "2")]
    temporality: i32,
    #[prost(bool, tag = "3")]
    monotonic: bool,
}

/// Takes the points of one metric.
fn metric(bytes: &[u8], mapper: &mut Mapper<MetricPoint>) -> Result<(), DecodeError> {
    let mark = mapper.mark();
    let mut data = Ok(DataFields::default());
    fields(bytes, |tag, bytes| {
        // A gauge, a sum, a histogram, an exponential histogram, a summary.
        if matches!(tag, 5 | 7 | 9 | 10 | 11) {
            data = DataFields::decode(bytes);
            fields(bytes, |inner, bytes| {
                if inner == 1 {
                    point(tag, bytes, mapper);
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    match (MetricFields::decode(bytes), data) {
        (Ok(metric), Ok(data)) => {
            let MetricFields { name, unit } = metric;
            let temporality = Temporality::from_number(data.temporality);
            mapper.metric(mark, Metric { name, unit, temporality, monotonic: data.monotonic });
        }
        _ => mapper.reject_since(mark, "its metric cannot be decoded"),
    }
    Ok(())
}

fn point(kind: u32, bytes: &[u8], mapper: &mut Mapper<MetricPoint>) {
    match kind {
        9 => push(bytes, mapper, |point: HistogramDataPoint| PointMessage::Histogram(point)),
        10 => push(bytes, mapper, |point: ExponentialHistogramDataPoint| PointMessage::Exponential(point)),
        11 => push(bytes, mapper, |point: SummaryDataPoint| PointMessage::Summary(point)),
        _ => push(bytes, mapper, |point: NumberDataPoint| PointMessage::Number(point)),
    }
}

/// Hands every length-delimited field of a message to `each` and skips the others, which these levels have none of that
/// is wanted.
fn fields<'a>(
    mut bytes: &'a [u8],
    mut each: impl FnMut(u32, &'a [u8]) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    while bytes.has_remaining() {
        let (tag, wire_type) = decode_key(&mut bytes)?;
        if wire_type != WireType::LengthDelimited {
            skip_field(wire_type, tag, &mut bytes, DecodeContext::default())?;
            continue;
        }
        let length = usize::try_from(decode_varint(&mut bytes)?).unwrap_or(usize::MAX);
        let Some((field, rest)) = bytes.split_at_checked(length) else {
            // What is missing is the same kind of error as a varint that ends early.
            return decode_varint(&mut &[][..]).map(|_| ());
        };
        bytes = rest;
        each(tag, field)?;
    }
    Ok(())
}
