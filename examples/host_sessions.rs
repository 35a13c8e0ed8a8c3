//! A host with a sign-in of its own: whoever is signed in there is known to the inspector, and may do what their role allows.
//!
//! ```text
//! cargo run --example host_sessions
//! ```
//!
//! You will see an address. Sign in as `ada`, `otto` or `vera` (the password is the name); the page of the inspector is then
//! an admin's, an operator's or a viewer's, and what somebody does there stands in its events by their name. An agent asks before
//! it publishes: an operator may answer, a viewer sees the question. `PORT` chooses the port.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::collections::HashMap;
use std::env;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use agent_inspector::model::SessionId;
use agent_inspector::{Access, Identity, Inspector, Role, SessionHandle, Step, WaitError};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;

/// The page where people sign in.
const FRONT: &str = r#"<!doctype html><meta charset="utf-8"><title>A host</title>
<form onsubmit="event.preventDefault(); fetch('/login', {method: 'POST', headers: {'content-type': 'application/json'},
    body: JSON.stringify(Object.fromEntries(new FormData(this)))}).then(r => location = r.ok ? '/_inspector' : '/')">
<input name="name" placeholder="ada, otto or vera"> <input name="password" type="password"> <button>Sign in</button></form>
<button onclick="fetch('/logout', {method: 'POST'}).then(() => location = '/')">Sign out</button>"#;

/// Who is signed in, by the secret in their cookie.
#[derive(Clone, Default)]
struct SignedIn(Arc<Mutex<HashMap<String, (String, Role)>>>);

#[derive(serde::Deserialize)]
struct Login {
    name: String,
    password: String,
}

impl SignedIn {
    /// The inspector asks this of every request. Nobody else is let in, not even from the same machine.
    fn access(&self, parts: &Parts) -> Access {
        let known = self.0.lock().expect("nobody panics in it");
        let who = secrets(&parts.headers).find_map(|secret| known.get(secret));
        who.map_or(Access::Denied, |(name, role)| Access::As(Identity::new(*role).named(&**name)))
    }
}

/// What the host's own cookie says.
fn secrets(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter_map(|(name, secret)| (name == "host_session").then_some(secret))
}

async fn login(State(all): State<SignedIn>, Json(login): Json<Login>) -> Response {
    let role = match (&*login.name, login.password == login.name) {
        ("ada", true) => Role::Admin,
        ("otto", true) => Role::Operator,
        ("vera", true) => Role::Viewer,
        _ => return StatusCode::UNAUTHORIZED.into_response(),
    };
    let Ok((high, low)) = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?))) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let secret = format!("{high:016x}{low:016x}");
    let cookie = format!("host_session={secret}; Path=/; HttpOnly; SameSite=Lax");
    all.0.lock().expect("nobody panics in it").insert(secret, (login.name, role));
    ([(header::SET_COOKIE, cookie)], StatusCode::NO_CONTENT).into_response()
}

/// Whoever leaves the host is out of the inspector as well.
async fn logout(State(all): State<SignedIn>, headers: HeaderMap) -> StatusCode {
    let mut known = all.0.lock().expect("nobody panics in it");
    for secret in secrets(&headers) {
        known.remove(secret);
    }
    StatusCode::NO_CONTENT
}

/// An agent that can be stopped, and asks a person.
async fn publish(session: SessionHandle) {
    if matches!(session.checkpoint("before_publishing", &"the third draft").await, Step::Abort) {
        return session.cancel();
    }
    match session.wait_for::<bool>("publish").prompt("Publish the report?").await {
        Ok(_) | Err(WaitError::Denied(_)) => session.finish(),
        Err(_) => session.cancel(),
    }
}

fn app() -> Result<(Router, Inspector), agent_inspector::Error> {
    let signed_in = SignedIn::default();
    let asked = signed_in.clone();
    let inspector = Inspector::builder().in_memory().allow_stepping();
    let inspector = inspector.access(move |parts| asked.access(parts)).build()?;
    let host = Router::new().route("/", get(|| async { Html(FRONT) }));
    let host = host.route("/login", post(login)).route("/logout", post(logout));
    Ok((inspector.mount(host.with_state(signed_in), "/_inspector"), inspector))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (app, inspector) = app()?;
    inspector.session("Who may look?").start().finish();
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("inspector: http://{address}/_inspector/ui/");
    println!("sign in before at http://{address}/ as ada, otto or vera");

    let session =
        inspector.session("Publish the report").id(SessionId::parse("report")?).agent("editor").start();
    tokio::spawn(session.run(publish(session.clone())));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(app: &Router, method: &str, path: &str, cookie: &str, body: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.header("cookie", cookie).body(Body::from(body.to_owned())).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        let cookie = answer.headers().get("set-cookie").map(|cookie| cookie.to_str().unwrap());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
        (answer.status().as_u16(), cookie)
    }

    async fn sign_in(app: &Router, name: &str) -> String {
        let body = format!(r#"{{"name": "{name}", "password": "{name}"}}"#);
        let (status, cookie) = ask(app, "POST", "/login", "", &body).await;
        assert_eq!(status, 204);
        cookie
    }

    #[tokio::test]
    async fn each_may_do_what_their_role_allows_and_nobody_else_anything() {
        let (app, inspector) = app().unwrap();
        let session = inspector.session("to be removed").start();
        session.finish();
        inspector.settle().await;
        let path = format!("/_inspector/sessions/{}", session.id());
        for cookie in ["", "host_session=guessed", "other=1"] {
            assert_eq!(ask(&app, "GET", &path, cookie, "").await.0, 403);
        }
        assert_eq!(ask(&app, "POST", "/login", "", r#"{"name": "ada", "password": "x"}"#).await.0, 401);
        let (vera, otto, ada) =
            (sign_in(&app, "vera").await, sign_in(&app, "otto").await, sign_in(&app, "ada").await);
        let pin = format!("{path}/pin");
        assert_eq!(ask(&app, "GET", &path, &vera, "").await.0, 200);
        assert_eq!(ask(&app, "PUT", &pin, &vera, "").await.0, 403);
        assert_eq!(ask(&app, "PUT", &pin, &otto, "").await.0, 204);
        assert_eq!(ask(&app, "DELETE", &path, &otto, "").await.0, 403);
        assert_eq!(ask(&app, "DELETE", &path, &ada, "").await.0, 204);
        assert_eq!(ask(&app, "POST", "/logout", &vera, "").await.0, 204);
        assert_eq!(ask(&app, "GET", "/_inspector/sessions", &vera, "").await.0, 403);
        assert_eq!(ask(&app, "GET", "/_inspector/sessions", &otto, "").await.0, 200);
    }
}
