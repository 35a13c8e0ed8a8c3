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
        if corrupt { Self::Corrupt(error.to_string()) } else { Self::Unavailable(error.to_string()) }
    }
}

pub(super) fn corrupt(what: &str) -> Failure {
    Failure::Store(StoreError::Corrupt(what.to_owned()))
}
