//! Every operation of the API's document, asked by everybody there is: who is let in is what the document says.
//!
//! The document gets it from the table by which requests are judged, so an operation that nobody has thought about says
//! nothing, and fails here.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use agent_inspector::{Access, Identity, Inspector, InspectorBuilder, Role};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::request::{Builder, Parts};
use serde_json::Value;

use crate::support::{Host, local, read};

const TOKEN: &str = "correct-horse-battery-staple";
const INGEST: &str = "only-what-happened-goes-in";

/// The codes of problems by which somebody is not let in.
const REFUSALS: [&str; 9] = [
    "sign_in_required",
    "wrong_token",
    "too_many_guesses",
    "forbidden_origin",
    "forbidden_host",
    "access_denied",
    "role_needed",
    "ingest_token",
    "read_only",
];

/// An operation, and what the document says of who may.
#[derive(Debug)]
struct Operation {
    method: String,
    path: String,
    role: String,
    reports: bool,
    controls: bool,
}

fn operations() -> Vec<Operation> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/agent-inspector.json");
    let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-role"].as_str();
            all.push(Operation {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                role: role.unwrap_or_else(|| panic!("{method} {path}: nobody said who may")).to_owned(),
                reports: operation["x-ingest-token"] == true,
                controls: operation["x-refused-when-read-only"] == true,
            });
        }
    }
    assert!(all.len() >= 30, "{}", all.len());
    all
}

fn rank(role: &str) -> usize {
    ["everyone", "viewer", "operator", "admin"].iter().position(|known| *known == role).unwrap()
}

impl Operation {
    fn request(&self) -> Builder {
        let path = self.path.replace("{id}", "nobody").replace("{span_id}", "00000000000000a1");
        let path = path.replace("{breakpoint_id}", "7");
        assert!(!path.contains('{'), "{path}");
        Request::builder()
            .method(&*self.method)
            .uri(format!("/_inspector{path}"))
            .header("content-type", "application/json")
    }

    fn body(&self) -> Body {
        Body::from(match &*self.path {
            "/auth" if self.method == "POST" => format!(r#"{{"token":"{TOKEN}"}}"#),
            "/events" => "[]".to_owned(),
            _ => "{}".to_owned(),
        })
    }

    /// The code of the problem by which the caller is not let in, and its status; `None` when the operation itself answers.
    async fn refused(&self, host: &Host, request: Request<Body>) -> Option<(u16, String)> {
        let answer = host.send(request).await;
        if answer.status().as_u16() < 400 {
            // A stream has no end that one could wait for.
            return None;
        }
        let (status, problem) = read(answer).await;
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        REFUSALS.contains(&&*code).then(|| (status.as_u16(), code))
    }

    /// As somebody on another machine.
    async fn afar(&self, host: &Host, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000)));
        let request = self.request().header("host", "box.example").extension(peer);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.refused(host, request.body(self.body()).unwrap()).await
    }
}

fn builder() -> InspectorBuilder {
    let builder = Inspector::builder().in_memory().token(TOKEN).unwrap();
    builder.ingest_token("another-ingest-token").unwrap().ingest_token(INGEST).unwrap()
}

fn host() -> Host {
    Host::new(builder().build().unwrap())
}

