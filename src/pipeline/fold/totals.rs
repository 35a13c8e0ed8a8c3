//! Sums that can be taken back.

use crate::model::{Cost, CostSource, Counters, Usage};

/// What one span adds to its session, or what all of a session's spans add up to. Whole numbers throughout, so that
/// taking back what was added leaves exactly what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    spans: i64,
    llm_calls: i64,
    tool_calls: i64,
    errors: i64,
    input: i64,
    output: i64,
    cache_read: i64,
    cache_write: i64,
    reasoning: i64,
    /// Billionths of a dollar.
    cost_nanos: i64,
    /// Those of them that were computed here.
    computed_nanos: i64,
    priced: i64,
    computed: i64,
    unpriced: i64,
}

impl Totals {
    pub(super) fn of_span(error: bool) -> Self {
        Self { spans: 1, errors: i64::from(error), ..Self::default() }
    }

    pub(super) fn llm_call(&mut self) {
        self.llm_calls += 1;
    }

    pub(super) fn tool_call(&mut self) {
        self.tool_calls += 1;
    }

    pub(super) fn usage(&mut self, usage: Usage, cost: Option<Cost>) {
        let count = |tokens: Option<u64>| i64::try_from(tokens.unwrap_or(0)).unwrap_or(i64::MAX >> 16);
        self.input += count(usage.input_tokens);
        self.output += count(usage.output_tokens);
        self.cache_read += count(usage.cache_read_tokens);
        self.cache_write += count(usage.cache_write_tokens);
        self.reasoning += count(usage.reasoning_tokens);
        match cost {
            Some(cost) => {
                self.priced += 1;
                self.cost_nanos = self.cost_nanos.saturating_add(nanos(cost.usd));
                if cost.source == CostSource::Computed {
                    self.computed += 1;
                    self.computed_nanos = self.computed_nanos.saturating_add(nanos(cost.usd));
                }
            }
            None => self.unpriced += 1,
        }
    }

    fn combine(self, other: Self, with: fn(i64, i64) -> i64) -> Self {
        Self {
            spans: with(self.spans, other.spans),
            llm_calls: with(self.llm_calls, other.llm_calls),
            tool_calls: with(self.tool_calls, other.tool_calls),
            errors: with(self.errors, other.errors),
            input: with(self.input, other.input),
            output: with(self.output, other.output),
            cache_read: with(self.cache_read, other.cache_read),
            cache_write: with(self.cache_write, other.cache_write),
            reasoning: with(self.reasoning, other.reasoning),
            cost_nanos: with(self.cost_nanos, other.cost_nanos),
            computed_nanos: with(self.computed_nanos, other.computed_nanos),
            priced: with(self.priced, other.priced),
            computed: with(self.computed, other.computed),
            unpriced: with(self.unpriced, other.unpriced),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        *self = self.combine(other, i64::saturating_add);
    }

    pub(super) fn subtract(&mut self, other: Self) {
        *self = self.combine(other, i64::saturating_sub);
    }

    pub(super) fn counters(self) -> Counters {
        let count = |sum: i64| u64::try_from(sum).unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "a sum of dollars is shown with far fewer digits")]
        let usd = |calls: i64, nanos: i64| (calls > 0).then_some(nanos as f64 / 1e9);
        Counters {
            spans: count(self.spans),
            llm_calls: count(self.llm_calls),
            tool_calls: count(self.tool_calls),
            errors: count(self.errors),
            input_tokens: count(self.input),
            output_tokens: count(self.output),
            cache_read_tokens: count(self.cache_read),
            cache_write_tokens: count(self.cache_write),
            reasoning_tokens: count(self.reasoning),
            cost_usd: usd(self.priced, self.cost_nanos),
            computed_cost_usd: usd(self.computed, self.computed_nanos),
            unpriced_calls: count(self.unpriced),
        }
    }

    /// What a stored session amounted to.
    pub(super) fn from_counters(counters: Counters) -> Self {
        let sum = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            spans: sum(counters.spans),
            llm_calls: sum(counters.llm_calls),
            tool_calls: sum(counters.tool_calls),
            errors: sum(counters.errors),
            input: sum(counters.input_tokens),
            output: sum(counters.output_tokens),
            cache_read: sum(counters.cache_read_tokens),
            cache_write: sum(counters.cache_write_tokens),
            reasoning: sum(counters.reasoning_tokens),
            cost_nanos: counters.cost_usd.map_or(0, nanos),
            computed_nanos: counters.computed_cost_usd.map_or(0, nanos),
            priced: i64::from(counters.cost_usd.is_some()),
            computed: i64::from(counters.computed_cost_usd.is_some()),
            unpriced: sum(counters.unpriced_calls),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, and NaN becomes 0")]
fn nanos(usd: f64) -> i64 {
    (usd * 1e9).round() as i64
}
