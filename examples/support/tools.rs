//! What the agent can do: list files, read one, search in them. All within one directory, all bounded.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

const MAX_LISTED: usize = 100;
const MAX_HITS: usize = 20;
const MAX_HITS_PER_FILE: usize = 3;
const MAX_LINE_CHARS: usize = 200;
const MAX_LINES: usize = 60;
const MAX_FILES_SEARCHED: usize = 2_000;
const MAX_FILE_BYTES: u64 = 512 * 1024;
const MAX_DEPTH: usize = 8;

/// Directories that hold built or fetched things rather than the project.
const SKIPPED: [&str; 4] = ["target", "node_modules", "dist", "vendor"];

/// Why a tool gave no result, in words for the model.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("there is no tool called {0}")]
    Unknown(String),
    #[error("the arguments do not fit: {0}")]
    Arguments(#[from] serde_json::Error),
    #[error("{0} lies outside of the working directory")]
    Outside(String),
    #[error("{0}: {1}")]
    Io(String, io::Error),
    #[error("{0} is not a text file of at most {MAX_FILE_BYTES} bytes")]
    NotText(String),
    #[error("the tool panicked")]
    Panicked,
}

impl ToolError {
    /// A short class, for `error.type`.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown_tool",
            Self::Arguments(_) => "bad_arguments",
            Self::Outside(_) => "outside_of_directory",
            Self::Io(..) => "io",
            Self::NotText(_) => "not_text",
            Self::Panicked => "panic",
        }
    }
}

/// The tools over one directory.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    root: PathBuf,
}

#[derive(Deserialize)]
struct ListFiles {
    #[serde(default = "here")]
    path: String,
}

#[derive(Deserialize)]
struct ReadFile {
    path: String,
    #[serde(default = "one")]
    from_line: usize,
}

#[derive(Deserialize)]
struct SearchText {
    text: String,
    #[serde(default = "here")]
    path: String,
}

fn here() -> String {
    ".".to_owned()
}

fn one() -> usize {
    1
}

