//! Where a stream begins.

use axum::http::{HeaderMap, HeaderValue};

use crate::http::extract::Params;
use crate::http::state::AppState;
use crate::model::EventId;

/// The header by which a browser says where it was.
const LAST_EVENT_ID: &str = "last-event-id";

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With what is published from now on.
    Now(EventId),
    /// After this event.
    After(EventId),
    /// Now, because what the client said is no id. It is told.
    Unreadable(EventId),
    /// Now, because the id is not of this stream: it belongs to another process, or to a store that is gone. Whatever
    /// the client missed cannot be told from its id.
    Unknown(EventId),
}

impl Begin {
    /// From what the client said. The header counts before the parameter.
    pub(super) async fn of(state: &AppState, headers: &HeaderMap, params: &Params) -> Self {
        let header = headers.get(LAST_EVENT_ID).map(HeaderValue::as_bytes);
        let begin = Self::read(header, params.one("last_event_id"), state.bus.head());
        match begin {
            // What the ring holds is ours. Of other ids the store knows whose they are; when it cannot be asked, what
            // it would have told is missing from the replay too, and that is said.
            Self::After(id) if id.0 > 0 && !state.bus.holds(id) => {
                match state.read(move |store| store.replays_after(id)).await {
                    Ok(false) => Self::Unknown(state.bus.head()),
                    Ok(true) | Err(_) => begin,
                }
            }
            _ => begin,
        }
    }

    fn read(header: Option<&[u8]>, query: Option<&str>, head: EventId) -> Self {
        let header = header.filter(|header| !header.is_empty());
        let Some(text) = header.or(query.map(str::as_bytes)) else { return Self::Now(head) };
        let id = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
        match id {
            None => Self::Unreadable(head),
            Some(id) if id > head.0 => Self::Unknown(head),
            Some(id) => Self::After(EventId(id)),
        }
    }

    /// The event after which the stream goes on.
    pub(super) fn place(self) -> EventId {
        match self {
            Self::Now(id) | Self::After(id) | Self::Unreadable(id) | Self::Unknown(id) => id,
        }
    }

    /// What the client should know, in words.
    pub(super) fn notice(self) -> Option<&'static str> {
        match self {
            Self::Now(_) | Self::After(_) => None,
            Self::Unreadable(_) => Some("the last event id was not readable; the stream begins now"),
            Self::Unknown(_) => Some("the last event id is not of this stream; the stream begins now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_where_the_client_says_and_else_now() {
        let head = EventId(10);
        let begin = |header: Option<&str>, query| Begin::read(header.map(str::as_bytes), query, head);
        assert_eq!(begin(None, None), Begin::Now(head));
        assert_eq!(begin(Some("7"), Some("3")), Begin::After(EventId(7)));
        assert_eq!(begin(Some(""), Some("3")), Begin::After(EventId(3)));
        assert_eq!(begin(None, Some("0")), Begin::After(EventId(0)));
        assert_eq!(begin(Some("abc"), None), Begin::Unreadable(head));
        assert_eq!(begin(Some("-1"), None), Begin::Unreadable(head));
        assert_eq!(begin(Some("11"), None), Begin::Unknown(head));
    }
}
