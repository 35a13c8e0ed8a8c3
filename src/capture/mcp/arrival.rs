//! A request as it arrives: which session it belongs to, and the spans it opens.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use tokio::time::Instant;

use super::SOURCE;
use super::call::{Call, describe, kind_of};
use super::exchange::Exchange;
use super::headers::{
    MCP_METHOD, MCP_NAME, MCP_PROTOCOL_VERSION, MCP_REQUEST_ID, MCP_SESSION_ID, TRACEPARENT, TRACESTATE,
};
use super::message::{Client, Message, Params, header};
use super::said::{Attribute, NAMES, Said};
use super::scope::Scope;
use super::service::Shared;
use super::talk::{Lasts, PROTOCOL, TRACE, Talk, Within};
use crate::capture::flat::Flat;
use crate::capture::record::Details;
use crate::capture::recorder::{fresh_span_id, fresh_trace_id};
use crate::capture::traceparent::{TraceParent, trace_state};
use crate::capture::{Recorder, SessionBuilder, SessionContext, SpanGuard};
use crate::model::{Attributes, Engine, OtelKind, SessionId, SpanId, SpanKind, Timestamp, TraceId};

/// The revision from which on there are no sessions and closing an answer cancels its request.
const SESSIONLESS: &str = "2026-07-28";

/// A request, when it was read.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) headers: HeaderMap,
    /// The [key](key_of) of the client's session, when the headers name one.
    pub(super) session: Option<String>,
    /// Empty when it is too large to be looked into.
    pub(super) body: Bytes,
    pub(super) too_large: bool,
    pub(super) at: Timestamp,
    pub(super) since: Instant,
    pub(super) transport: Option<&'static str>,
    /// The place of a span that cannot be opened yet, because its session has no name before the answer.
    pub(super) promised: Option<(TraceId, SpanId)>,
}

/// What a request opened: its calls are recorded until the exchange says how they ended.
pub(super) type Opened = (Exchange, SessionContext);

/// What is read once of a request.
struct Known<'a> {
    version: Option<Cow<'a, str>>,
    /// The client's session with the server.
    session: Option<Cow<'a, str>>,
    client: Option<Client<'a>>,
    trace: Option<Cow<'a, str>>,
    trace_state: Option<String>,
    unread: Option<&'static str>,
    transport: Option<&'static str>,
}

pub(super) fn key_of(session: &str) -> String {
    format!("session {session}")
}

fn title(method: &str, name: Option<&str>) -> String {
    name.map_or_else(|| method.to_owned(), |name| format!("{method} {name}"))
}

impl Arrival {
    /// Promises a place to the span of a request whose session has no name yet: where the host may begin what it does for it.
    pub(super) fn promise(&mut self, recorder: &Recorder) -> SessionContext {
        let messages = Message::read(&self.body).unwrap_or_default();
        let first = messages.first().map(Message::params).unwrap_or_default();
        let caller = self.known(&first, messages.is_empty(), None).trace;
        let caller = caller.as_deref().and_then(TraceParent::parse).map(|caller| caller.trace_id);
        let trace = caller.filter(|trace| !recorder.is_claimed(*trace)).unwrap_or_else(fresh_trace_id);
        let span = fresh_span_id();
        self.promised = Some((trace, span));
        SessionContext::without_session(recorder, (trace, span))
    }

