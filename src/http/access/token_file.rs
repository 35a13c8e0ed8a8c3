//! The token in a file, for programs of the same person on the same machine.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::Token;

/// Writes the token to `path`, for the eyes of the process's user only. Whoever reads meanwhile sees the old token or the new
/// one, whole. A file that has the token already is left as it is.
///
/// # Errors
///
/// When the file, or a directory for it, cannot be written.
pub(crate) fn write(path: &Path, token: &Token) -> io::Result<()> {
    let holds = |text: String| text.trim() == token.as_str();
    if fs::read_to_string(path).is_ok_and(holds) && is_private(path)? {
        return Ok(());
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("it is no path of a file"))?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_dir(dir)?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{:016x}", fastrand::u64(..)));
    let beside = dir.join(beside);
    let written = fill(&beside, token).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed is no news.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn fill(path: &Path, token: &Token) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // New: a file or a link that somebody put there is not written to.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", token.as_str())?;
    file.sync_all()
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Whether nobody else may read it.
#[cfg(unix)]
fn is_private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 == 0)
}

/// What others may read is a matter of the directory there.
#[cfg(not(unix))]
fn is_private(path: &Path) -> io::Result<bool> {
    fs::metadata(path).map(|_| true)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[expect(clippy::unwrap_used, reason = "what a test cannot do fails it")]
    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_file_is_for_one_person_and_replaced_as_a_whole() {
        let place = tempfile::tempdir().unwrap();
        let (dir, path) = (place.path().join("deep/er"), place.path().join("deep/er/token"));
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        write(&path, &one).unwrap();
        assert_eq!((mode(&dir), mode(&path)), (0o700, 0o600));
        write(&path, &other).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", other.as_str()));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_others_may_read_or_somebody_linked_elsewhere_is_replaced_and_not_written_to() {
        let place = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (place.path().join("token"), place.path().join("elsewhere"));
        let token = Token::generate().unwrap();
        fs::write(&elsewhere, "theirs").unwrap();
        symlink(&elsewhere, &path).unwrap();
        write(&path, &token).unwrap();
        assert_eq!((fs::read_to_string(&elsewhere).unwrap().as_str(), mode(&path)), ("theirs", 0o600));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, &token).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_file_that_has_the_token_is_left_as_it_is_and_one_that_cannot_be_is_said() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("token");
        let token = Token::generate().unwrap();
        write(&path, &token).unwrap();
        let file = fs::File::open(&path).unwrap().metadata().unwrap();
        write(&path, &token).unwrap();
        let same = |one: &fs::Metadata, other: &fs::Metadata| {
            use std::os::unix::fs::MetadataExt;
            one.ino() == other.ino()
        };
        assert!(same(&file, &fs::metadata(&path).unwrap()));
        assert!(write(&path.join("below-a-file"), &token).is_err());
        assert!(write(Path::new("/"), &token).is_err());
    }
}
