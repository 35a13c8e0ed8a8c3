//! Histories as the service writes them, and as it never should, as spans.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use serde_json::json;
use temporalio_common::protos::temporal::api::common::v1::{ActivityType, Memo, Payloads, WorkflowExecution};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as Told;
use temporalio_common::protos::temporal::api::history::v1::*;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;

use super::history::History;
use super::payload::plain;
use super::run::Run;
use super::tree::Tree;
use super::wait::{WAITING_ON, Wait};
use crate::model::{AttributeValue, EventId, Span, SpanKind, StatusCode, Timestamp, pre_order};
use crate::registry::MAX_REGISTRY_SPANS;

fn history() -> History {
    let run = Run { workflow_id: "order".into(), run_id: "01a225ed-e261-7267-95ac-84ba8dd27f0f".into() };
    History::new(Tree::new(&run, "Order", second(0), "default").unwrap())
}

fn second(number: u64) -> Timestamp {
    Timestamp::EPOCH.plus(Duration::from_secs(number))
}

fn event(id: i64, told: Told) -> HistoryEvent {
    let at = UNIX_EPOCH + Duration::from_secs(id.unsigned_abs() % 1_000_000);
    HistoryEvent { event_id: id, event_time: Some(at.into()), attributes: Some(told), ..Default::default() }
}

fn input(value: &serde_json::Value) -> Option<Payloads> {
    Some(Payloads { payloads: vec![plain(value)] })
}

fn scheduled(id: i64, name: &str) -> HistoryEvent {
    event(
        id,
        Told::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
            activity_id: id.to_string(),
            activity_type: Some(ActivityType { name: name.to_owned() }),
            input: input(&json!({"n": 1})),
            ..Default::default()
        }),
    )
}

fn memo(id: i64, value: &serde_json::Value) -> HistoryEvent {
    let fields = [(WAITING_ON.to_owned(), plain(value))].into_iter().collect();
    event(
        id,
        Told::WorkflowPropertiesModifiedEventAttributes(WorkflowPropertiesModifiedEventAttributes {
            upserted_memo: Some(Memo { fields }),
            ..Default::default()
        }),
    )
}

fn signaled(id: i64, name: &str) -> HistoryEvent {
    event(
        id,
        Told::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
            signal_name: name.to_owned(),
            input: input(&json!("yes")),
            ..Default::default()
        }),
    )
}

fn failure(message: &str) -> Option<Failure> {
    Some(Failure { message: message.to_owned(), ..Default::default() })
}

fn failed(id: i64) -> HistoryEvent {
    event(
        id,
        Told::WorkflowExecutionFailedEventAttributes(WorkflowExecutionFailedEventAttributes {
            failure: failure("boom"),
            ..Default::default()
        }),
    )
}

fn read(events: &[HistoryEvent]) -> Vec<Span> {
    let mut history = history();
    events.iter().for_each(|event| history.event(event));
    history.finish(None, None, None)
}

#[test]
fn an_activity_is_a_tool_call_from_its_schedule_to_its_end_with_its_attempts() {
    let started = ActivityTaskStartedEventAttributes {
        scheduled_event_id: 5,
        attempt: 3,
        last_failure: failure("locked"),
        ..Default::default()
    };
    let completed = ActivityTaskCompletedEventAttributes {
        scheduled_event_id: 5,
        result: input(&json!([2])),
        ..Default::default()
    };
    let spans = read(&[
        scheduled(5, "reserve"),
        event(6, Told::ActivityTaskStartedEventAttributes(started)),
        event(7, Told::ActivityTaskCompletedEventAttributes(completed)),
    ]);
    let span = &spans[1];
    assert_eq!(
        (span.name.as_str(), span.kind, span.status.code),
        ("reserve", SpanKind::Tool, StatusCode::Ok)
    );
    assert_eq!((span.start_time, span.end_time), (second(5), Some(second(7))));
    assert_eq!(span.parent_span_id, Some(spans[0].span_id));
    let names: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["attempt failed", "started"]);
    assert_eq!(serde_json::to_value(span.attributes.get("gen_ai.tool.call.result")).unwrap(), json!([2]));
    assert_eq!(spans[0].end_time, None);
}

#[test]
fn what_still_runs_tells_its_attempts_and_ends_with_the_workflow() {
    let mut history = history();
    history.event(&scheduled(5, "reserve"));
    history.pending(&PendingActivityInfo {
        activity_id: "5".into(),
        attempt: 7,
        last_failure: failure("locked"),
        ..Default::default()
    });
    history.event(&failed(9));
    let spans = history.finish(None, None, None);
    assert_eq!(spans[1].attributes.get("temporal.attempt").and_then(AttributeValue::as_count), Some(7));
    assert!(spans[1].abandoned && spans[1].end_time == Some(second(9)));
    assert_eq!(spans[0].error.as_ref().unwrap().one_line(), "boom");
    assert!(!spans[0].abandoned);
}

#[test]
fn a_wait_lasts_until_the_workflow_says_something_else_and_has_its_answer() {
    let spans = read(&[
        memo(4, &json!({"signal_name": "approval", "prompt": "Ship?"})),
        signaled(6, "approval"),
        memo(9, &json!(null)),
    ]);
    let [_, wait, signal] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((wait.name.as_str(), wait.kind), ("wait for approval", SpanKind::Human));
    assert_eq!((wait.start_time, wait.end_time), (second(4), Some(second(9))));
    assert_eq!(wait.attributes.text("output.value"), Some("yes"));
    assert_eq!((signal.start_time, signal.end_time), (second(6), Some(second(6))));
}

