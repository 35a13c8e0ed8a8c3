//! The lines of a gzip file that somebody else writes, perhaps at this moment.
//!
//! The file may have several members (each append of Python's `gzip.open(path, "ab")` is one), end in the middle, be
//! damaged, or be made to fill the memory. What is whole is read, and where to go on is remembered.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::{DeflateDecoder, GzDecoder};

use crate::ingest::line::MAX_LINE_BYTES;

/// How often more plain bytes than packed ones are taken for an honest file: JSON seldom shrinks to less than a thirtieth.
const MAX_RATIO: u64 = 200;

/// So many plain bytes may come whatever the ratio: a small file of many equal lines is honest.
const FREE_BYTES: u64 = 16 << 20;

/// How much is unpacked at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// Where in a file to go on reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    /// A byte of the file where something begins that can be unpacked without what was before it.
    pub(crate) at: u64,
    /// How many plain bytes after that were read as whole lines.
    pub(crate) plain: u64,
}

/// How the reading of a file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At the end of the file.
    Whole,
    /// Within something; more may come.
    Torn,
    /// At what is no gzip.
    NotGzip,
    /// At what is no right gzip.
    Damaged,
    /// At more than an honest file would be.
    Bomb,
    /// Where the reader of the lines stopped it.
    Stopped,
}

/// What to read of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The whole gzip file from this place on.
    Gzip(Place),
    /// Blocks of an inspector's file from this place up to this byte: raw deflate.
    Blocks(Place, u64),
}

/// Gives each whole line to `each`, with the place after it, and says how it ended and where to go on. A line of more than
/// [`MAX_LINE_BYTES`] is given empty. Stops when `each` says `false`.
///
/// # Errors
///
/// When the file cannot be read.
pub(crate) fn lines(
    mut file: impl Read + Seek,
    part: Part,
    each: &mut dyn FnMut(&[u8], Place) -> bool,
) -> io::Result<(End, Place)> {
    let (from, to) = match part {
        Part::Gzip(place) => (place, u64::MAX),
        Part::Blocks(place, to) => (place, to),
    };
    file.seek(SeekFrom::Start(from.at))?;
    let file = BufReader::with_capacity(BUFFER_BYTES, file.take(to.saturating_sub(from.at)));
    let input = Counted { file, at: from.at };
    let mut lines = Lines { pending: Vec::new(), length: 0, place: from, skip: from.plain, each };
    let end = match part {
        Part::Gzip(_) => members(input, &mut lines)?,
        Part::Blocks(..) if from.at == to => End::Whole,
        Part::Blocks(..) => blocks(input, to, &mut lines)?,
    };
    // The last line of a file that is whole need not end; should it go on, it is read again.
    let last = std::mem::take(&mut lines.pending);
    if end == End::Whole && !last.is_empty() {
        (lines.each)(&last, lines.place);
    }
    Ok((end, lines.place))
}

/// A file of one or more gzip members.
fn members(mut input: Counted<impl BufRead>, lines: &mut Lines<'_>) -> io::Result<End> {
    let begin = input.at;
    loop {
        let magic = input.fill_buf()?;
        if magic.is_empty() {
            return Ok(End::Whole);
        }
        if magic[0] != 0x1f || magic.get(1).is_some_and(|byte| *byte != 0x8b) {
            return Ok(End::NotGzip);
        }
        let mut member = GzDecoder::new(&mut input);
        match unpack(&mut member, |member| member.get_ref().at - begin, lines) {
            Unpacked::Ended => lines.begin_at(input.at),
            Unpacked::Not(end) => return Ok(end),
            Unpacked::Failed(error) => return ended_by(error),
        }
    }
}

/// Raw deflate up to `to`, where a full flush is.
fn blocks(input: Counted<impl BufRead>, to: u64, lines: &mut Lines<'_>) -> io::Result<End> {
    let begin = input.at;
    let mut inflate = DeflateDecoder::new(input);
    let unpacked = unpack(&mut inflate, |inflate| inflate.get_ref().at - begin, lines);
    let at = inflate.get_ref().at;
    match unpacked {
        Unpacked::Not(end) => Ok(end),
        // A flush is no end for a decoder.
        Unpacked::Failed(error) if error.kind() == io::ErrorKind::UnexpectedEof && at == to => {
            lines.begin_at(at);
            Ok(End::Whole)
        }
        Unpacked::Failed(error) => ended_by(error),
        Unpacked::Ended => Ok(End::Damaged),
    }
}

/// What an error of a decoder says about the file; one of the disk is an error.
fn ended_by(error: io::Error) -> io::Result<End> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Ok(End::Torn),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => Ok(End::Damaged),
        _ => Err(error),
    }
}

enum Unpacked {
    Ended,
    Not(End),
    Failed(io::Error),
}

fn unpack<D: Read>(decoder: &mut D, packed: impl Fn(&D) -> u64, lines: &mut Lines<'_>) -> Unpacked {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut plain = 0_u64;
    loop {
        let count = match decoder.read(&mut buffer) {
            Ok(0) => return Unpacked::Ended,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Unpacked::Failed(error),
        };
        plain += count as u64;
        if plain > FREE_BYTES + packed(decoder).saturating_mul(MAX_RATIO) {
            return Unpacked::Not(End::Bomb);
        }
        if !lines.take(&buffer[..count]) {
            return Unpacked::Not(End::Stopped);
        }
    }
}

/// Splits what comes into lines.
struct Lines<'a> {
    /// The beginning of a line, unless it is too long already.
    pending: Vec<u8>,
    /// How long it is.
    length: usize,
    /// The place after the last whole line.
    place: Place,
    /// How many plain bytes are known already.
    skip: u64,
    each: &'a mut dyn FnMut(&[u8], Place) -> bool,
}

impl Lines<'_> {
    /// Whether there shall be more.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= known as u64;
        bytes = &bytes[known..];
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.add(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.place.plain += self.length as u64 + 1;
            let go_on = (self.each)(&self.pending, self.place);
            self.pending.clear();
            self.length = 0;
            if !go_on {
                return false;
            }
        }
        self.add(bytes);
        true
    }

    fn add(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len());
        if self.length > MAX_LINE_BYTES {
            self.pending = Vec::new();
        } else {
            self.pending.extend_from_slice(bytes);
        }
    }

    /// Here begins what can be unpacked on its own; unless a line lies over it, reading may go on here.
    fn begin_at(&mut self, at: u64) {
        if self.length == 0 && self.skip == 0 {
            self.place = Place { at, plain: 0 };
        }
    }
}

/// Counts what is taken from a file.
struct Counted<R> {
    file: R,
    at: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.at += count as u64;
        self.file.consume(count);
    }
}

#[cfg(test)]
mod tests;
