//! Readers that come, are cut and come back while events are published, stored and pruned, against a model of what each
//! of them must have been told. What is sent is read by a parser of another make.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::body::{Body, BodyDataStream};
use proptest::prelude::*;
use sse_parse::SseParser;
use tokio_stream::StreamExt;
use tower::ServiceExt;

use super::support::{Site, local};
use crate::model::{Event, EventFrame, EventId, EventKind, SessionId, Timestamp};

const READERS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Events of these texts are published; every other one belongs to `s1`.
    Publish(Vec<String>),
    /// The store takes what it has not got yet.
    Store,
    /// The store forgets everything up to so many ids before the newest it has.
    Prune(u64),
    /// The reader opens its stream, if it has none.
    Open(usize),
    /// The reader reads one part, and is cut off after so many hundredths of it.
    Read(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let text = prop_oneof![
        ".{0,30}",
        Just("a\nid: 7\n\ndata: b\r\n\0\u{2028}\u{feff}".to_owned()),
        Just("\r\r\n: x\nretry: 1\n".to_owned())
    ];
    let step = prop_oneof![
        prop::collection::vec(text, 1..7).prop_map(Step::Publish),
        Just(Step::Store),
        (0_u64..20).prop_map(Step::Prune),
        (0..READERS).prop_map(Step::Open),
        (0..READERS, 0_usize..150).prop_map(|(reader, cut)| Step::Read(reader, cut)),
    ];
    prop::collection::vec(step, 1..60)
}

/// What a client knows.
struct Client {
    wants: Option<SessionId>,
    stream: Option<(BodyDataStream, SseParser)>,
    /// The last id it saw, over all its connections.
    last: Option<u64>,
    began: u64,
    got: Vec<(u64, serde_json::Value)>,
    gaps: Vec<(u64, u64)>,
}

struct Model {
    site: Site,
    published: BTreeMap<u64, (Option<SessionId>, serde_json::Value)>,
    unstored: Vec<EventFrame>,
    pruned: bool,
    clients: Vec<Client>,
}

impl Model {
    fn new() -> Self {
        let clients = (0..READERS).map(|at| Client {
            wants: (at == 0).then(|| SessionId::parse("s1").unwrap()),
            stream: None,
            last: None,
            began: 0,
            got: Vec::new(),
            gaps: Vec::new(),
        });
        Self {
            site: Site::new(),
            published: BTreeMap::new(),
            unstored: Vec::new(),
            pruned: false,
            clients: clients.collect(),
        }
    }

