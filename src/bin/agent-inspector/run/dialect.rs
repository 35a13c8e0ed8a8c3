//! What a program prints.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde::Deserialize;

use crate::args::Agent;

/// The language of a program's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `claude -p --output-format stream-json`.
    ClaudeCode,
    /// `codex exec --json`.
    Codex,
    /// Anything else: its lines are text.
    Other,
}

/// The field that lines of either agent begin their meaning with.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

impl Dialect {
    /// What was said, else what the command line tells.
    pub(super) fn of(said: Option<Agent>, program: &OsStr, arguments: &[OsString]) -> Self {
        match said {
            Some(Agent::ClaudeCode) => return Self::ClaudeCode,
            Some(Agent::Codex) => return Self::Codex,
            None => {}
        }
        let name = Path::new(program).file_stem().unwrap_or_default();
        let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
        if name == "codex" && (has("exec") || has("e")) && (has("--json") || has("--experimental-json")) {
            return Self::Codex;
        }
        let stream = has("--output-format=stream-json")
            || arguments.windows(2).any(|pair| pair[0] == "--output-format" && pair[1] == "stream-json");
        if name == "claude" && stream { Self::ClaudeCode } else { Self::Other }
    }

    /// Where its lines, or what is said in their place, are sent.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::ClaudeCode => "/hooks/claude-code",
            Self::Codex => "/hooks/codex",
            Self::Other => "/events",
        }
    }

    /// Whether a line is one of its language: a JSON object with a type.
    pub(super) fn is_spoken_in(self, line: &[u8]) -> bool {
        let begins = line.trim_ascii_start().first() == Some(&b'{');
        self != Self::Other
            && begins
            && serde_json::from_slice::<Typed<'_>>(line).is_ok_and(|line| !line.kind.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Dialect {
        let mut words = line.split(' ').map(OsString::from);
        let program = words.next().unwrap_or_default();
        Dialect::of(None, &program, &words.collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_tells_which_lines_will_come() {
        assert_eq!(of("/opt/bin/codex exec --json hello"), Dialect::Codex);
        assert_eq!(of("codex exec hello"), Dialect::Other);
        assert_eq!(of("claude -p hi --output-format stream-json --verbose"), Dialect::ClaudeCode);
        assert_eq!(of("claude -p hi --output-format=stream-json"), Dialect::ClaudeCode);
        assert_eq!(of("claude -p hi --output-format json"), Dialect::Other);
        assert_eq!(of("python agent.py --json exec"), Dialect::Other);
        assert_eq!(Dialect::of(Some(Agent::Codex), OsStr::new("npx"), &[]), Dialect::Codex);
    }

    #[test]
    fn only_objects_with_a_type_are_lines_of_an_agent() {
        assert!(Dialect::Codex.is_spoken_in(br#"{"type":"thread.started","thread_id":"t"}"#));
        for line in ["", "text", "[1]", "{}", r#"{"type":1}"#, r#"{"type":"cut"#] {
            assert!(!Dialect::Codex.is_spoken_in(line.as_bytes()), "{line}");
        }
        assert!(!Dialect::Other.is_spoken_in(br#"{"type":"x"}"#));
    }
}
