//! One HTTP exchange: the calls in its request, and what its answer says of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::value::RawValue;

use super::message::{Message, Outcome, Params, RpcError, id_text};
use super::sessions::{MAX_OPEN, Talk};
use crate::capture::SpanGuard;
use crate::capture::record::{Details, Of};
use crate::model::{
    Attributes, EventKind, SpanKind, WAIT_ANSWER, WAIT_OUTCOME, WAIT_PROMPT, WAIT_SCHEMA, WAIT_SIGNAL,
};

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Call {
    span: Mutex<Option<SpanGuard>>,
    pub(super) id: String,
    token: Option<String>,
    method: String,
    tool: Option<String>,
    began: Instant,
}

impl Call {
    pub(super) fn begin(
        span: SpanGuard,
        message: &Message<'_>,
        method: &str,
        name: Option<&str>,
    ) -> Arc<Self> {
        let params = message.params();
        let token = params.meta.as_ref().and_then(|meta| meta.progress_token);
        let token = token.map(|token| token.get().to_owned());
        let tool = name.filter(|_| method == "tools/call").map(str::to_owned);
        let id = message.id.map(RawValue::get).unwrap_or_default().to_owned();
        span.set(|change| {
            let set = &mut change.attributes;
            set.set("mcp.method.name", method.to_owned());
            set.set("network.transport", "tcp");
            if let Some(id) = message.id {
                set.set("jsonrpc.request.id", id_text(id));
            }
            if let Some(token) = &token {
                set.set("mcp.progress.token", token.trim_matches('"').to_owned());
            }
            let input = params.arguments.map(|given| given.get().to_owned());
            match method {
                "tools/call" => {
                    set.set("gen_ai.operation.name", "execute_tool");
                    if let Some(tool) = &tool {
                        set.set("gen_ai.tool.name", tool.clone());
                    }
                    if let Some(input) = input {
                        set.set("mcp.tool.input_json", input);
                    }
                }
                "prompts/get" => {
                    if let Some(name) = name {
                        set.set("gen_ai.prompt.name", name.to_owned());
                        set.set("mcp.prompt.template_id", name.to_owned());
                    }
                    if let Some(input) = input {
                        set.set("mcp.prompt.parameters_json", input);
                    }
                }
                _ if method.starts_with("resources/") => {
                    if let Some(uri) = params.uri.as_deref().or(name) {
                        set.set("mcp.resource.uri", uri.to_owned());
                    }
                }
                _ => {
                    if let Some(given) = message.params {
                        set.set("input.value", given.get().to_owned());
                    }
                }
            }
        });
        let call = Self {
            span: Mutex::new(Some(span)),
            id,
            token,
            method: method.to_owned(),
            tool,
            began: Instant::now(),
        };
        call.tell(|span| EventKind::McpRequestStarted {
            span_id: span.id(),
            method: call.method.clone(),
            tool: call.tool.clone(),
        });
        Arc::new(call)
    }

    fn tell(&self, kind: impl FnOnce(&SpanGuard) -> EventKind) {
        let span = self.span.lock();
        if let Some(span) = &*span
            && let Some(open) = span.recorded()
        {
            open.recorder.event(Of::Trace(open.trace_id), kind(span));
        }
    }

    /// Ends it; only the first end counts. What went wrong, if something did.
    fn end(&self, talk: &Talk, error: Option<String>, say: impl FnOnce(&mut Attributes)) {
        let duration = self.began.elapsed();
        self.tell(|span| EventKind::McpRequestFinished {
            span_id: span.id(),
            method: self.method.clone(),
            tool: self.tool.clone(),
            ok: error.is_none(),
            duration_ms: duration.as_secs_f64() * 1e3,
            error: error.clone(),
        });
        talk.calls.lock().remove(&self.id);
        let Some(mut span) = self.span.lock().take() else { return };
        span.set(|change| say(&mut change.attributes));
        if let Some(error) = error {
            span.error(error.clone());
            drop(span);
            if talk.single {
                talk.handle.fail(error);
            }
        }
    }

    pub(super) fn cancelled(&self, talk: &Talk, reason: &str) {
        self.end(talk, Some(format!("cancelled: {reason}")), |set| {
            set.set("mcp.cancellation.requested", true);
            set.set("error.type", "cancelled");
        });
    }

    fn answered(&self, talk: &Talk, message: &Message<'_>) {
        if let Some(error) = message.error {
            let error = serde_json::from_str(error.get());
            let RpcError { code, message } =
                error.unwrap_or(RpcError { code: 0, message: "an error that is none of JSON-RPC's".into() });
            return self.end(talk, Some(format!("{message} ({code})")), |set| {
                set.set("rpc.response.status_code", code.to_string());
                set.set("error.type", code.to_string());
            });
        }
        let result = message.result.map(RawValue::get).unwrap_or_default();
        let outcome: Outcome<'_> = serde_json::from_str(result).unwrap_or_default();
        let failed = outcome.is_error.then(|| "the tool failed".to_owned());
        let is_tool = self.method == "tools/call";
        self.end(talk, failed, |set| {
            set.set(if is_tool { "mcp.tool.output_json" } else { "output.value" }, result.to_owned());
            if let Some(version) = &outcome.protocol_version {
                set.set("mcp.protocol.version", version.to_string());
            }
            if outcome.is_error {
                set.set("error.type", "tool_error");
            }
        });
    }
}

