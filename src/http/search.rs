//! Searching spans and stored events.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::extract::Params;
use super::openapi::EventSchema;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::model::{SearchMatch, SearchPlace, SessionId, SessionQuery, SpanSummary, Timestamp};
use crate::store::{FoundThing, Query, SearchPage, SearchQuery, Store, StoreError};

/// How many hits a page has when the client does not say.
pub(crate) const DEFAULT_HITS: usize = 50;

/// How many hits a page has at most.
pub(crate) const MAX_HITS: usize = 200;

/// What is looked for, and where.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; `query` reads them")]
pub(super) struct SearchParams {
    /// What is looked for; all of it must hold, and without any of it everything is found.
    /// `timeout` is a word that begins like this, in any case; `"rate limit"` whole words in this order; `/time(d )?out/` a
    /// regular expression (`/../i` for any case); `-word` what must not occur. Fields: `kind:tool`, `status:running` (or
    /// `error`, `ok`, `unset`, `abandoned`), `name:`, `error:`, `model:gpt-5`, `provider:`, `agent:"Trip Planner"`, `tool:`,
    /// `session:`, `engine:`, `trace:`, `span:`, `type:Log`, `duration:>5s`, `tokens:>1000`, `input_tokens:`,
    /// `output_tokens:`, `cost:<0.1`. Attributes by their full name: `gen_ai.request.model:gpt-5`, `"city":Paris`.
    /// `model:=gpt-5` is the whole value, `tool:*` any value.
    #[param(max_length = 1000)]
    q: Option<String>,
    /// At most so many; a number above 200 counts as 200.
    #[param(minimum = 1, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only what began or happened at this moment or later (RFC 3339).
    since: Option<Timestamp>,
    /// Only what began or happened before this moment (RFC 3339).
    until: Option<Timestamp>,
    /// Only what belongs to this session.
    session_id: Option<SessionId>,
}

/// A page of hits, newest first by when the span began or the event happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchResults {
    /// The hits.
    hits: Vec<SearchHit>,
    /// What the sessions of the hits are called, by id. One that is gone by now is missing.
    sessions: BTreeMap<String, SessionName>,
    /// Where the next page begins; absent when there is nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Present when the time was up: only what is newer than this was searched. The search goes on at `next_cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_to: Option<Timestamp>,
}

/// What a person calls a session.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionName {
    /// Its title.
    title: String,
    /// The agent's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
}

/// A span or an event that was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SearchHit {
    /// A span.
    Span {
        /// The session that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
        /// The span.
        span: Box<SpanSummary>,
        /// Where it matches, at most three texts; empty when only such fields were asked for as stand in `span`.
        matches: Vec<SearchMatch>,
    },
    /// An event.
    Event {
        /// The session that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        session_id: Option<SessionId>,
        /// The event.
        #[schema(value_type = EventSchema)]
        event: Box<RawValue>,
        /// Where it matches, at most three texts.
        matches: Vec<SearchMatch>,
    },
}

/// Spans and stored events that hold what is looked for.
#[utoipa::path(
    get, path = "/search", operation_id = "search", tag = "search",
    params(SearchParams),
    responses(
        (status = 200, description = "A page of hits, newest first, complete up to the last second. When it took too long, `searched_to` says how far it came.", body = SearchResults),
        (status = 400, description = "The query or a parameter cannot be understood; `detail` names the place.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store cannot be read, or too many searches are under way.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn search(State(state): State<AppState>, params: Params) -> Result<Json, Problem> {
    let mut query = query(&params)?;
    // Dropped with this future when the client goes away.
    let asker = Arc::new(());
    query.asker = Some(Arc::downgrade(&asker));
    state.catch_up().await;
    let turn = state.limits.searches.next().await.ok_or_else(Problem::store_busy)?;
    let found = state.read(move |store| {
        let _turn = turn;
        results(store, store.search(&query)?)
    });
    found.await?
}

fn query(params: &Params) -> Result<SearchQuery, Problem> {
    let query = Query::parse(params.one("q").unwrap_or_default());
    let query = query.map_err(|error| Problem::invalid_query(&error.to_string()))?;
    let mut search = SearchQuery::new(query, params.limit(DEFAULT_HITS, MAX_HITS)?);
    search.after = params.parse("cursor", SearchPlace::parse)?;
    search.since = params.time("since")?;
    search.until = params.time("until")?;
    search.session_id = params.parse("session_id", SessionId::parse)?;
    Ok(search)
}

/// What the sessions of a page are called: each is told once, however many hits it has.
fn names(store: &dyn Store, page: &SearchPage) -> Result<BTreeMap<String, SessionName>, StoreError> {
    let mut ids: Vec<_> = page.hits.iter().filter_map(|hit| hit.session_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = store.sessions(&SessionQuery { limit: ids.len(), ids, ..SessionQuery::default() })?;
    let name = |title, agent| SessionName { title, agent };
    Ok(found.into_iter().map(|one| (one.id.to_string(), name(one.title, one.agent))).collect())
}

fn results(store: &dyn Store, page: SearchPage) -> Result<Result<Json, Problem>, StoreError> {
    let sessions = names(store, &page)?;
    let hits = page.hits.into_iter().map(|hit| {
        let crate::store::SearchHit { session_id, found, matches } = hit;
        Ok(match found {
            FoundThing::Span(span) => SearchHit::Span { session_id, span, matches },
            FoundThing::Event { json, .. } => {
                let event = serde_json::from_slice(&json);
                let event = event.map_err(|_| StoreError::Corrupt("a stored event is no JSON".to_owned()))?;
                SearchHit::Event { session_id, event, matches }
            }
        })
    });
    let hits = hits.collect::<Result<_, StoreError>>()?;
    let next_cursor = page.next.map(|next| next.to_string());
    Ok(Json::of(&SearchResults { hits, sessions, next_cursor, searched_to: page.searched_to }))
}
