//! A tool-calling loop, and how it is recorded.
//!
//! Both ways of recording meet here. The session and the agent's span are written with the inspector's own API; the
//! model and tool calls are plain `tracing` spans with OpenTelemetry's `gen_ai.*` names, as a library that knows
//! nothing of the inspector would write them. They land in one tree.

use std::sync::Arc;

use agent_inspector::model::{SessionId, SpanKind};
use agent_inspector::{Inspector, SessionHandle};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tracing::{Instrument, Span, field::Empty, info_span};

use super::model::{Model, ModelError};
use super::protocol::{ChatResponse, Message, ToolCall, json_or_text};
use super::tools::{ToolError, Tools};

const NAME: &str = "librarian";

const INSTRUCTIONS: &str = "You answer questions about the files in a directory. Look with the tools before you \
    answer, quote what you found, and name the file it stands in.";

/// An agent that has not answered after so many model calls never will.
const MAX_MODEL_CALLS: usize = 12;

/// An agent that answers questions about a directory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Agent {
    inspector: Inspector,
    model: Model,
    tools: Tools,
    // Every run holds a receiver, so the sender knows when the last one has ended.
    stop: Arc<watch::Sender<bool>>,
}

/// One tool call of the plan, as the state panel shows it.
#[derive(Serialize)]
struct Step {
    tool: String,
    arguments: Value,
    outcome: &'static str,
}

/// What a run ends with.
#[derive(Serialize)]
pub(crate) struct Answer {
    pub(crate) text: String,
    model_calls: usize,
    tool_calls: usize,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("the model gave no answer after {MAX_MODEL_CALLS} calls")]
    TooManyCalls,
    #[error("the host was stopped")]
    Stopped,
}

impl Agent {
    pub(crate) fn new(inspector: Inspector, model: Model, tools: Tools) -> Self {
        Self { inspector, model, tools, stop: Arc::new(watch::channel(false).0) }
    }

    /// Starts a run of `task` in a session of its own.
    pub(crate) fn start(&self, task: &str) -> SessionId {
        let title: String = task.chars().take(80).collect();
        let session = self.inspector.session(title).agent(NAME).tag(self.model.provider).start();
        let id = session.id().clone();
        session.emit("task_queued", json!({ "task": task }));

        let (agent, task, mut stopped) = (self.clone(), task.to_owned(), self.stop.subscribe());
        tokio::spawn(async move {
            let run = session.run(agent.run(&session, &task));
            let outcome = tokio::select! {
                outcome = run => outcome,
                _ = stopped.wait_for(|stopped| *stopped) => Err(AgentError::Stopped),
            };
            match outcome {
                Ok(answer) => {
                    session.result("answer", &answer);
                    session.finish();
                }
                Err(error) => session.fail(error.to_string()),
            }
        });
        id
    }

    /// Ends all runs, and waits until they have said so.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }

    /// Answers `task` within a session.
    pub(crate) async fn run(&self, session: &SessionHandle, task: &str) -> Result<Answer, AgentError> {
        let mut span = session.span(SpanKind::Agent, format!("invoke_agent {NAME}"));
        span.attribute("gen_ai.operation.name", "invoke_agent");
        span.attribute("gen_ai.agent.name", NAME);
        let outcome = span.run(self.converse(session, task)).await;
        if let Err(error) = &outcome {
            span.error(error.to_string());
        }
        outcome
    }

    /// Asks the model and runs the tools it asks for, until it answers.
    async fn converse(&self, session: &SessionHandle, task: &str) -> Result<Answer, AgentError> {
        let mut messages = vec![Message::text("system", INSTRUCTIONS), Message::text("user", task)];
        let mut plan: Vec<Step> = Vec::new();
        for model_calls in 1..=MAX_MODEL_CALLS {
            session.progress(None, format!("asking {} (call {model_calls})", self.model.name));
            let message = self.chat(&messages).await?;
            messages.push(message.clone());
            if message.calls().is_empty() {
                let text = message.content.unwrap_or_default();
                return Ok(Answer { text, model_calls, tool_calls: plan.len() });
            }
            for call in message.calls() {
                let (tool, arguments) = (call.function.name.clone(), json_or_text(&call.function.arguments));
                plan.push(Step { tool, arguments, outcome: "running" });
                session.state("plan", &plan);
                let result = self.execute_tool(call).await;
                if let Some(step) = plan.last_mut() {
                    step.outcome = if result.is_ok() { "done" } else { "failed" };
                }
                session.state("plan", &plan);
                // A failed tool is for the model to deal with, not the end of the run.
                let result = result.unwrap_or_else(|error| json!({ "error": error.to_string() }));
                messages.push(Message::tool_result(&call.id, result.to_string()));
            }
        }
        Err(AgentError::TooManyCalls)
    }

