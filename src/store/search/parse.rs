//! Reading a query. What cannot be understood is told with its place and with what to write instead.

use super::matcher::{Extent, Literal, Matcher};
use super::query::{
    Check, Condition, Content, Field, MAX_CONDITIONS, MAX_QUERY_CHARS, MAX_REGEXES, Order, Query, QueryError,
    State, Test,
};
use crate::model::SpanKind;

/// The names that may stand before a colon without a dot or quotes.
pub(super) const FIELDS: [(&str, Named); 19] = [
    ("kind", Named::Kind),
    ("status", Named::Status),
    ("name", Named::Field(Field::Name)),
    ("error", Named::Error),
    ("model", Named::Field(Field::Model)),
    ("provider", Named::Field(Field::Provider)),
    ("agent", Named::Field(Field::Agent)),
    ("tool", Named::Field(Field::Tool)),
    ("session", Named::Field(Field::Session)),
    ("engine", Named::Field(Field::Engine)),
    ("trace", Named::Field(Field::Trace)),
    ("span", Named::Field(Field::Span)),
    ("type", Named::Field(Field::Type)),
    ("duration", Named::Field(Field::Duration)),
    ("tokens", Named::Field(Field::Tokens)),
    ("input_tokens", Named::Field(Field::InputTokens)),
    ("output_tokens", Named::Field(Field::OutputTokens)),
    ("cost", Named::Field(Field::Cost)),
    ("cost_usd", Named::Field(Field::Cost)),
];

#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Kind,
    Status,
    Error,
    Field(Field),
}

const STATES: [(&str, State); 5] = [
    ("running", State::Running),
    ("error", State::Error),
    ("ok", State::Ok),
    ("unset", State::Unset),
    ("abandoned", State::Abandoned),
];

impl Query {
    /// Reads a query. One without a word holds for everything.
    ///
    /// # Errors
    ///
    /// When it cannot be understood.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut parser = Parser { text, at: 0, regexes: 0 };
        if let Some((end, _)) = text.char_indices().nth(MAX_QUERY_CHARS) {
            return Err(parser.error(end, end, format!("a query has at most {MAX_QUERY_CHARS} characters")));
        }
        let mut conditions = Vec::new();
        loop {
            parser.skip_space();
            if parser.rest().is_empty() {
                return Ok(Self { conditions, text: text.to_owned() });
            }
            let from = parser.at;
            let condition = parser.condition()?;
            if conditions.len() == MAX_CONDITIONS {
                return Err(parser.error(
                    from,
                    parser.at,
                    format!("a query has at most {MAX_CONDITIONS} conditions"),
                ));
            }
            conditions.push(condition);
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    regexes: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// What goes on to the next white space.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        rest.split(char::is_whitespace).next().unwrap_or(rest)
    }

    fn error(&self, from: usize, to: usize, message: impl Into<String>) -> QueryError {
        /// The part that is repeated in the message has at most so many characters.
        const MAX_PART: usize = 40;
        let part = self.text[from..to]
            .chars()
            .take(MAX_PART)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        QueryError { at: self.text[..from].encode_utf16().count(), part, message: message.into() }
    }

    fn condition(&mut self) -> Result<Condition, QueryError> {
        let negated = self.rest().starts_with('-') && self.word() != "-" && !self.word().starts_with("--");
        self.at += usize::from(negated);
        let test = self.test()?;
        Ok(Condition { negated, test })
    }

    fn test(&mut self) -> Result<Test, QueryError> {
        let from = self.at;
        if self.rest().starts_with('"') {
            let phrase = self.quoted()?;
            if self.rest().starts_with(':') && !self.word()[1..].is_empty() {
                self.at += 1;
                let check = self.check(from)?;
                return Ok(Test::Content(Content::Named(phrase), check));
            }
            return self.literal(from, &phrase, Extent::Words).map(Test::Anywhere);
        }
        if let Some(regex) = self.regex()? {
            return Ok(Test::Anywhere(regex));
        }
        let word = self.word();
        if let Some((name, value)) = word.split_once(':')
            && !value.starts_with("//")
            && !value.starts_with(':')
            && is_name(name)
        {
            self.at += name.len() + 1;
            if let Some(test) = self.field(from, name, value)? {
                return Ok(test);
            }
            self.at = from;
        }
        self.at += word.len();
        self.literal(from, without_star(word), Extent::Beginning).map(Test::Anywhere)
    }

