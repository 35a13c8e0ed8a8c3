//! The HTTP contract: one file per noun.

mod access;
mod auth;
mod body;
mod bounds;
#[cfg(feature = "control")]
mod breakpoints;
mod control;
mod download;
mod events;
#[cfg(feature = "otlp")]
mod export;
mod extract;
mod fresh;
mod health;
mod hidden;
#[cfg(feature = "otlp")]
mod hooks;
#[cfg(feature = "otlp")]
mod ingest;
mod keep;
mod limits;
mod live;
#[cfg(feature = "metrics")]
mod metrics;
mod mount;
mod openapi;
#[cfg(feature = "control")]
mod own;
#[cfg(all(feature = "control", feature = "otlp"))]
mod permission;
#[cfg(feature = "otlp")]
mod post_events;
mod problem;
mod refusal;
mod reply;
mod search;
mod sessions;
mod spans;
mod state;
mod traces;
mod trees;
mod turns;
#[cfg(feature = "ui")]
mod ui;
#[cfg(feature = "control")]
mod waits;

// Most of them look at the page among other routes.
#[cfg(all(test, feature = "ui"))]
mod tests;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{any, get};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use self::access::{Access, Identity, Role};
pub(crate) use self::access::{AccessPolicy, Guard, MAX_INGEST_TOKENS, Token, write_token_file};
pub(crate) use self::body::BodyPatience;
pub use self::body::{DEFAULT_BODY_IDLE_TIMEOUT, DEFAULT_BODY_TIMEOUT};
pub(crate) use self::control::{ControlDoor, Publish};
pub(crate) use self::hidden::HiddenSpans;
pub(crate) use self::limits::{Bounds, Limits};
pub use self::live::Events;
#[cfg(test)]
pub(crate) use self::live::SLOW_READER_CUT;
use self::mount::Mount;
pub use self::mount::PublicPath;
pub(crate) use self::mount::mount;
#[cfg(feature = "control")]
pub(crate) use self::own::OwnControls;
use self::problem::Problem;
pub(crate) use self::state::AppState;

/// Every route of the inspector behind one guard: the API, the page, and a problem for everything else.
pub(crate) fn router(state: AppState) -> Router {
    let (api, _) = routes().split_for_parts();
    let guard = from_fn_with_state(state.clone(), access::check);
    api.route("/", get(root))
        .merge(page_routes())
        // A route and no fallback: a fallback is lost under a second `nest` and stolen by a host's catch-all.
        .route("/{*path}", any(not_found))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(guard)
        .with_state(state)
}

/// Where OpenTelemetry exporters send, and nothing else: for a listener of its own.
#[cfg(feature = "otlp")]
pub(crate) fn otlp_router(state: AppState) -> Router {
    use axum::extract::Request;
    use axum::middleware::{Next, from_fn};
    use axum::response::{IntoResponse, Response};
    async fn only(request: Request, next: Next) -> Response {
        if request.uri().path().starts_with("/v1/") {
            next.run(request).await
        } else {
            Problem::not_found().into_response()
        }
    }
    router(state).layer(from_fn(only))
}

/// The routes that are described in the API document.
fn routes() -> OpenApiRouter<AppState> {
    let api = OpenApiRouter::with_openapi(openapi::frame())
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::get_session, keep::remove_session))
        .routes(routes!(keep::pin_session, keep::unpin_session))
        .routes(routes!(spans::list_spans))
        .routes(routes!(spans::get_span))
        .routes(routes!(events::list_session_events))
        .routes(routes!(live::stream_events))
        .routes(routes!(traces::get_trace))
        .routes(routes!(search::search))
        .routes(routes!(control::signal_session))
        .routes(routes!(control::cancel_session))
        .routes(routes!(health::get_health))
        .routes(routes!(auth::sign_in, auth::sign_out))
        .routes(routes!(openapi::get_openapi));
    #[cfg(feature = "control")]
    let api = api
        .routes(routes!(waits::list_waits))
        .routes(routes!(breakpoints::list_breakpoints, breakpoints::set_breakpoint))
        .routes(routes!(breakpoints::remove_breakpoint));
    #[cfg(feature = "metrics")]
    let api = api.routes(routes!(metrics::get_metrics));
    #[cfg(feature = "ws")]
    let api = api.routes(routes!(live::stream_events_ws));
    #[cfg(feature = "otlp")]
    let api = api
        .routes(routes!(ingest::ingest_traces))
        .routes(routes!(ingest::ingest_logs))
        .routes(routes!(ingest::ingest_metrics))
        .routes(routes!(hooks::claude_code_hook))
        .routes(routes!(hooks::codex_hook))
        .routes(routes!(post_events::post_events));
    #[cfg(feature = "otlp")]
    let api = api.routes(routes!(export::export_session));
    api
}

#[cfg(feature = "ui")]
fn page_routes() -> Router<AppState> {
    Router::new().route("/ui", get(ui::page)).route("/ui/", get(ui::page)).route("/ui/{*path}", get(ui::page))
}

#[cfg(not(feature = "ui"))]
fn page_routes() -> Router<AppState> {
    async fn left_out() -> Problem {
        Problem::page_not_built("the crate was built without the feature `ui`")
    }
    Router::new().route("/ui", get(left_out)).route("/ui/", get(left_out)).route("/ui/{*path}", get(left_out))
}

async fn root(mount: Mount) -> Redirect {
    mount.page()
}

async fn not_found() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}
