//! One JSON-RPC request, from its arrival to its end.

use std::borrow::Cow;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::message::{Message, Outcome, Params, RpcError, id_text};
use super::said::{Attribute, NAMES, Said};
use super::talk::Within;
use crate::capture::SpanGuard;
use crate::capture::flat::{Flat, Number};
use crate::capture::record::{Details, Of};
use crate::model::{EventKind, SpanKind};

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Call {
    open: Mutex<Option<(SpanGuard, Within)>>,
    id: String,
    token: Option<String>,
    method: Cow<'static, str>,
    tool: Option<String>,
    began: Instant,
}

/// The methods that clients ask with, so that their names need not be allocated with each request.
const METHODS: [&str; 18] = [
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tasks/cancel",
    "tasks/get",
    "tasks/update",
    "tools/call",
    "tools/list",
];

/// A method's name to be kept.
pub(super) fn kept(method: &str) -> Cow<'static, str> {
    match METHODS.binary_search(&method) {
        Ok(known) => Cow::Borrowed(METHODS[known]),
        Err(_) => Cow::Owned(method.to_owned()),
    }
}

/// The kind of a method's span.
pub(super) fn kind_of(method: &str) -> SpanKind {
    match method {
        "tools/call" => SpanKind::Tool,
        "resources/read" => SpanKind::Resource,
        "prompts/get" => SpanKind::Prompt,
        _ => SpanKind::Mcp,
    }
}

/// What is known of a request when it comes: the attributes of its span, as OpenTelemetry's conventions for MCP name them.
pub(super) fn describe(
    message: &Message<'_>,
    params: &Params<'_>,
    method: &str,
    name: Option<&str>,
    said: &mut Said<'_>,
) {
    said.text(Attribute::MethodName, method);
    if let Some(id) = message.id {
        said.text(Attribute::RequestId, &id_text(id));
    }
    if let Some(token) = params.meta.as_ref().and_then(|meta| meta.progress_token) {
        said.text(Attribute::ProgressToken, &id_text(token));
    }
    let input = params.arguments.map(RawValue::get);
    match method {
        "tools/call" => {
            said.text(Attribute::Operation, "execute_tool");
            if let Some(name) = name {
                said.text(Attribute::ToolName, name);
            }
            if let Some(input) = input {
                said.text(Attribute::ToolInput, input);
            }
        }
        "prompts/get" => {
            if let Some(name) = name {
                said.text(Attribute::PromptName, name);
                said.text(Attribute::PromptTemplate, name);
            }
            if let Some(input) = input {
                said.text(Attribute::PromptParameters, input);
            }
        }
        _ if method.starts_with("resources/") => {
            if let Some(uri) = params.uri.as_deref().or(name) {
                said.text(Attribute::ResourceUri, uri);
            }
        }
        _ => {
            if let Some(given) = message.params {
                said.text(Attribute::Input, given.get());
            }
        }
    }
}

