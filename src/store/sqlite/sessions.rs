//! The rows of sessions, and their list.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::failure::{Result, corrupt};
use crate::model::{Session, SessionId, SessionQuery, SessionStatus, StatusCounts, Timestamp};

/// More combinations of engine and status than this are filtered instead of looked up one by one.
const MAX_LANES: usize = 24;

/// Writes a session in place of what was stored of it.
pub(super) fn put(connection: &Connection, session: &Session, instance: i64, now: Timestamp) -> Result<()> {
    let json = serde_json::to_string(session).map_err(|_| corrupt("a session has no JSON form"))?;
    connection
        .prepare_cached(
            "INSERT INTO sessions
                 (id, started_at, updated_at, status, engine, agent, instance, generation, searched_text, json, parent)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET started_at = ?2, updated_at = ?3, status = ?4, engine = ?5, agent = ?6,
                 instance = ?7, searched_text = ?9, json = ?10, parent = ?11",
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
            session.parent_session_id.as_ref().map(SessionId::as_str),
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
        let Some(select) = Select::list(&lane, query) else { return Ok(Vec::new()) };
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

/// How many sessions there are of each status. Most questions are answered from an index alone.
pub(super) fn counts(connection: &Connection, query: &SessionQuery) -> Result<StatusCounts> {
    let query = SessionQuery { statuses: SessionStatus::ALL.to_vec(), after: None, ..query.clone() };
    let mut counts = StatusCounts::default();
    for lane in Lane::of(&query) {
        let Some(select) = Select::counts(&lane, &query) else { return Ok(counts) };
        let mut statement = connection.prepare_cached(&select.sql)?;
        let mut rows = statement.query(params_from_iter(select.parameters))?;
        while let Some(row) = rows.next()? {
            let (number, count): (i64, i64) = (row.get(0)?, row.get(1)?);
            let status = SessionStatus::ALL.iter().copied().find(|status| status_number(*status) == number);
            let status = status.ok_or_else(|| corrupt("a session has a status that is none"))?;
            *counts.of_mut(status) += u64::try_from(count).unwrap_or(0);
        }
    }
    Ok(counts)
}

/// The rows with one value of what an index begins with.
enum Lane {
    All,
    Ids(Vec<SessionId>),
    Parent(SessionId),
    Pinned,
    Status(i64),
    Engine(String, i64),
    Agent(String),
    Tag(String),
}

impl Lane {
    fn of(query: &SessionQuery) -> Vec<Self> {
        if !query.ids.is_empty() {
            return vec![Self::Ids(query.ids.clone())];
        }
        if let Some(parent) = &query.parent {
            return vec![Self::Parent(parent.clone())];
        }
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
                statuses = SessionStatus::ALL.iter().copied().map(status_number).collect();
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

    fn table(&self) -> &'static str {
        match self {
            Self::All => "sessions INDEXED BY sessions_by_start",
            Self::Ids(_) => "sessions",
            Self::Parent(_) => "sessions INDEXED BY sessions_by_parent",
            Self::Pinned => "sessions INDEXED BY sessions_pinned",
            Self::Status(_) => "sessions INDEXED BY sessions_by_status",
            Self::Engine(..) => "sessions INDEXED BY sessions_by_engine",
            Self::Agent(_) => "sessions INDEXED BY sessions_by_agent",
            Self::Tag(_) => {
                "session_tags INDEXED BY sessions_by_tag CROSS JOIN sessions ON sessions.id = session_id"
            }
        }
    }

    /// Columns of the index, whose order is that of the list.
    fn order(&self) -> (&'static str, &'static str) {
        match self {
            Self::Tag(_) => ("session_tags.started_at", "session_tags.session_id"),
            _ => ("sessions.started_at", "sessions.id"),
        }
    }
}

struct Select {
    sql: String,
    parameters: Vec<Value>,
}

impl Select {
    /// `None` when no moment is wanted.
    fn list(lane: &Lane, query: &SessionQuery) -> Option<Self> {
        let (started, id) = lane.order();
        let mut select =
            Self::new("sessions.started_at, sessions.id, sessions.json, sessions.pinned", lane, query)?;
        select.sql.push_str(&format!(" ORDER BY {started} DESC, {id} DESC LIMIT ?"));
        select.parameters.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
        Some(select)
    }

    /// `None` when no moment is wanted.
    fn counts(lane: &Lane, query: &SessionQuery) -> Option<Self> {
        let mut select = Self::new("sessions.status, count(*)", lane, query)?;
        select.sql.push_str(" GROUP BY sessions.status");
        Some(select)
    }

    fn new(columns: &str, lane: &Lane, query: &SessionQuery) -> Option<Self> {
        let from = lane.table();
        let mut select =
            Self { sql: format!("SELECT {columns} FROM {from} WHERE 1"), parameters: Vec::new() };
        match lane {
            Lane::All => {}
            Lane::Ids(ids) => {
                // One statement, however many they are.
                let ids = serde_json::to_string(ids).unwrap_or_default();
                select.and("sessions.id IN (SELECT value FROM json_each(?))", [ids.into()]);
            }
            Lane::Parent(parent) => select.and("parent = ?", [parent.as_str().to_owned().into()]),
            Lane::Pinned => select.and("pinned = 1", []),
            Lane::Status(status) => select.and("status = ?", [(*status).into()]),
            Lane::Engine(engine, status) => {
                select.and("engine = ? AND status = ?", [engine.clone().into(), (*status).into()]);
            }
            Lane::Agent(agent) => select.and("agent = ?", [agent.clone().into()]),
            Lane::Tag(tag) => select.and("tag = ?", [tag.clone().into()]),
        }
        select.rest_of(lane, query);
        let (started, id) = lane.order();
        select.time(started, id, query)?;
        for word in query.text.iter().flat_map(|text| SessionQuery::words(text)) {
            select.and("instr(searched_text, ?) > 0", [word.into()]);
        }
        Some(select)
    }

    fn and<const N: usize>(&mut self, condition: &str, parameters: [Value; N]) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.parameters.extend(parameters);
    }

    /// The conditions that the lane does not stand for already.
    fn rest_of(&mut self, lane: &Lane, query: &SessionQuery) {
        if let Some(parent) = query.parent.as_ref().filter(|_| !matches!(lane, Lane::Parent(_))) {
            self.and("parent = ?", [parent.as_str().to_owned().into()]);
        }
        if let Some(agent) = query.agent.as_ref().filter(|_| !matches!(lane, Lane::Agent(_))) {
            self.and("agent = ?", [agent.clone().into()]);
        }
        if let Some(tag) = query.tag.as_ref().filter(|_| !matches!(lane, Lane::Tag(_))) {
            let tagged = "sessions.id IN (SELECT session_id FROM session_tags WHERE tag = ?)";
            self.and(tagged, [tag.clone().into()]);
        }
        if let Some(pinned) = query.pinned.filter(|_| !matches!(lane, Lane::Pinned)) {
            self.and(if pinned { "pinned = 1" } else { "pinned = 0" }, []);
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
