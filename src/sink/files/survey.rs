//! What of a trace file is whole, after the process that wrote it died within an append, or its disk lied.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::{Decompress, FlushDecompress, Status};
use serde::de::IgnoredAny;

use super::index::Record;
use crate::store::Block;
use crate::store::chunk::{FINAL_BLOCK, GZIP_HEADER};

/// The most plain bytes of a block that is looked for without an index; the stores write blocks of a quarter of a megabyte
/// and one line.
const MAX_PLAIN_BYTES: usize = 64 << 20;

/// The most compressed bytes of such a block.
const MAX_COMPRESSED_BYTES: usize = 16 << 20;

/// What a full flush ends with. The bytes may also stand within a block, so that each place is tried, but in one block not
/// more than so often.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];
const MAX_TRIES: u32 = 64;

/// What of a file can be kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// The whole blocks at its beginning.
    pub(crate) records: Vec<Record>,
    /// The whole lines at the beginning of what comes after them.
    pub(crate) lines: Vec<u8>,
}

impl Survey {
    /// Looks through a file, given what is known of its blocks. `None` when it is no file of an inspector's, and must be left
    /// alone.
    pub(crate) fn of(file: &mut (impl Read + Seek), known: &[Record]) -> io::Result<Option<Self>> {
        let mut header = Vec::with_capacity(GZIP_HEADER.len());
        file.seek(SeekFrom::Start(0))?;
        file.by_ref().take(GZIP_HEADER.len() as u64).read_to_end(&mut header)?;
        if !GZIP_HEADER.starts_with(&header) {
            return Ok(None);
        }
        let mut survey = Self::default();
        let mut end = GZIP_HEADER.len() as u64;
        for record in known {
            if !is_whole(file, record)? {
                break;
            }
            survey.records.push(*record);
            end += record.compressed_bytes;
        }
        file.seek(SeekFrom::Start(end))?;
        let rest = survey.look_for_blocks(file)?;
        survey.lines = lines_of(&rest);
        Ok(Some(survey))
    }

    /// Takes whole blocks from where `file` stands; gives the bytes after the last one, up to a bound.
    fn look_for_blocks(&mut self, file: &mut impl Read) -> io::Result<Vec<u8>> {
        let (mut segment, mut looked, mut tries) = (Vec::new(), 0, 0);
        loop {
            let found = segment[looked..].windows(FLUSHED.len()).position(|bytes| bytes == FLUSHED);
            if let Some(at) = found {
                looked += at + FLUSHED.len();
                if let Some(record) = whole_block(&segment[..looked]) {
                    self.records.push(record);
                    segment.drain(..looked);
                    (looked, tries) = (0, 0);
                    continue;
                }
                tries += 1;
                if tries < MAX_TRIES {
                    continue;
                }
            }
            let too_much = tries >= MAX_TRIES || segment.len() > MAX_COMPRESSED_BYTES;
            looked = looked.max(segment.len().saturating_sub(FLUSHED.len() - 1));
            let read = if too_much { 0 } else { file.by_ref().take(64 << 10).read_to_end(&mut segment)? };
            if read == 0 {
                return Ok(segment);
            }
        }
    }
}

