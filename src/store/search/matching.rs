//! Whether a line is what a query looks for, and where. Every store decides with this code, so that all find the same.

use std::ops::{ControlFlow, Range};

use memchr::memmem::Finder;

use super::chars;
use super::chars::Folded;
use super::matcher::Matcher;
use super::query::{Check, Condition, Content, ERROR_TOKEN, Field, Query, State, Test, kind_token};
use super::snippet::snippet;
use super::walk::{Found, LineKind, walk};
use crate::model::{SearchMatch, SessionId, SpanSummary, StatusCode};

/// How many texts are shown with a hit.
const MAX_MATCHES: usize = 3;

/// What is known of a line without its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) session: Option<&'a SessionId>,
    pub(crate) engine: Option<&'a str>,
    pub(crate) of: Of<'a>,
}

/// What a line is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Of<'a> {
    Span(&'a SpanSummary),
    Event { event_type: &'a str },
}

impl Of<'_> {
    const fn line_kind(&self) -> LineKind {
        match self {
            Self::Span(_) => LineKind::Span,
            Self::Event { .. } => LineKind::Event,
        }
    }
}

/// A query that is being answered; it keeps what is used again for each line.
#[derive(Debug)]
pub(crate) struct Matching<'q> {
    query: &'q Query,
    /// What must stand in the bytes of a line that matches, in lower case.
    required: Vec<Finder<'q>>,
    lower: Vec<u8>,
    folded: Folded,
    /// Which conditions a line has met so far.
    met: Vec<bool>,
}

impl<'q> Matching<'q> {
    pub(crate) fn new(query: &'q Query) -> Self {
        let positive = query.conditions.iter().filter(|condition| !condition.negated);
        let runs = positive.filter_map(|condition| match &condition.test {
            Test::Anywhere(Matcher::Literal(literal))
            | Test::Content(_, Check::Matches(Matcher::Literal(literal))) => literal.longest_run(),
            _ => None,
        });
        let required = runs.map(Finder::new).collect();
        Self { query, required, lower: Vec::new(), folded: Folded::default(), met: Vec::new() }
    }

    /// Whether the content of a line has to be read at all.
    pub(crate) fn reads_content(&self) -> bool {
        self.query.conditions.iter().any(|condition| condition.test.reads_content())
    }

    /// Whether everything holds that can be told without the content.
    pub(crate) fn admits(&mut self, subject: &Subject<'_>) -> bool {
        let conditions = self.query.conditions.iter().filter(|condition| !condition.test.reads_content());
        for Condition { negated, test } in conditions {
            if test.holds(subject, &mut self.folded) == *negated {
                return false;
            }
        }
        true
    }

    /// Where the content of a line, which was [admitted](Self::admits), matches; `None` when it does not.
    pub(crate) fn find(&mut self, of: &Of<'_>, line: &[u8]) -> Option<Vec<SearchMatch>> {
        if !self.reads_content() {
            return Some(Vec::new());
        }
        if !self.may_match(line) {
            return None;
        }
        let line = std::str::from_utf8(line).ok()?;
        let kind = of.line_kind();
        self.holds(kind, line).then(|| self.matches(kind, line))
    }

    /// A quick look at the bytes: letters and digits stand in them as they are, however deep in texts of texts, unless they
    /// are written as escapes or are the lower case of something else.
    fn may_match(&mut self, line: &[u8]) -> bool {
        if self.required.is_empty() {
            return true;
        }
        self.lower.clear();
        self.lower.extend_from_slice(line);
        self.lower.make_ascii_lowercase();
        let found = |required: &Finder<'_>| required.find(&self.lower).is_some();
        self.required.iter().all(found) || may_hide_letters(&self.lower)
    }

