//! Sessions that are stopped at their checkpoints, looked at, and let go on.

use agent_inspector::schemars::JsonSchema;
use agent_inspector::{Access, Identity, Inspector, Role, SessionHandle, Step};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Host, local, read};
use crate::waiting::until;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "agent_inspector::schemars")]
struct Plan {
    goal: String,
    #[schemars(range(max = 10))]
    steps_left: u32,
    api_key: String,
}

const KEY: &str = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH";

fn plan() -> Plan {
    Plan { goal: "find".into(), steps_left: 3, api_key: KEY.into() }
}

fn stepping() -> Host {
    Host::new(Inspector::builder().in_memory().allow_stepping().build().unwrap())
}

/// Goes through checkpoints named `1`, `2`, and so on, and gives what each said and the plan at the end.
fn walk(session: &SessionHandle, checkpoints: u32) -> JoinHandle<(Vec<Step>, Plan)> {
    let session = session.clone();
    tokio::spawn(async move {
        let (mut plan, mut said) = (plan(), Vec::new());
        for number in 1..=checkpoints {
            let name = number.to_string();
            let tool = if number % 2 == 0 { "read" } else { "search" };
            let step = session.editable_checkpoint(&name, &mut plan).tool(tool).agent("scout").await;
            said.push(step);
            if step == Step::Abort {
                break;
            }
        }
        (said, plan)
    })
}

async fn say(host: &Host, session: &SessionHandle, payload: Value) -> (StatusCode, Value) {
    host.post(
        &format!("/signal/{}", session.id()),
        &json!({ "signal": "inspector.step", "payload": payload }),
    )
    .await
}

#[tokio::test]
async fn without_the_hosts_leave_nobody_sets_a_breakpoint_and_nothing_stops() {
    let host = Host::in_memory();
    let session = host.inspector.session("free").start();
    let (status, problem) = host.post("/breakpoints", &json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("stepping_off")));
    assert_eq!(host.get("/breakpoints").await, json!({ "breakpoints": [], "allowed": false }));
    assert_eq!(walk(&session, 3).await.unwrap().0, [Step::Continue; 3]);
    let read_only = Inspector::builder().in_memory().allow_stepping().read_only().build().unwrap();
    assert_eq!(Host::new(read_only).post("/breakpoints", &json!({})).await.1["code"], "read_only");
    let disabled = Inspector::disabled().session("off").start();
    assert_eq!(disabled.checkpoint("x", &1).await, Step::Continue);
}

#[tokio::test]
async fn a_secret_in_the_name_of_who_set_a_breakpoint_is_shown_to_nobody() {
    let somebody = |_: &_| Access::As(Identity::new(Role::Operator).named(KEY));
    let inspector = Inspector::builder().in_memory().allow_stepping().access(somebody).build().unwrap();
    let host = Host::new(inspector);
    let (status, set) = host.post("/breakpoints", &json!({})).await;
    assert_eq!((status, &set["by"]), (StatusCode::CREATED, &json!("[redacted]")));
    assert_eq!(host.get("/breakpoints").await["breakpoints"][0]["by"], "[redacted]");
}

