//! A session's spans: the tree in rows, and one span whole.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Params, SessionPath, SpanPath};
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use super::trees::TreeOf;
use crate::model::{EventId, SessionId, Span, SpanContent, SpanId, SpanNode, TraceId, pre_order, shown};
use crate::normalize;

/// How many rows a page of the tree has when the client does not say.
pub(crate) const DEFAULT_ROWS: usize = 1000;

/// How many rows a page of the tree has at most.
pub(crate) const MAX_ROWS: usize = 10_000;

/// How many bytes of JSON a row takes, about.
const ROW_BYTES: usize = 400;

/// Which rows are wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; the handler reads them")]
pub(super) struct SpanPageParams {
    /// At most so many; a number above 10000 counts as 10000.
    #[param(minimum = 1, default = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before. A place in the rows as they stand now: a span that arrived in between may move
    /// them, which the live events tell.
    cursor: Option<String>,
    /// Only rows that changed after this event, with the depth they have in the whole tree.
    since: Option<EventId>,
    /// Also the spans that are left out otherwise: what matters only to who works on the program that sent it, and what was
    /// put together from hooks, log records and the like about a call that was reported better.
    #[param(default = false)]
    details: Option<bool>,
}

/// A page of the span tree in depth-first pre-order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpanPage<'a> {
    /// The rows.
    spans: Vec<&'a SpanNode>,
    /// How many rows the whole tree has, also when only changes were asked for.
    total: usize,
    /// The newest event whose outcome is in the rows, 0 without any. Apply live events with a higher id on top; applying
    /// one again does no harm.
    as_of: EventId,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The span tree of a session.
#[utoipa::path(
    get, path = "/sessions/{id}/spans", operation_id = "list_spans", tag = "spans",
    params(("id" = SessionId, Path, description = "The session."), SpanPageParams),
    responses(
        (status = 200, description = "A page of the tree in depth-first pre-order; without rows when nothing is stored yet.", body = SpanPage<'static>),
        (status = 400, description = "The id or a parameter cannot be understood.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store, or the registry that may know the session, cannot be asked.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_spans(
    State(state): State<AppState>,
    SessionPath(id): SessionPath,
    params: Params,
) -> Result<Json, Problem> {
    let limit = params.limit(DEFAULT_ROWS, MAX_ROWS)?;
    let from = params.number("cursor")?.unwrap_or(0);
    let since = params.number("since")?.map(EventId);
    let details = params.flag("details")?;
    let (of, trees) = (TreeOf { session: id.clone(), details }, Arc::clone(&state.trees));
    state.catch_up().await;
    let turn = state.limits.trees.next().await.ok_or_else(Problem::store_busy)?;
    // Ordering and writing thousands of rows takes as long as reading them: all of it off the runtime's threads.
    let answer = state.read(move |store| {
        let _turn = turn;
        let (rows, version) = trees.of(store, &of)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let page = page(&rows, since, from, limit);
        let more = page.next_cursor.is_some();
        let answer = Json::of_about(page.spans.len() * ROW_BYTES, &page);
        let kept = version.filter(|_| more);
        Ok(Some((answer, kept.map(|version| (of, version, Arc::clone(&rows))))))
    });
    match answer.await? {
        Some((page, kept)) => {
            if let Some((of, version, rows)) = kept {
                state.trees.keep(of, version, rows);
            }
            page
        }
        None => {
            let told = state.told_spans(&id).await?;
            let rows = move |_: &_| {
                let spans = told.iter().map(|span| span.summary(EventId(0))).collect();
                let rows = pre_order(if details { spans } else { shown(spans) });
                let page = page(&rows, since, from, limit);
                Ok(Json::of_about(page.spans.len() * ROW_BYTES, &page))
            };
            state.read(rows).await?
        }
    }
}

fn page(rows: &[SpanNode], since: Option<EventId>, from: usize, limit: usize) -> SpanPage<'_> {
    let as_of = rows.iter().map(|row| row.span.event_id).max().unwrap_or_default();
    let wanted = |row: &&SpanNode| since.is_none_or(|since| row.span.event_id > since);
    let mut rest = rows.iter().filter(wanted).skip(from);
    let spans: Vec<_> = rest.by_ref().take(limit).collect();
    let next_cursor = rest.next().map(|_| from.saturating_add(limit).to_string());
    SpanPage { spans, total: rows.len(), as_of, next_cursor }
}

/// Which of the spans with this id is wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters in the API document; the handler reads them")]
pub(super) struct SpanParams {
    /// The trace, when several traces of the session have a span with this id.
    trace_id: Option<TraceId>,
}

/// One span, whole, with its content in one shape.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpanWithContent {
    #[serde(flatten)]
    span: Span,
    /// The messages, the input and output of a tool and the documents that the attributes and events hold, in whatever
    /// convention they were sent. Inline data such as pictures is not repeated.
    content: SpanContent,
}

/// One span, whole.
#[utoipa::path(
    get, path = "/sessions/{id}/spans/{span_id}", operation_id = "get_span", tag = "spans",
    params(
        ("id" = SessionId, Path, description = "The session."),
        ("span_id" = SpanId, Path, description = "The span."),
        SpanParams,
    ),
    responses(
        (status = 200, description = "The span with all its attributes, and what they hold of messages.", body = SpanWithContent),
        (status = 400, description = "An id is not well-formed.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such session, or it has no such span.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Several traces of the session have a span with this id; `detail` names them.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store, or the registry that may know the session, cannot be asked.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get_span(
    State(state): State<AppState>,
    SpanPath(session, span): SpanPath,
    params: Params,
) -> Result<Json, Problem> {
    let trace = params.parse("trace_id", TraceId::parse)?;
    let asked = session.clone();
    state.catch_up().await;
    // Reading and writing megabytes of messages happens off the runtime's threads too.
    let answer = state.read(move |store| {
        let mut found = store.spans(&asked, span)?;
        found.retain(|found| trace.is_none_or(|trace| found.trace_id == trace));
        if found.len() > 1 {
            return Ok(Err(found.iter().map(|span| span.trace_id.to_string()).collect()));
        }
        Ok(Ok(found.pop().map(|span| {
            let content = normalize::content(&span);
            Json::of(&SpanWithContent { span, content })
        })))
    });
    let found: Result<_, Vec<String>> = answer.await?;
    match found {
        Ok(Some(one)) => one,
        Ok(None) => {
            let told = state.told_spans(&session).await?;
            let fits =
                move |one: &&Span| one.span_id == span && trace.is_none_or(|trace| one.trace_id == trace);
            let one = told.iter().find(fits).ok_or_else(|| Problem::span_not_found(&session, span))?;
            Json::of(&SpanWithContent { span: one.clone(), content: normalize::content(one) })
        }
        Err(traces) => Err(Problem::ambiguous_span(&traces.join(", "))),
    }
}

impl AppState {
    /// The spans of a session of which the store has none, as its registry tells them; none when nobody tells any.
    async fn told_spans(&self, id: &SessionId) -> Result<Arc<Vec<Span>>, Problem> {
        let (told, unasked) = self.registries.spans(id).await;
        if let Some(told) = told {
            return Ok(told);
        }
        if !unasked.is_empty() {
            let asked = id.clone();
            // Ours has no spans yet; of a session of theirs, nobody can say.
            if self.read(move |store| store.session(&asked)).await?.is_none() {
                let names: Vec<_> = unasked.into_iter().map(|one| one.registry).collect();
                return Err(Problem::registry_unavailable(&names.join(", ")));
            }
        }
        self.find_session(id).await?;
        Ok(Arc::default())
    }
}
