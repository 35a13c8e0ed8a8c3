//! A job queue with an engine of its own, whose jobs stand in the inspector's list, can be answered and can be cancelled.
//!
//! ```text
//! cargo run --example registry
//! ```
//!
//! You will see the address of the page. Of its three jobs `count` runs until it is cancelled, `deploy` waits for an
//! approval, and `backup` is done soon. Answer and cancel with
//!
//! ```text
//! curl -i http://127.0.0.1:3000/_inspector/signal/deploy -H 'content-type: application/json' \
//!     -d '{"signal": "approval", "payload": {"approved": true}}'
//! curl -i -X POST http://127.0.0.1:3000/_inspector/cancel/count
//! ```
//!
//! A second answer is refused, and so is a payload like `{"approved": "yes"}`. `PORT` chooses the port.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::collections::HashMap;
use std::env;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use agent_inspector::Inspector;
use agent_inspector::model::{Session, SessionId, SessionQuery, SessionStatus, Timestamp, WaitingOn};
use agent_inspector::registry::{
    ControlError, ControlFuture, RegistryFuture, SessionControl, SessionRegistry, Signal,
};
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// A job as its queue knows it.
#[derive(Debug)]
struct Job {
    session: Session,
    stop: AbortHandle,
    answer: Option<oneshot::Sender<bool>>,
}

#[derive(Debug, Default, Clone)]
struct Queue(Arc<Mutex<HashMap<SessionId, Job>>>);

impl Queue {
    fn jobs(&self) -> MutexGuard<'_, HashMap<SessionId, Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` as a job; it ends as what the work gives.
    fn start<F>(
        &self,
        name: &str,
        work: impl FnOnce(Self, SessionId) -> F,
    ) -> Result<(), Box<dyn std::error::Error>>
    where
        F: Future<Output = SessionStatus> + Send + 'static,
    {
        let id = SessionId::parse(name)?;
        let (queue, running, ended) = (self.clone(), work(self.clone(), id.clone()), id.clone());
        // Locked until the job is in: what it says of itself comes after that.
        let mut jobs = self.jobs();
        let task = tokio::spawn(async move {
            let status = running.await;
            queue.change(&ended, |job| job.end(status));
        });
        let session = Session::new(id.clone(), "job-queue", format!("Job {name}"), SystemTime::now().into());
        jobs.insert(id, Job { session, stop: task.abort_handle(), answer: None });
        Ok(())
    }

    fn change(&self, id: &SessionId, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs().get_mut(id) {
            job.session.updated_at = SystemTime::now().into();
            change(job);
        }
    }

    /// Waits until a person says yes or no.
    async fn ask(&self, id: &SessionId, prompt: &str) -> bool {
        let (answer, answered) = oneshot::channel();
        let since = Timestamp::from(SystemTime::now());
        let waiting = WaitingOn::new("approval", since).prompt(prompt);
        self.change(id, |job| {
            (job.session.status, job.session.waiting_on) = (SessionStatus::Paused, Some(waiting));
            job.answer = Some(answer);
        });
        answered.await.unwrap_or(false)
    }
}

impl Job {
    fn end(&mut self, status: SessionStatus) {
        self.session.status = status;
        self.session.ended_at = Some(self.session.updated_at);
        (self.session.waiting_on, self.answer) = (None, None);
    }
}

// From here on is what the inspector asks for.

impl SessionRegistry for Queue {
    fn name(&self) -> &'static str {
        "job-queue"
    }
    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async move { Ok(query.select(self.jobs().values().map(|job| job.session.clone()))) })
    }
    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async move { Ok(self.jobs().get(id).map(|job| job.session.clone())) })
    }
    fn control(&self) -> Option<&dyn SessionControl> {
        Some(self)
    }
}

impl SessionControl for Queue {
    fn signal<'a>(&'a self, id: &'a SessionId, signal: &'a Signal) -> ControlFuture<'a> {
        Box::pin(async move {
            let mut jobs = self.jobs();
            let job = jobs.get_mut(id).ok_or(ControlError::NotFound)?;
            if job.session.waiting_on.as_ref().is_none_or(|waiting| waiting.signal_name != signal.name) {
                return Err(ControlError::NothingWaits);
            }
            let approved = signal.payload["approved"].as_bool();
            let approved =
                approved.ok_or_else(|| ControlError::invalid("/approved", "true or false is wanted"))?;
            (job.session.status, job.session.waiting_on) = (SessionStatus::Running, None);
            let answer = job.answer.take().ok_or(ControlError::NothingWaits)?;
            answer.send(approved).map_err(|_| ControlError::AlreadyEnded)
        })
    }
    fn cancel<'a>(&'a self, id: &'a SessionId) -> ControlFuture<'a> {
        Box::pin(async move {
            let mut jobs = self.jobs();
            let job = jobs.get_mut(id).ok_or(ControlError::NotFound)?;
            if job.session.status.is_ended() {
                return Err(ControlError::AlreadyEnded);
            }
            job.stop.abort();
            job.session.updated_at = SystemTime::now().into();
            job.end(SessionStatus::Cancelled);
            Ok(())
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let queue = Queue::default();
    let inspector = Inspector::builder().in_memory().registry(Arc::new(queue.clone())).build()?;
    let app: Router = inspector.mount(Router::new(), "/_inspector");
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("inspector: http://{}/_inspector/ui/", listener.local_addr()?);

    queue.start("backup", |_, _| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        SessionStatus::Completed
    })?;
    queue.start("count", |queue, id| async move {
        for number in 1_u64.. {
            queue.change(&id, |job| job.session.title = format!("Job count: {number}"));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        SessionStatus::Completed
    })?;
    queue.start("deploy", |queue, id| async move {
        match queue.ask(&id, "Deploy to production?").await {
            true => SessionStatus::Completed,
            false => SessionStatus::Failed,
        }
    })?;

    // Small events go out at once; otherwise the system gathers them for up to 40 ms.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            // Without a signal handler there is nothing to wait for but the end.
            let _ = tokio::signal::ctrl_c().await;
            inspector.shutdown().await;
        })
        .await?;
    Ok(())
}
