//! The official Rust SDK's server: it answers from tasks of its own, where no layer's place reaches, and over transports that
//! have no HTTP at all.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use bytes::Bytes;
use rmcp::ServerHandler;
use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, RoleServer, SubscriptionContext};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::MAX_MCP_BODY_BYTES;
use super::arrival::{Arrival, Opened, key_of};
use super::headers::{MCP_METHOD, MCP_SESSION_ID};
use super::service::{McpLayer, Shared};
use crate::capture::SessionContext;
use crate::model::SessionId;

/// A handler of the official Rust SDK whose requests are recorded: see [`McpLayer::handler`].
///
/// It passes on every method of rmcp's `ServerHandler` as of 3.11. A clone serves the same client.
#[derive(Clone, Debug)]
pub struct McpHandler<H> {
    inner: H,
    client: Option<Arc<OneClient>>,
}

/// The client that a handler serves, where nothing else gives it a name.
#[derive(Debug)]
struct OneClient {
    shared: Arc<Shared>,
    name: String,
}

impl Drop for OneClient {
    fn drop(&mut self) {
        self.shared.sessions.end(&key_of(&self.name));
    }
}

impl McpLayer {
    /// Wraps a handler of the official Rust SDK, so that what its methods do lies below the request that they answer: the one
    /// that this layer saw or, over a transport that is not behind it such as standard input and output, one that is recorded
    /// here.
    ///
    /// ```no_run
    /// # use agent_inspector::Inspector;
    /// # #[derive(Clone)]
    /// # struct Calculator;
    /// # impl rmcp::ServerHandler for Calculator {}
    /// # async fn serve(inspector: Inspector) -> Result<(), Box<dyn std::error::Error>> {
    /// use rmcp::ServiceExt;
    ///
    /// let server = inspector.mcp_layer().handler(Calculator);
    /// server.serve((tokio::io::stdin(), tokio::io::stdout())).await?.waiting().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn handler<H>(&self, inner: H) -> McpHandler<H> {
        let client = self.shared().map(|shared| {
            let name = SessionId::generate().to_string();
            Arc::new(OneClient { shared: Arc::clone(shared), name })
        });
        McpHandler { inner, client }
    }
}

type Asked = RequestContext<RoleServer>;
type Told = NotificationContext<RoleServer>;
type Answer<T> = Result<T, ErrorData>;

/// How a request is to be recorded.
enum Recording {
    /// It is not, or the layer does it: what is done for it lies there.
    Elsewhere(SessionContext),
    Here(Box<Opened>, RequestId),
}

impl OneClient {
    fn arrival(&self, message: &Value) -> Arrival {
        let mut headers = HeaderMap::new();
        if let Ok(name) = self.name.parse() {
            headers.insert(MCP_SESSION_ID.clone(), name);
        }
        let body = message.to_string();
        let too_large = body.len() > MAX_MCP_BODY_BYTES;
        if too_large && let Some(method) = message["method"].as_str().and_then(|method| method.parse().ok()) {
            headers.insert(MCP_METHOD.clone(), method);
        }
        let body = if too_large { Bytes::new() } else { body.into() };
        let at = self.shared.recorder.now();
        let session = Some(key_of(&self.name));
        Arrival {
            headers,
            session,
            body,
            too_large,
            at,
            since: Instant::now(),
            transport: None,
            promised: None,
        }
    }
}

impl<H> McpHandler<H> {
    fn record(
        &self,
        method: &str,
        params: Option<&impl Serialize>,
        context: &RequestContext<RoleServer>,
    ) -> Recording {
        let by_layer = context.extensions.get::<Parts>().and_then(|parts| parts.extensions.get());
        let (None, Some(client)) = (by_layer, &self.client) else {
            return Recording::Elsewhere(by_layer.cloned().unwrap_or_default());
        };
        let mut params = params.and_then(|params| serde_json::to_value(params).ok()).unwrap_or_default();
        if params.is_null() {
            params = json!({});
        }
        if let (Some(params), Ok(meta)) = (params.as_object_mut(), serde_json::to_value(&context.meta)) {
            params.insert("_meta".to_owned(), meta);
        }
        let message = json!({ "jsonrpc": "2.0", "id": context.id, "method": method, "params": params });
        match client.arrival(&message).open(&client.shared, None) {
            Some(opened) => Recording::Here(Box::new(opened), context.id.clone()),
            None => Recording::Elsewhere(SessionContext::default()),
        }
    }
}

