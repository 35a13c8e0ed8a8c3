//! The table of RFC 9110 for `GET /trace/{id}`: ranges (section 14) and conditions (section 13), through the router.

use axum::http::Method;

use super::support::{Answer, Site, local, session};

const LINES: &str = "{\"span\":1}\n{\"span\":2}\n{\"span\":3}\n";

/// Larger than any number that a machine counts with.
const HUGE: &str = "99999999999999999999999999999999999999";

fn site(lines: &[&str]) -> Site {
    let site = Site::new();
    site.store.sessions.lock().push(session("s", 1));
    lines.iter().for_each(|lines| site.store.add_block(lines));
    site
}

async fn ask(site: &Site, method: Method, headers: &[(&str, &str)]) -> Answer {
    let request = local("/trace/s").method(method);
    site.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

async fn get(site: &Site, headers: &[(&str, &str)]) -> Answer {
    ask(site, Method::GET, headers).await
}

#[tokio::test]
async fn every_form_of_a_range_is_answered_as_the_table_says() {
    let site = site(&[&LINES[..11], &LINES[11..]]);
    for coding in ["identity", "gzip"] {
        let whole = get(&site, &[("accept-encoding", coding)]).await.body;
        let length = whole.len();
        let last = length - 1;
        let parts = [
            ("bytes=0-0".to_owned(), 0..1),
            (format!("bytes=0-{last}"), 0..length),
            ("bytes=0-".to_owned(), 0..length),
            (format!("bytes={last}-"), last..length),
            (format!("bytes=4-{HUGE}"), 4..length),
            (format!("bytes=4-{length}"), 4..length),
            ("bytes=-1".to_owned(), last..length),
            (format!("bytes=-{HUGE}"), 0..length),
            ("bytes=007-008".to_owned(), 7..9),
            ("Bytes=1-2".to_owned(), 1..3),
        ];
        for (range, part) in parts {
            let answer = get(&site, &[("accept-encoding", coding), ("range", &range)]).await;
            assert_eq!(answer.status, 206, "{coding} {range}");
            assert_eq!(answer.body, whole[part.clone()], "{coding} {range}");
            let says = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            assert_eq!(answer.header("content-range"), says, "{coding} {range}");
            assert_eq!(answer.header("content-length"), part.len().to_string(), "{coding} {range}");
        }
        for range in [
            format!("bytes={length}-"),
            format!("bytes={length}-{HUGE}"),
            format!("bytes={HUGE}-"),
            "bytes=-0".to_owned(),
        ] {
            let answer = get(&site, &[("accept-encoding", coding), ("range", &range)]).await;
            assert_eq!(answer.status, 416, "{coding} {range}");
            assert_eq!(answer.header("content-range"), format!("bytes */{length}"), "{coding} {range}");
            assert!(!answer.header("etag").is_empty(), "a client that resumes learns what is there now");
        }
        // Other units, several ranges, the wrong way round, and what is no range at all: ignored (section 14.2).
        for range in [
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=0-0,-1",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=-",
            "bytes",
            "bytes=1",
            "0-1",
            "bytes=1.0-2",
            "bytes=0-1 2-3",
            "none",
            "\u{fc}",
        ] {
            let answer = get(&site, &[("accept-encoding", coding), ("range", range)]).await;
            assert_eq!((answer.status.as_u16(), answer.body.len()), (200, length), "{coding} {range}");
            assert_eq!(answer.header("content-range"), "", "{coding} {range}");
        }
    }
}

#[tokio::test]
async fn the_ranges_of_an_empty_trace() {
    let site = site(&[]);
    assert_eq!((get(&site, &[]).await.status.as_u16(), get(&site, &[]).await.body.len()), (200, 0));
    for range in ["bytes=0-", "bytes=0-0", "bytes=-0"] {
        let answer = get(&site, &[("range", range)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-range")), (416, "bytes */0"), "{range}");
    }
    let suffix = get(&site, &[("range", "bytes=-5")]).await;
    assert_eq!((suffix.status.as_u16(), suffix.body.len()), (200, 0));
    // Its gzip form is a member without content, which has bytes.
    let packed = get(&site, &[("accept-encoding", "gzip"), ("range", "bytes=0-")]).await;
    assert_eq!((packed.status.as_u16(), packed.body.len()), (206, 20));
}

#[tokio::test]
async fn a_range_holds_only_for_the_state_that_if_range_names() {
    let site = site(&[LINES]);
    let tags = |answer: &Answer| answer.header("etag").to_owned();
    let (plain, packed) =
        (tags(&get(&site, &[]).await), tags(&get(&site, &[("accept-encoding", "gzip")]).await));
    let unquoted = plain.trim_matches('"').to_owned();
    for (validator, status) in [
        (plain.clone(), 206),
        (packed, 200),
        (format!("W/{plain}"), 200),
        (unquoted, 200),
        ("\"other\"".to_owned(), 200),
        ("*".to_owned(), 200),
        (format!("{plain}, \"other\""), 200),
        ("Sat, 21 Nov 2026 00:00:00 GMT".to_owned(), 200),
        ("Sat, 21 Nov 2099 00:00:00 GMT".to_owned(), 200),
    ] {
        let answer = get(&site, &[("range", "bytes=3-5"), ("if-range", &validator)]).await;
        assert_eq!(answer.status, status, "{validator}");
        assert_eq!(answer.body.len(), if status == 206 { 3 } else { LINES.len() }, "{validator}");
    }
    // Another state is answered whole also where the range would lie beyond its end.
    let beyond = get(&site, &[("range", "bytes=9999-"), ("if-range", "\"other\"")]).await;
    assert_eq!((beyond.status.as_u16(), beyond.body.len()), (200, LINES.len()));
    assert_eq!(get(&site, &[("range", "bytes=9999-"), ("if-range", &plain)]).await.status, 416);
    assert_eq!(
        get(&site, &[("if-range", "\"other\"")]).await.status,
        200,
        "it means nothing without a range"
    );
}

#[tokio::test]
async fn if_none_match_takes_lists_any_and_weak_tags_and_comes_before_the_range() {
    let site = site(&[LINES]);
    let tag = get(&site, &[]).await.header("etag").to_owned();
    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"a\" , {tag}"), 304),
        (format!("\"a\",W/{tag},\"b\""), 304),
        ("*".to_owned(), 304),
        ("\"a\", \"b\"".to_owned(), 200),
        (tag.trim_matches('"').to_owned(), 200),
        (String::new(), 200),
    ] {
        let answer = get(&site, &[("if-none-match", &known)]).await;
        assert_eq!(answer.status, status, "{known:?}");
        for range in ["bytes=0-1", "bytes=9999-"] {
            let expected =
                if status == 304 { 304 } else { get(&site, &[("range", range)]).await.status.as_u16() };
            let answer = get(&site, &[("if-none-match", &known), ("range", range)]).await;
            assert_eq!(answer.status, expected, "{known:?} {range}");
        }
        let head = ask(&site, Method::HEAD, &[("if-none-match", &known)]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (status, 0), "{known:?}");
    }
    let lines = [("if-none-match", "\"a\""), ("if-none-match", tag.as_str())];
    assert_eq!(get(&site, &lines).await.status, 304);
}

#[tokio::test]
async fn head_answers_as_get_without_a_range_and_without_a_body() {
    let site = site(&[LINES]);
    for coding in ["identity", "gzip"] {
        let whole = get(&site, &[("accept-encoding", coding)]).await;
        for range in ["bytes=0-1", "bytes=9999-", "nonsense"] {
            let head = ask(&site, Method::HEAD, &[("accept-encoding", coding), ("range", range)]).await;
            assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{coding} {range}");
            for name in
                ["etag", "content-length", "content-encoding", "content-type", "accept-ranges", "vary"]
            {
                assert_eq!(head.header(name), whole.header(name), "{coding} {range} {name}");
            }
        }
    }
}
