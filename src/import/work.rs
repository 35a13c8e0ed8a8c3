//! The thread that looks at the directory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Shared;
use super::read::{End, Part, Place, lines};
use super::seen::{self, AllSeen, Seen};
use crate::ingest::line::{Line, line};
use crate::model::Span;
use crate::pipeline::{FromFile, IngestRefused, Pipeline};
use crate::sink::{FileName, HEADER_BYTES, Index, TraceFiles, lock_of_importer};

/// How often the directory is looked at.
pub(super) const POLL_EVERY: Duration = Duration::from_secs(2);

/// When looking takes long it is done less often: at most this part of one processor's time.
const SHARE: u32 = 50;

/// How many files are read, those that were written last.
pub(super) const MAX_FILES: usize = 10_000;

/// How many bytes of lines, and how many spans, are stored together.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_SPANS: usize = 1000;

/// How long the thread waits when the store cannot take what was read.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// How often what was read is noted. What is read again after a crash changes nothing.
const NOTE_EVERY: Duration = Duration::from_secs(30);

/// How many files with something wrong are named to a person.
const MAX_NAMED: usize = 3;

pub(super) struct Work {
    files: Arc<TraceFiles>,
    pipeline: Pipeline,
    shared: Arc<Shared>,
    history: String,
    lasting: bool,
    /// Of several processes with this history one reads.
    lock: Option<File>,
    seen: AllSeen,
    noted: Option<Instant>,
    unnoted: bool,
    problems: BTreeMap<String, String>,
}

/// A file that may have something new.
struct Found {
    name: FileName,
    length: u64,
    written: SystemTime,
}

impl Work {
    pub(super) fn new(
        files: Arc<TraceFiles>,
        pipeline: Pipeline,
        shared: Arc<Shared>,
        history: String,
        lasting: bool,
    ) -> Self {
        Self {
            files,
            pipeline,
            shared,
            history,
            lasting,
            lock: None,
            seen: AllSeen::new(),
            noted: None,
            unnoted: false,
            problems: BTreeMap::new(),
        }
    }

    pub(super) fn run(mut self) {
        while !self.is_stopped() {
            let asked = self.shared.asked.load(Ordering::Acquire);
            let began = Instant::now();
            let looked = self.look();
            *self.shared.problem.lock() = self.problem(looked);
            self.note(false);
            self.shared.done.send_replace(asked);
            if self.shared.asked.load(Ordering::Acquire) == asked && !self.is_stopped() {
                thread::park_timeout(POLL_EVERY.max(began.elapsed() * SHARE));
            }
        }
        self.note(true);
        drop(self.lock.take());
        self.shared.done.send_replace(u64::MAX);
    }

