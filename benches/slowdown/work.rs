//! What an agent's loop does between two calls of a model: it reads the answer, runs a tool over a text, and writes the next
//! request.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How many messages of a conversation go into the next request.
const WINDOW: usize = 8;

/// How long a step takes that this machine does undisturbed.
const STEP: Duration = Duration::from_millis(1);

/// A fixed amount of work.
#[derive(Debug)]
pub(crate) struct Work {
    answer: String,
    text: String,
    turns_per_step: u32,
}

impl Work {
    /// Work whose step takes a millisecond here.
    pub(crate) fn of_a_millisecond() -> Self {
        let arguments = json!({"path": "src/main.rs", "query": "fn main", "context": "line ".repeat(40)});
        let answer = json!({
            "id": "chatcmpl-1",
            "model": "scripted-1",
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant",
                "content": "I will look for the entry point first. ".repeat(30),
                "tool_calls": [
                    {"id": "call_1", "type": "function",
                     "function": {"name": "search", "arguments": arguments.to_string()}},
                ],
            }}],
            "usage": {"prompt_tokens": 1_200, "completion_tokens": 75, "total_tokens": 1_275},
        });
        let text = "fn main() {\n    let agent = Agent::new(model, tools);\n    agent.run(task).await;\n}\n"
            .repeat(60);
        let mut work = Self { answer: answer.to_string(), text, turns_per_step: 1 };
        let fastest = (0..200).map(|_| {
            let start = Instant::now();
            black_box(work.step());
            start.elapsed()
        });
        let turn = fastest.min().unwrap_or(STEP).max(Duration::from_nanos(1));
        work.turns_per_step = u32::try_from(STEP.as_nanos() / turn.as_nanos()).unwrap_or(1).max(1);
        work
    }

    /// One step. Its result depends on all that was done.
    pub(crate) fn step(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut messages: Vec<Value> = Vec::new();
        for _ in 0..self.turns_per_step {
            let answer: Value = serde_json::from_str(&self.answer).unwrap_or_default();
            let message = &answer["choices"][0]["message"];
            let arguments = message["tool_calls"][0]["function"]["arguments"].as_str().unwrap_or_default();
            let arguments: Value = serde_json::from_str(arguments).unwrap_or_default();
            let found = self.search(arguments["query"].as_str().unwrap_or_default());
            if messages.len() >= WINDOW {
                messages.drain(..2);
            }
            messages.push(message.clone());
            messages.push(json!({"role": "tool", "tool_call_id": "call_1", "content": found}));
            json!({"model": "scripted-1", "messages": messages}).to_string().hash(&mut hasher);
        }
        hasher.finish()
    }

    fn search(&self, query: &str) -> String {
        let mut words: HashMap<&str, usize> = HashMap::new();
        for word in self.text.split_whitespace() {
            *words.entry(word).or_default() += 1;
        }
        let lines = self.text.lines().filter(|line| line.contains(query)).count();
        format!("{lines} lines, {} different words", words.len())
    }
}
