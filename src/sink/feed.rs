//! The thread that tells the sinks.

use std::collections::{HashMap, HashSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::changed::{Batch, Changed};
use super::{History, Sink, SinkError, name_of_history};
use crate::model::{Cursor, IMPORTED_TAG, InstanceId, SessionId, SessionQuery, Timestamp};
use crate::store::Store;
use crate::work::spawn_giving_way;

/// How long changes of a session are gathered before the sinks are told: each telling looks at all blocks of the session.
const GATHER_FOR: Duration = Duration::from_millis(500);

/// When looking at the changed sessions takes long, because they are long, it is done less often: at most this part of
/// one processor's time.
const SHARE: u32 = 20;

/// The longest that changes wait because of [`SHARE`].
const MAX_GATHER: Duration = Duration::from_secs(30);

/// How often the sinks look after what they have.
const TEND_EVERY: Duration = Duration::from_secs(30);

/// How long the thread waits before it tries again what a sink did not take, at first and at most.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(30);

/// How long after its last change a session is looked at again: the store packs what has ended, without a commit.
const LOOK_AGAIN: [Duration; 3] =
    [Duration::from_secs(60), Duration::from_secs(300), Duration::from_secs(1800)];

/// How many sessions wait to be looked at again. Those beyond it stay as they are, which is larger, and not less.
const MAX_LOOK_AGAIN: usize = 4096;

/// Sessions whose last change is older than what a sink had by so much need not be followed at the start: a commit may be
/// so late.
const MARGIN: Duration = Duration::from_secs(600);

/// How often it is noted up to when a sink has everything.
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// How many sessions are read at once when the store is looked through.
const PAGE: usize = 500;

/// A handle on the thread that tells the sinks.
#[derive(Debug)]
pub(crate) struct Feed {
    sinks: Vec<Arc<dyn Sink>>,
    changed: Arc<Changed>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Everything up to the telling of this number was tried once.
    done: watch::Sender<u64>,
    blocking: (Mutex<u64>, Condvar),
    /// What is wrong with each sink.
    problems: Vec<Mutex<Option<String>>>,
    panics: AtomicU64,
}

impl Feed {
    /// Starts the thread. It ends by itself after [`Changed::finish`].
    pub(crate) fn start(
        sinks: Vec<Arc<dyn Sink>>,
        changed: Arc<Changed>,
        store: Arc<dyn Store>,
        instance: InstanceId,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            done: watch::Sender::new(0),
            blocking: (Mutex::new(0), Condvar::new()),
            problems: sinks.iter().map(|_| Mutex::default()).collect(),
            panics: AtomicU64::new(0),
        });
        let work = Work {
            sinks: sinks.clone(),
            changed: Arc::clone(&changed),
            shared: Arc::clone(&shared),
            store,
            instance,
            again: HashMap::new(),
            pause: GATHER_FOR,
            retry: RETRY_FIRST,
            noted: None,
        };
        spawn_giving_way("inspector-sinks", move || work.run())?;
        Ok(Self { sinks, changed, shared })
    }

    /// Waits until the sinks were told of every commit before this call, and have done what they can at the moment.
    pub(crate) async fn settle(&self) {
        let number = self.changed.hurry();
        let mut done = self.shared.done.subscribe();
        // The sender lives as long as `shared`.
        let _ = done.wait_for(|done| *done >= number).await;
    }

    /// As [`settle`](Self::settle), blocking, for at most `patience`.
    pub(crate) fn settle_within(&self, patience: Duration) {
        let number = self.changed.hurry();
        let until = Instant::now() + patience;
        let (done, told) = &self.shared.blocking;
        let mut done = done.lock();
        while *done < number && !told.wait_until(&mut done, until).timed_out() {}
    }

    /// Waits until the thread has ended; [`Changed::finish`] was called.
    pub(crate) async fn ended(&self) {
        let mut done = self.shared.done.subscribe();
        let _ = done.wait_for(|done| *done == u64::MAX).await;
    }

    /// Each sink's name, and what is wrong with it.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.sinks
            .iter()
            .zip(&self.shared.problems)
            .map(|(sink, problem)| (sink.name(), problem.lock().clone()))
    }

    /// Counts since the start, of all sinks.
    pub(crate) fn counters(&self) -> Vec<(&'static str, u64)> {
        self.sinks.iter().flat_map(|sink| sink.counters()).collect()
    }

    /// Bounds in force, of all sinks.
    pub(crate) fn limits(&self) -> Vec<(&'static str, u64)> {
        self.sinks.iter().flat_map(|sink| sink.limits()).collect()
    }

    /// Panics of sinks that were contained.
    pub(crate) fn panics(&self) -> u64 {
        self.shared.panics.load(Ordering::Relaxed)
    }
}

