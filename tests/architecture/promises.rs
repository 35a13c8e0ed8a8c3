//! The tests that `SECURITY.md` names for its promises exist.

use std::fs;
use std::path::Path;

/// A promise, and the tests that its row names, each with its file.
struct Promise<'a> {
    words: &'a str,
    tests: Vec<(&'a str, &'a str)>,
}

/// What is missing or wrong in the tables of `document`, in words; the files are looked for below `root`.
pub(crate) fn missing(document: &str, root: &Path) -> Vec<String> {
    let mut missing = Vec::new();
    let promises = promises(document);
    if promises.is_empty() {
        missing.push("there is no promise".to_owned());
    }
    for Promise { words, tests } in promises {
        if tests.is_empty() {
            missing.push(format!("no test is named for: {words}"));
        }
        for (file, test) in tests {
            match fs::read_to_string(root.join(file)) {
                Ok(source) if has_test(&source, test, file.ends_with(".rs")) => {}
                Ok(_) => missing.push(format!("{file} has no test {test}")),
                Err(_) => missing.push(format!("there is no file {file} for {test}")),
            }
        }
    }
    missing
}

/// The rows of two cells whose second one names a file and then its tests, each between backticks.
fn promises(document: &str) -> Vec<Promise<'_>> {
    let rows =
        document.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | "));
    rows.filter(|(promised, _)| *promised != "promised")
        .map(|(words, held_by)| {
            let mut file = "";
            let mut tests = Vec::new();
            for name in held_by.split('`').skip(1).step_by(2) {
                if name.contains('/') {
                    file = name;
                } else {
                    tests.push((file, name));
                }
            }
            Promise { words, tests }
        })
        .collect()
}

/// Whether `source` has the test, switched on. A test of the page may be named by the beginning of its name.
fn has_test(source: &str, test: &str, rust: bool) -> bool {
    if !rust {
        return has_page_test(source, test);
    }
    let called = format!("fn {test}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let Some(at) =
        lines.iter().position(|line| line.strip_prefix("async ").unwrap_or(line).starts_with(&called))
    else {
        return false;
    };
    let above = lines[..at].iter().rev().take_while(|line| !line.is_empty() && !line.ends_with('}'));
    let attributes: Vec<_> = above.filter(|line| line.starts_with("#[")).collect();
    let is_test = |line: &&&str| **line == "#[test]" || line.starts_with("#[tokio::test");
    attributes.iter().any(is_test) && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

/// What Playwright passes over, or what makes it pass over everything else.
const SWITCHED_OFF: [&str; 6] = [
    "test.skip(",
    "test.fixme(",
    "test.only(",
    "test.describe.skip(",
    "test.describe.fixme(",
    "test.describe.only(",
];

/// Whether a file of the page's tests has one whose title begins so, by whole words, and passes none of them over.
fn has_page_test(source: &str, title: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let switched_off = lines.iter().any(|line| SWITCHED_OFF.iter().any(|off| line.starts_with(off)));
    let begins = |line: &&str| {
        let rest = ["test(\"", "test(`"].iter().find_map(|call| line.strip_prefix(call)?.strip_prefix(title));
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    !switched_off && lines.iter().any(begins)
}
