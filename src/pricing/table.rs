//! The price list in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::name;

/// The seller of an entry that holds whoever runs the model.
pub(super) const ANYBODY: &str = "";

/// The highest price that is believed, in dollars for a million tokens: a dollar for one.
pub(super) const MAX_RATE: f64 = 1e6;

/// What is asked for a million tokens, in US dollars. A part that is not listed is absent, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Tokens read.
    pub(super) input: Option<f64>,
    /// Tokens written.
    pub(super) output: Option<f64>,
    /// Tokens read from a cache.
    pub(super) cache_read: Option<f64>,
    /// Tokens written to a cache for minutes.
    pub(super) cache_write: Option<f64>,
    /// Tokens written to a cache for an hour.
    pub(super) cache_write_1h: Option<f64>,
    /// Tokens written while reasoning, where they are not priced as all others are.
    pub(super) reasoning: Option<f64>,
}

impl Rates {
    /// The part of this name in a list of ours.
    pub(super) fn part(&mut self, name: &str) -> Option<&mut Option<f64>> {
        match name {
            "in" => Some(&mut self.input),
            "out" => Some(&mut self.output),
            "read" => Some(&mut self.cache_read),
            "write" => Some(&mut self.cache_write),
            "write_1h" => Some(&mut self.cache_write_1h),
            "reasoning" => Some(&mut self.reasoning),
            _ => None,
        }
    }

    /// Whether neither reading nor writing has a price.
    pub(super) fn is_empty(&self) -> bool {
        self.input.is_none() && self.output.is_none()
    }

    /// These, and of `base` what is absent here.
    fn or(self, base: Self) -> Self {
        Self {
            input: self.input.or(base.input),
            output: self.output.or(base.output),
            cache_read: self.cache_read.or(base.cache_read),
            cache_write: self.cache_write.or(base.cache_write),
            cache_write_1h: self.cache_write_1h.or(base.cache_write_1h),
            reasoning: self.reasoning.or(base.reasoning),
        }
    }
}

/// Whether a number can be the price of a million tokens.
pub(super) fn is_rate(usd: f64) -> bool {
    (0.0..=MAX_RATE).contains(&usd)
}

/// What a model costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Price {
    base: Rates,
    /// What holds for a call that reads more than so many tokens, the least first.
    tiers: Vec<(u64, Rates)>,
}

impl Price {
    /// With the tiers in any order. A part that a tier does not name costs what it costs below.
    pub(super) fn new(base: Rates, mut tiers: Vec<(u64, Rates)>) -> Self {
        tiers.sort_by_key(|(above, _)| *above);
        let mut below = base;
        for (_, rates) in &mut tiers {
            *rates = rates.or(below);
            below = *rates;
        }
        Self { base, tiers }
    }

    /// What holds for a call that reads so many tokens, the cached ones included.
    pub(super) fn rates(&self, input_tokens: u64) -> Rates {
        let tier = self.tiers.iter().rev().find(|(above, _)| input_tokens > *above);
        tier.map_or(self.base, |(_, rates)| *rates)
    }
}

/// What somebody asks for a model.
#[derive(Clone, Debug)]
struct Listing {
    seller: Arc<str>,
    price: Arc<Price>,
    /// The listed name, where the model stands here under a shorter one.
    of: Option<Box<str>>,
}

/// All prices, by the model's name in lower case.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// The day of the list, as it says itself.
    pub(super) date: String,
    /// Where it is from.
    pub(super) source: String,
    models: HashMap<Box<str>, Vec<Listing>>,
    sellers: HashSet<Arc<str>>,
    listed: usize,
}

impl Table {
    /// Adds what `seller` asks for a model, in the place of what was listed.
    pub(super) fn put(&mut self, seller: &str, model: &str, price: Price) {
        let seller = match self.sellers.get(seller) {
            Some(seller) => Arc::clone(seller),
            None => {
                let seller: Arc<str> = seller.into();
                self.sellers.insert(Arc::clone(&seller));
                seller
            }
        };
        let listings = self.models.entry(model.to_ascii_lowercase().into()).or_default();
        let listing = Listing { seller, price: Arc::new(price), of: None };
        match listings.iter_mut().find(|listed| listed.seller == listing.seller) {
            Some(listed) => {
                self.listed += usize::from(listed.of.is_some());
                *listed = listing;
            }
            None => {
                self.listed += 1;
                listings.push(listing);
            }
        }
    }

    /// Lets models that are only listed with a date be found without one; of several the newest.
    pub(super) fn shorten(&mut self) {
        let mut shorter: Vec<(Box<str>, Listing)> = Vec::new();
        for (model, listings) in &self.models {
            let Some(short) = name::without_version(model) else { continue };
            for listing in listings.iter().filter(|listing| listing.of.is_none()) {
                let of = Some(model.clone());
                shorter.push((short.into(), Listing { of, ..listing.clone() }));
            }
        }
        for (short, listing) in shorter {
            let listings = self.models.entry(short).or_default();
            match listings.iter_mut().find(|listed| listed.seller == listing.seller) {
                Some(listed) if listed.of.is_some() && listed.of <= listing.of => *listed = listing,
                Some(_) => {}
                None => listings.push(listing),
            }
        }
    }

    /// What `seller`, or anybody, asks for the model of this name.
    pub(super) fn of(&self, seller: &str, model: &str) -> Option<&Arc<Price>> {
        let listings = self.models.get(model)?;
        let by = |seller: &str| listings.iter().find(|listing| *listing.seller == *seller);
        by(ANYBODY).or_else(|| by(seller)).map(|listing| &listing.price)
    }

    /// The one price of this name, if all who sell it ask the same.
    pub(super) fn agreed(&self, model: &str) -> Option<&Arc<Price>> {
        let (first, others) = self.models.get(model)?.split_first()?;
        others.iter().all(|other| other.price == first.price).then_some(&first.price)
    }

    /// Whether anything of this seller's is listed.
    pub(super) fn sells(&self, seller: &str) -> bool {
        self.sellers.contains(seller)
    }

    /// How many prices of models are listed.
    pub(super) fn len(&self) -> usize {
        self.listed
    }
}
