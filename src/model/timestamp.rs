//! Points in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Always nine fractional digits, so that timestamps sort as text.
static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(9));

/// A point in time in nanoseconds since the Unix epoch, between the years 1677 and 2262.
///
/// The wire form is RFC 3339 in UTC with nine fractional digits (`2026-11-21T00:52:44.123456789Z`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// From nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From OTLP's unsigned nanoseconds; a value beyond the year 2262 becomes the last representable instant.
    #[must_use]
    pub fn from_unsigned_nanos(nanos: u64) -> Self {
        Self(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The time from `earlier` to `self`, or zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `self` moved by `duration` into the future, at most to the last representable instant.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// `self` moved by `duration` into the past, at most to the first representable instant.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// Parses RFC 3339.
    ///
    /// # Errors
    ///
    /// When the text is not RFC 3339 with an offset, or lies outside the representable years.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed: jiff::Timestamp = text.parse().map_err(|error: jiff::Error| error.to_string())?;
        i64::try_from(parsed.as_nanosecond()).map(Self).map_err(|_| "outside the years 1677 to 2262".into())
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::EPOCH.plus(after),
            Err(before) => Self::EPOCH.minus(before.duration()),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0)).map_err(|_| fmt::Error)?;
        PRINTER.print_timestamp(&time, jiff::fmt::StdFmtWrite(f)).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339 in UTC with nine fractional digits; sorts as text."))
            .examples(["2026-11-21T00:52:44.123456789Z"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_has_nine_digits_and_comes_back_the_same() {
        let time = Timestamp::from_nanos(1_720_000_000_800_000_000);
        assert_eq!(time.to_string(), "2024-07-03T09:46:40.800000000Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn absurd_times_are_clamped_and_still_print() {
        assert_eq!(Timestamp::from_unsigned_nanos(u64::MAX).as_nanos(), i64::MAX);
        assert!(Timestamp::from_unsigned_nanos(u64::MAX).to_string().starts_with("2262-"));
        assert!(Timestamp::from_nanos(i64::MIN).to_string().starts_with("1677-"));
    }

    #[test]
    fn a_clock_that_went_back_gives_no_negative_duration() {
        assert_eq!(Timestamp::EPOCH.since(Timestamp::from_nanos(5)), Duration::ZERO);
    }
}
