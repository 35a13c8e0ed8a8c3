//! One host with the inspector mounted in every way there is.
//!
//! ```text
//! cargo run --example mounts
//! ```
//!
//! You will see one address per line. Behind each is the page, and everything it loads and asks for stays below that
//! address: no mount is told to the inspector, it learns from each request where it stands.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::convert::Infallible;
use std::env;
use std::net::SocketAddr;

use agent_inspector::model::SpanKind;
use agent_inspector::{Inspector, PublicPath};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use axum::routing::{any, get};
use tokio::net::TcpListener;
use tower::ServiceExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().in_memory().build()?;
    // Only where a proxy sets the header itself: whoever can send it chooses what the page's links begin with.
    let proxied = Inspector::builder().in_memory().public_path(PublicPath::ForwardedPrefix).build()?;
    record_a_run(&inspector);
    record_a_run(&proxied);

    let tools = Router::new().nest("/_inspector", inspector.router());
    let behind_proxy = Router::new().nest("/_inspector", proxied.router());
    let host = Router::new()
        .nest("/nested/_inspector", inspector.router())
        .nest_service("/service/_inspector", inspector.router())
        .nest("/admin", Router::new().nest("/tools", tools))
        .nest("/t/{tenant}/_inspector", inspector.router())
        .route("/proxied/{*path}", any(proxy).with_state(behind_proxy))
        // All of them stand beside a route that takes every other path.
        .route("/{*path}", get(|| async { "a page of the host's own\n" }));
    // Like `nest`, and `/_inspector/` is answered too.
    let host = inspector.mount(host, "/_inspector");
    // At the root, on a listener that serves nothing else.
    let alone = Router::new().merge(inspector.router());

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let (host_listener, alone_listener) =
        (TcpListener::bind(("127.0.0.1", port)).await?, TcpListener::bind(("127.0.0.1", 0)).await?);
    let at = format!("http://{}", host_listener.local_addr()?);
    for path in ["", "/nested", "/service", "/admin/tools", "/t/acme"] {
        println!("{at}{path}/_inspector/ui/");
    }
    // Behind a proxy nobody is local: this link signs in.
    println!("{}", proxied.sign_in_url(&format!("{at}/proxied/_inspector")));
    println!("http://{}/ui/", alone_listener.local_addr()?);
    println!("a run was recorded; stop with Ctrl-C");

    let (host, alone) = (
        host.into_make_service_with_connect_info::<SocketAddr>(),
        alone.into_make_service_with_connect_info::<SocketAddr>(),
    );
    tokio::try_join!(
        axum::serve(host_listener, host).into_future(),
        axum::serve(alone_listener, alone).into_future()
    )?;
    Ok(())
}

fn record_a_run(inspector: &Inspector) {
    let session = inspector.session("Where am I mounted?").agent("surveyor").start();
    let agent = session.span(SpanKind::Agent, "invoke_agent surveyor");
    agent.child(SpanKind::Tool, "execute_tool look_around").finish();
    agent.finish();
    session.finish();
}

/// What a reverse proxy does that publishes a host below `/proxied`: it takes that off, says so, and asks anew.
async fn proxy(State(host): State<Router>, mut request: Request) -> Result<Response, Infallible> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path
        .strip_prefix("/proxied")
        .and_then(|path| path.parse().ok())
        .unwrap_or_else(|| Uri::from_static("/"));
    request.headers_mut().insert("x-forwarded-prefix", HeaderValue::from_static("/proxied"));
    // Another connection: nothing that the host's routers noted on the way here.
    request.extensions_mut().clear();
    host.oneshot(request).await
}