    /// Opens the spans of the request's calls. `minted` is the name of the session that its answer begins. `None` when it is
    /// no request: a notification, or the client's answer to a question.
    pub(super) fn open(&self, shared: &Arc<Shared>, minted: Option<&str>) -> Option<Opened> {
        let messages = Message::read(&self.body).unwrap_or_default();
        let first = messages.first().map(Message::params).unwrap_or_default();
        let known = self.known(&first, messages.is_empty(), minted);
        let own =
            minted.map(|id| Cow::Owned(key_of(id))).or_else(|| self.session.as_deref().map(Cow::Borrowed));
        let key = own.filter(|_| known.session.is_some());
        let scope = key.as_deref().map(|key| shared.sessions.scope(key));
        if let Some(scope) = &scope {
            messages.iter().for_each(|message| told(scope, message));
        }
        let calls: Vec<_> = messages.iter().filter(|one| one.method.is_some() && one.id.is_some()).collect();
        // What is too large, or no JSON, is known by its headers at most.
        if calls.is_empty() && !messages.is_empty() {
            return None;
        }
        let named = header(&self.headers, &MCP_METHOD);
        let method = match calls.first() {
            Some(call) => call.method.as_deref().unwrap_or_default(),
            None => named.as_deref().unwrap_or("unknown"),
        };
        let name = first.name.clone().or_else(|| header(&self.headers, &MCP_NAME));
        let before = answered(shared, method, &first);
        let within = self.enter(shared, (&known, key.as_deref()), before, || title(method, name.as_deref()));
        let sessionless = known.version.as_deref().is_some_and(|version| version >= SESSIONLESS);
        let promised = &mut self.promised.clone();
        let batch = (calls.len() > 1).then(|| {
            self.span((&within, None), promised.take(), &known, SpanKind::Mcp, "batch".to_owned(), |_| {})
        });
        let mut context = batch.as_ref().map(SpanGuard::context);
        let nothing = Message::default();
        let first_of = messages.first().unwrap_or(&nothing);
        let calls = if calls.is_empty() { vec![&nothing] } else { calls };
        let opened: Vec<_> = calls
            .into_iter()
            .map(|call| {
                let own;
                let params = if batch.is_none() && std::ptr::eq(call, first_of) {
                    &first
                } else {
                    own = call.params();
                    &own
                };
                let (method, name) = match call.method.as_deref() {
                    Some(method) => (method, params.name.as_deref()),
                    None => (method, name.as_deref()),
                };
                let (kind, title) = (kind_of(method), title(method, name));
                let span =
                    self.span((&within, batch.as_ref()), promised.take(), &known, kind, title, |said| {
                        describe(call, params, method, name, said);
                    });
                context.get_or_insert_with(|| span.context());
                Call::begin((span, within.again()), call, params, (method, name), self.since)
            })
            .collect();
        let exchange = Exchange::new(&shared.sessions, within, scope);
        let mut exchange = exchange.closing_cancels(sessionless).in_batch(batch);
        opened.into_iter().for_each(|call| exchange.add(call));
        Some((exchange, context.unwrap_or_default()))
    }

