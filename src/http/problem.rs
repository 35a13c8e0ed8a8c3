//! Every error as RFC 9457 problem details: the only place that maps an error to a status code.

use std::borrow::Cow;

use axum::http::header::{ALLOW, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::MAX_HEAD_BYTES;
use crate::model::{EventKind, SessionId, SpanId};
use crate::registry::{ControlError, InvalidPart};
use crate::store::StoreError;

/// How many seconds a client is asked to wait when something is busy or cannot be reached: OpenTelemetry exporters
/// obey it, and a commit takes well below a second.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 1;

/// How many wrong parts of a payload are told.
const MAX_PARTS: usize = 100;

/// An error as it is answered. Internal text (paths, SQL, panics) never becomes part of one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type", serialize_with = "about_blank")]
    #[schema(value_type = String, examples("about:blank"))]
    kind: (),
    /// What is wrong, the same words for the same code.
    #[schema(value_type = String)]
    pub(super) title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16, minimum = 400, maximum = 599)]
    pub(super) status: StatusCode,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<Cow<'static, str>>,
    /// A stable word to tell problems apart, such as `session_not_found`.
    #[schema(value_type = String, examples("session_not_found"))]
    pub(super) code: &'static str,
    /// What is wrong with which part of what was sent; only when that can be said by part.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<ProblemPart>, required = false)]
    errors: Box<[ProblemPart]>,
    #[serde(skip)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with a part of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemPart {
    /// Where: a JSON Pointer (RFC 6901) into the payload; empty for the payload as a whole.
    #[schema(examples("/approved"))]
    pointer: String,
    /// What is wanted there.
    message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn about_blank<S: serde::Serializer>((): &(), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("about:blank")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let (kind, detail, errors, mut headers) = ((), None, Box::default(), Vec::new());
        // Whoever is sent away for a while is told for how long: by every problem of this kind, so that none forgets.
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.push((RETRY_AFTER, RETRY_AFTER_SECONDS.into()));
        }
        Self { kind, title, status, detail, code, errors, headers }
    }

    fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Nothing answers at this path.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this path")
            .detail("the API is described at openapi.json, the page is at ui/")
    }

    /// The path exists, but not with this method; the router adds `Allow`.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not take this method")
            .detail("the header `Allow` names the methods that it takes")
    }

    /// The path segment is no session id.
    pub(crate) fn invalid_session_id(why: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_session_id", "This is not a session id").detail(why)
    }

    /// A path segment or query parameter is no span or trace id.
    pub(crate) fn invalid_span_id(why: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_span_id", "This is not a span id").detail(why)
    }

    /// A query parameter or a field of the body cannot be understood.
    pub(crate) fn invalid_parameter(name: &str, why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", "A parameter cannot be understood")
            .detail(format!("`{name}`: {why}"))
    }

    /// A search query cannot be understood.
    pub(crate) fn invalid_query(why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be understood")
            .detail(format!("`q`: {why}"))
    }

    /// An event type that is not written by this version.
    pub(crate) fn unknown_event_type() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unknown_event_type", "There is no such event type")
            .detail(format!("`types` is a comma-separated list out of {}", EventKind::types().join(", ")))
    }

    /// The body cannot be understood.
    pub(crate) fn invalid_body(why: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", "The body cannot be understood").detail(why)
    }

    /// One of several posted events cannot be taken.
    #[cfg(feature = "otlp")]
    pub(crate) fn invalid_event(number: usize, why: &str) -> Self {
        let title = "An event cannot be taken";
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_event", title);
        problem.errors = Box::new([ProblemPart { pointer: format!("/{number}"), message: why.to_owned() }]);
        problem.detail(format!("event {number}, counted from 0: {why}; none was taken"))
    }

    /// No source knows the session.
    pub(crate) fn session_not_found(id: &SessionId) -> Self {
        Self::new(StatusCode::NOT_FOUND, "session_not_found", "There is no such session")
            .detail(format!("no session has the id {id}; it may have been removed by retention"))
    }

    /// The session goes on.
    pub(crate) fn session_runs(id: &SessionId) -> Self {
        Self::new(StatusCode::CONFLICT, "session_runs", "The session has not ended")
            .detail(format!("the session {id} can be removed when it has ended; cancel it first"))
    }

    /// Only somebody else knows the session.
    pub(crate) fn not_recorded(id: &SessionId) -> Self {
        Self::new(StatusCode::CONFLICT, "not_recorded", "Nothing of this session is recorded here")
            .detail(format!("the session {id} is shown by a registry of the host's, which keeps it itself"))
    }

    /// Done, but not written.
    pub(crate) fn not_stored() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_stored", "The store cannot be written at the moment")
            .detail("it is done, and will be stored as soon as the store takes anything again")
    }

    /// The session has no such span.
    pub(crate) fn span_not_found(session: &SessionId, span: SpanId) -> Self {
        Self::new(StatusCode::NOT_FOUND, "span_not_found", "There is no such span")
            .detail(format!("the session {session} has no span {span}"))
    }

    /// The same span id stands in several traces of the session.
    pub(crate) fn ambiguous_span(traces: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "ambiguous_span", "Several traces have a span with this id")
            .detail(format!("add ?trace_id= with one of {traces}"))
    }

    /// A source of sessions that might know the session could not be asked.
    pub(crate) fn registry_unavailable(names: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "registry_unavailable",
            "A source of sessions cannot be asked",
        )
        .detail(format!("nobody else answers for the session, and these could not be asked: {names}"))
    }

    /// The store cannot be read.
    pub(crate) fn store_unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "The store cannot be read at the moment",
        )
    }

    /// Too many reads wait for the store already.
    pub(crate) fn store_busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_busy", "The store has too much to do")
    }

    /// Too many streams are open.
    pub(crate) fn too_many_streams() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", "Too many streams are open")
    }

    /// Too many answers are being sent piece by piece.
    pub(crate) fn too_many_downloads() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_downloads", "Too many downloads are under way")
    }

    /// Too much of the bodies of others is held, which are being sent.
    pub(crate) fn too_many_bodies() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_bodies", "Too many bodies are being sent")
    }

    /// The address and the headers are larger than what is read.
    pub(crate) fn head_too_large() -> Self {
        let title = "The address and the headers are too large";
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", title).detail(format!(
            "at most {MAX_HEAD_BYTES} bytes are taken; cookies of other programs may be the most of it"
        ))
    }

    /// The request asks for no WebSocket, or not well.
    #[cfg(feature = "ws")]
    pub(crate) fn websocket_required(why: &str) -> Self {
        use axum::http::header::{CONNECTION, UPGRADE};
        Self::new(StatusCode::UPGRADE_REQUIRED, "websocket_required", "This address speaks WebSocket")
            .detail(format!("{why}; for Server-Sent Events ask `events` beside it"))
            .header(CONNECTION, HeaderValue::from_static("upgrade"))
            .header(UPGRADE, HeaderValue::from_static("websocket"))
    }

    /// No byte of the range lies within the trace.
    pub(crate) fn range_not_satisfiable(length: u64) -> Self {
        let problem = Self::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "range_not_satisfiable",
            "The range lies outside the trace",
        )
        .detail(format!("the trace has {length} bytes"));
        match HeaderValue::try_from(format!("bytes */{length}")) {
            Ok(value) => problem.header(CONTENT_RANGE, value),
            Err(_) => problem,
        }
    }

    /// The caller is not known, and not local either.
    pub(crate) fn sign_in_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in_required", "Sign in with the inspector's token")
            .detail(
                "open the sign-in link that was printed at start, or send `Authorization: Bearer <token>` or \
                 `X-Inspector-Token`. Only a direct request from the same machine needs no token: serve the host with \
                 `into_make_service_with_connect_info::<SocketAddr>()` so that the inspector sees the peer, name the \
                 hosts it is reached by with `.allow_hosts(..)`, or decide yourself with `.access(..)`",
            )
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"agent-inspector\""))
    }

    /// The token at sign-in is wrong.
    pub(crate) fn wrong_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong_token", "This is not the inspector's token")
            .detail("the token is printed with the sign-in link when the inspector starts")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"agent-inspector\""))
    }

    /// Too many wrong tokens came within a second.
    pub(crate) fn too_many_guesses() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_guesses", "Too many wrong tokens")
    }

    /// `Host` names a machine that is not this one: a page that rebinds its name (DNS rebinding) looks like that.
    pub(crate) fn forbidden_host() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden_host", "The inspector is not reached by this host name")
            .detail("use localhost, or name the host with `.allow_hosts(..)`")
    }

    /// A page of another origin asks.
    pub(crate) fn forbidden_origin() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden_origin", "Pages of this origin may not ask the inspector")
            .detail("name the origin with `.allow_origins(..)`; behind a proxy that changes `Host`, that is the public one")
    }

    /// The host's own check said no.
    pub(crate) fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "access_denied", "You may not use the inspector")
    }

    /// The caller is known, and may not do this.
    pub(crate) fn role_needed(has: &'static str, needed: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "role_needed", "Your role does not allow this").detail(format!(
            "you are a {has}; this needs the role {needed}, which the host gives with `.access(..)`"
        ))
    }

    /// The token that was brought may report, and this is something else.
    pub(crate) fn only_reports() -> Self {
        Self::new(StatusCode::FORBIDDEN, "ingest_token", "This token can only report").detail(
            "it is accepted by POST /events, /v1/… and /hooks/… alone; to see or to do more, bring the inspector's own token",
        )
    }

    /// No breakpoints here.
    #[cfg(feature = "control")]
    pub(crate) fn stepping_off() -> Self {
        Self::new(StatusCode::FORBIDDEN, "stepping_off", "Sessions are not stopped here")
            .detail("the host allows breakpoints with `.allow_stepping()` on the inspector's builder")
    }

    /// One breakpoint too many.
    #[cfg(feature = "control")]
    pub(crate) fn too_many_breakpoints(most: usize) -> Self {
        Self::new(StatusCode::CONFLICT, "too_many_breakpoints", "Too many breakpoints are set")
            .detail(format!("{most} may be set; remove one first"))
    }

    /// No such breakpoint.
    #[cfg(feature = "control")]
    pub(crate) fn breakpoint_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "breakpoint_not_found", "There is no such breakpoint")
            .detail("it was removed, or was meant for one stop; breakpoints end with the host's process")
    }

    /// The build leaves the page out, or its files are missing.
    pub(crate) fn page_not_built(why: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "page_not_built", "This build has no page").detail(why)
    }

    /// Sessions are neither answered nor cancelled here.
    pub(crate) fn read_only() -> Self {
        Self::new(StatusCode::FORBIDDEN, "read_only", "The inspector is read-only").detail(
            "the host was built with `.read_only()`: sessions are shown, and not answered, cancelled, kept or removed",
        )
    }

    /// Only JSON is taken.
    pub(crate) fn json_wanted() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "This type of body is not understood",
        )
        .detail("send JSON, with `Content-Type: application/json`")
    }

    /// The sender was waited for long enough.
    pub(crate) fn body_too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "The body came too slowly")
            .detail("what has come of it was given up; send it again at once and whole")
    }

    /// The body is larger than what is taken.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
            .detail(format!("at most {limit} bytes are taken, compressed and decompressed"))
    }

    /// What was sent cannot be taken at the moment.
    #[cfg(feature = "otlp")]
    pub(crate) fn ingest_refused(why: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ingest_refused", "Nothing can be taken at the moment")
            .detail(why)
    }

    /// The same problem with another body: OTLP has a form of its own for errors, and people read no JSON.
    pub(crate) fn with_body(self, content_type: &'static str, body: Vec<u8>) -> Response {
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.headers_mut().extend(self.headers);
        response
    }

    /// What is wrong and what to do about it, in one text.
    #[cfg(feature = "otlp")]
    pub(crate) fn message(&self) -> String {
        self.detail
            .as_ref()
            .map_or_else(|| self.title.to_owned(), |detail| format!("{}: {detail}", self.title))
    }
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::store_unavailable()
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let conflict = |code, title| Self::new(StatusCode::CONFLICT, code, title);
        match error {
            ControlError::NotFound => {
                Self::new(StatusCode::NOT_FOUND, "session_not_found", "There is no such session")
            }
            ControlError::NothingWaits => conflict("nothing_waits", "The session does not wait for this")
                .detail("it never waited for a signal of this name, or somebody has answered it already"),
            ControlError::AlreadyEnded => conflict("session_ended", "The session has ended"),
            ControlError::Unsupported => conflict("no_control", "The session takes no such request")
                .detail("its engine takes no signals or cannot be cancelled from here; it is only shown"),
            ControlError::Invalid(parts) => {
                let title = "The payload is not what the session waits for";
                let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_payload", title);
                problem.errors = parts
                    .into_iter()
                    .take(MAX_PARTS)
                    .map(|InvalidPart { pointer, message }| ProblemPart { pointer, message })
                    .collect();
                problem
            }
            ControlError::Unavailable(why) => {
                let title = "The session's engine cannot be reached";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "engine_unavailable", title).detail(why)
            }
        }
    }
}

#[cfg(feature = "otlp")]
impl From<crate::ingest::IngestError> for Problem {
    fn from(error: crate::ingest::IngestError) -> Self {
        use crate::ingest::IngestError;
        let (status, code, title) = match &error {
            IngestError::Malformed(_) => {
                (StatusCode::BAD_REQUEST, "invalid_body", "The body cannot be understood")
            }
            IngestError::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large")
            }
            IngestError::UnsupportedMediaType | IngestError::UnsupportedEncoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "This type of body is not understood",
            ),
        };
        Self::new(status, code, title).detail(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Texts and numbers always have a JSON form.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(self.headers);
        debug_assert!(!response.headers().contains_key(ALLOW), "the router adds it");
        response
    }
}
