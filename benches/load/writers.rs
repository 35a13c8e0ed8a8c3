//! The writers: exporters of spans in both encodings, programs that post events, and hooks. Each sends one request after the other at
//! its pace, comes again when it is told to, and remembers what was acknowledged.

use std::cell::RefCell;
use std::fmt::Write;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use agent_inspector_benches::spans::{SPANS_OF_TRACE, Template, Text};
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::ask::{Answer, Connection};
use crate::child::{argument, asked_to_end};
use crate::stored::{self, Acknowledged};
use crate::tally::Tally;

/// The command by which this executable becomes them.
pub(crate) const COMMAND: &str = "writers";

/// How many sessions programs post events about; readers of one session watch one of these.
const TOLD_SESSIONS: usize = 40;

/// How many spans a request as JSON has.
const JSON_SPANS: usize = 5;

/// How many different texts the exporters have.
const TEMPLATES: u64 = 16;

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

/// The session that a reader watches, or a writer tells of.
pub(crate) fn told_session(number: usize) -> String {
    format!("told-{}", number % TOLD_SESSIONS)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Protobuf,
    Json,
    Events,
    Hooks,
}

impl Kind {
    /// Of ten writers five send protobuf.
    const fn of(number: usize) -> Self {
        match number % 10 {
            0..=4 => Self::Protobuf,
            5..=6 => Self::Json,
            7..=8 => Self::Events,
            _ => Self::Hooks,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Protobuf => "OTLP, protobuf",
            Self::Json => "OTLP, JSON",
            Self::Events => "events",
            Self::Hooks => "hooks",
        }
    }

    const fn path(self) -> (&'static str, &'static str) {
        match self {
            Self::Protobuf => ("/v1/traces", PROTOBUF),
            Self::Json => ("/v1/traces", JSON),
            Self::Events => ("/events", JSON),
            Self::Hooks => ("/hooks/claude-code", JSON),
        }
    }
}

/// The status, and why it is none of success, as far as that is text.
fn outcome(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let words = text
        .split(|letter: char| !(letter.is_ascii_alphabetic() || letter == ' '))
        .max_by_key(|words| words.len());
    match answer.status {
        200 => "200".to_owned(),
        status => format!("{status} {}", words.unwrap_or_default().trim()),
    }
}

/// What all share.
struct Crowd {
    port: u16,
    every: Duration,
    templates: Vec<Template>,
    text: String,
    tally: RefCell<Tally>,
    acknowledged: RefCell<Acknowledged>,
}

/// Writes until it is asked to end, and then looks for what was acknowledged. `arguments`: the host's port, how many
/// writers, and how many requests each sends in a second.
pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let (port, writers): (u16, usize) = (argument(arguments, 0)?, argument(arguments, 1)?);
    let every = Duration::from_secs_f64(1.0 / argument::<f64>(arguments, 2)?.max(0.001));
    let mut end = asked_to_end();
    let templates = (0..TEMPLATES).map(|seed| Template::new(1, &mut Text::new(seed))).collect();
    let text = Text::new(TEMPLATES).of(900);
    let (tally, acknowledged) = (RefCell::default(), RefCell::default());
    let crowd = Rc::new(Crowd { port, every, templates, text, tally, acknowledged });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let everybody = LocalSet::new();
    for number in 0..writers {
        let crowd = Rc::clone(&crowd);
        everybody.spawn_local(async move { crowd.write(number, writers).await });
    }
    runtime.block_on(everybody.run_until(async {
        while tokio::time::timeout(Duration::from_secs(1), &mut end).await.is_err() {
            crowd.tally.borrow().say()?;
        }
        io::Result::Ok(())
    }))?;
    // What is under way is of those that nobody was told of.
    drop(everybody);
    let mut tally = crowd.tally.borrow().clone();
    let found = runtime.block_on(stored::look_for(port, &crowd.acknowledged.borrow()))?;
    (tally.looked_for, tally.lost) = (found.looked_for, found.lost);
    tally.wrong.extend(found.wrong);
    tally.say()
}

impl Crowd {
    async fn write(&self, number: usize, writers: usize) {
        let kind = Kind::of(number);
        let mut connection = Connection::new(self.port);
        // They do not all begin at once.
        sleep(self.every.mul_f64(number as f64 / writers.max(1) as f64)).await;
        let mut pace = interval(self.every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for sent in 0.. {
            pace.tick().await;
            let trace = (number as u64) << 32 | sent;
            let body = self.body(kind, number, trace);
            while !self.send(kind, number, trace, &body, &mut connection).await {}
        }
    }

    /// Sends it once; whether it is done with.
    async fn send(
        &self,
        kind: Kind,
        number: usize,
        trace: u64,
        body: &[u8],
        connection: &mut Connection,
    ) -> bool {
        let (path, content) = kind.path();
        let answer = match connection.post(path, content, body).await {
            Ok(answer) => answer,
            Err(error) => {
                self.tally.borrow_mut().count(kind.name(), &error.kind().to_string());
                sleep(Duration::from_secs(1)).await;
                // It may have been stored, and each has ids by which that is known.
                return kind == Kind::Hooks;
            }
        };
        self.tally.borrow_mut().count(kind.name(), &outcome(&answer));
        if let (429 | 503, Some(seconds)) = (answer.status, answer.retry_after) {
            sleep(Duration::from_secs(seconds)).await;
            return false;
        }
        let mut tally = self.tally.borrow_mut();
        if answer.status != 200 {
            tally.wrong.push(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
            return true;
        }
        let mut acknowledged = self.acknowledged.borrow_mut();
        match kind {
            Kind::Protobuf => acknowledged.trace(trace, SPANS_OF_TRACE),
            Kind::Json => acknowledged.trace(trace, JSON_SPANS),
            Kind::Events => acknowledged.event(told_session(number)),
            Kind::Hooks => {}
        }
        match kind {
            Kind::Protobuf => tally.spans += SPANS_OF_TRACE as u64,
            Kind::Json => tally.spans += JSON_SPANS as u64,
            Kind::Events => tally.events += 1,
            Kind::Hooks => tally.hooks += 1,
        }
        true
    }

    fn body(&self, kind: Kind, number: usize, trace: u64) -> Vec<u8> {
        match kind {
            Kind::Protobuf => self.templates[number % self.templates.len()].with_traces(trace),
            Kind::Json => self.json(trace).into_bytes(),
            Kind::Events => format!(
                r#"{{"type":"{}","session_id":"{}","id":"{trace}","note":"{}"}}"#,
                stored::TOLD,
                told_session(number),
                &self.text[..200]
            )
            .into_bytes(),
            Kind::Hooks => format!(
                r#"{{"hook_event_name":"PostToolUse","session_id":"hooked-{number}","tool_name":"Read","tool_use_id":"{trace}","cwd":"/src","tool_input":{{"file_path":"/src/lib.rs"}},"tool_response":"{}"}}"#,
                self.text
            )
            .into_bytes(),
        }
    }

    fn json(&self, trace: u64) -> String {
        let mut spans = String::new();
        for span in 1..=JSON_SPANS {
            let comma = if span == 1 { "" } else { "," };
            // Writing to memory does not fail.
            let _ = write!(
                spans,
                r#"{comma}{{"traceId":"{:032x}","spanId":"{span:016x}","name":"chat","startTimeUnixNano":"1767225600000000000","endTimeUnixNano":"1767225601000000000","attributes":[{{"key":"gen_ai.operation.name","value":{{"stringValue":"chat"}}}},{{"key":"output.value","value":{{"stringValue":"{}"}}}}]}}"#,
                u128::from(trace + 1),
                self.text
            );
        }
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
    }
}
