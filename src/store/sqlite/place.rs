//! The directory of a store: its files, who may read them, and the locks that tell the living from the dead.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etcetera::BaseStrategy;

use crate::model::{InstanceId, Timestamp};
use crate::store::StoreError;

/// The file of the database within its directory.
const DATABASE: &str = "inspector.db";

/// How long one process waits while another opens the same directory.
const OPENING_PATIENCE: Duration = Duration::from_secs(10);

/// Where history is kept when nothing else is said: `agent-inspector/{executable}` in the platform's directory for the
/// data of programs (`~/.local/share`, `~/Library/Application Support`, `%APPDATA%`). Two programs do not share
/// history; two runs of one program do.
///
/// # Errors
///
/// [`StoreError::Unavailable`] when the user has no home directory.
pub fn default_data_dir() -> Result<PathBuf, StoreError> {
    let base = etcetera::base_strategy::choose_native_strategy()
        .map_err(|error| StoreError::Unavailable(format!("there is no directory for data: {error}")))?;
    let program = std::env::current_exe().ok();
    let name =
        program.as_deref().and_then(Path::file_stem).and_then(|name| name.to_str()).unwrap_or("program");
    Ok(base.data_dir().join("agent-inspector").join(name))
}

/// The directory of a store.
#[derive(Clone, Debug)]
pub(super) struct Place {
    dir: PathBuf,
}

impl Place {
    /// Makes the directory, readable by nobody else, unless it is there.
    pub(super) fn create(dir: &Path) -> Result<Self, StoreError> {
        let place = Self { dir: dir.to_owned() };
        let made = create_private_dir(dir).and_then(|()| create_private_dir(&place.instances()));
        made.map_err(|error| unavailable(dir, &error))?;
        Ok(place)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }

    fn instances(&self) -> PathBuf {
        self.dir.join("instances")
    }

    fn instance(&self, id: &str) -> PathBuf {
        self.instances().join(format!("{id}.lock"))
    }

    /// Makes the database's file, readable by nobody else, unless it is there; SQLite gives its side files the same
    /// permissions.
    pub(super) fn create_database(&self) -> Result<(), StoreError> {
        let path = self.database();
        create_private_file(&path).map(drop).map_err(|error| unavailable(&path, &error))
    }

    /// One process at a time opens the directory, so that nobody looks at a half-made file or a half-taken lock.
    pub(super) fn lock_opening(&self) -> Result<File, StoreError> {
        let path = self.dir.join("opening.lock");
        let file = create_private_file(&path).map_err(|error| unavailable(&path, &error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if began.elapsed() < OPENING_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Unavailable(format!("{} is held for too long", path.display())));
                }
                Err(TryLockError::Error(error)) => return Err(unavailable(&path, &error)),
            }
        }
    }

    /// The lock that an instance holds as long as its process lives.
    pub(super) fn lock_instance(&self, id: InstanceId) -> Result<File, StoreError> {
        let path = self.instance(&id.to_string());
        let file = create_private_file(&path).map_err(|error| unavailable(&path, &error))?;
        file.try_lock().map_err(|error| unavailable(&path, &error.into()))?;
        Ok(file)
    }

    /// Whether the process of an instance lives. When that cannot be told it counts as alive, so that nobody's sessions
    /// are declared dead by mistake.
    pub(super) fn is_alive(&self, id: &str) -> bool {
        match File::open(self.instance(id)) {
            Ok(file) => file.try_lock().is_err(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Removes the lock file of an instance that has ended.
    pub(super) fn forget_instance(&self, id: &str) {
        // What is left over does no harm: its lock is free.
        let _ = fs::remove_file(self.instance(id));
    }

    /// Whether any instance but `own` lives.
    fn has_siblings(&self, own: InstanceId) -> bool {
        let Ok(entries) = fs::read_dir(self.instances()) else { return true };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        names
            .filter_map(|name| name.strip_suffix(".lock").map(str::to_owned))
            .any(|id| id != own.to_string() && self.is_alive(&id))
    }

    /// Moves a database that cannot be read out of the way, with its side files, and says where to. Not while another
    /// process has it open: that one would later delete the side files of the new database by name.
    pub(super) fn set_aside(&self, own: InstanceId, now: Timestamp) -> Result<PathBuf, StoreError> {
        if self.has_siblings(own) {
            return Err(StoreError::Corrupt(format!(
                "{} cannot be read, and another process has it open",
                self.database().display()
            )));
        }
        let suffix = now.to_string().replace(':', "-");
        let aside = |side: &str| self.dir.join(format!("{DATABASE}.broken-{suffix}{side}"));
        for side in ["-wal", "-shm"] {
            let from = self.dir.join(format!("{DATABASE}{side}"));
            match fs::rename(&from, aside(side)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unavailable(&from, &error));
                }
                _ => {}
            }
        }
        let path = self.database();
        fs::rename(&path, aside("")).map_err(|error| unavailable(&path, &error))?;
        Ok(aside(""))
    }

    /// What tells the database's file from another one in its place; `None` when there is none. Where the system tells files
    /// apart by nothing but their names, every file is the same.
    pub(super) fn file(&self) -> Option<(u64, u64)> {
        let file = fs::metadata(self.database()).ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some((file.dev(), file.ino()))
        }
        #[cfg(not(unix))]
        Some((0, u64::from(file.is_file())))
    }

    /// Makes the directory again, when somebody removed it.
    pub(super) fn restore(&self) -> Result<(), StoreError> {
        Self::create(&self.dir).map(drop)
    }

    /// Bytes of the log that is not yet part of the database.
    pub(super) fn log_bytes(&self) -> u64 {
        fs::metadata(self.dir.join(format!("{DATABASE}-wal"))).map_or(0, |log| log.len())
    }

    /// Bytes on disk of the database with its side files.
    pub(super) fn bytes(&self) -> u64 {
        let files = ["", "-wal", "-shm"].map(|side| self.dir.join(format!("{DATABASE}{side}")));
        files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
    }
}

fn unavailable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
