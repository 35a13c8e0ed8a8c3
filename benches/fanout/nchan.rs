//! The second peer: nginx with the module nchan, one worker, everything it may keep in memory.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::least::RING_EVENTS;
use crate::process::children;

pub(crate) const SUBSCRIBE: &str = "/subscribe";
pub(crate) const PUBLISH: &str = "/publish";

/// Where distributions install them.
const PROGRAMS: [&str; 3] = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];
const MODULES: [&str; 4] = [
    "/usr/lib/nginx/modules/ngx_nchan_module.so",
    "/usr/lib64/nginx/modules/ngx_nchan_module.so",
    "/usr/share/nginx/modules/ngx_nchan_module.so",
    "/usr/local/libexec/nginx/ngx_nchan_module.so",
];

/// How long nginx may take to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The program and the module, or what is missing.
pub(crate) fn find() -> Result<(&'static Path, &'static Path), String> {
    let program = first(&PROGRAMS).ok_or("nginx is not installed (on Debian: apt-get install nginx)")?;
    let module =
        first(&MODULES).ok_or("nginx has no module nchan (on Debian: apt-get install libnginx-mod-nchan)")?;
    Ok((program, module))
}

fn first(places: &[&'static str]) -> Option<&'static Path> {
    places.iter().copied().map(Path::new).find(|place| place.exists())
}

/// nginx, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Nginx {
    child: Child,
    program: &'static Path,
    settings: PathBuf,
    directory: TempDir,
}

impl Nginx {
    /// Starts it on a free port.
    pub(crate) fn start() -> io::Result<(Self, u16)> {
        let (program, module) = find().map_err(io::Error::other)?;
        let directory = tempfile::tempdir()?;
        // Free now; nobody else is likely to take it in the next moment.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let settings = directory.path().join("nginx.conf");
        fs::write(&settings, written(directory.path(), module, port))?;
        let mut command = command(program, directory.path(), &settings);
        let child = command.stdin(Stdio::null()).spawn()?;
        let nginx = Self { child, program, settings, directory };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("nginx does not answer"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok((nginx, port))
    }

    /// The process that keeps watch, and the worker.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mut processes = children(self.child.id());
        processes.push(self.child.id());
        processes
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Killed, it would leave its worker behind. What fails here fails for a process that has ended already.
        let _ = command(self.program, self.directory.path(), &self.settings).args(["-s", "stop"]).status();
        let _ = self.child.wait();
    }
}

fn command(program: &Path, directory: &Path, settings: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-p").arg(directory).arg("-c").arg(settings).arg("-e").arg(directory.join("error.log"));
    command
}

fn written(directory: &Path, module: &Path, port: u16) -> String {
    let (directory, module) = (directory.display(), module.display());
    format!(
        "daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
load_module {module};
events {{ worker_connections 12000; multi_accept on; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  keepalive_requests 10000000;
  nchan_shared_memory_size 512M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {PUBLISH} {{
      nchan_publisher;
      nchan_channel_id bench;
      nchan_message_buffer_length {RING_EVENTS};
      nchan_message_timeout 5m;
    }}
    location = {SUBSCRIBE} {{
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
      nchan_eventsource_ping_interval 0;
    }}
  }}
}}
"
    )
}
