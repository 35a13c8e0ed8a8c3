//! Questions to a running inspector, for the commands that are not in a hurry.

use std::io::Read;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

use crate::Failure;
use crate::target::Target;

/// How long an answer may take to begin.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How much of an error's body is read.
const MAX_PROBLEM_BYTES: u64 = 64 << 10;

/// How much JSON is taken from an inspector: a page of 500 sessions is far below.
const MAX_JSON_BYTES: u64 = 64 << 20;

/// A connection to an inspector.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    target: &'a Target,
    agent: Agent,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Nothing was heard, for this reason.
    Nobody(String),
    /// It said no: the status, and why.
    Refused(u16, String),
}

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody(why) => f.write_str(why),
            Self::Refused(status, why) => write!(f, "{status} {why}"),
        }
    }
}

impl<'a> Ask<'a> {
    pub(crate) fn new(target: &'a Target) -> Self {
        let settings = Agent::config_builder()
            .timeout_connect(Some(ANSWER_WITHIN))
            .timeout_recv_response(Some(ANSWER_WITHIN))
            .http_status_as_error(false);
        Self { target, agent: settings.build().new_agent() }
    }

    /// The body that a path answers with.
    pub(crate) fn get(&self, path: &str) -> Result<impl Read + use<>, Unanswered> {
        let mut request = self.agent.get(self.target.at(path));
        if let Some(token) = &self.target.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Ok(heard(request.call())?.into_body().into_reader())
    }

    /// The JSON that a path answers with.
    pub(crate) fn json(&self, path: &str) -> Result<Value, Unanswered> {
        let body = self.get(path)?.take(MAX_JSON_BYTES);
        serde_json::from_reader(body).map_err(|error| Unanswered::Nobody(format!("no JSON: {error}")))
    }

    /// Posts JSON and gives the answer's.
    pub(crate) fn post(&self, path: &str, json: &[u8]) -> Result<Value, Unanswered> {
        let mut request = self.agent.post(self.target.at(path)).content_type("application/json");
        if let Some(token) = &self.target.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = heard(request.send(json))?.into_body().into_reader().take(MAX_JSON_BYTES);
        serde_json::from_reader(body).map_err(|error| Unanswered::Nobody(format!("no JSON: {error}")))
    }

    /// What to say when `what` could not be done.
    pub(crate) fn failure(&self, what: &str, why: &Unanswered) -> Failure {
        match why {
            Unanswered::Nobody(why) => format!("{what}: no inspector answers at {}: {why}", self.target.url),
            Unanswered::Refused(401, _) => {
                format!("{what}: the inspector asks for its token: --token-file, or AGENT_INSPECTOR_TOKEN")
            }
            Unanswered::Refused(status, why) => format!("{what}: {status} {why}"),
        }
    }
}

fn heard(answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Response<ureq::Body>, Unanswered> {
    let answer = answer.map_err(|error| Unanswered::Nobody(error.to_string()))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let mut body = Vec::new();
    // Words that cannot be read are left out.
    _ = answer.into_body().into_reader().take(MAX_PROBLEM_BYTES).read_to_end(&mut body);
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = ["detail", "title", "message"].iter().find_map(|name| problem[name].as_str());
    let said = said.or(status.canonical_reason()).unwrap_or("no reason given").to_owned();
    Err(Unanswered::Refused(status.as_u16(), crate::say::harmless(&said, 500).into_owned()))
}
