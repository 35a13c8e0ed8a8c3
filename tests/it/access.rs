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

/// What a browser asks for when an address is opened.
const BROWSER: &str = "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The whole answer, and its headers in lower case.
async fn whole(served: &Served, headers: &[&str], path: &str) -> (String, String) {
    let arguments: Vec<_> =
        ["-i"].into_iter().chain(headers.iter().flat_map(|header| ["-H", *header])).collect();
    let answer = String::from_utf8(served.curl(&arguments, path).await.stdout).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_refused_shows_what_to_do_and_a_program_gets_the_problem() {
    let served = Served::new(inspector(), true).await;
    let port = served.url("").rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
    let rebound = format!("host: rebound.example:{port}");
    let (head, body) = whole(&served, &[BROWSER, &rebound], "/ui/").await;
    assert!(head.starts_with("http/1.1 403") && head.contains("content-type: text/html"), "{head}");
    assert!(head.contains("content-security-policy: default-src 'none'; style-src 'nonce-"), "{head}");
    assert!(head.contains("frame-ancestors 'none'") && head.contains("cache-control: no-store"), "{head}");
    for part in [
        "The inspector is not reached by this host name",
        ".allow_hosts([&quot;rebound.example&quot;])",
        &format!("href=\"//localhost:{port}/_inspector/ui/\""),
        "forbidden_host",
    ] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
    // One nonce for each answer, or it would be none.
    let nonce = |head: &str| head.split_once("'nonce-").unwrap().1.split('\'').next().unwrap().to_owned();
    assert!(body.contains(&format!("<style nonce=\"{}\">", nonce(&head))));
    assert_ne!(nonce(&whole(&served, &[BROWSER, &rebound], "/ui/").await.0), nonce(&head));

    let programs: [&[&str]; 4] = [
        &[],
        &["-H", "accept: application/json, text/html"],
        &["-H", BROWSER, "-X", "POST"],
        &["-H", "accept: text/event-stream"],
    ];
    for program in programs {
        let arguments = [&["-i", "-H", &*rebound], program].concat();
        let answer = String::from_utf8(served.curl(&arguments, "/sessions").await.stdout).unwrap();
        assert!(answer.contains("application/problem+json") && !answer.contains("<html"), "{answer}");
    }
    let (head, body) = whole(&served, &[BROWSER, "x-forwarded-for: 203.0.113.9"], "/sessions").await;
    assert!(head.starts_with("http/1.1 401") && head.contains("www-authenticate: bearer"), "{head}");
    assert!(body.contains("href=\"/_inspector/ui/\"") && body.contains("Sign in"), "{body}");
    let (head, body) = whole(&served, &[BROWSER, "origin: https://evil.example"], "/ui/").await;
    assert!(head.starts_with("http/1.1 403") && body.contains("forbidden_origin"), "{head} {body}");
    assert!(!body.contains("evil.example"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_a_refused_address_or_name_is_text_in_the_page_that_says_so() {
    let served = Served::new(inspector(), true).await;
    for (host, path) in [
        ("host: x\"><script>alert(1)</script>", "/ui/"),
        ("host: rebound.example", "/ui/'onfocus='alert(1)"),
        ("host: \"])</code><img src=x>", "/ui/a"),
        ("host: javascript:alert(1)", "/ui/"),
    ] {
        let (head, body) = whole(&served, &[BROWSER, host], path).await;
        if head.starts_with("http/1.1 400") {
            continue; // The host's server takes no such request.
        }
        assert!(head.starts_with("http/1.1 403") && body.contains("forbidden_host"), "{host} {head}");
        for part in ["<script", "<img", "'onfocus", "javascript:"] {
            assert!(!body.contains(part), "{part} came through from {host} {path}: {body}");
        }
        assert_eq!(body.matches("<style nonce=").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_hosts_own_check_denies_is_sent_to_the_host_to_sign_in() {
    let denied = Inspector::builder().in_memory().access(|_| Access::Denied).build().unwrap();
    let served = Served::new(denied, true).await;
    let (head, body) = whole(&served, &[BROWSER], "/ui/").await;
    assert!(head.starts_with("http/1.1 403") && head.contains("text/html"), "{head}");
    assert!(body.contains("Sign in to that program") && body.contains("access_denied"), "{body}");
}
