//! The layer and its service.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body::Body;
use tower::{Layer, Service};

use super::MAX_MCP_BODY_BYTES;
use super::body::{How, McpBody, Seen};
use super::exchange::{Call, Exchange, kind_of};
use super::message::{Client, Message, header};
use super::sessions::{Sessions, Talk};
use super::sse::Events;
use crate::capture::traceparent::TraceParent;
use crate::capture::{Recorder, SessionBuilder, SpanGuard};
use crate::model::{Engine, SessionId};

/// The revision from which on there are no sessions and closing an answer cancels its request.
const SESSIONLESS: &str = "2026-07-28";

const SESSION: &str = "mcp-session-id";

/// Turns the requests to an MCP server into sessions: see `Inspector::mcp_layer`.
#[derive(Clone, Debug)]
pub struct McpLayer {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    recorder: Recorder,
    sessions: Sessions,
}

impl McpLayer {
    pub(crate) fn new(recorder: Option<Recorder>) -> Self {
        let shared = |recorder| Arc::new(Shared { recorder, sessions: Sessions::default() });
        Self { shared: recorder.map(shared) }
    }
}

impl<S> Layer<S> for McpLayer {
    type Service = McpService<S>;

    fn layer(&self, inner: S) -> McpService<S> {
        McpService { shared: self.shared.clone(), inner }
    }
}

/// An MCP server whose requests are recorded.
#[derive(Clone, Debug)]
pub struct McpService<S> {
    shared: Option<Arc<Shared>>,
    inner: S,
}

impl<S, A, B> Service<Request<A>> for McpService<S>
where
    A: Body<Data = Bytes> + Send + 'static,
    A::Error: Send,
    B: Body<Data = Bytes> + 'static,
    S: Service<Request<McpBody<A>>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<McpBody<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let Some(shared) = self.shared.clone() else {
            let answer = self.inner.call(request.map(McpBody::new));
            return Box::pin(async move { Ok(answer.await?.map(McpBody::new)) });
        };
        // The one that is ready goes, as tower asks for.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        Box::pin(shared.serve(inner, request))
    }
}

impl Shared {
    async fn serve<S, A, B>(
        self: Arc<Self>,
        mut inner: S,
        request: Request<A>,
    ) -> Result<Response<McpBody<B>>, S::Error>
    where
        A: Body<Data = Bytes> + Send + 'static,
        A::Error: Send,
        B: Body<Data = Bytes>,
        S: Service<Request<McpBody<A>>, Response = Response<B>>,
    {
        let (mut parts, body) = request.into_parts();
        if parts.method != Method::POST {
            let session = header(&parts.headers, SESSION).map(|id| key_of(&id));
            let talk = session.as_deref().and_then(|key| self.sessions.get(key));
            let context = talk.as_ref().map(|talk| talk.handle.context()).unwrap_or_default();
            let deletes = parts.method == Method::DELETE;
            parts.extensions.insert(context.clone());
            let request = Request::from_parts(parts, McpBody::new(body));
            let answer = context.run(inner.call(request)).await?;
            let gone = answer.status() == StatusCode::NOT_FOUND || (deletes && answer.status().is_success());
            if let Some(key) = session.filter(|_| gone) {
                self.sessions.end(&key);
            }
            let Some(talk) = talk.filter(|_| !gone) else { return Ok(answer.map(McpBody::new)) };
            let exchange =
                Exchange { talk, calls: Vec::new(), asked: Vec::new(), over: false, closing_cancels: false };
            return Ok(looked_at(answer, exchange, context));
        }
        let (body, whole) = read(body).await;
        let bytes = whole.unwrap_or_default();
        let too_large = body.rest.is_some();
        let messages = Message::read(&bytes).unwrap_or_default();
        let begun = self.begin(&parts.headers, &messages, too_large);
        let Some((exchange, span)) = begun else {
            // No request: a notification, a client's answer, or nothing that is known.
            return Ok(inner.call(Request::from_parts(parts, body)).await?.map(McpBody::new));
        };
        let context = span;
        parts.extensions.insert(context.clone());
        let session = header(&parts.headers, SESSION).map(|id| key_of(&id));
        let request = Request::from_parts(parts, body);
        let answer = match context.run(inner.call(request)).await {
            Ok(answer) => answer,
            Err(error) => {
                let mut exchange = exchange;
                exchange.ended(Some("the server failed"), None);
                return Err(error);
            }
        };
        if answer.status() == StatusCode::NOT_FOUND
            && let Some(key) = session
        {
            self.sessions.end(&key);
        }
        // From now on the client names its session by this.
        if let Some(minted) = header(answer.headers(), SESSION) {
            self.sessions.get_or(&key_of(&minted), || Arc::clone(&exchange.talk));
        }
        Ok(looked_at(answer, exchange, context))
    }

