//! What a search answers with.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventId, InvalidId, SpanId, Timestamp, TraceId};

/// A text of a span or an event that matches a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SearchMatch {
    /// The field, such as `name`, `error.message` or `attributes.gen_ai.input.messages`.
    pub field: String,
    /// A piece of its text around the first match: at most 200 characters, on one line. What stands in it is not markup.
    pub snippet: String,
    /// What of the snippet matches, in order, without overlap.
    pub highlights: Vec<Highlight>,
}

impl SearchMatch {
    /// All of it.
    #[must_use]
    pub fn new(field: impl Into<String>, snippet: impl Into<String>, highlights: Vec<Highlight>) -> Self {
        Self { field: field.into(), snippet: snippet.into(), highlights }
    }
}

/// A part of a snippet, in UTF-16 code units, as `String.prototype.slice` counts them.
//
// A range has a beginning and an end and will have nothing else: it may be written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Highlight {
    /// Where it begins.
    pub start: usize,
    /// Where it ends: the first unit that does not belong to it.
    pub end: usize,
}

/// A place among everything that can be found, newest first: a page goes on with what is smaller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct SearchPlace {
    /// When the span began or the event happened.
    pub at: Timestamp,
    /// What it is; orders what is of the same moment.
    pub of: SearchedThing,
}

/// Something that can be found. The order is that of a search, from the last to the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SearchedThing {
    /// An event.
    Event(EventId),
    /// A span.
    Span(TraceId, SpanId),
    /// Before everything of that moment.
    Anything,
}

impl From<Timestamp> for SearchPlace {
    /// Before everything of that moment.
    fn from(at: Timestamp) -> Self {
        Self { at, of: SearchedThing::Anything }
    }
}

impl SearchPlace {
    /// Where this is, which began or happened at that moment.
    #[must_use]
    pub const fn new(at: Timestamp, of: SearchedThing) -> Self {
        Self { at, of }
    }

    /// Reads the wire form.
    ///
    /// # Errors
    ///
    /// When `text` was not written by the inspector.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        const INVALID: InvalidId = InvalidId("the cursor is not one that this inspector gave out");
        let (nanos, of) = text.split_once('_').map_or((text, None), |(nanos, of)| (nanos, Some(of)));
        let at = Timestamp::from_nanos(nanos.parse().map_err(|_| INVALID)?);
        let of = match of {
            None => SearchedThing::Anything,
            Some(of) => match of.split_once('_') {
                Some((trace, span)) => SearchedThing::Span(
                    TraceId::parse(trace).map_err(|_| INVALID)?,
                    SpanId::parse(span).map_err(|_| INVALID)?,
                ),
                None => SearchedThing::Event(EventId(of.parse().map_err(|_| INVALID)?)),
            },
        };
        Ok(Self { at, of })
    }
}

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.at.as_nanos();
        match &self.of {
            SearchedThing::Event(id) => write!(f, "{nanos}_{id}"),
            SearchedThing::Span(trace, span) => write!(f, "{nanos}_{trace}_{span}"),
            SearchedThing::Anything => write!(f, "{nanos}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_wire_form_and_knows_its_order() {
        let at = Timestamp::from_nanos(-7);
        let span =
            SearchedThing::Span(TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
        let places = [
            SearchPlace { at: Timestamp::from_nanos(-8), of: SearchedThing::Anything },
            SearchPlace { at, of: SearchedThing::Event(EventId(9)) },
            SearchPlace { at, of: span },
            SearchPlace::from(at),
        ];
        assert!(places.is_sorted());
        for place in places {
            assert_eq!(SearchPlace::parse(&place.to_string()), Ok(place));
        }
        for junk in ["", "x", "1_", "1_x", "1_2_3", "1_00_00"] {
            assert!(SearchPlace::parse(junk).is_err(), "{junk}");
        }
    }
}
