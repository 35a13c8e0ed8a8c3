//! Signs of life in the stream.

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use serde_json::Value;

use crate::serve::Served;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_host_says_every_ten_seconds_what_it_has_done_since() {
    let served = Served::new(Inspector::builder().in_memory().build().unwrap(), true).await;
    let wire = served.ask("/events?types=Heartbeat", "").until("retry: 2000").await;
    let session = served.inspector.session("alive").start();
    drop(session.span(SpanKind::Tool, "look"));
    let ended = served.inspector.session("over").start();
    ended.finish();
    let wire = wire.until("\"type\":\"Heartbeat\"").await.until("}}\n\n").await;
    let data: Vec<&str> = wire.read.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let [beat] = data[..] else { panic!("only what runs gives signs of life: {data:?}") };
    let beat: Value = serde_json::from_str(beat).unwrap();
    assert_eq!(beat["session_id"], session.id().as_str());
    assert_eq!((&beat["deltas"]["spans"], &beat["deltas"]["tool_calls"]), (&2.into(), &1.into()));
    assert_eq!(beat["open_spans"], 1);
}