    fn is_stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    /// Looks at the directory and reads what is new.
    fn look(&mut self) -> io::Result<()> {
        let dir = self.files.dir().to_owned();
        if !self.may_read(&dir) {
            return Ok(());
        }
        let (found, all) = match found(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        let there = |name: &String| all.contains(name);
        self.seen.retain(|name, _| there(name));
        self.problems.retain(|name, _| there(name));
        for file in self.within_bounds(found) {
            if self.is_stopped() {
                break;
            }
            let name = file.name.to_string();
            match self.file(&dir, &file) {
                Ok(Some(wrong)) => _ = self.problems.insert(name, wrong.to_owned()),
                Ok(None) => _ = self.problems.remove(&name),
                // Removed in this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => _ = self.problems.insert(name, error.to_string()),
            }
        }
        Ok(())
    }

    /// Whether this is the process that reads for its history.
    fn may_read(&mut self, dir: &Path) -> bool {
        if self.lock.is_some() {
            return true;
        }
        match lock_of_importer(dir, &self.history) {
            Ok(Some(lock)) => {
                self.lock = Some(lock);
                if self.lasting {
                    let before = std::mem::replace(&mut self.seen, seen::load(dir, &self.history));
                    self.seen.extend(before);
                }
                true
            }
            Ok(None) => false,
            // A directory that cannot be written can be read; what was read is then not remembered.
            Err(_) => true,
        }
    }

    /// The files that are young enough, the newest first, until they are too many or too large together.
    fn within_bounds(&self, mut found: Vec<Found>) -> impl Iterator<Item = Found> + use<> {
        let (max_age, max_bytes) = self.files.bounds();
        // The files of one session together and in their order, the session that was written last first.
        let mut newest: HashMap<String, SystemTime> = HashMap::new();
        for file in &found {
            let of_session = newest.entry(file.name.session_text().to_owned()).or_insert(file.written);
            *of_session = file.written.max(*of_session);
        }
        found.sort_by_cached_key(|file| {
            let session = file.name.session_text().to_owned();
            (Reverse(newest.get(&session).copied()), session, file.name.part())
        });
        let now = SystemTime::now();
        let mut bytes = 0;
        found.into_iter().take(MAX_FILES).take_while(move |file| {
            bytes += file.length;
            bytes <= max_bytes && now.duration_since(file.written).is_ok_and(|age| age <= max_age)
                || file.written > now
        })
    }

    /// Reads what is new in a file. Says what is wrong with it.
    fn file(&mut self, dir: &Path, file: &Found) -> io::Result<Option<&'static str>> {
        let name = file.name.to_string();
        let written = nanos(file.written);
        let known = self.seen.get(&name).cloned().unwrap_or_default();
        if (known.done, known.length, known.written) == (true, file.length, written) {
            return Ok(self.known(&name));
        }
        let owner = Index::owner(dir, &file.name);
        let own = owner.as_ref().is_some_and(|owner| owner.history == self.history);
        if own || (owner.is_none() && Index::is_begun(dir, &file.name)) {
            return Ok(None);
        }
        let index = match &owner {
            Some(_) => Index::of_file(dir, &file.name),
            None => None,
        };
        let epoch = index.as_ref().map(|index| index.owner.epoch.clone());
        // One that became shorter, or was written anew, is another file.
        let same = known.epoch == epoch && known.length <= file.length;
        let seen = if same { known } else { Seen::default() };
        let part = match &index {
            Some(index) => {
                let begin = seen.place.at.max(HEADER_BYTES);
                Part::Blocks(Place { at: begin, ..seen.place }, index.end_within(file.length))
            }
            None => Part::Gzip(seen.place),
        };
        let (session, external_id) = match owner {
            Some(owner) => (owner.session, None),
            None => {
                let (session, hashed) = file.name.session();
                (session, hashed.then(|| file.name.session_text().to_owned()))
            }
        };
        let quiet_for = SystemTime::now().duration_since(file.written).unwrap_or_default();
        let mut batch = Batch::new(FromFile { session, external_id, engine: None, title: None, quiet_for });
        let opened = File::open(dir.join(&name))?;
        let (end, place) = lines(opened, part, &mut |text, _| self.take(text, &mut batch))?;
        if !self.store(&mut batch) || end == End::Stopped {
            // The inspector ends, and what was read is not known to be stored.
            return Ok(None);
        }
        // What began at a place within the file may have been written over: once more from its beginning.
        let lost = matches!(end, End::NotGzip | End::Damaged) && seen.place != Place::default() && seen.done;
        let seen = Seen {
            length: if lost { 0 } else { file.length },
            written,
            place: if lost { Place::default() } else { place },
            epoch,
            done: !lost,
        };
        self.seen.insert(name, seen);
        self.unnoted = true;
        Ok(wrong(end))
    }