    fn holds(&mut self, kind: LineKind, line: &str) -> bool {
        let Self { query, folded, met, .. } = self;
        met.clear();
        met.resize(query.conditions.len(), false);
        let mut left = query.conditions.iter().filter(|one| !one.negated && one.test.reads_content()).count();
        let may_fail = query.conditions.iter().any(|one| one.negated && one.test.reads_content());
        let mut failed = false;
        let _ = walk(kind, line, &mut |found| {
            folded.set(found.text);
            for (condition, met) in query.conditions.iter().zip(met.iter_mut()) {
                if !*met && condition.test.is_met_by(found, folded) {
                    *met = true;
                    failed |= condition.negated;
                    left -= usize::from(!condition.negated);
                }
            }
            if failed || (left == 0 && !may_fail) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        left == 0 && !failed
    }

    /// The texts that match, each the first of some condition.
    fn matches(&mut self, kind: LineKind, line: &str) -> Vec<SearchMatch> {
        let Self { query, folded, met, .. } = self;
        met.clear();
        met.resize(query.conditions.len(), false);
        let mut matches = Vec::new();
        let _ = walk(kind, line, &mut |found| {
            folded.set(found.text);
            let (mut places, mut new) = (Vec::new(), false);
            for (condition, met) in query.conditions.iter().zip(met.iter_mut()) {
                if !condition.negated && condition.test.is_met_by(found, folded) {
                    condition.test.places(found, folded, &mut places);
                    new |= !std::mem::replace(met, true);
                }
            }
            if new {
                matches.push(snippet(found.field, found.text, places));
            }
            if matches.len() == MAX_MATCHES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        matches
    }
}

/// Whether a text of a line may have letters that do not stand in its bytes: escapes by number, and the two characters whose
/// lower case is an ASCII letter.
fn may_hide_letters(line: &[u8]) -> bool {
    ["\\u", "\u{130}", "\u{212a}"].iter().any(|sign| memchr::memmem::find(line, sign.as_bytes()).is_some())
}

impl Test {
    const fn reads_content(&self) -> bool {
        matches!(self, Self::Anywhere(_) | Self::Content(..))
    }

    /// Whether a text of the content meets it.
    fn is_met_by(&self, found: &Found<'_>, folded: &Folded) -> bool {
        match self {
            Self::Anywhere(matcher) if found.is_name => matcher.matches_name(folded),
            Self::Anywhere(matcher) => matcher.matches(found.text, folded),
            Self::Content(of, check) => {
                of.includes(found)
                    && match check {
                        Check::Matches(matcher) => matcher.matches(found.text, folded),
                        Check::Compares(order, bound) => {
                            found.text.parse().is_ok_and(|value| order.holds(value, *bound))
                        }
                        Check::IsThere => true,
                    }
            }
            Self::Summary(..) | Self::Kind(_) | Self::State(_) => false,
        }
    }

    fn places(&self, found: &Found<'_>, folded: &Folded, all: &mut Vec<Range<usize>>) {
        match self {
            Self::Anywhere(matcher) | Self::Content(_, Check::Matches(matcher)) => {
                matcher.places(found.text, folded, found.is_name, all);
            }
            Self::Content(..) => all.push(0..found.text.len()),
            Self::Summary(..) | Self::Kind(_) | Self::State(_) => {}
        }
    }

    fn holds(&self, subject: &Subject<'_>, folded: &mut Folded) -> bool {
        match (self, subject.of) {
            (Self::Kind(kind), Of::Span(span)) => span.kind == *kind,
            (Self::State(state), Of::Span(span)) => state.is_of(span),
            (Self::Summary(field, check), _) => field.holds(check, subject, folded),
            _ => false,
        }
    }
}

impl Content {
    fn includes(&self, found: &Found<'_>) -> bool {
        match self {
            Self::Named(name) => {
                !found.is_name
                    && (found.attribute.is_some_and(|attribute| attribute.eq_ignore_ascii_case(name))
                        || found.key.is_some_and(|key| key.eq_ignore_ascii_case(name)))
            }
            Self::Error => {
                !found.is_name
                    && (found.field.starts_with("error.")
                        || found.field == "status.message"
                        || found
                            .attribute
                            .is_some_and(|name| name.starts_with("exception.") || name == "error.type"))
            }
        }
    }
}

impl State {
    fn is_of(self, span: &SpanSummary) -> bool {
        match self {
            Self::Running => span.end_time.is_none() && !span.abandoned,
            Self::Abandoned => span.abandoned,
            Self::Ok => span.status == StatusCode::Ok,
            Self::Error => span.status == StatusCode::Error,
            Self::Unset => span.status == StatusCode::Unset,
        }
    }
}

impl Field {
    fn holds(self, check: &Check, subject: &Subject<'_>, folded: &mut Folded) -> bool {
        if let Check::Compares(order, bound) = check {
            return self.number(&subject.of).is_some_and(|value| order.holds(value, *bound));
        }
        let mut is = |text: Option<&str>| {
            text.is_some_and(|text| match check {
                Check::Matches(matcher) => {
                    folded.set(text);
                    matcher.matches(text, folded)
                }
                Check::IsThere | Check::Compares(..) => true,
            })
        };
        match (self, subject.of) {
            (Self::Session, _) => is(subject.session.map(SessionId::as_str)),
            (Self::Engine, _) => is(subject.engine),
            (Self::Type, Of::Event { event_type, .. }) => is(Some(event_type)),
            (Self::Name, Of::Span(span)) => is(Some(&span.name)),
            (Self::Model, Of::Span(span)) => is(span.model.as_deref()),
            (Self::Provider, Of::Span(span)) => is(span.provider.as_deref()),
            (Self::Agent, Of::Span(span)) => is(span.agent.as_deref()),
            (Self::Tool, Of::Span(span)) => is(span.tool.as_deref()),
            (Self::Trace, Of::Span(span)) => is(Some(&span.trace_id.to_string())),
            (Self::Span, Of::Span(span)) => is(Some(&span.span_id.to_string())),
            (Self::Type, Of::Span(_)) => is(Some("span")),
            (_, of) => matches!(check, Check::IsThere) && self.number(&of).is_some(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an approximation is what is compared")]
    fn number(self, of: &Of<'_>) -> Option<f64> {
        let Of::Span(span) = of else { return None };
        let usage = span.usage.as_ref();
        match self {
            Self::Duration => span.end_time.map(|end| end.since(span.start_time).as_nanos() as f64),
            Self::Tokens => {
                let usage = usage?;
                let known = usage.input_tokens.is_some() || usage.output_tokens.is_some();
                known.then(|| (usage.input_tokens.unwrap_or(0) + usage.output_tokens.unwrap_or(0)) as f64)
            }
            Self::InputTokens => usage?.input_tokens.map(|tokens| tokens as f64),
            Self::OutputTokens => usage?.output_tokens.map(|tokens| tokens as f64),
            Self::Cost => span.cost.map(|cost| cost.usd),
            _ => None,
        }
    }
}

/// Calls `each` with the tokens that an index keeps of a line: every text in which a query may match has those that
/// [`Query::needs`] names.
pub(crate) fn line_tokens(of: &Of<'_>, line: &[u8], each: &mut dyn FnMut(&str)) {
    if let Of::Span(span) = of {
        each(&kind_token(span.kind));
        if span.status == StatusCode::Error {
            each(ERROR_TOKEN);
        }
    }
    // What is no text matches nothing.
    let Ok(line) = std::str::from_utf8(line) else { return };
    let mut folded = Folded::default();
    let _ = walk(of.line_kind(), line, &mut |found| {
        folded.set(found.text);
        chars::tokens(folded.text(), &mut *each);
        ControlFlow::Continue(())
    });
}
