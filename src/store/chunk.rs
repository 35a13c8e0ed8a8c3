//! Span lines as compressed blocks.
//!
//! A block is raw deflate (RFC 1951) ended by a full flush: byte-aligned, without a final block, and independent of
//! what came before. Blocks can therefore be concatenated under one gzip header and tail (RFC 1952) into a single
//! member, which is how a trace is served without compressing anything again. Concatenated gzip *members* would not
//! do: Chromium and curl silently stop after the first.

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::StoreError;
use crate::model::{SpanSummary, TraceId};

/// Level 2 makes 28 % fewer bytes than level 1 (794 instead of 1,102 of an agent's span, in blocks of 25) for 3 us more a
/// span; level 6 saves another tenth for 18 us. Ended sessions are packed at that level anyway.
const LEVEL: Compression = Compression::new(2);

/// Setting up level 2 takes as long as compressing a line or two.
const SMALL_LEVEL: Compression = Compression::new(1);

/// Fewer plain bytes than this are compressed at [`SMALL_LEVEL`].
const SMALL_BYTES: usize = 16 << 10;

/// The gzip header before a trace's blocks (RFC 1952): deflate, no name, no time, unknown system.
pub const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// The empty final deflate block after a trace's blocks.
pub const FINAL_BLOCK: [u8; 2] = [0x03, 0x00];

/// The end of a gzip member (RFC 1952): the final block, the CRC-32 and the length (modulo 2^32) of the plain bytes.
#[must_use]
pub fn gzip_tail(crc32: u32, plain_bytes: u64) -> [u8; 10] {
    let mut tail = [0; 10];
    tail[..2].copy_from_slice(&FINAL_BLOCK);
    tail[2..6].copy_from_slice(&crc32.to_le_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "RFC 1952 asks for the length modulo 2^32")]
    tail[6..].copy_from_slice(&(plain_bytes as u32).to_le_bytes());
    tail
}

/// Compressed lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// Raw deflate, ended by a full flush.
    pub bytes: Bytes,
    /// The length of the lines.
    pub plain_bytes: u64,
    /// The CRC-32 of the lines.
    pub crc32: u32,
}

impl Block {
    /// Compresses `plain`.
    #[must_use]
    pub fn compress(plain: &[u8]) -> Self {
        Self::compress_at(if plain.len() < SMALL_BYTES { SMALL_LEVEL } else { LEVEL }, plain)
    }

    /// Compresses `plain` at another level, for what is compressed once and kept long.
    #[must_use]
    pub(crate) fn compress_at(level: Compression, plain: &[u8]) -> Self {
        let mut compress = Compress::new(level, false);
        let mut bytes = Vec::with_capacity(plain.len() / 3 + 64);
        let mut read = 0;
        // A full flush is complete when the output was not filled up.
        loop {
            bytes.reserve(1024 + (plain.len() - read) / 3);
            let (before_in, before_out) = (compress.total_in(), bytes.len());
            let status = compress.compress_vec(&plain[read..], &mut bytes, FlushCompress::Full);
            read += usize::try_from(compress.total_in() - before_in).unwrap_or(0);
            let filled = bytes.len() == bytes.capacity();
            let moved = bytes.len() != before_out || compress.total_in() != before_in;
            if status.is_err() || (read == plain.len() && !filled) || !moved {
                break;
            }
        }
        Self { bytes: bytes.into(), plain_bytes: plain.len() as u64, crc32: crc32fast::hash(plain) }
    }

    /// The lines of a block.
    ///
    /// # Errors
    ///
    /// When `bytes` is not a block of `plain_bytes` bytes.
    pub fn decompress(bytes: &[u8], plain_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let corrupt = || StoreError::Corrupt("a block of span lines cannot be decompressed".to_owned());
        // Deflate makes at most 1,032 bytes out of one: a damaged length does not ask for memory.
        if plain_bytes / 1032 > bytes.len() as u64 {
            return Err(corrupt());
        }
        let expected = usize::try_from(plain_bytes).map_err(|_| corrupt())?;
        let mut plain = Vec::with_capacity(expected);
        let mut decompress = Decompress::new(false);
        let status =
            decompress.decompress_vec(bytes, &mut plain, FlushDecompress::None).map_err(|_| corrupt())?;
        if plain.len() != expected || status == Status::StreamEnd {
            return Err(corrupt());
        }
        Ok(plain)
    }
}

/// Spans of one trace and the block that holds their lines.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chunk {
    /// The trace.
    pub trace_id: TraceId,
    /// The lines.
    pub block: Block,
    /// The spans in order of their lines; of several about one span the last one counts.
    pub spans: Vec<ChunkSpan>,
}

