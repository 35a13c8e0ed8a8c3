use std::io::Read;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::support::{Answer, Site, local, session};

const LINES: [&str; 3] = ["{\"span\":1}\n{\"span\":2}\n", "{\"span\":3}\n", "{\"span\":4}\n{\"span\":5}\n"];

fn site() -> Site {
    let site = Site::new();
    site.store.sessions.lock().push(session("s", 1));
    LINES.iter().for_each(|lines| site.store.add_block(lines));
    site
}

async fn get(site: &Site, headers: &[(&str, &str)]) -> Answer {
    site.send(headers.iter().fold(local("/trace/s"), |request, (name, value)| request.header(*name, *value)))
        .await
}

fn gunzip(body: &[u8]) -> String {
    let mut text = String::new();
    flate2::bufread::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn the_trace_has_two_forms_each_with_a_tag_of_its_own() {
    let site = site();
    let plain = get(&site, &[]).await;
    let packed = get(&site, &[("accept-encoding", "gzip")]).await;
    assert_eq!(plain.body, LINES.concat());
    assert_eq!(gunzip(&packed.body), LINES.concat());
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    assert_ne!(plain.header("etag"), packed.header("etag"));
    for answer in [&plain, &packed] {
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        assert_eq!(answer.header("vary"), "Accept-Encoding");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert!(!answer.header("etag").starts_with("W/"));
    }
}

#[tokio::test]
async fn every_range_is_cut_out_of_the_form_that_was_chosen() {
    let site = site();
    for coding in ["identity", "gzip"] {
        let whole = get(&site, &[("accept-encoding", coding)]).await.body;
        let length = whole.len();
        for from in 0..length {
            for to in [from, from + 1, from + 9, length - 1].map(|to| to.min(length - 1)) {
                let range = format!("bytes={from}-{to}");
                let part = get(&site, &[("accept-encoding", coding), ("range", &range)]).await;
                assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{coding} {range}");
                assert_eq!(part.body, whole[from..=to], "{coding} {range}");
                assert_eq!(part.header("content-range"), format!("bytes {from}-{to}/{length}"));
            }
        }
    }
}

#[tokio::test]
async fn a_range_beyond_the_end_is_refused_and_a_strange_one_ignored() {
    let site = site();
    let length = LINES.concat().len();
    let beyond = get(&site, &[("range", "bytes=1000-")]).await;
    assert_eq!(beyond.problem(), (416, "range_not_satisfiable".into()));
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    for range in ["lines=0-1", "bytes=0-1,3-4", "bytes=9-1"] {
        assert_eq!(get(&site, &[("range", range)]).await.status, 200, "{range}");
    }
    let suffix = get(&site, &[("range", "bytes=-11")]).await;
    assert_eq!(suffix.body, "{\"span\":5}\n");
}

#[tokio::test]
async fn a_resumed_range_restarts_when_the_session_grew_or_was_compacted() {
    let site = site();
    let etag = get(&site, &[]).await.header("etag").to_owned();
    let resume = [("range", "bytes=5-"), ("if-range", etag.as_str())];
    assert_eq!(get(&site, &resume).await.status, 206);
    site.store.add_block("{\"span\":6}\n");
    assert_eq!(get(&site, &resume).await.status, 200);
    let grown = get(&site, &[]).await.header("etag").to_owned();
    site.store.generation.fetch_add(1, Ordering::Relaxed);
    assert_eq!(get(&site, &[("range", "bytes=5-"), ("if-range", &grown)]).await.status, 200);
}

#[tokio::test]
async fn what_the_client_has_already_is_not_sent_again_whatever_the_range() {
    let site = site();
    let etag = get(&site, &[]).await.header("etag").to_owned();
    let known = get(&site, &[("if-none-match", &etag), ("range", "bytes=0-1")]).await;
    assert_eq!((known.status.as_u16(), known.body.len(), known.header("etag")), (304, 0, etag.as_str()));
    assert_eq!(get(&site, &[("if-none-match", &etag), ("accept-encoding", "gzip")]).await.status, 200);
    assert_eq!(get(&site, &[("if-none-match", "*")]).await.status, 304);
}

#[tokio::test]
async fn head_tells_the_length_and_knows_no_range() {
    let site = site();
    let head = site.send(local("/trace/s").method(Method::HEAD).header("range", "bytes=0-1")).await;
    assert_eq!(
        (head.status.as_u16(), head.header("content-length")),
        (200, &*LINES.concat().len().to_string())
    );
}

#[tokio::test]
async fn until_names_the_same_bytes_while_the_session_grows() {
    let site = site();
    let before = get(&site, &[]).await;
    let place = before.header("content-location").to_owned();
    site.store.add_block("{\"span\":6}\n");
    let again = site.get(&place).await;
    assert_eq!((again.body, again.headers["etag"].clone()), (before.body, before.headers["etag"].clone()));
    assert_eq!(site.get("/trace/s?until=x").await.problem(), (400, "invalid_parameter".into()));
}

#[tokio::test]
async fn a_block_that_vanishes_breaks_the_body_off() {
    let site = site();
    for coding in ["identity", "gzip"] {
        let request = local("/trace/s").header("accept-encoding", coding).body(Body::empty()).unwrap();
        let response = site.router().oneshot(request).await.unwrap();
        let lost = site.store.blocks.lock()[2].take();
        assert_eq!(response.status(), 200);
        assert!(response.into_body().collect().await.is_err(), "{coding}");
        site.store.blocks.lock()[2] = lost;
    }
}

#[tokio::test]
async fn a_trace_that_nobody_takes_ends_when_the_inspector_shuts_down() {
    let site = site();
    let request = local("/trace/s").body(Body::empty()).unwrap();
    let response = site.router().oneshot(request).await.unwrap();
    site.shutdown.send_replace(true);
    assert!(response.into_body().collect().await.is_err());
}
