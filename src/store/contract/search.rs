//! Searching.

use super::*;
use crate::model::{Attributes, SearchPlace, SpanError, SpanKind, StatusCode, Usage};
use crate::store::search::{Matching, Of, Subject};

contract! {
    words_are_found_wherever_they_stand_and_all_must_occur
    texts_in_any_script_are_found
    phrases_and_regular_expressions_are_found
    fields_and_attributes_are_compared
    only_the_last_line_of_a_span_is_searched
    a_hit_shows_where_it_matches
    hits_come_newest_first_within_the_time_that_is_asked_for
    pages_have_no_doubles_and_no_holes_while_spans_arrive
    a_search_without_time_says_how_far_it_came_and_goes_on
    a_search_that_nobody_waits_for_ends
    a_session_can_be_searched_alone
    ;
    spans_that_no_session_was_named_for_are_found
}

/// A span of one second at a time in seconds, with a text.
pub(in crate::store) fn text_span(of: u8, number: u64, at: i64, text: &str) -> Span {
    let mut span = span(trace(of), number, Some((at + 1) * 1_000_000_000));
    span.start_time = Timestamp::from_nanos(at * 1_000_000_000);
    span.attributes.set("input.value", text);
    span
}

/// Writes spans of a trace of the session `s<trace>`.
pub(in crate::store) fn put(store: &dyn Store, spans: &[Span]) {
    let mut batch = WriteBatch::default();
    for of_trace in spans.chunk_by(|a, b| a.trace_id == b.trace_id) {
        let name = format!("s{}", of_trace[0].trace_id.as_bytes()[0]);
        batch.sessions.push(session(&name, 1));
        batch.traces.push((of_trace[0].trace_id, id(&name)));
        batch.chunks.extend(chunks(of_trace));
    }
    store.write(&batch).unwrap();
}

pub(in crate::store) fn query(text: &str, limit: usize) -> SearchQuery {
    SearchQuery::new(Query::parse(text).unwrap_or_else(|error| panic!("{error}")), limit)
}

/// The numbers of the spans and the ids of the events that are found, newest first.
pub(in crate::store) fn found(store: &dyn Store, text: &str) -> Vec<u64> {
    let page = store.search(&query(text, 1_000)).unwrap();
    assert_eq!((page.next, page.searched_to), (None, None), "{text}");
    page.hits.iter().map(number).collect()
}

pub(in crate::store) fn number(hit: &SearchHit) -> u64 {
    match &hit.found {
        FoundThing::Span(span) => u64::from_be_bytes(*span.span_id.as_bytes()),
        FoundThing::Event { id, .. } => id.0,
    }
}

fn words_are_found_wherever_they_stand_and_all_must_occur(store: &dyn Store) {
    let mut everywhere = text_span(1, 1, 1, "plain");
    everywhere.name = "call weather_api".into();
    everywhere.model = Some("gpt-5-mini".into());
    everywhere.error =
        Some(SpanError { kind: Some("Timeout".into()), message: Some("took too long".into()) });
    everywhere.attributes.set("deploy.region", "eu-west");
    everywhere.attributes.set("count", 4711_i64);
    everywhere.resource.set("service.name", "planner");
    let mut attributes = Attributes::new();
    attributes.set("exception.message", "connection reset");
    everywhere.events.push(crate::model::SpanEvent {
        name: "exception".into(),
        time: Timestamp::EPOCH,
        attributes,
    });
    let prompt = r#"[{"role":"user","content":"Book\na \"flight\" to K\u00f6ln","n":{"deep":"buried"}}]"#;
    put(store, &[everywhere, text_span(1, 2, 2, prompt), text_span(1, 3, 3, "overtimeout")]);
    for (words, expected) in [
        ("weather", vec![1]),
        ("WEATHER_api gpt-5", vec![1]),
        ("timeout", vec![1]),
        ("long took", vec![1]),
        ("4711", vec![1]),
        ("eu-we", vec![1]),
        ("deploy.region", vec![1]),
        ("planner reset", vec![1]),
        ("flight köln buried", vec![2]),
        ("KÖLN", vec![2]),
        ("role", vec![2]),
        ("timeout flight", vec![]),
        ("imeout", vec![]),
        ("-timeout", vec![3, 2]),
        ("-overtimeout -flight", vec![1]),
        ("", vec![3, 2, 1]),
        ("\"\\\"flight\\\"\"", vec![2]),
    ] {
        assert_eq!(found(store, words), expected, "{words}");
    }
    let id = trace(1).to_string();
    assert_eq!(found(store, &id[..12]).len(), 3);
    assert_eq!(found(store, &format!("span:{}", SpanId::from_bytes(2_u64.to_be_bytes()).unwrap())), [2]);
}

