//! What goes wrong inside, and what it means to the outside.

use rusqlite::ErrorCode;

use crate::store::StoreError;

pub(super) type Result<T> = std::result::Result<T, Failure>;

/// An error of SQLite, or one of ours. Only [`StoreError`] leaves the module: a host may link another version of
/// rusqlite.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Store(error) => return error,
            Failure::Sql(error) => error,
        };
        let corrupt = match &error {
            rusqlite::Error::SqliteFailure(cause, _) => {
                matches!(cause.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => true,
            _ => false,
        };
        // A full disk, a read-only file, a lock held too long, a failing disk: later may be better.
        if corrupt { Self::Corrupt(error.to_string()) } else { Self::Unavailable(in_words(&error)) }
    }
}

/// What a person can do something about, in words; everything with what SQLite says.
fn in_words(error: &rusqlite::Error) -> String {
    let why = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::ReadOnly) => "the file or its file system is read-only",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds the database locked"
        }
        Some(ErrorCode::CannotOpen) => {
            "the database or its directory cannot be opened; it may have been removed"
        }
        Some(ErrorCode::SystemIoFailure) => "the disk does not take or give what it should",
        _ => return error.to_string(),
    };
    format!("{why} ({error})")
}

pub(super) fn corrupt(what: &str) -> Failure {
    Failure::Store(StoreError::Corrupt(what.to_owned()))
}
