//! What each operation asks of its caller.

use serde_json::{Map, Value, json};

use crate::http::access::{Needs, Role, listed};

/// The extension that names the least role; `everyone` where nobody has to be anybody.
const ROLE: &str = "x-role";

/// The extension that says that a token which can only report is enough.
const INGEST_TOKEN: &str = "x-ingest-token";

/// The extension that says that a read-only inspector refuses the operation.
const CONTROLS: &str = "x-refused-when-read-only";

/// Writes it to every operation, from the table by which requests are judged. One that is not in the table gets nothing, which
/// a test does not let pass.
pub(super) fn tell_access(document: &mut Value) {
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        let operations = item.as_object_mut();
        for (method, operation) in operations.into_iter().flatten() {
            let needs = listed(&method.to_ascii_uppercase(), path);
            if let (Some(needs), Some(operation)) = (needs, operation.as_object_mut()) {
                tell(operation, needs);
            }
        }
    }
}

fn tell(operation: &mut Map<String, Value>, needs: Needs) {
    operation.insert(ROLE.to_owned(), json!(needs.role().map_or("everyone", Role::as_str)));
    if needs == Needs::Reporter {
        operation.insert(INGEST_TOKEN.to_owned(), json!(true));
    }
    if needs.controls() {
        operation.insert(CONTROLS.to_owned(), json!(true));
    }
}
