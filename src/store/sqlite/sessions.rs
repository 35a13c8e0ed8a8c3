//! The rows of sessions, and their list.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::failure::{Result, corrupt};
use crate::model::{Session, SessionId, SessionQuery, SessionStatus, Timestamp};

/// More combinations of engine and status than this are filtered instead of looked up one by one.
const MAX_LANES: usize = 24;

/// Writes a session in place of what was stored of it.
pub(super) fn put(connection: &Connection, session: &Session, instance: i64, now: Timestamp) -> Result<()> {
    let json = serde_json::to_string(session).map_err(|_| corrupt("a session has no JSON form"))?;
    connection
        .prepare_cached(
            "INSERT INTO sessions
                 (id, started_at, updated_at, status, engine, agent, instance, generation, searched_text, json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (id) DO UPDATE SET started_at = ?2, updated_at = ?3, status = ?4, engine = ?5, agent = ?6,
                 instance = ?7, searched_text = ?9, json = ?10",
        )?
        .execute(params![
            session.id.as_str(),
            session.started_at.as_nanos(),
            session.updated_at.as_nanos(),
            status_number(session.status),
            session.engine,
            session.agent,
            instance,
            now.as_nanos(),
            SessionQuery::searched_text(session),
            json,
        ])?;
    connection
        .prepare_cached("DELETE FROM session_tags WHERE session_id = ?1")?
        .execute([session.id.as_str()])?;
    for tag in &session.tags {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO session_tags (session_id, tag, started_at) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![session.id.as_str(), tag, session.started_at.as_nanos()])?;
    }
    Ok(())
}

/// The numbers in the file; they do not follow the order of the enum by accident, but stay as they are.
pub(super) const fn status_number(status: SessionStatus) -> i64 {
    match status {
        SessionStatus::Running => 0,
        SessionStatus::Paused => 1,
        SessionStatus::Completed => 2,
        SessionStatus::Failed => 3,
        SessionStatus::Cancelled => 4,
        SessionStatus::Abandoned => 5,
    }
}

/// The statuses up to this number are of sessions that go on.
pub(super) const LAST_OPEN_STATUS: i64 = status_number(SessionStatus::Paused);

pub(super) fn get(connection: &Connection, id: &SessionId) -> Result<Option<Session>> {
    let row: Option<(String, bool)> = connection
        .prepare_cached("SELECT json, pinned FROM sessions WHERE id = ?1")?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(json, pinned)| parse(&json, pinned)).transpose()
}

/// Whether it is pinned stands beside the JSON.
pub(super) fn parse(json: &str, pinned: bool) -> Result<Session> {
    let session: Session =
        serde_json::from_str(json).map_err(|_| corrupt("a stored session cannot be read"))?;
    Ok(Session { pinned, ..session })
}

/// Pins a session, or no longer.
pub(super) fn pin(connection: &Connection, id: &SessionId, pinned: bool) -> Result<()> {
    connection
        .prepare_cached("UPDATE sessions SET pinned = ?1 WHERE id = ?2")?
        .execute(params![pinned, id.as_str()])?;
    Ok(())
}

