use super::support::{Site, local};

#[tokio::test]
async fn the_page_is_the_same_at_every_depth_and_may_load_only_from_here() {
    let site = Site::new();
    let page = site.get("/ui/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(site.get("/ui/sessions/x?span=1").await.body, page.body);
    assert_eq!(page.header("cache-control"), "no-cache");
    let etag = page.header("etag");
    assert_eq!(site.send(local("/ui/").header("if-none-match", etag)).await.status, 304);
}

#[tokio::test]
async fn an_asset_is_kept_for_ever_under_its_hash_and_asked_for_again_without() {
    let site = Site::new();
    let html = String::from_utf8(site.get("/ui/").await.body.to_vec()).unwrap();
    let url = html.split('"').find(|part| part.starts_with("/ui/assets/app.js?v=")).unwrap();
    let asset = site.get(url).await;
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(asset.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(site.get("/ui/assets/app.js").await.header("cache-control"), "no-cache");
    assert_eq!(site.get("/ui/assets/app.js?v=old").await.header("cache-control"), "no-cache");
    assert_eq!(site.send(local(url).header("if-none-match", asset.header("etag"))).await.status, 304);
    assert_eq!(asset.header("vary"), "Accept-Encoding");
}

#[tokio::test]
async fn the_worker_is_a_script_that_may_ask_only_this_origin() {
    let site = Site::new();
    let worker = site.get("/ui/assets/worker.js").await;
    assert_eq!(worker.status, 200);
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(
        worker.header("content-security-policy"),
        "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
    );
    assert_eq!(worker.header("x-content-type-options"), "nosniff");
    // Its address holds no hash: after an update the next tab must get the new one.
    assert_eq!(worker.header("cache-control"), "no-cache");
    let page = String::from_utf8(site.get("/ui/").await.body.to_vec()).unwrap();
    assert!(!page.contains("worker.js"), "started by the script, from beside it");
}

#[tokio::test]
async fn an_asset_that_is_not_there_is_a_problem_and_no_path_leads_out() {
    let site = Site::new();
    for path in
        ["/ui/assets/gone.js", "/ui/assets/../index.html", "/ui/assets/..%2f..%2fCargo.toml", "/ui/assets/"]
    {
        assert_eq!(site.get(path).await.problem().0, 404, "{path}");
    }
    let outside = site.get("/ui/..%2f..%2fCargo.toml").await;
    assert!(String::from_utf8_lossy(&outside.body).contains("<!doctype html>"));
}
