//! The official Rust SDK's server, behind its own kind of transport.

use agent_inspector::model::SpanKind;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolRequestParams, ElicitResult, ElicitationAction};
use rmcp::service::{RequestContext, RoleClient};
use rmcp::{ClientHandler, ServiceExt, tool, tool_router};
use serde::Deserialize;

use super::*;

#[derive(Clone)]
struct Tools;

#[derive(Deserialize, rmcp::schemars::JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Word {
    word: String,
}

#[tool_router(server_handler)]
impl Tools {
    #[tool(description = "Says a word")]
    async fn say(&self, Parameters(Word { word }): Parameters<Word>) -> Result<String, String> {
        let session = agent_inspector::current_session().ok_or("nowhere")?;
        session.span(SpanKind::Llm, "inner").finish();
        if word.is_empty() { Err("nothing to say".to_owned()) } else { Ok(word) }
    }
}

#[derive(Clone)]
struct Client;

impl ClientHandler for Client {
    async fn create_elicitation(
        &self,
        _: rmcp::model::ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, rmcp::ErrorData> {
        Ok(ElicitResult::new(ElicitationAction::Accept))
    }
}

#[tokio::test]
async fn without_http_a_wrapped_handler_is_a_session_of_its_own_with_everything_in_it() {
    let host = Host::in_memory();
    let (here, there) = tokio::io::duplex(64 * 1024);
    let server = host.inspector.mcp_layer().handler(Tools);
    let serving = tokio::spawn(async move { server.serve(there).await.unwrap().waiting().await.unwrap() });
    let client = Client.serve(here).await.unwrap();
    let say = |word: &str| {
        let arguments = json!({ "word": word }).as_object().cloned().unwrap();
        client.call_tool(CallToolRequestParams::new("say").with_arguments(arguments))
    };
    assert_eq!(say("hello").await.unwrap().is_error, Some(false));
    assert_eq!(say("").await.unwrap().is_error, Some(true));
    let (session, spans) = only(&host).await;
    assert_eq!((&session["engine"], &session["status"]), (&json!("mcp-inbound"), &json!("running")));
    let calls: Vec<_> = spans.iter().filter(|span| span["name"] == "tools/call say").collect();
    assert_eq!(calls.len(), 2);
    assert!(calls[0]["attributes"].to_string().contains("hello"), "{}", calls[0]);
    assert!(calls[1]["error"].as_str().unwrap().contains("nothing to say"), "{}", calls[1]);
    let inner: Vec<_> = spans.iter().filter(|span| span["name"] == "inner").collect();
    assert_eq!(inner[0]["parent_span_id"], calls[0]["span_id"]);
    assert!(client.call_tool(CallToolRequestParams::new("none")).await.is_err());
    client.cancel().await.unwrap();
    serving.await.unwrap();
    let (session, spans) = only(&host).await;
    assert_eq!(session["status"], "completed");
    assert_eq!(named(&spans, "tools/call none")["status"], "error");
}

#[tokio::test]
async fn a_wrapped_handler_of_a_disabled_inspector_is_the_handler() {
    let (here, there) = tokio::io::duplex(4096);
    let server = Inspector::disabled().mcp_layer().handler(Tools);
    let serving = tokio::spawn(async move { server.serve(there).await.unwrap().waiting().await.unwrap() });
    let client = Client.serve(here).await.unwrap();
    assert_eq!(client.list_all_tools().await.unwrap()[0].name, "say");
    client.cancel().await.unwrap();
    serving.await.unwrap();
}
