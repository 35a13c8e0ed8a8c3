//! The JSON encoding.
//!
//! It is read straight into prost's messages, one span at a time, so that the mapping to the model exists once and a
//! large request never lies in memory several times over. The specification's JSON is taken, and what real senders
//! make of it: `null` for anything, empty ids, 64-bit numbers as text or as numbers, enum names, field names in
//! snake case. Unknown fields are ignored.

mod message;
mod read;
mod scalar;
mod value;

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

use self::message::{ResourceFields, ScopeFields, SpanFields};
use self::read::{Budget, Name, Seed};
use super::IngestError;
use crate::otlp::Mapper;

/// Reads an `ExportTraceServiceRequest`. A body of nothing is an empty request.
pub(super) fn traces(body: &[u8], mapper: &mut Mapper) -> Result<(), IngestError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    Reader { level: Level::Request, mapper }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| {
            IngestError::Malformed(format!("the body is not an OTLP trace request in JSON: {error}"))
        })
}

/// The outer levels of a request. Each is an object, or a list of such objects.
#[derive(Clone, Copy)]
enum Level {
    Request,
    ResourceSpans,
    ScopeSpans,
    Span,
}

struct Reader<'a> {
    level: Level,
    mapper: &'a mut Mapper,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.level {
            Level::Request => "an object with resourceSpans",
            Level::ResourceSpans => "resource spans",
            Level::ScopeSpans => "scope spans",
            Level::Span => "a span",
        })
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Reader { level: self.level, mapper: &mut *self.mapper })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { level, mapper } = self;
        match level {
            Level::Request => request(map, mapper),
            Level::ResourceSpans => resource_spans(map, mapper),
            Level::ScopeSpans => scope_spans(map, mapper),
            Level::Span => {
                let span = SpanFields(&Budget::new()).visit_map(map)?;
                mapper.push(span);
                Ok(())
            }
        }
    }
}

fn request<'de, A: MapAccess<'de>>(mut map: A, mapper: &mut Mapper) -> Result<(), A::Error> {
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "resourceSpans" | "resource_spans" => {
                map.next_value_seed(Reader { level: Level::ResourceSpans, mapper })?;
            }
            _ => ignore(&mut map)?,
        }
    }
    Ok(())
}

fn resource_spans<'de, A: MapAccess<'de>>(mut map: A, mapper: &mut Mapper) -> Result<(), A::Error> {
    let mark = mapper.mark();
    let budget = Budget::new();
    let mut resource = None;
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "resource" => resource = Some(map.next_value_seed(Seed::<ResourceFields<'_>>::new(&budget))?),
            "scopeSpans" | "scope_spans" => {
                map.next_value_seed(Reader { level: Level::ScopeSpans, mapper })?;
            }
            _ => ignore(&mut map)?,
        }
    }
    mapper.resource(mark, resource.unwrap_or_default());
    Ok(())
}

fn scope_spans<'de, A: MapAccess<'de>>(mut map: A, mapper: &mut Mapper) -> Result<(), A::Error> {
    let mark = mapper.mark();
    let budget = Budget::new();
    let mut scope = None;
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "scope" => scope = Some(map.next_value_seed(Seed::<ScopeFields<'_>>::new(&budget))?),
            "spans" => map.next_value_seed(Reader { level: Level::Span, mapper })?,
            _ => ignore(&mut map)?,
        }
    }
    mapper.scope(mark, scope.unwrap_or_default());
    Ok(())
}

/// Passes over a value, however deep it is.
fn ignore<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}
