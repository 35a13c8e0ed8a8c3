//! A router with its parts in reach, and requests to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::watch;
use tower::ServiceExt;

use super::store::ScriptedStore;
use crate::bus::Bus;
use crate::capture::lane::Lane;
use crate::clock::Clock;
#[cfg(feature = "control")]
use crate::http::OwnControls;
use crate::http::{AccessPolicy, AppState, Bounds, ControlDoor, Guard, Limits, router};
use crate::model::{
    Event, EventFrame, EventId, EventKind, InstanceId, Session, SessionId, Span, SpanId, Timestamp, TraceId,
};
use crate::pipeline::{Parts, Pipeline};
use crate::registry::{Clean, MemoryRegistry, MergedRegistry, RegistrySettings, SessionRegistry};
use crate::store::MemoryStore;

/// The token of every guard here.
pub(super) const TOKEN: &str = "a-token-for-tests-only";

/// An inspector's HTTP side.
pub(super) struct Site {
    pub(super) store: Arc<ScriptedStore>,
    pub(super) registry: Arc<MemoryRegistry>,
    pub(super) bus: Arc<Bus>,
    pub(super) shutdown: watch::Sender<bool>,
    pub(super) state: AppState,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the `code` of a problem.
    pub(super) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        (self.status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    }
}

impl Site {
    pub(super) fn new() -> Self {
        Self::with(AccessPolicy::default(), Vec::new())
    }

    pub(super) fn with(policy: AccessPolicy, others: Vec<Arc<dyn SessionRegistry>>) -> Self {
        let policy = AccessPolicy { token: crate::http::Token::new(TOKEN), ..policy };
        let store = Arc::new(ScriptedStore::default());
        let registry = Arc::new(MemoryRegistry::default());
        let bus = Arc::new(Bus::new(EventId(0), 8, usize::MAX));
        let shutdown = watch::Sender::new(false);
        let state = AppState {
            work: Arc::new(crate::work::Work::new().unwrap()),
            feed: None,
            import: None,
            store: store.clone(),
            bus: Arc::clone(&bus),
            registries: Arc::new(MergedRegistry::new(
                Arc::clone(&registry),
                others,
                RegistrySettings::default(),
                &(Arc::new(()) as Arc<dyn Clean>),
            )),
            #[cfg(feature = "otlp")]
            hooks: {
                let nothing = crate::ingest::agents::Assembler::new(Arc::new(|_, _, _| None));
                Arc::new(crate::import::Hooks::start(nothing, pipeline(), Default::default()).unwrap())
            },
            pipeline: pipeline(),
            shutdown: shutdown.subscribe(),
            instance: InstanceId::generate(),
            started: Instant::now(),
            start_problems: Arc::new([]),
            guard: Arc::new(Guard::new(policy).unwrap()),
            limits: Arc::new(Limits::new(Bounds::default())),
            trees: Arc::default(),
            control: ControlDoor {
                read_only: false,
                publish: Arc::new(|_, _| {}),
                #[cfg(feature = "control")]
                own: OwnControls::new(Arc::default(), false, Arc::default(), Clock::new()),
            },
            hidden: crate::http::HiddenSpans::new(|| None),
        };
        Self { store, registry, bus, shutdown, state }
    }

    pub(super) fn router(&self) -> Router {
        router(self.state.clone())
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(local(path)).await
    }

    pub(super) async fn send(&self, request: Builder) -> Answer {
        answer(&self.router(), request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn post(&self, request: Builder, body: impl Into<Body>) -> Answer {
        answer(&self.router(), request.method("POST").body(body.into()).unwrap()).await
    }

    /// Publishes `Custom` events with these ids, of session `s<id modulo 2>`.
    pub(super) fn publish(&self, ids: impl IntoIterator<Item = u64>) -> Vec<EventFrame> {
        let frames: Vec<_> = ids.into_iter().map(frame).collect();
        self.bus.publish(&frames.iter().cloned().map(Arc::new).collect::<Vec<_>>());
        frames
    }
}

/// A pipeline that takes what is sent; what is read comes from the scripted parts.
fn pipeline() -> Pipeline {
    let parts = Parts {
        work: Arc::new(crate::work::Work::new().unwrap()),
        changed: None,
        lane: Arc::new(Lane::new(64, 1 << 20, 64)),
        clock: Clock::new(),
        store: Arc::new(MemoryStore::new(1 << 20)),
        registry: Arc::default(),
        redactor: Arc::default(),
        prices: Arc::default(),
        ring: (64, 1 << 20),
        backlog_bytes: 1 << 20,
        abandon_after: Duration::from_secs(60),
    };
    Pipeline::start(parts).expect("a pipeline").0
}

/// A request by a program on the same machine.
pub(super) fn local(path: &str) -> Builder {
    let peer: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    Request::get(path).header("host", "localhost:3000").extension(ConnectInfo(peer))
}

pub(super) async fn answer(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body ends well").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(super) fn frame(id: u64) -> EventFrame {
    EventFrame::new(&Event {
        id: EventId(id),
        timestamp: Timestamp::EPOCH,
        session_id: SessionId::parse(&format!("s{}", id % 2)).ok(),
        kind: EventKind::Custom { name: "tick".into(), data: serde_json::json!({}) },
    })
}

/// What stands in a store for events that it could not take.
pub(super) fn gap_frame(from: u64, to: u64) -> EventFrame {
    let (missed_from, missed_to) = (EventId(from), EventId(to));
    let kind = EventKind::Gap { missed_from, missed_to, at_most: to - from + 1 };
    EventFrame::new(&Event { id: missed_to, timestamp: Timestamp::EPOCH, session_id: None, kind })
}

pub(super) fn session(id: &str, started: i64) -> Session {
    Session::new(
        SessionId::parse(id).unwrap(),
        "tokio",
        format!("title of {id}"),
        Timestamp::from_nanos(started),
    )
}

pub(super) fn span(id: u8, parent: Option<u8>) -> Span {
    let id_of = |id: u8| SpanId::from_bytes([id; 8]).unwrap();
    let trace = TraceId::from_bytes([1; 16]).unwrap();
    let mut span = Span::new(trace, id_of(id), format!("span {id}"), Timestamp::from_nanos(i64::from(id)));
    span.parent_span_id = parent.map(id_of);
    span
}
