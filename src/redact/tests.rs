use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::{AttributeValue, Link, SpanEvent, SpanId, SpanKind, Timestamp, TraceId};

fn span<V: Into<AttributeValue>>(attributes: impl IntoIterator<Item = (&'static str, V)>) -> Span {
    let (trace, id) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
    let mut span = Span::new(trace, id, "step", Timestamp::from_nanos(1));
    span.attributes = attributes.into_iter().collect();
    span
}

fn json_of(span: &Span) -> String {
    serde_json::to_string(span).unwrap()
}

const KEY: &str = "sk-ant-api03-Zx9Yw8Vu7Ts6Rq5P";

#[test]
fn a_secret_is_masked_wherever_it_stands_in_a_span() {
    let mut span = span([
        ("text", AttributeValue::from(format!("use {KEY} please"))),
        ("arg_0", format!("OpenAISettings(api_key='{KEY}', base_url=None)").into()),
        (
            "list",
            AttributeValue::Array(vec![KEY.into(), AttributeValue::Object(vec![("k".into(), KEY.into())])]),
        ),
        ("bytes", AttributeValue::Bytes(KEY.as_bytes().to_vec())),
    ]);
    span.name = format!("call {KEY}");
    span.status.message = Some(format!("401 for {KEY}"));
    span.error = Some(SpanError { kind: None, message: Some(format!("bad key {KEY}")) });
    let attributes: Attributes = [("header", format!("Bearer {KEY}"))].into_iter().collect();
    span.resource = attributes.clone();
    span.events = vec![SpanEvent { name: KEY.into(), time: span.start_time, attributes: attributes.clone() }];
    span.links = vec![Link { trace_id: span.trace_id, span_id: span.span_id, attributes }];
    let redaction = Redactor::new().apply(&mut span);
    assert_eq!(redaction, Redaction { masked: 12, panicked: false, overran: false });
    assert!(!json_of(&span).contains("Zx9Y"), "{}", json_of(&span));
    assert_eq!(span.attributes.text("text"), Some("use [redacted] please"));
    assert_eq!(span.attributes.text("arg_0"), Some("OpenAISettings(api_key='[redacted]', base_url=None)"));
}

#[test]
fn what_a_sensitive_name_stands_for_is_masked_and_counts_of_tokens_are_not() {
    let mut span = span([
        ("http.request.header.authorization", AttributeValue::Array(vec!["Basic dXNlcg==".into()])),
        ("db.password", "correct horse".into()),
        ("password", AttributeValue::Int(123_456)),
        ("gen_ai.usage.input_tokens", AttributeValue::Int(17)),
        ("token", AttributeValue::Int(5)),
        ("max_tokens", "100".into()),
        ("gen_ai.token.type", "input".into()),
    ]);
    Redactor::new().apply(&mut span);
    assert_eq!(
        serde_json::to_value(&span.attributes).unwrap(),
        json!({
            "http.request.header.authorization": ["[redacted]"], "db.password": "[redacted]", "password": "[redacted]",
            "gen_ai.usage.input_tokens": 17, "token": 5, "max_tokens": "100", "gen_ai.token.type": "input",
        })
    );
}

#[test]
fn json_within_texts_stays_json_in_its_order() {
    let text = r#"{"z": {"api_key": "plain", "n": 1.50}, "a": ["https://u:p4ss@h/", {"token": " the"}], "args": "{\"password\":\"x y\"}"}"#;
    assert_eq!(
        redact_text(text),
        r#"{"z":{"api_key":"[redacted]","n":1.5},"a":["https://u:[redacted]@h/",{"token":" the"}],"args":"{\"password\":\"[redacted]\"}"}"#
    );
    let clean = r#"{ "z": 1.50, "token": 7 }"#;
    assert!(matches!(redact_text(clean), Cow::Borrowed(_)), "JSON without a secret is not touched");
}

#[test]
fn json_that_is_too_deep_to_be_read_is_masked_whole_and_only_when_it_names_a_secret() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(redact_text(&deep(r#"{"password":123}"#)), "\"[redacted]\"");
    assert_eq!(redact_text(&deep("1")), deep("1"));
}

#[test]
fn json_values_are_masked_like_texts() {
    let mut value = json!({"headers": {"Authorization": "Basic abc", "Accept": "*/*"}, "log": format!("key {KEY}"), "secret": [1, "x", null]});
    redact_json(&mut value);
    assert_eq!(
        value,
        json!({"headers": {"Authorization": "[redacted]", "Accept": "*/*"}, "log": "key [redacted]", "secret": ["[redacted]", "[redacted]", null]})
    );
}

#[test]
fn masking_again_changes_nothing() {
    let once = redact_text("password=hunter2, token: abc123def, https://u:pw@h Authorization: Bearer abc123")
        .into_owned();
    assert_eq!(redact_text(&once), once);
}

#[test]
fn the_hosts_own_redaction_runs_and_cannot_change_what_the_span_is() {
    let redactor = Redactor::new().with(|span: &mut Span| {
        span.span_id = SpanId::from_bytes([9; 8]).unwrap();
        span.kind = SpanKind::Human;
        span.attributes.set("customer", format!("somebody {KEY}"));
    });
    let mut span = span([("customer", "Ada")]);
    redactor.apply(&mut span);
    assert_eq!((span.span_id.as_bytes(), span.kind), (&[2; 8], SpanKind::Other));
    assert_eq!(
        span.attributes.text("customer"),
        Some("somebody [redacted]"),
        "what it writes is searched too"
    );
}

#[test]
fn a_panic_of_the_hosts_redaction_drops_the_content_and_is_reported() {
    let redactor = Redactor::new().with(|_: &mut Span| panic!("host bug"));
    let mut span = span([("prompt", "very private")]);
    span.model = Some("m".into());
    span.status.message = Some("very private".into());
    span.events = vec![SpanEvent {
        name: "very private".into(),
        time: span.start_time,
        attributes: span.attributes.clone(),
    }];
    assert!(redactor.apply(&mut span).panicked);
    assert!(!json_of(&span).contains("private"), "{}", json_of(&span));
    assert_eq!(span.attributes.get(REDACTION_FAILED), Some(&AttributeValue::Bool(true)));
    assert_eq!((span.dropped_attributes, span.model.as_deref(), span.events.len()), (1, Some("m"), 1));
}

#[test]
fn a_redaction_of_the_hosts_that_takes_too_long_costs_the_content_and_is_counted() {
    let redactor = Redactor::new().with(|_: &mut Span| ()).time_limit(Duration::ZERO);
    let mut span = span([("prompt", "very private")]);
    let redaction = redactor.apply(&mut span);
    assert!(redaction.overran && !redaction.panicked && !json_of(&span).contains("private"));
    assert_eq!((redactor.overruns(), redactor.panics()), (1, 0));
    let in_time = Redactor::new().with(|_: &mut Span| ());
    assert!(!in_time.apply(&mut span).overran && in_time.overruns() == 0);
}

#[test]
fn names_that_are_secrets_are_masked_too() {
    let mut span = span([("x", "y")]);
    span.attributes.set(format!("header {KEY}"), "v");
    span.scope.name = format!("lib {KEY}");
    Redactor::new().apply(&mut span);
    let mut value = json!({ format!("env {KEY}"): {format!("k {KEY}"): 1}, "ordinary names stay": 2 });
    redact_json(&mut value);
    assert_eq!(value, json!({ "env [redacted]": {"k [redacted]": 1}, "ordinary names stay": 2 }));
    assert!(!json_of(&span).contains("Zx9Y"), "{}", json_of(&span));
    assert_eq!(span.attributes.text("header [redacted]"), Some("v"));
}

#[test]
fn structure_only_keeps_names_numbers_and_shapes_and_no_other_text() {
    let redactor = Redactor::new().structure_only().keep("git.branch");
    let message =
        AttributeValue::Object(vec![("role".into(), "user".into()), ("content".into(), "private".into())]);
    let mut span = span([
        ("gen_ai.request.model", AttributeValue::from("m")),
        ("gen_ai.tool.name", "search".into()),
        ("gen_ai.usage.input_tokens", 3_i64.into()),
        ("gen_ai.input.messages", AttributeValue::Array(vec![message])),
        ("input.value", "private".into()),
        ("user.name", "private".into()),
        ("git.branch", "main".into()),
    ]);
    span.error = Some(SpanError { kind: Some("E".into()), message: Some("private".into()) });
    redactor.apply(&mut span);
    assert!(!json_of(&span).contains("private"));
    assert_eq!(
        serde_json::to_value(&span.attributes).unwrap(),
        json!({
            "gen_ai.request.model": "m", "gen_ai.tool.name": "search", "gen_ai.usage.input_tokens": 3, "git.branch": "main",
            "gen_ai.input.messages": [{"role": "user", "content": MASK}], "input.value": MASK, "user.name": MASK,
        })
    );
    assert_eq!(span.error.unwrap().kind.as_deref(), Some("E"));
}

#[test]
fn a_long_text_ends_at_a_character_and_says_how_long_it_was() {
    let mut span = span([("prompt", "é".repeat(MAX_ATTRIBUTE_BYTES)), ("short", "x".into())]);
    span.name = "n".repeat(5000);
    assert_eq!(cut(&mut span), 2);
    let prompt = span.attributes.text("prompt").unwrap();
    assert!(prompt.len() <= MAX_ATTRIBUTE_BYTES && prompt.ends_with("… [61440 bytes]"));
    assert_eq!(span.attributes.get("prompt_truncated"), Some(&AttributeValue::Bool(true)));
    assert_eq!(span.attributes.get("short_truncated"), None);
    assert!(span.name.len() <= MAX_NAME_BYTES);
}

#[test]
fn long_json_keeps_its_shape_its_first_and_its_last_words() {
    let messages: Vec<_> = (0..300)
        .map(|n| json!({"role": "user", "content": format!("{n} {}", "word ".repeat(100))}))
        .collect();
    let mut span = span([("gen_ai.input.messages", serde_json::to_string(&messages).unwrap())]);
    assert_eq!(cut(&mut span), 1);
    let text = span.attributes.text("gen_ai.input.messages").unwrap();
    let cut: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    assert!(text.len() <= MAX_ATTRIBUTE_BYTES && text.len() > MAX_ATTRIBUTE_BYTES / 4, "{}", text.len());
    let content = |at: usize| cut[at]["content"].as_str().unwrap_or_default();
    assert!(content(0).starts_with("0 ") && content(cut.len() - 1).starts_with("299 "));
    let mark = cut.iter().find_map(serde_json::Value::as_str).unwrap();
    assert_eq!(mark, format!("[… {} items left out]", 300 - (cut.len() - 1)));
}

#[test]
fn one_long_text_in_json_keeps_most_of_the_room() {
    let mut span = span([("out", json!({"ok": true, "body": "x".repeat(100_000), "rows": 5}).to_string())]);
    cut(&mut span);
    let text = span.attributes.text("out").unwrap();
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert!(text.len() > MAX_ATTRIBUTE_BYTES / 2 && value["rows"] == 5);
}

#[test]
fn what_cannot_keep_its_shape_is_replaced() {
    let deep = (0..100)
        .fold(AttributeValue::from("x"), |inner, _| AttributeValue::Object(vec![("n".repeat(1000), inner)]));
    let mut span = span([("deep", deep)]);
    assert_eq!(cut(&mut span), 1);
    assert!(
        serde_json::to_string(span.attributes.get("deep").unwrap()).unwrap().len() <= MAX_ATTRIBUTE_BYTES
    );
}

/// Any JSON, also large.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[\\PC\"\\\\\n]{0,40}".prop_map(Into::into),
        (0_usize..60_000, "[a-é\"\\\\]{1,4}").prop_map(|(length, unit)| unit.repeat(length / 4).into()),
    ];
    leaf.prop_recursive(4, 64, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(serde_json::Value::Array),
            prop::collection::btree_map("[a-z_\"]{0,8}", inner, 0..12)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// A secret of every kind, each with a part that must not survive.
fn any_secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "sk-[A-Za-z0-9]{20,48}",
        "sk-ant-api03-[A-Za-z0-9]{20,60}",
        "AKIA[A-Z0-9]{16}",
        "ghp_[A-Za-z0-9]{36}",
        "github_pat_[A-Za-z0-9]{40}",
        "xox[abp]-[0-9]{10}-[A-Za-z0-9]{20}",
        "AIza[A-Za-z0-9]{35}",
        "eyJ[A-Za-z0-9]{20}\\.eyJ[A-Za-z0-9]{20}\\.[A-Za-z0-9]{20}",
        "Bearer [A-Za-z0-9]{24}",
        "api_key=[A-Za-z0-9]{12,20}",
        "api_key: '[A-Za-z0-9]{12,20}'",
        "\"password\": \"[A-Za-z0-9]{12,20}\"",
        "https://user:[A-Za-z0-9]{12}@example\\.com/",
        "-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9]{40}\n-----END PRIVATE KEY-----",
    ]
}

/// The longest run of characters that a mask must have taken out.
fn core(secret: &str) -> String {
    let parts = secret.split(|character: char| !character.is_ascii_alphanumeric());
    parts.max_by_key(|part| part.len()).unwrap_or_default().to_owned()
}

proptest! {
    #[test]
    fn json_that_was_cut_is_json_within_the_limit_and_is_not_cut_again(value in any_json()) {
        let text = value.to_string();
        let mut span = span([("value", AttributeValue::String(text.clone())), ("tree", AttributeValue::from(value))]);
        cut(&mut span);
        let cut = span.attributes.get("value").and_then(AttributeValue::as_str).unwrap();
        prop_assert!(serde_json::from_str::<serde_json::Value>(cut).is_ok());
        prop_assert!(cut.len() <= MAX_ATTRIBUTE_BYTES);
        prop_assert_eq!(text.len() <= MAX_ATTRIBUTE_BYTES, span.attributes.get("value_truncated").is_none());
        let bytes = match span.attributes.get("tree").unwrap() {
            AttributeValue::String(text) => text.len(),
            tree => serde_json::to_string(tree).unwrap().len(),
        };
        prop_assert!(bytes <= MAX_ATTRIBUTE_BYTES, "{} bytes", bytes);
        // Cutting again changes nothing.
        let once = span.clone();
        prop_assert_eq!(super::cut(&mut span), 0);
        prop_assert!(once == span);
    }

    #[test]
    fn a_text_is_cut_between_characters_exactly_when_it_is_too_long(
        unit in "[a-zé漢🦀]{1,3}", shift in "[ -~]{0,4}", near in 0_usize..9, many in 0_usize..20_000, is_near in any::<bool>(),
    ) {
        let bytes = if is_near { MAX_ATTRIBUTE_BYTES - 4 + near } else { many * 3 };
        let text: String = shift.chars().chain(unit.chars().cycle()).scan(0, |length, character| {
            *length += character.len_utf8();
            (*length <= bytes).then_some(character)
        }).collect();
        let mut span = span([("text", text.clone())]);
        let cuts = cut(&mut span);
        let kept = span.attributes.text("text").unwrap_or_default();
        prop_assert_eq!(cuts, u32::from(text.len() > MAX_ATTRIBUTE_BYTES));
        prop_assert_eq!(span.attributes.get("text_truncated").is_some(), cuts == 1);
        if cuts == 0 {
            prop_assert_eq!(kept, &text);
        } else {
            let (begin, mark) = kept.rsplit_once('…').unwrap();
            prop_assert!(kept.len() <= MAX_ATTRIBUTE_BYTES && text.starts_with(begin));
            prop_assert_eq!(mark, format!(" [{} bytes]", text.len()));
            // Not a character more would have fitted.
            let next = text[begin.len()..].chars().next().map_or(0, char::len_utf8);
            prop_assert!(kept.len() + next > MAX_ATTRIBUTE_BYTES);
        }
    }

    #[test]
    fn a_planted_secret_never_survives_and_json_stays_json(
        before in "[ -~é\n]{0,60}", after in "[ -~é\n]{0,60}", secret in any_secret(), shape in 0..4,
    ) {
        let text = format!("{before} {secret} {after}");
        let value = match shape {
            0 => AttributeValue::String(text),
            1 => AttributeValue::String(json!({"messages": [{"role": "user", "content": text}], "n": 1}).to_string()),
            2 => AttributeValue::String(json!({"inner": json!([text]).to_string()}).to_string()),
            _ => AttributeValue::Array(vec![AttributeValue::Object(vec![("k".into(), text.into())])]),
        };
        let mut span = span([("value", value)]);
        span.status.message = Some(format!("{before}\n{secret}"));
        Redactor::new().apply(&mut span);
        prop_assert!(!json_of(&span).contains(&core(&secret)), "{}", json_of(&span));
        if let (1 | 2, Some(text)) = (shape, span.attributes.text("value")) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_taken_without_a_panic(text in "\\PC{0,300}", key in "\\PC{0,20}") {
        let redacted = redact_text(&text).into_owned();
        let _ = redact_text(&redacted);
        let mut value = json!({ key: text });
        redact_json(&mut value);
    }
}
