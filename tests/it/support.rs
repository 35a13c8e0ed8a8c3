//! A host for the tests.

use std::net::SocketAddr;
use std::path::Path;

use agent_inspector::Inspector;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// An inspector mounted at `/_inspector`, asked by a local visitor.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) inspector: Inspector,
    pub(crate) app: Router,
}

impl Host {
    pub(crate) fn new(inspector: Inspector) -> Self {
        let app = Router::new().nest("/_inspector", inspector.router());
        Self { inspector, app }
    }

    pub(crate) fn in_memory() -> Self {
        Self::new(Inspector::builder().in_memory().build().unwrap())
    }

    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self::new(Inspector::builder().data_dir(dir).build().unwrap())
    }

    /// Sends a request to a path below the mount.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    /// The JSON that a path below the mount answers; anything but 200 fails the test.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.try_get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// The status and the JSON that a path below the mount answers.
    pub(crate) async fn try_get(&self, path: &str) -> (StatusCode, Value) {
        read(self.send(local(Request::get(format!("/_inspector{path}")), Body::empty())).await).await
    }

    /// Posts JSON to a path below the mount.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(format!("/_inspector{path}")).header("content-type", "application/json");
        read(self.send(local(request, Body::from(body.to_string()))).await).await
    }
}

/// Makes a request one of a visitor on the same machine.
pub(crate) fn local(request: axum::http::request::Builder, body: Body) -> Request<Body> {
    let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
    request.header("host", "127.0.0.1:3000").extension(peer).body(body).unwrap()
}

/// The status of an answer and its body as JSON, or as text when it is none.
pub(crate) async fn read(answer: Response<Body>) -> (StatusCode, Value) {
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
}
