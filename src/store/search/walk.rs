//! The texts of a stored line, one after the other.
//!
//! A line is JSON that was written here, and many of its texts are JSON in turn: prompts, arguments, results. What a
//! person looks for are the words in them, not their escapes, so that texts of JSON are opened too. Nothing is built: the
//! bytes are read through once.

use std::borrow::Cow;
use std::ops::ControlFlow;

use memchr::memchr2;
use serde::de::IgnoredAny;

/// How often JSON may lie in a text of JSON; deeper, it is read as plain text.
const MAX_NESTED_TEXTS: usize = 4;

/// How deep a line may be nested, within each text; serde writes and reads at most as deep.
const MAX_DEPTH: usize = 160;

/// Which kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A [`Span`](crate::model::Span).
    Span,
    /// An [`Event`](crate::model::Event).
    Event,
}

/// A text of a line.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The field, such as `name` or `attributes.gen_ai.prompt`.
    pub(super) field: &'a str,
    /// The attribute that it belongs to, and the innermost name.
    pub(super) attribute: Option<&'a str>,
    pub(super) key: Option<&'a str>,
    /// Whether it is a name and not a value.
    pub(super) is_name: bool,
    pub(super) text: &'a str,
}

/// Calls `each` with every text of `line` until it breaks off. A line that is broken ends early.
pub(super) fn walk(
    kind: LineKind,
    line: &str,
    each: &mut dyn FnMut(&Found<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut walk = Walk { each, field: String::new() };
    let mut lexer = Lexer { json: line, at: 0 };
    lexer.object(|lexer, key| walk.top(kind, lexer, key))
}

struct Walk<'e> {
    each: &'e mut dyn FnMut(&Found<'_>) -> ControlFlow<()>,
    field: String,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    attribute: Option<&'a str>,
    key: Option<&'a str>,
    depth: usize,
    nested: usize,
}

const NOWHERE: Place<'static> = Place { attribute: None, key: None, depth: 0, nested: 0 };

impl Walk<'_> {
    fn top(&mut self, kind: LineKind, lexer: &mut Lexer<'_>, key: &str) -> ControlFlow<()> {
        self.field.clear();
        self.field.push_str(key);
        match (kind, key) {
            (
                LineKind::Span,
                "parent_span_id" | "kind" | "otel_kind" | "start_time" | "end_time" | "usage" | "cost"
                | "source" | "dropped_attributes" | "abandoned",
            )
            | (LineKind::Event, "id" | "type" | "timestamp" | "session_id") => lexer.skip(),
            (_, "attributes" | "resource" | "data") => self.attributes(lexer),
            (LineKind::Span, "events" | "links") => lexer.array(|lexer| {
                lexer.object(|lexer, inner| {
                    self.field.truncate(key.len());
                    self.field.push('.');
                    self.field.push_str(inner);
                    match inner {
                        "time" => lexer.skip(),
                        "attributes" => self.attributes(lexer),
                        _ => self.value(lexer, NOWHERE),
                    }
                })
            }),
            (LineKind::Span, "status" | "error" | "scope") => lexer.object(|lexer, inner| {
                self.field.truncate(key.len());
                self.field.push('.');
                self.field.push_str(inner);
                if key == "status" && inner == "code" { lexer.skip() } else { self.value(lexer, NOWHERE) }
            }),
            _ => self.value(lexer, NOWHERE),
        }
    }

    /// Names with values. What is no object is a value like others.
    fn attributes(&mut self, lexer: &mut Lexer<'_>) -> ControlFlow<()> {
        if lexer.peek() != Some(b'{') {
            return self.value(lexer, NOWHERE);
        }
        let length = self.field.len();
        lexer.object(|lexer, name| {
            self.field.truncate(length);
            self.field.push('.');
            self.field.push_str(name);
            let place = Place { attribute: Some(name), key: Some(name), ..NOWHERE };
            self.found(name, place, true)?;
            self.value(lexer, place)
        })?;
        self.field.truncate(length);
        ControlFlow::Continue(())
    }

    fn value(&mut self, lexer: &mut Lexer<'_>, place: Place<'_>) -> ControlFlow<()> {
        let deeper = Place { depth: place.depth + 1, ..place };
        match lexer.peek() {
            Some(b'{' | b'[') if place.depth == MAX_DEPTH => lexer.skip(),
            Some(b'{') => lexer.object(|lexer, name| {
                let inner = Place { key: Some(name), ..deeper };
                self.found(name, inner, true)?;
                self.value(lexer, inner)
            }),
            Some(b'[') => lexer.array(|lexer| self.value(lexer, deeper)),
            Some(b'"') => match lexer.string() {
                Some(text) => self.text(&text, place),
                None => ControlFlow::Break(()),
            },
            Some(_) => match lexer.scalar() {
                Some("null") => ControlFlow::Continue(()),
                Some(scalar) => self.found(scalar, place, false),
                None => ControlFlow::Break(()),
            },
            None => ControlFlow::Break(()),
        }
    }

    fn text(&mut self, text: &str, place: Place<'_>) -> ControlFlow<()> {
        let may_be_json = matches!(text.trim_ascii_start().as_bytes().first(), Some(b'{' | b'['));
        if may_be_json && place.nested < MAX_NESTED_TEXTS && serde_json::from_str::<IgnoredAny>(text).is_ok()
        {
            let inner = Place { depth: 0, nested: place.nested + 1, ..place };
            return self.value(&mut Lexer { json: text, at: 0 }, inner);
        }
        self.found(text, place, false)
    }

    fn found(&mut self, text: &str, place: Place<'_>, is_name: bool) -> ControlFlow<()> {
        if text.is_empty() {
            return ControlFlow::Continue(());
        }
        let Place { attribute, key, .. } = place;
        (self.each)(&Found { field: &self.field, attribute, key, is_name, text })
    }
}

