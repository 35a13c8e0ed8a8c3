use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::request::Builder;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::support::{Answer, Site, TOKEN, local};
use crate::http::access::{ASK_HOST_AGAIN, AccessHook, SIGN_IN_LIFETIME};
use crate::http::{Access, AccessPolicy, Identity, Role};

/// A request by someone we cannot see.
fn stranger(path: &str) -> Builder {
    Request::get(path).header("host", "inspect.example")
}

async fn sign_in(site: &Site, token: &str) -> Answer {
    site.post(stranger("/auth"), serde_json::json!({ "token": token }).to_string()).await
}

#[tokio::test]
async fn a_stranger_reaches_the_page_and_a_sign_of_life_and_nothing_else() {
    let site = Site::new();
    for path in ["/sessions", "/sessions/x", "/trace/x", "/events", "/openapi.json", "/nothing"] {
        let answer = site.send(stranger(path)).await;
        assert_eq!(answer.problem(), (401, "sign_in_required".into()), "{path}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        for way_out in ["into_make_service_with_connect_info", ".access(..)", ".allow_hosts(..)"] {
            assert!(detail.contains(way_out), "{detail}");
        }
    }
    for path in ["/health", "/ui/", "/ui/assets/app.js"] {
        assert_eq!(site.send(stranger(path)).await.status, 200, "{path}");
    }
    assert_eq!(site.send(stranger("/")).await.status, 307);
}

#[tokio::test]
async fn the_token_opens_the_api_in_either_header() {
    let site = Site::new();
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(site.send(stranger("/sessions").header("authorization", &bearer)).await.status, 200);
    assert_eq!(site.send(stranger("/sessions").header("x-inspector-token", TOKEN)).await.status, 200);
    let wrong = site.send(stranger("/sessions").header("x-inspector-token", "wrong")).await;
    assert_eq!(wrong.problem(), (401, "sign_in_required".into()));
}

#[tokio::test]
async fn the_page_exchanges_the_token_for_a_cookie_that_is_not_the_token_and_can_be_given_back() {
    let site = Site::new();
    let answer = sign_in(&site, TOKEN).await;
    assert_eq!(answer.status, 204);
    let set = answer.header("set-cookie").to_owned();
    assert!(set.starts_with("agent_inspector=") && !set.contains(TOKEN), "{set}");
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap();
    let with_cookie = |path| stranger(path).header("cookie", format!("theirs=1; {cookie}"));
    assert_eq!(site.send(with_cookie("/sessions")).await.status, 200);
    assert_eq!(site.send(with_cookie("/auth").method("DELETE")).await.status, 204);
    assert_eq!(site.send(with_cookie("/sessions")).await.status, 401);
}

#[tokio::test]
async fn the_cookie_names_its_port_and_is_bound_to_the_mount() {
    let site = Site::new();
    let host = axum::Router::new().nest("/t/{tenant}/_i", site.router());
    let request =
        Request::post("/t/a%20b/_i/auth").header("host", "box:8080").header("origin", "https://box:8080");
    let body = serde_json::json!({ "token": TOKEN }).to_string();
    let answer = super::support::answer(&host, request.body(body.into()).unwrap()).await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("agent_inspector_8080=") && set.contains("; Path=/t/a%20b/_i; Secure"), "{set}");
}

