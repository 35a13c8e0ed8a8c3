//! The generated Rust client against a served inspector.

use agent_inspector_client::apis::configuration::Configuration;
use agent_inspector_client::apis::spans_api::{ListSpansParams, list_spans};
use agent_inspector_client::models::{Event, SessionStatus, SpanKind};
use agent_inspector_client_test::{InspectorError, connect, failed, find, follow, query, sessions, trace};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by run.sh"))
}

fn inspector() -> Configuration {
    connect(&variable("INSPECTOR"), &variable("INSPECTOR_TOKEN"))
}

#[tokio::test]
async fn sessions_are_listed_by_a_filter() {
    let ids: Vec<_> = failed(&inspector()).await.unwrap().into_iter().map(|session| session.id).collect();
    assert_eq!(ids, ["tuesday"]);
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let found = sessions(&inspector(), query(SessionStatus::Completed, 2)).await.unwrap();
    // Other clients run sessions too.
    let ids: Vec<_> =
        found.iter().map(|session| session.id.as_str()).filter(|id| id.ends_with("day")).collect();
    assert_eq!(ids, ["thursday", "wednesday", "monday"]);
}

#[tokio::test]
async fn a_trace_is_read_as_spans() {
    let spans = trace(&inspector(), "monday").await.unwrap();
    assert_eq!(spans.len(), 4);
    assert!(spans.values().all(|span| span.end_time.is_some()));
    let call = spans.values().find(|span| span.kind == SpanKind::Llm).unwrap();
    assert_eq!(call.usage.as_ref().unwrap().input_tokens, Some(1200));
}

#[tokio::test]
async fn a_span_tree_is_read_in_the_order_of_the_tree() {
    let wanted =
        ListSpansParams { id: "monday".to_owned(), limit: None, cursor: None, since: None, details: None };
    let tree = list_spans(&inspector(), wanted).await.unwrap();
    let rows: Vec<_> = tree.spans.iter().map(|span| (span.depth, span.kind)).collect();
    let expected = [(0, SpanKind::Workflow), (1, SpanKind::Agent), (2, SpanKind::Llm), (2, SpanKind::Tool)];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn what_is_not_there_is_a_typed_problem() {
    assert!(find(&inspector(), "nowhere").await.unwrap().is_none());
    let wanted =
        ListSpansParams { id: "nowhere".to_owned(), limit: None, cursor: None, since: None, details: None };
    let error = list_spans(&inspector(), wanted).await.map_err(InspectorError::from).unwrap_err();
    let InspectorError::Answered(problem) = error else { panic!("{error:?}") };
    assert_eq!((problem.status, problem.code.as_str()), (404, "session_not_found"));
    assert_eq!(problem.title, "There is no such session");
    assert!(problem.detail.unwrap().contains("nowhere"));
}

#[tokio::test]
async fn without_the_token_the_problem_says_what_to_do() {
    let stranger = connect(&variable("INSPECTOR"), "another-token-than-that");
    let error = failed(&stranger).await.unwrap_err();
    let InspectorError::Answered(problem) = error else { panic!("{error:?}") };
    assert_eq!((problem.status, problem.code.as_str()), (401, "sign_in_required"));
}

/// The events after `after` until the session `id` has finished.
async fn events_until_finished(id: &str, after: u64) -> Vec<Event> {
    let mut events = Vec::new();
    let finished = |event: Event| {
        events.push(event);
        matches!(events.last(), Some(Event::SessionFinished(last)) if last.session.id == id)
    };
    follow(&inspector(), Some(after), finished).await.unwrap();
    events
}

#[tokio::test]
async fn the_live_stream_goes_on_where_a_reader_left_it() {
    let work = variable("INSPECTOR").replace("/_inspector", "/work");
    reqwest::Client::new().post(work).body("rust").send().await.unwrap().error_for_status().unwrap();
    // From the beginning of what is kept.
    let events = events_until_finished("rust", 0).await;
    let begins = |event: &Event| matches!(event, Event::SessionStarted(first) if first.session.id == "rust");
    let at = events.iter().position(begins).unwrap();
    let Event::SessionStarted(first) = &events[at] else { panic!("it is one, see above") };
    assert_eq!(first.session.title, "The weather of rust");
    assert_eq!(events_until_finished("rust", first.id).await, &events[at + 1..]);
}
