//! What handlers take from a request. Input that cannot be understood is answered with a problem that says what to
//! fix; query parameters that nobody asked for are ignored, so that old servers take new clients.

use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::problem::Problem;
use crate::model::{SessionId, SpanId, Timestamp};

/// The session that the path names: its segment `{id}`.
#[derive(Debug)]
pub(crate) struct SessionPath(pub(crate) SessionId);

impl<S: Send + Sync> FromRequestParts<S> for SessionPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let invalid = || Problem::invalid_session_id("it is not UTF-8");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| invalid())?;
        // The last one: the host may have path parameters of its own around the mount, also one of this name.
        let id = last(&params, "id").ok_or_else(invalid)?;
        SessionId::parse(id).map(Self).map_err(|error| Problem::invalid_session_id(error.0))
    }
}

/// The session and the span that the path names: its segments `{id}` and `{span_id}`.
#[derive(Debug)]
pub(crate) struct SpanPath(pub(crate) SessionId, pub(crate) SpanId);

impl<S: Send + Sync> FromRequestParts<S> for SpanPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let SessionPath(session) = SessionPath::from_request_parts(parts, state).await?;
        let invalid = || Problem::invalid_span_id("it is not UTF-8");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| invalid())?;
        let span = last(&params, "span_id").ok_or_else(invalid)?;
        SpanId::parse(span).map(|span| Self(session, span)).map_err(|error| Problem::invalid_span_id(error.0))
    }
}

fn last<'a>(params: &'a RawPathParams, name: &str) -> Option<&'a str> {
    params.iter().filter(|(key, _)| *key == name).last().map(|(_, value)| value)
}

/// The query parameters as they came, decoded. An empty value counts as absent.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The values of a parameter that may repeat.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that stands once; of several the last.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A parameter read by `parse`.
    pub(crate) fn parse<T, E: ToString>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        let parsed = self.one(name).map(parse).transpose();
        parsed.map_err(|error| Problem::invalid_parameter(name, &error.to_string()))
    }

    /// A whole number that is not negative.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.parse(name, |text| text.parse().map_err(|_| "a whole number that is not negative is wanted"))
    }

    /// Yes or no; no when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        let read = |text: &str| text.parse::<bool>().map_err(|_| "`true` or `false` is wanted");
        Ok(self.parse(name, read)?.unwrap_or(false))
    }

    /// A moment (RFC 3339).
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        self.parse(name, |text| {
            Timestamp::parse(text).map_err(|_| "a time like 2026-11-21T00:52:44Z is wanted")
        })
    }

    /// How many rows are wanted: `default` when absent, at most `most` (a higher number is cut to it: every list may
    /// end early and says so), at least one.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Problem> {
        match self.number::<u64>("limit")? {
            None => Ok(default),
            Some(0) => {
                Err(Problem::invalid_parameter("limit", &format!("a number from 1 to {most} is wanted")))
            }
            Some(limit) => Ok(usize::try_from(limit).unwrap_or(most).min(most)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query()))
    }
}

impl Params {
    fn of(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }
}

/// Decodes one part of a query (`application/x-www-form-urlencoded`); what is no encoding stands for itself.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped =
            digit(at + 1).zip(digit(at + 2)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
        match (byte, escaped) {
            (b'%', Some(escaped)) => {
                decoded.push(escaped);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_empty_ones_count_as_absent() {
        let params =
            Params::of(Some("text=a+b%20c%C3%A4&status=running&status=paused&agent=&cursor&x=%zz%4"));
        assert_eq!(params.one("text"), Some("a b cä"));
        assert_eq!(params.all("status").collect::<Vec<_>>(), ["running", "paused"]);
        assert_eq!((params.one("agent"), params.one("cursor")), (None, None));
        assert_eq!(params.one("x"), Some("%zz%4"));
    }

    #[test]
    fn a_limit_above_the_most_is_cut_and_none_at_all_is_refused() {
        let limit = |query| Params::of(Some(query)).limit(50, 500).ok();
        assert_eq!(limit(""), Some(50));
        assert_eq!(limit("limit=7"), Some(7));
        assert_eq!(limit("limit=99999999999999"), Some(500));
        assert_eq!(limit("limit=0"), None);
        assert_eq!(limit("limit=-1"), None);
        assert_eq!(limit("limit=ten"), None);
    }
}