    fn known<'a>(&'a self, first: &Params<'a>, unreadable: bool, minted: Option<&'a str>) -> Known<'a> {
        let meta = first.meta.as_ref();
        let version = header(&self.headers, &MCP_PROTOCOL_VERSION)
            .or_else(|| meta?.protocol_version.clone())
            .or_else(|| first.protocol_version.clone());
        let sessionless = version.as_deref().is_some_and(|version| version >= SESSIONLESS);
        let session = minted.map(Cow::Borrowed).or_else(|| header(&self.headers, &MCP_SESSION_ID));
        let in_meta = meta.and_then(|meta| {
            let trace = meta.traceparent.clone().filter(|text| TraceParent::parse(text).is_some())?;
            Some((trace, meta.tracestate.clone()))
        });
        let in_headers = || Some((header(&self.headers, &TRACEPARENT)?, header(&self.headers, &TRACESTATE)));
        let (trace, state) = in_meta.or_else(in_headers).unzip();
        Known {
            version,
            // A revision without sessions asks servers not to look at it.
            session: session.filter(|_| minted.is_some() || !sessionless),
            client: meta.and_then(|meta| meta.client_info.clone()).or_else(|| first.client_info.clone()),
            trace,
            trace_state: state.flatten().as_deref().and_then(trace_state),
            unread: unreadable.then_some(if self.too_large { "body_too_large" } else { "unreadable" }),
            transport: self.transport,
        }
    }

    /// Opens a span below that of the batch, or where the request has its place.
    fn span(
        &self,
        (within, batch): (&Within, Option<&SpanGuard>),
        promised: Option<(TraceId, SpanId)>,
        known: &Known<'_>,
        kind: SpanKind,
        title: String,
        say: impl FnOnce(&mut Said<'_>),
    ) -> SpanGuard {
        Flat::scratch(|flat| {
            let mut said = Said::new(flat);
            say(&mut said);
            known.say(&mut said);
            let (flat, long) = said.done();
            let details = known.details(kind, title, long);
            if let Some(batch) = batch {
                return batch.child_with(details, flat);
            }
            let handle = within.handle();
            let caller = known.trace.as_deref();
            let place = match promised {
                Some(promised) => handle.promised_place(caller, promised),
                None => handle.place_for(caller).map(|(_, place)| place),
            };
            match place {
                Some(place) => handle.span_with(place, (details, flat), self.at),
                None => SpanGuard::disabled(),
            }
        })
    }

    /// The session of a request: named by the caller, the protocol's, the trace's, that of the request `before` it, or one of
    /// its own.
    fn enter(
        &self,
        shared: &Arc<Shared>,
        (known, key): (&Known<'_>, Option<&str>),
        before: Option<Within>,
        title: impl FnOnce() -> String,
    ) -> Within {
        let start = |id: Option<SessionId>, lasts: Lasts| {
            let title = match &known.client {
                _ if lasts == Lasts::Requests => format!("MCP {}", title()),
                Some(client) if !client.name.is_empty() => format!("MCP client {}", client.name),
                _ => "MCP client".to_owned(),
            };
            let mut builder = SessionBuilder::new(Some(shared.recorder.clone()), title)
                .engine(Engine::MCP_INBOUND)
                .began(self.at)
                .tag("mcp");
            if let Some(id) = id {
                builder = builder.id(id);
            }
            if let Some(client) = known.client.as_ref().filter(|client| !client.name.is_empty()) {
                builder = builder.agent(client.name.to_string());
            }
            if let Some(trace) = &known.trace {
                builder = builder.traceparent(trace);
            }
            if let Some((trace, _)) = self.promised {
                builder = builder.trace(trace);
            }
            Talk::new(builder.start(), lasts)
        };
        let asked = header(&self.headers, &MCP_REQUEST_ID).and_then(|id| SessionId::parse(&id).ok());
        if let Some(id) = asked {
            return shared
                .sessions
                .enter(&format!("named {id}"), || start(Some(id.clone()), Lasts::Requests));
        }
        if let Some((session, key)) = known.session.as_deref().zip(key) {
            return shared.sessions.enter(key, || start(Some(SessionId::from_external(session).0), PROTOCOL));
        }
        if let Some(TraceParent { trace_id, .. }) = known.trace.as_deref().and_then(TraceParent::parse) {
            let id = SessionId::from_external(&format!("mcp-{trace_id}")).0;
            return shared.sessions.enter(&format!("trace {trace_id}"), || start(Some(id), TRACE));
        }
        before.unwrap_or_else(|| Within::alone(start(None, Lasts::Requests)))
    }
}

impl Known<'_> {
    fn say(&self, said: &mut Said<'_>) {
        if let Some(transport) = self.transport {
            said.text(Attribute::Transport, transport);
        }
        if let Some(version) = &self.version {
            said.text(Attribute::ProtocolVersion, version);
        }
        if let Some(session) = &self.session {
            said.text(Attribute::SessionId, session);
        }
        if let Some(client) = &self.client {
            said.text(Attribute::ClientName, &client.name);
            said.text(Attribute::ClientVersion, &client.version);
        }
        if let Some(unread) = self.unread {
            said.text(Attribute::UnreadRequest, unread);
        }
    }

    /// `long` is what does not lie flat.
    fn details(&self, kind: SpanKind, name: String, long: Attributes) -> Details {
        let trace_state = self.trace_state.clone();
        let (otel_kind, source) = (Some(OtelKind::Server), Some(SOURCE));
        Details {
            source,
            name: Some(name.into()),
            kind,
            otel_kind,
            attributes: long,
            names: NAMES,
            trace_state,
            ..Details::default()
        }
    }
}

/// The answers that a request brings to the questions that the answer to one before it asked, whose session it goes on in.
fn answered(shared: &Arc<Shared>, method: &str, params: &Params<'_>) -> Option<Within> {
    let said = params.input_responses.as_ref();
    if said.is_none() && params.request_state.is_none() {
        return None;
    }
    let keys = said.into_iter().flatten().map(|(key, _)| &**key);
    let asked =
        shared.sessions.asked(shared.sessions.question(method, params.request_state.as_deref(), keys))?;
    for (key, wait) in asked.waits {
        if let Some(said) = said.and_then(|said| said.get(key.as_str())) {
            wait.answered(Some(said), None);
        }
    }
    Some(asked.within)
}

/// What a client says that is no request: its answer to a question, or that it gives a request up.
fn told(scope: &Scope, message: &Message<'_>) {
    if let (None, Some(id)) = (&message.method, message.id)
        && let Some(wait) = scope.asked(id.get())
    {
        wait.answered(message.result, message.error);
    }
    if message.method.as_deref() == Some("notifications/cancelled") {
        let params = message.params();
        if let Some(call) = params.request_id.and_then(|id| scope.call(id.get())) {
            call.cancelled(params.reason.as_deref().unwrap_or("the client asked for it"));
            scope.remove(&call);
        }
    }
}
