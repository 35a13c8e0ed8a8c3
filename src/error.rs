//! Why an inspector cannot be built.

/// Why an inspector cannot be built. What can be lived with (an unwritable data directory, say) is no error: the
/// inspector runs without it and `/health` tells.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A thread of the inspector could not be started.
    #[error("a thread of the inspector could not be started")]
    Thread(#[source] std::io::Error),
    /// The operating system gave no random bytes for the token.
    #[error("the operating system gave no random bytes for the token: {0}")]
    Random(String),
    /// A setting that cannot be used; the text says which and why.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    /// Whether a setting of the builder is at fault.
    #[must_use]
    pub const fn is_setting(&self) -> bool {
        matches!(self, Self::Setting(_))
    }
}