    fn head(&self) -> u64 {
        self.published.last_key_value().map_or(0, |(id, _)| *id)
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Publish(texts) => self.publish(texts),
            Step::Store => self.site.store.events.lock().append(&mut self.unstored),
            Step::Prune(keep) => {
                let mut events = self.site.store.events.lock();
                let Some(newest) = events.last().map(|last| last.id.0) else { return };
                let floor = newest.saturating_sub(keep);
                events.retain(|event| event.id.0 > floor);
                self.site.store.floor.fetch_max(floor, Ordering::Relaxed);
                self.pruned = true;
            }
            Step::Open(reader) => self.open(reader).await,
            Step::Read(reader, cut) => self.read(reader, cut).await,
        }
    }

    fn publish(&mut self, texts: Vec<String>) {
        let mut frames = Vec::new();
        for text in texts {
            let id = self.head() + 1;
            let session_id = (id % 2 == 1).then(|| SessionId::parse("s1").unwrap());
            let data = serde_json::Value::from(text);
            self.published.insert(id, (session_id.clone(), data.clone()));
            let kind = EventKind::Custom { name: "text".into(), data };
            frames.push(EventFrame::new(&Event {
                id: EventId(id),
                timestamp: Timestamp::EPOCH,
                session_id,
                kind,
            }));
        }
        self.site.bus.publish(&frames.iter().cloned().map(std::sync::Arc::new).collect::<Vec<_>>());
        self.unstored.append(&mut frames);
    }

    async fn open(&mut self, reader: usize) {
        let client = &mut self.clients[reader];
        if client.stream.is_some() {
            return;
        }
        let path = if client.wants.is_some() { "/events?session_id=s1" } else { "/events" };
        let mut request = local(path);
        if let Some(last) = client.last {
            request = request.header("last-event-id", last.to_string());
        }
        let answer = self.site.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = answer.into_body().into_data_stream();
        let opening = body.next().await.expect("an opening").unwrap();
        let mut parser = SseParser::new();
        parser.feed(&opening);
        assert!(parser.next_event().is_none(), "nothing happened yet");
        let place = parser.last_event_id().parse().expect("the opening says the place");
        assert_eq!(client.last.unwrap_or(self.published.len() as u64), place);
        if client.last.replace(place).is_none() {
            client.began = place;
        }
        client.stream = Some((body, parser));
    }

    /// Whether something must come that the client waits for.
    fn is_due(&self, reader: usize) -> bool {
        let client = &self.clients[reader];
        let Some(last) = client.last.filter(|_| client.stream.is_some()) else { return false };
        self.published
            .range(last + 1..)
            .any(|(_, (session, _))| client.wants.is_none() || session == &client.wants)
    }

    async fn read(&mut self, reader: usize, cut: usize) {
        if !self.is_due(reader) {
            return;
        }
        let client = &mut self.clients[reader];
        let Some((mut body, mut parser)) = client.stream.take() else { return };
        let part = body.next().await.expect("the stream goes on").unwrap();
        let keep = part.len() * cut.min(100) / 100;
        // In crumbs, as a network may.
        part[..keep].chunks(7).for_each(|crumb| parser.feed(crumb));
        while let Some(event) = parser.next_event() {
            let data: serde_json::Value = serde_json::from_str(&event.data).expect("the event is JSON");
            assert_eq!(data["id"].to_string(), event.id);
            assert_eq!(event.event, "message", "messages have no name");
            if data["type"] == "Gap" {
                let id = |name: &str| data[name].as_u64().unwrap();
                client.gaps.push((id("missed_from"), id("missed_to")));
            } else {
                client.got.push((data["id"].as_u64().unwrap(), data["data"].clone()));
            }
            client.last = event.id.parse().ok();
        }
        if keep == part.len() {
            client.stream = Some((body, parser));
        }
    }

    /// Every reader comes back and reads to the end.
    async fn finish(&mut self) {
        for reader in 0..READERS {
            if self.clients[reader].last.is_none() {
                continue;
            }
            self.open(reader).await;
            while self.is_due(reader) {
                self.read(reader, 100).await;
            }
        }
    }

    fn check(&self, always_stored: bool) {
        for client in self.clients.iter().filter(|client| client.last.is_some()) {
            assert!(client.got.is_sorted_by(|a, b| a.0 < b.0), "in order, once: {:?}", client.got);
            let got: BTreeMap<u64, &serde_json::Value> =
                client.got.iter().map(|(id, data)| (*id, data)).collect();
            for (id, (session, data)) in self.published.range(client.began + 1..) {
                let wanted = client.wants.is_none() || session == &client.wants;
                let missed = client.gaps.iter().filter(|(from, to)| (from..=to).contains(&id)).count();
                let (delivered, lost) = (got.get(id) == Some(&data), missed == 1);
                assert!(
                    missed <= 1 && (!wanted || delivered != lost),
                    "{id}: {:?} {:?}",
                    got.get(id),
                    client.gaps
                );
                assert!(wanted || !got.contains_key(id), "{id} was not asked for");
            }
            assert!(got.keys().all(|id| *id > client.began), "nothing from before the beginning");
            let whole = always_stored && !self.pruned;
            assert!(!whole || client.gaps.is_empty(), "everything was there: {:?}", client.gaps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn every_event_reaches_every_reader_once_and_in_order_or_is_announced(steps in steps(), stores in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new();
            for step in steps {
                let published = matches!(step, Step::Publish(_));
                model.step(step).await;
                if stores && published {
                    model.step(Step::Store).await;
                }
            }
            model.finish().await;
            model.check(stores);
        });
    }
}
