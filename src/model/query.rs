//! What lists can be asked for.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventId, InvalidId, Session, SessionId, SessionStatus, Timestamp};

/// A place in the list of sessions, newest first: the page after it begins with the next older session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Cursor {
    /// When the last session of the page before began.
    pub started_at: Timestamp,
    /// Its id; sessions that began at the same moment are ordered by it.
    pub id: SessionId,
}

impl Cursor {
    /// The place right after `session`.
    #[must_use]
    pub fn after(session: &Session) -> Self {
        Self { started_at: session.started_at, id: session.id.clone() }
    }

    /// Reads the wire form.
    ///
    /// # Errors
    ///
    /// When `text` was not written by the inspector.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        const INVALID: InvalidId = InvalidId("the cursor is not one that this inspector gave out");
        let (nanos, id) = text.split_once('_').ok_or(INVALID)?;
        Ok(Self {
            started_at: Timestamp::from_nanos(nanos.parse().map_err(|_| INVALID)?),
            id: SessionId::parse(id).map_err(|_| INVALID)?,
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.started_at.as_nanos(), self.id)
    }
}

/// Which sessions are wanted: all conditions must hold; an empty one holds always. Newest first, by
/// `(started_at, id)` descending.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SessionQuery {
    /// At most so many.
    pub limit: usize,
    /// Only what comes after this place.
    pub after: Option<Cursor>,
    /// Any of these.
    pub statuses: Vec<SessionStatus>,
    /// Any of these.
    pub engines: Vec<String>,
    /// Exactly this agent.
    pub agent: Option<String>,
    /// Has this tag.
    pub tag: Option<String>,
    /// One of these.
    pub ids: Vec<SessionId>,
    /// Was started by this one.
    pub parent: Option<SessionId>,
    /// Each of its words occurs in the id, the title, the agent or the error, whatever the case.
    pub text: Option<String>,
    /// Only those that are pinned, or only those that are not.
    pub pinned: Option<bool>,
    /// Began at this moment or later.
    pub since: Option<Timestamp>,
    /// Began before this moment.
    pub until: Option<Timestamp>,
}

impl SessionQuery {
    /// All sessions, at most so many.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether `session` is wanted. Every source of sessions gives this answer, in code or in its own language.
    #[must_use]
    pub fn matches(&self, session: &Session) -> bool {
        self.after
            .as_ref()
            .is_none_or(|after| (session.started_at, &session.id) < (after.started_at, &after.id))
            && (self.statuses.is_empty() || self.statuses.contains(&session.status))
            && (self.engines.is_empty() || self.engines.contains(&session.engine))
            && self.agent.as_ref().is_none_or(|agent| session.agent.as_ref() == Some(agent))
            && self.tag.as_ref().is_none_or(|tag| session.tags.contains(tag))
            && (self.ids.is_empty() || self.ids.contains(&session.id))
            && self.parent.as_ref().is_none_or(|parent| session.parent_session_id.as_ref() == Some(parent))
            && self.pinned.is_none_or(|pinned| session.pinned == pinned)
            && self.since.is_none_or(|since| session.started_at >= since)
            && self.until.is_none_or(|until| session.started_at < until)
            && self.text.as_ref().is_none_or(|text| Self::text_matches(text, session))
    }

    /// Those of `sessions` that are wanted, newest first, at most [`limit`](Self::limit): what a source of sessions answers
    /// that has all of them at hand.
    #[must_use]
    pub fn select(&self, sessions: impl IntoIterator<Item = Session>) -> Vec<Session> {
        let mut wanted: Vec<_> = sessions.into_iter().filter(|session| self.matches(session)).collect();
        wanted.sort_unstable_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        wanted.truncate(self.limit);
        wanted
    }

    /// The same question for sessions of every status and from the beginning: what is counted by status.
    #[must_use]
    pub fn of_any_status(&self) -> Self {
        Self { statuses: Vec::new(), after: None, ..self.clone() }
    }

    fn text_matches(text: &str, session: &Session) -> bool {
        let haystack = Self::searched_text(session);
        Self::words(text).iter().all(|word| haystack.contains(word))
    }

    /// What the words of [`text`](Self::text) are looked for in. A store that searches in its own language keeps this.
    pub(crate) fn searched_text(session: &Session) -> String {
        let parts = [
            Some(session.id.as_str()),
            Some(&session.title),
            session.agent.as_deref(),
            session.error.as_deref(),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n").to_lowercase()
    }

    /// The words of `text`, each of which must occur in [`searched_text`](Self::searched_text).
    pub(crate) fn words(text: &str) -> Vec<String> {
        text.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }
}

/// Which stored events are wanted, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EventQuery {
    /// Only those with a higher id.
    pub after: EventId,
    /// At most so many.
    pub limit: usize,
    /// Only those of this session.
    pub session_id: Option<SessionId>,
}

impl EventQuery {
    /// All events, at most so many.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { after: EventId(0), limit, session_id: None }
    }
}

/// A source of sessions that could not be asked; the list holds what the others know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Degraded {
    /// The registry's name.
    pub registry: String,
    /// What happened, in words for a person.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, at: i64) -> Session {
        Session::new(SessionId::parse(id).unwrap(), "tokio", "Refactor the Parser", Timestamp::from_nanos(at))
    }

    #[test]
    fn a_cursor_comes_back_from_its_wire_form() {
        let cursor = Cursor::after(&session("a_b-c", -5));
        assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
        assert!(Cursor::parse("junk").is_err());
        assert!(Cursor::parse("1_../x").is_err());
    }

    #[test]
    fn all_conditions_must_hold_and_words_match_in_any_case() {
        let query = SessionQuery { text: Some("PARSER ref".into()), ..Default::default() };
        assert!(query.matches(&session("a", 1)));
        assert!(
            !SessionQuery { statuses: vec![SessionStatus::Failed], ..query.clone() }
                .matches(&session("a", 1))
        );
        assert!(!SessionQuery { text: Some("lexer".into()), ..query }.matches(&session("a", 1)));
    }

    #[test]
    fn the_page_after_a_cursor_holds_only_older_sessions() {
        let query = SessionQuery { after: Some(Cursor::after(&session("b", 5))), ..Default::default() };
        assert!(query.matches(&session("a", 5)) && query.matches(&session("z", 4)));
        assert!(!query.matches(&session("b", 5)) && !query.matches(&session("a", 6)));
    }
}
