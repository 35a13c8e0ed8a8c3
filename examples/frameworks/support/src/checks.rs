//! What the inspector shows of an agent that knows nothing of it: the same, whatever its host is built with.

use std::error::Error;

use serde_json::Value;

use crate::testing::{Host, Row};

/// How a check ends.
pub type Tested = Result<(), Box<dyn Error>>;

fn host(program: &str) -> Result<(Host, tempfile::TempDir), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let files = directory.path().join("files");
    std::fs::create_dir(&files)?;
    std::fs::write(files.join("README.md"), "# Demo\nAn inspector looks at agents.\n")?;
    let host = Host::start(program, &files, directory.path())?;
    Ok((host, directory))
}

fn shape(tree: &[Row]) -> Vec<(u64, &str, &str)> {
    tree.iter().map(|row| (row.depth, row.name.as_str(), row.kind.as_str())).collect()
}

fn text<'a>(span: &'a Value, attribute: &str) -> &'a str {
    span["attributes"][attribute].as_str().unwrap_or_default()
}

/// A run shows the agent, its model calls and its tools with their content.
pub fn a_run_is_shown_whole(program: &str) -> Tested {
    let (host, _directory) = host(program)?;
    host.line("answer: ")?;
    let session = host.ended(1)?;
    assert_eq!((&session["status"], &session["agent"]), (&"completed".into(), &"librarian".into()));
    let tree = host.tree(&session)?;
    assert_eq!(
        shape(&tree),
        [
            (0, "invoke_agent", "agent"),
            (1, "chat", "llm"),
            (1, "execute_tool", "tool"),
            (1, "chat", "llm"),
            (1, "execute_tool", "tool"),
            (1, "chat", "llm"),
            (1, "execute_tool", "tool"),
            (1, "chat", "llm"),
        ]
    );
    let tools: Vec<_> = tree.iter().filter_map(|row| row.span["tool"].as_str()).collect();
    assert_eq!(tools, ["list_files", "search_text", "read_file"]);

    let last = &tree[7].span;
    assert_eq!(last["model"], "scripted-1");
    assert!(text(last, "gen_ai.input.messages").contains("An inspector looks at agents."), "{last:#}");
    assert!(text(last, "gen_ai.output.messages").contains("An inspector looks at agents."), "{last:#}");
    assert!(text(&tree[6].span, "gen_ai.tool.call.arguments").contains("README.md"));
    assert!(text(&tree[6].span, "gen_ai.tool.call.result").contains("An inspector looks at agents."));

    // The agent's own span repeats the sum of its model calls; they are counted once.
    let calls = tree.iter().filter(|row| row.kind == "llm");
    let sum: u64 = calls.filter_map(|row| row.span["usage"]["input_tokens"].as_u64()).sum();
    assert_eq!(session["counters"]["input_tokens"], sum);
    assert_eq!(session["counters"]["llm_calls"], 4);
    Ok(())
}

/// Under a span of the host's the calls hang below it, in one session.
pub fn calls_hang_below_the_hosts_span(program: &str) -> Tested {
    let (host, _directory) = host(program)?;
    host.line("answer: ")?;
    let answer = host.ask("What is in README.md?")?;
    assert!(answer.contains("An inspector looks at agents."), "{answer}");
    let session = host.ended(2)?;
    let tree = host.tree(&session)?;
    assert_eq!(
        shape(&tree),
        [(0, "POST /ask", "other"), (1, "chat", "llm"), (1, "execute_tool", "tool"), (1, "chat", "llm")]
    );
    Ok(())
}

/// A tool that fails is an error in a run that goes on.
pub fn a_failed_tool_is_an_error(program: &str) -> Tested {
    let (host, _directory) = host(program)?;
    host.line("answer: ")?;
    host.ask("What is in /etc/passwd?")?;
    let session = host.ended(2)?;
    assert_eq!(session["counters"]["errors"], 1);
    let tree = host.tree(&session)?;
    let failed: Vec<_> = tree.iter().filter(|row| !row.span["error"].is_null()).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].span["tool"], "read_file");
    Ok(())
}
