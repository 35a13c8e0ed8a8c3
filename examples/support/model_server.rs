//! A chat completions server without a model in it, so that the quickstart runs offline and without an account.
//!
//! It speaks the protocol over a real connection, and what it answers follows from the conversation: see
//! [`script`](super::script).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::model::Model;
use super::protocol::{ChatRequest, ChatResponse, Choice, Message, PromptDetails, Usage};
use super::script;

/// What the model is called.
pub(crate) const MODEL: &str = "scripted-1";

/// How long it pretends to think when `SCRIPTED_MODEL_DELAY_MS` does not say, so that a run can be watched.
const DEFAULT_DELAY: Duration = Duration::from_millis(400);

/// The shortest beginning of a conversation that is taken as cached, and the step above it, in tokens.
const CACHE_STEP: u64 = 64;

/// Starts the server on a free loopback port, for as long as the runtime lives, and gives the model behind it.
///
/// # Errors
///
/// When there is no loopback port to be had.
pub(crate) async fn start() -> io::Result<Model> {
    let address = serve(delay()).await?;
    Ok(Model::new("scripted", &format!("http://{address}/v1"), None, MODEL))
}

/// How long it pretends to think.
pub(crate) fn delay() -> Duration {
    let said = std::env::var("SCRIPTED_MODEL_DELAY_MS").ok().and_then(|text| text.parse().ok());
    said.map_or(DEFAULT_DELAY, Duration::from_millis)
}

/// Starts the server and gives its address.
///
/// # Errors
///
/// When there is no loopback port to be had.
pub(crate) async fn serve(delay: Duration) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let app = Router::new().route("/v1/chat/completions", post(complete)).with_state(delay);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

async fn complete(State(delay): State<Duration>, Json(request): Json<ChatRequest>) -> Json<ChatResponse> {
    let message = script::next_message(&request.messages);
    let usage = usage(&request.messages, &message);
    // Like a model: the more it says, the longer it takes.
    tokio::time::sleep(delay.mul_f64(1.0 + usage.completion_tokens.min(200) as f64 / 200.0)).await;
    let finish_reason = if message.calls().is_empty() { "stop" } else { "tool_calls" };
    Json(ChatResponse {
        id: format!("chatcmpl-{}", request.messages.len()),
        model: MODEL.to_owned(),
        choices: vec![Choice { message, finish_reason: Some(finish_reason.to_owned()) }],
        usage: Some(usage),
    })
}

/// Counts four bytes as a token. What was sent with the request before this one counts as cached.
fn usage(messages: &[Message], answer: &Message) -> Usage {
    let tokens =
        |messages: &[Message]| serde_json::to_string(messages).map_or(0, |json| json.len() as u64 / 4);
    let sent_before = messages.iter().rposition(|message| message.role == "assistant").unwrap_or(0);
    Usage {
        prompt_tokens: tokens(messages),
        completion_tokens: tokens(std::slice::from_ref(answer)),
        prompt_tokens_details: Some(PromptDetails {
            cached_tokens: tokens(&messages[..sent_before]) / CACHE_STEP * CACHE_STEP,
        }),
        completion_tokens_details: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::support::tools::Tools;

    #[tokio::test]
    async fn a_conversation_goes_from_tools_to_an_answer_over_the_wire() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("README.md"), "# Demo\nA kettle boils water.\n").unwrap();
        let tools = Tools::new(directory.path()).unwrap();
        let address = serve(Duration::ZERO).await.unwrap();
        let model = Model::new("scripted", &format!("http://{address}/v1/"), Some("key"), MODEL);

        let mut messages = vec![Message::text("user", "What does \"kettle\" mean here?")];
        let mut used = Vec::new();
        let answer = loop {
            let response = model.complete(messages.clone(), Tools::descriptions()).await.unwrap();
            assert_eq!(response.model, MODEL);
            let usage = response.usage.unwrap();
            assert!(usage.prompt_tokens >= usage.prompt_tokens_details.unwrap().cached_tokens);
            let choice = response.choices.into_iter().next().unwrap();
            messages.push(choice.message.clone());
            if choice.message.calls().is_empty() {
                assert_eq!(choice.finish_reason.as_deref(), Some("stop"));
                break choice.message.content.unwrap();
            }
            assert_eq!(choice.finish_reason.as_deref(), Some("tool_calls"));
            for call in choice.message.calls() {
                used.push(call.function.name.clone());
                let result = tools.call(&call.function.name, &call.function.arguments).unwrap();
                messages.push(Message::tool_result(&call.id, result.to_string()));
            }
        };
        assert_eq!(used, ["list_files", "search_text", "read_file"]);
        assert!(answer.contains("> A kettle boils water."), "{answer}");
    }

    #[tokio::test]
    async fn a_request_that_is_not_understood_is_refused_with_a_reason() {
        let address = serve(Duration::ZERO).await.unwrap();
        let response = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            agent.post(format!("http://{address}/v1/chat/completions")).send_json(json!({ "model": 1 }))
        });
        assert_eq!(response.await.unwrap().unwrap().status().as_u16(), 422);
    }

    #[test]
    fn what_was_sent_before_counts_as_cached() {
        let long = "word ".repeat(200);
        let first = [Message::text("system", &*long), Message::text("user", "task")];
        let answer = Message::text("assistant", "answer");
        assert_eq!(usage(&first, &answer).prompt_tokens_details.unwrap().cached_tokens, 0);
        let second =
            [first[0].clone(), first[1].clone(), answer.clone(), Message::tool_result("1", "done".into())];
        let cached = usage(&second, &answer).prompt_tokens_details.unwrap().cached_tokens;
        assert_eq!(cached, 256);
    }
}
