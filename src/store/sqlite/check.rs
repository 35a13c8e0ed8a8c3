//! Whether the file is sound, as a whole.

use rusqlite::Connection;

use super::failure::{Failure, Result, corrupt};
use super::read::trace_id;
use super::spans::blob;
use super::{events, lines, schema};
use crate::store::{Block, StoreError};

/// Looks through everything: SQLite's own structure, then what the rows hold and what they say of each other.
pub(super) fn whole(connection: &Connection) -> Result<()> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Failure::Store(StoreError::Corrupt(verdict)));
    }
    for (what, count) in [
        (
            "a block of a trace has no bytes",
            // Traces of a session that was removed may have shared blocks, which go with the first of them.
            "SELECT count(*) FROM traces JOIN blocks USING (trace) LEFT JOIN block_bytes USING (block)
             WHERE session_id IS NOT NULL AND bytes IS NULL",
        ),
        (
            "the bytes of a block belong to no trace",
            "SELECT count(*) FROM block_bytes WHERE block NOT IN (SELECT block FROM blocks)",
        ),
        (
            "a block belongs to no trace",
            "SELECT count(*) FROM blocks WHERE trace NOT IN (SELECT trace FROM traces)",
        ),
        (
            "a trace belongs to a session that is not there",
            "SELECT count(*) FROM traces WHERE session_id NOT IN (SELECT id FROM sessions)",
        ),
        (
            "the number of spans is not what it should be",
            "SELECT (SELECT value FROM counters WHERE name = 'spans') <> coalesce(sum(spans), 0) FROM traces",
        ),
    ] {
        if schema::number(connection, count)? > 0 {
            return Err(corrupt(what));
        }
    }
    lines_of_blocks(connection)?;
    events::check(connection)
}

/// Every line lies where its block says, and its block's bytes are those that were written.
fn lines_of_blocks(connection: &Connection) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT traces.id, lines, bytes, plain_bytes, crc32 FROM blocks JOIN traces USING (trace) JOIN block_bytes USING (block)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let plain = Block::decompress(blob(row, 2)?, row.get::<_, i64>(3)?.cast_unsigned())?;
        if crc32fast::hash(&plain) != row.get::<_, u32>(4)? {
            return Err(corrupt("the bytes of a block are not those that were written"));
        }
        let mut outside = false;
        lines::decode_each(trace_id(row.get(0)?)?, blob(row, 1)?, |line| {
            let end = u64::from(line.offset) + u64::from(line.length);
            outside |= usize::try_from(end).ok().and_then(|end| plain.get(end)) != Some(&b'\n');
        })?;
        if outside {
            return Err(corrupt("a span's line lies outside its block"));
        }
    }
    Ok(())
}
