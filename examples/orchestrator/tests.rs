use agent_inspector::Inspector;
use agent_inspector::model::SessionId;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tower::ServiceExt;

use crate::crew::Crew;
use crate::plan::{Plan, RouterDecision, StepStatus};
use crate::support::agent::Agent;
use crate::support::model::Model;
use crate::support::model_server;
use crate::support::tools::Tools;

async fn get(inspector: &Inspector, path: &str) -> Value {
    let request = Request::get(path).header("host", "localhost");
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    let response = inspector.router::<()>().oneshot(request).await.unwrap();
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn the_plan_the_route_and_the_evaluation_stand_in_the_session_and_the_work_below_its_steps() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in [("one.md", "# One\nA kettle boils.\n"), ("two.md", "# Two\nA kettle sings.\n")] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let inspector = Inspector::builder().in_memory().build().unwrap();
    let address = model_server::serve(Duration::ZERO).await.unwrap();
    let model = Model::new("scripted", &format!("http://{address}/v1"), None, model_server::MODEL);
    let agent = Agent::new(inspector.clone(), model, Tools::new(directory.path()).unwrap());
    let id = SessionId::parse("orchestrated").unwrap();
    let session = inspector.session("Two files").id(id).start();
    let crew = Crew { agent, session: session.clone() };
    let answer = session.run(crew.run("What do one.md and two.md say?")).await.unwrap();
    assert!(answer.contains("> A kettle boils.") && answer.contains("> A kettle sings."), "{answer}");
    session.finish();
    inspector.settle().await;

    let tree = get(&inspector, "/sessions/orchestrated/spans").await;
    let rows: Vec<(u64, &str)> = tree["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["depth"].as_u64().unwrap(), row["name"].as_str().unwrap()))
        .collect();
    for expected in [(1, "planner"), (1, "step read-1"), (2, "invoke_agent librarian"), (1, "evaluator")] {
        assert!(rows.contains(&expected), "{expected:?} in {rows:?}");
    }
    let root = tree["spans"][0]["span_id"].as_str().unwrap();
    let span = get(&inspector, &format!("/sessions/orchestrated/spans/{root}")).await;
    let result = |name: &str| -> Value {
        let key = format!("mcp.result.{name}_json");
        serde_json::from_str(span["attributes"][key.as_str()].as_str().unwrap_or_default()).unwrap()
    };
    let plan = result("plan");
    assert_eq!(plan["steps"].as_array().unwrap().len(), 3);
    assert!(plan["steps"].as_array().unwrap().iter().all(|step| step["status"] == "completed"), "{plan:#}");
    assert_eq!(plan["steps"][2]["dependencies"], serde_json::json!(["read-1", "read-2"]));
    assert_eq!(result("router_decision")["selected_route"], "orchestrate");
    assert_eq!(result("evaluation")["passed"], true);
}

#[test]
fn steps_wait_for_those_before_them_and_a_circle_ends() {
    let answer = r#"{"steps": [{"step_id": "a", "description": "x"},
        {"step_id": "b", "description": "y", "dependencies": ["a"]},
        {"step_id": "c", "description": "z", "dependencies": ["d"]},
        {"step_id": "d", "description": "z", "dependencies": ["c"]}]}"#;
    let mut plan = Plan::parse("p", &format!("```json\n{answer}\n```")).unwrap();
    assert_eq!(plan.ready(), [0]);
    plan.steps[0].status = StepStatus::Failed;
    assert_eq!(plan.ready(), [1]);
    plan.steps[1].status = StepStatus::Completed;
    assert_eq!(plan.ready(), [0; 0]);
    assert!(Plan::parse("p", "I would rather not.").is_err());
}

#[test]
fn one_file_is_for_one_agent() {
    assert_eq!(RouterDecision::of("What is in README.md?").selected_route, "single_agent");
    assert_eq!(RouterDecision::of("Compare a.rs, b.rs and c.rs.").selected_route, "orchestrate");
}
