//! The messages of an event stream, found while its bytes pass by.
//!
//! Nothing is held back: the frames go on as they came. A line that lies in one frame is a slice of it; only what crosses a
//! frame's end is copied, up to a bound.

use bytes::Bytes;

/// Finds the `data` of each event.
#[derive(Debug)]
pub(super) struct Events {
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    data: Option<Bytes>,
    /// The event is larger than the bound and left out.
    skips: bool,
    after_cr: bool,
    ids: bool,
    most: usize,
}

impl Events {
    pub(super) const fn new(most: usize) -> Self {
        Self { partial: Vec::new(), data: None, skips: false, after_cr: false, ids: false, most }
    }

    /// Whether an event had an id, by which the rest can be asked for.
    pub(super) const fn have_ids(&self) -> bool {
        self.ids
    }

    /// Gives the data of each event that ends in this frame to `each`.
    pub(super) fn feed(&mut self, frame: &Bytes, mut each: impl FnMut(Bytes)) {
        let mut at = 0;
        while at < frame.len() {
            // CR LF is one end, also when a frame ends between the two.
            if std::mem::take(&mut self.after_cr) && frame[at] == b'\n' {
                at += 1;
                continue;
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', &frame[at..]).map(|end| at + end) else {
                self.keep(&frame[at..]);
                return;
            };
            self.after_cr = frame[end] == b'\r';
            if self.partial.is_empty() {
                self.line(&frame.slice(at..end), &mut each);
            } else {
                self.keep(&frame[at..end]);
                let line = Bytes::from(std::mem::take(&mut self.partial));
                self.line(&line, &mut each);
            }
            at = end + 1;
        }
    }

    fn keep(&mut self, part: &[u8]) {
        let room = self.most.saturating_sub(self.partial.len());
        if part.len() > room {
            self.skips = true;
        }
        self.partial.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn line(&mut self, line: &Bytes, each: &mut impl FnMut(Bytes)) {
        if line.is_empty() {
            let data = self.data.take();
            if !std::mem::take(&mut self.skips)
                && let Some(data) = data
            {
                each(data);
            }
        } else if line.starts_with(b"id:") {
            self.ids = true;
        } else if line.starts_with(b"data:") {
            let value = line.slice(if line.get(5) == Some(&b' ') { 6.. } else { 5.. });
            let known = self.data.as_ref().map_or(0, Bytes::len);
            if known + value.len() >= self.most {
                self.skips = true;
                self.data = None;
            } else {
                self.data = Some(match self.data.take() {
                    None => value,
                    Some(before) => [&before[..], b"\n", &value[..]].concat().into(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(most: usize, frames: &[&[u8]]) -> Vec<String> {
        let (mut events, mut found) = (Events::new(most), Vec::new());
        for frame in frames {
            let frame = Bytes::copy_from_slice(frame);
            events.feed(&frame, |data| found.push(String::from_utf8_lossy(&data).into_owned()));
        }
        found
    }

    #[test]
    fn events_are_found_in_any_kind_of_lines_and_a_large_one_is_left_out() {
        let stream =
            b": hi\r\nid: 1\r\ndata: {}\r\n\r\ndata:a\ndata: b\n\nretry: 3\n\ndata: 1\r\rdata: never ends";
        assert_eq!(read(100, &[stream]), ["{}", "a\nb", "1"]);
        assert_eq!(read(8, &[b"data: 0123456789\n\ndata: 1\n\n"]), ["1"]);
        assert_eq!(read(8, &[b"data: 01234", b"56789\n\ndata: 1\n\n"]), ["1"]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_frames_end(cuts in proptest::collection::vec(0_usize..60, 0..6)) {
            let stream = b"id: 1\r\ndata: {\"a\":1}\r\n\r\ndata: a\ndata: b\n\n: c\rdata: d\r\r";
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.sort_unstable();
            let mut frames = Vec::new();
            let mut from = 0;
            for cut in cuts {
                frames.push(&stream[from..cut]);
                from = cut;
            }
            frames.push(&stream[from..]);
            prop_assert_eq!(read(100, &frames), vec!["{\"a\":1}", "a\nb", "d"]);
        }
    }
}
