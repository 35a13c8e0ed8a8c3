//! `serve`: a host with nothing in it but the inspector.

mod console;
mod jsonl;
mod reader;
mod stop;
mod token;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use agent_inspector::Inspector;
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::reader::Reader;
use crate::Failure;
use crate::args::Serve;
use crate::say;

/// Where it listens unless told otherwise.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:7800";

/// Where OpenTelemetry exporters send unless told otherwise.
pub(crate) const DEFAULT_OTLP_LISTEN: &str = "127.0.0.1:4318";

/// Where the inspector is mounted.
const MOUNT: &str = "/_inspector";

/// How long connections that are still busy may take once the server was asked to stop.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Serves until it is asked to stop.
pub(crate) fn serve(args: Serve) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no threads: {error}"))?;
    let done = runtime.block_on(run(args));
    // Whatever still reads from a dead disk or a stopped terminal is left behind.
    runtime.shutdown_background();
    done.map(|()| ExitCode::SUCCESS)
}

async fn run(args: Serve) -> Result<(), Failure> {
    // Bound before the history is opened: a second program on the same port has no business in it.
    let main = bind(&args.listen).await?;
    let otlp = bind_otlp(args.otlp_listen.as_deref()).await?;
    let address = main.local_addr().map_err(|error| error.to_string())?;
    let inspector = build(&args)?;
    let readers = readers(&args, &inspector)?;
    token::rotate_when_asked(&inspector, format!("http://{}:{}{MOUNT}", host(address), address.port()))
        .map_err(|error| format!("no signals: {error}"))?;
    announce(&inspector, address, otlp.as_ref());

    let stop = stop::Stop::listen().map_err(|error| format!("no signals: {error}"))?;
    let home = Router::new().route("/", get(|| async { Redirect::temporary("/_inspector/ui/") }));
    let mut servers = JoinSet::new();
    servers.spawn(listen(main, inspector.mount(home, MOUNT), inspector.clone()));
    if let Some(listener) = otlp {
        servers.spawn(listen(listener, inspector.otlp_router(), inspector.clone()));
    }
    stop.asked().await;
    let ended = async {
        // What was heard before the question counts still.
        inspector.settle().await;
        inspector.shutdown().await;
        while servers.join_next().await.is_some() {}
    };
    // Asked twice, or for too long: what is stored is stored.
    tokio::select! {
        _ = tokio::time::timeout(STOP_WITHIN, ended) => {}
        () = stop.asked() => {}
    }
    for reader in readers {
        reader.ended(STOP_WITHIN);
    }
    say::line("stopped");
    Ok(())
}

async fn bind(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// The listener for exporters. Another collector may well be on that port: then it is said, unless it was asked for.
async fn bind_otlp(said: Option<&str>) -> Result<Option<TcpListener>, Failure> {
    match said {
        Some("off") => Ok(None),
        Some(address) => bind(address).await.map(Some),
        None => match bind(DEFAULT_OTLP_LISTEN).await {
            Ok(listener) => Ok(Some(listener)),
            Err(taken) => {
                eprintln!("agent-inspector: {taken}; exporters can send to {MOUNT}/v1/traces instead");
                Ok(None)
            }
        },
    }
}

fn build(args: &Serve) -> Result<Inspector, Failure> {
    let mut builder = Inspector::builder().allow_hosts(args.allow_host.iter().cloned());
    if let Some(dir) = &args.data_dir {
        builder = builder.data_dir(dir);
    }
    if args.in_memory {
        builder = builder.in_memory();
    }
    if let Some(dir) = &args.trace_files {
        builder = builder.trace_files(dir);
    }
    if args.read_only {
        builder = builder.read_only();
    }
    if args.require_token {
        builder = builder.require_token();
    }
    if let Some(token) = token::given_or_made(args.token_file.as_deref())? {
        builder = builder.token(&token).map_err(|error| error.to_string())?;
    }
    if let Some(file) = &args.token_file {
        builder = builder.token_file(file);
    }
    for file in &args.ingest_token_file {
        // It was made if it was not there, so there is one.
        if let Some(token) = token::given_or_made(Some(file))? {
            builder = builder.ingest_token(&token).map_err(|error| error.to_string())?;
        }
    }
    builder.build().map_err(|error| error.to_string())
}

/// Those who read the stream from its first event on.
fn readers(args: &Serve, inspector: &Inspector) -> Result<Vec<Reader>, Failure> {
    let mut readers = Vec::new();
    let thread = |error| format!("no thread: {error}");
    if args.console {
        let console = console::Console::new(say::colours());
        readers.push(Reader::start(inspector.events(), move |event| console.show(event)).map_err(thread)?);
    }
    if let Some(path) = &args.jsonl {
        let mut file = jsonl::Jsonl::open(path)?;
        readers.push(Reader::start(inspector.events(), move |event| file.append(event)).map_err(thread)?);
    }
    Ok(readers)
}

fn announce(inspector: &Inspector, address: SocketAddr, otlp: Option<&TcpListener>) {
    let shown = |address: SocketAddr| {
        // A wildcard is no address that a browser can open.
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host(address) };
        format!("http://{host}:{}", address.port())
    };
    say::line(&format!("inspector: {}{MOUNT}/ui/", shown(address)));
    if !address.ip().is_loopback() {
        let url = format!("http://{}:{}{MOUNT}", host(address), address.port());
        say::line(&format!("sign in from elsewhere: {}", inspector.sign_in_url(&url)));
    }
    if let Some(address) = otlp.and_then(|listener| listener.local_addr().ok()) {
        say::line(&format!("OpenTelemetry exporters: {}", shown(address)));
    }
}

fn host(address: SocketAddr) -> String {
    match address.ip() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

async fn listen(listener: TcpListener, app: Router, inspector: Inspector) {
    // Small events go out at once; otherwise the system gathers them for up to 40 ms.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    // The peer's address is what tells a person on this machine from a stranger.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, app).with_graceful_shutdown(async move { inspector.closed().await });
    if let Err(error) = served.await {
        eprintln!("agent-inspector: {error}");
    }
}
