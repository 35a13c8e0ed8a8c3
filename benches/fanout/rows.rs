//! The rows: how many subscribers, how many events, how fast, and who misbehaves.

use std::time::Duration;

/// How long a subscriber that was cut off stays away.
pub(crate) const AWAY: Duration = Duration::from_millis(300);

/// How long a slow subscriber does nothing after each read.
pub(crate) const SLOW_PAUSE: Duration = Duration::from_millis(50);

/// How much of what a slow subscriber has not read its side of the connection takes, in bytes (the kernel doubles it), so
/// that the server feels it.
pub(crate) const SLOW_RECEIVE_BYTES: u32 = 16 << 10;

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) subscribers: usize,
    pub(crate) events: u64,
    /// Events per second; flat out without it.
    pub(crate) rate: Option<u64>,
    /// How many of the subscribers are cut off once, in the middle half of the events.
    pub(crate) cut: usize,
    /// How many of the subscribers are slow.
    pub(crate) slow: usize,
    /// The least share of nchan's deliveries per second that the budget asks for.
    pub(crate) times_nchan: Option<f64>,
    /// Whether the budget has something to say about its latency.
    pub(crate) judges_latency: bool,
}

const fn flat(name: &'static str, subscribers: usize, events: u64, times_nchan: Option<f64>) -> Row {
    Row { name, subscribers, events, rate: None, cut: 0, slow: 0, times_nchan, judges_latency: false }
}

const fn paced(name: &'static str, subscribers: usize, events: u64, rate: u64) -> Row {
    Row { rate: Some(rate), ..flat(name, subscribers, events, None) }
}

pub(crate) const ROWS: [Row; 11] = [
    flat("flat-1", 1, 20_000, None),
    flat("flat-100", 100, 10_000, Some(2.0)),
    flat("flat-1000", 1_000, 1_000, Some(5.0)),
    flat("flat-5000", 5_000, 200, Some(15.0)),
    paced("paced-1", 1, 3_000, 1_000),
    paced("paced-100", 100, 4_000, 1_000),
    Row { judges_latency: true, ..paced("paced-1000", 1_000, 600, 100) },
    paced("paced-5000", 5_000, 60, 10),
    Row { cut: 50, ..paced("cut-100", 100, 4_000, 1_000) },
    Row { cut: 500, ..paced("cut-1000", 1_000, 500, 100) },
    Row { slow: 1, ..flat("slow-101", 101, 10_000, None) },
];

impl Row {
    /// At which of its events the subscriber is cut off, if it is: spread over the middle half.
    pub(crate) fn cut_at(&self, subscriber: usize) -> Option<u64> {
        let spread = subscriber as u64 * 2_654_435_761 % (self.events / 2).max(1);
        (subscriber < self.cut).then_some(self.events / 4 + spread)
    }

    /// Whether the subscriber is slow; the last ones are.
    pub(crate) fn is_slow(&self, subscriber: usize) -> bool {
        subscriber >= self.subscribers - self.slow
    }

    /// In words.
    pub(crate) fn described(&self) -> String {
        let pace = self.rate.map_or_else(|| "flat out".to_owned(), |rate| format!("{rate}/s"));
        let mut words = format!("{} subscribers, {} events {pace}", self.subscribers, self.events);
        if self.cut > 0 {
            words += &format!(", {} cut off for {} ms and resumed", self.cut, AWAY.as_millis());
        }
        if self.slow > 0 {
            words += &format!(", {} slow", self.slow);
        }
        words
    }
}