    /// One model call. The tools are offered with it.
    pub(crate) async fn chat(&self, messages: &[Message]) -> Result<Message, ModelError> {
        let span = info_span!(
            "chat",
            otel.name = format!("chat {}", self.model.name),
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = self.model.provider,
            gen_ai.request.model = &*self.model.name,
            gen_ai.input.messages = otel_messages(messages),
            gen_ai.output.messages = Empty,
            gen_ai.response.id = Empty,
            gen_ai.response.model = Empty,
            gen_ai.response.finish_reasons = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.usage.cache_read.input_tokens = Empty,
            gen_ai.usage.reasoning.output_tokens = Empty,
            error.type = Empty,
            otel.status_code = Empty,
            otel.status_description = Empty,
        );
        let answered =
            self.model.complete(messages.to_vec(), Tools::descriptions()).instrument(span.clone()).await;
        let message = answered.and_then(|response| {
            record_response(&span, &response);
            let first = response.choices.into_iter().next();
            first.map(|choice| choice.message).ok_or_else(|| ModelError::Malformed("no choices".to_owned()))
        });
        if let Err(error) = &message {
            record_error(&span, error.class(), error);
        }
        message
    }

    /// One tool call.
    pub(crate) async fn execute_tool(&self, call: &ToolCall) -> Result<Value, ToolError> {
        let span = info_span!(
            "execute_tool",
            otel.name = format!("execute_tool {}", call.function.name),
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = call.function.name,
            gen_ai.tool.r#type = "function",
            gen_ai.tool.call.id = call.id,
            gen_ai.tool.call.arguments = call.function.arguments,
            gen_ai.tool.call.result = Empty,
            error.type = Empty,
            otel.status_code = Empty,
            otel.status_description = Empty,
        );
        let (tools, function, scope) = (self.tools.clone(), call.function.clone(), span.clone());
        // The file system blocks, so the tool runs where that is fine; the span goes along.
        let run = move || scope.in_scope(|| tools.call(&function.name, &function.arguments));
        let result = tokio::task::spawn_blocking(run).await.unwrap_or(Err(ToolError::Panicked));
        match &result {
            Ok(value) => _ = span.record("gen_ai.tool.call.result", value.to_string()),
            Err(error) => record_error(&span, error.class(), error),
        }
        result
    }
}

fn otel_messages(messages: &[Message]) -> String {
    Value::from_iter(messages.iter().map(Message::to_otel)).to_string()
}

fn record_response(span: &Span, response: &ChatResponse) {
    span.record("gen_ai.response.id", &*response.id);
    span.record("gen_ai.response.model", &*response.model);
    if let Some(choice) = response.choices.first() {
        let reason = choice.finish_reason.as_deref().unwrap_or("stop");
        let mut message = choice.message.to_otel();
        message["finish_reason"] = reason.into();
        span.record("gen_ai.output.messages", json!([message]).to_string());
        span.record("gen_ai.response.finish_reasons", json!([reason]).to_string());
    }
    // A server that says nothing about tokens leaves them unknown, which is not zero.
    let Some(usage) = response.usage else { return };
    span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
    span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
    if let Some(details) = usage.prompt_tokens_details {
        span.record("gen_ai.usage.cache_read.input_tokens", details.cached_tokens);
    }
    if let Some(details) = usage.completion_tokens_details {
        span.record("gen_ai.usage.reasoning.output_tokens", details.reasoning_tokens);
    }
}

fn record_error(span: &Span, class: &str, error: &dyn std::error::Error) {
    span.record("error.type", class);
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", error.to_string());
}