    /// Opens the spans of a request's calls.
    fn begin(
        &self,
        headers: &HeaderMap,
        messages: &[Message<'_>],
        too_large: bool,
    ) -> Option<(Exchange, crate::capture::SessionContext)> {
        let first = messages.first().map(Message::params).unwrap_or_default();
        let meta = first.meta.as_ref();
        let version = header(headers, "mcp-protocol-version")
            .or_else(|| meta?.protocol_version.clone())
            .or_else(|| first.protocol_version.clone());
        let sessionless = version.as_deref().is_some_and(|version| version >= SESSIONLESS);
        let session = header(headers, SESSION).filter(|_| !sessionless);
        let talk = session.as_deref().and_then(|id| self.sessions.get(&key_of(id)));
        if let Some(talk) = &talk {
            messages.iter().for_each(|message| told(talk, message));
        }
        let named = header(headers, "mcp-method");
        let calls: Vec<_> = messages.iter().filter(|one| one.method.is_some() && one.id.is_some()).collect();
        // What is too large, or no JSON, is known by its headers at most.
        let unread = messages.is_empty();
        if calls.is_empty() && !unread {
            return None;
        }
        let trace = meta
            .and_then(|meta| meta.traceparent.as_deref())
            .filter(|text| TraceParent::parse(text).is_some())
            .map(str::to_owned)
            .or_else(|| header(headers, "traceparent").map(std::borrow::Cow::into_owned));
        let client = meta.and_then(|meta| meta.client_info.clone()).or_else(|| first.client_info.clone());
        let method = match calls.first() {
            Some(call) => call.method.as_deref().unwrap_or_default(),
            None => named.as_deref().unwrap_or("unknown"),
        };
        let name = first.name.clone().or_else(|| header(headers, "mcp-name"));
        let talk = self.talk(
            headers,
            session.as_deref(),
            trace.as_deref(),
            client.as_ref(),
            &title(method, name.as_deref()),
        );
        let naming = Naming {
            version: version.as_deref(),
            session: session.as_deref(),
            client: client.as_ref(),
            unread: unread.then_some(if too_large { "body_too_large" } else { "unreadable" }),
        };
        let open = |parent: Option<&SpanGuard>, method: &str, name: Option<&str>| {
            let kind = kind_of(method);
            let title = title(method, name);
            let span = match (parent, &trace) {
                (Some(parent), _) => parent.child(kind, title),
                (None, Some(trace)) => talk.handle.span_for(trace, kind, title),
                (None, None) => talk.handle.span(kind, title),
            };
            naming.put_on(&span);
            span
        };
        let mut exchange = Exchange {
            talk: Arc::clone(&talk),
            calls: Vec::new(),
            asked: Vec::new(),
            over: false,
            closing_cancels: sessionless,
        };
        if calls.len() > 1 {
            let batch = open(None, "batch", None);
            let context = batch.context();
            for call in calls {
                let (method, params) = (call.method.as_deref().unwrap_or_default(), call.params());
                let span = open(Some(&batch), method, params.name.as_deref());
                exchange.add(Call::begin(span, call, method, params.name.as_deref()));
            }
            return Some((exchange, context));
        }
        let span = open(None, method, name.as_deref());
        let context = span.context();
        let nothing = Message { id: None, method: None, params: None, result: None, error: None };
        let message = calls.first().copied().unwrap_or(&nothing);
        exchange.add(Call::begin(span, message, method, name.as_deref()));
        Some((exchange, context))
    }

    /// The session of a request: named by the caller, the protocol's, the trace's, or one of its own.
    fn talk(
        &self,
        headers: &HeaderMap,
        session: Option<&str>,
        trace: Option<&str>,
        client: Option<&Client<'_>>,
        title: &str,
    ) -> Arc<Talk> {
        let start = |id: Option<SessionId>, single| {
            let title = match client {
                Some(client) if !client.name.is_empty() => format!("MCP client {}", client.name),
                _ if single => format!("MCP: {title}"),
                _ => "MCP client".to_owned(),
            };
            let mut builder = SessionBuilder::new(Some(self.recorder.clone()), title)
                .engine(Engine::MCP_INBOUND)
                .tag("mcp");
            if let Some(id) = id {
                builder = builder.id(id);
            }
            if let Some(client) = client {
                builder = builder.agent(client.name.to_string());
            }
            if let Some(trace) = trace {
                builder = builder.traceparent(trace);
            }
            Talk::new(builder.start(), single)
        };
        let asked = header(headers, "x-mcp-request-id").and_then(|id| SessionId::parse(&id).ok());
        if let Some(id) = asked {
            return self.sessions.get_or(&format!("named {id}"), || start(Some(id.clone()), false));
        }
        if let Some(session) = session {
            let id = SessionId::from_external(session).0;
            return self.sessions.get_or(&key_of(session), || start(Some(id), false));
        }
        if let Some(TraceParent { trace_id, .. }) = trace.and_then(TraceParent::parse) {
            let id = SessionId::from_external(&format!("mcp-{trace_id}")).0;
            return self.sessions.get_or(&format!("trace {trace_id}"), || start(Some(id), false));
        }
        // What it mints in its answer names the session from then on.
        start(None, !title.starts_with("initialize"))
    }
}

/// What a client says that is no request: its answer to a question, or that it gives a request up.
fn told(talk: &Talk, message: &Message<'_>) {
    if let (None, Some(id)) = (&message.method, message.id) {
        let wait = talk.waits.lock().remove(id.get());
        if let Some(wait) = wait {
            wait.answered(message);
        }
    }
    if message.method.as_deref() == Some("notifications/cancelled") {
        let params = message.params();
        let call = params.request_id.and_then(|id| talk.calls.lock().get(id.get()).cloned());
        if let Some(call) = call {
            call.cancelled(talk, params.reason.as_deref().unwrap_or("the client asked for it"));
        }
    }
}

/// The words that name a request and its session.
struct Naming<'a> {
    version: Option<&'a str>,
    session: Option<&'a str>,
    client: Option<&'a Client<'a>>,
    unread: Option<&'static str>,
}

