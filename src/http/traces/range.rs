//! The parts of RFC 9110 that a trace needs: content negotiation, byte ranges and conditions, as pure functions.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, IF_NONE_MATCH, IF_RANGE, RANGE};

/// What to do about `Range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole representation: no range, or one that is to be ignored (malformed, another unit, several ranges).
    Whole,
    /// The bytes `from..to`.
    Part {
        /// The first byte.
        from: u64,
        /// The byte after the last one.
        to: u64,
    },
    /// No byte of the range is there.
    Unsatisfiable,
}

/// Whether the client takes gzip (RFC 9110 section 12.5.3).
pub(in crate::http) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = None;
    for coding in headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(','))
    {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let taken = quality.is_none_or(|quality| quality.parse::<f32>().is_ok_and(|quality| quality > 0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return taken;
        }
        if name == "*" {
            any = Some(taken);
        }
    }
    any.unwrap_or(false)
}

/// Whether the client has this representation already. Compares weakly, as `If-None-Match` asks.
pub(in crate::http) fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(','));
    known.map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

/// Which bytes of a representation of `length` bytes are wanted.
pub(super) fn wanted(headers: &HeaderMap, etag: &str, length: u64) -> Wanted {
    let mut ranges = headers.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Wanted::Whole };
    // A strong comparison: a weak tag or a date never names exactly these bytes.
    if headers.get(IF_RANGE).is_some_and(|validator| validator.as_bytes() != etag.as_bytes()) {
        return Wanted::Whole;
    }
    range.to_str().ok().and_then(|range| parse(range, length)).unwrap_or(Wanted::Whole)
}

fn parse(range: &str, length: u64) -> Option<Wanted> {
    let (unit, set) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let number = |text: &str| {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            // A number that no file reaches is only a large number.
            .then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (from, to) = match (first, last) {
        // The last bytes of nothing are all of it (RFC 9110 section 14.1.2), which no Content-Range can say.
        ("", suffix) if length == 0 && number(suffix)? > 0 => return Some(Wanted::Whole),
        ("", suffix) => (length.saturating_sub(number(suffix)?), length),
        (first, "") => (number(first)?, length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            (first, last.saturating_add(1).min(length))
        }
    };
    Some(if from < to { Wanted::Part { from, to } } else { Wanted::Unsatisfiable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(text: &str) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, text.parse().unwrap());
        wanted(&headers, "\"tag\"", 100)
    }

    #[test]
    fn the_table_of_ranges() {
        for (text, from, to) in [
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 20),
            ("bytes=90-", 90, 100),
            ("bytes=-10", 90, 100),
            ("bytes=-1000", 0, 100),
            ("bytes=0-99999999999999999999999", 0, 100),
            ("BYTES = 5-6", 5, 7),
        ] {
            assert_eq!(range(text), Wanted::Part { from, to }, "{text}");
        }
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(range(text), Wanted::Unsatisfiable, "{text}");
        }
        for text in [
            "lines=0-1",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=-",
            "bytes=0-1,5-6",
            "bytes=+1-2",
            "bytes=0-1;x",
            "bytes=0 - 1",
            "bytes=--1",
            "bytes=0--1",
            "bytes=0x1-2",
            "bytes=0-1,",
            "bytes=,0-1",
            "bytes:0-1",
            "bytes=",
            "=0-1",
            "",
            "bytes",
            "bytes=1",
        ] {
            assert_eq!(range(text), Wanted::Whole, "{text}");
        }
    }

    #[test]
    fn a_range_of_another_state_gets_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, "bytes=0-9".parse().unwrap());
        for (validator, taken) in [
            ("\"tag\"", true),
            ("W/\"tag\"", false),
            ("\"old\"", false),
            ("Sat, 21 Nov 2026 00:00:00 GMT", false),
        ] {
            headers.insert(IF_RANGE, validator.parse().unwrap());
            assert_eq!(wanted(&headers, "\"tag\"", 100) != Wanted::Whole, taken, "{validator}");
        }
        headers.remove(IF_RANGE);
        headers.append(RANGE, "bytes=1-2".parse().unwrap());
        assert_eq!(wanted(&headers, "\"tag\"", 100), Wanted::Whole);
    }

    #[test]
    fn gzip_is_taken_when_named_or_covered_and_not_excluded() {
        for (accept, taken) in [
            ("gzip, deflate, br", true),
            ("GZIP;q=0.1", true),
            ("x-gzip", true),
            ("*", true),
            ("*;q=0, gzip", true),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("br", false),
            ("", false),
            ("gzip;q=0.000", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), taken, "{accept:?}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn any_known_tag_saves_the_body() {
        for (known, saved) in
            [("\"a\", W/\"tag\"", true), ("*", true), ("\"tag\"", true), ("tag", false), ("\"other\"", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, known.parse().unwrap());
            assert_eq!(has_already(&headers, "\"tag\""), saved, "{known}");
        }
    }

    proptest! {
        #[test]
        fn a_part_lies_always_within_the_whole(text in "(bytes=)?[0-9]{0,4}-?[0-9]{0,4}", length in 0_u64..200) {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, text.parse().unwrap());
            if let Wanted::Part { from, to } = wanted(&headers, "\"\"", length) {
                prop_assert!(from < to && to <= length);
            }
        }
    }
}
