//! Characters and words: how text is compared, where a word begins, and the tokens that stand for it in an index.
//!
//! Text is folded character by character, so that each character of the text stays one character. Scripts that are written
//! without spaces have no words to begin at: there, a match may begin anywhere.

/// A token holds at most so many characters. An index only has to find what may match; ids that begin alike share a token,
/// which keeps it small. Much shorter ones would not tell `order12345` from `order12346`.
const TOKEN_CHARS: usize = 12;

/// Stands before the first two letters of a word: what begins like that is a great part of all words, so it has a token of
/// its own.
const BEGINNING: char = '\u{e001}';

/// What a character is to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Part of a word.
    Word,
    /// Part of a text without spaces between words.
    Unspaced,
    /// A word by itself: emoji, arrows, signs.
    Symbol,
    /// Between words.
    Gap,
}

pub(super) fn class(character: char) -> Class {
    if character.is_ascii() {
        return if character.is_ascii_alphanumeric() { Class::Word } else { Class::Gap };
    }
    if is_unspaced(character) {
        Class::Unspaced
    } else if character.is_alphanumeric() || is_mark(character) {
        Class::Word
    } else if character < FIRST_SYMBOL || character.is_whitespace() || is_joiner(character) {
        Class::Gap
    } else {
        Class::Symbol
    }
}

/// From the arrows on.
const FIRST_SYMBOL: char = '\u{2190}';

/// Han, kana, Hangul, Thai, Lao, Tibetan, Burmese, Khmer and their neighbours. Korean has spaces, but what one looks for
/// often stands within a longer word.
fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0fff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{1950}'..='\u{19df}' | '\u{1a20}'..='\u{1aaf}' | '\u{1b00}'..='\u{1b7f}' | '\u{2e80}'..='\u{2fdf}'
        | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}' | '\u{3041}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}' | '\u{a980}'..='\u{a9df}'
        | '\u{aa60}'..='\u{aa7f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}'
        | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// Marks that belong to the letter before them and are no letters themselves.
fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05bd}' | '\u{0610}'..='\u{061a}'
        | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06ed}' | '\u{093c}' | '\u{094d}' | '\u{09bc}'
        | '\u{09cd}' | '\u{0a3c}' | '\u{0a4d}' | '\u{0abc}' | '\u{0acd}' | '\u{0b3c}' | '\u{0b4d}' | '\u{0bcd}'
        | '\u{0c4d}' | '\u{0ccd}' | '\u{0d4d}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

/// Characters that only say how their neighbours are drawn.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a match that begins at `at` with a letter begins at the beginning of a word.
pub(super) fn begins_word(folded: &str, at: usize) -> bool {
    folded[..at].chars().next_back().is_none_or(|before| class(before) != Class::Word)
}

/// Whether a match that ends at `at` with a letter ends at the end of a word.
pub(super) fn ends_word(folded: &str, at: usize) -> bool {
    folded[at..].chars().next().is_none_or(|after| class(after) != Class::Word)
}

/// The character that `character` is compared as: lower case, and one sigma.
fn fold_char(character: char) -> char {
    match character {
        'ς' => 'σ',
        _ => character.to_lowercase().next().unwrap_or(character),
    }
}

/// Text in the form in which it is compared, and where its parts come from. Used again for each text.
#[derive(Debug, Default)]
pub(super) struct Folded {
    text: String,
    /// Places in the folded text and in the original from which on both run alike; empty when they do from the beginning.
    shifts: Vec<(usize, usize)>,
}

