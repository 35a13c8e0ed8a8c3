//! Searching, as a page does it.

use std::time::Duration;

use agent_inspector::SessionHandle;
use agent_inspector::model::SpanKind;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::Host;

/// A text as a part of a query string.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Searches for what was recorded until now.
async fn search(host: &Host, query: &str) -> Value {
    host.inspector.settle().await;
    host.get(&format!("/search?q={}", encoded(query))).await
}

/// What the hits are called.
fn names(page: &Value) -> Vec<String> {
    let hits = page["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["span"]["name"].as_str().unwrap_or("an event").to_owned()).collect()
}

async fn found(host: &Host, query: &str) -> Vec<String> {
    let page = search(host, query).await;
    assert!(page.get("searched_to").is_none() && page.get("next_cursor").is_none(), "{page}");
    names(&page)
}

fn say(session: &SessionHandle, name: &str, text: &str) {
    let span = session.span(SpanKind::Tool, name.to_owned());
    span.attribute("input.value", text.to_owned());
}

/// Waits until the index has everything.
async fn indexed(host: &Host) {
    host.inspector.settle().await;
    let wait = async {
        while host.get("/health").await["store"]["unindexed"] != json!(0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the index catches up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_is_found_as_soon_as_it_was_recorded_and_after_it_was_indexed() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::in_dir(dir.path());
    let session = host.inspector.session("search").start();
    for turn in 0..5 {
        say(&session, &format!("step {turn}"), &format!("the answer is marked{turn}"));
        assert_eq!(found(&host, &format!("marked{turn} answer")).await, [format!("step {turn}")]);
    }
    indexed(&host).await;
    say(&session, "late", "marked2 answer");
    assert_eq!(found(&host, "marked2").await, ["late", "step 2"]);
    assert_eq!(found(&host, "\"the answer is marked2\"").await, ["step 2"]);
    assert_eq!(found(&host, "/marked[34]/ kind:tool").await, ["step 4", "step 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_every_script_are_found_with_and_without_an_index() {
    let dir = tempfile::tempdir().unwrap();
    for host in [Host::in_memory(), Host::in_dir(dir.path())] {
        let session = host.inspector.session("scripts").start();
        let texts = [
            ("chinese", "我们需要更好的模型评估", "模型"),
            ("japanese", "東京タワーへ行きたい", "タワー"),
            ("cyrillic", "Ошибка соединения с сервером", "ОШИБКА серв"),
            ("arabic", "مرحبا بالعالم", "بالعالم"),
            ("emoji", "deployed 🚀 to production", "🚀"),
            ("accents", "un café très corsé", "CAFÉ"),
            ("escaped", r#"{"text":"\u0441\u043f\u0430\u0441\u0438\u0431\u043e"}"#, "спасибо"),
        ];
        for (name, text, _) in texts {
            say(&session, name, text);
        }
        for _ in 0..2 {
            for (name, _, query) in texts {
                assert_eq!(found(&host, query).await, [name], "{query}");
            }
            assert!(found(&host, "型模").await.is_empty());
            if host.get("/health").await["store"]["kind"] == "sqlite" {
                indexed(&host).await;
            }
        }
    }
}

#[tokio::test]
async fn a_hit_names_its_session_the_field_and_the_place_in_it() {
    let host = Host::in_memory();
    let session = host.inspector.session("search").start();
    say(&session, "long", &format!("{}😀 a needle here{}", "hay ".repeat(100), " straw".repeat(100)));
    let page = search(&host, "needle").await;
    let hit = &page["hits"][0];
    assert_eq!((&hit["type"], &hit["session_id"]), (&json!("span"), &json!(session.id().as_str())));
    let shown = &hit["matches"][0];
    assert_eq!(shown["field"], "attributes.input.value");
    let units: Vec<u16> = shown["snippet"].as_str().unwrap().encode_utf16().collect();
    assert!(units.len() < 210);
    let place = |name: &str| usize::try_from(shown["highlights"][0][name].as_u64().unwrap()).unwrap();
    assert_eq!(String::from_utf16(&units[place("start")..place("end")]).unwrap(), "needle");
    let id = hit["span"]["span_id"].as_str().unwrap();
    assert_eq!(host.get(&format!("/sessions/{}/spans/{id}", session.id())).await["name"], "long");
}

#[tokio::test]
async fn fields_narrow_a_search_and_so_do_time_and_session() {
    let host = Host::in_memory();
    let first = host.inspector.session("first").start();
    let second = host.inspector.session("second").start();
    say(&first, "get_weather", "Paris");
    let open = second.span(SpanKind::Llm, "chat");
    open.attribute("gen_ai.request.model", "gpt-5-mini");
    host.inspector.settle().await;
    for (query, expected) in [
        ("kind:tool", vec!["get_weather"]),
        ("name:weather", vec!["get_weather"]),
        ("kind:llm status:running", vec!["chat"]),
        ("gen_ai.request.model:gpt-5", vec!["chat"]),
        ("model:=gpt-5-mini", vec!["chat"]),
        ("input.value:paris", vec!["get_weather"]),
        ("input.value:* -kind:tool", vec![]),
        ("kind:tool duration:>1h", vec![]),
        ("duration:<1h kind:tool", vec!["get_weather"]),
    ] {
        assert_eq!(found(&host, query).await, expected, "{query}");
    }
    let alone = host.get(&format!("/search?session_id={}&q=kind%3Allm", second.id())).await;
    assert_eq!(names(&alone), ["chat"]);
    let start = alone["hits"][0]["span"]["start_time"].as_str().unwrap().to_owned();
    assert_eq!(names(&host.get(&format!("/search?q=kind%3Allm&since={start}")).await), ["chat"]);
    assert!(names(&host.get(&format!("/search?q=kind%3Allm&until={start}")).await).is_empty());
}

#[tokio::test]
async fn events_are_found_beside_spans() {
    let host = Host::in_memory();
    let session = host.inspector.session("events").start();
    session.progress(Some(40.0), "reading the archive");
    let page = search(&host, "archive").await;
    let hit = &page["hits"][0];
    assert_eq!((&hit["type"], &hit["event"]["type"]), (&json!("event"), &json!("ProgressUpdate")), "{page}");
    assert_eq!(hit["matches"][0]["field"], "message");
    assert_eq!(search(&host, "archive type:Log").await["hits"], json!([]));
}

#[tokio::test]
async fn a_query_that_cannot_be_understood_is_told_where_and_what_to_write() {
    let host = Host::in_memory();
    for (query, words) in [
        ("ok colour:red", "at character 4, `colour:red`"),
        ("ok colour:red", "the fields are kind, status"),
        ("kind:tol", "one of workflow, agent, llm"),
        ("/a(b/", "unclosed group"),
        ("\"open", "not closed"),
        ("duration:>5", "units are us, ms, s, m and h"),
    ] {
        let (status, problem) = host.try_get(&format!("/search?q={}", encoded(query))).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_query")));
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    for path in
        ["/search?limit=0", "/search?cursor=junk", "/search?since=yesterday", "/search?session_id=a%2Fb"]
    {
        assert_eq!(host.try_get(path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    assert!(found(&host, "http://example.com:80/x \u{1}\u{0} sk-secret").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_every_hit_once_while_spans_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::in_dir(dir.path());
    let session = host.inspector.session("many").start();
    for at in 0..60 {
        say(&session, &format!("old {at}"), "page me");
    }
    host.inspector.settle().await;
    let (mut seen, mut path) = (Vec::new(), "/search?limit=9&q=page".to_owned());
    loop {
        let page = host.get(&path).await;
        seen.extend(names(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/search?limit=9&q=page&cursor={cursor}");
        say(&session, "new", "page me");
        host.inspector.settle().await;
        if seen.len() > 30 {
            indexed(&host).await;
        }
    }
    assert_eq!(seen, (0..60).rev().map(|at| format!("old {at}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_start_stored_is_found_and_nothing_of_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let before = Host::in_dir(dir.path());
    let session = before.inspector.session("before").start();
    say(&session, "early", "from before the restart");
    let open = session.span(SpanKind::Llm, "cut off");
    before.inspector.shutdown().await;
    drop((before, open));

    let host = Host::in_dir(dir.path());
    assert_eq!(found(&host, "restart").await, ["early"]);
    indexed(&host).await;
    assert_eq!(found(&host, "\"before the restart\"").await, ["early"]);
    assert!(found(&host, "status:running").await.is_empty());
}
