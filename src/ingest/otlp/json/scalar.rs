//! Texts, numbers, ids and enum values, as senders write them.

use std::fmt;

use serde::de::{Unexpected, Visitor};
use serde::{Deserializer, de};

use super::read::{Budget, Read};

/// Writes a kind of scalar: what `null` is, and the forms that are taken besides. The visitor may hold a method for
/// each form that JSON has.
macro_rules! scalar {
    ($(#[$doc:meta])* $kind:ident => $value:ty, $what:literal, { $($method:item)* }) => {
        $(#[$doc])*
        pub(super) struct $kind;

        impl<'de> Visitor<'de> for $kind {
            type Value = $value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }
            fn visit_unit<E: de::Error>(self) -> Result<$value, E> {
                Ok(<$value>::default())
            }
            $($method)*
        }

        impl<'de> Read<'de> for $kind {
            type Value = $value;

            fn read<D: Deserializer<'de>>(deserializer: D, _: &Budget) -> Result<$value, D::Error> {
                deserializer.deserialize_any($kind)
            }
        }
    };
}

scalar! {
    /// Text. Numbers and truth values are taken for their text.
    Text => String, "text", {
        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_string<E: de::Error>(self, text: String) -> Result<String, E> {
            Ok(text)
        }
        fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<String, E> {
            Ok(value.to_string())
        }
    }
}

/// What an id becomes that is not hexadecimal: no id has this length, so that the mapping knows it for none.
const NO_ID: [u8; 1] = [0];

scalar! {
    /// A trace or span id in hexadecimal digits of either case; empty when absent.
    Id => Vec<u8>, "an id in hexadecimal digits", {
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            // No id is longer than 16 bytes; nothing larger is worth keeping.
            if !text.len().is_multiple_of(2) || text.len() > 64 {
                return Ok(NO_ID.to_vec());
            }
            let bytes = text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
            Ok(bytes.collect::<Option<Vec<u8>>>().unwrap_or_else(|| NO_ID.to_vec()))
        }
    }
}

/// Writes a number of 64 bits without a sign: a number, or its text.
macro_rules! unsigned {
    ($(#[$doc:meta])* $kind:ident, $what:literal) => {
        scalar! {
            $(#[$doc])*
            $kind => u64, $what, {
                fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
                    Ok(value)
                }
                fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
                    Ok(u64::try_from(value).unwrap_or(0))
                }
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamping is what is wanted")]
                fn visit_f64<E: de::Error>(self, value: f64) -> Result<u64, E> {
                    Ok(value as u64)
                }
                fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
                    match text.trim() {
                        "" => Ok(0),
                        text => match text.parse::<u64>() {
                            Ok(value) => Ok(value),
                            Err(_) => match text.parse::<f64>() {
                                Ok(value) => self.visit_f64(value),
                                Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
                            },
                        },
                    }
                }
            }
        }
    };
}

unsigned! {
    /// Nanoseconds since the Unix epoch. A negative one is the epoch.
    Nanos, "nanoseconds since the Unix epoch, as a number or its text"
}

unsigned! {
    /// How many values a distribution has. A negative one is none.
    Amount, "a count, as a number or its text"
}

scalar! {
    /// A number, or its text; protobuf's words for what JSON cannot say are Rust's too: NaN, Infinity, -Infinity.
    Number => Option<f64>, "a number or its text", {
        #[expect(clippy::cast_precision_loss, reason = "the sender says that it is a double")]
        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Option<f64>, E> {
            Ok(Some(value as f64))
        }
        #[expect(clippy::cast_precision_loss, reason = "the sender says that it is a double")]
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Option<f64>, E> {
            Ok(Some(value as f64))
        }
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Option<f64>, E> {
            Ok(Some(value))
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<f64>, E> {
            let value = text.trim().parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
            Ok(Some(value))
        }
    }
}

scalar! {
    /// A whole number, or its text. What is beyond 64 bits is clamped.
    Whole => Option<i64>, "a whole number or its text", {
        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Option<i64>, E> {
            Ok(Some(i64::try_from(value).unwrap_or(i64::MAX)))
        }
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Option<i64>, E> {
            Ok(Some(value))
        }
        #[expect(clippy::cast_possible_truncation, reason = "clamping is what is wanted")]
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<Option<i64>, E> {
            Ok(Some(value as i64))
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<i64>, E> {
            let value = text.trim().parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
            Ok(Some(value))
        }
    }
}

scalar! {
    /// A truth value, or its text.
    Flag => bool, "a truth value", {
        fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
            text.trim().parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
        }
    }
}

scalar! {
    /// A count: a number, or its text.
    Count => u32, "a count", {
        fn visit_u64<E: de::Error>(self, value: u64) -> Result<u32, E> {
            Ok(u32::try_from(value).unwrap_or(u32::MAX))
        }
        fn visit_i64<E: de::Error>(self, _: i64) -> Result<u32, E> {
            Ok(0)
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamping is what is wanted")]
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<u32, E> {
            Ok(value as u32)
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<u32, E> {
            Ok(text.trim().parse().unwrap_or(0))
        }
    }
}

/// Writes an enum: OTLP asks for its number; its name is taken too. Unknown ones are 0, as unspecified is.
macro_rules! word {
    ($(#[$doc:meta])* $kind:ident, $what:literal, $prefix:literal, [$($word:literal),*]) => {
        scalar! {
            $(#[$doc])*
            $kind => i32, $what, {
                fn visit_u64<E: de::Error>(self, value: u64) -> Result<i32, E> {
                    Ok(i32::try_from(value).unwrap_or(0))
                }
                fn visit_i64<E: de::Error>(self, _: i64) -> Result<i32, E> {
                    Ok(0)
                }
                fn visit_f64<E: de::Error>(self, value: f64) -> Result<i32, E> {
                    self.visit_str(&value.to_string())
                }
                fn visit_str<E: de::Error>(self, text: &str) -> Result<i32, E> {
                    if let Ok(number) = text.parse() {
                        return Ok(number);
                    }
                    let name = text.strip_prefix($prefix).unwrap_or(text);
                    Ok((0..).zip([$($word),*]).find(|(_, word)| *word == name).map_or(0, |(number, _)| number))
                }
            }
        }
    };
}

word! {
    /// OpenTelemetry's span kind.
    Kind, "a span kind", "SPAN_KIND_", ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
}

word! {
    /// The code of a status.
    StatusWord, "a status code", "STATUS_CODE_", ["UNSET", "OK", "ERROR"]
}

word! {
    /// What a point counts from.
    TemporalityWord, "a temporality", "AGGREGATION_TEMPORALITY_", ["UNSPECIFIED", "DELTA", "CUMULATIVE"]
}

word! {
    /// How grave a log record is.
    Severity, "a severity", "SEVERITY_NUMBER_", [
        "UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2",
        "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2",
        "FATAL3", "FATAL4"
    ]
}
