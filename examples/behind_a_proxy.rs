//! A host behind a reverse proxy that signs people in: the inspector believes what the proxy says of them, and only the proxy.
//!
//! ```text
//! cargo run --example behind_a_proxy
//! ```
//!
//! It serves what a proxy at `https://tools.example/agents/` passes on. With nginx, and an authentication behind `/sign-in`:
//!
//! ```text
//! location /agents/ {
//!     auth_request /sign-in;
//!     auth_request_set $user $upstream_http_x_auth_request_user;
//!     auth_request_set $groups $upstream_http_x_auth_request_groups;
//!     proxy_set_header X-Auth-Request-User $user;        # set here, so that nobody's own reaches the host
//!     proxy_set_header X-Auth-Request-Groups $groups;
//!     proxy_set_header Host $host;
//!     proxy_http_version 1.1;
//!     proxy_buffering off;                               # the live stream comes as it comes
//!     proxy_pass http://127.0.0.1:3000/;                 # takes /agents/ off
//! }
//! ```
//!
//! `PROXY` is the proxy's address (127.0.0.1 unless said; then whoever can start a program on this machine is believed too),
//! `PORT` chooses the port.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::env;
use std::net::{IpAddr, SocketAddr};

use agent_inspector::{Access, Error, Identity, Inspector, PublicPath, Role};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use tokio::net::TcpListener;

/// What the proxy says of who asks. From anybody else the same headers mean nothing.
fn who(parts: &Parts, proxy: IpAddr) -> Access {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    if peer != Some(proxy) {
        return Access::Denied;
    }
    let said = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let Some(user) = said("x-auth-request-user").filter(|user| !user.is_empty()) else {
        return Access::Denied;
    };
    let groups = said("x-auth-request-groups").unwrap_or_default();
    let is_in = |group| groups.split(',').any(|one| one.trim() == group);
    let role = if is_in("agent-admins") {
        Role::Admin
    } else if is_in("agent-operators") {
        Role::Operator
    } else {
        Role::Viewer
    };
    Access::As(Identity::new(role).named(user))
}

fn inspector(proxy: IpAddr) -> Result<Inspector, Error> {
    Inspector::builder()
        .in_memory()
        .access(move |parts| who(parts, proxy))
        // What browsers have before the path that arrives here.
        .public_path(PublicPath::Fixed("/agents/_inspector".to_owned()))
        .allow_hosts(["tools.example"])
        .allow_origins(["https://tools.example"])
        .build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proxy = env::var("PROXY").unwrap_or_else(|_| "127.0.0.1".to_owned()).parse()?;
    let inspector = inspector(proxy)?;
    inspector.session("Who is behind the proxy?").start().finish();
    let app = inspector.mount(Router::new(), "/_inspector");
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("as the proxy would ask, when it is on this machine:");
    println!("curl -H 'x-auth-request-user: ada' http://{}/_inspector/sessions", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    const PROXY: [u8; 4] = [10, 0, 0, 2];

    async fn ask(peer: [u8; 4], method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let inspector = inspector(PROXY.into()).unwrap();
        let app: Router = inspector.mount(Router::new(), "/_inspector");
        let request = Request::builder().method(method).uri(format!("/_inspector{path}"));
        let request = request.header("host", "tools.example").header("x-forwarded-for", "203.0.113.9");
        let request = request.extension(ConnectInfo(SocketAddr::from((peer, 50_000))));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        (answer.status().as_u16(), place.unwrap_or_default())
    }

    #[tokio::test]
    async fn the_proxy_is_believed_and_nobody_else_who_says_the_same() {
        let vera = ("x-auth-request-user", "vera");
        let admin = ("x-auth-request-groups", "all, agent-admins");
        assert_eq!(ask(PROXY, "GET", "/sessions", &[vera]).await.0, 200);
        for peer in [[127, 0, 0, 1], [10, 0, 0, 3]] {
            assert_eq!(ask(peer, "GET", "/sessions", &[vera, admin]).await.0, 403);
        }
        assert_eq!(ask(PROXY, "GET", "/sessions", &[]).await.0, 403, "whom the proxy did not sign in");
        assert_eq!(ask(PROXY, "DELETE", "/sessions/x", &[vera]).await.0, 403);
        assert_eq!(ask(PROXY, "DELETE", "/sessions/x", &[vera, admin]).await.0, 404);
    }

    #[tokio::test]
    async fn links_begin_where_browsers_are_and_only_pages_of_that_place_change_anything() {
        let ada = [("x-auth-request-user", "ada"), ("x-auth-request-groups", "agent-admins")];
        assert_eq!(ask(PROXY, "GET", "", &ada).await, (307, "/agents/_inspector/ui/".to_owned()));
        let from = |origin| [ada[0], ada[1], ("origin", origin)];
        assert_eq!(ask(PROXY, "DELETE", "/sessions/x", &from("https://tools.example")).await.0, 404);
        assert_eq!(ask(PROXY, "DELETE", "/sessions/x", &from("https://evil.example")).await.0, 403);
    }
}