struct Work {
    sinks: Vec<Arc<dyn Sink>>,
    changed: Arc<Changed>,
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    instance: InstanceId,
    /// Sessions to look at again: when, and how often they were already.
    again: HashMap<SessionId, (Instant, usize)>,
    pause: Duration,
    retry: Duration,
    noted: Option<Instant>,
}

/// What of a batch was not done.
#[derive(Default)]
struct Undone {
    batch: Batch,
    /// The first reason for each sink.
    problems: Vec<Option<String>>,
    /// The sinks that take nothing at the moment.
    down: Vec<usize>,
}

impl Work {
    fn run(mut self) {
        let store = Arc::clone(&self.store);
        let (identity, lasting) = name_of_history(store.as_ref(), self.instance);
        let history = History { store: store.as_ref(), identity: &identity, lasting };
        let mut tending = self.tend(&history);
        let mut tended = Instant::now();
        self.begin(&history);
        loop {
            let batch = self.changed.take(self.pause, TEND_EVERY);
            let was_wrong = tending.iter().any(Option::is_some) && !batch.is_empty();
            if was_wrong || tended.elapsed() >= TEND_EVERY {
                tended = Instant::now();
                tending = self.tend(&history);
            }
            self.refresh_due(&batch, &history);
            let (number, last) = (batch.number, batch.last);
            self.batch(batch, &tending, &history);
            if last {
                break;
            }
            self.say_done(number);
        }
        for sink in &self.sinks {
            _ = self.contained(|| sink.close());
        }
        self.say_done(u64::MAX);
    }

    /// Catches up with what an earlier start left undone.
    fn begin(&self, history: &History<'_>) {
        let now = Timestamp::from(SystemTime::now());
        self.look_through(history);
        for sink in &self.sinks {
            if self.contained(|| sink.complete_until(history)).flatten().is_none() {
                _ = self.contained(|| sink.note_complete(now, history));
            }
        }
    }

    fn say_done(&self, number: u64) {
        let (done, told) = &self.shared.blocking;
        *done.lock() = number;
        told.notify_all();
        self.shared.done.send_replace(number);
    }

    fn batch(&mut self, batch: Batch, tending: &[Option<String>], history: &History<'_>) {
        let began = Instant::now();
        let until = Timestamp::from(SystemTime::now());
        let mut undone = Undone { problems: tending.to_vec(), ..Undone::default() };
        let mut crowd = batch.crowd;
        for session in batch.changed {
            self.follow(&session, history, &mut undone);
            self.look_again(session, 0);
        }
        // After the sessions that their traces moved to: dying in between loses nothing.
        for session in &batch.removed {
            for (at, sink) in self.sinks.iter().enumerate() {
                let forgotten = self.asked(|| sink.forget(session, history));
                if undone.note(at, forgotten) {
                    undone.batch.removed.insert(session.clone());
                }
            }
        }
        if crowd {
            crowd = !self.look_through(history);
        }
        for (problem, found) in self.shared.problems.iter().zip(&undone.problems) {
            problem.lock().clone_from(found);
        }
        undone.batch.crowd = crowd;
        if undone.batch.is_empty() {
            self.retry = RETRY_FIRST;
            self.pause = (began.elapsed() * SHARE).clamp(GATHER_FOR, MAX_GATHER);
            if batch.last || self.noted.is_none_or(|noted| noted.elapsed() >= NOTE_EVERY) {
                self.noted = Some(Instant::now());
                for sink in &self.sinks {
                    _ = self.contained(|| sink.note_complete(until, history));
                }
            }
        } else {
            self.changed.put_back(undone.batch);
            self.pause = self.retry;
            self.retry = (self.retry * 2).min(RETRY_MOST);
        }
    }

