//! What must not be shown is taken out before anything is published.
//!
//! A [`Redactor`] runs once on every span, before it gets an id, reaches the ring, the store or a reader. It masks
//! what looks like a secret ([`redact_text`] says what), lets the host take out more ([`Redact`]) and can drop all
//! content ([`Redactor::structure_only`]). [`cut`] then shortens what is too long, in this order: half a secret would
//! no longer look like one.

mod cut;
mod event;
mod mask;
mod name;
mod pattern;
mod shrink;
mod structure;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(crate) use self::cut::cut_name;
pub use self::cut::{MAX_ATTRIBUTE_BYTES, MAX_NAME_BYTES, cut};
pub(crate) use self::event::{MAX_LOG_ATTRIBUTE_BYTES, MAX_MESSAGE_BYTES};
use self::mask::Masker;
use crate::model::{Attributes, Span, SpanError};

/// Stands where something was taken out.
pub const MASK: &str = "[redacted]";

/// How long the host's own redaction may take for one span. The inspector's thread waits for it, and with it everything that
/// the host records meanwhile; a redaction looks at a few kilobytes of text.
pub const DEFAULT_REDACTION_TIME: Duration = Duration::from_millis(250);

/// The attribute of a span whose content was dropped because the host's own redaction failed.
pub const REDACTION_FAILED: &str = "inspector.redaction_failed";

/// The host's own redaction. Any `Fn(&mut Span)` is one.
///
/// It may change the texts of a span as it likes; what the span is (its ids, times and kind) stays. When it panics, or takes
/// [too long](Redactor::time_limit), all content of that span is dropped and nothing of it is published.
///
/// ```
/// use agent_inspector::model::Span;
/// use agent_inspector::redact::Redactor;
///
/// let redactor = Redactor::new().with(|span: &mut Span| {
///     span.attributes.set("customer.name", "somebody");
/// });
/// ```
pub trait Redact: Send + Sync + 'static {
    /// Takes out what must not be shown.
    fn redact(&self, span: &mut Span);
}

impl<F: Fn(&mut Span) + Send + Sync + 'static> Redact for F {
    fn redact(&self, span: &mut Span) {
        self(span);
    }
}

/// What a [`Redactor`] did to a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redaction {
    /// How many values, or parts of texts, were masked as secrets.
    pub masked: u32,
    /// The host's own redaction panicked, and all content of the span was dropped.
    pub panicked: bool,
    /// The host's own redaction took longer than [it may](Redactor::time_limit), and all content of the span was dropped.
    pub overran: bool,
}

/// Takes out of spans what must not be shown.
#[derive(Clone)]
pub struct Redactor {
    host: Vec<Arc<dyn Redact>>,
    secrets: bool,
    structure_only: bool,
    kept: Vec<String>,
    time_limit: Duration,
    panics: Arc<AtomicU64>,
    overruns: Arc<AtomicU64>,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("host", &self.host.len())
            .field("secrets", &self.secrets)
            .field("structure_only", &self.structure_only)
            .field("kept", &self.kept)
            .finish()
    }
}

impl Redactor {
    /// Masks secrets.
    #[must_use]
    pub fn new() -> Self {
        Self {
            host: Vec::new(),
            secrets: true,
            structure_only: false,
            kept: Vec::new(),
            time_limit: DEFAULT_REDACTION_TIME,
            panics: Arc::default(),
            overruns: Arc::default(),
        }
    }

    /// Does not mask secrets. For tests, and for hosts whose own redaction does.
    #[must_use]
    pub fn without_secret_patterns(mut self) -> Self {
        self.secrets = false;
        self
    }

    /// Runs the host's own redaction too. It comes first, so that what it writes is still searched for secrets.
    #[must_use]
    pub fn with(mut self, redact: impl Redact) -> Self {
        self.host.push(Arc::new(redact));
        self
    }

    /// How long the host's own redaction may take for one span; [`DEFAULT_REDACTION_TIME`] unless said. It is measured when
    /// it is done: one that takes longer cost the span its content, and is counted on `/health` and `/metrics`.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Keeps shape, times, tokens, names and models, and drops every other text: prompts, answers, tool input and
    /// output, error messages.
    #[must_use]
    pub fn structure_only(mut self) -> Self {
        self.structure_only = true;
        self
    }

