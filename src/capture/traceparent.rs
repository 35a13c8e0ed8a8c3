//! W3C Trace Context: where a caller in another process stands, as two HTTP headers.
//!
//! A header that is not as the specification says is ignored as a whole, and `tracestate` with it: a wrong parent would be
//! worse than none.

use std::fmt;

use crate::model::{SpanId, TraceId};

/// How long a `traceparent` of version 00 is, and the least that a later version has.
const LENGTH: usize = 55;

/// The most characters of a `tracestate` that are kept, as the specification asks for at least.
const MAX_STATE_BYTES: usize = 512;

/// The most members of a `tracestate`.
const MAX_STATE_MEMBERS: usize = 32;

/// A caller's place: its trace, its span, and whether it records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceParent {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) sampled: bool,
}

impl TraceParent {
    /// From the header's value; `None` when it is not one.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let header = header.trim_matches([' ', '\t']);
        if !header.is_ascii() || header.len() < LENGTH {
            return None;
        }
        let (known, more) = header.split_at(LENGTH);
        let mut parts = known.split('-');
        let mut next = |length: usize| {
            parts.next().filter(|part| {
                part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            })
        };
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        // A later version may have more parts; this one has none.
        let whole = more.is_empty() || (version != "00" && more.starts_with('-'));
        if version == "ff" || !whole || parts.next().is_some() {
            return None;
        }
        Some(Self {
            trace_id: TraceId::parse(trace).ok()?,
            span_id: SpanId::parse(span).ok()?,
            sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// A `tracestate` as it is passed on; `None` when it is empty, too long or not one.
pub(crate) fn trace_state(header: &str) -> Option<String> {
    let members: Vec<&str> = header
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .filter(|one| !one.is_empty())
        .collect();
    let fit = !members.is_empty()
        && members.len() <= MAX_STATE_MEMBERS
        && members.iter().all(|member| is_member(member))
        && !members
            .iter()
            .enumerate()
            .any(|(at, one)| members[..at].iter().any(|known| key(known) == key(one)));
    let state = members.join(",");
    (fit && state.len() <= MAX_STATE_BYTES).then_some(state)
}

fn key(member: &str) -> &str {
    member.split_once('=').map_or(member, |(key, _)| key)
}

fn is_member(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else { return false };
    let part = |part: &str, most: usize| {
        (1..=most).contains(&part.len())
            && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/'))
    };
    let begins =
        |part: &str| part.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    let key = match key.split_once('@') {
        Some((tenant, system)) => begins(tenant) && part(tenant, 241) && begins(system) && part(system, 14),
        None => begins(key) && part(key, 256),
    };
    let value = (1..=256).contains(&value.len())
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
        && !value.ends_with(' ');
    key && value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_read_and_written_alike() {
        let parent = TraceParent::parse(GOOD).unwrap();
        assert!(parent.sampled && parent.to_string() == GOOD);
        assert!(!TraceParent::parse(&GOOD.replace("-01", "-00")).unwrap().sampled);
        assert!(TraceParent::parse(&format!(" {GOOD}\t")).is_some());
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for good in [GOOD.replacen("00", "cc", 1), GOOD.replacen("00", "cc", 1) + "-what-the-future-has"] {
            assert!(TraceParent::parse(&good).is_some(), "{good}");
        }
        assert!(TraceParent::parse(&(GOOD.replacen("00", "cc", 1) + ".x")).is_none());
    }

    #[test]
    fn what_is_not_as_the_specification_says_is_ignored() {
        for bad in [
            "",
            "00",
            &GOOD[..54],
            &format!("{GOOD}-"),
            &format!("{GOOD}-extra"),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replace("4bf9", "4BF9"),
            &GOOD.replace("4bf9", "4bg9"),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &GOOD.replace('-', "_"),
            &GOOD.replacen("00-", "0-0", 1),
            &GOOD.replace("4736-00f0", "47360-0f0"),
            &GOOD.replace("4bf9", "é49"),
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_state_is_passed_on_or_ignored_whole() {
        assert_eq!(trace_state("rojo=00f067 , congo=t61r,,").as_deref(), Some("rojo=00f067,congo=t61r"));
        assert_eq!(trace_state("a1@vendor=x").as_deref(), Some("a1@vendor=x"));
        let many: Vec<String> = (0..33).map(|number| format!("k{number}=v")).collect();
        for bad in [
            "",
            " , ",
            "novalue",
            "UPPER=x",
            "a=",
            "a=b=c",
            "a=x,a=y",
            &many.join(","),
            &format!("a={}", "x".repeat(300)),
        ] {
            assert_eq!(trace_state(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_without_a_panic(header in "\\PC{0,80}", like in "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}[-a-z]{0,4}") {
            let _ = (TraceParent::parse(&header), trace_state(&header));
            if let Some(parent) = TraceParent::parse(&like) {
                prop_assert_eq!(TraceParent::parse(&parent.to_string()), Some(parent));
            }
        }
    }
}
