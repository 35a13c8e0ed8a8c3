//! The live stream over WebSocket, with a client of another make.

use std::time::Duration;

use agent_inspector::Inspector;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::serve::Served;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn try_open(served: &Served, path: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let url = served.url(path).replace("http://", "ws://");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    /// Opens one and gives what it says of its place.
    async fn open(served: &Served, path: &str) -> (Self, Value) {
        let mut socket = Self::try_open(served, path, &[]).await.unwrap();
        let place = socket.json().await;
        assert_eq!(place["type"], "Position");
        (socket, place)
    }

    async fn message(&mut self) -> Message {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time").unwrap().unwrap()
    }

    async fn json(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.message().await {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The next so many events.
    async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.json().await);
        }
        events
    }
}

async fn served() -> Served {
    Served::new(Inspector::builder().in_memory().build().unwrap(), true).await
}

fn emit(served: &Served, range: std::ops::RangeInclusive<u64>) {
    range
        .for_each(|at| served.inspector.emit("tick", json!({ "at": at, "text": "\r\nid: 3\n\n\0\u{2028}" })));
}

fn at(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["data"]["at"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_events_come_as_over_sse() {
    let served = served().await;
    let (mut socket, place) = Socket::open(&served, "/ws").await;
    let wire = served.ask("/events", "").until("retry: 2000").await;
    emit(&served, 1..=300);
    let events = socket.events(300).await;
    assert_eq!(at(&events), (1..=300).collect::<Vec<_>>());
    assert!(place["id"].as_u64().unwrap() < events[0]["id"].as_u64().unwrap());
    let wire = wire.until("\"at\":300,").await.until("}}\n\n").await;
    let lines = wire.read.lines().filter_map(|line| line.strip_prefix("data: "));
    let over_sse: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(over_sse[..events.len().min(over_sse.len())], events[..over_sse.len().min(events.len())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let served = served().await;
    let (mut socket, _) = Socket::open(&served, "/ws").await;
    emit(&served, 1..=50);
    let first = socket.events(20).await;
    drop(socket);
    emit(&served, 51..=100);
    let (mut socket, place) = Socket::open(&served, &format!("/ws?last_event_id={}", first[19]["id"])).await;
    assert_eq!((&place["id"], place.get("notice")), (&first[19]["id"], None));
    let rest = socket.events(80).await;
    assert_eq!(at(&[first, rest].concat()), (1..=100).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_understood_is_said_and_one_of_another_stream_is_a_gap() {
    let served = served().await;
    let (_, place) = Socket::open(&served, "/ws?last_event_id=yesterday").await;
    assert!(place["notice"].as_str().unwrap().contains("not readable"), "{place}");
    let (mut socket, place) = Socket::open(&served, "/ws?last_event_id=9007199254740990").await;
    assert!(place["notice"].as_str().unwrap().contains("not of this stream"), "{place}");
    assert_eq!(socket.json().await["type"], "Gap");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_work_as_they_do_over_sse() {
    let served = served().await;
    let (mut socket, _) = Socket::open(&served, "/ws?types=SessionStarted").await;
    emit(&served, 1..=5);
    let session = served.inspector.session("wanted").start();
    assert_eq!(socket.json().await["session_id"], session.id().as_str());
    let refused = Socket::try_open(&served, "/ws?types=Nonsense", &[]).await;
    assert!(matches!(refused, Err(Error::Http(answer)) if answer.status() == 400));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_own_pages_may_open_one_since_no_browser_hides_the_answer_from_others() {
    let served = served().await;
    let own = format!("http://{}", served.address);
    assert!(Socket::try_open(&served, "/ws", &[("origin", &own)]).await.is_ok());
    for origin in ["https://evil.example", "http://127.0.0.1:5173", "http://localhost:1", "null"] {
        let refused = Socket::try_open(&served, "/ws", &[("origin", origin)]).await;
        let Err(Error::Http(answer)) = refused.map(|_| ()) else { panic!("{origin} was let in") };
        assert_eq!(answer.status(), 403, "{origin}");
    }
    let rebound = Socket::try_open(&served, "/ws", &[("host", "evil.example")]).await;
    assert!(matches!(rebound, Err(Error::Http(answer)) if answer.status() == 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_request_is_told_what_is_spoken_here() {
    let served = served().await;
    let answer = served.curl(&["-i"], "/ws").await;
    let text = String::from_utf8(answer.stdout).unwrap();
    assert!(text.starts_with("HTTP/1.1 426 "), "{text}");
    assert!(
        text.contains("upgrade: websocket") && text.contains("\"code\":\"websocket_required\""),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_says_farewell_and_lets_the_host_end() {
    let served = served().await;
    let (mut socket, _) = Socket::open(&served, "/ws").await;
    served.inspector.shutdown().await;
    let Message::Close(Some(close)) = socket.message().await else { panic!("no farewell") };
    assert_eq!(close.code, CloseCode::Away);
    tokio::time::timeout(PATIENCE, served.server).await.expect("the host ends").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_talks_too_much_is_sent_away() {
    let served = served().await;
    let (mut socket, _) = Socket::open(&served, "/ws").await;
    for _ in 0..1000 {
        if socket.0.send(Message::text("are you there?")).await.is_err() {
            break;
        }
    }
    let close = loop {
        match tokio::time::timeout(PATIENCE, socket.0.next()).await.expect("it ends") {
            Some(Ok(Message::Close(close))) => break close,
            Some(Ok(_)) => {}
            // What we sent on meets a closed door.
            Some(Err(_)) | None => break None,
        }
    };
    assert!(close.is_none_or(|close| close.code == CloseCode::Policy));
    let (mut socket, _) = Socket::open(&served, "/ws").await;
    let _ = socket.0.send(Message::text("x".repeat(100_000))).await;
    while let Some(Ok(_)) = tokio::time::timeout(PATIENCE, socket.0.next()).await.expect("it ends") {}
}