fn refusal(status: u16, code: &str) -> Option<(u16, String)> {
    Some((status, code.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_nothing_or_a_wrong_token_reaches_what_is_for_everyone_and_nothing_else() {
    for operation in operations() {
        // One for each: wrong tokens are counted.
        let host = host();
        let expected = if operation.role == "everyone" { None } else { refusal(401, "sign_in_required") };
        assert_eq!(operation.afar(&host, &[]).await, expected, "{operation:?}");
        for header in [("authorization", "Bearer not-the-right-token"), ("x-inspector-token", INGEST_PREFIX)]
        {
            assert_eq!(operation.afar(&host, &[header]).await, expected, "{operation:?} {header:?}");
        }
    }
}

/// A part of a token is none.
const INGEST_PREFIX: &str = "only-what-happened-goes";

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_reaches_nothing_whatever_it_brings_and_wherever_it_is_open() {
    let host = host();
    for operation in operations() {
        for token in [TOKEN, INGEST] {
            let headers = [("x-inspector-token", token), ("origin", "https://evil.example")];
            let refused = operation.afar(&host, &headers).await;
            assert_eq!(refused, refusal(403, "forbidden_origin"), "{operation:?}");
        }
        let here = local(operation.request().header("origin", "https://evil.example"), operation.body());
        assert_eq!(operation.refused(&host, here).await, refusal(403, "forbidden_origin"), "{operation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_and_this_machine_reach_everything() {
    let host = host();
    for operation in operations() {
        assert_eq!(operation.afar(&host, &[("x-inspector-token", TOKEN)]).await, None, "{operation:?}");
        let here = local(operation.request(), operation.body());
        assert_eq!(operation.refused(&host, here).await, None, "{operation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_token_takes_reports_and_neither_shows_nor_decides_anything_also_on_this_machine() {
    let host = host();
    for operation in operations() {
        let expected = match (operation.reports, &*operation.role) {
            (true, _) | (_, "everyone") => None,
            _ => refusal(403, "ingest_token"),
        };
        for header in ["x-inspector-token", "authorization"] {
            let value = if header == "authorization" { format!("Bearer {INGEST}") } else { INGEST.into() };
            let refused = operation.afar(&host, &[(header, &value)]).await;
            assert_eq!(refused, expected, "{operation:?}");
            let here = local(operation.request().header(header, &value), operation.body());
            assert_eq!(operation.refused(&host, here).await, expected, "{operation:?}");
        }
    }
    // It does not sign in either, and is not counted as a guess.
    for _ in 0..20 {
        let body = serde_json::json!({ "token": INGEST });
        let (status, problem) = host.post("/auth", &body).await;
        assert_eq!((status.as_u16(), &problem["code"]), (403, &serde_json::json!("ingest_token")));
    }
}

/// Whoever the header names.
fn role_of(parts: &Parts) -> Access {
    match parts.headers.get("x-role").map(axum::http::HeaderValue::as_bytes) {
        Some(b"viewer") => Access::As(Identity::new(Role::Viewer).named("vera")),
        Some(b"operator") => Access::As(Identity::new(Role::Operator)),
        Some(b"admin") => Access::As(Identity::new(Role::Admin)),
        _ => Access::Denied,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_does_what_is_its_own_and_what_is_of_those_before_it() {
    let host = Host::new(builder().access(role_of).build().unwrap());
    for operation in operations() {
        for role in ["viewer", "operator", "admin"] {
            let expected =
                if rank(role) < rank(&operation.role) { refusal(403, "role_needed") } else { None };
            assert_eq!(operation.afar(&host, &[("x-role", role)]).await, expected, "{role} {operation:?}");
            // The host has said who it is: a token says nothing more.
            let refused = operation.afar(&host, &[("x-role", role), ("x-inspector-token", TOKEN)]).await;
            assert_eq!(refused, expected, "{role} {operation:?}");
        }
        let nobody = operation.afar(&host, &[("x-inspector-token", TOKEN)]).await;
        assert_eq!(nobody, refusal(403, "access_denied"), "{operation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_inspector_takes_reports_and_refuses_whatever_acts_on_a_session_to_all() {
    let host = Host::new(builder().read_only().access(role_of).build().unwrap());
    for operation in operations() {
        let expected = if operation.controls { refusal(403, "read_only") } else { None };
        assert_eq!(operation.afar(&host, &[("x-role", "admin")]).await, expected, "{operation:?}");
    }
    let controls = operations().into_iter().filter(|one| one.controls).map(|one| one.path);
    let controls: std::collections::BTreeSet<_> = controls.collect();
    for path in ["/signal/{id}", "/cancel/{id}", "/sessions/{id}", "/sessions/{id}/pin"] {
        assert!(controls.contains(path), "{path} acts on a session");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_ingest_token_brings_is_kept() {
    let host = host();
    let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000)));
    let request = Request::post("/_inspector/events")
        .header("host", "box.example")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {INGEST}"))
        .extension(peer)
        .body(Body::from(r#"{"type": "session_started", "session_id": "s-1", "title": "reported"}"#))
        .unwrap();
    assert_eq!(host.send(request).await.status().as_u16(), 200);
    assert_eq!(host.get("/sessions/s-1").await["title"], "reported");
}

#[test]
fn an_ingest_token_is_as_long_as_a_secret_and_not_the_inspectors_own_and_there_are_not_too_many() {
    assert!(Inspector::builder().ingest_token("short").is_err());
    let same = Inspector::builder().in_memory().token(TOKEN).unwrap().ingest_token(TOKEN).unwrap();
    assert!(same.build().unwrap_err().is_setting());
    let mut builder = Inspector::builder();
    for number in 0..64 {
        builder = builder.ingest_token(&format!("an-ingest-token-number-{number}")).unwrap();
    }
    assert!(builder.ingest_token("one-ingest-token-too-many").unwrap_err().is_setting());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_does_says_who_it_was_and_from_where_as_far_as_that_is_a_fact() {
    let host = host();
    let afar = ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000)));
    let claims = ("x-forwarded-for", "203.0.113.9");
    let token = ("x-inspector-token", TOKEN);
    for (peer, headers, by, from) in [
        (Some(afar), vec![token], "token", "192.0.2.7"),
        (Some(afar), vec![token, claims], "token", "proxy"),
        (None, vec![token], "token", "unknown"),
    ] {
        let session = host.inspector.session("to be removed").start();
        let (mut events, id) = (host.inspector.events(), session.id().clone());
        session.finish();
        host.inspector.settle().await;
        for (method, path, said) in [
            ("PUT", format!("{id}/pin"), "SessionPinned"),
            ("DELETE", format!("{id}/pin"), "SessionUnpinned"),
            ("DELETE", id.to_string(), "SessionRemoved"),
        ] {
            let request = Request::builder().method(method).uri(format!("/_inspector/sessions/{path}"));
            let request =
                headers.iter().fold(request.header("host", "box.example"), |request, (name, value)| {
                    request.header(*name, *value)
                });
            let request = match peer {
                Some(peer) => request.extension(peer),
                None => request,
            };
            assert_eq!(host.send(request.body(Body::empty()).unwrap()).await.status().as_u16(), 204);
            let done = crate::waiting::until(&mut events, said).await;
            assert_eq!((&done["by"], &done["from"]), (&by.into(), &from.into()), "{done}");
            assert_eq!(done["session_id"], id.to_string());
            assert!(done["timestamp"].is_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_to_everyone_is_open_as_far_as_was_said_and_says_so() {
    let host = Host::new(builder().open_to_everyone(Role::Operator).build().unwrap());
    for operation in operations() {
        let above = rank(&operation.role) > rank("operator");
        let expected = if above { refusal(403, "role_needed") } else { None };
        assert_eq!(operation.afar(&host, &[]).await, expected, "{operation:?}");
        assert_eq!(operation.afar(&host, &[("x-inspector-token", TOKEN)]).await, None, "{operation:?}");
        let page = operation.afar(&host, &[("origin", "https://evil.example")]).await;
        assert_eq!(page, refusal(403, "forbidden_origin"), "{operation:?}");
    }
    let health = host.get("/health").await;
    assert_eq!((&health["open_to_everyone"], &health["read_only"]), (&"operator".into(), &false.into()));
    assert!(self::host().get("/health").await.get("open_to_everyone").is_none());
    assert!(builder().require_token().open_to_everyone(Role::Viewer).build().unwrap_err().is_setting());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_is_told_their_role_and_that_they_can_do_nothing_where_an_operator_can_answer() {
    let host = Host::new(builder().access(role_of).build().unwrap());
    let session = host.inspector.session("asks").start();
    let id = session.id().clone();
    let waiting = tokio::spawn(async move { session.wait_for::<bool>("sure").await });
    let controls = async |role: &str| {
        let request = Request::get(format!("/_inspector/sessions/{id}")).header("x-role", role);
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
        serde_json::from_slice::<Value>(&body).unwrap()["controls"].clone()
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while controls("operator").await != serde_json::json!(["signal", "cancel"]) {
        assert!(std::time::Instant::now() < until, "{}", controls("operator").await);
    }
    assert_eq!(controls("viewer").await, serde_json::json!([]));
    waiting.abort();
    for role in ["viewer", "operator", "admin"] {
        let request = Request::get("/_inspector/health").header("x-role", role);
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(read(answer).await.1["role"], role);
    }
}
