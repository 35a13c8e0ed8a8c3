//! A trace file that this process writes.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::index::{self, Epoch, Index, Owner, Record, Sum, index_dir, open_private};
use super::name::{FileName, MAX_PARTS};
use super::survey::Survey;
use crate::model::SessionId;
use crate::sink::{History, SinkError};
use crate::store::chunk::GZIP_HEADER;
use crate::store::{Block, BlockId, BlockIndex, Store, TraceIndex};

/// How many bytes are written at a time at least, when there are so many. After each the file is whole.
const WRITE_BYTES: usize = 1 << 20;

/// An open trace file. No other process writes it as long as this lives.
#[derive(Debug)]
pub(super) struct Written {
    path: PathBuf,
    anew: PathBuf,
    file: File,
    /// Holds the lock.
    index: File,
    owner: Owner,
    sum: Sum,
    /// Of the blocks that the store listed last.
    generation: Option<u64>,
}

impl Written {
    /// Opens the file of a session, and makes it when there is none yet. A file of the name that another program or another
    /// history wrote is not touched: then a further one is the session's.
    pub(super) fn open(dir: &Path, session: &SessionId, history: &History<'_>) -> Result<Self, SinkError> {
        for part in 0..MAX_PARTS {
            let name = FileName::of(session, part);
            if let Some(written) = Self::open_named(dir, &name, session, history)? {
                return Ok(written);
            }
        }
        Err(SinkError::Refused(format!("all names for the session {session} are taken in {}", dir.display())))
    }

