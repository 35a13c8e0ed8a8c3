//! What a model call cost, computed from its tokens and a price list.
//!
//! A dated list ships with the crate, [`SNAPSHOT`], and a file of the host's own can add to it and change it. A model that
//! is not listed has no cost, which is not a cost of 0. What the sender reports itself is never computed.
//!
//! Asked for every model call that the host makes, on the thread that publishes it, so what was looked up once is kept.

mod cost;
mod found;
mod litellm;
mod name;
mod provider;
mod seek;
mod table;
#[cfg(test)]
mod tests;
mod text;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use self::found::Found;
use self::table::{Price, Table};
use crate::model::{Cost, CostSource, Span, SpanKind};

/// The list that ships with the crate. `scripts/prices.py` makes it.
const SNAPSHOT: &str = include_str!("snapshot.txt");

/// The longest file of prices that is read, in bytes. litellm's whole list has some 3 MB.
pub(crate) const MAX_PRICE_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// The longest name of a model that is looked up, in bytes. A longer one is no model's, and would lie in memory.
const MAX_MODEL_BYTES: usize = 256;

/// The shipped list, read when the first price is asked for.
static SHIPPED: LazyLock<Arc<Table>> = LazyLock::new(|| Arc::new(shipped()));

/// A test holds that it can be read; a host is not harmed if it could not.
fn shipped() -> Table {
    let mut table = Table::default();
    if text::read(SNAPSHOT, &mut table).is_ok() {
        table.shorten();
    }
    table
}

/// The prices in force.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    own: Option<Own>,
    found: Mutex<Found>,
}

/// A list with what a file of the host's changed in it.
#[derive(Debug)]
struct Own {
    path: PathBuf,
    models: usize,
    table: Table,
}

/// What is told of the price list.
#[derive(Debug)]
pub(crate) struct Listed<'a> {
    /// The day of the shipped list.
    pub(crate) date: &'a str,
    /// Where the shipped list is from, with its version.
    pub(crate) source: &'a str,
    /// How many models are listed, those of the file included. One that several providers sell counts for each.
    pub(crate) models: usize,
    /// The file that changed the list, and for how many models it has prices.
    pub(crate) file: Option<(&'a Path, usize)>,
}

impl Prices {
    /// The shipped prices, changed by those in a file: a list of litellm's form, or of the form of the shipped one.
    ///
    /// # Errors
    ///
    /// In words for a person, when the file cannot be read, is too large, is no price list, or has a price that is none.
    pub(crate) fn with_file(path: &Path) -> Result<Self, String> {
        let told = |why: String| format!("the prices in {} are not used: {why}", path.display());
        let text = read_bounded(path).map_err(told)?;
        let mut table = Table::clone(&SHIPPED);
        let read = if text.trim_start().starts_with('{') { litellm::read } else { text::read };
        let models = read(&text, &mut table).map_err(told)?;
        if models == 0 {
            return Err(told("no price of a token is in it".to_owned()));
        }
        // The day and the source are said of the shipped list.
        (table.date, table.source) = (SHIPPED.date.clone(), SHIPPED.source.clone());
        table.shorten();
        let own = Own { path: path.to_owned(), models, table };
        Ok(Self { own: Some(own), found: Mutex::default() })
    }

    /// What a span cost: of a model call whose tokens and price are known, and whose sender does not say it.
    pub(crate) fn cost(&self, span: &Span) -> Option<Cost> {
        if span.kind != SpanKind::Llm || span.cost.is_some() {
            return None;
        }
        let usage = span.usage.as_ref()?;
        let price = self.price(span.provider.as_deref(), span.model.as_deref()?)?;
        Some(Cost { usd: cost::usd(usage, &price)?, source: CostSource::Computed })
    }

    /// What a provider asks for a model, as far as listed. `provider` is one of OpenTelemetry's words, or any other.
    fn price(&self, provider: Option<&str>, model: &str) -> Option<Arc<Price>> {
        if model.len() > MAX_MODEL_BYTES || provider.is_some_and(|provider| provider.len() > MAX_MODEL_BYTES)
        {
            return None;
        }
        let known = self.found.lock().get(provider, model);
        known.unwrap_or_else(|| {
            let price = seek::price(self.table(), provider, model);
            self.found.lock().keep(provider, model, price.clone());
            price
        })
    }

    fn table(&self) -> &Table {
        self.own.as_ref().map_or(&SHIPPED, |own| &own.table)
    }

    /// What there is to be told of the list.
    pub(crate) fn listed(&self) -> Listed<'_> {
        let table = self.table();
        Listed {
            date: &table.date,
            source: &table.source,
            models: table.len(),
            file: self.own.as_ref().map(|own| (own.path.as_path(), own.models)),
        }
    }
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    // A pipe or a device would keep the host waiting.
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut text = String::new();
    file.take(MAX_PRICE_FILE_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_PRICE_FILE_BYTES {
        return Err(format!("it is longer than {MAX_PRICE_FILE_BYTES} bytes"));
    }
    Ok(text)
}
