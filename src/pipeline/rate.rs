//! How many events came in the last minute.

use std::time::Instant;

const SECONDS: usize = 60;

/// One count per second, in a circle.
#[derive(Debug)]
pub(super) struct Rate {
    counts: [u64; SECONDS],
    started: Instant,
    second: u64,
}

impl Rate {
    pub(super) fn new() -> Self {
        Self { counts: [0; SECONDS], started: Instant::now(), second: 0 }
    }

    pub(super) fn add(&mut self, count: u64) {
        self.turn();
        let slot = self.slot(self.second);
        self.counts[slot] += count;
    }

    pub(super) fn last_minute(&mut self) -> u64 {
        self.turn();
        self.counts.iter().sum()
    }

    fn turn(&mut self) {
        let now = self.started.elapsed().as_secs();
        for second in (self.second + 1..=now).take(SECONDS) {
            let slot = self.slot(second);
            self.counts[slot] = 0;
        }
        self.second = now;
    }

    #[expect(clippy::cast_possible_truncation, reason = "below sixty")]
    fn slot(&self, second: u64) -> usize {
        (second % SECONDS as u64) as usize
    }
}
