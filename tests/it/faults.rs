//! What goes wrong in the host's own parts is contained, counted and shown.

use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector::model::{Session, SessionId, SessionQuery};
use agent_inspector::registry::{RegistryFuture, SessionRegistry};
use serde_json::{Value, json};

use crate::support::Host;

#[derive(Debug)]
struct Panics;

impl SessionRegistry for Panics {
    fn name(&self) -> &'static str {
        "jobs"
    }
    fn list<'a>(&'a self, _: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async { panic!("a bug in the host's registry") })
    }
    fn get<'a>(&'a self, _: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async { panic!("a bug in the host's registry") })
    }
}

pub(crate) fn part<'a>(health: &'a Value, name: &str) -> &'a Value {
    health["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).expect("the part is listed")
}

#[tokio::test]
async fn a_registry_that_panics_costs_only_its_own_sessions_and_is_shown() {
    let host = Host::new(Inspector::builder().in_memory().registry(Arc::new(Panics)).build().unwrap());
    let session = host.inspector.session("still listed").start();
    host.inspector.settle().await;
    let list = host.get("/sessions").await;
    assert_eq!(
        (&list["sessions"][0]["title"], &list["degraded"][0]["registry"]),
        (&json!("still listed"), &json!("jobs"))
    );
    assert_eq!(host.get(&format!("/sessions/{}", session.id())).await["title"], "still listed");
    assert_eq!(list["degraded"][0]["message"], "the registry jobs panicked");
    let health = host.get("/health").await;
    assert_eq!(
        (&health["status"], &part(&health, "jobs")["state"]),
        (&json!("degraded"), &json!("degraded"))
    );
    // It was asked for its list, and what can be done with a session of ours.
    assert_eq!(health["counters"]["panics_contained"], 2);
}