/// A question of the server's that the client is to answer.
#[derive(Debug)]
pub(super) struct Wait(Option<SpanGuard>, &'static str);

impl Wait {
    fn begin(call: &SpanGuard, signal: &'static str, params: &Params<'_>) -> Self {
        let mut attributes = Attributes::new();
        let prompt = params.message.as_deref().map(str::to_owned);
        attributes.set(WAIT_SIGNAL, signal);
        if let Some(prompt) = &prompt {
            attributes.set(WAIT_PROMPT, prompt.clone());
        }
        let schema = params.requested_schema;
        if let Some(schema) = schema {
            attributes.set(WAIT_SCHEMA, schema.get().to_owned());
        }
        let details = Details {
            name: Some(signal.into()),
            kind: SpanKind::Human,
            attributes,
            waits: true,
            ..Details::default()
        };
        let span = call.child_with(details);
        if let Some(open) = span.recorded() {
            open.recorder.event(
                Of::Trace(open.trace_id),
                EventKind::WaitingOnSignal {
                    wait_id: span.id(),
                    signal_name: signal.to_owned(),
                    prompt,
                    schema: schema.and_then(|schema| serde_json::from_str(schema.get()).ok()),
                },
            );
        }
        Self(Some(span), signal)
    }

    pub(super) fn answered(mut self, message: &Message<'_>) {
        let Some(span) = self.0.take() else { return };
        let outcome: Outcome<'_> =
            message.result.and_then(|given| serde_json::from_str(given.get()).ok()).unwrap_or_default();
        let word = match outcome.action.as_deref() {
            _ if message.error.is_some() => "denied",
            Some("decline") => "denied",
            Some("cancel") => "cancelled",
            _ => "answered",
        };
        let answer = outcome.content.or(message.result).or(message.error);
        span.set(|change| {
            change.attributes.set(WAIT_OUTCOME, word);
            if let Some(answer) = answer {
                change.attributes.set(WAIT_ANSWER, answer.get().to_owned());
            }
        });
        if let Some(open) = span.recorded() {
            open.recorder.event(
                Of::Trace(open.trace_id),
                EventKind::SignalReceived {
                    signal_name: self.1.to_owned(),
                    wait_id: span.id(),
                    decision: Some(word.into()),
                    by: None,
                    from: None,
                },
            );
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(span) = self.0.take() {
            span.attribute(WAIT_OUTCOME, "dropped");
        }
    }
}

/// What one HTTP exchange is about.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) talk: Arc<Talk>,
    pub(super) calls: Vec<Arc<Call>>,
    /// Questions that its answer asked.
    pub(super) asked: Vec<String>,
    pub(super) over: bool,
    /// The client ends a request by closing its answer, as from 2026-07-28 on.
    pub(super) closing_cancels: bool,
}

impl Exchange {
    pub(super) fn add(&mut self, call: Arc<Call>) {
        let mut calls: parking_lot::MutexGuard<'_, HashMap<_, _>> = self.talk.calls.lock();
        if calls.len() < MAX_OPEN {
            calls.insert(call.id.clone(), Arc::clone(&call));
        }
        drop(calls);
        self.calls.push(call);
    }

    fn find(&self, fits: impl Fn(&Call) -> bool) -> Option<Arc<Call>> {
        let own = self.calls.iter().find(|call| fits(call)).cloned();
        own.or_else(|| self.talk.calls.lock().values().find(|call| fits(call)).cloned())
    }

    /// What the server says, as one body or one event.
    pub(super) fn said(&mut self, data: &Bytes) {
        let Ok(messages) = Message::read(data) else { return };
        for message in &messages {
            self.heard(message);
        }
    }

    fn heard(&mut self, message: &Message<'_>) {
        let id = message.id.map(RawValue::get);
        match (message.method.as_deref(), id) {
            (None, Some(id)) => {
                if let Some(call) = self.find(|call| call.id == id) {
                    call.answered(&self.talk, message);
                }
            }
            (Some("notifications/progress"), None) => {
                let params = message.params();
                let token = params.progress_token.map(RawValue::get);
                let Some(call) = self.find(|call| token.is_some() && call.token.as_deref() == token) else {
                    return;
                };
                let percent = params.progress.zip(params.total).map(|(done, of)| done / of * 100.0);
                let words = params.message.as_deref().unwrap_or_default().to_owned();
                call.tell(|span| EventKind::progress(span.id(), percent, words));
            }
            (Some(method @ ("elicitation/create" | "sampling/createMessage")), Some(id)) => {
                let signal = if method == "elicitation/create" { "elicitation" } else { "sampling" };
                let Some(call) = self.find(|_| true) else { return };
                let wait = call.span.lock().as_ref().map(|span| Wait::begin(span, signal, &message.params()));
                let mut waits = self.talk.waits.lock();
                if let Some(wait) = wait
                    && waits.len() < MAX_OPEN
                {
                    waits.insert(id.to_owned(), wait);
                    self.asked.push(id.to_owned());
                }
            }
            _ => {}
        }
    }

    /// The answer came to its end: what has no result yet gets none, or it was not looked at.
    pub(super) fn ended(&mut self, error: Option<&str>, unread: Option<&'static str>) {
        self.over = true;
        for call in std::mem::take(&mut self.calls) {
            let error = match unread {
                None => Some(error.unwrap_or("the answer has no result").to_owned()),
                Some(_) => error.map(str::to_owned),
            };
            call.end(&self.talk, error, |set| {
                if let Some(unread) = unread {
                    set.set("inspector.mcp.body", unread);
                }
            });
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        {
            let mut waits = self.talk.waits.lock();
            self.asked.drain(..).for_each(|id| _ = waits.remove(&id));
        }
        if self.over {
            return;
        }
        for call in std::mem::take(&mut self.calls) {
            if self.closing_cancels {
                call.cancelled(&self.talk, "the client closed the answer");
            } else {
                call.end(&self.talk, Some("the connection closed before the result".to_owned()), |set| {
                    set.set("error.type", "disconnected");
                });
            }
        }
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