impl Call {
    pub(super) fn begin(
        (span, within): (SpanGuard, Within),
        message: &Message<'_>,
        params: &Params<'_>,
        (method, name): (&str, Option<&str>),
        began: Instant,
    ) -> Self {
        let token = params.meta.as_ref().and_then(|meta| meta.progress_token);
        let call = Self {
            open: Mutex::new(Some((span, within))),
            id: message.id.map(RawValue::get).unwrap_or_default().to_owned(),
            token: token.map(|token| token.get().to_owned()),
            method: kept(method),
            tool: name.filter(|_| method == "tools/call").map(str::to_owned),
            began,
        };
        call.tell(|span| EventKind::McpRequestStarted {
            span_id: span.id(),
            method: call.method.clone(),
            tool: call.tool.clone(),
        });
        call
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn has_token(&self, token: &RawValue) -> bool {
        self.token.as_deref() == Some(token.get())
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.lock().is_some()
    }

    /// Opens a span below its own.
    pub(super) fn child(&self, details: Details) -> SpanGuard {
        match &*self.open.lock() {
            Some((span, _)) => span.child_with(details, &Flat::default()),
            None => SpanGuard::disabled(),
        }
    }

    fn tell(&self, kind: impl FnOnce(&SpanGuard) -> EventKind) {
        let open = self.open.lock();
        if let Some((span, _)) = &*open
            && let Some(open) = span.recorded()
        {
            open.recorder.event(Of::Trace(open.trace_id), kind(span));
        }
    }

    pub(super) fn progress(&self, params: &Params<'_>) {
        let percent = params.progress.zip(params.total).map(|(done, of)| done / of * 100.0);
        let words = params.message.as_deref().unwrap_or_default().to_owned();
        self.tell(|span| EventKind::progress(span.id(), percent, words));
    }

    /// Ends it; only the first end counts.
    fn end(&self, error: Option<String>, say: impl FnOnce(&mut Said<'_>)) {
        let Some((mut span, within)) = self.open.lock().take() else { return };
        let duration = self.began.elapsed();
        if let Some(error) = &error {
            span.error(error.clone());
        }
        within.went(error.as_deref());
        if let Some(open) = span.recorded() {
            let (of, span_id) = (Of::Trace(open.trace_id), span.id());
            open.recorder.event(of, self.finished(span_id, duration, error));
        }
        Flat::scratch(|flat| {
            let mut said = Said::new(flat);
            say(&mut said);
            let (flat, long) = said.done();
            if !long.is_empty() {
                span.at_end(|change| change.attributes = long);
            }
            span.finish_flat(NAMES, flat);
        });
    }

    fn finished(
        &self,
        span_id: Option<crate::model::SpanId>,
        duration: Duration,
        error: Option<String>,
    ) -> EventKind {
        EventKind::McpRequestFinished {
            span_id,
            method: self.method.clone(),
            tool: self.tool.clone(),
            ok: error.is_none(),
            duration_ms: duration.as_secs_f64() * 1e3,
            error,
        }
    }

    pub(super) fn cancelled(&self, reason: &str) {
        self.end(Some(format!("cancelled: {reason}")), |said| {
            said.number(Attribute::Cancelled, Number::Bool(true));
            said.text(Attribute::ErrorType, "cancelled");
        });
    }

    /// It has no result, and will have none.
    pub(super) fn broken(&self, kind: &'static str, words: &str) {
        self.end(Some(words.to_owned()), |said| said.text(Attribute::ErrorType, kind));
    }

    /// It is over, and nobody looked at its result: `unread` says why.
    pub(super) fn unread(&self, error: Option<String>, unread: &'static str) {
        self.end(error, |said| said.text(Attribute::UnreadAnswer, unread));
    }

    /// It ended as it should, without a result.
    pub(super) fn closed(&self) {
        self.end(None, |_| {});
    }

    pub(super) fn refused(&self, error: &RawValue) {
        let RpcError { code, message } = serde_json::from_str(error.get())
            .unwrap_or(RpcError { code: 0, message: "an error that is none of JSON-RPC's".into() });
        self.end(Some(format!("{message} ({code})")), |said| {
            let code = code.to_string();
            said.text(Attribute::ResponseCode, &code);
            said.text(Attribute::ErrorType, &code);
        });
    }

    pub(super) fn answered(&self, result: &RawValue, outcome: &Outcome<'_>) {
        let failed =
            outcome.is_error.then(|| outcome.words().unwrap_or_else(|| "the tool failed".to_owned()));
        self.end(failed, |said| {
            match &*self.method {
                "tools/call" => said.text(Attribute::ToolOutput, result.get()),
                // What a resource holds is not kept, whoever reads it.
                "resources/read" => {
                    let (mime_type, bytes) = outcome.resource();
                    if let Some(mime_type) = mime_type {
                        said.text(Attribute::ResourceType, &mime_type);
                    }
                    if let Some(bytes) = bytes.and_then(|bytes| i64::try_from(bytes).ok()) {
                        said.number(Attribute::ResourceBytes, Number::Int(bytes));
                    }
                }
                _ => said.text(Attribute::Output, result.get()),
            }
            if let Some(version) = &outcome.protocol_version {
                said.text(Attribute::ProtocolVersion, version);
            }
            if let Some(kind) = outcome.result_type.as_deref().filter(|kind| *kind != "complete") {
                said.text(Attribute::ResultType, kind);
            }
            if outcome.is_error {
                said.text(Attribute::ErrorType, "tool_error");
            }
        });
    }
}
