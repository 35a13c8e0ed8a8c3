//! What does not fit is counted by kind and said in the stream.

use agent_inspector::Inspector;
use serde_json::{Value, json};

use crate::serve::{Served, events};

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_records_faster_than_can_be_taken_is_not_held_up_and_the_loss_is_announced() {
    let served = Served::new(Inspector::builder().in_memory().build().unwrap(), true).await;
    let wire = served.ask("/events?types=RecordsDropped", "").until("retry: 2000").await;
    // More than the lane holds; the pump takes longer for each than we do.
    let text = json!("x".repeat(100));
    let emitted = 150_000_u64;
    for _ in 0..emitted {
        served.inspector.emit("flood", text.clone());
    }
    let wire = wire.until("\"RecordsDropped\"").await.until("}}\n\n").await;
    // The reader itself may have fallen behind, which is a gap of its own.
    let mut announced = events(&wire.read);
    announced.retain(|event| event["type"] == "RecordsDropped");
    let total: u64 = announced.iter().map(|event| event["total"].as_u64().unwrap()).sum();
    assert!(total > 0 && announced.iter().all(|event| event["kinds"]["event"] == event["total"]));
    served.inspector.settle().await;
    let health: Value = serde_json::from_slice(&served.curl(&[], "/health").await.stdout).unwrap();
    let counted = |name: &str| health["counters"][name].as_u64().unwrap();
    assert!(counted("dropped_capture") >= total);
    // What was announced was published too, at most once a second.
    let all = counted("dropped_capture") + counted("published");
    assert!((emitted + 1..emitted + 60).contains(&all), "{emitted} emitted, {all} accounted for");
}
