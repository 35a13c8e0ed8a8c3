//! Connections: one that writes, a few that read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags, Transaction};

use super::failure::{Failure, Result};
use crate::store::StoreError;

/// How many reads run at once; more wait. Each connection may hold a cache of a few hundred KiB.
const MAX_READERS: usize = 4;

/// How long a read waits for its turn, and a statement for a lock of another process.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the connection that writes.
///
/// Durability is `NORMAL`: in WAL mode a commit survives the death of the process; only when the machine itself dies
/// may the last commits be gone, and the file is whole then too. Only the reservation of event ids asks for more.
pub(super) fn writer(path: &Path) -> Result<Connection> {
    let connection = open(path)?;
    // The first two have an effect only before the first table, and the page size only before WAL.
    connection.execute_batch(
        "PRAGMA page_size = 8192;
         PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA secure_delete = FAST;
         PRAGMA synchronous = NORMAL;
         PRAGMA journal_size_limit = 33554432;
         PRAGMA cache_size = -4096;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection> {
    // Not created here: the file is there already, with the permissions that it should have.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The connections that read.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Debug)]
struct Pool {
    idle: Vec<Connection>,
    /// How often the database was begun anew.
    age: u64,
    /// How many may still be opened.
    left: usize,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            pool: Mutex::new(Pool { idle: Vec::new(), age: 0, left: MAX_READERS }),
            freed: Condvar::new(),
        }
    }

    /// Closes the connections: the file that they are on is no longer the one in its place.
    pub(super) fn renew(&self) {
        let mut pool = self.pool.lock();
        pool.age += 1;
        let idle = std::mem::take(&mut pool.idle);
        pool.left += idle.len();
        drop(pool);
        drop(idle);
    }

    /// Reads at one moment of the database: what is committed meanwhile is not seen.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut reader = self.take()?;
        // Never empty before it is dropped.
        let Some(connection) = reader.connection.as_mut() else { return Err(busy()) };
        let transaction = connection.transaction()?;
        let read = read(&transaction)?;
        transaction.commit()?;
        Ok(read)
    }

    fn take(&self) -> Result<Reader<'_>> {
        let mut pool = self.pool.lock();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(Reader { readers: self, age: pool.age, connection: Some(connection) });
            }
            if pool.left > 0 {
                pool.left -= 1;
                // From here on the place is given back when the reader is dropped, also when it cannot be opened.
                let mut reader = Reader { readers: self, age: pool.age, connection: None };
                drop(pool);
                let connection = open(&self.path)?;
                connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1024;")?;
                reader.connection = Some(connection);
                return Ok(reader);
            }
            if self.freed.wait_for(&mut pool, PATIENCE).timed_out() {
                return Err(busy());
            }
        }
    }
}

fn busy() -> Failure {
    StoreError::Unavailable("too many reads are under way".to_owned()).into()
}

/// A connection on loan; it comes back also when the reader panics.
struct Reader<'a> {
    readers: &'a Readers,
    age: u64,
    connection: Option<Connection>,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool.lock();
        match self.connection.take() {
            Some(connection) if self.age == pool.age => pool.idle.push(connection),
            _ => pool.left += 1,
        }
        drop(pool);
        self.readers.freed.notify_one();
    }
}
