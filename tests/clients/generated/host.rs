//! A host for the tests of generated clients: some sessions that are always the same, and a token that everybody needs.
//!
//! It says its address on the first line of its output and ends when its input ends, so it outlives no test. `POST /work`
//! runs one more session, for readers of the live stream.
#![expect(clippy::print_stdout, reason = "it tells its address to the test that started it")]

use std::io;
use std::net::SocketAddr;

use agent_inspector::Inspector;
use agent_inspector::model::{SessionId, SpanKind};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (Some(directory), Some(token)) = (arguments.next(), arguments.next()) else {
        return Err("usage: client-host DIRECTORY TOKEN".into());
    };
    let inspector = Inspector::builder().data_dir(directory).token(&token)?.require_token().build()?;
    // The clients page through the list, so the order in which they began matters.
    for (id, fails) in [("monday", false), ("tuesday", true), ("wednesday", false), ("thursday", false)] {
        run(&inspector, id, fails)?;
    }
    inspector.settle().await;

    let host = Router::new().route("/work", post(work)).with_state(inspector.clone());
    let app = inspector.mount(host, "/_inspector");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            input_ended().await;
            inspector.shutdown().await;
        })
        .await?;
    Ok(())
}

/// One run of an agent: a model call and a tool call.
fn run(inspector: &Inspector, id: &str, fails: bool) -> Result<(), Failure> {
    let session =
        inspector.session(format!("The weather of {id}")).id(SessionId::parse(id)?).agent("weather");
    let session = session.tag("forecast").start();
    let mut agent = session.span(SpanKind::Agent, "invoke_agent weather");
    let call = agent.child(SpanKind::Llm, "chat gpt-5-mini");
    call.attribute("gen_ai.request.model", "gpt-5-mini");
    call.attribute("gen_ai.usage.input_tokens", 1200_i64);
    call.attribute("gen_ai.usage.output_tokens", 40_i64);
    call.finish();
    let tool = agent.child(SpanKind::Tool, "execute_tool forecast");
    tool.json("mcp.tool.input_json", &json!({ "city": "Paris", "day": id }));
    tool.finish();
    if fails {
        agent.error("the forecast is not there yet");
        agent.finish();
        session.fail("the forecast is not there yet");
    } else {
        agent.finish();
        session.result("answer", &"Rain in the evening.");
        session.finish();
    }
    Ok(())
}

async fn work(State(inspector): State<Inspector>, id: String) -> StatusCode {
    match run(&inspector, &id, false) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// Waits on a thread of its own: a read of the input cannot be called off, and would keep the runtime from ending.
async fn input_ended() {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        // Whatever ends it, nobody is there any more.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
