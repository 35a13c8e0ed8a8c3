//! What a text is compared with: words, phrases, whole values, regular expressions.

use std::ops::Range;

use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

use super::chars::{Class, Folded, Need, begins_word, class, ends_word, fold, needs};

/// The longest regular expression, in bytes.
pub(crate) const MAX_REGEX_BYTES: usize = 500;

/// How much memory one compiled regular expression may take, and its cache while it runs.
pub(crate) const MAX_REGEX_MEMORY: usize = 1 << 20;

/// How deep a regular expression may be nested.
const MAX_REGEX_NESTING: u32 = 32;

/// So many places in one text are marked at most.
const MAX_PLACES: usize = 16;

/// What a text is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    /// Words and phrases.
    Literal(Literal),
    /// A regular expression.
    Regex(Regex),
}

/// A folded text to be found in others.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    /// What stood between white space, in order.
    parts: Vec<Part>,
    /// Whether the last word must end where the literal does.
    closed: bool,
    /// Whether the text must be nothing else.
    whole: bool,
}

#[derive(Clone, Debug)]
struct Part {
    text: String,
    finder: Finder<'static>,
}

/// How much of a text a literal must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The beginning of a word and what follows.
    Beginning,
    /// Whole words.
    Words,
    /// All of it.
    Whole,
}

impl Literal {
    /// `None` when there is nothing to look for.
    pub(crate) fn new(text: &str, extent: Extent) -> Option<Self> {
        let folded = fold(text);
        let part = |text: &str| Part { text: text.to_owned(), finder: Finder::new(text).into_owned() };
        let parts: Vec<Part> = folded.split_whitespace().map(part).collect();
        let closed = extent != Extent::Beginning;
        (!parts.is_empty()).then_some(Self { parts, closed, whole: extent == Extent::Whole })
    }

    /// The first match in `folded` that begins at `from` or later.
    fn find(&self, folded: &str, from: usize) -> Option<Range<usize>> {
        if self.whole {
            let trimmed = folded.trim();
            let at = folded.len() - folded.trim_start().len();
            let end = self.matches_at(folded, at)?;
            return (from <= at && end == at + trimmed.len()).then_some(at..end);
        }
        let first = &self.parts[0];
        let bounded = starts_with_letter(&first.text);
        let mut at = from;
        loop {
            at += first.finder.find(folded.as_bytes().get(at..)?)?;
            if (!bounded || begins_word(folded, at))
                && let Some(end) = self.matches_at(folded, at)
            {
                return Some(at..end);
            }
            at += folded[at..].chars().next().map_or(1, char::len_utf8);
        }
    }

    /// Where the match that begins at `at` ends.
    fn matches_at(&self, folded: &str, at: usize) -> Option<usize> {
        let mut at = at;
        for (number, part) in self.parts.iter().enumerate() {
            if number > 0 {
                let rest = &folded[at..];
                let trimmed = rest.trim_start();
                if trimmed.len() == rest.len() {
                    return None;
                }
                at += rest.len() - trimmed.len();
            }
            if !folded[at..].starts_with(&part.text) {
                return None;
            }
            at += part.text.len();
        }
        let ends_in_letter = self
            .parts
            .last()
            .and_then(|part| part.text.chars().next_back())
            .is_some_and(|last| class(last) == Class::Word);
        (!self.closed || !ends_in_letter || ends_word(folded, at)).then_some(at)
    }

    /// What an index must have of a text in which this occurs.
    pub(crate) fn needs(&self, all: &mut Vec<Need>) {
        for (at, part) in self.parts.iter().enumerate() {
            needs(&part.text, !self.closed && at + 1 == self.parts.len(), all);
        }
    }

    /// The longest run of ASCII letters and digits in it: it stands in the JSON of the text as it is.
    pub(super) fn longest_run(&self) -> Option<&str> {
        let runs = self.parts.iter().flat_map(|part| part.text.split(|c: char| !c.is_ascii_alphanumeric()));
        runs.max_by_key(|run| run.len()).filter(|run| run.len() > 1)
    }
}

fn starts_with_letter(text: &str) -> bool {
    text.chars().next().is_some_and(|first| class(first) == Class::Word)
}

