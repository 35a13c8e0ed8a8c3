//! What the program says of itself.

use crate::support::{Home, text};

#[test]
fn the_exit_codes_and_the_environment_stand_in_the_help() {
    let help = Home::new().ok(&["--help"]);
    for words in ["Exit codes:", "AGENT_INSPECTOR_URL", "AGENT_INSPECTOR_TOKEN", "NO_COLOR"] {
        assert!(help.contains(words), "{words}");
    }
    assert_eq!(
        Home::new().ok(&["--version"]).trim(),
        format!("agent-inspector {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn wrong_usage_is_another_exit_code_than_failure() {
    let home = Home::new();
    for arguments in [&["nothing"][..], &[], &["install", "cursor"], &["export"], &["serve", "--listen"]] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    let unknown = text(&home.run(&["install", "cursor"]).stderr);
    assert!(unknown.contains("claude-code") && unknown.contains("codex"), "it names the agents: {unknown}");
}

#[test]
fn an_address_that_is_none_is_said_so() {
    for url in ["7800", "ftp://localhost", "http://", "not a url", "http://h/?q=1"] {
        let said = Home::new().fails(&["doctor", "--url", url]);
        assert!(said.contains("is no URL"), "{url}: {said}");
    }
}

#[test]
fn each_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Home::new().ok(&["completions", shell]);
        assert!(script.contains("agent-inspector") && script.contains("doctor"), "{shell}");
    }
}
