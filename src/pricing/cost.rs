//! From tokens and a price to dollars.

use super::table::{Price, Rates};
use crate::model::Usage;

/// How much more an hour in Anthropic's cache costs than reading, and how much more five minutes do.
const ANTHROPIC_HOUR: f64 = 2.0;
const ANTHROPIC_MINUTES: f64 = 1.25;

/// Dollars are rounded to the trillionth, so that 2500 tokens at 1 are 0.0025 and not a hair less.
const ROUND: f64 = 1e12;

/// What a call cost, in US dollars: never negative, never beyond what a number holds.
///
/// The input includes the cache, the output includes the reasoning. Nothing is known of a call without tokens read and
/// written, and of one that has tokens of a sort without a price.
pub(super) fn usd(usage: &Usage, price: &Price) -> Option<f64> {
    if usage.input_tokens.is_none() && usage.output_tokens.is_none() {
        return None;
    }
    let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
    let rates = price.rates(input);
    let sum = read(usage, input, &rates)? + written(usage, output, &rates)?;
    let rounded = (sum * ROUND).round() / ROUND;
    rounded.is_finite().then_some(rounded)
}

/// What the input cost, in its four parts.
fn read(usage: &Usage, input: u64, rates: &Rates) -> Option<f64> {
    // Parts that are larger than the whole would make the rest negative.
    let cached = usage.cache_read_tokens.unwrap_or(0).min(input);
    let written = usage.cache_write_tokens.unwrap_or(0).min(input - cached);
    let hour = usage.cache_write_1h_tokens.unwrap_or(0).min(written);
    Some(
        amount(input - cached - written, rates.input)?
            // No price of its own: the seller gives nothing off, and asks nothing more.
            + amount(cached, rates.cache_read.or(rates.input))?
            + amount(written - hour, rates.cache_write.or(rates.input))?
            + amount(hour, hour_rate(rates))?,
    )
}

/// What the output cost, in its two parts.
fn written(usage: &Usage, output: u64, rates: &Rates) -> Option<f64> {
    let reasoning = usage.reasoning_tokens.unwrap_or(0).min(output);
    let apart = rates.reasoning.map_or(0, |_| reasoning);
    Some(amount(output - apart, rates.output)? + amount(apart, rates.reasoning)?)
}

/// What an hour in the cache costs. Many lists have only the price for five minutes; where that is what Anthropic asks for
/// five minutes, an hour costs what Anthropic asks for an hour.
fn hour_rate(rates: &Rates) -> Option<f64> {
    let anthropics = || {
        let (input, minutes) = (rates.input?, rates.cache_write?);
        let same = (minutes - input * ANTHROPIC_MINUTES).abs() <= minutes * 1e-3;
        same.then_some(input * ANTHROPIC_HOUR)
    };
    rates.cache_write_1h.or_else(anthropics).or(rates.cache_write).or(rates.input)
}

#[expect(clippy::cast_precision_loss, reason = "dollars are shown with far fewer digits")]
fn amount(tokens: u64, rate: Option<f64>) -> Option<f64> {
    match (tokens, rate) {
        (0, _) => Some(0.0),
        (tokens, rate) => Some(tokens as f64 * (rate? / 1e6)),
    }
}