impl Matcher {
    /// Compiles a regular expression.
    ///
    /// # Errors
    ///
    /// In words for a person, when it is wrong or too large.
    pub(crate) fn regex(pattern: &str, any_case: bool) -> Result<Self, String> {
        if pattern.len() > MAX_REGEX_BYTES {
            return Err(format!("the regular expression is longer than {MAX_REGEX_BYTES} bytes"));
        }
        let built = RegexBuilder::new(pattern)
            .case_insensitive(any_case)
            .size_limit(MAX_REGEX_MEMORY)
            .dfa_size_limit(MAX_REGEX_MEMORY)
            .nest_limit(MAX_REGEX_NESTING)
            .build();
        built.map(Self::Regex).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression takes too much memory".to_owned(),
            other => {
                let text = other.to_string();
                let reason = text.lines().last().unwrap_or_default().trim();
                format!("the regular expression is wrong: {}", reason.trim_start_matches("error: "))
            }
        })
    }

    /// Whether a value matches. `folded` is of `text`.
    pub(super) fn matches(&self, text: &str, folded: &Folded) -> bool {
        match self {
            Self::Literal(literal) => literal.find(folded.text(), 0).is_some(),
            Self::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether a name matches: from its beginning. Otherwise `name` would be found in every span.
    pub(super) fn matches_name(&self, folded: &Folded) -> bool {
        match self {
            Self::Literal(literal) => literal.matches_at(folded.text(), 0).is_some(),
            Self::Regex(_) => false,
        }
    }

    /// Where a text matches, in bytes of the text.
    pub(super) fn places(&self, text: &str, folded: &Folded, is_name: bool, all: &mut Vec<Range<usize>>) {
        match self {
            Self::Literal(literal) if is_name => {
                all.extend(literal.matches_at(folded.text(), 0).map(|end| 0..folded.original(end)));
            }
            Self::Literal(literal) => {
                let mut from = 0;
                for _ in 0..MAX_PLACES {
                    let Some(place) = literal.find(folded.text(), from) else { return };
                    from = place.end.max(place.start + 1);
                    all.push(folded.original(place.start)..folded.original(place.end));
                }
            }
            Self::Regex(_) if is_name => {}
            Self::Regex(regex) => {
                all.extend(regex.find_iter(text).take(MAX_PLACES).map(|found| found.range()));
            }
        }
    }

    /// What an index must have of a text that matches.
    pub(crate) fn needs(&self, all: &mut Vec<Need>) {
        if let Self::Literal(literal) = self {
            literal.needs(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, literal: &str, extent: Extent) -> Vec<String> {
        let mut folded = Folded::default();
        folded.set(text);
        let mut found = Vec::new();
        let literal = Matcher::Literal(Literal::new(literal, extent).unwrap());
        literal.places(text, &folded, false, &mut found);
        assert_eq!(literal.matches(text, &folded), !found.is_empty());
        found.into_iter().map(|place| text[place].to_owned()).collect()
    }

    #[test]
    fn a_word_matches_where_a_word_begins() {
        assert_eq!(places("Timeout, no overtime; TIME.", "time", Extent::Beginning), ["Time", "TIME"]);
        assert_eq!(places("get_weather(weatherman)", "weather", Extent::Beginning), ["weather", "weather"]);
        assert_eq!(places("see http://x.org/a", "http://x", Extent::Beginning), ["http://x"]);
        assert_eq!(places("大模型", "模型", Extent::Beginning), ["模型"]);
        assert_eq!(places("aa aa", "aa", Extent::Beginning), ["aa", "aa"]);
        assert!(places("xaa", "aa", Extent::Beginning).is_empty());
    }

    #[test]
    fn a_phrase_is_whole_words_whatever_lies_between_them() {
        assert_eq!(places("Rate\n  limit exceeded", "rate limit", Extent::Words), ["Rate\n  limit"]);
        assert!(places("rate limits", "rate limit", Extent::Words).is_empty());
        assert!(places("ratelimit", "rate limit", Extent::Words).is_empty());
        assert_eq!(places(" GPT-5 ", "gpt-5", Extent::Whole), ["GPT-5"]);
        assert!(places("gpt-5-mini", "gpt-5", Extent::Whole).is_empty());
    }

    #[test]
    fn a_regular_expression_is_bounded() {
        assert!(Matcher::regex("(a{1000}){1000}", false).unwrap_err().contains("memory"));
        assert!(Matcher::regex(&"a".repeat(MAX_REGEX_BYTES + 1), false).unwrap_err().contains("longer"));
        assert!(Matcher::regex("a(b", false).unwrap_err().contains("unclosed group"));
        assert!(Matcher::regex(&format!("{}{}", "(".repeat(200), ")".repeat(200)), false).is_err());
    }
}
