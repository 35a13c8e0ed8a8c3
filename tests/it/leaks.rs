//! Looks for texts in everything that an inspector left on disk: raw bytes, compressed files, and compressed values in
//! databases.

use std::io::Read;
use std::path::Path;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use regex::bytes::Regex;

/// Whether `bytes` hold `text`.
pub(crate) fn holds(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What must not be found, also as base64, which hides it from the eye and not from a reader.
#[derive(Clone, Debug)]
pub(crate) struct Needles(Regex);

impl Needles {
    pub(crate) fn new<I: IntoIterator<Item: AsRef<str>>>(texts: I) -> Self {
        let texts = texts.into_iter().map(|text| text.as_ref().to_owned());
        let all: Vec<_> = texts
            .flat_map(|text| base64(&text).into_iter().chain([text]))
            .map(|text| regex::escape(&text))
            .collect();
        Self(Regex::new(&all.join("|")).unwrap())
    }

    /// The first that stands in `bytes`.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        self.0.find(bytes).map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned())
    }

    /// Where any of them stands in or below `dir`, in words; and how many files were looked at.
    pub(crate) fn found_below(&self, dir: &Path) -> (Vec<String>, usize) {
        let mut found = Vec::new();
        let mut files = 0;
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                let (below, count) = self.found_below(&path);
                found.extend(below);
                files += count;
            } else {
                files += 1;
                self.look_into(&path, &mut found);
            }
        }
        (found, files)
    }

    fn look_into(&self, path: &Path, found: &mut Vec<String>) {
        let bytes = std::fs::read(path).unwrap();
        let mut look = |bytes: &[u8], place: &str| {
            if let Some(needle) = self.found_in(bytes) {
                found.push(format!("{needle} in {}, {place}", path.display()));
            }
        };
        look(&bytes, "as it is");
        inflated(&bytes).iter().for_each(|bytes| look(bytes, "inflated"));
        #[cfg(feature = "sqlite")]
        if bytes.starts_with(b"SQLite format 3\0") {
            for (place, bytes) in values(path) {
                look(&bytes, &place);
                inflated(&bytes).iter().for_each(|bytes| look(bytes, &format!("{place}, inflated")));
            }
        }
    }
}

/// What `bytes` are when they are compressed: raw, with a header, or several members one after the other. As far as they
/// can be read: a block need not be a whole stream.
pub(crate) fn inflated(bytes: &[u8]) -> Vec<Vec<u8>> {
    fn all(mut read: impl Read) -> Vec<u8> {
        let (mut all, mut part) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = read.read(&mut part) {
            all.extend_from_slice(&part[..count]);
        }
        all
    }
    let all =
        [all(MultiGzDecoder::new(bytes)), all(ZlibDecoder::new(bytes)), all(DeflateDecoder::new(bytes))];
    all.into_iter().filter(|all| !all.is_empty()).collect()
}

/// Every value of every table.
#[cfg(feature = "sqlite")]
fn values(path: &Path) -> Vec<(String, Vec<u8>)> {
    use rusqlite::types::ValueRef;
    let database = rusqlite::Connection::open(path).unwrap();
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut values = Vec::new();
    for table in tables {
        // A virtual table of a module that is not here has no rows of its own.
        let Ok(mut rows) = database.prepare(&format!("SELECT * FROM \"{table}\"")) else { continue };
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Ok(Some(row)) = rows.next() {
            for column in 0..columns {
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = row.get_ref(column).unwrap() {
                    values.push((format!("table {table}, column {column}"), bytes.to_vec()));
                }
            }
        }
    }
    values
}

/// The inside of `text` as base64, wherever it begins in a group of three bytes.
fn base64(text: &str) -> [String; 3] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|skipped| {
        let groups = text.as_bytes()[skipped..].chunks_exact(3);
        let digits = groups.flat_map(|group| {
            let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
            [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
        });
        digits.collect()
    })
}

#[test]
fn a_text_is_found_raw_compressed_in_base64_and_in_a_database() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    let needles = Needles::new(["the planted text"]);
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("clean", b"nothing");
    assert_eq!(needles.found_below(dir.path()), (Vec::new(), 1));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"and the planted text").unwrap();
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    raw.write_all(b"and the planted text").unwrap();
    // Ended by a flush, as the store's blocks are.
    raw.flush().unwrap();
    write("raw", b"and the planted text");
    write("gzip", &gzip.finish().unwrap());
    write("base64", b"eHh0aGUgcGxhbnRlZCB0ZXh0");
    let mut expected = 3;
    #[cfg(feature = "sqlite")]
    {
        let database = rusqlite::Connection::open(dir.path().join("database")).unwrap();
        database.execute_batch("CREATE TABLE spans (id INTEGER PRIMARY KEY, block BLOB)").unwrap();
        database.execute("INSERT INTO spans (block) VALUES (?1)", [raw.get_ref()]).unwrap();
        expected += 1;
    }
    let (found, _) = needles.found_below(dir.path());
    assert_eq!(found.len(), expected, "{found:#?}");
}
