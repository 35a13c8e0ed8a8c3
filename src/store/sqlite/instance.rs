//! Instances: who lives, who has died, and what becomes of the dead's sessions.

use rusqlite::{Connection, TransactionBehavior, params};

use super::failure::Result;
use super::place::Place;
use super::spans::TraceRow;
use super::{lines, sessions, spans};
use crate::model::{InstanceId, SessionStatus, Timestamp};

/// Enters this instance, and marks those as ended whose process is gone. What they had running is abandoned. Gives this
/// instance's number.
pub(super) fn enter(
    connection: &mut Connection,
    place: &Place,
    own: InstanceId,
    now: Timestamp,
) -> Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let own = own.to_string();
    let open: Vec<(i64, String)> = transaction
        .prepare("SELECT instance, id FROM instances WHERE ended_before IS NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    // This instance's own lock is held by now: an open row of the same id is of an earlier life.
    let dead: Vec<(i64, String)> =
        open.into_iter().filter(|(_, id)| *id == own || !place.is_alive(id)).collect();
    for (instance, _) in &dead {
        abandon(&transaction, *instance, now)?;
        end(&transaction, *instance, now)?;
    }
    transaction
        .execute("INSERT INTO instances (id, started_at) VALUES (?1, ?2)", params![own, now.as_nanos()])?;
    let number = transaction.last_insert_rowid();
    transaction.commit()?;
    for (_, id) in dead.iter().filter(|(_, id)| *id != own) {
        place.forget_instance(id);
    }
    Ok(number)
}

/// Marks an instance as ended. Those that begin later may replay its events.
pub(super) fn end(connection: &Connection, instance: i64, now: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE instances SET ended_at = ?1, ended_before = (SELECT max(instance) FROM instances) WHERE instance = ?2",
        params![now.as_nanos(), instance],
    )?;
    Ok(())
}

fn abandon(connection: &Connection, instance: i64, now: Timestamp) -> Result<()> {
    let running: Vec<String> = connection
        .prepare_cached(
            "SELECT json FROM sessions INDEXED BY sessions_by_status WHERE status <= ?1 AND instance = ?2",
        )?
        .query_map([sessions::LAST_OPEN_STATUS, instance], |row| row.get(0))?
        .collect::<std::result::Result<_, _>>()?;
    for json in running {
        let mut session = sessions::parse(&json, false)?;
        session.status = SessionStatus::Abandoned;
        session.ended_at = Some(session.updated_at);
        session.waiting_on = None;
        sessions::put(connection, &session, instance, now)?;
        for trace in super::read::trace_rows(connection, &session.id)? {
            abandon_spans(connection, trace)?;
        }
    }
    // A session may have ended before all of its spans.
    let open: Vec<(i64, [u8; 16])> = connection
        .prepare_cached(
            "SELECT trace, traces.id FROM traces INDEXED BY traces_open CROSS JOIN sessions ON sessions.id = session_id
             WHERE open > 0 AND instance = ?1",
        )?
        .query_map([instance], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (number, id) in open {
        abandon_spans(connection, TraceRow { number, id: super::read::trace_id(id)? })?;
    }
    Ok(())
}

fn abandon_spans(connection: &Connection, trace: TraceRow) -> Result<()> {
    let blocks: Vec<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT block, lines FROM blocks WHERE trace = ?1")?
        .query_map([trace.number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<std::result::Result<_, _>>()?;
    for (block, bytes) in blocks {
        let mut lines = lines::decode(trace.id, &bytes)?;
        let mut changed = false;
        // A line that says that the span runs is not the one that counts when another says that it ended.
        for line in lines.iter_mut().filter(|line| spans::is_open(&line.summary)) {
            line.summary.abandoned = true;
            changed = true;
        }
        if changed {
            connection
                .prepare_cached("UPDATE blocks SET lines = ?1 WHERE trace = ?2 AND block = ?3")?
                .execute(params![lines::encode(&lines), trace.number, block])?;
        }
    }
    connection.prepare_cached("UPDATE traces SET open = 0 WHERE trace = ?1")?.execute([trace.number])?;
    Ok(())
}
