//! Answers that are sent piece by piece: how many at once, and what becomes of one whose client does not read.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio_stream::Stream;

use super::live::{Held, Place};
use super::problem::Problem;
use super::state::AppState;

/// How many downloads run at once: each holds up to two blocks of a trace while its client reads, half a megabyte.
pub(crate) const DOWNLOADS_AT_ONCE: usize = 256;

/// How many of them may be exports, which hold more: spans that have not ended, and those of a block as they are rewritten,
/// some ten megabytes at most.
pub(crate) const EXPORTS_AT_ONCE: usize = 16;

/// What a download holds while it runs; given back when it is over, or when its client does not read.
#[derive(Debug)]
pub(super) struct DownloadPlace {
    _stream: Place,
    _download: [Option<OwnedSemaphorePermit>; 2],
}

impl AppState {
    /// A place for one more download.
    pub(super) fn download(&self) -> Result<DownloadPlace, Problem> {
        let (stream, permit) =
            (self.limits.readers.place()?, Arc::clone(&self.limits.downloads).try_acquire_owned());
        let permit = permit.map_err(|_| Problem::too_many_downloads())?;
        Ok(DownloadPlace { _stream: stream, _download: [Some(permit), None] })
    }

    /// A place for one more download that is an export.
    #[cfg(feature = "otlp")]
    pub(super) fn export(&self) -> Result<DownloadPlace, Problem> {
        let place = self.download()?;
        let permit = Arc::clone(&self.limits.exports).try_acquire_owned();
        let permit = permit.map_err(|_| Problem::too_many_downloads())?;
        let DownloadPlace { _stream, _download: [download, _] } = place;
        Ok(DownloadPlace { _stream, _download: [download, Some(permit)] })
    }

    /// The body of a download. When its client leaves what it was sent unread for too long, everything that it holds is given
    /// back, and it breaks off; the client sees that it is not whole.
    pub(super) fn download_body<S>(&self, place: DownloadPlace, pieces: S) -> Body
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        let download = Download { pieces: Box::pin(pieces), _place: place };
        Body::from_stream(DownloadBody(Held::new(&self.limits.readers, download)))
    }
}

struct Download {
    pieces: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    _place: DownloadPlace,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct DownloadBody(Arc<Held<Download>>);

impl Stream for DownloadBody {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut held = self.0.asked();
        let Some(download) = held.as_mut() else {
            return Poll::Ready(Some(Err(io::Error::other("the client did not read for too long"))));
        };
        let piece = ready!(download.pieces.as_mut().poll_next(context));
        self.0.gave();
        Poll::Ready(piece)
    }
}
