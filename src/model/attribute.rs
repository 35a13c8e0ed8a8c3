//! Attributes: what a span, an event or a resource carries besides its fixed fields.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of an attribute. Names known at compile time cost no allocation.
pub type Key = Cow<'static, str>;

/// The value of an attribute: OpenTelemetry's `AnyValue`, whose wire form is plain JSON.
///
/// Bytes are written as base64 and a number that JSON cannot say (`NaN`, the infinities) as text; read back, both
/// are strings.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum AttributeValue {
    /// No value.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Text.
    String(String),
    /// Text known at compile time.
    Static(&'static str),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    Array(Vec<AttributeValue>),
    /// Names and values, in the order they came.
    Object(Vec<(String, AttributeValue)>),
}

impl AttributeValue {
    /// The text, when the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Static(text) => Some(text),
            _ => None,
        }
    }

    /// The value as a count: a whole number that is not negative, or text that says one (some exporters send
    /// numbers as strings).
    #[must_use]
    pub fn as_count(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole and in range"
            )]
            Self::Double(number) if number.fract() == 0.0 && (0.0..9e15).contains(number) => {
                Some(*number as u64)
            }
            Self::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The value as a number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "an approximation is what is asked for")]
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The value as a truth value: `true`, `"true"`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// About how many bytes of memory the value holds; bounds are kept with it.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Static(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Array(items) => items.iter().map(|item| item.size() + size_of::<Self>()).sum(),
            Self::Object(items) => {
                items.iter().map(|(key, item)| key.len() + item.size() + size_of::<(String, Self)>()).sum()
            }
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Double(_) => 0,
        }
    }
}

macro_rules! from {
    ($($from:ty => $make:expr;)*) => {$(
        impl From<$from> for AttributeValue {
            fn from(value: $from) -> Self {
                #[allow(clippy::redundant_closure_call)]
                ($make)(value)
            }
        }
    )*};
}

from! {
    bool => Self::Bool;
    i64 => Self::Int;
    i32 => |value| Self::Int(i64::from(value));
    u32 => |value| Self::Int(i64::from(value));
    u64 => |value| i64::try_from(value).map_or_else(|_| Self::String(u64::to_string(&value)), Self::Int);
    usize => |value| Self::from(value as u64);
    f64 => Self::Double;
    String => Self::String;
    &str => |value: &str| Self::String(value.to_owned());
}

impl From<serde_json::Value> for AttributeValue {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Self::Int(whole),
                (None, Some(double)) => Self::Double(double),
                (None, None) => Self::String(number.to_string()),
            },
            Value::String(text) => Self::String(text),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(items) => {
                Self::Object(items.into_iter().map(|(key, item)| (key, Self::from(item))).collect())
            }
        }
    }
}

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Double(value) if value.is_finite() => serializer.serialize_f64(*value),
            Self::Double(value) => serializer.collect_str(value),
            Self::String(text) => serializer.serialize_str(text),
            Self::Static(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.collect_str(&Base64(bytes)),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(items) => serializer.collect_map(items.iter().map(|(key, item)| (key, item))),
        }
    }
}

/// Writes bytes as standard base64 (RFC 4648) with padding.
struct Base64<'a>(&'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for chunk in self.0.chunks(3) {
            let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for position in 0..4 {
                if position > chunk.len() {
                    f.write_char('=')?;
                } else {
                    f.write_char(char::from(ALPHABET[(group >> (18 - 6 * position) & 63) as usize]))?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;
        impl<'de> Visitor<'de> for AnyValue {
            type Value = AttributeValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_unit<E>(self) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Int(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::from(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Double(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<AttributeValue, E> {
                Ok(AttributeValue::from(value))
            }
            fn visit_string<E>(self, value: String) -> Result<AttributeValue, E> {
                Ok(AttributeValue::String(value))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<AttributeValue, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(AttributeValue::Array(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AttributeValue, A::Error> {
                let mut items = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    items.push(entry);
                }
                Ok(AttributeValue::Object(items))
            }
        }
        deserializer.deserialize_any(AnyValue)
    }
}

/// Names and values in the order in which they were first set; setting a name again replaces its value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Attributes(Vec<(Key, AttributeValue)>);

impl Attributes {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// None yet, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&AttributeValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text under `key`, when there is one and it is not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(AttributeValue::as_str).filter(|text| !text.is_empty())
    }

    /// Sets `key` to `value`.
    pub fn set(&mut self, key: impl Into<Key>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Adds `key` without looking whether it is there already: for senders that never repeat one.
    pub(crate) fn push(&mut self, key: Key, value: AttributeValue) {
        self.0.push((key, value));
    }

    /// Takes over all of `other`; its values win.
    pub fn merge(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.set(key, value);
        }
    }

    /// The names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &AttributeValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// The names and values in order, to change the values in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut AttributeValue)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how many bytes of memory they hold.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.size() + size_of::<(Key, AttributeValue)>()).sum()
    }
}

impl<K: Into<Key>, V: Into<AttributeValue>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut attributes = Self::new();
        for (key, value) in items {
            attributes.set(key, value);
        }
        attributes
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut attributes = Attributes::new();
                while let Some((key, value)) = map.next_entry::<String, AttributeValue>()? {
                    attributes.push(key.into(), value);
                }
                Ok(attributes)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

impl utoipa::PartialSchema for Attributes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some(
                "Names and values (OpenTelemetry's AnyValue as plain JSON), in the order they were set.",
            ))
            .into()
    }
}

impl utoipa::ToSchema for Attributes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_has_a_json_form() {
        let attributes: Attributes = [
            ("none", AttributeValue::Null),
            ("yes", true.into()),
            ("int", (-3_i64).into()),
            ("nan", f64::NAN.into()),
            ("bytes", AttributeValue::Bytes(b"hello".to_vec())),
            ("list", AttributeValue::Array(vec![1_i64.into(), "two".into()])),
            (
                "map",
                AttributeValue::Object(vec![
                    ("b".into(), 1.5.into()),
                    ("a".into(), AttributeValue::Static("x")),
                ]),
            ),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            serde_json::to_string(&attributes).unwrap(),
            r#"{"none":null,"yes":true,"int":-3,"nan":"NaN","bytes":"aGVsbG8=","list":[1,"two"],"map":{"b":1.5,"a":"x"}}"#
        );
    }

    #[test]
    fn setting_a_name_again_replaces_its_value_in_place() {
        let mut attributes: Attributes = [("a", 1_i64), ("b", 2)].into_iter().collect();
        attributes.set("a", 3_i64);
        assert_eq!(serde_json::to_string(&attributes).unwrap(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn counts_are_read_from_numbers_and_from_texts_but_not_from_negatives() {
        assert_eq!(AttributeValue::from("42").as_count(), Some(42));
        assert_eq!(AttributeValue::Double(7.0).as_count(), Some(7));
        assert_eq!(AttributeValue::Int(-1).as_count(), None);
        assert_eq!(AttributeValue::Double(0.5).as_count(), None);
    }
}