    fn follow(&self, session: &SessionId, history: &History<'_>, undone: &mut Undone) {
        for (at, sink) in self.sinks.iter().enumerate() {
            if undone.down.contains(&at) || undone.note(at, self.asked(|| sink.follow(session, history))) {
                undone.batch.add([session.clone()], HashSet::new());
            }
        }
    }

    fn tend(&self, history: &History<'_>) -> Vec<Option<String>> {
        let tended = self.sinks.iter().map(|sink| self.asked(|| sink.tend(history)));
        let problems: Vec<_> = tended.map(|result| result.err().map(|error| error.to_string())).collect();
        for (problem, found) in self.shared.problems.iter().zip(&problems) {
            // All is well again only when what was not taken is.
            if found.is_some() {
                problem.lock().clone_from(found);
            }
        }
        problems
    }

    /// Follows every session that changed since the sinks last had everything. Says whether the store could be read.
    fn look_through(&self, history: &History<'_>) -> bool {
        let known = self.sinks.iter().map(|sink| self.contained(|| sink.complete_until(history)).flatten());
        let since: Vec<_> = known.map(|until| until.map(|until| until.minus(MARGIN))).collect();
        let mut undone = Undone { problems: vec![None; self.sinks.len()], ..Undone::default() };
        let mut query = SessionQuery { limit: PAGE, ..SessionQuery::default() };
        if since.iter().all(Option::is_none) {
            return true;
        }
        loop {
            let Ok(page) = self.store.sessions(&query) else { return false };
            for session in &page {
                let changed = since.iter().flatten().any(|since| session.updated_at >= *since);
                // What came from files need not be written to files. What the host added to it since then is told.
                if changed && !session.tags.iter().any(|tag| tag == IMPORTED_TAG) {
                    self.follow(&session.id, history, &mut undone);
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => query.after = Some(Cursor::after(last)),
                _ => break,
            }
        }
        self.changed.put_back(undone.batch);
        true
    }

    fn look_again(&mut self, session: SessionId, times: usize) {
        if let Some(after) = LOOK_AGAIN.get(times)
            && (self.again.len() < MAX_LOOK_AGAIN || self.again.contains_key(&session))
        {
            self.again.insert(session, (Instant::now() + *after, times));
        }
    }

    /// Looks again at the sessions that are due and did not change.
    fn refresh_due(&mut self, batch: &Batch, history: &History<'_>) {
        let now = Instant::now();
        let due: Vec<_> = self.again.extract_if(|_, (at, _)| *at <= now).collect();
        for (session, (_, times)) in due {
            self.look_again(session.clone(), times + 1);
            if !batch.changed.contains(&session) {
                for sink in &self.sinks {
                    // What does not go well now is as it was.
                    let _ = self.asked(|| sink.refresh(&session, history));
                }
            }
        }
    }

    fn asked(&self, ask: impl FnOnce() -> Result<(), SinkError>) -> Result<(), SinkError> {
        self.contained(ask).unwrap_or_else(|| Err(SinkError::Refused("it panicked".to_owned())))
    }

    fn contained<T>(&self, call: impl FnOnce() -> T) -> Option<T> {
        catch_unwind(AssertUnwindSafe(call))
            .map_err(|_| self.shared.panics.fetch_add(1, Ordering::Relaxed))
            .ok()
    }
}

impl Undone {
    /// Notes what a sink answered; whether it is to be asked again.
    fn note(&mut self, sink: usize, answer: Result<(), SinkError>) -> bool {
        let Err(error) = answer else { return false };
        self.problems[sink].get_or_insert_with(|| error.to_string());
        if matches!(error, SinkError::Unavailable(_)) {
            self.down.push(sink);
        }
        true
    }
}
