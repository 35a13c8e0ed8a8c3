//! What was recorded outlives the host.

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use serde_json::json;

use crate::faults::part;
use crate::support::Host;

/// Set for the copy of this test program that plays the host.
pub(crate) const HOST_DIR: &str = "AGENT_INSPECTOR_TEST_HOST_DIR";

#[tokio::test]
async fn a_restarted_host_finds_the_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = Host::in_dir(dir.path());
    let session = first.inspector.session("yesterday").start();
    session.span(SpanKind::Tool, "read_file").attribute("path", "src/lib.rs");
    session.finish();
    first.inspector.shutdown().await;
    drop(first);

    let second = Host::in_dir(dir.path());
    let found = second.get("/sessions").await;
    assert_eq!(found["sessions"][0]["title"], "yesterday");
    let tree = second.get(&format!("/sessions/{}/spans", session.id())).await;
    assert_eq!(tree["total"], 2);
    let span = tree["spans"][1]["span_id"].as_str().unwrap();
    let span = second.get(&format!("/sessions/{}/spans/{span}", session.id())).await;
    assert_eq!(span["attributes"]["path"], "src/lib.rs");
}

#[tokio::test]
async fn waiting_for_an_inspector_that_was_shut_down_ends() {
    let host = Host::in_memory();
    let (one, two) = (host.inspector.clone(), host.inspector.clone());
    let together = tokio::join!(one.shutdown(), two.settle(), two.shutdown());
    assert_eq!(together, ((), (), ()));
    host.inspector.session("too late").start().finish();
    host.inspector.settle().await;
    host.inspector.closed().await;
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written_is_said_and_lived_with() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let host = Host::in_dir(&file.path().join("below-a-file"));
    let session = host.inspector.session("still seen").start();
    session.finish();
    host.inspector.settle().await;
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "completed");
    let health = host.get("/health").await;
    assert_eq!((&health["status"], &health["store"]["kind"]), (&json!("degraded"), &json!("memory")));
    let history = part(&health, "history");
    assert!(history["why"].as_str().unwrap().contains("memory only"), "{history}");
}

#[tokio::test]
async fn a_damaged_history_is_moved_aside_and_the_health_page_says_where() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("inspector.db"), vec![b'x'; 20_000]).unwrap();
    let host = Host::in_dir(dir.path());
    host.inspector.session("in a new one").start().finish();
    host.inspector.settle().await;
    let health = host.get("/health").await;
    assert_eq!((&health["status"], &health["store"]["kind"]), (&json!("degraded"), &json!("sqlite")));
    let why = part(&health, "history")["why"].as_str().unwrap();
    let (_, aside) = why.split_once("it was moved to ").unwrap();
    assert_eq!(std::fs::read(aside).unwrap(), vec![b'x'; 20_000]);
    assert_eq!(host.get("/sessions").await["sessions"][0]["title"], "in a new one");
}

/// Not a test of its own: the copy of this program that `kill::what_was_acknowledged_survives_a_kill` starts and kills.
#[tokio::test]
async fn plays_the_host_when_asked() {
    let Ok(dir) = std::env::var(HOST_DIR) else { return };
    let inspector = Inspector::builder().data_dir(dir).build().unwrap();
    let running = inspector.session("running when killed").start();
    running.span(SpanKind::Llm, "chat").attribute("gen_ai.request.model", "m");
    inspector.settle().await;
    let app: axum::Router = inspector.mount(axum::Router::new(), "/_inspector");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("\nlistening on {}", listener.local_addr().unwrap());
    let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).await.unwrap();
}
