//! What pinned sessions take of the room.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::failure::Result;
use super::upkeep::used_bytes;
use super::{SqliteStore, schema};

/// How long what pinned sessions take is believed: it is added up over all of their blocks, and only when the file is too
/// large.
const BELIEVED_FOR: Duration = Duration::from_secs(10);

/// What is left to others beside pinned sessions that take all the room: this part of the bound.
const LEFT_TO_OTHERS: u64 = 10;

/// What was found out about pinned sessions, and when.
#[derive(Debug, Default)]
pub(super) struct Pinned {
    looked: Option<Instant>,
    bytes: u64,
}

impl SqliteStore {
    /// How many bytes the file may take. Pinned sessions that take more than the bound raise it: otherwise every session
    /// would be removed the moment it ends.
    pub(super) fn bound(&self) -> Result<u64> {
        let bytes = self.retention.bytes;
        let mut pinned = self.pinned.lock();
        if self.readers.read(|connection| used_bytes(connection))? <= bytes {
            *pinned = Pinned::default();
            return Ok(bytes);
        }
        if pinned.looked.is_none_or(|looked| looked.elapsed() > BELIEVED_FOR) {
            pinned.bytes = self.readers.read(|connection| pinned_bytes(connection))?;
            pinned.looked = Some(Instant::now());
        }
        Ok(bytes.max(pinned.bytes.saturating_add(bytes / LEFT_TO_OTHERS)))
    }

    /// That pinned sessions alone take more than all may.
    pub(super) fn pinned_notice(&self) -> Option<String> {
        let (bound, pinned) = (self.retention.bytes, self.pinned.lock().bytes);
        (pinned > bound).then(|| {
            format!(
                "pinned sessions alone take {pinned} bytes of the {bound} that history may: others are removed soon after they end"
            )
        })
    }

    /// What was found out no longer holds.
    pub(super) fn pins_changed(&self) {
        self.pinned.lock().looked = None;
    }
}

fn pinned_bytes(connection: &Connection) -> Result<u64> {
    // A packed block has one row for each of its traces.
    let bytes = "SELECT coalesce(sum(bytes), 0) FROM (
         SELECT max(compressed_bytes) + sum(length(lines)) AS bytes
         FROM sessions INDEXED BY sessions_pinned CROSS JOIN traces ON session_id = sessions.id CROSS JOIN blocks USING (trace)
         WHERE pinned = 1 GROUP BY block)";
    Ok(schema::number(connection, bytes)?.cast_unsigned())
}
