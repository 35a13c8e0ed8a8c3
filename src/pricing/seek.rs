//! Which of the listed prices is meant.
//!
//! The seller that a span names decides. Where it names none, or only the protocol that was spoken, the maker's price is
//! taken; where that is not to be known either, there is no price. A wrong one would be worse than none.

use std::sync::Arc;

use super::provider::{self, CLOSED, OPEN};
use super::table::{Price, Table};
use super::{name, table};

type Found<'a> = Option<&'a Arc<Price>>;

/// What `provider` asks for `model`, as far as it is listed.
pub(super) fn price(table: &Table, provider: Option<&str>, model: &str) -> Option<Arc<Price>> {
    let names = name::variants(model);
    let provider = provider.map(|word| word.trim().to_ascii_lowercase());
    let said = provider.as_deref().map(provider::seller);
    let own = || anybodys(table, &names);
    let sold = || said.and_then(|seller| by(table, seller, &names));
    let prefixed = || by_prefix(table, said, model);
    let elsewhere = || by_form(table, said, model, &names);
    let made = || by_maker(table, said, &names);
    own().or_else(sold).or_else(prefixed).or_else(elsewhere).or_else(made).cloned()
}

/// A price of the host's own that holds whoever runs the model.
fn anybodys<'a>(table: &'a Table, names: &[String]) -> Found<'a> {
    names.iter().find_map(|name| table.of(table::ANYBODY, name))
}

fn by<'a>(table: &'a Table, seller: &str, names: &[String]) -> Found<'a> {
    let kin = provider::kin(&seller);
    names.iter().find_map(|name| kin.iter().find_map(|seller| table.of(seller, name)))
}

/// `anthropic/claude-…`, `vertex_ai/…`, `azure/eu/…`: litellm and gateways put the provider before the model.
fn by_prefix<'a>(table: &'a Table, said: Option<&str>, model: &str) -> Found<'a> {
    let lower = model.trim().to_ascii_lowercase();
    let (word, rest) = lower.split_once('/')?;
    let named = provider::seller(word);
    let agrees = said.is_none_or(|said| said == named || passes_on(table, said));
    let names = name::variants(rest);
    if !agrees {
        return None;
    }
    if table.sells(named) || named == "gcp.gen_ai" {
        // `moonshotai/…` is also what open weights are called that somebody runs at home.
        let believed = said.is_none() || said == Some(named) || !OPEN.contains(&named);
        return by(table, named, &names).filter(|_| believed);
    }
    // `openrouter/anthropic/claude-…`
    rest.contains('/').then(|| by_prefix(table, said, rest))?
}

/// Bedrock and Vertex AI have names of their own, and their clients call themselves after the maker.
fn by_form<'a>(table: &'a Table, said: Option<&str>, model: &str, names: &[String]) -> Found<'a> {
    let free = said.is_none_or(|said| closed(&said) || passes_on(table, said));
    if free && name::is_bedrocks(model) {
        return by(table, "aws.bedrock", names);
    }
    let vertexs = || by(table, "gcp.vertex_ai", names);
    (free && name::is_vertexs(model)).then(vertexs)?
}

fn by_maker<'a>(table: &'a Table, said: Option<&str>, names: &[String]) -> Found<'a> {
    let of = |makers: &[&str]| makers.iter().find_map(|maker| by(table, maker, names));
    match said {
        Some(said) if passes_on(table, said) => of(&CLOSED),
        Some(_) => None,
        None => {
            let agreed = || names.iter().find_map(|name| table.agreed(name));
            of(&CLOSED).or_else(|| of(&OPEN)).or_else(agreed)
        }
    }
}

/// Whether a provider sells nothing of its own that is listed.
fn passes_on(table: &Table, seller: &str) -> bool {
    provider::is_protocol(seller) || !provider::kin(&seller).iter().any(|kin| table.sells(kin))
}

fn closed(seller: &&str) -> bool {
    CLOSED.contains(seller)
}
