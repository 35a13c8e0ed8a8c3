//! Gathering the newest hits while documents are gone through from the newest to the oldest.

use std::collections::BTreeMap;
use std::time::Instant;

use super::{SearchHit, SearchPage, SearchQuery};
use crate::model::{SearchPlace, Timestamp};

/// Hits so far. A store goes through its documents by the time of the newest thing in each, and asks before each
/// whether it may stop.
#[derive(Debug)]
pub(crate) struct Sweep<'q> {
    query: &'q SearchQuery,
    deadline: Instant,
    hits: BTreeMap<SearchPlace, SearchHit>,
    /// Where the search began: it has come further when it is below.
    began: Option<Timestamp>,
}

impl<'q> Sweep<'q> {
    pub(crate) fn new(query: &'q SearchQuery) -> Self {
        let began = query.after.as_ref().map(|after| after.at);
        Self { query, deadline: Instant::now() + query.patience, hits: BTreeMap::new(), began }
    }

    /// Whether a hit at `place` would be on this page, as far as is known.
    pub(crate) fn wants(&self, place: &SearchPlace) -> bool {
        self.query.covers(place)
            && (self.hits.len() <= self.query.limit
                || self.hits.first_key_value().is_some_and(|(last, _)| last < place))
            && !self.hits.contains_key(place)
    }

    pub(crate) fn add(&mut self, place: SearchPlace, hit: SearchHit) {
        self.hits.insert(place, hit);
        // One more than the page holds tells that there is another.
        while self.hits.len() > self.query.limit + 1 {
            self.hits.pop_first();
        }
    }

    /// Whether the page is full with what is newer than `newest`, the newest that is still to come.
    pub(crate) fn is_full(&self, newest: Timestamp) -> bool {
        self.hits.len() > self.query.limit
            && self.hits.first_key_value().is_some_and(|(last, _)| last.at > newest)
    }

    /// Whether the time is up, or nobody waits any more. A search goes on until it has come further than the one before, so
    /// that whoever goes on comes to the end.
    pub(crate) fn is_late(&self, newest: Timestamp) -> bool {
        self.query.is_abandoned()
            || self.began.is_none_or(|began| newest < began) && Instant::now() >= self.deadline
    }

    /// The page, when everything is searched.
    pub(crate) fn finish(self) -> SearchPage {
        self.page(None)
    }

    /// The page, when everything is searched that is newer than `newest`.
    pub(crate) fn cut(mut self, newest: Timestamp) -> SearchPage {
        self.hits.retain(|place, _| place.at > newest);
        self.page(Some(newest))
    }

    fn page(self, searched_to: Option<Timestamp>) -> SearchPage {
        let limit = self.query.limit;
        let more = self.hits.len() > limit;
        let mut kept: Vec<(SearchPlace, SearchHit)> = self.hits.into_iter().rev().take(limit).collect();
        let next = match searched_to {
            _ if more => kept.last().map(|(place, _)| place.clone()),
            Some(newest) => Some(SearchPlace::from(newest)),
            None => None,
        };
        let searched_to = searched_to.filter(|_| !more);
        SearchPage { hits: kept.drain(..).map(|(_, hit)| hit).collect(), next, searched_to }
    }
}
