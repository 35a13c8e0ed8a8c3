//! Words on standard output.
//!
//! `println!` panics when nobody reads any more, as in `agent-inspector doctor | head -1`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

/// A line.
pub(crate) fn line(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// Bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // Who closed it does not want it.
    _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Whether standard output takes colours: it is a terminal that has them, and nobody said otherwise.
pub(crate) fn colours() -> bool {
    let said = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    io::stdout().is_terminal() && said("NO_COLOR").is_none() && said("TERM").is_none_or(|term| term != "dumb")
}

/// A text from outside for a terminal: on one line, at most so many characters, and without what a terminal would obey or
/// what would show other letters than there are.
pub(crate) fn harmless(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most && text.chars().all(|c| !obeyed(c)) {
        return text.into();
    }
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == most {
            shown.push('…');
            break;
        }
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if obeyed(c) => _ = write!(shown, "\\u{{{:x}}}", u32::from(c)),
            c => shown.push(c),
        }
    }
    shown.into()
}

/// Control characters, and those that turn the direction of writing or begin a line.
fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(harmless("plain äöü 漢字", 40), "plain äöü 漢字");
        assert_eq!(harmless("\u{1b}[2Jgone\u{7}", 40), "\\u{1b}[2Jgone\\u{7}");
        assert_eq!(
            harmless("a\nb\rc\td\u{9b}e\u{202e}f\u{7f}", 60),
            "a\\nb\\rc\\td\\u{9b}e\\u{202e}f\\u{7f}"
        );
        assert_eq!(harmless("äöüäöü", 3), "äöü…");
    }
}
