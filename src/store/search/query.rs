//! What is looked for: the conditions that a query text becomes.

use std::fmt;

use super::chars::Need;
use super::matcher::{Literal, Matcher};
use crate::model::SpanKind;

/// The longest query text, in characters.
pub const MAX_QUERY_CHARS: usize = 1_000;

/// The most conditions in one query.
pub const MAX_CONDITIONS: usize = 32;

/// The most regular expressions in one query; each may take a megabyte while it runs.
pub const MAX_REGEXES: usize = 4;

/// What is looked for: all of its conditions must hold. The default one holds always.
///
/// # The language
///
/// | written | found |
/// |---|---|
/// | `timeout` | a word that begins like this, whatever the case; scripts without spaces match anywhere |
/// | `"rate limit"` | these whole words, in this order |
/// | `/time(d )?out/`, `/../i` | a regular expression, `i` for any case |
/// | `kind:tool`, `model:gpt-5`, `agent:"Trip Planner"` | the same within one field |
/// | `model:=gpt-5` | the field is this and nothing else |
/// | `duration:>5s`, `tokens:>=1000`, `cost:<0.1` | a number compared |
/// | `gen_ai.request.model:gpt-5`, `"city":Paris` | the same within an attribute: a name with a dot, or in quotes |
/// | `gen_ai.tool.name:*` | the field or attribute is there |
/// | `-word`, `-kind:llm` | not |
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub(super) conditions: Vec<Condition>,
    pub(super) text: String,
}

impl PartialEq for Query {
    /// Whether they were read from the same text.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// One condition.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) negated: bool,
    pub(super) test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Any text.
    Anywhere(Matcher),
    /// A text of the content: an attribute or key by name, or what says that something went wrong.
    Content(Content, Check),
    /// What lists show.
    Summary(Field, Check),
    /// The kind of span.
    Kind(SpanKind),
    /// How a span is.
    State(State),
}

/// Texts of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Named(String),
    Error,
}

/// The fields that are known without the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Model,
    Provider,
    Agent,
    Tool,
    Session,
    Engine,
    Trace,
    Span,
    Type,
    Duration,
    Tokens,
    InputTokens,
    OutputTokens,
    Cost,
}

/// How a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Abandoned,
    Ok,
    Error,
    Unset,
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(super) enum Check {
    Matches(Matcher),
    Compares(Order, f64),
    IsThere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Order {
    pub(super) fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::LessOrEqual => value <= bound,
            Self::Equal => (value - bound).abs() <= f64::EPSILON * bound.abs(),
            Self::GreaterOrEqual => value >= bound,
            Self::Greater => value > bound,
        }
    }
}

/// A query that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct QueryError {
    /// Where in the query, as the number of UTF-16 code units before it.
    pub at: usize,
    /// What stands there.
    pub part: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}, `{}`: {}", self.at + 1, self.part, self.message)
    }
}

/// The token of a line about a span of this kind.
pub(crate) fn kind_token(kind: SpanKind) -> String {
    format!("{MARK}k{}", kind.as_str())
}

/// The token of a line that says that its span ended in an error.
pub(crate) const ERROR_TOKEN: &str = "\u{e000}e";

/// No token of a text has more than one of these.
const MARK: char = '\u{e000}';

impl Query {
    /// The text that it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What an index must have of the lines that match, each once. Without any, the index cannot help.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let mut all = Vec::new();
        for condition in self.conditions.iter().filter(|condition| !condition.negated) {
            match &condition.test {
                Test::Anywhere(matcher) => matcher.needs(&mut all),
                Test::Content(of, check) => {
                    if let Content::Named(name) = of
                        && let Some(name) = Literal::new(name, super::matcher::Extent::Words)
                    {
                        name.needs(&mut all);
                    }
                    check.needs(&mut all);
                }
                Test::Summary(field, check) if field.is_in_text() => check.needs(&mut all),
                Test::Kind(kind) => all.push(Need::Token(kind_token(*kind))),
                Test::State(State::Error) => all.push(Need::Token(ERROR_TOKEN.to_owned())),
                Test::Summary(..) | Test::State(_) => {}
            }
        }
        let mut seen = std::collections::HashSet::new();
        all.retain(|need| seen.insert(need.clone()));
        all
    }
}

impl Query {
    /// Whether an event may be meant: spans alone have a kind, a model or a cost.
    pub(crate) fn may_be_event(&self) -> bool {
        self.conditions.iter().all(|condition| {
            condition.negated
                || match &condition.test {
                    Test::Anywhere(_) | Test::Content(..) => true,
                    Test::Summary(field, _) => matches!(field, Field::Session | Field::Engine | Field::Type),
                    Test::Kind(_) | Test::State(_) => false,
                }
        })
    }
}

impl Check {
    fn needs(&self, all: &mut Vec<Need>) {
        if let Self::Matches(matcher) = self {
            matcher.needs(all);
        }
    }
}

impl Field {
    /// Whether the value stands in the line of a span, too.
    const fn is_in_text(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Model | Self::Provider | Self::Agent | Self::Tool | Self::Trace | Self::Span
        )
    }
}