impl Naming<'_> {
    fn put_on(&self, span: &SpanGuard) {
        span.set(|change| {
            let set = &mut change.attributes;
            if let Some(version) = self.version {
                set.set("mcp.protocol.version", version.to_owned());
            }
            if let Some(session) = self.session {
                set.set("mcp.session.id", session.to_owned());
            }
            if let Some(client) = self.client {
                set.set("mcp.client.name", client.name.to_string());
                set.set("mcp.client.version", client.version.to_string());
            }
            if let Some(unread) = self.unread {
                set.set("inspector.mcp.request", unread);
            }
        });
    }
}

fn key_of(session: &str) -> String {
    format!("session {session}")
}

fn title(method: &str, name: Option<&str>) -> String {
    name.map_or_else(|| method.to_owned(), |name| format!("{method} {name}"))
}

fn looked_at<B: Body<Data = Bytes>>(
    answer: Response<B>,
    exchange: Exchange,
    context: crate::capture::SessionContext,
) -> Response<McpBody<B>> {
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let how = if answer.headers().contains_key(CONTENT_ENCODING) {
        How::Not("encoded")
    } else if kind.starts_with("text/event-stream") {
        How::Stream(Events::new(MAX_MCP_BODY_BYTES))
    } else {
        How::Whole(Vec::new(), 0)
    };
    let failed = status.is_client_error() || status.is_server_error();
    let status_error = failed.then(|| format!("HTTP {}", status.as_u16()));
    let seen = Box::new(Seen { exchange, context, how, status_error });
    answer.map(|body| {
        let mut body = McpBody::new(body);
        body.seen = Some(seen);
        body
    })
}

/// Reads a body up to the bound, and gives it back as it came, with its bytes when these are all.
async fn read<A: Body<Data = Bytes>>(body: A) -> (McpBody<A>, Option<Bytes>) {
    let mut body = Box::pin(body);
    let (mut read, mut size) = (VecDeque::new(), 0);
    while size <= MAX_MCP_BODY_BYTES {
        let frame = std::future::poll_fn(|task| body.as_mut().poll_frame(task)).await;
        let Some(frame) = frame else {
            let whole = match (read.len(), read.front()) {
                (1, Some(Ok(frame))) => {
                    http_body::Frame::<Bytes>::data_ref(frame).cloned().unwrap_or_default()
                }
                _ => {
                    let parts = read.iter().filter_map(|frame: &Result<_, _>| frame.as_ref().ok());
                    let parts: Vec<_> = parts.filter_map(http_body::Frame::data_ref).collect();
                    parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<u8>>().into()
                }
            };
            return (McpBody { read, rest: None, seen: None }, Some(whole));
        };
        let broken = frame.is_err();
        size += frame.as_ref().ok().and_then(http_body::Frame::data_ref).map_or(0, Bytes::len);
        read.push_back(frame);
        if broken {
            return (McpBody { read, rest: None, seen: None }, None);
        }
    }
    (McpBody { read, rest: Some(body), seen: None }, None)
}
