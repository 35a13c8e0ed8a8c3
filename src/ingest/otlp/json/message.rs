//! The messages of all signals, and those below a scope of traces: spans with what belongs to them.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::read::List;
use super::scalar::{Count, Id, Kind, Nanos, StatusWord, Text};
use super::value::KeyValueFields;
use crate::otlp::{MAX_ATTRIBUTES, MAX_EVENTS, MAX_LINKS};

/// Writes the reader of a message: for each field its names, how its value is read, and where it goes.
macro_rules! message {
    ($(#[$doc:meta])* $reader:ident => $message:ty, $what:literal, |$target:ident| {
        $($($name:literal)|+ => $kind:ty, |$value:pat_param| $set:expr;)*
    }) => {
        $(#[$doc])*
        pub(super) struct $reader<'a>(pub(super) &'a $crate::ingest::otlp::json::read::Budget);

        impl<'de> serde::de::Visitor<'de> for $reader<'_> {
            type Value = $message;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($what)
            }
            fn visit_unit<E: serde::de::Error>(self) -> Result<$message, E> {
                Ok(<$message>::default())
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$message, A::Error> {
                use $crate::ingest::otlp::json::{ignore, read};
                let mut $target = <$message>::default();
                while let Some(name) = map.next_key::<read::Name>()? {
                    match name.as_str() {
                        $($($name)|+ => {
                            let $value = map.next_value_seed(read::Seed::<$kind>::new(self.0))?;
                            $set;
                        })*
                        _ => ignore(&mut map)?,
                    }
                }
                Ok($target)
            }
        }

        impl<'de> $crate::ingest::otlp::json::read::Read<'de> for $reader<'_> {
            type Value = $message;

            fn read<D: serde::Deserializer<'de>>(
                deserializer: D,
                budget: &$crate::ingest::otlp::json::read::Budget,
            ) -> Result<$message, D::Error> {
                deserializer.deserialize_any($reader(budget))
            }
        }
    };
}
pub(super) use message;

pub(super) type AttributeList = List<KeyValueFields, MAX_ATTRIBUTES>;

message! {
    /// A span.
    SpanFields => Span, "a span", |span| {
        "traceId" | "trace_id" => Id, |id| span.trace_id = id;
        "spanId" | "span_id" => Id, |id| span.span_id = id;
        "parentSpanId" | "parent_span_id" => Id, |id| span.parent_span_id = id;
        "traceState" | "trace_state" => Text, |text| span.trace_state = text;
        "name" => Text, |text| span.name = text;
        "kind" => Kind, |number| span.kind = number;
        "startTimeUnixNano" | "start_time_unix_nano" => Nanos, |nanos| span.start_time_unix_nano = nanos;
        "endTimeUnixNano" | "end_time_unix_nano" => Nanos, |nanos| span.end_time_unix_nano = nanos;
        "attributes" => AttributeList, |(list, more)| {
            span.attributes = list;
            span.dropped_attributes_count = span.dropped_attributes_count.saturating_add(more);
        };
        "droppedAttributesCount" | "dropped_attributes_count" => Count, |count| {
            span.dropped_attributes_count = span.dropped_attributes_count.saturating_add(count);
        };
        "events" => List<EventFields<'_>, MAX_EVENTS>, |(list, more)| {
            span.events = list;
            span.dropped_events_count = span.dropped_events_count.saturating_add(more);
        };
        "droppedEventsCount" | "dropped_events_count" => Count, |count| {
            span.dropped_events_count = span.dropped_events_count.saturating_add(count);
        };
        "links" => List<LinkFields<'_>, MAX_LINKS>, |(list, more)| {
            span.links = list;
            span.dropped_links_count = span.dropped_links_count.saturating_add(more);
        };
        "droppedLinksCount" | "dropped_links_count" => Count, |count| {
            span.dropped_links_count = span.dropped_links_count.saturating_add(count);
        };
        "status" => StatusFields<'_>, |status| span.status = Some(status);
    }
}

message! {
    /// An event of a span.
    EventFields => Event, "an event", |event| {
        "timeUnixNano" | "time_unix_nano" => Nanos, |nanos| event.time_unix_nano = nanos;
        "name" => Text, |text| event.name = text;
        "attributes" => AttributeList, |(list, more)| {
            event.attributes = list;
            event.dropped_attributes_count = event.dropped_attributes_count.saturating_add(more);
        };
        "droppedAttributesCount" | "dropped_attributes_count" => Count, |count| {
            event.dropped_attributes_count = event.dropped_attributes_count.saturating_add(count);
        };
    }
}

message! {
    /// A link of a span.
    LinkFields => Link, "a link", |link| {
        "traceId" | "trace_id" => Id, |id| link.trace_id = id;
        "spanId" | "span_id" => Id, |id| link.span_id = id;
        "attributes" => AttributeList, |(list, more)| {
            link.attributes = list;
            link.dropped_attributes_count = link.dropped_attributes_count.saturating_add(more);
        };
        "droppedAttributesCount" | "dropped_attributes_count" => Count, |count| {
            link.dropped_attributes_count = link.dropped_attributes_count.saturating_add(count);
        };
    }
}

message! {
    /// How a span ended.
    StatusFields => Status, "a status", |status| {
        "message" => Text, |text| status.message = text;
        "code" => StatusWord, |number| status.code = number;
    }
}

message! {
    /// The program that sent it.
    ResourceFields => Resource, "a resource", |resource| {
        "attributes" => AttributeList, |(list, more)| {
            resource.attributes = list;
            resource.dropped_attributes_count = resource.dropped_attributes_count.saturating_add(more);
        };
    }
}

message! {
    /// The library that recorded it.
    ScopeFields => InstrumentationScope, "a scope", |scope| {
        "name" => Text, |text| scope.name = text;
        "version" => Text, |text| scope.version = text;
    }
}
