//! The piece of a text that is shown with a match.

use std::ops::Range;

use crate::model::{Highlight, SearchMatch};

/// The longest snippet, in characters.
pub(crate) const MAX_SNIPPET_CHARS: usize = 200;

/// How many characters are shown before the first match, when the text does not fit.
const LEAD: usize = 40;

/// What stands for text that was left out.
const CUT: char = '…';

/// A piece of `text` around the first of `places`, which are bytes of it in any order, with what is marked in it.
pub(super) fn snippet(field: &str, text: &str, mut places: Vec<Range<usize>>) -> SearchMatch {
    places.retain(|place| !place.is_empty());
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let first = places.first().map_or(0, |place| place.start);
    let before = text[..first].char_indices().rev().take(LEAD).last().map_or(first, |(at, _)| at);
    // A text that fits is shown whole.
    let fits = text.char_indices().nth(MAX_SNIPPET_CHARS).is_none();
    let from = if fits { 0 } else { before };
    let room = MAX_SNIPPET_CHARS - usize::from(from > 0) - 1;
    let to = if fits {
        text.len()
    } else {
        text[from..].char_indices().nth(room).map_or(text.len(), |(at, _)| from + at)
    };
    let mut shown = String::with_capacity(to - from + 2 * CUT.len_utf8());
    let mut highlights: Vec<Highlight> = Vec::new();
    if from > 0 {
        shown.push(CUT);
    }
    let mut units = usize::from(from > 0);
    let mut open: Option<(usize, usize)> = None;
    let mut next = places.iter().peekable();
    for (at, character) in text[from..to].char_indices().map(|(at, character)| (from + at, character)) {
        if let Some((start, _)) = open.filter(|(_, end)| *end <= at) {
            highlights.push(Highlight { start, end: units });
            open = None;
        }
        while let Some(place) = next.next_if(|place| place.start <= at) {
            // Places that touch or overlap are one.
            open = Some(open.map_or((units, place.end), |(start, end)| (start, end.max(place.end))));
        }
        // Each character keeps its width, so that the offsets stay right.
        shown.push(if character.is_control() { ' ' } else { character });
        units += character.len_utf16();
    }
    if let Some((start, _)) = open {
        highlights.push(Highlight { start, end: units });
    }
    if to < text.len() {
        shown.push(CUT);
    }
    SearchMatch { field: field.to_owned(), snippet: shown, highlights }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(found: &SearchMatch) -> Vec<String> {
        let units: Vec<u16> = found.snippet.encode_utf16().collect();
        found.highlights.iter().map(|one| String::from_utf16(&units[one.start..one.end]).unwrap()).collect()
    }

    #[test]
    fn marks_are_counted_in_utf16_and_the_snippet_is_bounded() {
        let text = format!("{}😀 the word\nand more {}", "x ".repeat(500), "y".repeat(5_000));
        let at = text.find("word").unwrap();
        let found = snippet("attributes.a", &text, vec![at + 5..at + 8, at..at + 4]);
        assert_eq!(marked(&found), ["word", "and"]);
        assert!(found.snippet.chars().count() <= MAX_SNIPPET_CHARS);
        assert!(
            found.snippet.starts_with('…') && found.snippet.ends_with('…') && !found.snippet.contains('\n')
        );
        let short = snippet("name", "ab", vec![0..2, 1..2]);
        assert_eq!((short.snippet.as_str(), marked(&short)), ("ab", vec!["ab".to_owned()]));
    }

    #[test]
    fn a_mark_that_is_longer_than_the_snippet_ends_with_it() {
        let found = snippet("name", &"ж".repeat(1_000), std::iter::once(0..2_000).collect());
        assert_eq!(marked(&found), ["ж".repeat(199)]);
        assert_eq!(found.snippet.chars().count(), MAX_SNIPPET_CHARS);
        assert!(snippet("name", "abc", std::iter::once(1..1).collect()).highlights.is_empty());
    }
}
