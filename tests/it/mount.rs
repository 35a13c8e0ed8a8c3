//! Where a host may put the inspector.

use agent_inspector::{Inspector, PublicPath};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::any;
use tower::ServiceExt;

use crate::support::{local, read};

async fn location(app: &Router, path: &str) -> String {
    let answer = app.clone().oneshot(local(Request::get(path), Body::empty())).await.unwrap();
    assert_eq!(answer.status(), 307, "{path}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_way_of_mounting_gives_links_that_lead_back() {
    let inspector = Inspector::builder().in_memory().build().unwrap();
    let host = || Router::new().route("/{*any}", any(|| async { "the host's own page" }));
    let table = [
        (Router::new().nest("/_inspector", inspector.router()), "/_inspector"),
        (host().nest("/_inspector", inspector.router()), "/_inspector"),
        (Router::new().nest_service("/svc", inspector.router::<()>()), "/svc"),
        (
            Router::new().nest("/admin", Router::new().nest("/tools/_i", inspector.router())),
            "/admin/tools/_i",
        ),
        (host().nest("/admin", Router::new().nest("/_i", inspector.router())), "/admin/_i"),
        (Router::new().nest("/t/{tenant}/_i", inspector.router()), "/t/a%20b/_i"),
        (Router::new().merge(inspector.router()), ""),
        (inspector.mount(host(), "/_inspector"), "/_inspector"),
        (inspector.mount(Router::new(), "/"), ""),
    ];
    for (app, mount) in table {
        let root = if mount.is_empty() { "/" } else { mount };
        assert_eq!(location(&app, root).await, format!("{mount}/ui/"));
        let health = local(Request::get(format!("{mount}/health")), Body::empty());
        assert_eq!(read(app.clone().oneshot(health).await.unwrap()).await.1["mount"], mount);
        let nothing = local(Request::get(format!("{mount}/no/such/path")), Body::empty());
        assert_eq!(read(app.clone().oneshot(nothing).await.unwrap()).await.1["code"], "not_found", "{mount}");
    }
}

#[tokio::test]
async fn the_mount_with_a_slash_answers_too_when_the_inspector_mounts_itself() {
    let inspector = Inspector::builder().in_memory().build().unwrap();
    let app = inspector.mount(Router::new(), "/_inspector");
    assert_eq!(location(&app, "/_inspector/").await, "/_inspector/ui/");
}

#[cfg(feature = "otlp")]
#[tokio::test]
async fn what_was_mounted_is_served_when_the_host_keeps_no_handle_on_the_inspector() {
    let app: Router =
        Router::new().nest("/_inspector", Inspector::builder().in_memory().build().unwrap().router());
    let spans = r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "work", "spanId": "00000000000000a1",
        "traceId": "249d0e49a29910886c9895950073aa9a", "startTimeUnixNano": "1720000000000000000",
        "attributes": [{"key": "session.id", "value": {"stringValue": "s"}}]}]}]}]}"#;
    let sent = Request::post("/_inspector/v1/traces").header("content-type", "application/json");
    let sent = app.clone().oneshot(local(sent, Body::from(spans))).await.unwrap();
    assert_eq!(sent.status(), 200);
    for path in ["/sessions/s", "/sessions/s/spans", "/trace/s", "/sessions/s/otlp"] {
        let asked = local(Request::get(format!("/_inspector{path}")), Body::empty());
        let answer = app.clone().oneshot(asked).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = http_body_util::BodyExt::collect(answer.into_body()).await;
        assert!(body.is_ok_and(|body| !body.to_bytes().is_empty()), "{path} broke off");
    }
}

#[tokio::test]
async fn behind_a_proxy_that_takes_a_prefix_off_links_carry_the_public_one() {
    let public = PublicPath::Fixed("/tools/_inspector".to_owned());
    let inspector = Inspector::builder().in_memory().public_path(public).build().unwrap();
    let app = inspector.mount(Router::new(), "/_inspector");
    assert_eq!(location(&app, "/_inspector").await, "/tools/_inspector/ui/");
    assert_eq!(location(&app, "/_inspector/").await, "/tools/_inspector/ui/");
}
