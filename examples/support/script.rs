//! What the scripted model says next: look around, search, read, then answer with what the tools really returned.

use serde_json::{Value, json};

use super::protocol::{Function, Message, ToolCall};

/// How many lines of a file an answer quotes.
const QUOTED_LINES: usize = 4;

/// Words that say nothing about what a task is after.
const STOP_WORDS: [&str; 16] = [
    "about",
    "answer",
    "does",
    "explain",
    "explained",
    "file",
    "files",
    "find",
    "from",
    "here",
    "mean",
    "project",
    "quote",
    "this",
    "what",
    "where",
];

/// The next message of the model, decided by the conversation so far and nothing else.
pub(crate) fn next_message(messages: &[Message]) -> Message {
    let task = messages
        .iter()
        .rfind(|message| message.role == "user")
        .and_then(|message| message.content.as_deref());
    let task = task.unwrap_or_default();
    if messages.iter().any(|message| message.role == "system" && asks_for_plan(message)) {
        return Message::text("assistant", plan(task).to_string());
    }
    let done = Done::new(messages);
    match done.next_call(task) {
        Some((name, arguments)) => Message {
            tool_calls: Some(vec![ToolCall {
                id: format!("call_{}", done.0.len() + 1),
                kind: "function".to_owned(),
                function: Function { name: name.to_owned(), arguments: arguments.to_string() },
            }]),
            content: None,
            ..Message::text("assistant", "")
        },
        None => Message::text("assistant", done.answer()),
    }
}

fn asks_for_plan(instructions: &Message) -> bool {
    instructions.content.as_deref().is_some_and(|text| text.contains("\"dependencies\""))
}

/// A plan: read each file that the task names, side by side, then bring the findings together.
fn plan(task: &str) -> Value {
    let mut paths: Vec<&str> = task.split_whitespace().filter_map(named_path).collect();
    paths.dedup();
    if paths.is_empty() {
        return json!({ "steps": [{ "step_id": "search", "description": task, "dependencies": [] }] });
    }
    let reads = paths.iter().enumerate().map(|(at, path)| {
        json!({ "step_id": format!("read-{}", at + 1), "description": format!("What does {path} say?"), "dependencies": [] })
    });
    let reads: Vec<Value> = reads.collect();
    let needed: Vec<&Value> = reads.iter().map(|step| &step["step_id"]).collect();
    let last = json!({ "step_id": "combine", "description": "Bring the findings together.", "dependencies": needed });
    Value::from_iter([("steps", Value::from_iter(reads.iter().cloned().chain([last.clone()])))])
}

/// A tool call that was made, and what came back.
struct Made {
    name: String,
    arguments: Value,
    result: Value,
}

/// The tool calls so far, oldest first.
struct Done(Vec<Made>);

impl Done {
    fn new(messages: &[Message]) -> Self {
        let result = |id: &str| {
            let answer = messages.iter().find(|message| message.tool_call_id.as_deref() == Some(id));
            answer.and_then(|message| message.content.as_deref()).map_or(Value::Null, json_or_null)
        };
        let calls = messages.iter().flat_map(Message::calls);
        let made = calls.map(|call| Made {
            name: call.function.name.clone(),
            arguments: json_or_null(&call.function.arguments),
            result: result(&call.id),
        });
        Self(made.collect())
    }

    fn last(&self, name: &str) -> Option<&Made> {
        self.0.iter().rfind(|made| made.name == name)
    }

    /// The lines of the last file that could be read, and its path.
    fn read(&self) -> Option<(&str, Vec<&str>)> {
        let found =
            self.0.iter().rfind(|made| made.name == "read_file" && made.result["lines"].is_array())?;
        let lines = found.result["lines"].as_array()?.iter().filter_map(Value::as_str).collect();
        Some((found.result["path"].as_str()?, lines))
    }

    fn next_call(&self, task: &str) -> Option<(&'static str, Value)> {
        if self.read().is_some() {
            return None;
        }
        if let Some(path) = named_path(task).filter(|path| !self.tried(path)) {
            return Some(("read_file", json!({ "path": path })));
        }
        let Some(listed) = self.last("list_files") else {
            return Some(("list_files", json!({ "path": "." })));
        };
        let Some(searched) = self.last("search_text") else {
            return Some(("search_text", json!({ "text": wanted_word(task) })));
        };
        let (path, line) =
            best_hit(&searched.result).or_else(|| Some((first_text_file(&listed.result)?, 1)))?;
        let from_line = line.saturating_sub(1).max(1);
        (!self.tried(path)).then(|| ("read_file", json!({ "path": path, "from_line": from_line })))
    }

    fn tried(&self, path: &str) -> bool {
        self.0.iter().any(|made| made.name == "read_file" && made.arguments["path"] == path)
    }