impl Folded {
    pub(super) fn set(&mut self, original: &str) -> &str {
        self.text.clear();
        self.shifts.clear();
        if original.is_ascii() {
            self.text.push_str(original);
            self.text.make_ascii_lowercase();
            return &self.text;
        }
        for (at, character) in original.char_indices() {
            let folded = fold_char(character);
            self.text.push(folded);
            if folded.len_utf8() != character.len_utf8() {
                self.shifts.push((self.text.len(), at + character.len_utf8()));
            }
        }
        &self.text
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where the character that begins at `at` in the folded text begins in the original.
    pub(super) fn original(&self, at: usize) -> usize {
        let before = self.shifts.partition_point(|(folded, _)| *folded <= at);
        match before.checked_sub(1).map(|last| self.shifts[last]) {
            Some((folded, original)) => original + (at - folded),
            None => at,
        }
    }
}

/// `text` as it is compared.
pub(super) fn fold(text: &str) -> String {
    let mut folded = Folded::default();
    folded.set(text);
    folded.text
}

/// Calls `each` with the tokens of a folded text: the beginning of each word, each pair of neighbours of a text without
/// spaces and its last character, and each symbol.
pub(super) fn tokens<'a>(folded: &'a str, mut each: impl FnMut(&'a str)) {
    for (run, of) in runs(folded) {
        match of {
            Class::Word => each(head(run)),
            Class::Unspaced => pairs(run, &mut each),
            Class::Symbol => each(run),
            Class::Gap => {}
        }
    }
}

/// The token for the first two letters of a token of a word.
pub(crate) fn beginning_token(token: &str) -> Option<String> {
    let (at, second) = token.char_indices().nth(1)?;
    let first = token.chars().next().filter(|first| class(*first) == Class::Word)?;
    debug_assert_eq!(first.len_utf8(), at);
    Some([BEGINNING, first, second].into_iter().collect())
}

/// The first characters of a word.
fn head(word: &str) -> &str {
    if word.len() <= TOKEN_CHARS {
        return word;
    }
    word.char_indices().nth(TOKEN_CHARS).map_or(word, |(end, _)| &word[..end])
}

fn pairs<'a>(run: &'a str, each: &mut impl FnMut(&'a str)) {
    let mut starts = run.char_indices().map(|(at, _)| at).peekable();
    while let Some(start) = starts.next() {
        let mut after = starts.clone();
        let end = match after.next() {
            Some(_) => after.next().unwrap_or(run.len()),
            None => run.len(),
        };
        each(&run[start..end]);
    }
}

/// The runs of characters of one class; symbols stand alone.
fn runs(folded: &str) -> impl Iterator<Item = (&str, Class)> {
    let mut left = folded;
    std::iter::from_fn(move || {
        let mut characters = left.char_indices();
        let (_, first) = characters.next()?;
        let of = class(first);
        let end = match of {
            Class::Symbol => first.len_utf8(),
            _ => characters.find(|(_, next)| class(*next) != of).map_or(left.len(), |(at, _)| at),
        };
        let (run, rest) = left.split_at(end);
        left = rest;
        Some((run, of))
    })
}

/// What an index has to hold for a text to match.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Need {
    /// This token.
    Token(String),
    /// A token that begins like this.
    Beginning(String),
}

/// What the tokens of a text must be when `part`, a folded text without white space, occurs in it; `open` when the last
/// word may go on.
pub(super) fn needs(part: &str, open: bool, all: &mut Vec<Need>) {
    let mut read = 0;
    for (run, of) in runs(part) {
        read += run.len();
        let last = read == part.len();
        match of {
            Class::Word if last && open && run.chars().nth(TOKEN_CHARS - 1).is_none() => {
                // One letter is in every document.
                if run.chars().nth(1).is_some() {
                    let exactly_two = run.chars().nth(2).is_none();
                    all.push(match beginning_token(run).filter(|_| exactly_two) {
                        Some(token) => Need::Token(token),
                        None => Need::Beginning(run.to_owned()),
                    });
                }
            }
            Class::Word => all.push(Need::Token(head(run).to_owned())),
            Class::Unspaced if run.chars().nth(1).is_none() => all.push(Need::Beginning(run.to_owned())),
            // Its last character alone is a token only where the text ends with it.
            Class::Unspaced => pairs(run, &mut |pair: &str| {
                if pair.chars().nth(1).is_some() {
                    all.push(Need::Token(pair.to_owned()));
                }
            }),
            Class::Symbol => all.push(Need::Token(run.to_owned())),
            Class::Gap => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let folded = fold(text);
        let mut found = Vec::new();
        tokens(&folded, |token| found.push(token.to_owned()));
        found
    }

    #[test]
    fn words_are_cut_and_texts_without_spaces_become_pairs() {
        assert_eq!(all("Get_Weather(42) über-ALLES"), ["get", "weather", "42", "über", "alles"]);
        assert_eq!(all("GPT模型很好 ok"), ["gpt", "模型", "型很", "很好", "好", "ok"]);
        assert_eq!(all("สวัสดี").len(), 6);
        assert_eq!(all("0123456789abcdef"), ["0123456789ab"]);
        assert_eq!(all("👍🏽 → done"), ["👍", "🏽", "→", "done"]);
        assert_eq!(all("Привет, мир"), ["привет", "мир"]);
    }

    #[test]
    fn a_folded_place_leads_back_to_the_original() {
        let mut folded = Folded::default();
        let original = "\u{212a}elvin İstanbul ẞ Σς";
        folded.set(original);
        assert_eq!(folded.text(), "kelvin istanbul ß σσ");
        for (word, expected) in [("elvin", "elvin"), ("istanbul", "İstanbul"), ("ß", "ẞ"), ("σσ", "Σς")]
        {
            let at = folded.text().find(word).unwrap();
            let (from, to) = (folded.original(at), folded.original(at + word.len()));
            assert_eq!(&original[from..to], expected);
        }
    }

    #[test]
    fn what_is_needed_is_among_the_tokens() {
        let mut found = Vec::new();
        needs("gen_ai.requ", true, &mut found);
        let token = |text: &str| Need::Token(text.into());
        assert_eq!(found, [token("gen"), token("ai"), Need::Beginning("requ".into())]);
        found.clear();
        needs("or", true, &mut found);
        needs("o", true, &mut found);
        assert_eq!(found, [Need::Token(beginning_token("order").unwrap())]);
        found.clear();
        needs("transaction模型x模", true, &mut found);
        assert_eq!(found, [token("transaction"), token("模型"), token("x"), Need::Beginning("模".into())]);
    }
}
