//! Halves of surrogate pairs in JSON text.
//!
//! JavaScript counts text in UTF-16, so a value that was shortened there may end in half a pair, which it writes as
//! `\ud83d`. That is no character, and a strict reader refuses the whole request for it.

/// The body with every lone half replaced by `\ufffd`; `None` when it has none.
pub(super) fn repaired(body: &[u8]) -> Option<Vec<u8>> {
    let mut repaired: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(offset) = body.get(at..)?.iter().position(|byte| *byte == b'\\') {
        at += offset;
        match unit(body, at) {
            Some(0xd800..=0xdbff) if matches!(unit(body, at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                let body = repaired.get_or_insert_with(|| body.to_vec());
                body[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            // A backslash and what it escapes, which may be another backslash.
            _ => at += 2,
        }
        if at >= body.len() {
            break;
        }
    }
    repaired
}

/// The UTF-16 unit that is written as `\uXXXX` at `at`.
fn unit(body: &[u8], at: usize) -> Option<u16> {
    let escape = body.get(at..at + 6)?;
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_halves_are_replaced_and_whole_pairs_kept() {
        let repaired = |text: &str| repaired(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(repaired(r#""cut \ud83d""#).unwrap(), r#""cut \ufffd""#);
        assert_eq!(
            repaired(r#""\udc00\ud83d\ude00\ud83d\ud83d\ude00""#).unwrap(),
            r#""\ufffd\ud83d\ude00\ufffd\ud83d\ude00""#
        );
        assert_eq!(repaired(r#""\ud83d\ude00 \\ud83d \u00e9 \"#), None);
        assert_eq!(repaired(""), None);
    }
}
