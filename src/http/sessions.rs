//! Sessions: the list, and one.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Caller;
use super::extract::{Params, SessionPath};
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::model::{
    Cursor, Degraded, Session, SessionId, SessionQuery, SessionStatus, StatusCounts, Timestamp,
};

/// How many sessions a page has when the client does not say.
pub(crate) const DEFAULT_SESSIONS: usize = 50;

/// How many sessions a page has at most.
pub(crate) const MAX_SESSIONS: usize = 500;

/// How many sessions can be asked for by their ids at once.
pub(crate) const MAX_IDS: usize = 100;

/// How many sessions of each registry are counted at most: they are asked for one by one.
const COUNTED_OF_REGISTRY: usize = 1_000;

/// How long one session waits for the registries when the store knows it already: our own answers at once and is
/// fresher than the store, a remote one may hang.
const FRESHER_WITHIN: Duration = Duration::from_millis(100);

/// Which sessions are wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; `query` reads them")]
pub(super) struct SessionListParams {
    /// At most so many; a number above 500 counts as 500.
    #[param(minimum = 1, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only this status; may repeat.
    status: Option<Vec<SessionStatus>>,
    /// Only this engine; may repeat.
    engine: Option<Vec<String>>,
    /// Only this agent.
    agent: Option<String>,
    /// Only with this tag.
    tag: Option<String>,
    /// Only the session of this id; may repeat, at most 100 times.
    id: Option<Vec<SessionId>>,
    /// Only those that this session started.
    parent: Option<SessionId>,
    /// Each of its words occurs in the id, the title, the agent or the error.
    text: Option<String>,
    /// Only those that are pinned (`true`), or only those that are not (`false`).
    pinned: Option<bool>,
    /// Began at this moment or later (RFC 3339).
    since: Option<Timestamp>,
    /// Began before this moment (RFC 3339).
    until: Option<Timestamp>,
    /// Whether `counts` is wanted too.
    #[param(default = false)]
    counts: Option<bool>,
}

/// A page of sessions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The sessions.
    sessions: Vec<Session>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many sessions of each status the other conditions let through, whatever `status`, `cursor` and `limit` say; present
    /// when `counts=true` asked for it and the store could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<StatusCounts>,
    /// Whether there may be more than `counts` says: of each registry at most 1,000 sessions are counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    counts_at_least: bool,
    /// Sources of sessions that could not be asked; the list holds what the others know.
    degraded: Vec<Degraded>,
}

/// The sessions, newest first.
#[utoipa::path(
    get, path = "/sessions", operation_id = "list_sessions", tag = "sessions",
    params(SessionListParams),
    responses(
        (status = 200, description = "A page of sessions, newest first. A source that cannot be asked is named in `degraded`.", body = SessionList),
        (status = 400, description = "A parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_sessions(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    params: Params,
) -> Result<Json, Problem> {
    let mut query = query(&params)?;
    let wants_counts = params.flag("counts")?;
    let wanted = query.limit;
    // One more than wanted tells whether there is a next page.
    query.limit += 1;
    state.catch_up().await;
    let from_store = {
        let query = query.clone();
        state.read(move |store| store.sessions(&query))
    };
    let counted = async {
        // That the store cannot be read is told of below.
        if wants_counts { state.count_sessions(&query).await.ok() } else { None }
    };
    let ((mut sessions, mut degraded), stored, counted) =
        tokio::join!(state.registries.list(&query), from_store, counted);
    let (counts, counts_at_least) = counted.unzip();
    match stored {
        Ok(stored) => {
            let fresher: HashSet<SessionId> = sessions.iter().map(|session| session.id.clone()).collect();
            sessions.extend(stored.into_iter().filter(|session| !fresher.contains(&session.id)));
            sessions.sort_unstable_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        }
        Err(_) => degraded.push(Degraded {
            registry: "store".to_owned(),
            message: "the store cannot be read at the moment; past sessions are missing".to_owned(),
        }),
    }
    let more = sessions.len() > wanted;
    sessions.truncate(wanted);
    let next_cursor = sessions.last().filter(|_| more).map(|last| Cursor::after(last).to_string());
    sessions.iter_mut().for_each(|session| state.say_controls(session, &caller));
    let counts_at_least = counts_at_least.unwrap_or(false);
    Json::of(&SessionList { sessions, next_cursor, counts, counts_at_least, degraded })
}

fn query(params: &Params) -> Result<SessionQuery, Problem> {
    let ids: Result<Vec<_>, _> = params.all("id").map(SessionId::parse).collect();
    let ids = ids.map_err(|error| Problem::invalid_parameter("id", error.0))?;
    if ids.len() > MAX_IDS {
        return Err(Problem::invalid_parameter("id", &format!("at most {MAX_IDS} ids are wanted")));
    }
    let status = |text: &str| {
        SessionStatus::parse(text).ok_or_else(|| {
            let known: Vec<_> = SessionStatus::ALL.iter().map(|status| status.as_str()).collect();
            Problem::invalid_parameter("status", &format!("one of {} is wanted", known.join(", ")))
        })
    };
    Ok(SessionQuery {
        limit: params.limit(DEFAULT_SESSIONS, MAX_SESSIONS)?,
        after: params.parse("cursor", Cursor::parse)?,
        statuses: params.all("status").map(status).collect::<Result<_, _>>()?,
        engines: params.all("engine").map(str::to_owned).collect(),
        agent: params.one("agent").map(str::to_owned),
        tag: params.one("tag").map(str::to_owned),
        ids,
        parent: params.parse("parent", SessionId::parse)?,
        text: params.one("text").map(str::to_owned),
        since: params.time("since")?,
        pinned: params.parse("pinned", |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("true or false is wanted"),
        })?,
        until: params.time("until")?,
    })
}

