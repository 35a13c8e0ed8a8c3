//! What the bytes of a trace are made of.

use crate::store::chunk::{GZIP_HEADER, gzip_tail};
use crate::store::{BlockIndex, TraceIndex};

/// The two forms in which a trace is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One gzip member.
    Gzip,
    /// The lines as they are.
    Identity,
}

/// A representation whose length and bytes are fixed, however the session grows meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) form: Form,
    /// The length of the lines.
    pub(super) plain_bytes: u64,
    /// The length of the representation.
    pub(super) length: u64,
    /// Its strong entity tag.
    pub(super) etag: String,
    blocks: Vec<BlockIndex>,
    crc32: u32,
}

/// A stretch of a representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// The gzip header.
    Header,
    /// A block, compressed or not as the form says.
    Block(BlockIndex),
    /// The gzip tail.
    Tail,
}

impl Plan {
    /// The representation of the blocks of `index`; with `until`, only of those that lie whole within the first `until`
    /// bytes of lines.
    pub(super) fn new(index: TraceIndex, form: Form, until: Option<u64>) -> Self {
        let TraceIndex { generation, mut blocks } = index;
        let (mut plain_bytes, mut compressed_bytes, mut crc) = (0_u64, 0_u64, crc32fast::Hasher::new());
        let fit = blocks.iter().take_while(|block| {
            let end = plain_bytes.saturating_add(block.plain_bytes);
            let fits = until.is_none_or(|until| end <= until);
            if fits {
                plain_bytes = end;
                compressed_bytes = compressed_bytes.saturating_add(block.compressed_bytes);
                crc.combine(&crc32fast::Hasher::new_with_initial_len(block.crc32, block.plain_bytes));
            }
            fits
        });
        let fit = fit.count();
        blocks.truncate(fit);
        let crc32 = crc.finalize();
        let (length, suffix) = match form {
            Form::Gzip => (compressed_bytes + (GZIP_HEADER.len() + gzip_tail(0, 0).len()) as u64, "gz"),
            Form::Identity => (plain_bytes, "id"),
        };
        // The generation and the length name the bytes within one store; the sum also tells stores apart.
        let etag = format!("\"{generation:x}-{length:x}-{crc32:08x}-{suffix}\"");
        Self { form, plain_bytes, length, etag, blocks, crc32 }
    }

    /// The pieces that the bytes `from..to` touch, each with the part of it that is wanted.
    pub(super) fn pieces(&self, from: u64, to: u64) -> Vec<(Piece, std::ops::Range<u64>)> {
        let blocks = self.blocks.iter().map(|block| match self.form {
            Form::Gzip => (Piece::Block(*block), block.compressed_bytes),
            Form::Identity => (Piece::Block(*block), block.plain_bytes),
        });
        let frame = |piece, length: usize| (self.form == Form::Gzip).then_some((piece, length as u64));
        let header = frame(Piece::Header, GZIP_HEADER.len());
        let tail = frame(Piece::Tail, gzip_tail(0, 0).len());
        let mut begin = 0;
        let all = header.into_iter().chain(blocks).chain(tail).map(|(piece, length)| {
            let at = begin;
            begin += length;
            (piece, at, length)
        });
        all.filter_map(|(piece, at, length)| {
            let part = from.saturating_sub(at)..to.saturating_sub(at).min(length);
            (part.start < part.end).then_some((piece, part))
        })
        .collect()
    }

    /// The gzip tail.
    pub(super) fn tail(&self) -> [u8; 10] {
        gzip_tail(self.crc32, self.plain_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::BlockId;

    fn index(generation: u64, blocks: i64) -> TraceIndex {
        let block = |id| BlockIndex { id: BlockId(id), compressed_bytes: 10, plain_bytes: 100, crc32: 7 };
        TraceIndex { generation, blocks: (0..blocks).map(block).collect() }
    }

    fn whole(index: TraceIndex, form: Form) -> Plan {
        Plan::new(index, form, None)
    }

    #[test]
    fn a_range_touches_only_the_blocks_it_lies_in() {
        let plan = whole(index(1, 5), Form::Identity);
        let pieces = plan.pieces(150, 301);
        let touched = pieces.iter().map(|(piece, part)| match piece {
            Piece::Block(block) => (block.id.0, part.clone()),
            other => panic!("{other:?} in the identity form"),
        });
        assert_eq!(touched.collect::<Vec<_>>(), [(1, 50..100), (2, 0..100), (3, 0..1)]);
        let plan = whole(index(1, 2), Form::Gzip);
        assert_eq!(plan.length, 40);
        let kinds: Vec<_> = plan.pieces(0, 40).into_iter().map(|(_, part)| part).collect();
        assert_eq!(kinds, [0..10, 0..10, 0..10, 0..10]);
        assert_eq!(plan.pieces(35, 36), [(Piece::Tail, 5..6)]);
    }

    #[test]
    fn the_tag_changes_with_the_form_the_length_and_the_generation() {
        let tags = [
            whole(index(1, 2), Form::Identity).etag,
            whole(index(1, 2), Form::Gzip).etag,
            whole(index(1, 3), Form::Identity).etag,
            whole(index(2, 2), Form::Identity).etag,
        ];
        let different: std::collections::HashSet<_> = tags.iter().collect();
        assert_eq!(different.len(), 4);
    }

    #[test]
    fn until_names_a_prefix_that_stays_the_same_while_the_session_grows() {
        let then = whole(index(1, 2), Form::Gzip);
        let now = Plan::new(index(1, 9), Form::Gzip, Some(then.plain_bytes));
        assert_eq!((now.etag, now.length), (then.etag, then.length));
        assert_eq!(Plan::new(index(1, 9), Form::Identity, Some(199)).plain_bytes, 100);
    }
}
