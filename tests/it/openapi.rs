//! The API's document in the tree is the one that is served. `UPDATE=1 cargo test --test it openapi` rewrites it.

use std::fs;
use std::path::Path;

use crate::support::Host;

#[tokio::test]
async fn the_document_in_the_tree_is_the_one_that_is_served() {
    let host = Host::in_memory();
    let document = serde_json::to_string_pretty(&host.get("/openapi.json").await).unwrap() + "\n";

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/agent-inspector.json");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &document).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differs = committed.lines().zip(document.lines()).position(|(old, new)| old != new);
    assert!(
        committed == document,
        "{} is out of date, first in line {}; `UPDATE=1 cargo test --test it openapi` rewrites it",
        file.display(),
        differs.map_or(committed.lines().count(), |line| line + 1),
    );
}
