//! `export` and `import`: sessions on their way from one inspector to another.

use serde_json::{Value, json};

use crate::support::{Home, Served, span, text};

#[test]
fn what_one_inspector_wrote_another_one_shows() {
    let home = Home::new();
    let (from, to) = (Served::start(&home, &[]), Served::start(&home, &[]));
    assert_eq!(from.post("/v1/traces", &span("first", "n")), 200);
    let mut second = span("a second one", "m");
    second["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] =
        json!("349d0e49a29910886c9895950073aa9a");
    assert_eq!(from.post("/v1/traces", &second), 200);

    let file = home.path("sessions.jsonl");
    let file = file.to_str().unwrap();
    home.ok(&["export", "--all", "--out", file, "--url", &from.url]);
    let written = home.read("sessions.jsonl");
    assert_eq!(written.lines().count(), 2);
    home.ok(&["import", file, "--url", &to.url]);
    let ids = |served: &Served| {
        let page = served.get("/sessions");
        let mut ids: Vec<_> =
            page["sessions"].as_array().unwrap().iter().map(|session| session["id"].clone()).collect();
        ids.sort_by_key(Value::to_string);
        ids
    };
    assert_eq!(ids(&to), ids(&from));

    // One by its id, to standard output; and the same as one document over many lines.
    let one = home.ok(&["export", "first", "--url", &from.url]);
    let laid_out = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&one).unwrap()).unwrap();
    home.write("document.json", &laid_out);
    let third = Served::start(&home, &[]);
    home.ok(&["import", "document.json", "--url", &third.url]);
    assert_eq!(ids(&third), [json!("first")]);
    // A file that is there is not written over.
    assert!(home.fails(&["export", "--all", "--out", file, "--url", &from.url]).contains("sessions.jsonl"));
    assert_eq!(home.read("sessions.jsonl"), written);
}

#[test]
fn what_cannot_be_done_is_said_and_leaves_nothing_behind() {
    let home = Home::new();
    let served = Served::start(&home, &[]);
    let said = home.fails(&["export", "nobody", "--out", "out.jsonl", "--url", &served.url]);
    assert!(said.contains("nobody") && said.contains("404"), "{said}");
    assert!(!home.path("out.jsonl").exists());
    home.write("broken.jsonl", &format!("{}\nno json\n", span("before", "n")));
    let said = home.fails(&["import", "broken.jsonl", "--url", &served.url]);
    assert!(said.contains("line 2"), "{said}");
    assert_eq!(served.get("/sessions")["sessions"][0]["id"], "before");
    assert!(home.fails(&["import", "missing", "--url", &served.url]).contains("missing"));
    let mut bad = span("bad", "n");
    bad["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] = json!("00");
    home.write("bad.jsonl", &bad.to_string());
    let output = home.run(&["import", "bad.jsonl", "--url", &served.url]);
    assert!(text(&output.stderr).contains("1 spans rejected") && !output.status.success());
    drop(served);
    let said = home.fails(&["export", "--all", "--url", "http://127.0.0.1:9/_inspector"]);
    assert!(said.contains("no inspector answers at http://127.0.0.1:9"), "{said}");
}