/// One session.
#[utoipa::path(
    get, path = "/sessions/{id}", operation_id = "get_session", tag = "sessions",
    params(("id" = SessionId, Path, description = "The session.")),
    responses(
        (status = 200, description = "The session with its counters and its open wait.", body = Session),
        (status = 400, description = "The id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store or a registry that may know the session cannot be asked.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get_session(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    SessionPath(id): SessionPath,
) -> Result<Json, Problem> {
    let mut session = state.find_session(&id).await?;
    state.say_controls(&mut session, &caller);
    Json::of(&session)
}

impl AppState {
    /// Says what the caller may do with a session. Nobody does anything with one that has ended, or that no registry knows.
    fn say_controls(&self, session: &mut Session, caller: &Caller) {
        #[cfg_attr(
            not(feature = "control"),
            allow(unused_mut, reason = "the host's own sessions take nothing then")
        )]
        let mut known = session.controls.take().unwrap_or_default();
        #[cfg(feature = "control")]
        known.extend(self.control.own.of(&session.id));
        let allowed = caller.may_act() && !self.control.read_only && !session.status.is_ended();
        session.controls = Some(if allowed { known } else { Vec::new() });
    }

    /// How many sessions of each status there are, and whether there may be more. What our own registry knows is in the store
    /// too, after [`catch_up`](Self::catch_up).
    async fn count_sessions(&self, query: &SessionQuery) -> Result<(StatusCounts, bool), Problem> {
        let query = SessionQuery { limit: COUNTED_OF_REGISTRY, ..query.of_any_status() };
        let elsewhere: HashMap<SessionId, SessionStatus> = {
            let found = self.registries.list_elsewhere(&query).await;
            found.into_iter().map(|session| (session.id, session.status)).collect()
        };
        let at_least = elsewhere.len() >= COUNTED_OF_REGISTRY;
        self.read(move |store| {
            let mut counts = store.session_counts(&query)?;
            if !elsewhere.is_empty() {
                // What a registry says of a session counts before what is stored of it.
                let limit = elsewhere.len();
                let ids = elsewhere.keys().cloned().collect();
                for stored in store.sessions(&SessionQuery { ids, limit, ..query })? {
                    let count = counts.of_mut(stored.status);
                    *count = count.saturating_sub(1);
                }
            }
            elsewhere.values().for_each(|status| *counts.of_mut(*status) += 1);
            Ok((counts, at_least))
        })
        .await
    }

    /// The session, from whoever knows it; what a registry says counts before what the store says.
    pub(super) async fn find_session(&self, id: &SessionId) -> Result<Session, Problem> {
        let asked = id.clone();
        let live = self.registries.get(id);
        tokio::pin!(live);
        let stored = self.read(move |store| store.session(&asked));
        tokio::pin!(stored);
        let (live, stored) = tokio::select! {
            biased;
            answer = &mut live => {
                if let (Some(session), _) = answer {
                    return Ok(session);
                }
                (Some(answer), stored.await)
            }
            stored = &mut stored => match stored {
                Ok(Some(_)) => (tokio::time::timeout(FRESHER_WITHIN, live).await.ok(), stored),
                Ok(None) | Err(_) => (Some(live.await), stored),
            },
        };
        let (live, unasked) = live.unwrap_or_default();
        match (live, stored) {
            (Some(session), _) | (None, Ok(Some(session))) => Ok(session),
            (None, Err(problem)) => Err(problem),
            (None, Ok(None)) if unasked.is_empty() => Err(Problem::session_not_found(id)),
            (None, Ok(None)) => {
                let names: Vec<_> = unasked.into_iter().map(|one| one.registry).collect();
                Err(Problem::registry_unavailable(&names.join(", ")))
            }
        }
    }
}
