//! Searching: the query, its language, and what decides whether a line is meant.
//!
//! Stores differ in how they come to the lines that may match; which of them do is decided here.

#![cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "the index that these are looked up in is SQLite's")
)]

mod chars;
mod matcher;
mod matching;
mod parse;
mod query;
mod reading;
mod snippet;
mod sweep;
mod walk;

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;

#[cfg(feature = "sqlite")]
pub(crate) use self::chars::{Need, beginning_token};
pub(crate) use self::matcher::{MAX_REGEX_BYTES, MAX_REGEX_MEMORY};
#[cfg(feature = "sqlite")]
pub(crate) use self::matching::line_tokens;
pub(crate) use self::matching::{Matching, Of, Subject};
pub use self::query::{MAX_CONDITIONS, MAX_QUERY_CHARS, MAX_REGEXES, Query, QueryError};
pub(crate) use self::reading::by_reading;
pub(crate) use self::sweep::Sweep;
use crate::model::{EventFrame, EventId, SearchMatch, SearchPlace, SessionId, SpanSummary, Timestamp};

/// How long a search looks before it says how far it has come.
pub const SEARCH_TIME: Duration = Duration::from_secs(2);

/// What is searched for, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchQuery {
    /// What is looked for.
    pub query: Query,
    /// At most so many hits.
    pub limit: usize,
    /// Only what comes after this place.
    pub after: Option<SearchPlace>,
    /// Only what began or happened at this moment or later.
    pub since: Option<Timestamp>,
    /// Only what began or happened before this moment.
    pub until: Option<Timestamp>,
    /// Only what belongs to this session.
    pub session_id: Option<SessionId>,
    /// How long it may take, about. It takes longer only when it would not have come any further.
    pub patience: Duration,
    /// Who waits for the answer, if that can go away: once it is dropped the search ends, wherever it is.
    pub asker: Option<Weak<()>>,
}

impl SearchQuery {
    /// Everything that `query` means, for at most [`SEARCH_TIME`].
    #[must_use]
    pub fn new(query: Query, limit: usize) -> Self {
        let patience = SEARCH_TIME;
        Self { query, limit, after: None, since: None, until: None, session_id: None, patience, asker: None }
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.asker.as_ref().is_some_and(|asker| asker.strong_count() == 0)
    }

    /// Whether a hit at `place` is within the time and comes after the page before.
    pub(crate) fn covers(&self, place: &SearchPlace) -> bool {
        self.after.as_ref().is_none_or(|after| place < after)
            && self.since.is_none_or(|since| place.at >= since)
            && self.until.is_none_or(|until| place.at < until)
    }

    /// The newest moment at which a hit may be.
    pub(crate) fn newest(&self) -> Timestamp {
        let until = self.until.map_or(i64::MAX, |until| until.as_nanos().saturating_sub(1));
        let after = self.after.as_ref().map_or(i64::MAX, |after| after.at.as_nanos());
        Timestamp::from_nanos(until.min(after))
    }

    /// The oldest moment at which a hit may be.
    pub(crate) fn oldest(&self) -> Timestamp {
        self.since.unwrap_or(Timestamp::from_nanos(i64::MIN))
    }
}

/// What was found, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SearchPage {
    /// The hits.
    pub hits: Vec<SearchHit>,
    /// Where the next page begins; `None` when there is none.
    pub next: Option<SearchPlace>,
    /// The time was up: only what is newer than this was searched. `None` when nothing was left out.
    pub searched_to: Option<Timestamp>,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SearchHit {
    /// The session that it belongs to.
    pub session_id: Option<SessionId>,
    /// What it is.
    pub found: FoundThing,
    /// Where it matches; empty when only fields were asked for that are in the summary.
    pub matches: Vec<SearchMatch>,
}

impl SearchHit {
    /// Without texts that match.
    #[must_use]
    pub const fn new(session_id: Option<SessionId>, found: FoundThing) -> Self {
        Self { session_id, found, matches: Vec::new() }
    }
}

/// What a hit is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FoundThing {
    /// A span.
    Span(Box<SpanSummary>),
    /// An event.
    #[non_exhaustive]
    Event {
        /// Its id.
        id: EventId,
        /// The event as JSON.
        json: Bytes,
    },
}

impl FoundThing {
    /// This span.
    #[must_use]
    pub fn span(summary: SpanSummary) -> Self {
        Self::Span(Box::new(summary))
    }

    /// This event.
    #[must_use]
    pub fn event(event: &EventFrame) -> Self {
        Self::Event { id: event.id, json: event.json_bytes() }
    }
}

/// Whether events of this type are searched. The others say what spans and sessions look like, which are found
/// themselves, or only count.
pub(crate) fn is_searched(event_type: &str) -> bool {
    !matches!(
        event_type,
        "SpanStarted"
            | "SpanFinished"
            | "SessionStarted"
            | "SessionUpdated"
            | "SessionFinished"
            | "SessionMerged"
            | "Heartbeat"
            | "RecordsDropped"
            | "Gap"
    )
}

/// When an event happened.
pub(crate) fn event_time(json: &[u8]) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    struct When {
        timestamp: Timestamp,
    }
    serde_json::from_slice::<When>(json).ok().map(|when| when.timestamp)
}
