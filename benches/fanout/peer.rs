//! The peers, as processes that this one starts and ends.

use std::env;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::nchan::Nginx;
use crate::settings::Settings;
use crate::{host, least, nchan};

/// Who is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A host with the inspector.
    Inspector,
    /// The least a tokio server can do.
    Null,
    /// nginx with nchan, one worker.
    Nchan,
}

impl Peer {
    pub(crate) const ALL: [Self; 3] = [Self::Inspector, Self::Null, Self::Nchan];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Inspector => "inspector",
            Self::Null => "null",
            Self::Nchan => "nchan",
        }
    }

    pub(crate) const fn subscribe_path(self) -> &'static str {
        match self {
            Self::Inspector => host::SUBSCRIBE,
            Self::Null => least::SUBSCRIBE,
            Self::Nchan => nchan::SUBSCRIBE,
        }
    }

    pub(crate) const fn publish_path(self) -> &'static str {
        match self {
            Self::Inspector => host::PUBLISH,
            Self::Null => least::PUBLISH,
            Self::Nchan => nchan::PUBLISH,
        }
    }
}

/// Where a peer listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) peer: Peer,
    port: u16,
}

impl Target {
    pub(crate) fn address(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// A peer that runs, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) target: Target,
    process: Process,
    /// The inspector's history; removed afterwards.
    _directory: Option<TempDir>,
}

#[derive(Debug)]
enum Process {
    /// This executable, which ends when its input closes.
    Ours(Child),
    Nginx(Nginx),
}

impl Server {
    pub(crate) fn start(peer: Peer, settings: &Settings) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        let mut directory = None;
        match peer {
            Peer::Nchan => {
                let (nginx, port) = Nginx::start()?;
                return Ok(Self {
                    target: Target { peer, port },
                    process: Process::Nginx(nginx),
                    _directory: None,
                });
            }
            Peer::Null => _ = command.arg(least::COMMAND),
            Peer::Inspector => {
                command.args([host::COMMAND, if settings.nodelay { "nodelay" } else { "delay" }]);
                if let Some(below) = &settings.data_dir {
                    let made = tempfile::tempdir_in(below)?;
                    command.arg(made.path());
                    directory = Some(made);
                }
            }
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        let process = Process::Ours(child);
        let port = said.trim().parse().map_err(|_| io::Error::other("the server said no port"))?;
        Ok(Self { target: Target { peer, port }, process, _directory: directory })
    }

    /// The processes that do the peer's work.
    pub(crate) fn processes(&self) -> Vec<u32> {
        match &self.process {
            Process::Ours(child) => vec![child.id()],
            Process::Nginx(nginx) => nginx.processes(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Process::Ours(child) = &mut self.process {
            // `wait` closes the input first, which ends it.
            let _ = child.wait();
        }
    }
}
