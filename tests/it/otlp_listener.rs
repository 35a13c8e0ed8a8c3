//! The routes for exporters alone, as a listener of their own serves them.

use agent_inspector::Inspector;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use crate::support::{Host, local, read};

#[tokio::test]
async fn only_what_exporters_send_is_taken_there() {
    let host = Host::in_memory();
    let app: Router = host.inspector.otlp_router();
    let ask = async |method: &str, path: &str, body: &'static str| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        read(app.clone().oneshot(local(request, Body::from(body))).await.unwrap()).await
    };
    let span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"249d0e49a29910886c9895950073aa9a",
        "spanId":"00000000000000b1","name":"n","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#;
    assert_eq!(ask("POST", "/v1/traces", span).await.0, StatusCode::OK);
    assert_eq!(host.get("/sessions").await["sessions"].as_array().unwrap().len(), 1);
    for path in ["/", "/ui/", "/health", "/sessions", "/events", "/v1", "/v1/nothing", "/x/v1/traces"] {
        let (status, problem) = ask("GET", path, "").await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &"not_found".into()), "{path}");
    }
}

#[tokio::test]
async fn a_stranger_is_no_more_welcome_there() {
    let inspector = Inspector::builder().in_memory().build().unwrap();
    let app: Router = inspector.otlp_router();
    let request = Request::post("/v1/traces").header("host", "evil.example").body(Body::from("{}")).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}