/// Whether the next block in `file` is the one that is known.
fn is_whole(file: &mut impl Read, record: &Record) -> io::Result<bool> {
    // A damaged length does not ask for memory.
    if record.compressed_bytes > MAX_COMPRESSED_BYTES as u64 || record.plain_bytes > MAX_PLAIN_BYTES as u64 {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    file.by_ref().take(record.compressed_bytes).read_to_end(&mut bytes)?;
    // All lines may be there before the flush is.
    let length = bytes.len() as u64 == record.compressed_bytes;
    let plain = Block::decompress(&bytes, record.plain_bytes);
    Ok(length && plain.is_ok_and(|plain| crc32fast::hash(&plain) == record.crc32))
}

/// The block that these bytes are, if they are one: lines, ended by a full flush.
fn whole_block(bytes: &[u8]) -> Option<Record> {
    let mut inflate = Inflate::default();
    inflate.take(bytes);
    // At the end of a block, and only there, the empty final block is the end of the stream.
    let ended = inflate.status == Status::Ok && inflate.is_used_up(bytes) && {
        let before = inflate.plain.len();
        inflate.take(&FINAL_BLOCK);
        inflate.status == Status::StreamEnd && inflate.plain.len() == before
    };
    let plain = inflate.plain;
    (ended && plain.last() == Some(&b'\n')).then(|| Record {
        id: 0,
        compressed_bytes: bytes.len() as u64,
        plain_bytes: plain.len() as u64,
        crc32: crc32fast::hash(&plain),
    })
}

/// The whole lines at the beginning of a block that was cut off.
fn lines_of(bytes: &[u8]) -> Vec<u8> {
    let mut inflate = Inflate::default();
    inflate.take(bytes);
    let mut plain = inflate.plain;
    let whole = plain
        .split_inclusive(|byte| *byte == b'\n')
        .take_while(|line| line.last() == Some(&b'\n') && serde_json::from_slice::<IgnoredAny>(line).is_ok());
    let length = whole.map(<[u8]>::len).sum();
    plain.truncate(length);
    plain
}

/// Inflates as much as there is, within [`MAX_PLAIN_BYTES`].
struct Inflate {
    inflate: Decompress,
    plain: Vec<u8>,
    status: Status,
}

impl Default for Inflate {
    fn default() -> Self {
        Self { inflate: Decompress::new(false), plain: Vec::new(), status: Status::Ok }
    }
}

impl Inflate {
    fn take(&mut self, bytes: &[u8]) {
        let begin = self.inflate.total_in();
        loop {
            let used = usize::try_from(self.inflate.total_in() - begin).unwrap_or(usize::MAX);
            if used >= bytes.len() && self.plain.len() < self.plain.capacity() {
                return;
            }
            self.plain.reserve(64 << 10);
            let before = (self.inflate.total_in(), self.plain.len());
            let inflated = self.inflate.decompress_vec(
                &bytes[used.min(bytes.len())..],
                &mut self.plain,
                FlushDecompress::None,
            );
            let stuck = before == (self.inflate.total_in(), self.plain.len());
            self.status = match inflated {
                Ok(Status::StreamEnd) => Status::StreamEnd,
                Ok(_) if self.plain.len() <= MAX_PLAIN_BYTES => Status::Ok,
                _ => Status::BufError,
            };
            if stuck || self.status != Status::Ok {
                return;
            }
        }
    }

    fn is_used_up(&self, bytes: &[u8]) -> bool {
        self.inflate.total_in() == bytes.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::sink::files::index::Sum;
    use proptest::prelude::*;

    /// A file of blocks with these lines, its records, and where each block ends.
    fn file(blocks: &[Vec<String>]) -> (Vec<u8>, Vec<Record>, Vec<usize>) {
        let (mut bytes, mut records, mut ends) = (GZIP_HEADER.to_vec(), Vec::new(), vec![GZIP_HEADER.len()]);
        for lines in blocks {
            let plain: String = lines.iter().map(|line| format!("{{\"text\":{line:?}}}\n")).collect();
            let block = Block::compress(plain.as_bytes());
            bytes.extend_from_slice(&block.bytes);
            ends.push(bytes.len());
            records.push(Record {
                id: 0,
                compressed_bytes: block.bytes.len() as u64,
                plain_bytes: block.plain_bytes,
                crc32: block.crc32,
            });
        }
        bytes.extend_from_slice(&Sum::of(&records).tail());
        (bytes, records, ends)
    }

    /// The lines in what is kept.
    fn plain_of(bytes: &[u8], kept: &Survey) -> String {
        let sum = Sum::of(&kept.records);
        let end = usize::try_from(sum.end()).unwrap().min(bytes.len());
        let mut file = bytes[..end].to_vec();
        file.extend_from_slice(&sum.tail());
        let mut text = String::new();
        if end > GZIP_HEADER.len() {
            flate2::bufread::GzDecoder::new(&file[..]).read_to_string(&mut text).unwrap();
        }
        text + std::str::from_utf8(&kept.lines).unwrap()
    }

    fn survey(bytes: &[u8], known: &[Record]) -> Survey {
        Survey::of(&mut Cursor::new(bytes), known).unwrap().expect("it is a trace file")
    }

    fn blocks() -> impl Strategy<Value = Vec<Vec<String>>> {
        prop::collection::vec(prop::collection::vec("[a-z äöü]{0,200}", 1..8), 0..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_was_cut_off_everything_before_the_last_whole_block_is_kept(
            blocks in blocks(), known in 0_usize..6, cut in any::<prop::sample::Index>(),
        ) {
            let (bytes, records, ends) = file(&blocks);
            let cut = cut.index(bytes.len() + 1);
            let known = &records[..known.min(records.len())];
            let kept = survey(&bytes[..cut], known);
            let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            let text = |blocks: &[Vec<String>]| -> String {
                blocks.iter().flatten().map(|line| format!("{{\"text\":{line:?}}}\n")).collect()
            };
            let found = plain_of(&bytes, &kept);
            prop_assert!(found.starts_with(&text(&blocks[..whole])));
            // What is kept of a torn block is whole lines of it.
            prop_assert!(text(&blocks).starts_with(&found) && (found.is_empty() || found.ends_with('\n')));
        }

        #[test]
        fn whatever_was_flipped_everything_before_it_is_kept(
            blocks in blocks(), indexed in any::<bool>(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let (mut bytes, records, ends) = file(&blocks);
            let at = GZIP_HEADER.len() + at.index(bytes.len() - GZIP_HEADER.len());
            bytes[at] ^= 1 << bit;
            let kept = survey(&bytes, if indexed { &records } else { &[] });
            let before = ends.iter().filter(|end| **end <= at).count() - 1;
            prop_assert_eq!(&kept.records[..before], &records[..before]);
        }

        #[test]
        fn no_bytes_make_it_panic_or_grow(mut bytes in prop::collection::vec(any::<u8>(), 0..2000), header in any::<bool>()) {
            if header {
                bytes.splice(0..0, GZIP_HEADER);
            }
            if let Some(kept) = Survey::of(&mut Cursor::new(&bytes), &[]).unwrap() {
                prop_assert!(kept.lines.len() <= bytes.len() * 1032);
            }
        }
    }

    #[test]
    fn what_no_inspector_wrote_is_left_alone() {
        for bytes in [&b"{\"name\":\"plain\"}\n"[..], b"PK\x03\x04", &[0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 0, 3]] {
            assert_eq!(Survey::of(&mut Cursor::new(bytes), &[]).unwrap(), None);
        }
    }

    #[test]
    fn a_file_full_of_false_ends_takes_bounded_time() {
        let mut bytes = GZIP_HEADER.to_vec();
        // A stored block that holds what a flush ends with, many times, and never ends.
        bytes.extend_from_slice(&[0, 0xff, 0xff, 0, 0]);
        bytes.extend(FLUSHED.repeat(1 << 20));
        assert_eq!(survey(&bytes, &[]).records, []);
    }
}
