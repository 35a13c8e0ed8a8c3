//! What is known of a trace file that an inspector writes: whose it is, and which blocks it has.
//!
//! It lies beside the trace files, in [`index_dir`]: a line that says whose the file is, then a line for each block. Lines
//! are added after the block is in the file. Its lock is held as long as a process writes the file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::name::FileName;
use crate::model::SessionId;
use crate::store::BlockIndex;
use crate::store::chunk::{GZIP_HEADER, gzip_tail};

/// Where the first block of a file begins.
pub(crate) const HEADER_BYTES: u64 = GZIP_HEADER.len() as u64;

/// The longest index that is read: a million blocks.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// The longest line that says whose a file is.
const MAX_OWNER_BYTES: u64 = 1024;

/// No block is larger, packed or not: a damaged length must not make sums overflow.
const MAX_BLOCK_BYTES: u64 = 1 << 40;

/// Where the indexes of the trace files in `dir` are.
pub(crate) fn index_dir(dir: &Path) -> PathBuf {
    dir.join(".agent-inspector")
}

/// Whose a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    /// The session.
    pub(crate) session: SessionId,
    /// The name of the file: one that differs in capitals only is another.
    pub(crate) file: String,
    /// The history that it is a copy of, see [`History::identity`](super::super::History::identity).
    pub(crate) history: String,
    /// Another one when the file was written anew.
    pub(crate) epoch: Epoch,
}

/// Tells the writings of a file apart. Always as long as text, so that what is written over it leaves nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Epoch(String);

impl Epoch {
    pub(super) fn fresh() -> Self {
        Self(format!("{:016x}", fastrand::u64(..)))
    }
}

/// A block of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its name in the store; 0 when it is not known.
    pub(crate) id: i64,
    /// The length of its compressed bytes.
    pub(crate) compressed_bytes: u64,
    /// The length of its lines.
    pub(crate) plain_bytes: u64,
    /// The CRC-32 of its lines.
    pub(crate) crc32: u32,
}

impl Record {
    pub(crate) fn of(block: &BlockIndex) -> Self {
        Self {
            id: block.id.0,
            compressed_bytes: block.compressed_bytes,
            plain_bytes: block.plain_bytes,
            crc32: block.crc32,
        }
    }

    /// Whether it is the same bytes.
    pub(crate) fn is(&self, block: &BlockIndex) -> bool {
        let Self { compressed_bytes, plain_bytes, crc32, .. } = *self;
        (compressed_bytes, plain_bytes, crc32) == (block.compressed_bytes, block.plain_bytes, block.crc32)
    }

    fn line(&self) -> String {
        let Self { id, compressed_bytes, plain_bytes, crc32 } = self;
        format!("{id} {compressed_bytes} {plain_bytes} {crc32:08x}\n")
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let record = Self {
            id: words.next()?.parse().ok()?,
            compressed_bytes: words.next()?.parse().ok()?,
            plain_bytes: words.next()?.parse().ok()?,
            crc32: u32::from_str_radix(words.next()?, 16).ok()?,
        };
        let absurd = record.compressed_bytes > MAX_BLOCK_BYTES || record.plain_bytes > MAX_BLOCK_BYTES;
        (words.next().is_none() && !absurd).then_some(record)
    }
}

/// What the blocks of a file add up to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    /// How many there are.
    pub(crate) blocks: usize,
    compressed_bytes: u64,
    plain_bytes: u64,
    crc: crc32fast::Hasher,
}

impl Sum {
    pub(crate) fn of(records: &[Record]) -> Self {
        let mut sum = Self::default();
        records.iter().for_each(|record| sum.add(record));
        sum
    }

    pub(crate) fn add(&mut self, record: &Record) {
        self.blocks += 1;
        self.compressed_bytes = self.compressed_bytes.saturating_add(record.compressed_bytes);
        self.plain_bytes = self.plain_bytes.saturating_add(record.plain_bytes);
        self.crc.combine(&crc32fast::Hasher::new_with_initial_len(record.crc32, record.plain_bytes));
    }

    /// Where the blocks end in the file and the tail begins.
    pub(crate) fn end(&self) -> u64 {
        self.compressed_bytes.saturating_add(HEADER_BYTES)
    }

    /// The tail after them.
    pub(crate) fn tail(&self) -> [u8; 10] {
        gzip_tail(self.crc.clone().finalize(), self.plain_bytes)
    }

    /// The length of the file.
    pub(crate) fn length(&self) -> u64 {
        self.end().saturating_add(self.tail().len() as u64)
    }
}

