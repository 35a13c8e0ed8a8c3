//! `/health` says when the host's own filters hide agent spans.

use std::time::{Duration, Instant};

use serde_json::Value;
use tracing::Subscriber;
use tracing::subscriber::set_default;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt, registry};

use crate::support::Host;

/// What `/health` says of capture, once the filters were asked: it does not wait long for them.
async fn said(host: &Host, wanted: &str) -> Value {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let health = host.get("/health").await;
        let part = health["parts"].as_array().unwrap().iter().find(|part| part["name"] == "capture");
        let part = part.expect("the part stands there");
        if part["state"] == wanted || Instant::now() > end {
            return part.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What `/health` says of capture when the host's subscriber is `build`'s, and somebody waits for this state.
async fn capture<S>(wanted: &str, build: impl FnOnce(&Host) -> S) -> Value
where
    S: Subscriber + Send + Sync + 'static,
{
    let host = Host::in_memory();
    let _subscriber = set_default(build(&host));
    said(&host, wanted).await
}

fn filter(directives: &str) -> EnvFilter {
    EnvFilter::new(directives)
}

#[tokio::test]
async fn a_global_filter_that_hides_agent_spans_is_told_wherever_it_stands() {
    let above =
        capture("degraded", |host| registry().with(host.inspector.layer()).with(filter("warn"))).await;
    let below =
        capture("degraded", |host| registry().with(filter("warn")).with(host.inspector.layer())).await;
    let level =
        capture("degraded", |host| registry().with(LevelFilter::WARN).with(host.inspector.layer())).await;
    let around =
        capture("degraded", |host| registry().with(host.inspector.layer().with_filter(filter("warn")))).await;
    for part in [above, below, level, around] {
        assert_eq!(part["state"], "degraded", "{part}");
        let why = part["why"].as_str().unwrap();
        assert!(
            why.contains("rig=info") && why.contains("rig::agent_chat") && why.contains(".with_filter"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_filter_of_another_layer_and_one_that_lets_agent_spans_through_are_not() {
    let other = capture("ok", |host| {
        registry()
            .with(fmt::layer().with_writer(std::io::sink).with_filter(filter("warn")))
            .with(host.inspector.layer())
    });
    let outside = capture("ok", |host| {
        registry()
            .with(host.inspector.layer())
            .with(fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::ERROR))
    });
    let open = capture("ok", |host| registry().with(filter("info")).with(host.inspector.layer()));
    let fields = capture("ok", |host| {
        registry().with(filter("warn,[{gen_ai.operation.name}]=info")).with(host.inspector.layer())
    });
    let none = capture("ok", |host| registry().with(host.inspector.layer()));
    for part in [
        other.await,
        outside.await,
        open.await,
        fields.await,
        none.await,
        capture("ok", |_| registry()).await,
    ] {
        assert_eq!(part["state"], "ok", "{part}");
    }
}

#[tokio::test]
async fn what_really_came_by_counts_more_than_what_might() {
    let host = Host::in_memory();
    // Hides rig and genai, which this host may not use.
    let _subscriber = set_default(registry().with(filter("it=info")).with(host.inspector.layer()));
    drop(tracing::info_span!("chat", gen_ai.operation.name = "chat"));
    let part = said(&host, "ok").await;
    assert_eq!((&part["name"], &part["state"]), (&"capture".into(), &"ok".into()), "{part}");

    let host = Host::in_memory();
    let _subscriber = set_default(registry().with(filter("it=info")).with(host.inspector.layer()));
    drop(tracing::info_span!(target: "house::agents", "chat", gen_ai.operation.name = "chat"));
    let part = said(&host, "degraded").await;
    assert_eq!(part["state"], "degraded");
    assert!(part["why"].as_str().unwrap().contains("add `house=info`"), "{part}");
}

/// Every subscriber of a process is shown all callsites, also those whose spans go elsewhere.
#[tokio::test]
async fn the_spans_of_another_subscriber_are_not_this_ones() {
    fn elsewhere() {
        drop(tracing::info_span!(target: "elsewhere", "chat", gen_ai.operation.name = "chat"));
    }
    // Once before this subscriber is there, and once while it is.
    elsewhere();
    let host = Host::in_memory();
    let hidden = set_default(registry().with(filter("warn")).with(host.inspector.layer()));
    std::thread::spawn(|| {
        let _subscriber = set_default(registry());
        drop(tracing::info_span!(target: "elsewhere", "other", gen_ai.operation.name = "chat"));
        elsewhere();
    })
    .join()
    .unwrap();
    let part = said(&host, "degraded").await;
    let why = part["why"].as_str().unwrap();
    assert!(why.contains("rig::agent_chat") && !why.contains("elsewhere"), "{why}");
    drop(hidden);

    // What was shown before this one was there is known once it comes by.
    let host = Host::in_memory();
    let _shown = set_default(registry().with(filter("elsewhere=info")).with(host.inspector.layer()));
    elsewhere();
    let part = said(&host, "ok").await;
    assert_eq!(part["state"], "ok", "{part}");
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn the_metrics_say_so_too() {
    let host = Host::in_memory();
    let _subscriber = set_default(registry().with(filter("warn")).with(host.inspector.layer()));
    assert_eq!(said(&host, "degraded").await["state"], "degraded");
    let (_, metrics) = host.try_get("/metrics").await;
    assert!(metrics.as_str().unwrap().contains(r#"part_up{part="capture"} 0"#), "{metrics}");
}
