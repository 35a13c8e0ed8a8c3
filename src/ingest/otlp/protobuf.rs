//! The protobuf encoding.
//!
//! The three outer levels are walked in place and only single spans are decoded into prost's messages, so that a
//! large request never lies in memory as messages and as spans at once, and a span that cannot be read is rejected
//! alone.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};

use super::IngestError;
use crate::otlp::Mapper;

/// The largest encoded span. In memory an empty value takes 16 times its 2 bytes on the wire, until the mapping has
/// cut it to its bounds.
pub(super) const MAX_SPAN_BYTES: usize = 16 * 1024 * 1024;

/// Reads an `ExportTraceServiceRequest`.
pub(super) fn traces(body: &[u8], mapper: &mut Mapper) -> Result<(), IngestError> {
    fields(body, |tag, bytes| match tag {
        1 => resource_spans(bytes, mapper),
        _ => Ok(()),
    })
    .map_err(|error| IngestError::Malformed(format!("the body is not an OTLP trace request: {error}")))
}

fn resource_spans(bytes: &[u8], mapper: &mut Mapper) -> Result<(), DecodeError> {
    let mark = mapper.mark();
    let mut resource = Resource::default();
    fields(bytes, |tag, bytes| match tag {
        1 if bytes.len() <= MAX_SPAN_BYTES => resource.merge(bytes),
        2 => scope_spans(bytes, mapper),
        _ => Ok(()),
    })?;
    mapper.resource(mark, resource);
    Ok(())
}

fn scope_spans(bytes: &[u8], mapper: &mut Mapper) -> Result<(), DecodeError> {
    let mark = mapper.mark();
    let mut scope = InstrumentationScope::default();
    fields(bytes, |tag, bytes| {
        match tag {
            1 if bytes.len() <= MAX_SPAN_BYTES => scope.merge(bytes)?,
            2 if bytes.len() > MAX_SPAN_BYTES => mapper.reject("a span has at most 16 MiB"),
            2 => match Span::decode(bytes) {
                Ok(span) => mapper.push(span),
                Err(_) => mapper.reject("the span's message cannot be decoded"),
            },
            _ => {}
        }
        Ok(())
    })?;
    mapper.scope(mark, scope);
    Ok(())
}

/// Hands every length-delimited field of a message to `each` and skips the others, which these three levels have
/// none of today.
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
