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

#[tokio::test(flavor = "multi_thread")]
async fn the_token_lies_in_its_file_and_a_fresh_one_ends_what_the_old_one_opened() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("of/this/person/token");
    let inspector = Inspector::builder().in_memory().token_file(&file).build().unwrap();
    let served = Served::new(inspector, false).await;
    let read = || std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let old = read();
    assert!(served.inspector.sign_in_url("").ends_with(&old));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    let bearer = |token: &str| format!("authorization: Bearer {token}");
    let open = served.ask("/events", &format!("{}\r\n", bearer(&old))).until("retry: 2000").await;
    let link = served.inspector.rotate_token(&served.url("")).unwrap();
    let fresh = read();
    assert_ne!(fresh, old);
    assert_eq!(link, format!("{}/ui/#token={fresh}", served.url("")));
    open.until("\r\n0\r\n\r\n").await;
    assert_eq!(status(&served, &["-H", &bearer(&old)], "/sessions").await, "401");
    assert_eq!(status(&served, &["-H", &bearer(&fresh)], "/sessions").await, "200");
    assert!(Inspector::disabled().rotate_token("http://x").is_ok());
}

#[tokio::test]
async fn a_token_file_that_cannot_be_written_is_said_and_a_fresh_token_counts_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let inspector = Inspector::builder().in_memory().token_file(file.join("token")).build().unwrap();
    let host = crate::support::Host::new(inspector);
    let health = host.get("/health").await;
    let parts = health["parts"].as_array().unwrap();
    assert!(parts.iter().any(|part| part["name"] == "token_file" && part["state"] == "degraded"), "{health}");
    let before = host.inspector.sign_in_url("");
    assert!(host.inspector.rotate_token("").is_err());
    assert_ne!(host.inspector.sign_in_url(""), before);
}
