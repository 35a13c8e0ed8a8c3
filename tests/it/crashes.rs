//! Killed at any moment, again and again: nothing that was acknowledged is lost, no id is used twice, and what ran is
//! abandoned.
//!
//! Each round starts a host (every third one two, on the same directory), lets programs send spans to it while it records
//! sessions of its own, packs and removes what is old, and kills it with SIGKILL. Then another host opens the directory
//! and is asked for everything.

mod host;
mod look;
mod senders;

use std::collections::BTreeSet;
use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector::model::InstanceId;
use agent_inspector::store::SqliteStore;

use self::host::Loaded;
use self::look::Look;
use self::senders::Sent;
use crate::support::Host;

/// How many rounds, when [`ROUNDS`] does not say.
const DEFAULT_ROUNDS: u32 = 50;

/// So many old sessions, of some 30 KB each, are more than twice what the hosts keep.
const FILLS_THE_STORE: usize = 1_000;

/// Names a number of rounds.
const ROUNDS: &str = "INSPECTOR_CRASH_ROUNDS";

/// What is known after many rounds.
#[derive(Default)]
struct Known {
    /// What was acknowledged, in all rounds.
    acknowledged: Vec<Sent>,
    /// How many old sessions were sent to make others go.
    old: usize,
    /// The highest event id that any host published.
    highest: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_killed_again_and_again_loses_nothing_that_it_acknowledged() {
    let rounds = std::env::var(ROUNDS).map_or(DEFAULT_ROUNDS, |text| text.parse().unwrap());
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut known = Known::default();
    for round in 0..rounds {
        let hosts = if round % 3 == 2 { 2 } else { 1 };
        let hosts: Vec<_> = (0..hosts).map(|_| Loaded::start(dir.path())).collect();
        let acknowledgements = random.usize(1..20);
        let after = random.u64(0..20_000);
        let rest = tokio::task::spawn_blocking(move || senders::until_killed(hosts, acknowledgements, after));
        let (sent, old, killed) = rest.await.unwrap();
        assert!(!sent.is_empty(), "nothing was acknowledged in round {round}");

        let ids: Vec<BTreeSet<u64>> = killed.iter().map(|host| host.event_ids.clone()).collect();
        for (at, ids_of_one) in ids.iter().enumerate() {
            let lowest = ids_of_one.first().copied().unwrap_or(u64::MAX);
            assert!(lowest > known.highest, "round {round}: event id {lowest} was used before");
            assert!(ids[..at].iter().all(|other| other.is_disjoint(ids_of_one)), "two hosts used one id");
        }
        // One that died at once may have published nothing that anybody saw.
        known.highest = ids.iter().flatten().copied().max().unwrap_or(known.highest);

        let store = Arc::new(SqliteStore::open(dir.path(), InstanceId::generate()).unwrap());
        assert_eq!(store.notices(), Vec::<String>::new());
        store.check().unwrap();
        let look = Look(Host::new(Inspector::builder().store(store).build().unwrap()));
        for one in &sent {
            look.at_sent(one).await;
        }
        for host in &killed {
            for settled in &host.settled {
                look.at_settled(settled).await;
            }
        }
        look.nothing_runs().await;
        look.0.inspector.shutdown().await;
        known.acknowledged.extend(sent);
        known.old += old;
    }
    assert!(known.highest > 0, "no stream ever had an event");
    let look = Look(Host::in_dir(dir.path()));
    for sent in &known.acknowledged {
        look.is_listed(sent).await;
    }
    // On a machine with other work there may not have been enough of them to fill the store.
    if known.old > FILLS_THE_STORE {
        look.old_ones_were_removed(known.old).await;
    }
}
