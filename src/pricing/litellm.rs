//! litellm's `model_prices_and_context_window.json`: one object, an entry for each model, in dollars for one token.

use serde_json::{Map, Value};

use super::provider;
use super::table::{ANYBODY, Price, Rates, Table, is_rate};

/// What is asked for tokens alone. An entry that does not say what it is may be somebody's own.
const MODES: [&str; 4] = ["chat", "completion", "responses", "embedding"];

/// The parts of a price as litellm names them, and as [`Rates::part`] does. The first that is there counts.
const PARTS: [(&str, &str); 7] = [
    ("input_cost_per_token", "in"),
    ("output_cost_per_token", "out"),
    ("cache_read_input_token_cost", "read"),
    ("input_cost_per_token_cache_hit", "read"),
    ("cache_creation_input_token_cost", "write"),
    ("cache_creation_input_token_cost_above_1hr", "write_1h"),
    ("output_cost_per_reasoning_token", "reasoning"),
];

/// Puts what `text` says into `table`, and says how many models it has prices for. What is priced by other measures than
/// tokens is passed over.
///
/// # Errors
///
/// In words: the text is not JSON, or a price in it is none.
pub(super) fn read(text: &str, table: &mut Table) -> Result<usize, String> {
    let models: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("it is not a list of litellm's: {error}"))?;
    let mut listed: Vec<(&str, &str, Price)> = Vec::new();
    for (key, entry) in &models {
        let Some(entry) = entry.as_object().filter(|_| key != "sample_spec") else { continue };
        let mode = entry.get("mode").and_then(Value::as_str);
        if mode.is_some_and(|mode| !MODES.contains(&mode)) {
            continue;
        }
        let Some(price) = price(entry).map_err(|what| format!("{key}: {what}"))? else { continue };
        let word = entry.get("litellm_provider").and_then(Value::as_str);
        let seller = word.map_or(ANYBODY, provider::seller);
        listed.push((seller, word.map_or(key, |word| model_of(key, word)), price));
    }
    let models = listed.len();
    // Of two prices for the same the first counts; the last one put is the one that is found.
    for (seller, model, price) in listed.into_iter().rev() {
        table.put(seller, model, price);
    }
    Ok(models)
}

/// The model's own name: litellm puts the provider before most.
fn model_of<'a>(key: &'a str, provider: &str) -> &'a str {
    let Some((first, rest)) = key.split_once('/') else { return key };
    let first = first.replace('-', "_");
    let own = provider
        .strip_prefix(first.as_str())
        .is_some_and(|left| left.is_empty() || left.starts_with(['-', '_']));
    if own { rest } else { key }
}

fn price(entry: &Map<String, Value>) -> Result<Option<Price>, String> {
    let (mut base, mut tiers) = (rates(entry, "")?, Vec::new());
    if let Some(ranges) = entry.get("tiered_pricing").and_then(Value::as_array) {
        let ranges = ranges.iter().filter_map(Value::as_object);
        for (at, range) in ranges.enumerate() {
            let above = range.get("range").and_then(|range| range.get(0)).and_then(Value::as_f64);
            match (at, above) {
                (0, _) => base = rates(range, "")?,
                (_, Some(above)) => tiers.push((whole(above), rates(range, "")?)),
                (_, None) => {}
            }
        }
    } else {
        let suffixes = entry.keys().filter_map(|name| name.strip_prefix("input_cost_per_token"));
        for suffix in suffixes {
            let thousands =
                suffix.strip_prefix("_above_").and_then(|rest| rest.strip_suffix("k_tokens")?.parse().ok());
            let above = thousands.and_then(|thousands: u64| thousands.checked_mul(1000));
            if let Some(above) = above {
                tiers.push((above, rates(entry, suffix)?));
            }
        }
    }
    Ok((!base.is_empty()).then(|| Price::new(base, tiers)))
}

/// The parts whose names end so.
fn rates(entry: &Map<String, Value>, suffix: &str) -> Result<Rates, String> {
    let mut rates = Rates::default();
    for (name, part) in PARTS {
        let Some(token) = entry.get(&format!("{name}{suffix}")).and_then(Value::as_f64) else { continue };
        let usd = million(token);
        if !is_rate(usd) {
            return Err(format!("{name}{suffix} is no price of a token in dollars"));
        }
        if let Some(place @ None) = rates.part(part) {
            *place = Some(usd);
        }
    }
    Ok(rates)
}

/// Dollars for a million tokens. 1.1e-6 times a million is not 1.1 in binary, so the digits that cannot be meant go.
fn million(token: f64) -> f64 {
    let usd = token * 1e6;
    let rounded = (usd * 1e9).round() / 1e9;
    if rounded.is_finite() { rounded } else { usd }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn whole(tokens: f64) -> u64 {
    tokens as u64
}
