use std::sync::Arc;

use tokio::time::Instant;

use super::merged::RegistrySettings;
use super::*;
use crate::model::Timestamp;

/// A registry that never answers.
#[derive(Debug)]
struct Hangs(Option<Duration>);

impl SessionRegistry for Hangs {
    fn name(&self) -> &'static str {
        "far away"
    }
    fn list<'a>(&'a self, _: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(std::future::pending())
    }
    fn get<'a>(&'a self, _: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(std::future::pending())
    }
    fn timeout(&self) -> Option<Duration> {
        self.0
    }
}

fn merged(registries: Vec<Arc<dyn SessionRegistry>>) -> (MergedRegistry, Session) {
    let memory = MemoryRegistry::default();
    let session = Session::new(SessionId::generate(), "tokio", "works", Timestamp::EPOCH);
    memory.insert(session.clone());
    let settings = RegistrySettings { reuse: Duration::ZERO, ..RegistrySettings::default() };
    let clean: Arc<dyn Clean> = Arc::new(());
    (MergedRegistry::new(Arc::new(memory), registries, settings, &clean), session)
}

fn query() -> SessionQuery {
    SessionQuery { limit: 10, ..SessionQuery::default() }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_hangs_delays_the_first_list_by_its_time_out_and_the_next_ones_hardly() {
    let (merged, session) = merged(vec![Arc::new(Hangs(None))]);
    for (waits, message) in [
        (DEFAULT_REGISTRY_TIMEOUT, "no answer from far away within 2s"),
        (OVERDUE_REGISTRY_PATIENCE, "far away took too long before, and still does"),
    ] {
        let began = Instant::now();
        let (sessions, degraded) = merged.list(&query()).await;
        assert_eq!(sessions, std::slice::from_ref(&session));
        assert_eq!(degraded[0].message, message);
        assert_eq!(began.elapsed(), waits);
    }
}

#[tokio::test(start_paused = true)]
async fn registries_are_asked_at_once_each_with_its_own_time_out() {
    let long = Duration::from_secs(7);
    let (merged, _) = merged(vec![Arc::new(Hangs(Some(long))), Arc::new(Hangs(None))]);
    let began = Instant::now();
    let (_, degraded) = merged.list(&query()).await;
    assert_eq!((degraded.len(), began.elapsed()), (2, long));
}
