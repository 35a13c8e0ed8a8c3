//! `doctor`: what is wrong, and what to do.
#![cfg(unix)]

use serde_json::Value;

use crate::support::{Home, Served, script, span};

fn checks(home: &Home, arguments: &[&str], path: &str) -> (Option<i32>, Vec<Value>) {
    let arguments = [&["doctor", "--json"], arguments].concat();
    let output = home.command(&arguments).env("PATH", path).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["ok"].as_bool(), Some(output.status.success()));
    (output.status.code(), json["checks"].as_array().unwrap().clone())
}

fn level<'a>(checks: &'a [Value], name: &str) -> &'a str {
    let check = checks.iter().find(|check| check["name"] == name);
    check.map_or("absent", |check| check["level"].as_str().unwrap())
}

#[test]
fn nobody_there_is_a_failure_with_what_to_do() {
    let home = Home::new();
    let (code, checks) = checks(&home, &["--url", "http://127.0.0.1:9/_inspector"], "/nowhere");
    assert_eq!((code, level(&checks, "inspector")), (Some(1), "fail"));
    assert!(checks[0]["todo"].as_str().unwrap().contains("agent-inspector serve"));
}

#[test]
fn the_way_from_nothing_to_a_session_is_told_step_by_step() {
    let home = Home::new();
    let served = Served::start(&home, &[]);
    let bin = home.path("bin");
    script(&bin, "claude", "echo '2.1.197 (Claude Code)'");
    script(&bin, "codex", "echo 'codex-cli 0.169.0'");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let look = || checks(&home, &["--url", &served.url], &path);

    let (code, before) = look();
    assert_eq!(code, Some(0), "{before:?}");
    for name in ["inspector", "access", "claude-code", "codex"] {
        assert_eq!(level(&before, name), "ok", "{name}");
    }
    assert!(before.iter().any(|check| check["says"].as_str().unwrap().contains("2.1.197")));
    assert_eq!(level(&before, "claude-code settings"), "warn");
    assert_eq!(level(&before, "codex settings"), "warn");

    home.ok(&["install", "claude-code", "--agent-version", "2.1.197", "--url", &served.url]);
    home.ok(&["install", "codex", "--url", &served.url]);
    let (_, installed) = look();
    assert_eq!(level(&installed, "claude-code settings"), "ok");
    assert_eq!(level(&installed, "codex settings"), "ok");
    assert_eq!(level(&installed, "claude-code sessions"), "warn");

    home.ok(&["install", "claude-code", "--agent-version", "2.1.197", "--url", "http://127.0.0.1:9/other"]);
    assert_eq!(level(&look().1, "claude-code settings"), "warn", "they report to another inspector");
    home.write(".claude/settings.json", "{");
    let (code, broken) = look();
    assert_eq!((code, level(&broken, "claude-code settings")), (Some(1), "fail"));
    assert_eq!(served.post("/v1/traces", &span("s", "n")), 200);
}

#[test]
fn a_token_that_is_wanted_and_a_program_that_hangs_are_found() {
    let home = Home::new();
    let token = home.path("token");
    let arguments = ["--token-file", token.to_str().unwrap(), "--require-token"];
    let served = Served::start(&home, &arguments);
    let bin = home.path("bin");
    script(&bin, "claude", "exec sleep 600");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let (code, without) = checks(&home, &["--url", &served.url], &path);
    assert_eq!((code, level(&without, "access")), (Some(1), "fail"));
    let (code, with) =
        checks(&home, &["--url", &served.url, "--token-file", token.to_str().unwrap()], "/nowhere");
    assert_eq!((code, level(&with, "access")), (Some(0), "ok"));
}

#[test]
fn a_person_gets_a_line_for_each_check() {
    let home = Home::new();
    let served = Served::start(&home, &[]);
    let said = home.ok(&["doctor", "--url", &served.url]);
    assert!(said.lines().any(|line| line.starts_with("ok   inspector: ")), "{said}");
    assert!(!said.contains('\u{1b}'));
}
