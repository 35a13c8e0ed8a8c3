//! The bounds that are told are those that are written down.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use agent_inspector::Inspector;

use crate::support::Host;

/// The rows of the tables: a bound's name, and the bound, or between what it is on machines of all sizes.
fn written() -> BTreeMap<String, RangeInclusive<u64>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let document = fs::read_to_string(file).unwrap();
    let mut bounds = BTreeMap::new();
    for row in document.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let name = cells.next().unwrap().trim_matches('`').to_owned();
        let bound = cells.next().unwrap().replace(',', "");
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{row}"));
        let (least, most) = bound.split_once(" to ").unwrap_or((&bound, &bound));
        assert!(bounds.insert(name, number(least)..=number(most)).is_none(), "{row}");
    }
    bounds
}

#[tokio::test]
async fn every_bound_in_force_is_in_the_document_and_every_one_there_is_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let inspector = Inspector::builder().in_memory().trace_files(dir.path()).build().unwrap();
    let host = Host::new(inspector);
    let health = host.get("/health").await;
    let told = health["limits"].as_object().unwrap().iter();
    let told: BTreeMap<_, _> = told.map(|(name, bound)| (name.clone(), bound.as_u64().unwrap())).collect();
    let written = written();
    assert_eq!(told.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    for (name, bound) in &told {
        assert!(written[name].contains(bound), "{name}: {bound} is not {:?}", written[name]);
    }
}
