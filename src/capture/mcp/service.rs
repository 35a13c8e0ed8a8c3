//! The layer and its service.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body::Body;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::arrival::{Arrival, Opened, key_of};
use super::body::{McpBody, read};
use super::exchange::Exchange;
use super::headers::MCP_SESSION_ID;
use super::message::{Message, header};
use super::sessions::Sessions;
use crate::capture::Recorder;

/// Turns the requests to an MCP server into sessions: see [`Inspector::mcp_layer`](crate::Inspector::mcp_layer).
#[derive(Clone, Debug)]
pub struct McpLayer {
    shared: Option<Arc<Shared>>,
}

/// What all services of a layer have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) recorder: Recorder,
    pub(super) sessions: Arc<Sessions>,
}

impl Shared {
    pub(super) fn new(recorder: Recorder) -> Arc<Self> {
        Arc::new(Self { recorder, sessions: Arc::default() })
    }
}

impl McpLayer {
    pub(crate) fn new(recorder: Option<Recorder>) -> Self {
        Self { shared: recorder.map(Shared::new) }
    }

    #[cfg(feature = "rmcp")]
    pub(super) fn shared(&self) -> Option<&Arc<Shared>> {
        self.shared.as_ref()
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
        let (parts, body) = request.into_parts();
        if parts.method == Method::POST {
            Box::pin(shared.post(inner, parts, body))
        } else {
            Box::pin(shared.other(inner, parts, body))
        }
    }
}

/// The `initialize` request, whose session gets its name by the answer: until then it has a place, and no span of its own.
struct Nameless {
    shared: Arc<Shared>,
    arrival: Option<Arrival>,
}

impl Nameless {
    fn named(mut self, minted: Option<&str>) -> Option<Opened> {
        self.arrival.take()?.open(&self.shared, minted)
    }
}

impl Drop for Nameless {
    fn drop(&mut self) {
        // Nobody waited for its answer; that it was asked is told all the same.
        drop(self.arrival.take().and_then(|arrival| arrival.open(&self.shared, None)));
    }
}

impl Shared {
    // An `async fn` keeps what it is given twice, and a future of more than a kilobyte is slow to allocate.
    #[expect(clippy::manual_async_fn, reason = "a future of half the size")]
    fn post<S, A, B>(
        self: Arc<Self>,
        mut inner: S,
        mut parts: Parts,
        body: A,
    ) -> impl Future<Output = Result<Response<McpBody<B>>, S::Error>>
    where
        A: Body<Data = Bytes>,
        B: Body<Data = Bytes>,
        S: Service<Request<McpBody<A>>, Response = Response<B>>,
    {
        async move {
            let (at, since) = (self.recorder.now(), Instant::now());
            let (body, whole) = read(body).await;
            let too_large = body.goes_on();
            let headers = std::mem::take(&mut parts.headers);
            let session = header(&headers, &MCP_SESSION_ID).map(|id| key_of(&id));
            let mut arrival = Arrival {
                headers,
                session,
                body: whole.unwrap_or_default(),
                too_large,
                at,
                since,
                transport: Some("tcp"),
                promised: None,
            };
            if begins(&arrival.body) {
                parts.headers = arrival.headers.clone();
                // Apart, so that what a session needs once takes no room in every request.
                return Box::pin(self.begin(inner, Request::from_parts(parts, body), arrival)).await;
            }
            let mut opened = arrival.open(&self, None);
            parts.headers = std::mem::take(&mut arrival.headers);
            let session = arrival.session.take();
            drop(arrival);
            let context = opened.as_ref().map(|(_, context)| context.clone()).unwrap_or_default();
            parts.extensions.insert(context.clone());
            let answer = match context.run(inner.call(Request::from_parts(parts, body))).await {
                Ok(answer) => answer,
                Err(error) => {
                    if let Some((exchange, _)) = &mut opened {
                        exchange.ended(Some("the server failed"), None);
                    }
                    return Err(error);
                }
            };
            if let Some(key) = session.filter(|_| answer.status() == StatusCode::NOT_FOUND) {
                match &mut opened {
                    Some((exchange, _)) => exchange.last_of(&key),
                    None => self.sessions.end(&key),
                }
            }
            Ok(looked_at(answer, opened))
        }
    }

    /// The request that begins a session.
    async fn begin<S, A, B>(
        self: Arc<Self>,
        mut inner: S,
        mut request: Request<McpBody<A>>,
        mut arrival: Arrival,
    ) -> Result<Response<McpBody<B>>, S::Error>
    where
        A: Body<Data = Bytes>,
        B: Body<Data = Bytes>,
        S: Service<Request<McpBody<A>>, Response = Response<B>>,
    {
        let context = arrival.promise(&self.recorder);
        request.extensions_mut().insert(context.clone());
        let nameless = Nameless { shared: self, arrival: Some(arrival) };
        let answer = context.run(inner.call(request)).await?;
        let minted = header(answer.headers(), &MCP_SESSION_ID);
        let opened = nameless.named(minted.as_deref());
        Ok(looked_at(answer, opened))
    }

    /// A stream of what the server says of itself, the end of a session, or a method that MCP has no use for.
    async fn other<S, A, B>(
        self: Arc<Self>,
        mut inner: S,
        mut parts: Parts,
        body: A,
    ) -> Result<Response<McpBody<B>>, S::Error>
    where
        A: Body<Data = Bytes>,
        B: Body<Data = Bytes>,
        S: Service<Request<McpBody<A>>, Response = Response<B>>,
    {
        let key = header(&parts.headers, &MCP_SESSION_ID).map(|id| key_of(&id));
        let within = key.as_deref().and_then(|key| self.sessions.known(key));
        let context = within.as_ref().map(|within| within.handle().context()).unwrap_or_default();
        let deletes = parts.method == Method::DELETE;
        parts.extensions.insert(context.clone());
        let request = Request::from_parts(parts, McpBody::new(body));
        let answer = context.run(inner.call(request)).await?;
        let gone = answer.status() == StatusCode::NOT_FOUND || (deletes && answer.status().is_success());
        let opened = within.zip(key.as_deref()).filter(|_| !gone && !deletes).map(|(within, key)| {
            let exchange = Exchange::new(&self.sessions, within, Some(self.sessions.scope(key)));
            (exchange.listening(), context)
        });
        let answer = looked_at(answer, opened);
        if let Some(key) = key.filter(|_| gone) {
            self.sessions.end(&key);
        }
        Ok(answer)
    }
}

/// Whether a body is the request that begins a session.
fn begins(body: &[u8]) -> bool {
    const METHOD: &[u8] = b"\"initialize\"";
    memchr::memmem::find(body, METHOD).is_some()
        && Message::read(body).is_ok_and(|messages| {
            messages.iter().any(|message| message.method.as_deref() == Some("initialize"))
        })
}

fn looked_at<B: Body<Data = Bytes>>(answer: Response<B>, opened: Option<Opened>) -> Response<McpBody<B>> {
    let Some((exchange, context)) = opened else { return answer.map(McpBody::new) };
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let encoded = answer.headers().contains_key(CONTENT_ENCODING);
    let streams = kind.starts_with("text/event-stream");
    let failed = status.is_client_error() || status.is_server_error();
    let error = failed.then(|| format!("HTTP {}", status.as_u16()));
    answer.map(|body| McpBody::seen(body, (exchange, context), (encoded, streams), error))
}
