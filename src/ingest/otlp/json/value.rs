//! Attributes and their values.

use std::fmt;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, de};

use super::ignore;
use super::read::{Budget, Name, Read, Seed};
use super::scalar::Text;
use crate::otlp::{MAX_VALUE_DEPTH, TOO_DEEP, TOO_MANY};

/// A name with its value.
pub(super) struct KeyValueFields;

impl<'de> Read<'de> for KeyValueFields {
    type Value = KeyValue;

    fn read<D: Deserializer<'de>>(deserializer: D, budget: &Budget) -> Result<KeyValue, D::Error> {
        Pair(Within { depth: 0, budget }).deserialize(deserializer)
    }
}

/// A value that stands alone, such as the body of a log record. `null` is none.
pub(super) struct Body;

impl<'de> Read<'de> for Body {
    type Value = Option<AnyValue>;

    fn read<D: Deserializer<'de>>(deserializer: D, budget: &Budget) -> Result<Self::Value, D::Error> {
        let value = Any(Within { depth: 0, budget }).deserialize(deserializer)?;
        Ok(value.map(|value| AnyValue { value: Some(value) }))
    }
}

/// How deep a value lies, and how many more may be taken.
#[derive(Clone, Copy)]
struct Within<'a> {
    depth: usize,
    budget: &'a Budget,
}

/// Writes a seed that reads an object, or `null` as nothing.
macro_rules! object {
    ($reader:ident => $value:ty, $what:literal, |$within:ident, $map:ident| $body:block) => {
        struct $reader<'a>(Within<'a>);

        impl<'de> DeserializeSeed<'de> for $reader<'_> {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.deserialize_any(self)
            }
        }

        impl<'de> Visitor<'de> for $reader<'_> {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }
            fn visit_unit<E: de::Error>(self) -> Result<$value, E> {
                Ok(Default::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$value, A::Error> {
                let $within = self.0;
                $body
            }
        }
    };
}

object!(Pair => KeyValue, "an object with key and value", |within, map| {
    let mut pair = KeyValue::default();
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "key" => pair.key = map.next_value_seed(Seed::<Text>::new(within.budget))?,
            "value" => pair.value = Some(AnyValue { value: map.next_value_seed(Any(within))? }),
            _ => ignore(&mut map)?,
        }
    }
    Ok(pair)
});

object!(Any => Option<Value>, "an object such as {\"stringValue\": \"…\"}", |within, map| {
    let mut value = None;
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "stringValue" | "string_value" => value = map.next_value_seed(Scalar::String)?,
            "boolValue" | "bool_value" => value = map.next_value_seed(Scalar::Bool)?,
            "intValue" | "int_value" => value = map.next_value_seed(Scalar::Int)?,
            "doubleValue" | "double_value" => value = map.next_value_seed(Scalar::Double)?,
            "bytesValue" | "bytes_value" => value = map.next_value_seed(Scalar::Bytes)?,
            "arrayValue" | "array_value" | "kvlistValue" | "kvlist_value" if within.depth >= MAX_VALUE_DEPTH => {
                ignore(&mut map)?;
                value = Some(Value::StringValue(TOO_DEEP.to_owned()));
            }
            "arrayValue" | "array_value" => {
                value = Some(Value::ArrayValue(ArrayValue { values: map.next_value_seed(Array(within))? }));
            }
            "kvlistValue" | "kvlist_value" => {
                value = Some(Value::KvlistValue(KeyValueList { values: map.next_value_seed(Kvlist(within))? }));
            }
            _ => ignore(&mut map)?,
        }
    }
    Ok(value)
});

object!(Array => Vec<AnyValue>, "an object with values", |within, map| {
    let deeper = Within { depth: within.depth + 1, ..within };
    let item = |within| Item(Any(within));
    let rest = || AnyValue { value: Some(Value::StringValue(TOO_MANY.to_owned())) };
    let mut values = Vec::new();
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "values" => values = map.next_value_seed(Items { within: deeper, item, rest })?,
            _ => ignore(&mut map)?,
        }
    }
    Ok(values)
});

object!(Kvlist => Vec<KeyValue>, "an object with values", |within, map| {
    let deeper = Within { depth: within.depth + 1, ..within };
    let rest = || KeyValue {
        key: "…".to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(TOO_MANY.to_owned())) }),
        ..KeyValue::default()
    };
    let mut values = Vec::new();
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "values" => values = map.next_value_seed(Items { within: deeper, item: Pair, rest })?,
            _ => ignore(&mut map)?,
        }
    }
    Ok(values)
});

/// A value within a list.
struct Item<'a>(Any<'a>);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = AnyValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<AnyValue, D::Error> {
        self.0.deserialize(deserializer).map(|value| AnyValue { value })
    }
}

/// The items of a list or map, as far as the budget goes, then `rest`.
struct Items<'a, I, R> {
    within: Within<'a>,
    item: I,
    rest: R,
}

impl<'a, 'de, S, I, R> DeserializeSeed<'de> for Items<'a, I, R>
where
    S: DeserializeSeed<'de>,
    I: Fn(Within<'a>) -> S,
    R: Fn() -> S::Value,
{
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, 'de, S, I, R> Visitor<'de> for Items<'a, I, R>
where
    S: DeserializeSeed<'de>,
    I: Fn(Within<'a>) -> S,
    R: Fn() -> S::Value,
{
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while self.within.budget.take() {
            let Some(item) = list.next_element_seed((self.item)(self.within))? else { return Ok(items) };
            items.push(item);
        }
        if list.next_element::<IgnoredAny>()?.is_some() {
            items.push((self.rest)());
            while list.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(items)
    }
}

/// A scalar, by the name it stands under. What does not fit its name is kept as what it is, never refused: the text
/// of a number under `intValue`, the text itself when it is no number or no base64.
#[derive(Clone, Copy)]
enum Scalar {
    String,
    Bool,
    Int,
    Double,
    Bytes,
}

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Scalar {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or a truth value")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Option<Value>, E> {
        Ok(Some(Value::BoolValue(value)))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Option<Value>, E> {
        #[expect(clippy::cast_precision_loss, reason = "the sender says that it is a double")]
        Ok(Some(match self {
            Self::Double => Value::DoubleValue(value as f64),
            _ => Value::IntValue(value),
        }))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Option<Value>, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Ok(Some(Value::StringValue(value.to_string()))),
        }
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Option<Value>, E> {
        Ok(Some(Value::DoubleValue(value)))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<Value>, E> {
        let read = match self {
            Self::String => None,
            Self::Bool => text.parse().ok().map(Value::BoolValue),
            Self::Int => text.parse().ok().map(Value::IntValue),
            // Rust reads protobuf's words for what JSON cannot say: NaN, Infinity, -Infinity.
            Self::Double => text.parse().ok().map(Value::DoubleValue),
            Self::Bytes => base64(text).map(Value::BytesValue),
        };
        Ok(Some(read.unwrap_or_else(|| Value::StringValue(text.to_owned()))))
    }
}

/// Base64 in either alphabet, with or without padding (RFC 4648), as protobuf's JSON allows.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        bits <<= 6 * (4 - group.len());
        let whole = group.len().checked_sub(1).filter(|whole| *whole > 0)?;
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=whole]);
    }
    Some(bytes)
}