/// The page of sessions that `query` asks for.
///
/// An index gives sessions in order only for one value of what comes before the time, so each value wanted is a lane of
/// its own, and the lanes are merged.
pub(super) fn list(connection: &Connection, query: &SessionQuery) -> Result<Vec<Session>> {
    let mut found: Vec<(i64, String, String, bool)> = Vec::new();
    let lanes = Lane::of(query);
    let several = lanes.len() > 1;
    for lane in lanes {
        let Some(select) = Select::new(&lane, query) else { return Ok(Vec::new()) };
        let mut statement = connection.prepare_cached(&select.sql)?;
        let rows = statement.query_map(params_from_iter(select.parameters), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        for row in rows {
            found.push(row?);
        }
    }
    if several {
        found.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
        found.truncate(query.limit);
    }
    found.iter().map(|(_, _, json, pinned)| parse(json, *pinned)).collect()
}

/// The rows with one value of what an index begins with.
enum Lane {
    All,
    Pinned,
    Status(i64),
    Engine(String, i64),
    Agent(String),
    Tag(String),
}

impl Lane {
    fn of(query: &SessionQuery) -> Vec<Self> {
        // Few are.
        if query.pinned == Some(true) {
            return vec![Self::Pinned];
        }
        if let Some(tag) = &query.tag {
            return vec![Self::Tag(tag.clone())];
        }
        if let Some(agent) = &query.agent {
            return vec![Self::Agent(agent.clone())];
        }
        let mut statuses: Vec<i64> = query.statuses.iter().copied().map(status_number).collect();
        statuses.sort_unstable();
        statuses.dedup();
        let mut engines: Vec<&String> = query.engines.iter().collect();
        engines.sort_unstable();
        engines.dedup();
        if !engines.is_empty() {
            if statuses.is_empty() {
                statuses = SessionStatus::ALL.into_iter().map(status_number).collect();
            }
            if engines.len() * statuses.len() <= MAX_LANES {
                let lane = |engine: &&String, status: &i64| Self::Engine((*engine).clone(), *status);
                return engines
                    .iter()
                    .flat_map(|engine| statuses.iter().map(move |status| lane(engine, status)))
                    .collect();
            }
        } else if !statuses.is_empty() {
            return statuses.into_iter().map(Self::Status).collect();
        }
        vec![Self::All]
    }
}

struct Select {
    sql: String,
    parameters: Vec<Value>,
}

impl Select {
    /// `None` when no moment is wanted.
    fn new(lane: &Lane, query: &SessionQuery) -> Option<Self> {
        let mut select = Self { sql: String::new(), parameters: Vec::new() };
        let from = match lane {
            Lane::All => "sessions INDEXED BY sessions_by_start",
            Lane::Pinned => "sessions INDEXED BY sessions_pinned",
            Lane::Status(_) => "sessions INDEXED BY sessions_by_status",
            Lane::Engine(..) => "sessions INDEXED BY sessions_by_engine",
            Lane::Agent(_) => "sessions INDEXED BY sessions_by_agent",
            Lane::Tag(_) => {
                "session_tags INDEXED BY sessions_by_tag CROSS JOIN sessions ON sessions.id = session_id"
            }
        };
        // Columns of the index, whose order is that of the list.
        let (started, id) = match lane {
            Lane::Tag(_) => ("session_tags.started_at", "session_tags.session_id"),
            _ => ("sessions.started_at", "sessions.id"),
        };
        select.sql = format!("SELECT sessions.started_at, sessions.id, json, pinned FROM {from} WHERE 1");
        match lane {
            Lane::All => {}
            Lane::Pinned => select.and("pinned = 1", []),
            Lane::Status(status) => select.and("status = ?", [(*status).into()]),
            Lane::Engine(engine, status) => {
                select.and("engine = ? AND status = ?", [engine.clone().into(), (*status).into()]);
            }
            Lane::Agent(agent) => select.and("agent = ?", [agent.clone().into()]),
            Lane::Tag(tag) => select.and("tag = ?", [tag.clone().into()]),
        }
        select.rest_of(lane, query);
        select.time(started, id, query)?;
        for word in query.text.iter().flat_map(|text| SessionQuery::words(text)) {
            select.and("instr(searched_text, ?) > 0", [word.into()]);
        }
        select.sql.push_str(&format!(" ORDER BY {started} DESC, {id} DESC LIMIT ?"));
        select.parameters.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
        Some(select)
    }

    fn and<const N: usize>(&mut self, condition: &str, parameters: [Value; N]) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.parameters.extend(parameters);
    }

    /// The conditions that the lane does not stand for already.
    fn rest_of(&mut self, lane: &Lane, query: &SessionQuery) {
        if let (Lane::Tag(_) | Lane::Pinned, Some(agent)) = (lane, &query.agent) {
            self.and("agent = ?", [agent.clone().into()]);
        }
        if let (Lane::Pinned, Some(tag)) = (lane, &query.tag) {
            let tagged = "sessions.id IN (SELECT session_id FROM session_tags WHERE tag = ?)";
            self.and(tagged, [tag.clone().into()]);
        }
        if query.pinned == Some(false) {
            self.and("pinned = 0", []);
        }
        if matches!(lane, Lane::Status(_) | Lane::Engine(..)) {
            return;
        }
        self.any("status", query.statuses.iter().map(|status| status_number(*status).into()));
        self.any("engine", query.engines.iter().map(|engine| engine.clone().into()));
    }

    fn any(&mut self, column: &str, values: impl ExactSizeIterator<Item = Value>) {
        if values.len() > 0 {
            let marks = vec!["?"; values.len()].join(", ");
            self.sql.push_str(&format!(" AND {column} IN ({marks})"));
            self.parameters.extend(values);
        }
    }

    fn time(&mut self, started: &str, id: &str, query: &SessionQuery) -> Option<()> {
        let from = query.since.map_or(i64::MIN, Timestamp::as_nanos);
        let last = match query.until {
            Some(until) => until.as_nanos().checked_sub(1)?,
            None => i64::MAX,
        };
        self.and(&format!("{started} >= ?"), [from.into()]);
        match &query.after {
            Some(after) if after.started_at.as_nanos() <= last => {
                let (at, id_after) = (after.started_at.as_nanos(), after.id.as_str().to_owned());
                self.and(&format!("({started}, {id}) < (?, ?)"), [at.into(), id_after.into()]);
            }
            _ => self.and(&format!("{started} <= ?"), [last.into()]),
        }
        Some(())
    }
}