/// What an index says.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Whose the file is.
    pub(crate) owner: Owner,
    /// Its blocks in their order.
    pub(crate) records: Vec<Record>,
}

impl Index {
    /// Reads an index; `None` when it says nothing, because its writer died at its beginning. A line that is not whole,
    /// and what follows it, counts as not written.
    pub(crate) fn read(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(MAX_INDEX_BYTES).read_to_end(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.split_inclusive('\n').map_while(|line| line.strip_suffix('\n'));
        let Some(owner) = lines.next().and_then(|line| serde_json::from_str(line).ok()) else {
            return Ok(None);
        };
        Ok(Some(Self { owner, records: lines.map_while(Record::parse).collect() }))
    }

    /// Whose the file of this name is, if it is an inspector's.
    pub(crate) fn owner(dir: &Path, name: &FileName) -> Option<Owner> {
        let mut line = Vec::new();
        let file = File::open(index_dir(dir).join(name.index())).ok()?;
        BufReader::new(file).take(MAX_OWNER_BYTES).read_until(b'\n', &mut line).ok()?;
        let owner: Owner = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
        (owner.file == name.to_string()).then_some(owner)
    }

    /// Whether an index was begun that does not say yet whose the file is.
    pub(crate) fn is_begun(dir: &Path, name: &FileName) -> bool {
        let mut line = Vec::new();
        let Ok(file) = File::open(index_dir(dir).join(name.index())) else { return false };
        let read = BufReader::new(file).take(MAX_OWNER_BYTES).read_until(b'\n', &mut line);
        read.is_err() || line.last() != Some(&b'\n')
    }

    /// The index of a file that another process may be writing, if it has one that can be read.
    pub(crate) fn of_file(dir: &Path, name: &FileName) -> Option<Self> {
        Self::read(&mut File::open(index_dir(dir).join(name.index())).ok()?).ok()?
    }

    /// Where the blocks end that lie whole within the first `length` bytes of the file.
    pub(crate) fn end_within(&self, length: u64) -> u64 {
        let mut end = HEADER_BYTES;
        for record in &self.records {
            let next = end.saturating_add(record.compressed_bytes);
            if next > length {
                break;
            }
            end = next;
        }
        end
    }

    /// Writes it over what is in `file`. Whoever reads meanwhile finds whose the file is.
    pub(crate) fn write(&self, file: &mut File) -> io::Result<()> {
        let mut text = serde_json::to_string(&self.owner)?;
        text.push('\n');
        self.records.iter().for_each(|record| text.push_str(&record.line()));
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())?;
        file.set_len(text.len() as u64)
    }
}

/// Adds records at the end of an index. On an error nothing of them is left.
pub(crate) fn add(file: &mut File, records: &[Record]) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(0))?;
    let lines: String = records.iter().map(Record::line).collect();
    file.write_all(lines.as_bytes()).inspect_err(|_| _ = file.set_len(end))
}

/// Opens a file that only its owner may read, and makes it when it is not there.
pub(crate) fn open_private(path: &Path, new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).create_new(new).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_index_that_was_cut_off_has_a_prefix_of_its_records(
            sizes in prop::collection::vec((any::<i64>(), 0..MAX_BLOCK_BYTES, 0..MAX_BLOCK_BYTES, any::<u32>()), 0..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let record = |(id, compressed_bytes, plain_bytes, crc32)| Record { id, compressed_bytes, plain_bytes, crc32 };
            let records: Vec<Record> = sizes.into_iter().map(record).collect();
            let owner = Owner { session: SessionId::parse("s").unwrap(), file: "s".to_owned(), history: "h".to_owned(), epoch: Epoch::fresh() };
            let mut file = tempfile::tempfile().unwrap();
            Index { owner: owner.clone(), records: Vec::new() }.write(&mut file).unwrap();
            add(&mut file, &records).unwrap();
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0)).unwrap();
            file.read_to_end(&mut bytes).unwrap();
            let whole = Index::read(&mut Cursor::new(&bytes)).unwrap().unwrap();
            prop_assert_eq!((&whole.owner, &whole.records), (&owner, &records));
            bytes.truncate(cut.index(bytes.len() + 1));
            if let Some(part) = Index::read(&mut Cursor::new(&bytes)).unwrap() {
                prop_assert!(records.starts_with(&part.records));
            }
            // Sums of large numbers do not overflow.
            let _ = Sum::of(&records).length();
        }
    }
}
