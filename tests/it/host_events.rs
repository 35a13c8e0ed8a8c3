//! The live stream, read by the host itself.

use agent_inspector::Inspector;
use serde_json::Value;

#[tokio::test]
async fn the_host_reads_each_event_once_and_in_order_until_the_end() {
    let inspector = Inspector::builder().in_memory().build().unwrap();
    let mut events = inspector.events();
    let reader = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(event);
        }
        seen
    });
    for number in 0..500 {
        inspector.emit("counted", number.into());
    }
    inspector.settle().await;
    inspector.shutdown().await;
    let seen = reader.await.unwrap();
    assert!(seen.is_sorted_by_key(|event| event.id()));
    let numbers: Vec<u64> = seen
        .iter()
        .filter(|event| event.event_type() == "Custom")
        .map(|event| serde_json::from_slice::<Value>(event.json()).unwrap()["data"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_nobody_has_any_more_is_announced() {
    let inspector = Inspector::builder().in_memory().ring(8, 1 << 20).build().unwrap();
    let mut events = inspector.events();
    for round in 0..60 {
        for number in 0..1000 {
            inspector.emit("counted", (round * 1000 + number).into());
        }
        inspector.settle().await;
    }
    let first = events.next().await.unwrap();
    assert_eq!(first.event_type(), "Gap");
    let gap: Value = serde_json::from_slice(first.json()).unwrap();
    assert!(gap["at_most"].as_u64().unwrap() > 0, "{gap}");
    assert_eq!(events.next().await.unwrap().event_type(), "Custom");
}

#[tokio::test]
async fn an_inspector_that_is_switched_off_has_no_events() {
    assert!(Inspector::disabled().events().next().await.is_none());
}
