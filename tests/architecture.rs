//! The order of the modules is one-way, `lib.rs` is a table of contents, no file outgrows its reader, and what `SECURITY.md`
//! promises is tested.
//!
//! The sources are read as text: comments, literals and test code are blanked, then every path that begins with
//! `crate` or `super` is followed to the top-level module it names. That is less than a compiler knows (a path that a
//! macro builds is not seen) and enough to stop the drift, in a moment and without a dependency.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "what a test cannot do fails it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{code_only, test_modules, tokens};

#[path = "architecture/promises.rs"]
mod promises;
#[path = "architecture/source.rs"]
mod source;

/// What each top-level module may import; `*` stands for all. A module that is not here may not exist; one that is here
/// may not yet exist.
const ORDER: &[(&str, &str)] = &[
    ("model", ""),
    ("clock", "model"),
    ("error", "model"),
    // The plugs: siblings never see each other, but a sink may speak OTLP.
    ("bus", "model clock"),
    ("store", "model clock"),
    ("registry", "model clock"),
    ("metrics", "model clock"),
    ("otlp", "model clock"),
    ("redact", "model clock"),
    ("normalize", "model clock"),
    ("pricing", "model clock"),
    // It copies what the store has.
    ("sink", "model clock otlp store"),
    // Host -> model, bytes -> model, and rules that only say what to raise.
    // What a person says to a session; a registry's errors are its errors.
    ("control", "model clock registry"),
    ("capture", "model clock control"),
    ("ingest", "model otlp normalize"),
    ("alert", "model metrics"),
    ("pipeline", "model clock error bus store registry capture redact normalize metrics alert sink pricing"),
    ("import", "model clock store sink ingest pipeline"),
    (
        "http",
        "model clock bus store registry control otlp redact normalize metrics alert sink pricing ingest pipeline import",
    ),
    ("inspector", "*"),
    // Doors for the fuzz targets, no part of the public interface.
    ("fuzzing", "model otlp ingest normalize redact store sink import capture"),
];

/// The longest file, in lines. Half of it is already a reason to look twice.
const MAX_LINES: usize = 700;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn imports_follow_the_one_way_order() {
    assert_eq!(violations(&root().join("src")), Vec::<String>::new());
}

#[test]
fn lib_rs_is_a_table_of_contents() {
    assert_eq!(
        items_beyond_contents(&fs::read_to_string(root().join("src/lib.rs")).unwrap()),
        Vec::<String>::new()
    );
    let grown = "//! Docs.\n#[cfg(feature = \"x\")]\npub mod model;\nmod bus;\npub use self::{model::{A, B}, bus::C};\n";
    assert_eq!(items_beyond_contents(grown), Vec::<String>::new());
    assert_eq!(items_beyond_contents(&format!("{grown}pub struct Late;\nfn f() {{}}")).len(), 2);
}

