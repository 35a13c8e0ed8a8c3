//! What can go wrong in a store.

/// Why a store could not do what it was asked. The text is for logs and `/health`; it never leaves in an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The place cannot be written at the moment: the disk is full, the file is read-only, or another process holds
    /// it for too long. Trying again later may help.
    #[error("{0}")]
    Unavailable(String),
    /// What is stored cannot be understood.
    #[error("{0}")]
    Corrupt(String),
}