/// Reads JSON that is known to be well-formed. What is not ends the reading.
struct Lexer<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    /// The next byte that is no white space, and where it is.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.json.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == Some(byte);
        self.at += usize::from(eaten);
        eaten
    }

    fn object(&mut self, mut each: impl FnMut(&mut Self, &str) -> ControlFlow<()>) -> ControlFlow<()> {
        if !self.eat(b'{') {
            return self.skip();
        }
        if self.eat(b'}') {
            return ControlFlow::Continue(());
        }
        loop {
            let Some(name) = (if self.peek() == Some(b'"') { self.string() } else { None }) else {
                return ControlFlow::Break(());
            };
            if !self.eat(b':') {
                return ControlFlow::Break(());
            }
            each(self, &name)?;
            if self.eat(b'}') {
                return ControlFlow::Continue(());
            }
            if !self.eat(b',') {
                return ControlFlow::Break(());
            }
        }
    }

    fn array(&mut self, mut each: impl FnMut(&mut Self) -> ControlFlow<()>) -> ControlFlow<()> {
        if !self.eat(b'[') {
            return self.skip();
        }
        if self.eat(b']') {
            return ControlFlow::Continue(());
        }
        loop {
            each(self)?;
            if self.eat(b']') {
                return ControlFlow::Continue(());
            }
            if !self.eat(b',') {
                return ControlFlow::Break(());
            }
        }
    }

    /// Passes over a value, however deep.
    fn skip(&mut self) -> ControlFlow<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => {
                    if self.string().is_none() {
                        return ControlFlow::Break(());
                    }
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {
                    if self.scalar().is_none() {
                        return ControlFlow::Break(());
                    }
                }
                None => return ControlFlow::Break(()),
            }
            if depth == 0 {
                return ControlFlow::Continue(());
            }
        }
    }

    /// A number or a word, as it stands there.
    fn scalar(&mut self) -> Option<&'a str> {
        let rest = self.json.get(self.at..)?;
        let end = rest
            .bytes()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b':' | b'"' | b' ' | b'\n' | b'\r' | b'\t'))
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).filter(|scalar| !scalar.is_empty())
    }

    /// The text of a string that begins here.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let from = self.at + 1;
        let bytes = self.json.as_bytes();
        let end = from + memchr2(b'"', b'\\', bytes.get(from..)?)?;
        if bytes[end] == b'"' {
            self.at = end + 1;
            return self.json.get(from..end).map(Cow::Borrowed);
        }
        let mut text = String::with_capacity(2 * (end - from) + 16);
        let mut copied = from;
        let mut at = end;
        loop {
            text.push_str(self.json.get(copied..at)?);
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Some(Cow::Owned(text));
            }
            let (character, length) = escaped(self.json.get(at..)?)?;
            text.push(character);
            copied = at + length;
            at = copied + memchr2(b'"', b'\\', bytes.get(copied..)?)?;
        }
    }
}

