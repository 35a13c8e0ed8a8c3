//! What spans say of their session, whatever the order in which they come.
//!
//! Of several spans that say the same thing the one counts that says it best, and of equals the one that began first. So a
//! root that comes late names its session as if it had come in time, and a trace that moves takes along what it said.

use crate::model::{Session, SpanId, SpanSummary, StatusCode, Timestamp, TraceId};

/// Before whatever a span can say.
const ALWAYS: Timestamp = Timestamp::from_nanos(i64::MIN);

/// What was said, by whom and how well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    /// The lower the better.
    rank: u8,
    at: Timestamp,
    by: Option<(TraceId, SpanId)>,
    text: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    started: Option<Timestamp>,
    last_end: Option<Timestamp>,
    title: Option<Said>,
    agent: Option<Said>,
    error: Option<Said>,
}

impl Facts {
    /// Of a session that the host opens: what it says counts, whatever the spans say.
    pub(super) fn given(session: &Session) -> Self {
        Self::of_session(session, ALWAYS)
    }

    /// Of a session from the store: what it was called counts, unless something turns up from before it began.
    pub(super) fn stored(session: &Session) -> Self {
        Self::of_session(session, session.started_at)
    }

    fn of_session(session: &Session, at: Timestamp) -> Self {
        let said = |text: &String| Said { rank: 0, at, by: None, text: text.clone() };
        Self {
            started: Some(session.started_at),
            last_end: session.ended_at,
            title: Some(said(&session.title)),
            agent: session.agent.as_ref().map(said),
            error: session.error.as_ref().map(said),
        }
    }

    /// The host says in which error the session ended.
    pub(super) fn set_error(&mut self, error: String) {
        self.error = Some(Said { rank: 0, at: ALWAYS, by: None, text: error });
    }

    /// Forgets what spans say again when they are asked again. What they said of title and agent before they were stored
    /// stands nowhere else.
    pub(super) fn unsay(&mut self) {
        (self.started, self.last_end, self.error) = (None, None, None);
    }

    /// Takes in what a sender says of the session itself. What it says outright counts before whatever a span can say.
    pub(super) fn report(&mut self, at: Timestamp, outright: bool, title: Option<&str>, agent: Option<&str>) {
        self.started = self.started.into_iter().chain([at]).min();
        let at = if outright { Timestamp::from_nanos(i64::MIN + at.as_nanos().max(1)) } else { at };
        for (known, text) in [(&mut self.title, title), (&mut self.agent, agent)] {
            let said = text.map(|text| Said { rank: 0, at, by: None, text: text.to_owned() });
            if said.is_some() && (known.is_none() || said < *known) {
                *known = said;
            }
        }
    }

    /// Takes in what one span says: its summary, and the title and the service that came with it.
    pub(super) fn hear(&mut self, summary: &SpanSummary, title: Option<&str>, service: Option<&str>) {
        self.times(Some(summary.start_time), summary.end_time);
        if summary.detail {
            return;
        }
        let (at, by) = (summary.start_time, Some((summary.trace_id, summary.span_id)));
        let say = |slot: &mut Option<Said>, rank: u8, text: &str| {
            // What a span says later replaces what it said before.
            let better = slot.as_ref().is_none_or(|known| (rank, at, by) <= (known.rank, known.at, known.by));
            if better {
                *slot = Some(Said { rank, at, by, text: text.to_owned() });
            }
        };
        match title {
            Some(title) => say(&mut self.title, 0, title),
            None => say(&mut self.title, 1, &summary.name),
        }
        let is_root = summary.parent_span_id.is_none();
        if let Some(agent) = &summary.agent {
            say(&mut self.agent, u8::from(!is_root), agent);
        } else if let Some(service) = service {
            say(&mut self.agent, 2, service);
        }
        if summary.status == StatusCode::Error {
            let unnamed = || format!("{} failed", summary.name);
            say(&mut self.error, 0, &summary.error.clone().unwrap_or_else(unnamed));
        }
    }

    fn times(&mut self, started: Option<Timestamp>, ended: Option<Timestamp>) {
        self.started = self.started.into_iter().chain(started).min();
        self.last_end = self.last_end.max(ended);
    }

    /// Takes in what is known elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        self.times(other.started, other.last_end);
        for (known, new) in [
            (&mut self.title, &other.title),
            (&mut self.agent, &other.agent),
            (&mut self.error, &other.error),
        ] {
            if new.is_some() && (known.is_none() || *new < *known) {
                known.clone_from(new);
            }
        }
    }

    /// When the last span ended, or the session without any did.
    pub(super) fn last_end(&self) -> Option<Timestamp> {
        self.last_end
    }

    /// Writes what is known into the session.
    pub(super) fn apply_to(&self, session: &mut Session) {
        if let Some(started) = self.started {
            session.started_at = started;
        }
        if let Some(title) = &self.title {
            session.title.clone_from(&title.text);
        }
        session.agent = self.agent.as_ref().map(|said| said.text.clone());
        session.error = self.error.as_ref().map(|said| said.text.clone());
    }
}