#[test]
fn a_wait_that_is_told_when_asked_is_open_unless_the_history_has_one() {
    let asked = || Some((Wait { signal: "name".into(), prompt: None, since: None }, second(3)));
    let spans = history().finish(None, asked(), None);
    assert_eq!((spans[1].kind, spans[1].end_time), (SpanKind::Human, None));
    let mut history = history();
    history.event(&memo(4, &json!("name")));
    assert_eq!(history.finish(None, asked(), Some("the rest")).len(), 2);
}

#[test]
fn a_child_is_linked_to_the_session_that_it_is() {
    let initiated = StartChildWorkflowExecutionInitiatedEventAttributes {
        workflow_id: "order/ship".into(),
        ..Default::default()
    };
    let run_id = "01a225ed-ea78-70e9-be11-256410d3eee6";
    let started = ChildWorkflowExecutionStartedEventAttributes {
        initiated_event_id: 5,
        workflow_execution: Some(WorkflowExecution {
            workflow_id: "order/ship".into(),
            run_id: run_id.into(),
        }),
        ..Default::default()
    };
    let spans = read(&[
        event(5, Told::StartChildWorkflowExecutionInitiatedEventAttributes(initiated)),
        event(6, Told::ChildWorkflowExecutionStartedEventAttributes(started)),
    ]);
    let link = &spans[1].links[0];
    assert_eq!(link.trace_id.to_string(), run_id.replace('-', ""));
    assert_eq!(link.attributes.text("session.id"), Some(format!("order~2fship.{run_id}").as_str()));
}

#[test]
fn a_history_without_end_is_bounded_and_says_what_is_left_out() {
    let mut history = history();
    for id in 0..i64::try_from(MAX_REGISTRY_SPANS).unwrap() + 5 {
        history.event(&signaled(id + 2, "tick"));
    }
    let spans = history.finish(None, None, None);
    assert_eq!(spans.len(), MAX_REGISTRY_SPANS);
    assert_eq!(spans[0].attributes.get("temporal.left_out").and_then(AttributeValue::as_count), Some(6));
}

/// Events as they may come, also those that end what never began.
fn any_event() -> impl Strategy<Value = HistoryEvent> {
    let id = prop_oneof![5 => 1_i64..12, 1 => any::<i64>()];
    (id.clone(), id, 0_u8..14, ".{0,12}").prop_map(|(id, of, kind, text)| match kind {
        0 => scheduled(id, &text),
        1 => memo(id, &json!(text)),
        2 => memo(id, &json!(null)),
        3 => signaled(id, &text),
        4 => failed(id),
        5 => event(
            id,
            Told::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
                scheduled_event_id: of,
                ..Default::default()
            }),
        ),
        6 => event(
            id,
            Told::ActivityTaskCompletedEventAttributes(ActivityTaskCompletedEventAttributes {
                scheduled_event_id: of,
                ..Default::default()
            }),
        ),
        7 => event(
            id,
            Told::ActivityTaskFailedEventAttributes(ActivityTaskFailedEventAttributes {
                scheduled_event_id: of,
                failure: failure(&text),
                ..Default::default()
            }),
        ),
        8 => event(id, Told::TimerStartedEventAttributes(TimerStartedEventAttributes::default())),
        9 => event(
            id,
            Told::TimerFiredEventAttributes(TimerFiredEventAttributes {
                started_event_id: of,
                ..Default::default()
            }),
        ),
        10 => event(
            id,
            Told::StartChildWorkflowExecutionInitiatedEventAttributes(
                StartChildWorkflowExecutionInitiatedEventAttributes {
                    workflow_id: text,
                    ..Default::default()
                },
            ),
        ),
        11 => event(
            id,
            Told::ChildWorkflowExecutionCompletedEventAttributes(
                ChildWorkflowExecutionCompletedEventAttributes {
                    initiated_event_id: of,
                    ..Default::default()
                },
            ),
        ),
        12 => HistoryEvent { event_id: id, event_type: i32::from(kind) * 1000, ..Default::default() },
        _ => event(
            id,
            Told::WorkflowExecutionStartedEventAttributes(WorkflowExecutionStartedEventAttributes {
                continued_execution_run_id: text,
                ..Default::default()
            }),
        ),
    })
}

proptest! {
    #[test]
    fn any_history_is_one_tree_of_spans_that_end_after_they_began(
        events in proptest::collection::vec(any_event(), 0..60),
    ) {
        let spans = read(&events);
        for span in &spans {
            prop_assert!(span.end_time.is_none_or(|end| end >= span.start_time));
        }
        let ended = events.iter().any(|event| {
            matches!(event.attributes, Some(Told::WorkflowExecutionFailedEventAttributes(_)))
        });
        prop_assert_eq!(spans[0].end_time.is_some(), ended);
        let rows = pre_order(spans.iter().map(|span| span.summary(EventId(0))).collect());
        prop_assert_eq!(rows.len(), spans.len());
        prop_assert!(rows.iter().all(|row| !row.span.placeholder && (row.depth == 0) == (row.span.parent_span_id.is_none())));
    }
}
