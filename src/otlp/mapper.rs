//! The spans of one request.

use std::fmt::Write;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span as Message;

use super::value::{self, Budget};
use super::{MAX_REQUEST_MEMORY, MAX_RESOURCE_BYTES};
use crate::model::{Attributes, Scope, Span};

/// What a request came to.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// The spans in the order they came.
    pub(crate) spans: Vec<Span>,
    /// How many could not be taken.
    pub(crate) rejected: u64,
    /// Why, in words for the sender; empty when all were taken.
    pub(crate) reasons: String,
}

/// Takes the spans of one request.
///
/// The scope and the resource may come before or after their spans (JSON objects have no order), so they are set on
/// all spans from a [`Mapper::mark`] on.
#[derive(Debug, Default)]
pub(crate) struct Mapper {
    spans: Vec<Span>,
    memory: usize,
    rejected: Vec<(&'static str, u64)>,
}

/// A place among the spans taken so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

const TOO_LARGE: &str = "the request is too large in memory; send smaller batches";

impl Mapper {
    /// Takes a span.
    pub(crate) fn push(&mut self, message: Message) {
        match super::span::span(message) {
            Ok(span) => {
                let memory = self.memory + span.size();
                if memory > MAX_REQUEST_MEMORY {
                    return self.reject(TOO_LARGE);
                }
                self.memory = memory;
                self.spans.push(span);
            }
            Err(reason) => self.reject(reason),
        }
    }

    /// Counts a span that could not be taken.
    pub(crate) fn reject(&mut self, reason: &'static str) {
        self.reject_many(reason, 1);
    }

    fn reject_many(&mut self, reason: &'static str, count: u64) {
        match self.rejected.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, so_far)) => *so_far += count,
            None => self.rejected.push((reason, count)),
        }
    }

    /// The place after the spans taken so far.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.spans.len())
    }

    /// Sets the scope of all spans since `mark`.
    pub(crate) fn scope(&mut self, mark: Mark, scope: InstrumentationScope) {
        let scope =
            Scope { name: scope.name, version: Some(scope.version).filter(|version| !version.is_empty()) };
        for span in &mut self.spans[mark.0..] {
            span.scope = scope.clone();
        }
    }

    /// Sets the resource of all spans since `mark`.
    pub(crate) fn resource(&mut self, mark: Mark, resource: Resource) {
        let (attributes, mut dropped) = value::attributes(resource.attributes, &mut Budget::new());
        let (attributes, large) = without_large(attributes);
        dropped = dropped.saturating_add(large);
        let each = attributes.size();
        let count = self.spans.len() - mark.0;
        let fitting = (MAX_REQUEST_MEMORY - self.memory).checked_div(each).unwrap_or(count).min(count);
        if fitting < count {
            self.spans.truncate(mark.0 + fitting);
            self.reject_many(TOO_LARGE, (count - fitting) as u64);
        }
        self.memory += fitting * each;
        for span in &mut self.spans[mark.0..] {
            span.resource = attributes.clone();
            span.dropped_attributes = span.dropped_attributes.saturating_add(dropped);
        }
    }

    /// What it came to.
    pub(crate) fn finish(self) -> Mapped {
        let mut reasons = String::new();
        for (reason, count) in &self.rejected {
            let separator = if reasons.is_empty() { "" } else { "; " };
            let spans = if *count == 1 { "span" } else { "spans" };
            // Writing to a string cannot fail.
            let _ = write!(reasons, "{separator}{count} {spans}: {reason}");
        }
        Mapped { spans: self.spans, rejected: self.rejected.iter().map(|(_, count)| count).sum(), reasons }
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