#[test]
fn no_file_outgrows_its_reader() {
    let mut long = Vec::new();
    for file in files_below(&root().join("src"), &["rs"])
        .into_iter()
        .chain(files_below(&root().join("ui/src"), &["ts", "tsx", "css"]))
    {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        // The API's types are generated, so nobody reads that file from top to bottom.
        if lines > MAX_LINES && !file.ends_with("api/schema.d.ts") {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn each_promise_about_security_has_a_test_that_exists() {
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    assert_eq!(promises::missing(&document, &root()), Vec::<String>::new());
    let here = "tests/architecture.rs";
    for (cell, found) in [
        (format!("`{here}`: `no_file_outgrows_its_reader`"), 0),
        (format!("`{here}`: `nobody_wrote_this_test`, `no_file_outgrows_its_reader`"), 1),
        (format!("`{here}`: `files_below`"), 1),
        ("`tests/nowhere.rs`: `no_file_outgrows_its_reader`".to_owned(), 1),
        ("somebody looked at it".to_owned(), 1),
    ] {
        let document = format!("| promised | held by |\n|---|---|\n| Nothing happens | {cell} |\n");
        assert_eq!(promises::missing(&document, &root()).len(), found, "{cell}");
    }
    assert_eq!(promises::missing("Nothing is promised.", &root()).len(), 1);
}

#[test]
fn a_promise_about_the_page_names_a_test_that_a_browser_runs() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("promises-{}", std::process::id()));
    fs::create_dir_all(dir.join("e2e")).unwrap();
    let missing = |spec: &str, title: &str| {
        fs::write(dir.join("e2e/a.spec.ts"), spec).unwrap();
        let document =
            format!("| promised | held by |\n|---|---|\n| Nothing | `e2e/a.spec.ts`: `{title}` |\n");
        promises::missing(&document, &dir).len()
    };
    let plain = "test(\"nothing is read, or changed\", async () => {});\n";
    let made = "for (const size of SIZES) {\n  test(`nothing is read at ${size}`, async () => {});\n}\n";
    assert_eq!(missing(plain, "nothing is read, or changed"), 0);
    assert_eq!(missing(plain, "nothing is read"), 0);
    assert_eq!(missing(made, "nothing is read at"), 0);
    assert_eq!(missing(plain, "nothing is rea"), 1, "half a word");
    assert_eq!(missing(plain, "something is read"), 1);
    assert_eq!(missing(&format!("// {plain}"), "nothing is read"), 1, "in a comment");
    assert_eq!(missing(&plain.replace("test(", "test.skip("), "nothing is read"), 1);
    assert_eq!(missing(&format!("test.describe.skip(\"x\", () => {{\n{plain}}});"), "nothing is read"), 1);
    assert_eq!(missing(&format!("{plain}test.only(\"x\", () => {{}});"), "nothing is read"), 1);
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_bad_import_planted_in_a_copy_is_found() {
    let copy =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("architecture-{}", std::process::id()));
    let plants: &[(&str, &str, Option<&str>)] = &[
        ("model/id.rs", "use crate::http::AppState;", Some("model imports http")),
        ("model/id.rs", "use crate::{\n    bus::{Batch, Bus},\n};", Some("model imports bus")),
        ("model/id.rs", "fn f() { let _ = super::super::store::open(); }", Some("model imports store")),
        (
            "model/id.rs",
            "mod inner { use super::super::super::registry::Local; }",
            Some("model imports registry"),
        ),
        (
            "bus/mod.rs",
            "pub(crate) use super::{model::Event, r#store as history};",
            Some("bus imports store"),
        ),
        ("bus/mod.rs", "use crate::Inspector;", Some("bus imports Inspector through the crate's root")),
        ("bus/mod.rs", "use crate::*;", Some("bus imports everything through the crate's root")),
        ("helpers.rs", "", Some("helpers is not in the order")),
        (
            "bus/mod.rs",
            "// use crate::http;\n/* use crate::http; /* nested */ */ const A: &str = r#\"crate::http \"\"#;",
            None,
        ),
        (
            "bus/mod.rs",
            "const Q: char = '\"'; use crate::model::Event; const E: char = '\\''; const S: &str = \"\\\"crate::http\";",
            None,
        ),
        ("bus/mod.rs", "#[cfg(test)]\nmod tests { use crate::http::AppState; fn f() {} }", None),
        ("bus/mod.rs", "#[cfg(test)]\nuse crate::http::AppState;", None),
        ("store/tests.rs", "use crate::http::AppState;", Some("store imports http")),
        (
            "model/id.rs",
            "mod inner { use super::super::{Event, Span}; fn f<'a>(s: &'a str) -> super::Id { s } }",
            None,
        ),
    ];
    // What is wrong already is the other test's affair.
    let already = violations(&root().join("src"));
    for (file, line, expected) in plants {
        _ = fs::remove_dir_all(&copy);
        for source in files_below(&root().join("src"), &["rs"]) {
            let to = copy.join(source.strip_prefix(root().join("src")).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(source, to).unwrap();
        }
        let planted = copy.join(file);
        let before = fs::read_to_string(&planted).unwrap_or_default();
        fs::write(&planted, format!("{before}\n{line}\n")).unwrap();
        let mut found = violations(&copy);
        found.retain(|violation| !already.contains(violation));
        match expected {
            Some(words) => assert!(found.len() == 1 && found[0].contains(words), "{line}: {found:?}"),
            None => assert_eq!(found, Vec::<String>::new(), "{line}"),
        }
    }
    fs::remove_dir_all(&copy).unwrap();
}

/// Every import below `src` that the order does not allow, in words.
fn violations(src: &Path) -> Vec<String> {
    let mut found = BTreeSet::new();
    let files = files_below(src, &["rs"]);
    let for_tests: Vec<Vec<String>> = files
        .iter()
        .flat_map(|file| {
            let names = test_modules(&fs::read_to_string(file).unwrap());
            names.into_iter().map(|name| [module_of(src, file), vec![name]].concat())
        })
        .collect();
    for file in files {
        let module = module_of(src, &file);
        // Programs are crates of their own and see only what is public; test modules may look anywhere.
        let outside = module.first().is_none_or(|first| first == "bin");
        if outside || for_tests.iter().any(|tests| module.starts_with(tests)) {
            continue;
        }
        let Some((top, allowed)) = ORDER.iter().find(|(name, _)| *name == module[0]) else {
            found.insert(format!("{} is not in the order", module[0]));
            continue;
        };
        let allowed = &allowed.split(' ').collect::<Vec<_>>();
        for target in imports(&tokens(&code_only(&fs::read_to_string(&file).unwrap())), &module) {
            let known = ORDER.iter().any(|(name, _)| *name == target);
            let words = match (known, target.as_str()) {
                (true, target) if target == *top || allowed.contains(&target) || *allowed == ["*"] => {
                    continue;
                }
                (true, target) => format!("{top} imports {target}"),
                (false, "*") => format!("{top} imports everything through the crate's root"),
                (false, target) => format!("{top} imports {target} through the crate's root"),
            };
            found.insert(format!("{}: {words}", file.strip_prefix(src).unwrap().display()));
        }
    }
    found.into_iter().collect()
}

/// The path of a file's module below the crate's root.
fn module_of(src: &Path, file: &Path) -> Vec<String> {
    let inside = file.strip_prefix(src).unwrap().with_extension("");
    let parts = inside.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

/// The first name below the crate's root of every path that begins with `crate` or `super`. Paths that stay in the
/// file's own top-level module name that module.
fn imports(tokens: &[String], file_module: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    // Inline modules that are open: at which depth of braces each began.
    let mut inline: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => {
                depth += 1;
                if at >= 2 && tokens[at - 2] == "mod" {
                    inline.push(depth);
                }
            }
            "}" => {
                inline.pop_if(|opened| *opened == depth);
                depth -= 1;
            }
            word @ ("crate" | "super") if tokens.get(at + 1).is_some_and(|next| next == "::") => {
                let mut left =
                    if word == "crate" { 0 } else { (file_module.len() + inline.len()).saturating_sub(1) };
                at += 2;
                while tokens.get(at).is_some_and(|next| next == "super") {
                    left = left.saturating_sub(1);
                    at += 2;
                }
                if left == 0 {
                    found.extend(first_names(&tokens[at..]));
                } else {
                    found.push(file_module[0].clone());
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The names that a path, or a group of paths in braces, begins with.
fn first_names(tokens: &[String]) -> Vec<String> {
    if tokens.first().is_none_or(|first| first != "{") {
        return tokens.first().cloned().into_iter().collect();
    }
    let (mut names, mut depth, mut begins) = (Vec::new(), 0, false);
    for token in tokens {
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," => {}
            name if begins && depth == 1 => names.push(name.to_owned()),
            _ => {}
        }
        begins = depth == 1 && (token == "," || (token == "{" && names.is_empty()));
    }
    names
}

/// The items of a `lib.rs` that are neither `mod name;` nor `use`.
fn items_beyond_contents(lib: &str) -> Vec<String> {
    let tokens = tokens(&code_only(lib));
    let mut beyond = Vec::new();
    let mut item = Vec::new();
    for token in &tokens {
        item.push(token.as_str());
        let is_use = item.contains(&"use");
        if token == ";" || (token == "}" && !is_use) {
            if !matches!(item.as_slice(), ["mod", _, ";"] | ["pub", "mod", _, ";"] | ["pub", "use", .., ";"])
            {
                beyond.push(item.join(" "));
            }
            item.clear();
        }
    }
    beyond.extend((!item.is_empty()).then(|| item.join(" ")));
    beyond
}

/// The files below a directory that end in one of `extensions`, by name. None when there is no such directory, as in a
/// package without the page's sources.
fn files_below(directory: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, extensions));
        } else if path.extension().is_some_and(|end| extensions.iter().any(|wanted| end == *wanted)) {
            files.push(path);
        }
    }
    files.sort();
    files
}