impl Tools {
    /// The tools over `root` and what lies below it.
    ///
    /// # Errors
    ///
    /// When there is no such directory.
    pub(crate) fn new(root: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self { root: root.as_ref().canonicalize()? })
    }

    /// What the model is told about them.
    pub(crate) fn descriptions() -> Value {
        let tool = |name: &str, description: &str, properties: Value, required: &[&str]| {
            json!({ "type": "function", "function": {
                "name": name,
                "description": description,
                "parameters": { "type": "object", "properties": properties, "required": required },
            }})
        };
        let path = json!({ "type": "string", "description": "relative to the working directory" });
        json!([
            tool("list_files", "The files and directories in a directory.", json!({ "path": path }), &[]),
            tool(
                "read_file",
                "Some lines of a text file.",
                json!({ "path": path, "from_line": { "type": "integer", "minimum": 1 } }),
                &["path"],
            ),
            tool(
                "search_text",
                "The lines that contain a text, in all files below a directory.",
                json!({ "text": { "type": "string" }, "path": path }),
                &["text"],
            ),
        ])
    }

    /// Runs one tool. `arguments` is JSON in a string, as models send it. It blocks on the file system.
    ///
    /// # Errors
    ///
    /// When the tool is unknown, its arguments do not fit, or the file system says no.
    pub(crate) fn call(&self, name: &str, arguments: &str) -> Result<Value, ToolError> {
        let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
        match name {
            "list_files" => self.list_files(&serde_json::from_str(arguments)?),
            "read_file" => self.read_file(&serde_json::from_str(arguments)?),
            "search_text" => self.search_text(&serde_json::from_str(arguments)?),
            _ => Err(ToolError::Unknown(name.to_owned())),
        }
    }

    fn list_files(&self, ListFiles { path }: &ListFiles) -> Result<Value, ToolError> {
        let entries = entries(&self.contained(path)?).map_err(|error| ToolError::Io(path.clone(), error))?;
        let named: Vec<String> = entries
            .iter()
            .take(MAX_LISTED)
            .map(|entry| {
                let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if entry.is_dir() { name + "/" } else { name }
            })
            .collect();
        Ok(json!({ "path": path, "entries": named, "more": entries.len().saturating_sub(MAX_LISTED) }))
    }

    fn read_file(&self, ReadFile { path, from_line }: &ReadFile) -> Result<Value, ToolError> {
        let file = self.contained(path)?;
        let text = read_text(&file).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => ToolError::NotText(path.clone()),
            _ => ToolError::Io(path.clone(), error),
        })?;
        let total = text.lines().count();
        let lines: Vec<String> =
            text.lines().skip(from_line.saturating_sub(1)).take(MAX_LINES).map(shorten).collect();
        Ok(json!({ "path": path, "from_line": from_line, "total_lines": total, "lines": lines }))
    }

    fn search_text(&self, SearchText { text, path }: &SearchText) -> Result<Value, ToolError> {
        let mut files = Vec::new();
        let complete = walk(&self.contained(path)?, MAX_DEPTH, &mut files);
        let wanted = text.to_lowercase();
        let mut hits = Vec::new();
        let mut more = 0_usize;
        for file in &files {
            // A binary or unreadable file has no lines to find; it does not fail the search.
            let Ok(content) = read_text(file) else { continue };
            let mut in_file = 0;
            let name = file.strip_prefix(&self.root).unwrap_or(file).to_string_lossy();
            for (at, line) in
                content.lines().enumerate().filter(|(_, line)| line.to_lowercase().contains(&wanted))
            {
                if hits.len() < MAX_HITS && in_file < MAX_HITS_PER_FILE {
                    in_file += 1;
                    hits.push(json!({ "path": name, "line": at + 1, "text": shorten(line.trim()) }));
                } else {
                    more += 1;
                }
            }
        }
        Ok(json!({ "text": text, "hits": hits, "more": more, "files": files.len(), "complete": complete }))
    }

    /// The place that `path` names, which lies in the directory even when links are followed.
    fn contained(&self, path: &str) -> Result<PathBuf, ToolError> {
        let relative = Path::new(path);
        if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(ToolError::Outside(path.to_owned()));
        }
        let found =
            self.root.join(relative).canonicalize().map_err(|error| ToolError::Io(path.to_owned(), error))?;
        if found.starts_with(&self.root) { Ok(found) } else { Err(ToolError::Outside(path.to_owned())) }
    }
}

/// What stands in a directory, by name, without hidden things.
fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")))
        .collect();
    found.sort();
    Ok(found)
}

/// Collects the files below `place`; false when there are more than may be searched. Links are not followed, so that a
/// loop or a way out of the directory cannot be walked.
fn walk(place: &Path, depth: usize, files: &mut Vec<PathBuf>) -> bool {
    let Ok(kind) = fs::symlink_metadata(place) else { return true };
    if kind.is_file() {
        files.push(place.to_owned());
    } else if kind.is_dir() {
        let skipped = |path: &Path| SKIPPED.iter().any(|name| path.file_name() == Some(OsStr::new(name)));
        let inside = entries(place).unwrap_or_default();
        if depth == 0 {
            return inside.is_empty();
        }
        for path in inside.iter().filter(|path| !skipped(path)) {
            if files.len() >= MAX_FILES_SEARCHED || !walk(path, depth - 1, files) {
                return false;
            }
        }
    }
    true
}

/// A text file of bounded size; anything else is [`io::ErrorKind::InvalidData`].
fn read_text(path: &Path) -> io::Result<String> {
    // Asked before opening: opening a pipe waits until somebody writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = String::new();
    // The size is checked by reading, not by asking: a file may grow in between.
    let read = File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_FILE_BYTES { Err(io::ErrorKind::InvalidData.into()) } else { Ok(text) }
}

fn shorten(line: &str) -> String {
    match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
#[path = "tools/tests.rs"]
mod tests;