impl Recording {
    /// Does the work where it belongs; `shown` is its result as JSON.
    async fn of<T>(
        self,
        work: impl Future<Output = Answer<T>>,
        shown: impl FnOnce(&T) -> Value,
    ) -> Answer<T> {
        let (opened, id) = match self {
            Self::Elsewhere(context) => return context.run(work).await,
            Self::Here(opened, id) => (opened, id),
        };
        let (mut exchange, context) = *opened;
        let answer = context.run(work).await;
        let message = match &answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": shown(result) }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
        };
        let message = message.to_string();
        if message.len() > MAX_MCP_BODY_BYTES {
            exchange.ended(None, Some("too_large"));
        } else {
            exchange.said(&message.into());
            exchange.ended(None, None);
        }
        answer
    }
}

/// Methods that answer a request: recorded under the protocol's name for them, and passed on.
macro_rules! requests {
    ($shown:expr; $($name:ident($params:ty) -> $answer:ty, $method:literal;)*) => {$(
        async fn $name(&self, request: $params, context: Asked) -> Answer<$answer> {
            let recording = self.record($method, Some(&request), &context);
            recording.of(self.inner.$name(request, context), $shown).await
        }
    )*};
}

/// A result as it goes over the wire.
fn plain(result: &impl Serialize) -> Value {
    let shown = serde_json::to_value(result).unwrap_or_default();
    // What is only done is answered by an empty object.
    if shown.is_null() { json!({}) } else { shown }
}

/// As [`plain`], of a result that may also be a question.
fn either<T: Clone + Into<ServerResult>>(result: &T) -> Value {
    plain(&result.clone().into())
}

#[expect(deprecated, reason = "what the protocol gives up is passed on as long as the SDK does")]
impl<H: ServerHandler> ServerHandler for McpHandler<H> {
    async fn ping(&self, context: Asked) -> Answer<()> {
        let recording = self.record("ping", None::<&()>, &context);
        recording.of(self.inner.ping(context), plain).await
    }

    async fn discover(&self, context: Asked) -> Answer<DiscoverResult> {
        let recording = self.record("server/discover", None::<&()>, &context);
        recording.of(self.inner.discover(context), plain).await
    }

    requests! {
        either;
        get_prompt(GetPromptRequestParams) -> GetPromptResponse, "prompts/get";
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse, "resources/read";
        call_tool(CallToolRequestParams) -> CallToolResponse, "tools/call";
    }

    requests! {
        plain;
        initialize(InitializeRequestParams) -> InitializeResult, "initialize";
        complete(CompleteRequestParams) -> CompleteResult, "completion/complete";
        set_level(SetLevelRequestParams) -> (), "logging/setLevel";
        list_prompts(Option<PaginatedRequestParams>) -> ListPromptsResult, "prompts/list";
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult, "resources/list";
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult, "resources/templates/list";
        subscribe(SubscribeRequestParams) -> (), "resources/subscribe";
        unsubscribe(UnsubscribeRequestParams) -> (), "resources/unsubscribe";
        list_tools(Option<PaginatedRequestParams>) -> ListToolsResult, "tools/list";
        get_task(GetTaskParams) -> GetTaskResult, "tasks/get";
        update_task(UpdateTaskParams) -> (), "tasks/update";
        cancel_task(CancelTaskParams) -> (), "tasks/cancel";
        list_skills(Option<PaginatedRequestParams>) -> ListSkillsResult, "skills/list";
        get_skill(GetSkillRequestParams) -> GetSkillResult, "skills/get";
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ReadResourceDirectoryResult, "resources/directory/read";
    }

    async fn on_custom_request(&self, request: CustomRequest, context: Asked) -> Answer<CustomResult> {
        let recording = self.record(&request.method, request.params.as_ref(), &context);
        recording.of(self.inner.on_custom_request(request, context), plain).await
    }

    async fn listen(&self, context: SubscriptionContext) -> Answer<()> {
        self.inner.listen(context).await
    }

    async fn on_cancelled(&self, notification: CancelledNotificationParam, context: Told) {
        if context.extensions.get::<Parts>().is_none()
            && let Some(client) = &self.client
        {
            let message =
                json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": notification });
            drop(client.arrival(&message).open(&client.shared, None));
        }
        self.inner.on_cancelled(notification, context).await;
    }

    async fn on_progress(&self, notification: ProgressNotificationParam, context: Told) {
        self.inner.on_progress(notification, context).await;
    }

    async fn on_initialized(&self, context: Told) {
        self.inner.on_initialized(context).await;
    }

    async fn on_roots_list_changed(&self, context: Told) {
        self.inner.on_roots_list_changed(context).await;
    }

    async fn on_custom_notification(&self, notification: CustomNotification, context: Told) {
        self.inner.on_custom_notification(notification, context).await;
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.inner.accepted_subscription_filter(requested)
    }

    fn negotiate_initialize(&self, request: &InitializeRequestParams) -> Answer<InitializeResult> {
        self.inner.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.inner.supported_protocol_versions()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.get_tool(name)
    }

    fn get_info(&self) -> ServerConfig {
        self.inner.get_info()
    }
}
