//! Tokens, cost and the counters of a session.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tokens of one model call. A part that nobody reported is absent, never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens read by the model, including those read from or written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens written by the model, including reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// The part of the input that came from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<u64>,
    /// The part of the input that was written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// The part of what was written to a cache that is kept for an hour, which costs more than the usual five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h_tokens: Option<u64>,
    /// The part of the output that was reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// With these [`input_tokens`](Self#structfield.input_tokens).
    ///
    /// ```
    /// use agent_inspector::model::Usage;
    ///
    /// let usage = Usage::default().input_tokens(1_200).cache_read_tokens(1_000).output_tokens(80);
    /// assert_eq!(usage.reasoning_tokens, None);
    /// ```
    #[must_use]
    pub const fn input_tokens(mut self, tokens: u64) -> Self {
        self.input_tokens = Some(tokens);
        self
    }

    /// With these [`output_tokens`](Self#structfield.output_tokens).
    #[must_use]
    pub const fn output_tokens(mut self, tokens: u64) -> Self {
        self.output_tokens = Some(tokens);
        self
    }

    /// With these [`cache_read_tokens`](Self#structfield.cache_read_tokens).
    #[must_use]
    pub const fn cache_read_tokens(mut self, tokens: u64) -> Self {
        self.cache_read_tokens = Some(tokens);
        self
    }

    /// With these [`cache_write_tokens`](Self#structfield.cache_write_tokens).
    #[must_use]
    pub const fn cache_write_tokens(mut self, tokens: u64) -> Self {
        self.cache_write_tokens = Some(tokens);
        self
    }

    /// With these [`cache_write_1h_tokens`](Self#structfield.cache_write_1h_tokens).
    #[must_use]
    pub const fn cache_write_1h_tokens(mut self, tokens: u64) -> Self {
        self.cache_write_1h_tokens = Some(tokens);
        self
    }

    /// With these [`reasoning_tokens`](Self#structfield.reasoning_tokens).
    #[must_use]
    pub const fn reasoning_tokens(mut self, tokens: u64) -> Self {
        self.reasoning_tokens = Some(tokens);
        self
    }

    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a cost comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CostSource {
    /// The sender said it.
    Reported,
    /// Computed here from tokens and a price table.
    Computed,
}

/// What one model call cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Cost {
    /// US dollars.
    pub usd: f64,
    /// Who says so.
    pub source: CostSource,
}

impl Cost {
    /// So many US dollars.
    #[must_use]
    pub const fn new(usd: f64, source: CostSource) -> Self {
        Self { usd, source }
    }
}

/// What a session amounts to. Tokens are counted once: on model calls below which no other model call reports
/// tokens, because frameworks repeat the sums of the children on their parents.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Counters {
    /// Spans.
    pub spans: u64,
    /// Model calls.
    pub llm_calls: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Spans that ended in an error.
    pub errors: u64,
    /// Tokens read, including cached ones.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// US dollars of the calls whose cost is known; absent when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// The part of `cost_usd` that was computed here from tokens and a price list; the rest was reported. Absent when
    /// nothing was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed_cost_usd: Option<f64>,
    /// Model calls with tokens whose cost is not known.
    pub unpriced_calls: u64,
}

impl Counters {
    /// What was added since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> CounterDeltas {
        let delta = |now: u64, before: u64| now.wrapping_sub(before).cast_signed();
        CounterDeltas {
            spans: delta(self.spans, earlier.spans),
            llm_calls: delta(self.llm_calls, earlier.llm_calls),
            tool_calls: delta(self.tool_calls, earlier.tool_calls),
            errors: delta(self.errors, earlier.errors),
            input_tokens: delta(self.input_tokens, earlier.input_tokens),
            output_tokens: delta(self.output_tokens, earlier.output_tokens),
            cost_usd: self.cost_usd.map(|now| now - earlier.cost_usd.unwrap_or(0.0)),
        }
    }
}

/// What was added to a session's counters within a time. See [`Counters`] for what each counts.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, ToSchema)]
#[non_exhaustive]
pub struct CounterDeltas {
    /// Spans.
    pub spans: i64,
    /// Model calls.
    pub llm_calls: i64,
    /// Tool calls.
    pub tool_calls: i64,
    /// Spans that ended in an error.
    pub errors: i64,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// US dollars; absent when no call's cost is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_was_stored_before_costs_were_told_apart_can_be_read() {
        let stored = r#"{"spans":3,"llm_calls":1,"tool_calls":0,"errors":0,"input_tokens":7,"output_tokens":2,
            "cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,"cost_usd":0.5,"unpriced_calls":0}"#;
        let counters: Counters = serde_json::from_str(stored).unwrap();
        assert_eq!((counters.cost_usd, counters.computed_cost_usd), (Some(0.5), None));
        assert!(!serde_json::to_string(&counters).unwrap().contains("computed"));
    }
}
