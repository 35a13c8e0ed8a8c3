//! `install claude-code`: a person's settings, with nothing lost.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Home, text};

const SETTINGS: &str = ".claude/settings.json";
const INSTALL: [&str; 4] = ["install", "claude-code", "--agent-version", "2.1.197"];

/// Somebody's settings, in somebody's style.
const MINE: &str = "{\r\n\t\"model\":   \"opus\",\r\n\t\"hooks\": {\r\n\t\t\"Stop\": [\r\n\t\t\t{ \"matcher\": \"\", \"hooks\": [ {\"type\":\"command\",\"command\":\"say done\"} ] }\r\n\t\t]\r\n\t},\r\n\t\"env\": {\"MINE\": \"1\"},\r\n\t\"unknown\": [1.50, 1e3, \"\\u00e4\"]\r\n}";

fn settings(home: &Home) -> Value {
    serde_json::from_str(home.read(SETTINGS).trim_start_matches('\u{feff}')).unwrap()
}

fn hooks<'a>(settings: &'a Value, event: &str) -> Vec<&'a Value> {
    let groups = settings["hooks"][event].as_array().into_iter().flatten();
    groups.flat_map(|group| group["hooks"].as_array().unwrap()).collect()
}

#[test]
fn a_person_without_settings_gets_hooks_and_telemetry() {
    let home = Home::new();
    let said = home.ok(&INSTALL);
    assert!(said.contains("next: start a new session"), "{said}");
    let settings = settings(&home);
    let post =
        json!({"type": "http", "url": "http://127.0.0.1:7800/_inspector/hooks/claude-code", "timeout": 2});
    for event in ["PreToolUse", "PostToolUse", "UserPromptSubmit", "StopFailure", "SessionEnd", "Elicitation"]
    {
        assert_eq!(hooks(&settings, event), [&post], "{event}");
    }
    // Claude Code posts nothing at the start of a session.
    let start = hooks(&settings, "SessionStart")[0];
    assert_eq!(start["type"], "command");
    let command = start["command"].as_str().unwrap();
    assert!(command.ends_with("agent-inspector send claude-code") && command.starts_with('/'), "{command}");
    // Their hooks do what they watch.
    for event in ["WorktreeCreate", "WorktreeRemove", "MessageDisplay", "FileChanged"] {
        assert!(settings["hooks"][event].is_null(), "{event}");
    }
    let env = &settings["env"];
    assert_eq!(env["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.1:7800/_inspector");
    assert_eq!(
        (&env["CLAUDE_CODE_ENABLE_TELEMETRY"], &env["OTEL_LOG_USER_PROMPTS"]),
        (&json!("1"), &json!("1"))
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(home.path(SETTINGS)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_a_person_wrote_stays_as_it_was_written() {
    let home = Home::new();
    home.write(SETTINGS, MINE);
    home.ok(&INSTALL);
    let written = home.read(SETTINGS);
    for line in [
        "\t\"model\":   \"opus\",\r\n",
        "{\"type\":\"command\",\"command\":\"say done\"}",
        "[1.50, 1e3, \"\\u00e4\"]",
    ] {
        assert!(written.contains(line), "{written}");
    }
    assert!(!written.replace("\r\n", "").contains('\n'), "the line ends are theirs");
    let settings = settings(&home);
    assert_eq!(hooks(&settings, "Stop").len(), 2);
    assert_eq!(settings["env"]["MINE"], "1");
    let backups: Vec<_> = home.list(".claude").into_iter().filter(|name| name.ends_with(".bak")).collect();
    assert_eq!(backups.len(), 1);
    assert_eq!(home.read(&format!(".claude/{}", backups[0])), MINE);

    home.ok(&["install", "claude-code", "--uninstall"]);
    let theirs: Value = serde_json::from_str(MINE).unwrap();
    assert_eq!(self::settings(&home), theirs);
}

#[test]
fn a_second_time_changes_nothing() {
    let home = Home::new();
    home.write(SETTINGS, MINE);
    home.ok(&INSTALL);
    let (once, files) = (home.read(SETTINGS), home.list(".claude"));
    let said = home.ok(&INSTALL);
    assert!(said.contains("nothing to change"), "{said}");
    assert_eq!((home.read(SETTINGS), home.list(".claude")), (once, files));
    home.ok(&["install", "claude-code", "--uninstall"]);
    let out = home.read(SETTINGS);
    home.ok(&["install", "claude-code", "--uninstall"]);
    assert_eq!(home.read(SETTINGS), out);
}

#[test]
fn another_address_takes_the_place_of_the_first() {
    let home = Home::new();
    home.ok(&INSTALL);
    home.ok(
        &[&INSTALL[..], &["--url", "http://127.0.0.1:3000/tools/_inspector/", "--content", "off"]].concat()
    );
    let settings = settings(&home);
    let urls: Vec<_> = hooks(&settings, "Stop").iter().map(|hook| hook["url"].clone()).collect();
    assert_eq!(urls, ["http://127.0.0.1:3000/tools/_inspector/hooks/claude-code"]);
    assert!(
        hooks(&settings, "SessionStart")[0]["command"]
            .as_str()
            .unwrap()
            .contains("--url http://127.0.0.1:3000/tools/_inspector")
    );
    assert_eq!(settings["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://127.0.0.1:3000/tools/_inspector");
    assert!(settings["env"]["OTEL_LOG_USER_PROMPTS"].is_null());
}

#[test]
fn what_is_set_already_is_kept_and_named() {
    let home = Home::new();
    home.write(SETTINGS, r#"{"env": {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_LOG_USER_PROMPTS": "1"}}"#);
    let said = home.ok(&INSTALL);
    assert!(said.contains("OTEL_METRICS_EXPORTER") && said.contains("prometheus"), "{said}");
    assert_eq!(settings(&home)["env"]["OTEL_METRICS_EXPORTER"], "prometheus");
    home.ok(&["install", "claude-code", "--uninstall"]);
    let left = json!({"env": {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_LOG_USER_PROMPTS": "1"}});
    assert_eq!(settings(&home), left, "the person's own value of a name that we want too stays");
}

#[test]
fn telemetry_that_goes_elsewhere_gets_no_prompts_of_ours() {
    let home = Home::new();
    let mine = json!({"env": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example"}});
    home.write(SETTINGS, &mine.to_string());
    let said = home.ok(&INSTALL);
    assert!(said.contains("https://collector.example"), "{said}");
    assert_eq!(settings(&home)["env"], mine["env"]);
    assert!(!hooks(&settings(&home), "Stop").is_empty());
}

#[test]
fn settings_that_are_none_are_left_alone() {
    for broken in [
        "{\"hooks\": ",
        "[]",
        "\"text\"",
        "{\"a\": 1,}",
        "{} {}",
        "// comment\n{}",
        "{\"hooks\": []}",
        "{\"hooks\": {\"Stop\": {}}}",
        "{\"env\": 1}",
    ] {
        let home = Home::new();
        home.write(SETTINGS, broken);
        let said = home.fails(&INSTALL);
        assert!(said.contains("settings.json") && said.contains("nothing was written"), "{broken}: {said}");
        assert_eq!((home.read(SETTINGS).as_str(), home.list(".claude").len()), (broken, 1), "{broken}");
    }
    let home = Home::new();
    fs::create_dir_all(home.path(SETTINGS)).unwrap();
    assert!(home.fails(&INSTALL).contains("no file"));
    let home = Home::new();
    fs::create_dir_all(home.path(".claude")).unwrap();
    fs::write(home.path(SETTINGS), b"{\"a\": \"\xff\"}").unwrap();
    assert!(home.fails(&INSTALL).contains("settings.json"));
}

#[test]
fn an_empty_file_and_one_with_a_mark_are_settings() {
    let home = Home::new();
    home.write(SETTINGS, "");
    home.ok(&INSTALL);
    assert!(!hooks(&settings(&home), "Stop").is_empty());
    let home = Home::new();
    home.write(SETTINGS, "\u{feff}{\"model\": \"opus\"}\n");
    home.ok(&INSTALL);
    assert!(home.read(SETTINGS).starts_with('\u{feff}'));
    assert_eq!(settings(&home)["model"], "opus");
}

#[test]
#[cfg(unix)]
fn a_read_only_file_is_not_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.write(SETTINGS, MINE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let said = home.fails(&INSTALL);
    assert!(said.contains("read-only") && said.contains("nothing was written"), "{said}");
    assert_eq!((home.read(SETTINGS).as_str(), home.list(".claude").len()), (MINE, 1));
}

#[test]
#[cfg(unix)]
fn links_stay_links_and_modes_stay_modes() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = Home::new();
    let real = home.write("dotfiles/claude.json", MINE);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(home.path(".claude")).unwrap();
    symlink("../dotfiles/claude.json", home.path(SETTINGS)).unwrap();
    home.ok(&INSTALL);
    assert!(fs::symlink_metadata(home.path(SETTINGS)).unwrap().is_symlink());
    assert!(home.read("dotfiles/claude.json").contains("/hooks/claude-code"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);

    // A link to what is not there yet, and one to itself.
    let home = Home::new();
    fs::create_dir_all(home.path(".claude")).unwrap();
    symlink(home.path("later.json"), home.path(SETTINGS)).unwrap();
    home.ok(&INSTALL);
    assert!(home.read("later.json").contains("/hooks/claude-code"));
    fs::remove_file(home.path(SETTINGS)).unwrap();
    symlink("settings.json", home.path(SETTINGS)).unwrap();
    assert!(home.fails(&INSTALL).contains("too many"));
}

#[test]
fn the_directory_and_the_project_can_be_others() {
    let home = Home::new();
    let output = home.command(&INSTALL).env("CLAUDE_CONFIG_DIR", home.path("elsewhere")).output().unwrap();
    assert!(output.status.success());
    assert!(home.read("elsewhere/settings.json").contains("/hooks/claude-code"));
    fs::create_dir(home.path("project")).unwrap();
    let arguments = [&INSTALL[..], &["--project"]].concat();
    let output = home.command(&arguments).current_dir(home.path("project")).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(home.read("project/.claude/settings.json").contains("/hooks/claude-code"));
    assert!(!home.path(SETTINGS).exists());
}

#[test]
fn an_old_version_is_given_only_what_it_knows() {
    let events = |version: &str| {
        let home = Home::new();
        home.ok(&["install", "claude-code", "--agent-version", version]);
        let settings = settings(&home);
        let names: Vec<String> = settings["hooks"].as_object().unwrap().keys().cloned().collect();
        (names, hooks(&settings, "Stop")[0]["type"].as_str().unwrap().to_owned())
    };
    let (old, kind) = events("2.0.44");
    assert!(
        old.contains(&"SubagentStart".to_owned()) && !old.contains(&"PermissionRequest".to_owned()),
        "{old:?}"
    );
    assert_eq!(kind, "command", "HTTP hooks came later");
    let (newer, kind) = events("2.1.80");
    assert!(
        newer.contains(&"StopFailure".to_owned()) && !newer.contains(&"TaskCreated".to_owned()),
        "{newer:?}"
    );
    assert_eq!(kind, "http");
    assert!(Home::new().fails(&["install", "claude-code", "--agent-version", "new"]).contains("no version"));
    // Not on the PATH: the careful choice, and it is said.
    let said = Home::new().ok(&["install", "claude-code"]);
    assert!(said.contains("is not on the PATH") && !said.contains("StopFailure"), "{said}");
}

#[test]
fn commands_can_be_had_instead_of_requests() {
    let home = Home::new();
    home.ok(&[&INSTALL[..], &["--hooks", "command"]].concat());
    let settings = settings(&home);
    for event in settings["hooks"].as_object().unwrap().keys() {
        assert_eq!(hooks(&settings, event)[0]["type"], "command", "{event}");
    }
}

#[test]
fn permission_requests_are_decided_on_the_page_only_when_a_person_asks_for_it() {
    let home = Home::new();
    home.ok(&[&INSTALL[..], &["--answer-permissions"]].concat());
    let set = settings(&home);
    let hook = hooks(&set, "PermissionRequest")[0];
    assert!(hook["url"].as_str().unwrap().ends_with("/hooks/claude-code?answer=300"), "{hook}");
    assert_eq!(hook["timeout"], 302, "it waits as long as the person may take, and a little");
    assert_eq!(hooks(&set, "Stop")[0]["timeout"], 2, "the others are answered at once");
    home.ok(&[&INSTALL[..], &["--hooks", "command", "--answer-permissions=60"]].concat());
    let set = settings(&home);
    let groups = hooks(&set, "PermissionRequest");
    assert_eq!(groups.len(), 1, "it takes the place of the first");
    assert!(
        groups[0]["command"].as_str().unwrap().contains(" send --answer 60 claude-code"),
        "{}",
        groups[0]
    );
    home.ok(&INSTALL);
    let set = settings(&home);
    assert!(hooks(&set, "PermissionRequest")[0]["url"].as_str().unwrap().ends_with("/hooks/claude-code"));
    let refused = home.command(&[&INSTALL[..], &["--answer-permissions=601"]].concat()).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "nobody waits longer than the inspector lets it");
    home.ok(&["install", "claude-code", "--uninstall"]);
    assert_eq!(settings(&home).get("hooks"), None);
}

#[test]
fn an_inspector_elsewhere_is_given_the_token_from_the_environment() {
    let home = Home::new();
    let said = home.ok(&[&INSTALL[..], &["--url", "https://inspector.example/_inspector"]].concat());
    assert!(said.contains("set AGENT_INSPECTOR_TOKEN"), "{said}");
    let settings = settings(&home);
    let hook = hooks(&settings, "Stop")[0];
    assert_eq!(hook["headers"]["Authorization"], "Bearer $AGENT_INSPECTOR_TOKEN");
    assert_eq!(hook["allowedEnvVars"], json!(["AGENT_INSPECTOR_TOKEN"]));
}

#[test]
fn a_dry_run_writes_nothing_and_json_says_what_would_be() {
    let home = Home::new();
    home.write(SETTINGS, MINE);
    let said = home.ok(&[&INSTALL[..], &["--dry-run"]].concat());
    assert!(said.contains("would be written") && said.contains("/hooks/claude-code"), "{said}");
    let json: Value =
        serde_json::from_str(&home.ok(&[&INSTALL[..], &["--dry-run", "--json"]].concat())).unwrap();
    assert_eq!((&json["files"][0]["changed"], &json["files"][0]["written"]), (&json!(true), &json!(false)));
    assert_eq!((home.read(SETTINGS).as_str(), home.list(".claude").len()), (MINE, 1));
    let json: Value = serde_json::from_str(&home.ok(&[&INSTALL[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["files"][0]["written"], true);
    assert!(json["files"][0]["hooks"].as_array().unwrap().contains(&json!("PreToolUse")));
    assert!(std::path::Path::new(json["files"][0]["backup"].as_str().unwrap()).exists());
}