    fn open_named(
        dir: &Path,
        name: &FileName,
        session: &SessionId,
        history: &History<'_>,
    ) -> Result<Option<Self>, SinkError> {
        let (path, index_path) = (dir.join(name.to_string()), index_dir(dir).join(name.index()));
        let length = match fs::metadata(&path) {
            Ok(found) => Some(found.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unavailable(&path, &error)),
        };
        let indexed = index_path.try_exists().map_err(|error| unavailable(&index_path, &error))?;
        if length.is_some() && !indexed {
            return Ok(None);
        }
        let mut index = open_private(&index_path, false).map_err(|error| unavailable(&index_path, &error))?;
        match index.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let of_this = Index::of_file(dir, name);
                let ours = of_this.is_none_or(|index| is_of(&index.owner, name, session, history));
                let held = || SinkError::Refused(format!("{} is written by another process", path.display()));
                return if ours { Err(held()) } else { Ok(None) };
            }
            Err(TryLockError::Error(error)) => return Err(unavailable(&index_path, &error)),
        }
        let known = Index::read(&mut index).map_err(|error| unavailable(&index_path, &error))?;
        let known = match known {
            Some(known) if is_of(&known.owner, name, session, history) => known,
            Some(_) => return Ok(None),
            // Its writer died, or the disk was full, before it wrote a line; unless something is in the file: then nobody
            // knows whose it is.
            None if length.is_some_and(|bytes| bytes > 0) => return Ok(None),
            None => Index { owner: new_owner(name, session, history), records: Vec::new() },
        };
        let Some(file) = Self::take_over(&path, &mut index, &known)? else { return Ok(None) };
        let (owner, sum, file) = file;
        let anew = index_dir(dir).join(name.anew());
        Ok(Some(Self { path, anew, file, index, owner, sum, generation: None }))
    }

    /// Opens the file that an index is of, and repairs it when it is not as the index says.
    fn take_over(
        path: &Path,
        index: &mut File,
        known: &Index,
    ) -> Result<Option<(Owner, Sum, File)>, SinkError> {
        let failed = |error: io::Error| unavailable(path, &error);
        let mut file = open_private(path, false).map_err(failed)?;
        let mut owner = known.owner.clone();
        let mut records = known.records.clone();
        if !is_as_said(&mut file, &Sum::of(&records)).map_err(failed)? {
            let Some(survey) = Survey::of(&mut file, &records).map_err(failed)? else { return Ok(None) };
            records = mend(&mut file, survey).map_err(failed)?;
            owner.epoch = Epoch::fresh();
        }
        // Also takes away a line that was not finished.
        Index { owner: owner.clone(), records: records.clone() }.write(index).map_err(failed)?;
        Ok(Some((owner, Sum::of(&records), file)))
    }

    /// Whether the file is still the one at its path, and nobody changed it.
    pub(super) fn is_still_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| {
            found.len() == self.sum.length() && self.file.metadata().is_ok_and(|own| is_same(&found, &own))
        })
    }

    /// Brings the file to what the store has. Says how many bytes were written.
    pub(super) fn follow(&mut self, index: &TraceIndex, history: &History<'_>) -> Result<u64, SinkError> {
        let known = self.sum.blocks;
        let grown = self.generation == Some(index.generation) && index.blocks.len() >= known;
        let written = if grown {
            self.append(&index.blocks[known..], history.store())?
        } else {
            let records = self.records()?;
            match self.lacks(&records, &index.blocks, history)? {
                Some(from) => self.append(&index.blocks[from..], history.store())?,
                None => self.write_anew(&index.blocks, history.store())?,
            }
        };
        // A store that dropped its oldest blocks lists fewer than there are here: compared again the next time.
        self.generation = (self.sum.blocks == index.blocks.len()).then_some(index.generation);
        Ok(written)
    }

    fn records(&mut self) -> Result<Vec<Record>, SinkError> {
        let known = Index::read(&mut self.index).map_err(|error| self.unavailable(&error))?;
        Ok(known.map(|known| known.records).unwrap_or_default())
    }

    /// From which of the store's blocks on the file lacks them; `None` when it must be written anew.
    fn lacks(
        &self,
        records: &[Record],
        blocks: &[BlockIndex],
        history: &History<'_>,
    ) -> Result<Option<usize>, SinkError> {
        let begins_with = |records: &[Record]| {
            records.len() <= blocks.len()
                && records.iter().zip(blocks).all(|(record, block)| record.is(block))
        };
        if begins_with(records) {
            return Ok(Some(records.len()));
        }
        if history.is_lasting() {
            return Ok(None);
        }
        // A store in memory drops the oldest blocks for want of room. They are nowhere else any more, and stay here.
        let kept = (1..=records.len()).find(|dropped| begins_with(&records[*dropped..]));
        let Some(dropped) = kept else { return Ok(None) };
        for record in &records[..dropped] {
            if history.store().block(BlockId(record.id))?.is_some() {
                return Ok(None);
            }
        }
        Ok(Some(records.len() - dropped))
    }

    /// Adds blocks at the end: over the tail, with a new tail behind them.
    fn append(&mut self, blocks: &[BlockIndex], store: &dyn Store) -> Result<u64, SinkError> {
        let mut written = 0;
        let mut left = blocks;
        while !left.is_empty() {
            let (mut bytes, mut records) = (Vec::new(), Vec::new());
            while let Some((block, rest)) = left.split_first().filter(|_| bytes.len() < WRITE_BYTES) {
                let Some(found) = store.block(block.id)? else {
                    // The session changes at this moment; what is here until now is right, and more is told soon.
                    return Err(SinkError::Refused("a session changed while it was copied".to_owned()));
                };
                bytes.extend_from_slice(&found);
                records.push(Record::of(block));
                left = rest;
            }
            written += bytes.len() as u64;
            self.add(bytes, &records).map_err(|error| self.unavailable(&error))?;
        }
        Ok(written)
    }

    fn add(&mut self, mut bytes: Vec<u8>, records: &[Record]) -> io::Result<()> {
        let mut sum = self.sum.clone();
        records.iter().for_each(|record| sum.add(record));
        bytes.extend_from_slice(&sum.tail());
        let end = self.sum.end();
        let added = self.file.seek(SeekFrom::Start(end)).and_then(|_| self.file.write_all(&bytes));
        if let Err(error) = added.and_then(|()| index::add(&mut self.index, records)) {
            // The old tail's bytes are there already, so that a full disk takes them.
            self.file.seek(SeekFrom::Start(end))?;
            self.file.write_all(&self.sum.tail())?;
            self.file.set_len(self.sum.length())?;
            return Err(error);
        }
        self.sum = sum;
        Ok(())
    }

    /// Writes a file with these blocks and puts it in the place of this one. A reader has either the one or the other.
    fn write_anew(&mut self, blocks: &[BlockIndex], store: &dyn Store) -> Result<u64, SinkError> {
        let anew = self.anew.clone();
        let done = self.write_to(&anew, blocks, store);
        if done.is_err() {
            // It holds nothing that is not elsewhere.
            let _ = fs::remove_file(&anew);
        }
        done
    }

    fn write_to(&mut self, anew: &Path, blocks: &[BlockIndex], store: &dyn Store) -> Result<u64, SinkError> {
        let failed = |error: io::Error| unavailable(anew, &error);
        // What is left of a process that died while it wrote.
        let _ = fs::remove_file(anew);
        let mut file = open_private(anew, true).map_err(failed)?;
        file.write_all(&GZIP_HEADER).map_err(failed)?;
        let (mut records, mut sum) = (Vec::with_capacity(blocks.len()), Sum::default());
        for block in blocks {
            let Some(bytes) = store.block(block.id)? else {
                return Err(SinkError::Refused("a session changed while it was copied".to_owned()));
            };
            file.write_all(&bytes).map_err(failed)?;
            let record = Record::of(block);
            sum.add(&record);
            records.push(record);
        }
        file.write_all(&sum.tail()).map_err(failed)?;
        fs::rename(anew, &self.path).map_err(failed)?;
        // From here on the index tells of blocks that are no more: dying now leaves a file that is looked through.
        self.file = file;
        self.owner.epoch = Epoch::fresh();
        self.sum = sum;
        let written = Index { owner: self.owner.clone(), records }.write(&mut self.index);
        written.map_err(|error| self.unavailable(&error))?;
        Ok(self.sum.length())
    }

    fn unavailable(&self, error: &io::Error) -> SinkError {
        unavailable(&self.path, error)
    }
}