    /// Keeps the text of the attribute `name` in [`Redactor::structure_only`] mode.
    #[must_use]
    pub fn keep(mut self, name: impl Into<String>) -> Self {
        self.kept.push(name.into());
        self
    }

    /// Takes out of `span` what must not be shown. To be followed by [`cut`].
    ///
    /// A panic of the host's redaction is contained, unless the program aborts on panics.
    pub fn apply(&self, span: &mut Span) -> Redaction {
        let mut redaction = Redaction::default();
        if !self.host.is_empty() {
            let began = Instant::now();
            redaction.panicked = !self.host_applied(span);
            redaction.overran = began.elapsed() > self.time_limit;
        }
        if redaction.panicked || redaction.overran {
            drop_content(span);
            self.panics.fetch_add(u64::from(redaction.panicked), Ordering::Relaxed);
            self.overruns.fetch_add(u64::from(redaction.overran), Ordering::Relaxed);
        }
        if self.structure_only {
            structure::keep_only(span, &self.kept);
        }
        if self.secrets {
            let mut masker = Masker::default();
            masker.span(span);
            redaction.masked = masker.masked();
        }
        redaction
    }

    /// How often the host's own redaction panicked.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// How often the host's own redaction took longer than it may.
    #[must_use]
    pub fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }

    /// A name without its secrets.
    #[must_use]
    pub fn name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if self.secrets { redact_text(name) } else { name.into() }
    }

    /// A text that belongs to no span, such as a log message, without what must not be shown.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.structure_only { MASK.into() } else { self.name(text) }
    }

    /// Takes out of JSON that belongs to no span what must not be shown.
    pub fn json(&self, value: &mut serde_json::Value) {
        if self.structure_only {
            structure::keep_only_json(value, &self.kept);
        }
        if self.secrets {
            redact_json(value);
        }
    }

    /// Takes out of attributes that belong to no span what must not be shown.
    pub fn attributes(&self, attributes: &mut Attributes) {
        if self.structure_only {
            structure::keep_only_attributes(attributes, &self.kept);
        }
        if self.secrets {
            Masker::default().attributes(attributes);
        }
    }

    /// Runs the host's redaction; `false` when it panicked. The span stays the one it was: another id would lose it.
    fn host_applied(&self, span: &mut Span) -> bool {
        let identity = (span.trace_id, span.span_id, span.parent_span_id);
        let shape = (span.kind, span.start_time, span.end_time, span.status.code);
        let applied = catch_unwind(AssertUnwindSafe(|| {
            for redact in &self.host {
                redact.redact(span);
            }
        }));
        (span.trace_id, span.span_id, span.parent_span_id) = identity;
        (span.kind, span.start_time, span.end_time, span.status.code) = shape;
        applied.is_ok()
    }
}

/// Leaves of a span what it is, when it was, and what it amounts to.
fn drop_content(span: &mut Span) {
    let dropped = span.attributes.len() + span.resource.len();
    span.dropped_attributes =
        span.dropped_attributes.saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
    span.attributes = [(REDACTION_FAILED, true)].into_iter().collect();
    span.resource = Attributes::new();
    span.name = MASK.to_owned();
    span.trace_state = None;
    span.status.message = None;
    span.agent = None;
    span.tool = None;
    span.error = span.error.take().map(|_| SpanError::default());
    for event in &mut span.events {
        event.name = MASK.to_owned();
        event.attributes = Attributes::new();
    }
    for link in &mut span.links {
        link.attributes = Attributes::new();
    }
}

/// Masks what looks like a secret: keys and tokens of well-known shapes (OpenAI, Anthropic, AWS, GitHub, GitLab,
/// Google, Slack, Stripe, JWTs, private key blocks), `Bearer …`, passwords in URLs, and values behind names such as
/// `api_key`, `password`, `secret`, `token`, `authorization` or `cookie`. JSON stays valid JSON.
#[must_use]
pub fn redact_text(text: &str) -> Cow<'_, str> {
    Masker::default().text(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Masks in `value` what [`redact_text`] masks in texts.
pub fn redact_json(value: &mut serde_json::Value) {
    Masker::default().json(value);
}