/// The character that an escape at the beginning of `text` stands for, and how long the escape is. Half a pair of surrogates
/// stands for nothing.
fn escaped(text: &str) -> Option<(char, usize)> {
    let plain = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let unit = |at: usize| u32::from_str_radix(text.get(at..at + 4)?, 16).ok();
            let first = unit(2)?;
            if let (0xd800..=0xdbff, Some("\\u"), Some(second @ 0xdc00..=0xdfff)) =
                (first, text.get(6..8), unit(8))
            {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).map(|character| (character, 12));
            }
            return Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
        }
        other => char::from(*other),
    };
    Some((plain, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: LineKind, line: &str) -> Vec<String> {
        let mut found = Vec::new();
        let _ = walk(kind, line, &mut |text| {
            let mark = if text.is_name { "#" } else { "=" };
            found.push(format!("{}{mark}{}", text.field, text.text));
            ControlFlow::Continue(())
        });
        found
    }

    #[test]
    fn texts_of_json_are_opened_and_structure_is_left_out() {
        let line = r#"{"trace_id":"ab","kind":"llm","name":"chat","status":{"code":"error","message":"no\nway"},
            "attributes":{"gen_ai.prompt":"[{\"role\":\"user\",\"n\":1.0e5,\"x\":\"\\u043f\\ud83d\\ude00\"}]","broken":"{\"a"},
            "events":[{"name":"e","time":1,"attributes":{"k":[true,null]}}],"usage":{"input_tokens":5},"error":{"type":"T"}}"#;
        assert_eq!(
            texts(LineKind::Span, line),
            [
                "trace_id=ab",
                "name=chat",
                "status.message=no\nway",
                "attributes.gen_ai.prompt#gen_ai.prompt",
                "attributes.gen_ai.prompt#role",
                "attributes.gen_ai.prompt=user",
                "attributes.gen_ai.prompt#n",
                "attributes.gen_ai.prompt=1.0e5",
                "attributes.gen_ai.prompt#x",
                "attributes.gen_ai.prompt=п😀",
                "attributes.broken#broken",
                "attributes.broken={\"a",
                "events.name=e",
                "events.attributes.k#k",
                "events.attributes.k=true",
                "error.type=T",
            ]
        );
        let event = r#"{"id":7,"timestamp":"2026","type":"Custom","name":"queued","data":{"city":"Köln"}}"#;
        assert_eq!(texts(LineKind::Event, event), ["name=queued", "data.city#city", "data.city=Köln"]);
    }

    #[test]
    fn a_broken_line_ends_early_and_never_panics() {
        let line = r#"{"name":"a\u00e4b","attributes":{"x":[1,{"y":"z\\"}]},"status":{"code":"ok"}}"#;
        for end in 0..line.len() {
            texts(LineKind::Span, &line[..end]);
            texts(LineKind::Span, &line[end..]);
        }
        let deep = format!(
            "{{\"attributes\":{{\"x\":{}{}}},\"agent\":\"a\"}}",
            "[".repeat(9_000),
            "]".repeat(9_000)
        );
        assert_eq!(texts(LineKind::Span, &deep), ["attributes.x#x", "agent=a"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_found_as_it_was_written(text in ".*", name in ".+") {
            let line = serde_json::json!({ "attributes": { &name: &text, "x": [&text] } }).to_string();
            let found = texts(LineKind::Span, &line);
            let may_be_json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            if !text.is_empty() && !may_be_json && name != "x" {
                let expected = format!("attributes.{name}={text}");
                proptest::prop_assert!(found.contains(&expected), "{:?}", found);
            }
        }

        #[test]
        fn what_is_no_json_does_no_harm(text in ".*") {
            texts(LineKind::Span, &text);
            texts(LineKind::Event, &format!("{{\"a\":{text}"));
        }
    }
}
