use super::*;

/// The conditions of a query in short.
fn read(text: &str) -> Vec<String> {
    let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let short = |condition: &Condition| {
        let sign = if condition.negated { "-" } else { "" };
        let check = |check: &Check| match check {
            Check::Matches(Matcher::Literal(_)) => "text".to_owned(),
            Check::Matches(Matcher::Regex(regex)) => format!("/{regex}/"),
            Check::Compares(order, bound) => format!("{order:?} {bound}"),
            Check::IsThere => "there".to_owned(),
        };
        match &condition.test {
            Test::Anywhere(Matcher::Regex(regex)) => format!("{sign}/{regex}/"),
            Test::Anywhere(Matcher::Literal(_)) => format!("{sign}text"),
            Test::Content(of, how) => format!("{sign}{of:?} {}", check(how)),
            Test::Summary(field, how) => format!("{sign}{field:?} {}", check(how)),
            Test::Kind(kind) => format!("{sign}{}", kind.as_str()),
            Test::State(state) => format!("{sign}{state:?}"),
        }
    };
    query.conditions.iter().map(short).collect()
}

#[test]
fn every_kind_of_condition_is_read() {
    assert_eq!(read("  "), Vec::<String>::new());
    assert_eq!(read("foo -bar \"a b\" -\"c\""), ["text", "-text", "text", "-text"]);
    assert_eq!(read("/a b/ -/c\\/d/i"), ["/a b/", "-/c/d/"]);
    assert_eq!(read("kind:TOOL status:error -Kind:llm"), ["tool", "Error", "-llm"]);
    assert_eq!(
        read("model:gpt-5 agent:\"Trip Planner\" name:/^x/"),
        ["Model text", "Agent text", "Name /^x/"]
    );
    assert_eq!(
        read("duration:>5s duration:<=100ms"),
        ["Duration Greater 5000000000", "Duration LessOrEqual 100000000"]
    );
    assert_eq!(
        read("tokens:>1000 cost:<0.1 input_tokens:7"),
        ["Tokens Greater 1000", "Cost Less 0.1", "InputTokens Equal 7"]
    );
    assert_eq!(
        read("gen_ai.request.model:gpt-5 \"city\":Paris a.b:*"),
        ["Named(\"gen_ai.request.model\") text", "Named(\"city\") text", "Named(\"a.b\") there"]
    );
    assert_eq!(
        read("gen_ai.n:>=3 error:timeout model:=gpt-5 cost:*"),
        ["Named(\"gen_ai.n\") GreaterOrEqual 3", "Error text", "Model text", "Cost there"]
    );
}

#[test]
fn what_only_looks_like_syntax_is_a_text() {
    for text in [
        "http://x.org:80/a?b=c",
        "/v1/traces",
        "12:30",
        "TypeError:",
        "std::fmt",
        "C:\\Users",
        "-",
        "--flag",
        "a-b",
        "user@example.com",
        "=>",
        "日本語",
        "🚀",
        "it's",
    ] {
        assert_eq!(read(text), ["text"], "{text}");
    }
    assert_eq!(read("\"http\":80"), ["Named(\"http\") text"]);
}

#[test]
fn a_wrong_query_names_the_place_and_what_to_write() {
    let wrong = |text: &str| Query::parse(text).expect_err(text);
    let unknown = wrong("😀 colour:red");
    assert_eq!((unknown.at, unknown.part.as_str()), (3, "colour:red"));
    for word in ["kind, status, name", "gen_ai.request.model:gpt-5", "quotes"] {
        assert!(unknown.message.contains(word), "{unknown}");
    }
    for (text, words) in [
        ("a \"b", "not closed"),
        ("/a(b", "not closed"),
        ("/a(b/", "unclosed group"),
        ("kind:tol", "workflow, agent, llm"),
        ("status:bad", "running, error, ok"),
        ("duration:5", "us, ms, s, m and h"),
        ("duration:>-5s", "us, ms, s, m and h"),
        ("tokens:many", "a number like"),
        ("tokens:>NaN", "a number like"),
        ("model:>5", "has no order"),
        ("a.b:>x", "a number is wanted"),
        ("kind:", "a value is missing"),
        ("\"\"", "nothing"),
        ("/(a{1000}){1000}/", "memory"),
        ("/a/ /b/ /c/ /d/ /e/", "at most 4"),
    ] {
        let error = wrong(text);
        assert!(error.message.contains(words), "{text}: {error}");
        assert!(text.encode_utf16().count() >= error.at);
    }
    assert!(wrong(&"a ".repeat(33)).message.contains("32 conditions"));
    assert!(wrong(&"ab".repeat(501)).message.contains("1000 characters"));
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "[ -~äß😀]*|(kind|status|a\\.b|\")?[:\"/\\\\ a-z<>=*-]{0,12}") {
        if let Err(error) = Query::parse(&text) {
            proptest::prop_assert!(error.at <= text.encode_utf16().count());
        }
    }
}
