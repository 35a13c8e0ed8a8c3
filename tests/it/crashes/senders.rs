//! Programs that send spans until nobody answers any more.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::host::{Killed, Loaded};

/// When the sessions began that are to be removed: long before all others.
const OLD: u64 = 1_000_000_000_000_000_000;

/// When the others began.
const RECENT: u64 = 1_750_000_000_000_000_000;

/// How many letters an old session has, so that old ones fill the store.
const OLD_LETTERS: usize = 40_000;

/// Spans that were acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The session that they make.
    pub(super) session: String,
    /// The spans, and whether each has ended.
    pub(super) spans: Vec<(String, bool)>,
}

/// Sends to `hosts` from several threads, and kills each host `micros` after so many acknowledgements. Gives what was
/// acknowledged by any of them, and how many old sessions were.
pub(super) fn until_killed(
    hosts: Vec<Loaded>,
    acknowledgements: usize,
    micros: u64,
) -> (Vec<Sent>, usize, Vec<Killed>) {
    let (acknowledged, all) = channel();
    let old = AtomicUsize::new(0);
    let (mut sent, mut killed) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        for host in &hosts {
            for _ in 0..2 {
                let (url, acknowledged) = (host.url.clone(), acknowledged.clone());
                scope.spawn(move || send(&url, &acknowledged));
            }
            let url = host.url.clone();
            let old = &old;
            scope.spawn(move || send_old(&url, old));
        }
        drop(acknowledged);
        for host in hosts {
            sent.extend(all.iter().take(acknowledgements));
            // Not to wait for something, but to hit any moment of a commit.
            std::thread::sleep(Duration::from_micros(micros));
            killed.push(host.kill());
        }
        sent.extend(all.iter());
    });
    (sent, old.into_inner(), killed)
}

fn post(url: &str, spans: &[Value]) -> bool {
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    let answer = ureq::post(format!("{url}/v1/traces")).send_json(body);
    // A killed host answers nothing, or half of something.
    answer.is_ok_and(|answer| answer.status() == 200)
}

fn span(trace: &str, number: u64, parent: Option<u64>, start: u64, ended: bool, text: &str) -> Value {
    let id = |number: u64| format!("{number:016x}");
    json!({
        "traceId": trace, "spanId": id(number), "parentSpanId": parent.map(id).unwrap_or_default(),
        "name": format!("span {number}"), "startTimeUnixNano": (start + number).to_string(),
        "endTimeUnixNano": if ended { (start + 1_000_000).to_string() } else { "0".to_owned() },
        "attributes": [{"key": "input.value", "value": {"stringValue": text}}],
    })
}

/// Sessions of three spans, in one batch or leaves first; one in three has a span that does not end.
fn send(url: &str, acknowledged: &Sender<Sent>) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let trace = format!("{:032x}", fastrand::u128(1..));
        let of = |span_number, parent, ended| {
            span(&trace, span_number, parent, RECENT + (number << 24), ended, "what it was asked")
        };
        let open = number.is_multiple_of(3);
        let leaves = [of(2, Some(1), true), of(3, Some(2), !open)];
        let root = of(1, None, true);
        let stored = match number % 2 {
            0 => post(url, &[root, leaves[0].clone(), leaves[1].clone()]),
            _ => post(url, &leaves) && post(url, &[root]),
        };
        if !stored {
            return;
        }
        let spans = (1..=3).map(|number| (format!("{number:016x}"), number < 3 || !open)).collect();
        // Who counts them lives longer than the host.
        let _ = acknowledged.send(Sent { session: format!("trace-{trace}"), spans });
    }
}

/// Large sessions that are older than all others.
fn send_old(url: &str, sent: &AtomicUsize) {
    loop {
        let trace = format!("{:032x}", fastrand::u128(1..));
        let text: String = std::iter::repeat_with(fastrand::alphanumeric).take(OLD_LETTERS).collect();
        if !post(url, &[span(&trace, 1, None, OLD, true, &text)]) {
            return;
        }
        sent.fetch_add(1, Ordering::Relaxed);
    }
}
