//! A price list of our own form: one line for each model.
//!
//! ```text
//! [anthropic]
//! claude-sonnet-4-5 in=3 out=15 read=0.3 write=3.75 write_1h=6 >200k in=6 out=22.5
//! ```
//!
//! Lines before the first provider, and those of `[*]`, hold whoever runs the model.

use super::provider;
use super::table::{ANYBODY, Price, Rates, Table, is_rate};

/// Puts what is in `text` into `table`, and says how many models it has prices for. Of two prices for the same the first
/// counts.
///
/// # Errors
///
/// The first line that cannot be read, in words.
pub(super) fn read(text: &str, table: &mut Table) -> Result<usize, String> {
    let mut listed: Vec<(&str, &str, Price)> = Vec::new();
    let mut seller = ANYBODY;
    for (at, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("line {}: {what}", at + 1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(word) = line.strip_prefix('[') {
            let word = word.strip_suffix(']').ok_or_else(|| wrong("a `]` is missing"))?.trim();
            seller = if word == "*" { ANYBODY } else { provider::seller(word) };
            continue;
        }
        let (model, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match model {
            "date" => rest.trim().clone_into(&mut table.date),
            "source" => rest.trim().clone_into(&mut table.source),
            _ => listed.push((seller, model, price(rest).map_err(|what| wrong(&what))?)),
        }
    }
    let models = listed.len();
    // The last one put is the one that is found.
    for (seller, model, price) in listed.into_iter().rev() {
        table.put(seller, model, price);
    }
    Ok(models)
}

fn price(words: &str) -> Result<Price, String> {
    let mut base = Rates::default();
    let mut tiers: Vec<(u64, Rates)> = Vec::new();
    for word in words.split_whitespace() {
        if let Some(above) = word.strip_prefix('>') {
            let above = tokens(above).ok_or_else(|| format!("`{word}` is no number of tokens"))?;
            tiers.push((above, Rates::default()));
            continue;
        }
        let (part, amount) = word.split_once('=').ok_or_else(|| format!("`{word}` is no price"))?;
        let rates = tiers.last_mut().map_or(&mut base, |(_, rates)| rates);
        let place = rates.part(part).ok_or_else(|| format!("`{part}` is not what can have a price"))?;
        let usd: f64 = amount.parse().map_err(|_| format!("`{amount}` is no number"))?;
        if !is_rate(usd) {
            return Err(format!("`{word}` is no price of a million tokens in dollars"));
        }
        *place = Some(usd);
    }
    if base.is_empty() {
        return Err("neither `in=` nor `out=` has a price".to_owned());
    }
    Ok(Price::new(base, tiers))
}

/// `200000` or `200k`.
fn tokens(text: &str) -> Option<u64> {
    match text.strip_suffix('k') {
        Some(thousands) => thousands.parse::<u64>().ok()?.checked_mul(1000),
        None => text.parse().ok(),
    }
}
