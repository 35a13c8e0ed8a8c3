//! Which inspector is meant, and the token for it.

use std::path::Path;
use std::{env, fs};

use axum::http::Uri;

use crate::Failure;
use crate::args::Where;

/// Where `serve` mounts the inspector unless told otherwise.
pub(crate) const DEFAULT_URL: &str = "http://127.0.0.1:7800/_inspector";

/// The environment's name for the token.
pub(crate) const TOKEN: &str = "AGENT_INSPECTOR_TOKEN";

/// An inspector.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where it is mounted, without a slash at the end.
    pub(crate) url: String,
    /// Its token, when one was said.
    pub(crate) token: Option<String>,
}

impl Target {
    /// What the command line and the environment say.
    pub(crate) fn of(said: &Where) -> Result<Self, Failure> {
        let url = said.url.trim().trim_end_matches('/').to_owned();
        let parsed: Uri = url.parse().map_err(|_| format!("`{}` is no URL", said.url))?;
        let known = matches!(parsed.scheme_str(), Some("http" | "https"));
        if !known || parsed.host().is_none_or(str::is_empty) || parsed.query().is_some() {
            return Err(format!("`{}` is no URL of an inspector, such as {DEFAULT_URL}", said.url));
        }
        Ok(Self { url, token: token(said.token_file.as_deref())? })
    }

    /// The address of a path below the mount, which begins with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Whether it is on this machine, as far as its name tells.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.url.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        host.is_some_and(|host| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        })
    }
}

/// The token in the file, or in the environment.
pub(crate) fn token(file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(file) = file else {
        let said = env::var(TOKEN).ok().map(|token| token.trim().to_owned());
        return Ok(said.filter(|token| !token.is_empty()));
    };
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let token = text.trim().to_owned();
    if token.is_empty() {
        return Err(format!("{}: there is no token in it", file.display()));
    }
    Ok(Some(token))
}
