//! Another program that holds the database.

use axum::http::StatusCode;
use rusqlite::Connection;
use serde_json::json;

use crate::faults::part;
use crate::support::Host;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_program_holds_the_database_locked_it_is_said_and_then_all_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::in_dir(dir.path());
    let mut other = Connection::open(dir.path().join("inspector.db")).unwrap();
    let lock = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let session = host.inspector.session("meanwhile").start();
    session.finish();
    // The writer waits for some seconds before it gives up for the first time.
    let why = loop {
        let health = host.get("/health").await;
        if let Some(why) = part(&health, "store")["why"].as_str() {
            break why.to_owned();
        }
        tokio::task::yield_now().await;
    };
    assert!(why.contains("another program holds the database locked"), "{why}");
    let span =
        json!({"traceId": "000000000000000000000000000000aa", "spanId": "00000000000000b1", "name": "x"});
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    assert_eq!(host.post("/v1/traces", &body).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["status"], "completed");
    lock.rollback().unwrap();
    host.inspector.settle().await;
    assert_eq!(part(&host.get("/health").await, "store")["state"], "ok");
    host.inspector.shutdown().await;
    assert_eq!(
        Host::in_dir(dir.path()).get(&format!("/sessions/{}", session.id())).await["title"],
        "meanwhile"
    );
}
