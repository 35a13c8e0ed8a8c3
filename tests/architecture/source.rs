//! Rust source as far as imports need it: what is left without comments, literals, attributes and test code.

/// The code without comments, literals, attributes and the items behind `#[cfg(test)]`. Blanks stand in their place.
pub(super) fn code_only(source: &str) -> String {
    without_attributes(&without_text(&source.chars().collect::<Vec<_>>()))
}

/// The modules in files of their own that are declared behind `#[cfg(test)]`.
pub(super) fn test_modules(source: &str) -> Vec<String> {
    let code = without_text(&source.chars().collect::<Vec<_>>());
    let items = (0..code.len()).filter_map(|at| {
        let end = attribute_end(&code, at).filter(|end| is_for_tests(&code[at..*end]))?;
        Some(tokens(&without_attributes(&code[end..item_end(&code, end)])))
    });
    items
        .filter_map(|item| match item.as_slice() {
            [module, name, end] if module == "mod" && end == ";" => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// Identifiers (raw ones without their `r#`), `::`, and single marks.
pub(super) fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        rest = rest.strip_prefix("r#").filter(|word| word.starts_with(is_word)).unwrap_or(rest);
        let end = if rest.starts_with(is_word) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Blanks comments and literals.
fn without_text(source: &[char]) -> Vec<char> {
    let mut code = Vec::with_capacity(source.len());
    let mut at = 0;
    while at < source.len() {
        let end = text_end(source, at);
        if end > at {
            code.push(' ');
            at = end;
        } else {
            code.push(source[at]);
            at += 1;
        }
    }
    code
}

/// The end of the comment or literal that begins at `at`; `at` itself when none does.
fn text_end(source: &[char], at: usize) -> usize {
    let here = &source[at..];
    let until = |mark: &str, from: usize| {
        let mark: Vec<char> = mark.chars().collect();
        let found =
            source.get(from..).and_then(|rest| rest.windows(mark.len()).position(|text| *text == mark));
        found.map_or(source.len(), |found| from + found + mark.len())
    };
    match here {
        ['/', '/', ..] => until("\n", at),
        ['/', '*', ..] => {
            let (mut depth, mut end) = (1, at + 2);
            while depth > 0 && end < source.len() {
                match &source[end..] {
                    ['/', '*', ..] => (depth, end) = (depth + 1, end + 2),
                    ['*', '/', ..] => (depth, end) = (depth - 1, end + 2),
                    _ => end += 1,
                }
            }
            end
        }
        ['r', '"' | '#', ..]
            if at.checked_sub(1).is_none_or(|before| !is_word(source[before]) || source[before] == 'b') =>
        {
            let hashes = here[1..].iter().take_while(|c| **c == '#').count();
            match here.get(1 + hashes) {
                Some('"') => until(&format!("\"{}", "#".repeat(hashes)), at + hashes + 2),
                _ => at,
            }
        }
        ['"', ..] => {
            let mut end = at + 1;
            while end < source.len() && source[end] != '"' {
                end += if source[end] == '\\' { 2 } else { 1 };
            }
            end + 1
        }
        ['\'', '\\', ..] => until("'", at + 3),
        // A lifetime has no second quote.
        ['\'', _, '\'', ..] => at + 3,
        _ => at,
    }
    .min(source.len())
}

/// Drops attributes, and after `#[cfg(test)]` the item as well.
fn without_attributes(code: &[char]) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut at = 0;
    while at < code.len() {
        match attribute_end(code, at) {
            Some(end) => at = if is_for_tests(&code[at..end]) { item_end(code, end) } else { end },
            None => {
                kept.push(code[at]);
                at += 1;
            }
        }
    }
    kept
}

fn is_for_tests(attribute: &[char]) -> bool {
    let text: String = attribute.iter().filter(|c| !c.is_whitespace()).collect();
    text == "#[cfg(test)]" || text.starts_with("#[cfg(all(test,")
}

fn attribute_end(code: &[char], at: usize) -> Option<usize> {
    matches!(&code[at..], ['#', '[', ..] | ['#', '!', '[', ..]).then(|| closing(code, at, '[', ']'))
}

/// The end of the item that begins at `at`: its `;`, or the end of its braces.
fn item_end(code: &[char], at: usize) -> usize {
    match (at..code.len()).find(|index| matches!(code[*index], ';' | '{')) {
        Some(brace) if code[brace] == '{' => closing(code, brace, '{', '}'),
        Some(semicolon) => semicolon + 1,
        None => code.len(),
    }
}

/// Just behind the mark that closes the first `open` at or after `at`.
fn closing(code: &[char], at: usize, open: char, close: char) -> usize {
    let mut depth = 0;
    for (index, c) in code.iter().enumerate().skip(at) {
        if *c == open {
            depth += 1;
        } else if *c == close {
            depth -= 1;
            if depth == 0 {
                return index + 1;
            }
        }
    }
    code.len()
}