#[tokio::test(start_paused = true)]
async fn guesses_are_counted_and_then_refused_while_who_is_signed_in_goes_on() {
    let site = Site::new();
    let cookie = sign_in(&site, TOKEN).await.header("set-cookie").split(';').next().unwrap().to_owned();
    for _ in 0..10 {
        assert_eq!(sign_in(&site, "a-wrong-guess-again").await.problem(), (401, "wrong_token".into()));
    }
    let late = sign_in(&site, TOKEN).await;
    assert_eq!(late.problem(), (429, "too_many_guesses".into()));
    assert_eq!(late.header("retry-after"), "1");
    let program = site.send(stranger("/sessions").header("x-inspector-token", TOKEN)).await;
    assert_eq!(program.status, 429);
    assert_eq!(site.send(stranger("/sessions").header("cookie", cookie)).await.status, 200);
    assert_eq!(site.get("/sessions").await.status, 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(sign_in(&site, TOKEN).await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_ends_after_a_day() {
    let site = Site::new();
    let cookie = sign_in(&site, TOKEN).await.header("set-cookie").split(';').next().unwrap().to_owned();
    let ask = || stranger("/sessions").header("cookie", &cookie);
    tokio::time::advance(SIGN_IN_LIFETIME - Duration::from_secs(1)).await;
    assert_eq!(site.send(ask()).await.status, 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(site.send(ask()).await.problem(), (401, "sign_in_required".into()));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_sign_in_that_opened_it_and_no_other_does() {
    let site = Site::new();
    let cookies: Vec<_> =
        [sign_in(&site, TOKEN).await, sign_in(&site, TOKEN).await, sign_in(&site, TOKEN).await]
            .iter()
            .map(|answer| answer.header("set-cookie").split(';').next().unwrap().to_owned())
            .collect();
    let stream = |cookie: &str| {
        let router = site.router();
        let request = stranger("/events").header("cookie", cookie).body(axum::body::Body::empty()).unwrap();
        async move { router.oneshot(request).await.unwrap().into_body() }
    };
    let (signed_out, mut stays) = (stream(&cookies[0]).await, stream(&cookies[1]).await);
    let out = stranger("/auth").method("DELETE").header("cookie", &cookies[0]);
    assert_eq!(site.send(out).await.status, 204);
    signed_out.collect().await.unwrap();
    stays.frame().await.unwrap().unwrap();
    site.publish([1]);
    let event = stays.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(String::from_utf8_lossy(&event).contains("tick"));
    // Its time comes, though nobody asks for anything.
    stays.collect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_soon_after_the_hosts_own_check_says_no_to_who_opened_it() {
    let stays = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&stays);
    let hook: AccessHook =
        Arc::new(move |parts| match parts.headers.get("x-user").map(|user| user == "ada") {
            Some(true) => Access::As(Identity::new(Role::Viewer)),
            Some(false) if asked.load(Ordering::Relaxed) => Access::As(Identity::new(Role::Viewer)),
            _ => Access::Denied,
        });
    let site = Site::with(AccessPolicy { hook: Some(hook), ..AccessPolicy::default() }, Vec::new());
    let stream = |user: &str| {
        let request = stranger("/events").header("x-user", user).body(axum::body::Body::empty()).unwrap();
        let router = site.router();
        async move { router.oneshot(request).await.unwrap().into_body() }
    };
    let (leaves, mut other) = (stream("bob").await, stream("ada").await);
    stays.store(false, Ordering::Relaxed);
    let before = tokio::time::Instant::now();
    leaves.collect().await.unwrap();
    assert!(before.elapsed() <= ASK_HOST_AGAIN, "{:?}", before.elapsed());
    site.publish([1]);
    let mut said = String::new();
    while !said.contains("tick") {
        // Before it come the beginning and what keeps the connection alive.
        said += &String::from_utf8_lossy(&other.frame().await.unwrap().unwrap().into_data().unwrap());
    }
}

#[tokio::test]
async fn what_a_foreign_page_draws_into_itself_is_refused_and_who_follows_a_link_is_not() {
    let site = Site::new();
    let asked = |from: &str, mode: &str, dest: &str| {
        let request = local("/sessions").header("sec-fetch-site", from);
        request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest)
    };
    for (from, mode, dest) in [
        ("cross-site", "no-cors", "image"),
        ("same-site", "no-cors", "script"),
        ("cross-site", "navigate", "iframe"),
        ("same-site", "no-cors", "empty"),
    ] {
        let refused = site.send(asked(from, mode, dest)).await;
        assert_eq!(refused.problem(), (403, "forbidden_origin".into()), "{from} {mode} {dest}");
    }
    for (from, mode, dest) in [
        ("cross-site", "navigate", "document"),
        ("none", "navigate", "document"),
        ("same-origin", "cors", "empty"),
    ] {
        assert_eq!(site.send(asked(from, mode, dest)).await.status, 200, "{from} {mode} {dest}");
    }
    // A page of this machine that is being developed says where it is.
    let developed = asked("same-site", "cors", "empty").header("origin", "http://localhost:5173");
    assert_eq!(site.send(developed).await.status, 200);
}

#[tokio::test]
async fn a_fresh_token_ends_what_the_old_one_opened_at_once() {
    let site = Site::new();
    let cookie = sign_in(&site, TOKEN).await.header("set-cookie").split(';').next().unwrap().to_owned();
    let by_cookie = || stranger("/sessions").header("cookie", &cookie);
    let stream = |request: Builder| {
        let router = site.router();
        let request = request.body(axum::body::Body::empty()).unwrap();
        async move { router.oneshot(request).await.unwrap().into_body() }
    };
    let theirs = stream(stranger("/events").header("cookie", &cookie)).await;
    let programs = stream(stranger("/events").header("x-inspector-token", TOKEN)).await;
    let mut ours = stream(local("/events")).await;
    assert_eq!(site.send(by_cookie()).await.status, 200);

    let fresh = site.state.guard.rotate().unwrap();
    assert_eq!(site.send(by_cookie()).await.problem(), (401, "sign_in_required".into()));
    assert_eq!(sign_in(&site, TOKEN).await.problem(), (401, "wrong_token".into()));
    assert_eq!(sign_in(&site, fresh.as_str()).await.status, 204);
    // They end by themselves; who needs no token reads on.
    theirs.collect().await.unwrap();
    programs.collect().await.unwrap();
    ours.frame().await.unwrap().unwrap();
    site.publish([1]);
    let event = ours.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(String::from_utf8_lossy(&event).contains("tick"));
}

#[tokio::test]
async fn what_is_sent_to_sign_in_is_bounded_and_explained() {
    let site = Site::new();
    assert_eq!(site.post(stranger("/auth"), "token").await.problem(), (400, "invalid_body".into()));
    assert_eq!(
        site.post(stranger("/auth"), "x".repeat(5000)).await.problem(),
        (413, "body_too_large".into())
    );
}

#[tokio::test]
async fn a_rebound_name_and_a_foreign_page_are_refused() {
    let site = Site::new();
    let peer: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    let rebound = Request::get("/sessions").header("host", "evil.example").extension(ConnectInfo(peer));
    assert_eq!(site.send(rebound).await.problem(), (403, "forbidden_host".into()));
    let foreign = local("/sessions").header("origin", "https://evil.example");
    assert_eq!(site.send(foreign).await.problem(), (403, "forbidden_origin".into()));
    let posted = site.post(local("/auth").header("origin", "http://localhost:5173"), "{}").await;
    assert_eq!(posted.problem(), (403, "forbidden_origin".into()));
    let proxied = local("/sessions").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(site.send(proxied).await.problem(), (401, "sign_in_required".into()));
}

#[tokio::test]
async fn the_hosts_own_check_decides_and_a_panic_in_it_denies() {
    let hook: AccessHook =
        Arc::new(|parts| match parts.headers.get("x-user").map(axum::http::HeaderValue::as_bytes) {
            Some(b"root") => Access::Granted,
            Some(b"bug") => panic!("a bug in the host"),
            Some(_) => Access::Denied,
            None => Access::Default,
        });
    let site = Site::with(AccessPolicy { hook: Some(hook), ..Default::default() }, Vec::new());
    assert_eq!(site.send(stranger("/sessions").header("x-user", "root")).await.status, 200);
    assert_eq!(
        site.send(local("/sessions").header("x-user", "guest")).await.problem(),
        (403, "access_denied".into())
    );
    assert_eq!(
        site.send(local("/sessions").header("x-user", "bug")).await.problem(),
        (403, "access_denied".into())
    );
    assert_eq!(site.send(stranger("/sessions")).await.status, 401);
}
