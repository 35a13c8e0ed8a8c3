//! Points in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// The length of the wire form. There are always nine fractional digits, so that timestamps sort as text.
const WIRE_BYTES: usize = "2026-11-21T00:52:44.123456789Z".len();

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

    /// The wire form, without the formatting machinery: every span has two of them, in each answer and each line.
    fn wire(self) -> [u8; WIRE_BYTES] {
        const SECONDS_OF_DAY: i64 = 86_400;
        let (seconds, nanos) = (self.0.div_euclid(1_000_000_000), self.0.rem_euclid(1_000_000_000));
        let (day, second) = (seconds.div_euclid(SECONDS_OF_DAY), seconds.rem_euclid(SECONDS_OF_DAY));
        let (year, month, day) = date(day);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        for (from, digits, number) in [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, second / 3600),
            (14, 2, second / 60 % 60),
            (17, 2, second % 60),
            (20, 9, nanos),
        ] {
            let mut left = number;
            for place in text[from..from + digits].iter_mut().rev() {
                *place = b'0' + left.rem_euclid(10).to_le_bytes()[0];
                left /= 10;
            }
        }
        text
    }
}

/// Year, month and day of the month, in the Gregorian calendar, of a day counted from the Unix epoch.
const fn date(day: i64) -> (i64, i64, i64) {
    // Counted from 1 March of the year 0, so that a leap day is the last one of its year, in eras of 400 years.
    const DAYS_OF_ERA: i64 = 146_097;
    let day = day + 719_468;
    let (era, day) = (day.div_euclid(DAYS_OF_ERA), day.rem_euclid(DAYS_OF_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year + (month <= 2) as i64, month, day - (153 * from_march + 2) / 5 + 1)
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
        f.write_str(std::str::from_utf8(&self.wire()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.wire()).map_err(ser::Error::custom)?)
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wire_form_has_nine_digits_and_comes_back_the_same() {
        let time = Timestamp::from_nanos(1_720_000_000_800_000_000);
        assert_eq!(time.to_string(), "2024-07-03T09:46:40.800000000Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }

    proptest! {
        #[test]
        fn every_moment_is_written_as_the_calendar_library_writes_it(nanos: i64) {
            let written = Timestamp::from_nanos(nanos).to_string();
            let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            prop_assert_eq!(&written, &format!("{time:.9}"));
            prop_assert_eq!(Timestamp::parse(&written), Ok(Timestamp::from_nanos(nanos)));
        }
    }

    #[test]
    fn leap_days_and_the_ends_of_years_are_written_right() {
        for text in [
            "1970-01-01T00:00:00.000000000Z",
            "1969-12-31T23:59:59.999999999Z",
            "2000-02-29T12:00:00.000000001Z",
            "1900-02-28T23:59:59.999999999Z",
            "1900-03-01T00:00:00.000000000Z",
            "2024-02-29T00:00:00.000000000Z",
            "2024-12-31T23:59:59.999999999Z",
            "2100-03-01T00:00:00.000000000Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
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
