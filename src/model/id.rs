//! Identifiers: sessions, traces, spans, events, instances.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// The longest session id, in characters.
pub const MAX_SESSION_ID_CHARS: usize = 128;

/// The namespace under which unfit outside ids are hashed (UUID version 5, RFC 9562), so that the same outside id
/// always becomes the same session.
const EXTERNAL_IDS: Uuid = Uuid::from_u128(0x6167_656e_742d_696e_7370_6563_746f_7231);

/// Why a text is not an id. The message tells the sender what to fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidId(pub(crate) &'static str);

/// The id of a session: 1 to 128 characters out of `A-Z a-z 0-9 . _ ~ -`, and neither `.` nor `..`, so that it is
/// safe as one URL path segment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// When `text` is empty, too long, a path, or holds any other character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.is_empty() {
            return Err(InvalidId("a session id must not be empty"));
        }
        if text.len() > MAX_SESSION_ID_CHARS {
            return Err(InvalidId("a session id has at most 128 characters"));
        }
        if text == "." || text == ".." {
            return Err(InvalidId("a session id must not be a path"));
        }
        let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-');
        if !text.bytes().all(fit) {
            return Err(InvalidId("a session id may hold only A-Z a-z 0-9 . _ ~ -"));
        }
        Ok(Self(text.into()))
    }

    /// The session id for an id that somebody else chose: the text itself when it is fit, otherwise a stable hash
    /// of it. Says with `true` that it was hashed, so that the caller keeps the original.
    #[must_use]
    pub fn from_external(text: &str) -> (Self, bool) {
        match Self::parse(text) {
            Ok(id) => (id, false),
            Err(_) => (Self::hashed(text), true),
        }
    }

    /// A stable hash of an id that must not be shown.
    pub(crate) fn hashed(text: &str) -> Self {
        Self(Uuid::new_v5(&EXTERNAL_IDS, text.as_bytes()).to_string().into())
    }

    /// The session id of a trace that names no session.
    #[must_use]
    pub fn of_trace(trace: TraceId) -> Self {
        Self(format!("trace-{trace}").into())
    }

    /// The trace that it is named after, if [it is](Self::of_trace).
    pub(crate) fn as_trace(&self) -> Option<TraceId> {
        TraceId::parse(self.0.strip_prefix("trace-")?).ok()
    }

    /// A fresh id (UUID version 7).
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn with_text<T>(&self, take: impl FnOnce(&str) -> T) -> T {
        take(&self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.0)
    }
}

/// Writes the ids that are a fixed number of bytes, shown as lower-case hexadecimal.
macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $chars:literal, $error:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// From the bytes, or `None` when all are zero: W3C Trace Context forbids that id.
            #[must_use]
            pub fn from_bytes(bytes: [u8; $bytes]) -> Option<Self> {
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// From hexadecimal digits in either case.
            ///
            /// # Errors
            ///
            /// When the length is wrong, a character is no hexadecimal digit, or all are zero.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let digits = text.as_bytes();
                if digits.len() != $chars {
                    return Err(InvalidId($error));
                }
                let mut bytes = [0; $bytes];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let (Some(high), Some(low)) = (hex_value(pair[0]), hex_value(pair[1])) else {
                        return Err(InvalidId($error));
                    };
                    *byte = high << 4 | low;
                }
                Self::from_bytes(bytes).ok_or(InvalidId($error))
            }
        }

        impl $name {
            /// Hands over the wire form, without the formatting machinery: every row of a tree has three of them.
            fn with_text<T>(&self, take: impl FnOnce(&str) -> T) -> T {
                let mut text = [0_u8; $chars];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
                    pair[0] = HEX_DIGITS[usize::from(byte >> 4)];
                    pair[1] = HEX_DIGITS[usize::from(byte & 15)];
                }
                take(std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.with_text(|text| f.write_str(text))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

hex_id! {
    /// The id of a trace: 16 bytes, not all zero (W3C Trace Context).
    TraceId, 16, 32, "a trace id is 32 hexadecimal digits, not all zero"
}

hex_id! {
    /// The id of a span: 8 bytes, not all zero (W3C Trace Context). Unique within its trace.
    SpanId, 8, 16, "a span id is 16 hexadecimal digits, not all zero"
}

/// The id of an event: strictly monotonic within one process's stream, unique within a data directory, never
/// reused, and below 2^53 so that JavaScript reads it exactly. Zero stands for "before the first event".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl EventId {
    /// The first number that JavaScript can no longer count by one.
    pub const LIMIT: u64 = 1 << 53;

    /// The id after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The id of one start of the inspector (UUID version 7): rows in the store carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Uuid);

impl InstanceId {
    /// A fresh id.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Gives the ids their wire form, a JSON string, and its place in the API document.
macro_rules! text_id {
    ($($name:ident, $pattern:literal, $example:literal, $doc:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.with_text(|text| serializer.serialize_str(text))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some($pattern))
                    .description(Some($doc))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

text_id! {
    SessionId, "^[A-Za-z0-9._~-]{1,128}$", "01936f2e-7c1a-7b3c-9d4e-5f60718293a4", "The id of a session.";
    TraceId, "^[0-9a-f]{32}$", "249d0e49a29910886c9895950073aa9a", "The id of a trace (W3C Trace Context).";
    SpanId, "^[0-9a-f]{16}$", "6379f578d4689d5b", "The id of a span within its trace (W3C Trace Context).";
}

impl utoipa::PartialSchema for EventId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(9_007_199_254_740_991_i64))
            .description(Some("The id of an event: strictly increasing, never reused, below 2^53."))
            .examples([1234])
            .into()
    }
}

impl utoipa::ToSchema for EventId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_spaces_and_long_texts_are_no_session_ids() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a b", "%2e%2e", "é", &"x".repeat(129)] {
            assert!(SessionId::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert_eq!(
            SessionId::parse("swe-marshmallow-1867.genai~1").unwrap().as_str(),
            "swe-marshmallow-1867.genai~1"
        );
    }

    #[test]
    fn an_unfit_outside_id_always_becomes_the_same_fit_one() {
        let (first, hashed) = SessionId::from_external("user@host/säss ion");
        assert!(hashed);
        assert_eq!(SessionId::from_external("user@host/säss ion").0, first);
        assert!(SessionId::parse(first.as_str()).is_ok());
        assert_eq!(SessionId::from_external("fit"), (SessionId::parse("fit").unwrap(), false));
    }

    #[test]
    fn trace_ids_take_either_case_and_refuse_zero() {
        let id = TraceId::parse("249D0E49a29910886c9895950073aa9a").unwrap();
        assert_eq!(id.to_string(), "249d0e49a29910886c9895950073aa9a");
        assert!(TraceId::parse(&"0".repeat(32)).is_err());
        assert!(TraceId::parse("249d").is_err());
        assert!(SpanId::parse("6379f578d4689d5é").is_err());
    }
}