/// Whether a file's length and tail are what its blocks add up to. A file that is empty is made one without blocks.
pub(super) fn is_as_said(file: &mut File, sum: &Sum) -> io::Result<bool> {
    let length = file.metadata()?.len();
    if length == 0 && sum.blocks == 0 {
        file.write_all(&GZIP_HEADER)?;
        file.write_all(&sum.tail())?;
        return Ok(true);
    }
    if length != sum.length() {
        return Ok(false);
    }
    let mut tail = [0; 10];
    file.seek(SeekFrom::Start(sum.end()))?;
    file.read_exact(&mut tail)?;
    Ok(tail == sum.tail())
}

/// Cuts off what is not whole and writes the tail anew. Gives the blocks that are then there.
pub(super) fn mend(file: &mut File, survey: Survey) -> io::Result<Vec<Record>> {
    let Survey { mut records, lines } = survey;
    let end = Sum::of(&records).end();
    let mut bytes = Vec::new();
    if !lines.is_empty() {
        let block = Block::compress(&lines);
        records.push(Record {
            id: 0,
            compressed_bytes: block.bytes.len() as u64,
            plain_bytes: block.plain_bytes,
            crc32: block.crc32,
        });
        bytes.extend_from_slice(&block.bytes);
    }
    let sum = Sum::of(&records);
    bytes.extend_from_slice(&sum.tail());
    // The header may have been cut off too.
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&GZIP_HEADER)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&bytes)?;
    file.set_len(sum.length())?;
    Ok(records)
}

fn new_owner(name: &FileName, session: &SessionId, history: &History<'_>) -> Owner {
    Owner {
        session: session.clone(),
        file: name.to_string(),
        history: history.identity().to_owned(),
        epoch: Epoch::fresh(),
    }
}

/// Whether a file may be written as a copy of this session.
fn is_of(owner: &Owner, name: &FileName, session: &SessionId, history: &History<'_>) -> bool {
    owner.file == name.to_string() && owner.session == *session && owner.history == history.identity()
}

/// Whether two descriptions are of one file. Where that cannot be told they are: nobody replaces files that are in use there.
#[cfg(unix)]
fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn unavailable(path: &Path, error: &io::Error) -> SinkError {
    SinkError::Unavailable(format!("{}: {error}", path.display()))
}
