//! The items of one request: spans, log records or data points.

use std::fmt::Write;
use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::value::{self, Budget};
use super::{MAX_REQUEST_MEMORY, MAX_RESOURCE_BYTES};
use crate::model::{Attributes, Scope, Timestamp};

/// What a signal carries, as the model has it.
pub(crate) trait Item: Sized {
    /// What comes over the wire.
    type Message;

    /// What one is called in words for the sender.
    const ONE: &'static str;

    /// What several are called.
    const MANY: &'static str;

    /// What came over the wire, without its resource and scope; or why it cannot be taken, in words for the sender.
    /// `arrival` stands for a time that is absent.
    fn mapped(message: Self::Message, arrival: Timestamp) -> Result<Self, &'static str>;

    /// About how many bytes of memory it takes, without what it shares with others.
    fn memory(&self) -> usize;

    /// Sets the library that recorded it.
    fn set_scope(&mut self, scope: &Arc<Scope>);

    /// Sets what is said of the program that sent it. `dropped` attributes of it were left out.
    fn set_resource(&mut self, resource: &Arc<Attributes>, dropped: u32);

    /// The most of them in one request.
    const MOST: usize = usize::MAX;

    /// Whether each has a scope and a resource of its own in memory, rather than a share in them.
    const COPIES: bool;
}

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Mapped<T> {
    /// What was taken, in the order it came.
    pub(crate) items: Vec<T>,
    /// How many could not be taken.
    pub(crate) rejected: u64,
    /// Why, in words for the sender; empty when all were taken.
    pub(crate) reasons: String,
}

/// Takes the items of one request.
///
/// The scope and the resource may come before or after their items (JSON objects have no order), so they are set on
/// all items from a [`Mapper::mark`] on.
#[derive(Debug)]
pub(crate) struct Mapper<T> {
    items: Vec<T>,
    arrival: Timestamp,
    memory: usize,
    rejected: Vec<(&'static str, u64)>,
}

/// A place among the items taken so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

const TOO_MANY_ITEMS: &str = "the request has too many; send smaller batches";

const TOO_LARGE: &str = "the request is too large in memory; send smaller batches";

impl<T: Item> Mapper<T> {
    /// For a request that came at `arrival`.
    pub(crate) fn new(arrival: Timestamp) -> Self {
        Self { items: Vec::new(), arrival, memory: 0, rejected: Vec::new() }
    }

    /// Takes an item.
    pub(crate) fn push(&mut self, message: T::Message) {
        if self.items.len() >= T::MOST {
            return self.reject(TOO_MANY_ITEMS);
        }
        match T::mapped(message, self.arrival) {
            Ok(item) => {
                let memory = self.memory + item.memory();
                if memory > MAX_REQUEST_MEMORY {
                    return self.reject(TOO_LARGE);
                }
                self.memory = memory;
                self.items.push(item);
            }
            Err(reason) => self.reject(reason),
        }
    }

    /// Counts an item that could not be taken.
    pub(crate) fn reject(&mut self, reason: &'static str) {
        self.reject_many(reason, 1);
    }

    fn reject_many(&mut self, reason: &'static str, count: u64) {
        match self.rejected.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, so_far)) => *so_far += count,
            None => self.rejected.push((reason, count)),
        }
    }

    /// The place after the items taken so far.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.items.len())
    }

    /// The items taken since `mark`.
    pub(super) fn since(&mut self, mark: Mark) -> &mut [T] {
        &mut self.items[mark.0..]
    }

    /// Rejects all items since `mark` after all.
    pub(crate) fn reject_since(&mut self, mark: Mark, reason: &'static str) {
        let (count, memory) =
            (self.items.len() - mark.0, self.since(mark).iter().map(T::memory).sum::<usize>());
        self.items.truncate(mark.0);
        self.memory -= memory;
        self.reject_many(reason, count as u64);
    }

    /// Sets the scope of all items since `mark`.
    pub(crate) fn scope(&mut self, mark: Mark, scope: InstrumentationScope) {
        let scope =
            Scope { name: scope.name, version: Some(scope.version).filter(|version| !version.is_empty()) };
        self.charge(mark, scope.name.len() + scope.version.as_ref().map_or(0, String::len));
        let scope = Arc::new(scope);
        for item in self.since(mark) {
            item.set_scope(&scope);
        }
    }

    /// Sets the resource of all items since `mark`.
    pub(crate) fn resource(&mut self, mark: Mark, resource: Resource) {
        let (attributes, mut dropped) = value::attributes(resource.attributes, &mut Budget::new());
        let (attributes, large) = without_large(attributes);
        dropped = dropped.saturating_add(large);
        self.charge(mark, attributes.size());
        let attributes = Arc::new(attributes);
        for item in self.since(mark) {
            item.set_resource(&attributes, dropped);
        }
    }

    /// Counts the memory of what the items since `mark` get, `each` bytes for one or for all of them, and rejects those
    /// that it does not reach for.
    pub(super) fn charge(&mut self, mark: Mark, each: usize) {
        let count = self.items.len() - mark.0;
        let shares = if T::COPIES { count } else { count.min(1) };
        let left = MAX_REQUEST_MEMORY.saturating_sub(self.memory);
        let fitting = left.checked_div(each).unwrap_or(shares).min(shares);
        self.memory += fitting * each;
        if fitting < shares {
            let kept = if T::COPIES { fitting } else { 0 };
            self.items.truncate(mark.0 + kept);
            self.reject_many(TOO_LARGE, (count - kept) as u64);
        }
    }

    /// What it came to.
    pub(crate) fn finish(self) -> Mapped<T> {
        let mut reasons = String::new();
        for (reason, count) in &self.rejected {
            let separator = if reasons.is_empty() { "" } else { "; " };
            let word = if *count == 1 { T::ONE } else { T::MANY };
            // Writing to a string cannot fail.
            let _ = write!(reasons, "{separator}{count} {word}: {reason}");
        }
        Mapped { items: self.items, rejected: self.rejected.iter().map(|(_, count)| count).sum(), reasons }
    }
}

/// The attributes that fit into [`MAX_RESOURCE_BYTES`], in their order, and how many did not.
fn without_large(attributes: Attributes) -> (Attributes, u32) {
    if attributes.size() <= MAX_RESOURCE_BYTES {
        return (attributes, 0);
    }
    let (mut kept, mut bytes, mut dropped) = (Attributes::new(), 0, 0);
    for (key, value) in attributes.iter() {
        let size = key.len() + value.size() + size_of_val(value);
        if bytes + size > MAX_RESOURCE_BYTES {
            dropped += 1;
        } else {
            bytes += size;
            kept.push(key.to_owned().into(), value.clone());
        }
    }
    (kept, dropped)
}