    /// A condition on a field; `None` when it is a text with a colon after all.
    fn field(&mut self, from: usize, name: &str, value: &str) -> Result<Option<Test>, QueryError> {
        let known =
            FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, named)| *named);
        if value.is_empty() {
            return match known {
                // Such as the `TypeError:` of a pasted message.
                None => Ok(None),
                Some(_) => {
                    let wanted = format!(
                        "a value is missing, as in `{name}:value`; for the text, write `\"{name}:\"`"
                    );
                    Err(self.error(from, self.at, wanted))
                }
            };
        }
        let Some(named) = known else {
            if name.contains('.') {
                return Ok(Some(Test::Content(Content::Named(name.to_owned()), self.check(from)?)));
            }
            let names: Vec<_> =
                FIELDS.iter().map(|(name, _)| *name).filter(|name| *name != "cost_usd").collect();
            let end = from + self.text[from..].split(char::is_whitespace).next().map_or(0, str::len);
            let message = format!(
                "there is no field `{name}`; the fields are {}, and any attribute by its full name, as in \
                 `gen_ai.request.model:gpt-5` or `\"{name}\":value`; for the text itself, put it in quotes",
                names.join(", ")
            );
            return Err(self.error(from, end, message));
        };
        let test = match named {
            Named::Kind => {
                Test::Kind(self.one_of(from, SpanKind::ALL.iter().map(|kind| (kind.as_str(), *kind)))?)
            }
            Named::Status => Test::State(self.one_of(from, STATES.into_iter())?),
            Named::Error => Test::Content(Content::Error, self.check(from)?),
            Named::Field(field) => Test::Summary(field, self.check_of(field, from)?),
        };
        Ok(Some(test))
    }

    /// One of a few words.
    fn one_of<'t, T: Copy>(
        &mut self,
        from: usize,
        known: impl Iterator<Item = (&'t str, T)> + Clone,
    ) -> Result<T, QueryError> {
        let value = if self.rest().starts_with('"') {
            self.quoted()?
        } else {
            let word = self.word();
            self.at += word.len();
            word.trim_start_matches('=').to_owned()
        };
        let meant = known.clone().find(|(name, _)| name.eq_ignore_ascii_case(&value));
        meant.map(|(_, one)| one).ok_or_else(|| {
            let names: Vec<_> = known.map(|(name, _)| name).collect();
            self.error(from, self.at, format!("one of {} is wanted", names.join(", ")))
        })
    }

    fn check_of(&mut self, field: Field, from: usize) -> Result<Check, QueryError> {
        let numeric = matches!(
            field,
            Field::Duration | Field::Tokens | Field::InputTokens | Field::OutputTokens | Field::Cost
        );
        if !numeric {
            let begin = self.at;
            let check = self.check(from)?;
            if matches!(check, Check::Compares(..)) {
                return Err(self.error(from, self.at, "this field is a text and has no order"));
            }
            // An id is written as it is, and only its beginning when it is long.
            return match (field, check) {
                (Field::Session | Field::Engine | Field::Type, Check::Matches(Matcher::Literal(_))) => {
                    let text = self.text[begin..self.at].trim_start_matches('=').trim_matches('"');
                    self.literal(from, text, Extent::Whole).map(Check::Matches)
                }
                (_, check) => Ok(check),
            };
        }
        if self.word() == "*" {
            self.at += 1;
            return Ok(Check::IsThere);
        }
        let word = self.word();
        self.at += word.len();
        let (order, number) = order(word).unwrap_or((Order::Equal, word));
        let read = if field == Field::Duration { duration(number) } else { plain_number(number) };
        read.map(|bound| Check::Compares(order, bound)).ok_or_else(|| {
            let wanted = match field {
                Field::Duration => {
                    "a time like `>5s`, `<100ms` or `>=2m` is wanted; the units are us, ms, s, m and h"
                }
                Field::Cost => "a number of US dollars like `>0.1` is wanted",
                _ => "a number like `>1000` is wanted",
            };
            self.error(from, self.at, wanted)
        })
    }

    /// What stands after the colon of a text field.
    fn check(&mut self, from: usize) -> Result<Check, QueryError> {
        if self.rest().starts_with('"') {
            let phrase = self.quoted()?;
            return self.literal(from, &phrase, Extent::Words).map(Check::Matches);
        }
        if let Some(regex) = self.regex()? {
            return Ok(Check::Matches(regex));
        }
        let word = self.word();
        if word == "*" {
            self.at += 1;
            return Ok(Check::IsThere);
        }
        if let Some((order, number)) = order(word).filter(|(order, _)| *order != Order::Equal) {
            self.at += word.len();
            return plain_number(number).map(|bound| Check::Compares(order, bound)).ok_or_else(|| {
                self.error(
                    from,
                    self.at,
                    "a number is wanted here; for the text itself, put the value in quotes",
                )
            });
        }
        if let Some(value) = word.strip_prefix('=') {
            self.at += 1;
            let value = if self.rest().starts_with('"') {
                self.quoted()?
            } else {
                self.at += value.len();
                value.to_owned()
            };
            return self.literal(from, &value, Extent::Whole).map(Check::Matches);
        }
        self.at += word.len();
        self.literal(from, without_star(word), Extent::Beginning).map(Check::Matches)
    }

    fn literal(&self, from: usize, text: &str, extent: Extent) -> Result<Matcher, QueryError> {
        let literal = Literal::new(text, extent).map(Matcher::Literal);
        literal
            .ok_or_else(|| self.error(from, self.at, "there is nothing between the quotes or after the sign"))
    }

    /// A text in quotes. `\"` and `\\` stand for the second character.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let from = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = from + at + 1;
                    return Ok(text);
                }
                '\\' if matches!(characters.peek(), Some((_, '"' | '\\'))) => {
                    text.extend(characters.next().map(|(_, escaped)| escaped));
                }
                _ => text.push(character),
            }
        }
        Err(self.error(
            from,
            self.text.len(),
            "the quote is not closed; end it with `\"`, or write `\\\"` for the sign",
        ))
    }

    /// A regular expression, when one begins here: a slash, up to a slash or `/i` before white space or the end. A path
    /// such as `/v1/traces` is a text.
    fn regex(&mut self) -> Result<Option<Matcher>, QueryError> {
        let from = self.at;
        let rest = self.rest();
        if !rest.starts_with('/') {
            return Ok(None);
        }
        let mut escaped = false;
        for (at, character) in rest.char_indices().skip(1) {
            if character == '/' && !escaped && at > 1 {
                let after = &rest[at + 1..];
                let (flag, after) = after.strip_prefix('i').map_or((false, after), |after| (true, after));
                if after.chars().next().is_none_or(char::is_whitespace) {
                    self.at = from + at + 1 + usize::from(flag);
                    self.regexes += 1;
                    if self.regexes > MAX_REGEXES {
                        let most = format!("a query has at most {MAX_REGEXES} regular expressions");
                        return Err(self.error(from, self.at, most));
                    }
                    let pattern = rest[1..at].replace("\\/", "/");
                    return Matcher::regex(&pattern, flag)
                        .map(Some)
                        .map_err(|why| self.error(from, self.at, why));
                }
            }
            escaped = character == '\\' && !escaped;
        }
        if self.word().contains(['*', '+', '?', '(', '[', '{', '|', '^', '$', '\\']) {
            let end = from + self.word().len();
            let message =
                "the regular expression is not closed; end it with `/` or `/i`, or put the text in quotes";
            return Err(self.error(from, end, message));
        }
        Ok(None)
    }
}

/// Whether this can be the name of a field or an attribute. Neither can `12` of `12:30` nor `C` of `C:\`.
fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() > 1
        && characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-'))
}

/// A word is found by its beginning anyway; a star at its end says the same.
fn without_star(word: &str) -> &str {
    Some(word.trim_end_matches('*')).filter(|word| !word.is_empty()).unwrap_or(word)
}

fn order(word: &str) -> Option<(Order, &str)> {
    let orders = [
        (">=", Order::GreaterOrEqual),
        ("<=", Order::LessOrEqual),
        (">", Order::Greater),
        ("<", Order::Less),
        ("=", Order::Equal),
    ];
    orders.into_iter().find_map(|(sign, order)| word.strip_prefix(sign).map(|rest| (order, rest)))
}

fn plain_number(text: &str) -> Option<f64> {
    let starts_well = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | '-'));
    text.parse().ok().filter(|number: &f64| starts_well && number.is_finite())
}

/// A time in nanoseconds.
fn duration(text: &str) -> Option<f64> {
    let units = [("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];
    units.into_iter().find_map(|(unit, nanos)| {
        plain_number(text.strip_suffix(unit)?).filter(|number| *number >= 0.0).map(|number| number * nanos)
    })
}

#[cfg(test)]
mod tests;
