//! What a process of the load says of itself, each second and at its end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// Sums since it began.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Readers that are connected now.
    pub(crate) readers: u64,
    /// Events that readers got.
    pub(crate) deliveries: u64,
    /// How often a reader was told that events are missing, and how often one came back after its stream had ended.
    pub(crate) gaps: u64,
    pub(crate) resumed: u64,
    /// What was acknowledged.
    pub(crate) spans: u64,
    pub(crate) events: u64,
    pub(crate) hooks: u64,
    /// Of these, how many were looked for afterwards, and how many were not found.
    pub(crate) looked_for: u64,
    pub(crate) lost: u64,
    /// What came of what was asked, by what it was.
    pub(crate) answers: BTreeMap<String, BTreeMap<String, u64>>,
    /// What should not have been answered, and how.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    /// Counts an answer.
    pub(crate) fn count(&mut self, what: &str, outcome: &str) {
        *self.answers.entry(what.to_owned()).or_default().entry(outcome.to_owned()).or_default() += 1;
    }

    /// Says it to the process that started this one.
    pub(crate) fn say(&self) -> io::Result<()> {
        let line = serde_json::to_string(self)?;
        let mut output = io::stdout();
        writeln!(output, "{line}")?;
        output.flush()
    }
}