impl Chunk {
    /// About how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.block.bytes.len() + self.spans.len() * size_of::<ChunkSpan>() * 2
    }
}

/// One line of a chunk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChunkSpan {
    /// What lists and trees show of the span.
    pub summary: SpanSummary,
    /// Where its line begins in the plain bytes.
    pub offset: u32,
    /// How long its line is, without the line feed.
    pub length: u32,
}

/// Whether a later line about a span replaces what is known of it. A line that comes late and says that the span still
/// runs does not bring an ended span back.
#[must_use]
pub fn replaces(known: &SpanSummary, later: &SpanSummary) -> bool {
    later.end_time.is_some() || known.end_time.is_none()
}

/// The most bytes of lines in one block, or one line if that is longer: enough to compress well, little enough to open for
/// one span.
pub const MAX_CHUNK_BYTES: usize = 256 << 10;

/// Gathers lines of one trace and compresses them, into several chunks when they are many.
#[derive(Debug)]
pub struct ChunkBuilder {
    trace_id: TraceId,
    full: Vec<Chunk>,
    plain: Vec<u8>,
    spans: Vec<ChunkSpan>,
}

impl ChunkBuilder {
    /// Nothing yet.
    #[must_use]
    pub fn new(trace_id: TraceId) -> Self {
        Self { trace_id, full: Vec::new(), plain: Vec::new(), spans: Vec::new() }
    }

    /// Adds a span's line.
    ///
    /// # Errors
    ///
    /// When the span has no JSON form.
    pub fn push(&mut self, span: &crate::model::Span, summary: SpanSummary) -> Result<(), serde_json::Error> {
        if self.plain.len() > MAX_CHUNK_BYTES {
            self.close();
        }
        let offset = self.plain.len();
        if let Err(error) = serde_json::to_writer(&mut self.plain, span) {
            self.plain.truncate(offset);
            return Err(error);
        }
        let length = self.plain.len() - offset;
        self.plain.push(b'\n');
        let narrow = |wide: usize| u32::try_from(wide).unwrap_or(u32::MAX);
        self.spans.push(ChunkSpan { summary, offset: narrow(offset), length: narrow(length) });
        Ok(())
    }

    /// Compresses what was gathered, in the order in which it came.
    #[must_use]
    pub fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.full
    }

    fn close(&mut self) {
        if !self.spans.is_empty() {
            let block = Block::compress(&self.plain);
            self.full.push(Chunk { trace_id: self.trace_id, block, spans: std::mem::take(&mut self.spans) });
            self.plain.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn many_lines_become_several_chunks_in_their_order() {
        use crate::model::{EventId, Span, SpanId, Timestamp};
        let trace = TraceId::from_bytes([1; 16]).unwrap();
        let mut builder = ChunkBuilder::new(trace);
        for number in 1..=30_u64 {
            let mut span =
                Span::new(trace, SpanId::from_bytes(number.to_be_bytes()).unwrap(), "s", Timestamp::EPOCH);
            span.attributes.set("text", "word ".repeat(6_000));
            let summary = span.summary(EventId(number));
            builder.push(&span, summary).unwrap();
        }
        let chunks = builder.finish();
        assert!(
            chunks.len() > 1
                && chunks.iter().all(|chunk| chunk.block.plain_bytes < 2 * MAX_CHUNK_BYTES as u64)
        );
        let order: Vec<u64> =
            chunks.iter().flat_map(|chunk| &chunk.spans).map(|line| line.summary.event_id.0).collect();
        assert_eq!(order, (1..=30).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn blocks_under_one_header_and_tail_are_one_gzip_member(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 0..6)) {
            let mut file = GZIP_HEADER.to_vec();
            let mut crc = crc32fast::Hasher::new();
            for part in &parts {
                let block = Block::compress(part);
                prop_assert_eq!(&Block::decompress(&block.bytes, block.plain_bytes).unwrap(), part);
                file.extend_from_slice(&block.bytes);
                crc.combine(&crc32fast::Hasher::new_with_initial_len(block.crc32, block.plain_bytes));
            }
            let plain = parts.concat();
            file.extend_from_slice(&gzip_tail(crc.finalize(), plain.len() as u64));
            let mut read = Vec::new();
            flate2::bufread::GzDecoder::new(&file[..]).read_to_end(&mut read).unwrap();
            prop_assert_eq!(read, plain);
        }

        #[test]
        fn a_damaged_block_is_refused_and_never_grows(bytes in prop::collection::vec(any::<u8>(), 0..200), plain_bytes in 0_u64..2000) {
            if let Ok(plain) = Block::decompress(&bytes, plain_bytes) {
                prop_assert_eq!(plain.len() as u64, plain_bytes);
            }
        }
    }
}
