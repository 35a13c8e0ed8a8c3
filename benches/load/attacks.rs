//! The attackers: each does one thing again and again, at its pace, and says what came of it.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::ask::Connection;
use crate::attempts::{Attempt, Means};
use crate::child::{argument, asked_to_end};
use crate::tally::Tally;

/// The command by which this executable becomes them.
pub(crate) const COMMAND: &str = "attackers";

/// An attack: what is done, how many do it at once, how often each, and what may come of it.
pub(crate) struct Attack {
    name: &'static str,
    attempt: Attempt,
    at_once: usize,
    every: Duration,
    allowed: &'static [&'static str],
}

const fn attack(
    name: &'static str,
    attempt: Attempt,
    at_once: usize,
    every_ms: u64,
    allowed: &'static [&'static str],
) -> Attack {
    Attack { name, attempt, at_once, every: Duration::from_millis(every_ms), allowed }
}

/// What a body may be answered that is refused, or for which there is no room at the moment. Who answers before the body has come
/// ends the connection, and where more comes nobody hears the answer: that is cut.
const REFUSED: &[&str] = &["400", "413", "503", "cut"];
const ATTACKS: &[Attack] = &[
    attack("a body that says 200 MB", Attempt::LongBody, 4, 500, REFUSED),
    attack("a body of 65 MiB in chunks", Attempt::ChunkedBody, 1, 5_000, REFUSED),
    attack("a zip bomb as JSON", Attempt::BombJson, 2, 1_000, REFUSED),
    attack("a zip bomb as protobuf", Attempt::BombProtobuf, 2, 1_000, REFUSED),
    attack("JSON 500,000 deep, spans", Attempt::DeepSpans, 2, 500, REFUSED),
    attack("JSON 500,000 deep, events", Attempt::DeepEvents, 2, 500, REFUSED),
    attack("garbage as protobuf", Attempt::Garbage, 4, 200, REFUSED),
    attack("garbage as HTTP", Attempt::GarbageHttp, 4, 200, &["400", "cut"]),
    attack("a hook that is garbage", Attempt::GarbageHook, 2, 200, &["200", "503"]),
    attack("a span of 5,000 attributes and 1 MB", Attempt::WideSpan, 1, 1_000, &["200", "503", "cut"]),
    attack("8 MB of small spans", Attempt::ManySpans, 1, 5_000, &["200", "503", "cut"]),
    attack("a body that stops", Attempt::StoppingBody, 100, 1_000, &["408", "503"]),
    attack("a body that trickles", Attempt::TricklingBody, 100, 1_000, &["408", "503"]),
    attack("a head that stops", Attempt::StoppingHead, 100, 1_000, &["held", "cut"]),
    attack("a head of 80 KB", Attempt::LongHead, 2, 200, &["431"]),
    attack("a wrong token through a proxy", Attempt::WrongToken, 8, 100, &["401", "429"]),
    attack("a page of another origin", Attempt::ForeignOrigin, 2, 100, &["403"]),
    attack("a rebound name", Attempt::ReboundName, 2, 100, &["403"]),
    attack("an id that is a path", Attempt::PathAsId, 2, 100, &["400", "404"]),
    attack("a search by an expensive expression", Attempt::Regex, 4, 100, &["200", "503"]),
    attack("a search by a huge expression", Attempt::HugeRegex, 2, 100, &["400", "503"]),
    attack("a tree of 10,000 spans", Attempt::Tree, 2, 100, &["200", "503"]),
    // One that is under way while its session is packed breaks off.
    attack("an export of 10,000 spans", Attempt::Export, 4, 500, &["200", "503", "cut"]),
    attack("a trace that is never read", Attempt::UnreadTrace, 50, 1_000, &["held", "503", "cut"]),
    attack("connections that are dropped", Attempt::Dropped, 4, 50, &["dropped"]),
];

/// Attacks until it is asked to end. `arguments`: the host's port.
pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let port: u16 = argument(arguments, 0)?;
    let mut end = asked_to_end();
    let tally: Rc<RefCell<Tally>> = Rc::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let means = Rc::new(Means::new(port)?);
    let everybody = LocalSet::new();
    for attack in ATTACKS {
        for number in 0..attack.at_once {
            let (means, tally) = (Rc::clone(&means), Rc::clone(&tally));
            everybody.spawn_local(async move { attack.go_on(number, &means, &tally).await });
        }
    }
    runtime.block_on(everybody.run_until(async {
        loop {
            let ends = tokio::time::timeout(Duration::from_secs(1), &mut end).await.is_ok();
            tally.borrow().say()?;
            if ends {
                return Ok(());
            }
        }
    }))
}

impl Attack {
    async fn go_on(&self, number: usize, means: &Means, tally: &RefCell<Tally>) {
        tokio::time::sleep(self.every.mul_f64(number as f64 / self.at_once as f64)).await;
        let mut connection = Connection::new(means.port);
        let mut pace = interval(self.every);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let outcome = match self.attempt.make(means, &mut connection).await {
                Ok(outcome) => outcome,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => "no answer".to_owned(),
                // The connection was ended instead of an answer.
                Err(_) => "cut".to_owned(),
            };
            let mut tally = tally.borrow_mut();
            if !self.allowed.contains(&outcome.as_str()) && tally.wrong.len() < 100 {
                tally.wrong.push(format!("{}: {outcome}", self.name));
            }
            tally.count(self.name, &outcome);
        }
    }
}
