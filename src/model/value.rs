//! The values of attributes.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of an attribute: OpenTelemetry's `AnyValue`, whose wire form is plain JSON.
///
/// Bytes are written as base64 and a number that JSON cannot say (`NaN`, the infinities) as text; read back, both
/// are strings.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
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
