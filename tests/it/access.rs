//! Who may look, as a host serves it.

use agent_inspector::{Access, Inspector};

use crate::serve::Served;

const TOKEN: &str = "correct-horse-battery-staple";

fn inspector() -> Inspector {
    Inspector::builder().in_memory().token(TOKEN).unwrap().build().unwrap()
}

async fn status(served: &Served, arguments: &[&str], path: &str) -> String {
    let arguments = [&["-o", "/dev/null", "-w", "%{http_code}"], arguments].concat();
    String::from_utf8(served.curl(&arguments, path).await.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_visitor_needs_nothing_when_the_host_tells_the_peer() {
    let served = Served::new(inspector(), true).await;
    assert_eq!(status(&served, &[], "/sessions").await, "200");
    assert_eq!(status(&served, &["-H", "host: rebound.example"], "/sessions").await, "403");
    assert_eq!(status(&served, &["-H", "origin: https://evil.example"], "/sessions").await, "403");
    assert_eq!(status(&served, &["-H", "x-forwarded-for: 203.0.113.9"], "/sessions").await, "401");
    assert_eq!(status(&served, &["--http1.0"], "/sessions").await, "401");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_peer_the_token_is_asked_for_and_the_sign_in_link_carries_it() {
    let served = Served::new(inspector(), false).await;
    assert_eq!(status(&served, &[], "/sessions").await, "401");
    assert_eq!(status(&served, &[], "/health").await, "200");
    assert_eq!(status(&served, &[], "/ui/").await, "200");
    let bearer = format!("authorization: Bearer {TOKEN}");
    assert_eq!(status(&served, &["-H", &bearer], "/sessions").await, "200");
    let link = served.inspector.sign_in_url(&served.url(""));
    assert_eq!(link, format!("{}/ui/#token={TOKEN}", served.url("")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_a_sign_in_opens_this_mount_and_no_other() {
    let served = Served::new(inspector(), false).await;
    let jar = tempfile::NamedTempFile::new().unwrap();
    let jar = jar.path().to_str().unwrap();
    let body = format!("{{\"token\":\"{TOKEN}\"}}");
    assert_eq!(status(&served, &["-c", jar, "-d", &body], "/auth").await, "204");
    assert_eq!(status(&served, &["-b", jar], "/sessions").await, "200");
    let kept = std::fs::read_to_string(jar).unwrap();
    assert!(kept.contains("#HttpOnly_127.0.0.1") && kept.contains("\t/_inspector\t"), "{kept}");
    assert!(!kept.contains(TOKEN));
    assert_eq!(status(&served, &["-b", jar, "-X", "DELETE"], "/auth").await, "204");
    assert_eq!(status(&served, &["-b", jar], "/sessions").await, "401");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_its_own_sign_in_decides_itself() {
    let check = |parts: &axum::http::request::Parts| match parts.headers.get("x-user") {
        Some(_) => Access::Granted,
        None => Access::Denied,
    };
    let inspector = Inspector::builder().in_memory().access(check).build().unwrap();
    let served = Served::new(inspector, true).await;
    assert_eq!(status(&served, &[], "/sessions").await, "403");
    assert_eq!(status(&served, &["-H", "x-user: ada"], "/sessions").await, "200");
}
