use axum::Router;
use axum::body::Body;
use axum::routing::any;

use super::support::{Site, answer, local};
use crate::http::{AccessPolicy, PublicPath, mount};

fn request(path: &str) -> axum::http::Request<Body> {
    local(path).body(Body::empty()).unwrap()
}

fn host() -> Router {
    Router::new().route("/{*any}", any(|| async { "the host's own page" }))
}

/// A host with the inspector in it, and the prefix at which it is.
fn hosts(site: &Site) -> Vec<(&'static str, Router, &'static str)> {
    let inspector = || site.router();
    vec![
        ("nest", Router::new().nest("/_inspector", inspector()), "/_inspector"),
        ("nest beside a catch-all", host().nest("/_inspector", inspector()), "/_inspector"),
        ("nest_service", Router::new().nest_service("/svc", inspector()), "/svc"),
        (
            "nested twice",
            Router::new().nest("/admin", Router::new().nest("/tools/_i", inspector())),
            "/admin/tools/_i",
        ),
        (
            "nested twice beside a catch-all",
            host().nest("/admin", Router::new().nest("/_i", inspector())),
            "/admin/_i",
        ),
        ("below a path parameter", Router::new().nest("/t/{tenant}/_i", inspector()), "/t/a%20b/_i"),
        ("below a parameter of our own name", Router::new().nest("/t/{id}/_i", inspector()), "/t/other/_i"),
        ("at the root", Router::new().merge(inspector()), ""),
        (
            "mounted by the helper",
            mount(host(), "/_inspector", inspector(), PublicPath::AsArrived),
            "/_inspector",
        ),
        (
            "mounted by the helper at the root",
            mount(Router::new(), "/", inspector(), PublicPath::AsArrived),
            "",
        ),
    ]
}

#[tokio::test]
async fn every_mount_answers_every_route_with_links_that_lead_back() {
    let site = Site::new();
    site.registry.insert(super::support::session("some-session", 1));
    for (how, host, prefix) in hosts(&site) {
        let at = |path: &str| request(&format!("{prefix}{path}"));
        let root = answer(&host, request(if prefix.is_empty() { "/" } else { prefix })).await;
        assert_eq!(
            (root.status.as_u16(), root.header("location")),
            (307, &*format!("{prefix}/ui/")),
            "{how}"
        );
        assert_eq!(answer(&host, at("/health")).await.json()["mount"], prefix, "{how}");
        let session = answer(&host, at("/sessions/some-session")).await;
        assert_eq!(session.json()["id"], "some-session", "{how}");
        let document = answer(&host, at("/openapi.json")).await.json();
        let server = if prefix.is_empty() { "/" } else { prefix };
        assert_eq!(document["servers"][0]["url"], server, "{how}");
        for deep in ["/ui", "/ui/", "/ui/sessions/x"] {
            let page = answer(&host, at(deep)).await;
            assert_eq!(page.status, 200, "{how} {deep}");
            let html = String::from_utf8_lossy(&page.body).into_owned();
            assert!(html.contains(&format!("\"{prefix}/ui/assets/app.js")), "{how} {deep}: {html}");
        }
        assert_eq!(answer(&host, at("/no/such/path")).await.problem().0, 404, "{how}");
    }
}

#[tokio::test]
async fn the_helper_answers_the_mount_with_a_slash_too() {
    let site = Site::new();
    let host = mount(host(), "/_inspector/", site.router(), PublicPath::AsArrived);
    let slash = answer(&host, request("/_inspector/")).await;
    assert_eq!((slash.status.as_u16(), slash.header("location")), (307, "/_inspector/ui/"));
    assert_eq!(answer(&host, request("/elsewhere")).await.body, "the host's own page");
}

#[tokio::test]
async fn behind_a_proxy_that_strips_a_prefix_links_carry_the_configured_one() {
    let policy =
        AccessPolicy { public_path: PublicPath::Fixed("/tools/_inspector".into()), ..Default::default() };
    let site = Site::with(policy, Vec::new());
    let host = Router::new().nest("/_inspector", site.router());
    assert_eq!(answer(&host, request("/_inspector")).await.header("location"), "/tools/_inspector/ui/");

    let policy = AccessPolicy { public_path: PublicPath::ForwardedPrefix, ..Default::default() };
    let site = Site::with(policy, Vec::new());
    let host = Router::new().nest("/_inspector", site.router());
    let forwarded = local("/_inspector").header("x-forwarded-prefix", "/tools").body(Body::empty()).unwrap();
    assert_eq!(answer(&host, forwarded).await.header("location"), "/tools/_inspector/ui/");

    let site = Site::new();
    let host = Router::new().nest("/_inspector", site.router());
    let spoofed = local("/_inspector").header("x-forwarded-prefix", "/tools").body(Body::empty()).unwrap();
    assert_eq!(answer(&host, spoofed).await.header("location"), "/_inspector/ui/");
}