    /// What was wrong with a file that has not changed since.
    fn known(&self, name: &str) -> Option<&'static str> {
        let problem = self.problems.get(name)?;
        [NOT_GZIP, DAMAGED, BOMB].into_iter().find(|known| known == problem)
    }

    /// Takes a line; `false` when no more shall be read.
    fn take(&self, text: &[u8], batch: &mut Batch) -> bool {
        if text.iter().all(u8::is_ascii_whitespace) && !text.is_empty() {
            return true;
        }
        match line(text) {
            Ok(line) => batch.add(line, text.len()),
            Err(_) => _ = self.shared.bad_lines.fetch_add(1, Ordering::Relaxed),
        }
        if batch.is_full() { self.store(batch) } else { !self.is_stopped() }
    }

    /// Stores what was gathered. Waits while the store is busy; `false` when the inspector ends.
    fn store(&self, batch: &mut Batch) -> bool {
        let count = batch.spans.len() as u64;
        while !batch.spans.is_empty() {
            let again = batch.spans.clone();
            match self.pipeline.import(std::mem::take(&mut batch.spans), batch.file.clone()) {
                Ok(()) => {}
                Err(IngestRefused::Closed) => return false,
                Err(IngestRefused::Busy | IngestRefused::NotStored) => {
                    batch.spans = again;
                    thread::park_timeout(BUSY_PAUSE);
                    if self.is_stopped() {
                        return false;
                    }
                }
            }
        }
        batch.bytes = 0;
        self.shared.spans.fetch_add(count, Ordering::Relaxed);
        true
    }

    /// Notes what was read for the next start.
    fn note(&mut self, last: bool) {
        let due = last || self.noted.is_none_or(|noted| noted.elapsed() >= NOTE_EVERY);
        if self.lasting && self.unnoted && due && self.lock.is_some() {
            self.noted = Some(Instant::now());
            // Otherwise it is read again, which changes nothing.
            self.unnoted = seen::save(self.files.dir(), &self.history, &self.seen).is_err();
        }
    }

    fn problem(&self, looked: io::Result<()>) -> Option<String> {
        if let Err(error) = looked {
            return Some(format!("{}: {error}", self.files.dir().display()));
        }
        let mut words: Vec<String> =
            self.problems.iter().take(MAX_NAMED).map(|(name, why)| format!("{name} {why}")).collect();
        if self.problems.len() > MAX_NAMED {
            words.push(format!("and {} more", self.problems.len() - MAX_NAMED));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// Spans that are stored together.
struct Batch {
    file: FromFile,
    spans: Vec<Span>,
    bytes: usize,
}

impl Batch {
    fn new(file: FromFile) -> Self {
        Self { file, spans: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, line: Line, length: usize) {
        self.file.engine = self.file.engine.take().or(line.engine);
        self.file.title = self.file.title.take().or(line.title);
        self.spans.push(line.span);
        self.bytes += length;
    }

    fn is_full(&self) -> bool {
        self.spans.len() >= BATCH_SPANS || self.bytes >= BATCH_BYTES
    }
}

const NOT_GZIP: &str = "is no gzip file, or not to its end; it is left alone";
const DAMAGED: &str = "is damaged; what comes before the damage is shown";
const BOMB: &str = "unpacks to more than an honest file would; the rest of it is not read";

/// What is wrong with a file that ended so. One that ends in the middle may still be written.
fn wrong(end: End) -> Option<&'static str> {
    match end {
        End::NotGzip => Some(NOT_GZIP),
        End::Damaged => Some(DAMAGED),
        End::Bomb => Some(BOMB),
        End::Whole | End::Torn | End::Stopped => None,
    }
}

/// The trace files in a directory, and all their names.
fn found(dir: &Path) -> io::Result<(Vec<Found>, HashSet<String>)> {
    let (mut files, mut names) = (Vec::new(), HashSet::new());
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(FileName::found) else { continue };
        // A link may lead to anything, a pipe never ends.
        let Ok(about) = entry.metadata() else { continue };
        if let Some(written) = about.modified().ok().filter(|_| about.is_file()) {
            names.insert(name.to_string());
            files.push(Found { name, length: about.len(), written });
        }
    }
    Ok((files, names))
}

fn nanos(time: SystemTime) -> i128 {
    let nanos = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}