#[tokio::test]
async fn a_session_stops_where_a_breakpoint_says_and_goes_on_as_it_is_told() {
    let host = stepping();
    let mut events = host.inspector.events();
    let session = host.inspector.session("stopped").start();
    let rule = json!({
        "tool": "rea*", "agent": "scout",
        "condition": { "pointer": "/steps_left", "is": "above", "value": 2 },
    });
    let (status, set) = host.post("/breakpoints", &rule).await;
    assert_eq!((status, &set["by"]), (StatusCode::CREATED, &json!("local")));
    assert_eq!(set["from"], "127.0.0.1");
    assert_eq!(until(&mut events, "BreakpointSet").await["breakpoint"]["id"], set["id"]);
    let walking = walk(&session, 6);
    let stopped = until(&mut events, "BeforeStep").await;
    assert_eq!((&stopped["checkpoint"], &stopped["tool"]), (&json!("2"), &json!("read")));
    assert_eq!(stopped["state"]["goal"], "find");
    host.inspector.settle().await;
    let at = format!("/sessions/{}", session.id());
    let paused = host.get(&at).await;
    assert_eq!(
        (&paused["status"], &paused["waiting_on"]["signal_name"]),
        (&json!("paused"), &json!("inspector.step"))
    );
    let wait = host.get(&format!("{at}/waits")).await["waits"][0].clone();
    assert_eq!((&wait["step"]["checkpoint"], &wait["step"]["editable"]), (&json!("2"), &json!(true)));
    assert_eq!(wait["step"]["schema"]["properties"]["steps_left"]["maximum"], 10);

    assert_eq!(say(&host, &session, json!({ "action": "hop" })).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(say(&host, &session, json!({ "action": "step" })).await.0, StatusCode::ACCEPTED);
    assert_eq!(until(&mut events, "BeforeStep").await["checkpoint"], "3", "the next one, breakpoint or not");
    assert_eq!(say(&host, &session, json!({ "action": "skip" })).await.0, StatusCode::ACCEPTED);
    assert_eq!(until(&mut events, "BeforeStep").await["checkpoint"], "4");
    let removal = Request::delete(format!("/_inspector/breakpoints/{}", set["id"]));
    assert_eq!(read(host.send(local(removal, Body::empty())).await).await.0, StatusCode::NO_CONTENT);
    assert_eq!(say(&host, &session, json!({ "action": "continue" })).await.0, StatusCode::ACCEPTED);
    let (said, _) = walking.await.unwrap();
    let mut expected = [Step::Continue; 6];
    expected[2] = Step::Skip;
    assert_eq!(said, expected);
    assert_eq!(until(&mut events, "BreakpointRemoved").await["breakpoint_id"], set["id"]);
    let last = until(&mut events, "SignalReceived").await;
    assert_eq!((&last["decision"], &last["by"]), (&json!("continue"), &json!("local")));
}

#[tokio::test]
async fn a_changed_state_is_checked_put_in_place_and_keeps_what_nobody_was_shown() {
    let host = stepping();
    let mut events = host.inspector.events();
    let session = host.inspector.session("edited").start();
    host.post("/breakpoints", &json!({ "once": true })).await;
    let walking = walk(&session, 2);
    let stopped = until(&mut events, "BeforeStep").await;
    let open = host.get(&format!("/sessions/{}/waits", session.id())).await;
    for text in [stopped.to_string(), open.to_string()] {
        assert!(!text.contains(KEY) && text.contains("api_key"), "{text}");
    }
    let edit = |path: &str, value: Value| json!({ "action": "edit", "patch": [{ "op": "replace", "path": path, "value": value }] });
    let (status, problem) = say(&host, &session, edit("/steps_left", json!(11))).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/steps_left"))
    );
    let (status, problem) = say(&host, &session, edit("/nowhere", json!(1))).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/patch/0"))
    );
    assert_eq!(
        say(&host, &session, edit("/steps_left", json!("two"))).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(say(&host, &session, edit("/steps_left", json!(7))).await.0, StatusCode::ACCEPTED);
    let (said, changed) = walking.await.unwrap();
    assert_eq!((said, changed), (vec![Step::Continue; 2], Plan { steps_left: 7, ..plan() }));
    assert_eq!(host.get("/breakpoints").await["breakpoints"], json!([]), "it was meant once");
}

#[tokio::test]
async fn a_state_that_is_only_shown_cannot_be_changed() {
    let host = stepping();
    let mut events = host.inspector.events();
    let session = host.inspector.session("shown").start();
    host.post("/breakpoints", &json!({})).await;
    let walking = tokio::spawn({
        let session = session.clone();
        async move { session.checkpoint("before_answer", &json!({ "n": 1 })).await }
    });
    until(&mut events, "BeforeStep").await;
    let edit = json!({ "action": "edit", "patch": [] });
    assert_eq!(say(&host, &session, edit).await.1["errors"][0]["pointer"], "/action");
    assert_eq!(say(&host, &session, json!({ "action": "abort" })).await.0, StatusCode::ACCEPTED);
    assert_eq!(walking.await.unwrap(), Step::Abort);
}

#[tokio::test]
async fn a_stopped_session_that_is_cancelled_aborts_there_and_at_every_later_checkpoint() {
    let host = stepping();
    let mut events = host.inspector.events();
    let session = host.inspector.session("cancelled").start();
    host.post("/breakpoints", &json!({ "session_id": session.id() })).await;
    let other = host.inspector.session("another").start();
    assert_eq!(walk(&other, 2).await.unwrap().0, [Step::Continue; 2], "the breakpoint is not meant for it");
    let walking = walk(&session, 2);
    until(&mut events, "BeforeStep").await;
    assert_eq!(host.post(&format!("/cancel/{}", session.id()), &json!({})).await.0, StatusCode::ACCEPTED);
    assert_eq!(walking.await.unwrap().0, [Step::Abort]);
    assert_eq!(session.checkpoint("later", &1).await, Step::Abort);
}

#[tokio::test]
async fn a_breakpoint_that_makes_no_sense_is_refused_with_what_is_wanted() {
    let host = stepping();
    let wrong = [
        json!({ "checkpoint": "" }),
        json!({ "tool": "x".repeat(129) }),
        json!({ "condition": { "pointer": "plan" } }),
        json!({ "condition": { "pointer": "/a", "is": "like" } }),
        json!({ "chekpoint": "typo" }),
        json!([]),
    ];
    for rule in wrong {
        let (status, problem) = host.post("/breakpoints", &rule).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_body")), "{rule}");
        assert!(problem["detail"].is_string());
    }
    let unknown = Request::delete("/_inspector/breakpoints/7");
    assert_eq!(read(host.send(local(unknown, Body::empty())).await).await.0, StatusCode::NOT_FOUND);
}
