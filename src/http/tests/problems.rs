use axum::http::Method;

use super::support::{Site, local, session};

#[tokio::test]
async fn a_path_that_nothing_answers_is_a_problem_and_never_a_page() {
    let site = Site::new();
    for path in ["/nothing", "/sessions/", "/sessions/a/b/c/d", "/health/", "/ui2", "/assets/app.js"] {
        assert_eq!(site.get(path).await.problem(), (404, "not_found".into()), "{path}");
    }
    let posted = site.post(local("/nothing"), "x").await;
    assert_eq!(posted.problem(), (404, "not_found".into()));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let site = Site::new();
    for (method, path, allowed) in [
        (Method::DELETE, "/sessions", "GET,HEAD"),
        (Method::POST, "/trace/x", "GET,HEAD"),
        (Method::PUT, "/auth", "POST,DELETE"),
        (Method::GET, "/signal/x", "POST"),
        (Method::GET, "/cancel/x", "POST"),
        (Method::POST, "/", "GET,HEAD"),
        (Method::POST, "/ui/x", "GET,HEAD"),
    ] {
        let answer = site.send(local(path).method(&method)).await;
        assert_eq!(answer.problem(), (405, "method_not_allowed".into()), "{method} {path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_works_where_get_does_and_has_no_body() {
    let site = Site::new();
    site.store.sessions.lock().push(session("s", 1));
    site.store.add_block("{}\n{}\n");
    for path in [
        "/sessions",
        "/sessions/s",
        "/sessions/s/spans",
        "/health",
        "/openapi.json",
        "/trace/s",
        "/events",
        "/ui/",
    ] {
        let answer = site.send(local(path).method(Method::HEAD)).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{path}");
    }
    assert_eq!(site.send(local("/trace/s").method(Method::HEAD)).await.header("content-length"), "6");
}

#[tokio::test]
async fn every_answer_carries_the_protecting_headers() {
    let site = Site::new();
    for path in ["/sessions", "/health", "/nothing", "/ui/", "/ui/assets/app.js", "/"] {
        let answer = site.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    assert_eq!(site.get("/sessions").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn health_says_where_it_is_mounted_and_hides_paths_from_strangers() {
    let site = Site::new();
    let health = site.get("/health").await.json();
    assert_eq!((&health["status"], &health["mount"]), (&"ok".into(), &"".into()));
    assert_eq!(health["store"]["path"], "/home/secret/data.db");
    let stranger = site.send(axum::http::Request::get("/health")).await;
    assert_eq!(stranger.status, 200);
    assert!(!String::from_utf8_lossy(&stranger.body).contains("secret"));
    site.store.broken.store(true, std::sync::atomic::Ordering::Relaxed);
    let health = site.get("/health").await.json();
    assert_eq!(health["status"], "degraded");
    assert!(health.get("store").is_none());
    assert_eq!(health["parts"][0]["name"], "store");
}
