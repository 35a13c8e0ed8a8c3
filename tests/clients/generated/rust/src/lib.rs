//! What docs/clients.md shows for Rust: the snippets stand there word for word.

// snippet: call
use agent_inspector_client::apis::configuration::Configuration;
use agent_inspector_client::apis::sessions_api::{
    GetSessionParams, ListSessionsParams, get_session, list_sessions,
};
use agent_inspector_client::models::{Problem, Session, SessionStatus};

/// `inspector` is the mount: `http://127.0.0.1:3000/_inspector`.
pub fn connect(inspector: &str, token: &str) -> Configuration {
    let (base_path, token) = (inspector.to_owned(), Some(token.to_owned()));
    Configuration { base_path, bearer_access_token: token, ..Configuration::default() }
}

/// The sessions of a status, page by page.
pub fn query(status: SessionStatus, limit: u32) -> ListSessionsParams {
    ListSessionsParams {
        status: Some(vec![status]),
        limit: Some(limit),
        cursor: None,
        engine: None,
        agent: None,
        tag: None,
        text: None,
        pinned: None,
        since: None,
        until: None,
        parent: None,
        id: None,
        counts: None,
    }
}

pub async fn failed(inspector: &Configuration) -> Result<Vec<Session>, InspectorError> {
    Ok(list_sessions(inspector, query(SessionStatus::Failed, 10)).await?.sessions)
}
// snippet end

// snippet: errors
/// `Answered` is what the inspector said instead: `code` is for programs, `title` and `detail` are for people.
#[derive(Debug)]
pub enum InspectorError {
    Answered(Problem),
    Failed(String),
}

impl std::fmt::Display for InspectorError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered(problem) => write!(out, "{} ({})", problem.title, problem.code),
            Self::Failed(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for InspectorError {}

impl<T> From<agent_inspector_client::apis::Error<T>> for InspectorError {
    fn from(error: agent_inspector_client::apis::Error<T>) -> Self {
        use agent_inspector_client::apis::Error;
        match error {
            Error::ResponseError(answer) => match serde_json::from_str(&answer.content) {
                Ok(problem) => Self::Answered(problem),
                Err(_) => Self::Failed(format!("{}: {}", answer.status, answer.content)),
            },
            other => Self::Failed(other.to_string()),
        }
    }
}

pub async fn find(inspector: &Configuration, id: &str) -> Result<Option<Session>, InspectorError> {
    match get_session(inspector, GetSessionParams { id: id.to_owned() }).await.map_err(InspectorError::from) {
        Ok(session) => Ok(Some(session)),
        Err(InspectorError::Answered(problem)) if problem.code == "session_not_found" => Ok(None),
        Err(error) => Err(error),
    }
}
// snippet end

// snippet: paging
pub async fn sessions(
    inspector: &Configuration,
    mut query: ListSessionsParams,
) -> Result<Vec<Session>, InspectorError> {
    let mut sessions = Vec::new();
    loop {
        let page = list_sessions(inspector, query.clone()).await?;
        sessions.extend(page.sessions);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(sessions);
        }
    }
}
// snippet end

// snippet: trace
use std::collections::HashMap;

use agent_inspector_client::apis::traces_api::{GetTraceParams, get_trace};
use agent_inspector_client::models::Span;

/// The spans by their id: a span may stand on several lines, and the last one counts.
pub async fn trace(
    inspector: &Configuration,
    id: &str,
) -> Result<HashMap<String, Span>, Box<dyn std::error::Error>> {
    let wanted =
        GetTraceParams { id: id.to_owned(), until: None, range: None, if_range: None, if_none_match: None };
    let lines = get_trace(inspector, wanted).await?.text().await?;
    let spans = lines.lines().map(|line| Ok(serde_json::from_str::<Span>(line)?));
    spans.map(|span| span.map(|span| (span.span_id.clone(), span))).collect()
}
// snippet end

// snippet: stream
use std::time::Duration;

use agent_inspector_client::apis::events_api::{StreamEventsParams, stream_events};
use agent_inspector_client::models::Event;

/// A sign of life comes every 15 seconds; after three of them are missing the connection is dead.
const PATIENCE: Duration = Duration::from_secs(45);

/// Calls `seen` with each event after `after` until it says that it is enough.
pub async fn follow(
    inspector: &Configuration,
    mut after: Option<u64>,
    mut seen: impl FnMut(Event) -> bool,
) -> Result<(), InspectorError> {
    loop {
        let wanted = StreamEventsParams { session_id: None, types: None, last_event_id: after };
        match stream_events(inspector, wanted).await.map_err(InspectorError::from) {
            Ok(answer) => {
                if read(answer, &mut after, &mut seen).await {
                    return Ok(());
                }
            }
            Err(InspectorError::Failed(_)) => {}
            Err(refused) => return Err(refused),
        }
        // It ended, or could not be reached: the next one goes on where this one ended.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Reads one connection to its end, or until it was enough.
async fn read(
    mut answer: reqwest::Response,
    after: &mut Option<u64>,
    seen: &mut impl FnMut(Event) -> bool,
) -> bool {
    let (mut text, mut id, mut data) = (Vec::new(), None, String::new());
    while let Ok(Ok(Some(bytes))) = tokio::time::timeout(PATIENCE, answer.chunk()).await {
        text.extend_from_slice(&bytes);
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line[..end]);
            match line.split_once(": ") {
                Some(("id", value)) => id = value.parse().ok(),
                Some(("data", value)) => value.clone_into(&mut data),
                // An empty line ends a message. One without data only says where the reader is, and a type of event that
                // this client does not know is left out.
                None if line.is_empty() => {
                    *after = id.or(*after);
                    let event = serde_json::from_str(&std::mem::take(&mut data)).ok();
                    if let Some(Event::Gap(gap)) = &event {
                        eprintln!("at most {} events were missed", gap.at_most);
                    }
                    if event.is_some_and(&mut *seen) {
                        return true;
                    }
                }
                _ => {}
            }
        }
    }
    false
}
// snippet end
