//! Searching a store that has no search of its own: whatever may be meant is read, from the newest to the oldest.
//!
//! It decides with the code that every store decides with, so that a store of the host's finds what ours find. What is slow is
//! the reading; memory holds a place for each span and event that may be meant, and no content but that of one.

use std::collections::HashMap;

use super::{
    FoundThing, Matching, Of, SearchHit, SearchPage, SearchQuery, Subject, Sweep, event_time, is_searched,
};
use crate::model::{
    Cursor, EventFrame, EventId, EventQuery, SearchPlace, SearchedThing, Session, SessionId, SessionQuery,
    SpanId, SpanSummary, TraceId,
};
use crate::store::{Store, StoreError};

/// How many sessions or events are in memory at once.
const PAGE: usize = 500;

/// What [`Store::search`] answers where nothing else is implemented.
pub(crate) fn by_reading<S: Store + ?Sized>(
    store: &S,
    query: &SearchQuery,
) -> Result<SearchPage, StoreError> {
    // From here its time runs.
    let sweep = Sweep::new(query);
    let mut search = Reading {
        store,
        query,
        matching: Matching::new(&query.query),
        known: Vec::new(),
        numbers: HashMap::new(),
        places: Vec::new(),
    };
    search.list()?;
    search.read(sweep)
}

struct Reading<'q, S: ?Sized> {
    store: &'q S,
    query: &'q SearchQuery,
    matching: Matching<'q>,
    /// Sessions with their engines, which are known of those that are stored.
    known: Vec<(SessionId, Option<String>)>,
    numbers: HashMap<SessionId, usize>,
    /// Each with the number of its session, if it has one.
    places: Vec<(SearchPlace, Option<usize>)>,
}

impl<S: Store + ?Sized> Reading<'_, S> {
    /// Lists what may be meant, as far as it can be told without the content.
    fn list(&mut self) -> Result<(), StoreError> {
        if let Some(session) = &self.query.session_id {
            return match self.store.session(session)? {
                Some(session) => self.list_session(&session),
                None => {
                    let number = self.number(session, None);
                    self.list_events(Some(number))
                }
            };
        }
        let mut query = SessionQuery::new(PAGE);
        loop {
            let page = self.store.sessions(&query)?;
            page.iter().try_for_each(|session| self.list_session(session))?;
            match page.last() {
                Some(last) if page.len() == PAGE && !self.query.is_abandoned() => {
                    query.after = Some(Cursor::after(last));
                }
                _ => break,
            }
        }
        self.list_events(None)
    }

    fn list_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let number = self.number(&session.id, Some(&session.engine));
        for span in self.store.session_spans(&session.id)? {
            let place = SearchPlace::new(span.start_time, SearchedThing::Span(span.trace_id, span.span_id));
            self.add(place, Some(number), Of::Span(&span));
        }
        self.list_events(Some(number))
    }

    fn number(&mut self, session: &SessionId, engine: Option<&str>) -> usize {
        *self.numbers.entry(session.clone()).or_insert_with(|| {
            self.known.push((session.clone(), engine.map(str::to_owned)));
            self.known.len() - 1
        })
    }

    /// Lists the events of a session; or those that are nobody's, or of a session that is not stored.
    fn list_events(&mut self, session: Option<usize>) -> Result<(), StoreError> {
        if !self.query.query.may_be_event() {
            return Ok(());
        }
        let mut query = EventQuery::new(PAGE);
        query.session_id = session.map(|number| self.known[number].0.clone());
        loop {
            let page = self.store.events(&query)?;
            for event in page.iter().filter(|event| is_searched(&event.event_type)) {
                let of = match (session, &event.session_id) {
                    (Some(_), Some(_)) => session,
                    (None, Some(other)) => Some(self.number(other, None)),
                    (None, None) => None,
                    (Some(_), None) => continue,
                };
                if let Some(at) = event_time(event.json()) {
                    let place = SearchPlace::new(at, SearchedThing::Event(event.id));
                    self.add(place, of, Of::Event { event_type: &event.event_type });
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => query.after = last.id,
                _ => return Ok(()),
            }
        }
    }

    fn add(&mut self, place: SearchPlace, session: Option<usize>, of: Of<'_>) {
        let known = session.map(|number| &self.known[number]);
        let subject = Subject {
            session: known.map(|(id, _)| id),
            engine: known.and_then(|(_, engine)| engine.as_deref()),
            of,
        };
        if self.query.covers(&place) && self.matching.admits(&subject) {
            self.places.push((place, session));
        }
    }

    /// Reads what was listed.
    fn read(mut self, mut sweep: Sweep<'_>) -> Result<SearchPage, StoreError> {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        // Events of a session were met again among all others.
        places.dedup_by(|later, first| later.0 == first.0);
        for (place, session) in places {
            if sweep.is_full(place.at) {
                break;
            }
            if sweep.is_late(place.at) {
                return Ok(sweep.cut(place.at));
            }
            if !sweep.wants(&place) {
                continue;
            }
            let session = session.map(|number| self.known[number].0.clone());
            let hit = match &place.of {
                SearchedThing::Span(trace, span) => self.look_at_span(session.as_ref(), *trace, *span)?,
                SearchedThing::Event(id) => self.look_at_event(session.as_ref(), *id)?,
                SearchedThing::Anything => None,
            };
            if let Some((found, matches)) = hit {
                sweep.add(place, SearchHit { session_id: session, found, matches });
            }
        }
        Ok(sweep.finish())
    }

    fn look_at_span(
        &mut self,
        session: Option<&SessionId>,
        trace: TraceId,
        span: SpanId,
    ) -> Result<Hit, StoreError> {
        let (Some(session), Some(summary)) = (session, self.summary(trace, span)?) else { return Ok(None) };
        let of = Of::Span(&summary);
        let matches = if self.matching.reads_content() {
            let spans = self.store.spans(session, span)?;
            let line = spans.iter().find(|span| span.trace_id == trace).map(serde_json::to_vec);
            let Some(Ok(line)) = line else { return Ok(None) };
            self.matching.find(&of, &line)
        } else {
            self.matching.find(&of, &[])
        };
        Ok(matches.map(|matches| (FoundThing::span(summary), matches)))
    }

    fn summary(&self, trace: TraceId, span: SpanId) -> Result<Option<SpanSummary>, StoreError> {
        Ok(self.store.trace_spans(trace)?.into_iter().find(|summary| summary.span_id == span))
    }

    fn look_at_event(&mut self, session: Option<&SessionId>, id: EventId) -> Result<Hit, StoreError> {
        let mut query = EventQuery::new(1);
        query.after = EventId(id.0.saturating_sub(1));
        query.session_id = session.cloned();
        let event: Option<EventFrame> = self.store.events(&query)?.into_iter().find(|event| event.id == id);
        let Some(event) = event else { return Ok(None) };
        let matches = self.matching.find(&Of::Event { event_type: &event.event_type }, event.json());
        Ok(matches.map(|matches| (FoundThing::event(&event), matches)))
    }
}

/// What was found, and where it matches.
type Hit = Option<(FoundThing, Vec<crate::model::SearchMatch>)>;
