//! Ratios of pairs, and how sure their median is.

use std::fmt::Write;
use std::time::Duration;

use agent_inspector_benches::{median, quantile};

/// How often the pairs are drawn again to see how their median moves.
const DRAWS: usize = 2_000;

/// How much longer one of each pair took than the other.
#[derive(Debug, Default)]
pub(crate) struct Ratios(Vec<f64>);

impl Ratios {
    pub(crate) fn add(&mut self, with: Duration, without: Duration) {
        self.0.push(with.as_secs_f64() / without.as_secs_f64() - 1.0);
    }

    /// The interval that holds the median in 95 of 100 cases, by bootstrap.
    fn interval(&self) -> (f64, f64) {
        let draws: Vec<f64> = (0..DRAWS)
            .filter_map(|_| median(self.0.iter().map(|_| self.0[fastrand::usize(..self.0.len())]).collect()))
            .collect();
        let at = |share| quantile(draws.clone(), share).unwrap_or(f64::NAN);
        (at(0.025), at(0.975))
    }

    pub(crate) fn summary(&self) -> String {
        let (low, high) = self.interval();
        let at = |share| 100.0 * quantile(self.0.clone(), share).unwrap_or(f64::NAN);
        let mut text = format!("{:+.2} %", at(0.5));
        // Writing to memory does not fail.
        let _ = write!(text, "  [{:+.2}, {:+.2}]", 100.0 * low, 100.0 * high);
        let _ = write!(text, "  ({:+.2}, {:+.2})", at(0.25), at(0.75));
        text
    }

    /// Whether the budget is met, as far as it can be told next to two that are the same.
    pub(crate) fn verdict(&self, budget: f64, control: &Self) -> String {
        let ((low, high), (control_low, control_high)) = (self.interval(), control.interval());
        let calm = control_high - control_low < 2.0 * budget && control_low <= 0.0 && control_high >= 0.0;
        let word = match (calm, high < budget, low > budget) {
            (true, true, _) => "met",
            (true, _, true) => "NOT MET",
            _ => "cannot be told: take more triples or a quieter machine",
        };
        format!("budget: below {:.0} %, {word}", 100.0 * budget)
    }
}
