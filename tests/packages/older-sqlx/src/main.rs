//! A host with a database of its own by sqlx 0.8, beside the inspector's history in the same process.

use agent_inspector::Inspector;
use agent_inspector::model::{InstanceId, SessionQuery};
use agent_inspector::store::{SqliteStore, Store};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let dir = std::env::temp_dir().join(format!("older-sqlx-{}", std::process::id()));
    let done = run(&dir).await;
    std::fs::remove_dir_all(&dir)?;
    done
}

async fn run(dir: &std::path::Path) -> Result<(), Failure> {
    let inspector = Inspector::builder().data_dir(dir).build()?;
    let _routes: axum::Router = inspector.router();
    inspector.session("beside sqlx").start().finish();
    inspector.shutdown().await;

    let theirs = format!("sqlite://{}?mode=rwc", dir.join("theirs.db").display());
    let pool = sqlx::SqlitePool::connect(&theirs).await?;
    sqlx::query("CREATE TABLE notes (text TEXT)").execute(&pool).await?;
    sqlx::query("INSERT INTO notes VALUES ('kept')").execute(&pool).await?;
    let (note, version): (String, String) =
        sqlx::query_as("SELECT text, sqlite_version() FROM notes").fetch_one(&pool).await?;
    pool.close().await;

    let ours = SqliteStore::open(dir, InstanceId::generate())?;
    ours.check()?;
    let sessions = ours.sessions(&SessionQuery::new(10))?;
    let titles: Vec<_> = sessions.iter().map(|session| session.title.as_str()).collect();
    if (note.as_str(), titles.as_slice()) != ("kept", &["beside sqlx"]) {
        return Err(format!("{note}, {titles:?}").into());
    }
    println!("SQLite {version}, linked once, serves sqlx 0.8 and the inspector");
    Ok(())
}
