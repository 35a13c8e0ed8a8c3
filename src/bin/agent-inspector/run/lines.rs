//! Bytes cut into lines.

/// The longest line that is kept. A line of an agent carries at most what one tool answered; the rest of a longer one is left
/// out, and with it the line.
pub(super) const MAX_LINE_BYTES: usize = 4 << 20;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// Takes bytes in and hands on each line that they end.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut line: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = bytes.split_at(end);
            bytes = &tail[1..];
            self.keep(head);
            self.end(&mut line);
        }
        self.keep(bytes);
    }

    /// What stands behind the last line break counts as a line too.
    pub(super) fn finish(&mut self, mut line: impl FnMut(&[u8])) {
        if !self.rest.is_empty() {
            self.end(&mut line);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.too_long || self.rest.len() + bytes.len() > MAX_LINE_BYTES {
            self.too_long = true;
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    fn end(&mut self, line: &mut impl FnMut(&[u8])) {
        if !std::mem::take(&mut self.too_long) {
            line(self.rest.strip_suffix(b"\r").unwrap_or(&self.rest));
        }
        self.rest.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(parts: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for part in parts {
            lines.feed(part, |line| found.push(String::from_utf8_lossy(line).into_owned()));
        }
        lines.finish(|line| found.push(String::from_utf8_lossy(line).into_owned()));
        found
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_are_cut() {
        let text = "one\r\n\ntwo ä\nlast".as_bytes();
        let whole = lines(&[text]);
        assert_eq!(whole, ["one", "", "two ä", "last"]);
        for at in 0..text.len() {
            assert_eq!(lines(&[&text[..at], &text[at..]]), whole, "cut at {at}");
        }
    }

    #[test]
    fn a_line_without_an_end_costs_bounded_memory() {
        let mut kept = Lines::default();
        (0..10).for_each(|_| kept.feed(&vec![b'x'; 1 << 20], |_| panic!("there is no line")));
        assert!(kept.rest.capacity() <= MAX_LINE_BYTES * 2);
        let mut found = Vec::new();
        kept.feed(b"end\nnext\n", |line| found.push(line.to_vec()));
        assert_eq!(found, [b"next".to_vec()]);
    }
}