fn texts_in_any_script_are_found(store: &dyn Store) {
    let texts = [
        (1, "我们需要更好的模型评估"),
        (2, "東京タワーへ行きたい"),
        (3, "Привет, мир! Ошибка соединения"),
        (4, "مرحبا بالعالم"),
        (5, "Deploy 🚀🔥 done 👍🏽"),
        (6, "สวัสดีชาวโลก"),
        (7, "Ο ΔΡΟΜΟΣ über die Straße"),
        (8, "안녕하세요 세계"),
        (9, "İstanbul café naïve"),
        (10, r#"{"text":"\u0441\u043f\u0430\u0441\u0438\u0431\u043e \ud83d\ude00"}"#),
        (11, "नमस्ते दुनिया"),
    ];
    let spans: Vec<Span> =
        texts.iter().map(|(at, text)| text_span(1, *at, i64::try_from(*at).unwrap(), text)).collect();
    put(store, &spans);
    for (words, expected) in [
        ("模型", 1),
        ("评", 1),
        ("\"更好的\"", 1),
        ("タワー", 2),
        ("行き", 2),
        ("ПРИВЕТ", 3),
        ("ошиб соед", 3),
        ("بالع", 4),
        ("🔥", 5),
        ("🚀🔥", 5),
        ("👍", 5),
        ("ชาว", 6),
        ("δρομος", 7),
        ("ÜBER straß", 7),
        ("녕하", 8),
        ("istanb CAFÉ", 9),
        ("спасибо 😀", 10),
        ("दुनि", 11),
    ] {
        assert_eq!(found(store, words), [expected], "{words}");
    }
    for nothing in ["型模", "ивет", "🔥🚀", "cafe"] {
        assert_eq!(found(store, nothing), [0_u64; 0], "{nothing}");
    }
}

fn phrases_and_regular_expressions_are_found(store: &dyn Store) {
    put(
        store,
        &[
            text_span(1, 1, 1, "rate limit exceeded after 30s"),
            text_span(1, 2, 2, "the limit of the rate"),
            text_span(1, 3, 3, "Rate\n\tlimits"),
            text_span(1, 4, 4, "see http://example.com:8080/a?b=c#d"),
        ],
    );
    for (text, expected) in [
        ("\"rate limit\"", vec![1]),
        ("\"rate lim\"", vec![]),
        ("rate limit", vec![3, 2, 1]),
        ("/after \\d+s/", vec![1]),
        ("/RATE/", vec![]),
        ("/RATE/i -the", vec![3, 1]),
        ("/^the.*rate$/", vec![2]),
        ("/x*/", vec![4, 3, 2, 1]),
        ("http://example.com:8080/a", vec![4]),
        ("\"example.com:8080\"", vec![4]),
        ("/example\\.com\\/?/ -rate", vec![4]),
    ] {
        assert_eq!(found(store, text), expected, "{text}");
    }
}

fn fields_and_attributes_are_compared(store: &dyn Store) {
    let mut llm = text_span(1, 1, 1, "a");
    llm.kind = SpanKind::Llm;
    llm.model = Some("gpt-5-mini".into());
    llm.provider = Some("openai".into());
    llm.usage = Some(Usage { input_tokens: Some(900), output_tokens: Some(200), ..Default::default() });
    llm.cost = Some(crate::model::Cost { usd: 0.25, source: crate::model::CostSource::Reported });
    llm.attributes.set("gen_ai.request.model", "gpt-5-mini");
    llm.attributes.set("gen_ai.request.temperature", 0.5);
    let mut tool = text_span(1, 2, 2, r#"{"city":"Paris","days":3}"#);
    tool.kind = SpanKind::Tool;
    tool.name = "execute get_weather".into();
    tool.tool = Some("get_weather".into());
    tool.agent = Some("Trip Planner".into());
    tool.end_time = Some(tool.start_time.plus(Duration::from_millis(7_500)));
    tool.status.code = StatusCode::Error;
    tool.error = Some(SpanError { kind: Some("TimeoutError".into()), message: None });
    let mut runs = text_span(2, 3, 3, "timeout is only a word here");
    runs.end_time = None;
    put(store, &[llm, tool, runs]);
    let (of_trace, of_engine) = (format!("trace:{}", trace(2)), "engine:otlp session:s2");
    for (text, expected) in [
        ("kind:llm", vec![1]),
        ("-kind:llm", vec![3, 2]),
        ("status:error", vec![2]),
        ("status:running", vec![3]),
        ("model:GPT-5", vec![1]),
        ("model:=gpt-5", vec![]),
        ("model:=gpt-5-mini provider:openai", vec![1]),
        ("model:*", vec![1]),
        ("agent:\"trip planner\" tool:get", vec![2]),
        ("tool:/^get_/", vec![2]),
        ("name:weather", vec![2]),
        ("error:timeout", vec![2]),
        ("error:*", vec![2]),
        ("duration:>5s", vec![2]),
        ("duration:<=1s", vec![1]),
        ("tokens:>1000 tokens:<1200", vec![1]),
        ("input_tokens:900 output_tokens:<201", vec![1]),
        ("cost:>0.1", vec![1]),
        ("cost:<0.1", vec![]),
        ("gen_ai.request.model:gpt-5", vec![1]),
        ("gen_ai.request.temperature:>=0.5", vec![1]),
        ("gen_ai.request.temperature:*", vec![1]),
        ("\"city\":paris", vec![2]),
        ("\"days\":>2", vec![2]),
        ("\"days\":>3", vec![]),
        ("-\"city\":paris", vec![3, 1]),
        (of_trace.as_str(), vec![3]),
        (of_engine, vec![3]),
        ("session:s", vec![]),
        ("engine:tokio", vec![]),
        ("type:span -kind:llm", vec![3, 2]),
    ] {
        assert_eq!(found(store, text), expected, "{text}");
    }
}

fn only_the_last_line_of_a_span_is_searched(store: &dyn Store) {
    let line = |number, text, ended| {
        let mut line = text_span(1, number, i64::try_from(number).unwrap(), text);
        line.end_time = line.end_time.filter(|_| ended);
        line
    };
    put(store, &[line(1, "before", false), line(2, "before", false), line(2, "after", true)]);
    put(store, &[line(1, "after", true), line(3, "after", true)]);
    // A late line that says that the span still runs does not count.
    put(store, &[line(3, "before", false)]);
    assert_eq!(found(store, "before"), [0_u64; 0]);
    assert_eq!(found(store, "status:running"), [0_u64; 0]);
    assert_eq!(found(store, "after"), [3, 2, 1]);
    assert_eq!(found(store, ""), [3, 2, 1]);
}

fn a_hit_shows_where_it_matches(store: &dyn Store) {
    let long = format!("{} needle 😀 needle {}", "hay ".repeat(200), "stack ".repeat(200));
    put(store, &[text_span(1, 1, 1, &long)]);
    let page = store.search(&query("needle stack kind:other", 10)).unwrap();
    let hit = &page.hits[0];
    assert_eq!(hit.session_id, Some(id("s1")));
    let matches = &hit.matches;
    assert_eq!((matches.len(), matches[0].field.as_str()), (1, "attributes.input.value"));
    let units: Vec<u16> = matches[0].snippet.encode_utf16().collect();
    let marked: Vec<_> = matches[0]
        .highlights
        .iter()
        .map(|one| String::from_utf16(&units[one.start..one.end]).unwrap())
        .collect();
    assert_eq!(marked[..3], ["needle", "needle", "stack"]);
    assert!(matches[0].snippet.chars().count() <= 200);
    assert!(store.search(&query("kind:other", 10)).unwrap().hits[0].matches.is_empty());
}

fn hits_come_newest_first_within_the_time_that_is_asked_for(store: &dyn Store) {
    for (number, at) in [(1, 5), (2, 1), (3, 9), (4, 5), (5, 3)] {
        put(store, &[text_span(u8::try_from(number).unwrap(), number, at, "x")]);
    }
    assert_eq!(found(store, "x"), [3, 4, 1, 5, 2]);
    let second = |at: i64| Some(Timestamp::from_nanos(at * 1_000_000_000));
    for (since, until, expected) in [
        (second(5), None, vec![3, 4, 1]),
        (None, second(5), vec![5, 2]),
        (second(3), second(6), vec![4, 1, 5]),
        (second(10), None, vec![]),
        (second(4), second(4), vec![]),
    ] {
        for text in ["x", "kind:other", "/x/"] {
            let page = store.search(&SearchQuery { since, until, ..query(text, 10) }).unwrap();
            assert_eq!(page.hits.iter().map(number).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}

fn pages_have_no_doubles_and_no_holes_while_spans_arrive(store: &dyn Store) {
    let many = |from: u64, to: u64| -> Vec<Span> {
        // Several of one moment.
        (from..to).map(|at| text_span(1, at, i64::try_from(at / 3).unwrap(), "page me")).collect()
    };
    put(store, &many(1, 60));
    let mut opened = text_span(1, 70, 4, "page me");
    opened.end_time = None;
    put(store, &[opened.clone()]);
    let mut query = query("page", 7);
    let (mut seen, mut next) = (Vec::new(), 100);
    loop {
        let page = store.search(&query).unwrap();
        assert!(page.hits.len() <= 7 && page.searched_to.is_none());
        seen.extend(page.hits.iter().map(number));
        let Some(place) = page.next else { break };
        assert_eq!(SearchPlace::parse(&place.to_string()).as_ref(), Ok(&place));
        query.after = Some(place);
        put(store, &many(next, next + 5));
        // One that is still to come changes meanwhile.
        opened.end_time = Some(Timestamp::from_nanos(90_000_000_000));
        put(store, &[opened.clone()]);
        let _ = store.maintain(Duration::from_secs(60)).unwrap();
        next += 5;
    }
    assert!(seen.len() > 7 && seen.iter().all(|number| *number < 100), "what came later is newer: {seen:?}");
    let mut unique = seen.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!((unique.len(), seen.len()), (60, 60));
}

fn a_search_without_time_says_how_far_it_came_and_goes_on(store: &dyn Store) {
    for at in 1..40 {
        put(store, &[text_span(u8::try_from(at % 5 + 1).unwrap(), at, i64::try_from(at).unwrap(), "slow")]);
    }
    let mut query = SearchQuery { patience: Duration::ZERO, ..query("/slow/", 100) };
    let (mut seen, mut pages, mut cut) = (Vec::new(), 0, 0);
    loop {
        let page = store.search(&query).unwrap();
        pages += 1;
        if let Some(to) = page.searched_to {
            cut += 1;
            assert!(
                page.hits
                    .iter()
                    .all(|hit| matches!(&hit.found, FoundThing::Span(span) if span.start_time > to))
            );
        }
        seen.extend(page.hits.iter().map(number));
        let Some(place) = page.next else { break };
        assert!(query.after.as_ref().is_none_or(|before| place < *before), "it comes further each time");
        query.after = Some(place);
    }
    assert_eq!(seen, (1..40).rev().collect::<Vec<_>>());
    assert!(cut > 1 && pages > cut);
}

fn a_search_that_nobody_waits_for_ends(store: &dyn Store) {
    for at in 1..40 {
        put(store, &[text_span(u8::try_from(at % 5 + 1).unwrap(), at, i64::try_from(at).unwrap(), "slow")]);
    }
    let asker = Arc::new(());
    let query = SearchQuery { asker: Some(Arc::downgrade(&asker)), ..query("/slow/", 100) };
    assert_eq!(store.search(&query).unwrap().hits.len(), 39);
    drop(asker);
    let page = store.search(&query).unwrap();
    assert!(page.hits.is_empty() && page.searched_to.is_some());
}

fn a_session_can_be_searched_alone(store: &dyn Store) {
    put(store, &[text_span(1, 1, 1, "both"), text_span(2, 2, 2, "both")]);
    let here = |name| SearchQuery { session_id: Some(id(name)), ..query("both", 10) };
    let page = store.search(&here("s1")).unwrap();
    assert_eq!(page.hits.iter().map(number).collect::<Vec<_>>(), [1]);
    assert!(store.search(&here("nobody")).unwrap().hits.is_empty());
    // A trace may move to another session.
    store.write(&WriteBatch { traces: vec![(trace(1), id("s2"))], ..Default::default() }).unwrap();
    assert_eq!(store.search(&here("s2")).unwrap().hits.len(), 2);
}

/// The trait has no way to list them.
fn spans_that_no_session_was_named_for_are_found(store: &dyn Store) {
    put(store, &[text_span(1, 1, 1, "both"), text_span(2, 2, 2, "both")]);
    let chunks = vec![chunk(&[text_span(9, 9, 9, "both")])];
    store.write(&WriteBatch { chunks, ..Default::default() }).unwrap();
    assert_eq!(found(store, "both"), [9, 2, 1]);
    assert_eq!(found(store, "both -engine:otlp"), [9]);
}

/// What a plain look at every span finds.
pub(in crate::store) fn plain_scan(spans: &[Span], query: &SearchQuery) -> Vec<u64> {
    let mut last: std::collections::HashMap<(TraceId, SpanId), &Span> = std::collections::HashMap::new();
    for span in spans {
        let known = last.entry((span.trace_id, span.span_id)).or_insert(span);
        if span.end_time.is_some() || known.end_time.is_none() {
            *known = span;
        }
    }
    let mut all: Vec<&Span> = last.into_values().collect();
    all.sort_by_key(|span| std::cmp::Reverse((span.start_time, span.trace_id, span.span_id)));
    let mut matching = Matching::new(&query.query);
    let hits = all.into_iter().filter(|span| {
        let session = id(&format!("s{}", span.trace_id.as_bytes()[0]));
        let summary = span.summary(EventId(1));
        let subject = Subject { session: Some(&session), engine: Some("otlp"), of: Of::Span(&summary) };
        matching.admits(&subject) && matching.find(&subject.of, &serde_json::to_vec(span).unwrap()).is_some()
    });
    hits.map(|span| u64::from_be_bytes(*span.span_id.as_bytes())).take(query.limit).collect()
}
