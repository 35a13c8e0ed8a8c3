//! What the person who starts it may choose.

use std::path::PathBuf;

use crate::peer::Peer;
use crate::rows::{ROWS, Row};

pub(crate) const USAGE: &str = "\
--rows a,b       which rows, by name or by the word before the dash; all without it
--peers a,b      which of inspector, null, nchan; all without it
--rounds N       how often each row is run with each peer, in turn; 1 without it
--data-dir DIR   the inspector's history on disk, in a new directory below DIR; in memory without it
--nodelay off    the inspector's host lets the system gather small writes, as `axum::serve` alone does; at once without it";

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) rows: Vec<&'static Row>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) rounds: usize,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) nodelay: bool,
}

impl Settings {
    pub(crate) fn of(arguments: &[String]) -> Result<Self, String> {
        let mut settings = Self {
            rows: ROWS.iter().collect(),
            peers: Peer::ALL.to_vec(),
            rounds: 1,
            data_dir: None,
            nodelay: true,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value, or is not known"))?;
            match name.as_str() {
                "--rows" => settings.rows = rows(value)?,
                "--peers" => settings.peers = peers(value)?,
                "--rounds" => {
                    settings.rounds =
                        value.parse().map_err(|_| format!("--rounds {value} is not a number"))?;
                }
                "--data-dir" => settings.data_dir = Some(value.into()),
                "--nodelay" => settings.nodelay = value == "on",
                _ => return Err(format!("{name} is not known")),
            }
        }
        Ok(settings)
    }
}

fn rows(names: &str) -> Result<Vec<&'static Row>, String> {
    let mut chosen = Vec::new();
    for name in names.split(',') {
        let before = chosen.len();
        let family = |row: &Row| row.name.split('-').next() == Some(name);
        chosen.extend(ROWS.iter().filter(|row| row.name == name || family(row)));
        if chosen.len() == before {
            let known: Vec<_> = ROWS.iter().map(|row| row.name).collect();
            return Err(format!("no row is called {name}; there are {}", known.join(", ")));
        }
    }
    Ok(chosen)
}

fn peers(names: &str) -> Result<Vec<Peer>, String> {
    let peer = |name: &str| Peer::ALL.into_iter().find(|peer| peer.name() == name);
    names.split(',').map(|name| peer(name).ok_or_else(|| format!("no peer is called {name}"))).collect()
}