    fn answer(&self) -> String {
        let mut answer = String::new();
        if let Some(Made { result, .. }) = self.last("search_text") {
            let hits =
                result["hits"].as_array().map_or(0, Vec::len) as u64 + result["more"].as_u64().unwrap_or(0);
            let (text, files) = (result["text"].as_str().unwrap_or_default(), &result["files"]);
            answer = format!("I searched {files} files for \"{text}\": {hits} lines contain it. ");
        }
        match self.read() {
            Some((path, lines)) => {
                answer += &format!("{path} says:\n");
                for line in lines.iter().filter(|line| !line.trim().is_empty()).take(QUOTED_LINES) {
                    answer += &format!("\n> {line}");
                }
            }
            None => answer += "There was no file that I could read.",
        }
        answer
    }
}

fn json_or_null(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A path that stands in the task, such as `src/lib.rs` or `/etc/hosts`.
fn named_path(task: &str) -> Option<&str> {
    let words = task
        .split_whitespace()
        .map(|word| word.trim_matches(['"', '\'', '`', ',', ';', ':', '?', '!', '(', ')']));
    words.map(|word| word.trim_end_matches('.')).find(|word| {
        let extension = word.rsplit_once('.').map(|(name, extension)| (!name.is_empty(), extension));
        let is_file = matches!(extension, Some((true, end)) if (2..=5).contains(&end.len()) && end.chars().all(char::is_alphanumeric));
        word.len() > 1 && (word.starts_with(['/', '.']) || is_file)
    })
}

/// What to search for: what the task puts in quotes, or its longest word.
fn wanted_word(task: &str) -> &str {
    if let Some(quoted) =
        ['"', '`'].into_iter().find_map(|mark| task.split(mark).nth(1).filter(|text| !text.is_empty()))
    {
        return quoted;
    }
    let words = task.split(|c: char| !c.is_alphanumeric() && c != '_');
    let telling = words.filter(|word| !STOP_WORDS.contains(&word.to_lowercase().as_str()));
    telling.max_by_key(|word| word.len()).filter(|word| !word.is_empty()).unwrap_or("readme")
}

/// Where to read on: documents explain better than code does, and a readme best.
fn best_hit(searched: &Value) -> Option<(&str, u64)> {
    let hits = searched["hits"].as_array()?.iter();
    let places: Vec<_> =
        hits.filter_map(|hit| Some((hit["path"].as_str()?, hit["line"].as_u64()?))).collect();
    let is_readme = |path: &str| path.to_lowercase().starts_with("readme");
    let readme = places.iter().find(|(path, _)| is_readme(path));
    readme.or_else(|| places.iter().find(|(path, _)| path.ends_with(".md"))).or(places.first()).copied()
}

fn first_text_file(listed: &Value) -> Option<&str> {
    let names = listed["entries"].as_array()?.iter().filter_map(Value::as_str);
    let mut texts =
        names.filter(|name| [".md", ".txt", ".toml", ".rs", ".json"].iter().any(|end| name.ends_with(end)));
    let first = texts.clone().next();
    texts.find(|name| name.to_lowercase().starts_with("readme")).or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(conversation: &mut Vec<Message>, result: Value) -> (String, Value) {
        let message = next_message(conversation);
        let call = message.calls()[0].clone();
        conversation.extend([message, Message::tool_result(&call.id, result.to_string())]);
        (call.function.name, json_or_null(&call.function.arguments))
    }

    #[test]
    fn a_path_in_the_task_is_read_first_and_a_refusal_is_not_the_end() {
        let mut talk = vec![Message::text("user", "What is in /etc/passwd?")];
        let refused = json!({ "error": "outside" });
        assert_eq!(turn(&mut talk, refused), ("read_file".into(), json!({ "path": "/etc/passwd" })));
        assert_eq!(turn(&mut talk, json!({ "entries": [] })).0, "list_files");
        assert_eq!(turn(&mut talk, json!({ "hits": [], "text": "passwd", "files": 0 })).0, "search_text");
        let answer = next_message(&talk).content.unwrap();
        assert!(answer.ends_with("There was no file that I could read."), "{answer}");
    }

    #[test]
    fn without_a_hit_it_reads_the_readme() {
        let mut talk = vec![Message::text("user", "Find \"zebra\".")];
        turn(&mut talk, json!({ "entries": ["a.rs", "src/", "README.md"] }));
        assert_eq!(turn(&mut talk, json!({ "hits": [] })).1, json!({ "text": "zebra" }));
        assert_eq!(
            turn(&mut talk, Value::Null),
            ("read_file".into(), json!({ "path": "README.md", "from_line": 1 }))
        );
    }

    #[test]
    fn tasks_are_read_for_paths_and_words() {
        assert_eq!(named_path("Explain `src/lib.rs`, please."), Some("src/lib.rs"));
        assert_eq!(named_path("Look at README.md."), Some("README.md"));
        assert_eq!(named_path("What is this about? e.g. nothing..."), None);
        assert_eq!(wanted_word("Where is the inspector explained?"), "inspector");
        assert_eq!(wanted_word(""), "readme");
    }
}
