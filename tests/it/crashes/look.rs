//! What is found after a crash.

use std::collections::BTreeSet;
use std::io::Read;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::host::Settled;
use super::senders::Sent;
use crate::support::{Host, local};

/// A host that opened the directory after the crash.
pub(super) struct Look(pub(super) Host);

impl Look {
    /// A session that was acknowledged to a sender, with all that was acknowledged of it.
    pub(super) async fn at_sent(&self, sent: &Sent) {
        let open = sent.spans.iter().any(|(_, ended)| !ended);
        self.is_listed(sent).await;
        let expected = sent.spans.iter().map(|(span, ended)| (span.clone(), !ended)).collect();
        assert_eq!(self.tree(&sent.session).await, expected, "{sent:?}");
        assert_eq!(
            self.lines(&sent.session).await,
            sent.spans.iter().map(|(span, _)| span.clone()).collect()
        );
        if open {
            let (span, _) = sent.spans.iter().find(|(_, ended)| !ended).unwrap();
            let span = self.0.get(&format!("/sessions/{}/spans/{span}", sent.session)).await;
            assert_eq!((&span["abandoned"], &span["end_time"]), (&json!(true), &Value::Null));
            assert_eq!(span["attributes"]["input.value"], "what it was asked");
        }
    }

    /// The session is there, and does not run.
    pub(super) async fn is_listed(&self, sent: &Sent) {
        let open = sent.spans.iter().any(|(_, ended)| !ended);
        let session = self.0.get(&format!("/sessions/{}", sent.session)).await;
        assert_eq!(session["status"], if open { "abandoned" } else { "completed" }, "{sent:?}");
        assert_eq!(session["counters"]["spans"], sent.spans.len());
    }

    /// A session of the host's own that was settled before it died.
    pub(super) async fn at_settled(&self, settled: &Settled) {
        let session = self.0.get(&format!("/sessions/{}", settled.session)).await;
        assert_eq!(session["status"], settled.status, "{settled:?}");
        assert_eq!(session["counters"]["spans"], 3);
        let tree = self.tree(&settled.session).await;
        assert_eq!((tree.len(), tree.contains(&(settled.open.clone(), true))), (3, true), "{tree:?}");
        assert_eq!(self.lines(&settled.session).await.len(), 3);
        let span = self.0.get(&format!("/sessions/{}/spans/{}", settled.session, settled.open)).await;
        assert_eq!((&span["abandoned"], &span["end_time"]), (&json!(true), &Value::Null));
        assert_eq!(span["attributes"]["input.value"], "what it was asked");
    }

    pub(super) async fn nothing_runs(&self) {
        let running = self.0.get("/sessions?status=running&status=paused").await;
        assert_eq!(running["sessions"], json!([]));
    }

    /// Some of the old sessions made room.
    pub(super) async fn old_ones_were_removed(&self, sent: usize) {
        let mut left = 0;
        let mut cursor = String::new();
        loop {
            let page = self.0.get(&format!("/sessions?until=2002-01-01T00:00:00Z&limit=500{cursor}")).await;
            left += page["sessions"].as_array().unwrap().len();
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(left < sent, "{left} of {sent} old sessions are left");
    }

    /// The spans of a session and whether they were abandoned.
    async fn tree(&self, session: &str) -> BTreeSet<(String, bool)> {
        let tree = self.0.get(&format!("/sessions/{session}/spans")).await;
        let rows = tree["spans"].as_array().unwrap().iter();
        rows.map(|row| (row["span_id"].as_str().unwrap().to_owned(), row["abandoned"] == true)).collect()
    }

    /// The spans in the lines of a session's trace, which is one whole gzip member.
    async fn lines(&self, session: &str) -> BTreeSet<String> {
        let request = Request::get(format!("/_inspector/trace/{session}")).header("accept-encoding", "gzip");
        let answer = self.0.send(local(request, Body::empty())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let mut text = String::new();
        let mut gzip = flate2::bufread::GzDecoder::new(&bytes[..]);
        gzip.read_to_string(&mut text).unwrap();
        assert!(gzip.into_inner().is_empty(), "nothing comes after the member");
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        text.lines().map(|text| line(text)["span_id"].as_str().unwrap().to_owned()).collect()
    }
}
