//! `install codex`: its two files, with nothing lost.

use std::fs;

use serde_json::Value;
use toml_edit::DocumentMut;

use crate::support::Home;

const CONFIG: &str = ".codex/config.toml";
const HOOKS: &str = ".codex/hooks.json";
const INSTALL: [&str; 2] = ["install", "codex"];
const MINE: &str =
    "# how I like it\nmodel = \"gpt-5\"   # the good one\n\n[tui] # looks\nnotifications = true\n";

fn config(home: &Home) -> DocumentMut {
    home.read(CONFIG).parse().unwrap()
}

#[test]
fn telemetry_notify_and_hooks_are_set_and_comments_stay() {
    let home = Home::new();
    home.write(CONFIG, MINE);
    let said = home.ok(&INSTALL);
    assert!(said.contains("trust the hooks"), "{said}");
    let text = home.read(CONFIG);
    for line in MINE.lines() {
        assert!(text.contains(line), "{text}");
    }
    let config = config(&home);
    for (name, signal) in
        [("exporter", "logs"), ("trace_exporter", "traces"), ("metrics_exporter", "metrics")]
    {
        let http = &config["otel"][name]["otlp-http"];
        assert_eq!(
            http["endpoint"].as_str(),
            Some(&*format!("http://127.0.0.1:7800/_inspector/v1/{signal}"))
        );
        assert_eq!(http["protocol"].as_str(), Some("binary"));
    }
    assert_eq!(config["otel"]["log_user_prompt"].as_bool(), Some(true));
    let notify: Vec<_> =
        config["notify"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(notify[0].ends_with("agent-inspector"), "{notify:?}");
    assert_eq!(notify[1..], ["send", "codex"]);
    let hooks: Value = serde_json::from_str(&home.read(HOOKS)).unwrap();
    for event in
        ["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse", "Stop"]
    {
        let hook = &hooks["hooks"][event][0]["hooks"][0];
        assert_eq!(hook["type"], "command", "{event}");
        assert!(hook["command"].as_str().unwrap().ends_with(" send codex"), "{event}");
    }
    home.ok(&["install", "codex", "--uninstall"]);
    assert_eq!(home.read(CONFIG), MINE);
    assert_eq!(home.read(HOOKS).trim(), "{}");
}

#[test]
fn a_second_time_changes_nothing_and_another_address_replaces_the_first() {
    let home = Home::new();
    home.write(CONFIG, MINE);
    home.ok(&INSTALL);
    let once = (home.read(CONFIG), home.read(HOOKS), home.list(".codex"));
    home.ok(&INSTALL);
    assert_eq!((home.read(CONFIG), home.read(HOOKS), home.list(".codex")), once);
    home.ok(&["install", "codex", "--url", "http://127.0.0.1:9/i", "--content", "off"]);
    let config = config(&home);
    assert_eq!(
        config["otel"]["exporter"]["otlp-http"]["endpoint"].as_str(),
        Some("http://127.0.0.1:9/i/v1/logs")
    );
    assert!(config["otel"].get("log_user_prompt").is_none());
    assert_eq!(
        config["notify"].as_array().unwrap().get(4).and_then(toml_edit::Value::as_str),
        Some("http://127.0.0.1:9/i")
    );
    assert!(home.read(HOOKS).contains("--url http://127.0.0.1:9/i"));
    home.ok(&["install", "codex", "--uninstall"]);
    assert_eq!(home.read(CONFIG), MINE);
}

#[test]
fn what_is_set_already_is_kept_and_gets_no_prompts_of_ours() {
    let home = Home::new();
    let mine = "notify = [\"beep\"]\n\n[otel]\nexporter = { otlp-grpc = { endpoint = \"https://collector.example\" } }\n";
    home.write(CONFIG, mine);
    home.write(HOOKS, r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "beep"}]}]}}"#);
    let said = home.ok(&INSTALL);
    assert!(said.contains("beep") && said.contains("https://collector.example"), "{said}");
    let config = config(&home);
    assert_eq!(config["notify"].as_array().unwrap().len(), 1);
    assert!(config["otel"]["exporter"].get("otlp-grpc").is_some());
    assert!(config["otel"].get("log_user_prompt").is_none());
    let hooks: Value = serde_json::from_str(&home.read(HOOKS)).unwrap();
    assert_eq!(hooks["hooks"]["Stop"].as_array().unwrap().len(), 2);
    home.ok(&["install", "codex", "--uninstall"]);
    assert_eq!(home.read(CONFIG), mine);
    let hooks: Value = serde_json::from_str(&home.read(HOOKS)).unwrap();
    assert_eq!(hooks["hooks"]["Stop"][0]["hooks"][0]["command"], "beep");
    assert_eq!(hooks["hooks"].as_object().unwrap().len(), 1);
}

#[test]
fn a_file_that_is_broken_leaves_both_alone() {
    for (config, hooks) in [("notify = [", "{}"), ("", "{\"hooks\": "), ("a = 1\na = 2\n", "{}")] {
        let home = Home::new();
        home.write(CONFIG, config);
        home.write(HOOKS, hooks);
        let said = home.fails(&INSTALL);
        assert!(said.contains("nothing was written"), "{said}");
        assert_eq!((home.read(CONFIG).as_str(), home.read(HOOKS).as_str()), (config, hooks));
        assert_eq!(home.list(".codex").len(), 2);
    }
}

#[test]
fn a_project_gets_hooks_and_nothing_else() {
    let home = Home::new();
    fs::create_dir(home.path("project")).unwrap();
    let mut command = home.command(&["install", "codex", "--project"]);
    assert!(command.current_dir(home.path("project")).status().unwrap().success());
    assert_eq!(home.list("project/.codex"), ["hooks.json"]);
    let other = home.command(&INSTALL).env("CODEX_HOME", home.path("codex")).status().unwrap();
    assert!(other.success());
    assert_eq!(home.list("codex"), ["config.toml", "hooks.json"]);
}
