//! Searching memory: everything that may be meant is looked at, from the newest to the oldest.

use std::sync::Arc;

use parking_lot::RwLock;

use super::state::{Line, State};
use crate::model::{EventFrame, SearchPlace, SearchedThing, SessionId, SpanSummary};
use crate::store::search::{Matching, Of, Subject, Sweep, event_time};
use crate::store::{BlockId, FoundThing, SearchHit, SearchPage, SearchQuery, StoreError};

/// How many spans are taken out at a time, so that the store is not held up.
const SPANS_AT_ONCE: usize = 64;

pub(super) fn find(state: &RwLock<State>, query: &SearchQuery) -> Result<SearchPage, StoreError> {
    let mut search = Search { matching: Matching::new(&query.query), sweep: Sweep::new(query), opened: None };
    let mut places = state.read().places(query, &mut search.matching);
    places.sort_unstable_by(|a, b| b.0.cmp(&a.0));
    for some in places.chunks(SPANS_AT_ONCE) {
        let things = {
            let state = state.read();
            let things = some.iter().map(|(place, event)| Some((place, state.thing(place, event.as_ref())?)));
            things.flatten().collect::<Vec<_>>()
        };
        for (place, thing) in things {
            if search.sweep.is_full(place.at) {
                return Ok(search.sweep.finish());
            }
            if search.sweep.is_late(place.at) {
                return Ok(search.sweep.cut(place.at));
            }
            search.look_at(place, thing)?;
        }
    }
    Ok(search.sweep.finish())
}

/// A span or an event, taken out of the store.
struct Thing {
    session: Option<SessionId>,
    engine: Option<String>,
    content: Content,
}

enum Content {
    Span(Box<SpanSummary>, BlockId, Line),
    Event(Arc<EventFrame>),
}

struct Search<'q> {
    matching: Matching<'q>,
    sweep: Sweep<'q>,
    /// The block that was opened last: its neighbours are often next.
    opened: Option<(BlockId, Vec<u8>)>,
}

impl Search<'_> {
    fn look_at(&mut self, place: &SearchPlace, thing: Thing) -> Result<(), StoreError> {
        let Thing { session, engine, content } = thing;
        let of = match &content {
            Content::Span(span, ..) => Of::Span(span),
            Content::Event(frame) => Of::Event { event_type: &frame.event_type },
        };
        // It may have changed since it was listed.
        let subject = Subject { session: session.as_ref(), engine: engine.as_deref(), of };
        if !self.sweep.wants(place) || !self.matching.admits(&subject) {
            return Ok(());
        }
        let matches = match &content {
            Content::Event(frame) => self.matching.find(&of, frame.json()),
            Content::Span(..) if !self.matching.reads_content() => self.matching.find(&of, &[]),
            Content::Span(_, block, line) => {
                if self.opened.as_ref().is_none_or(|(opened, _)| opened != block) {
                    self.opened = Some((*block, line.plain()?));
                }
                let plain = self.opened.as_ref().map_or(&[][..], |(_, plain)| plain);
                self.matching.find(&of, line.within(plain)?)
            }
        };
        if let Some(matches) = matches {
            let found = match content {
                Content::Span(span, ..) => FoundThing::Span(span),
                Content::Event(frame) => FoundThing::event(&frame),
            };
            self.sweep.add(place.clone(), SearchHit { session_id: session, found, matches });
        }
        Ok(())
    }
}

impl State {
    /// Where everything is that may be meant, as far as it can be told without opening a block.
    fn places(
        &self,
        query: &SearchQuery,
        matching: &mut Matching<'_>,
    ) -> Vec<(SearchPlace, Option<Arc<EventFrame>>)> {
        let mut places = Vec::new();
        let here =
            |session: Option<&SessionId>| query.session_id.is_none() || session == query.session_id.as_ref();
        for (trace, span) in self.all_spans() {
            let place = SearchPlace { at: span.start_time, of: SearchedThing::Span(trace, span.span_id) };
            let session = self.session_of_trace(trace);
            if query.covers(&place)
                && here(session.as_ref())
                && matching.admits(&self.subject(session.as_ref(), Of::Span(span)))
            {
                places.push((place, None));
            }
        }
        if query.query.may_be_event() {
            for frame in self.kept_events() {
                let session = frame.session_id.as_ref();
                let of = Of::Event { event_type: &frame.event_type };
                if here(session)
                    && matching.admits(&self.subject(session, of))
                    && let Some(at) = event_time(frame.json())
                {
                    let place = SearchPlace { at, of: SearchedThing::Event(frame.id) };
                    if query.covers(&place) {
                        places.push((place, Some(Arc::clone(frame))));
                    }
                }
            }
        }
        places
    }

    fn subject<'a>(&'a self, session: Option<&'a SessionId>, of: Of<'a>) -> Subject<'a> {
        let stored = session.and_then(|id| self.session(id));
        Subject { session, engine: stored.map(|session| session.engine.as_str()), of }
    }

    fn thing(&self, place: &SearchPlace, event: Option<&Arc<EventFrame>>) -> Option<Thing> {
        let (session, content) = match (&place.of, event) {
            (_, Some(frame)) => (frame.session_id.clone(), Content::Event(Arc::clone(frame))),
            (SearchedThing::Span(trace, span), None) => {
                let (summary, block, line) = self.span(*trace, *span)?;
                (self.session_of_trace(*trace), Content::Span(Box::new(summary.clone()), block, line))
            }
            _ => return None,
        };
        let engine = session.as_ref().and_then(|id| self.session(id)).map(|session| session.engine.clone());
        Some(Thing { session, engine, content })
    }
}
