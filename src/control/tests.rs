//! The table of waits.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde_json::json;

use super::*;
use crate::model::{SpanId, Timestamp};

fn question(signal: &str) -> Question {
    Question {
        signal: signal.to_owned(),
        prompt: None,
        schema: None,
        check: None,
        since: Timestamp::EPOCH,
        until: None,
        trace_id: None,
        step: None,
    }
}

fn id(number: u64) -> SpanId {
    SpanId::from_bytes(number.to_be_bytes()).unwrap()
}

fn reply(number: u64) -> Reply {
    Reply { outcome: Outcome::Answered(json!(number)), by: None }
}

fn polled(waiting: &mut Waiting) -> Poll<Reply> {
    std::pin::Pin::new(waiting).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn one_wait_too_many_is_refused_and_room_comes_back() {
    let (waits, session) = (Arc::new(Waits::default()), SessionId::generate());
    let most = MAX_OPEN_WAITS as u64;
    let mut open: Vec<_> =
        (1..=most).map(|number| waits.open(&session, id(number), question("x")).unwrap()).collect();
    assert!(waits.open(&session, id(most + 1), question("x")).is_none());
    drop(open.pop());
    assert!(waits.open(&session, id(most + 1), question("x")).is_some());
    drop(open);
    assert_eq!((waits.len(), waits.any(&session)), (0, false));
}

#[test]
fn an_answer_that_was_taken_before_the_wait_is_given_up_counts() {
    let (waits, session) = (Arc::new(Waits::default()), SessionId::generate());
    let waiting = waits.open(&session, id(1), question("x")).unwrap();
    assert_eq!(waits.answer(&session, ("x", None), &reply(7)), Ok(id(1)));
    assert_eq!(waiting.give_up(), Some(reply(7)));
    assert_eq!(waits.answer(&session, ("x", None), &reply(8)), Err(ControlError::NothingWaits));
}

#[test]
fn a_check_of_the_hosts_that_panics_refuses_the_answer_and_the_wait_goes_on() {
    let (waits, session) = (Arc::new(Waits::default()), SessionId::generate());
    let mut asked = question("x");
    asked.check = Some(Box::new(|answer| if *answer == json!(1) { panic!("of the host's") } else { Ok(()) }));
    let mut waiting = waits.open(&session, id(1), asked).unwrap();
    assert!(matches!(waits.answer(&session, ("x", None), &reply(1)), Err(ControlError::Invalid(_))));
    assert!(polled(&mut waiting).is_pending());
    assert_eq!(waits.answer(&session, ("x", None), &reply(2)), Ok(id(1)));
    assert_eq!(polled(&mut waiting), Poll::Ready(reply(2)));
}

#[test]
fn a_session_that_begins_again_under_its_id_is_not_ended_by_the_first_ones_end() {
    let (controls, session) = (Controls::default(), SessionId::generate());
    let first = controls.begin(&session);
    let second = controls.begin(&session);
    second.listen();
    controls.end(&session, &first);
    assert!(controls.knows(&session) && controls.can_cancel(&session));
    assert_eq!(controls.cancel(&session), Ok(()));
    assert!(second.is_cancelled() && !first.is_cancelled());
    controls.end(&session, &second);
    assert!(!controls.knows(&session));
    assert_eq!(controls.cancel(&session), Err(ControlError::NotFound));
}

#[test]
fn a_schema_names_the_wrong_parts_and_takes_linear_expressions_only() {
    let schema = json!({
        "type": "object",
        "properties": { "to": { "type": "string", "pattern": "^(a+)+$" }, "n": { "type": "integer", "minimum": 1 } },
        "required": ["n"],
    });
    let schema = AnswerSchema::new(schema).unwrap();
    let wrong = schema.check(&json!({ "to": format!("{}!", "a".repeat(50_000)), "n": 0 })).unwrap_err();
    let mut pointers: Vec<_> = wrong.iter().map(|part| part.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/n", "/to"]);
    assert!(wrong.iter().all(|part| part.message.chars().count() <= 501));
    assert!(AnswerSchema::new(json!({ "pattern": "(a)\\1" })).is_err(), "a reference back is not linear");
    assert!(AnswerSchema::new(json!({ "enum": ["x".repeat(70_000)] })).is_err(), "too large");
}
