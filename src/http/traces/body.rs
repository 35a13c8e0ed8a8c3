//! The bytes of a trace, streamed block by block.

use std::io;
use std::ops::Range;

use axum::body::Body;
use bytes::Bytes;
use tokio::task::JoinHandle;

use super::plan::{Form, Piece, Plan};
use crate::http::download::DownloadPlace;
use crate::http::state::AppState;
use crate::store::chunk::GZIP_HEADER;
use crate::store::{Block, BlockIndex, StoreError};

/// The bytes `from..to` of the planned representation.
///
/// Each block is read on its own, the next one while the client takes the last: a slow client holds back no
/// checkpoint and costs two blocks of memory. When a block is no longer there (the session was compacted or removed
/// meanwhile) the body breaks off, which the client sees, because fewer bytes came than were promised. `place` is given
/// back at the end.
pub(super) fn body(state: AppState, plan: Plan, from: u64, to: u64, place: DownloadPlace) -> Body {
    let asked = state.clone();
    asked.download_body(
        place,
        async_stream::stream! {
            let mut pieces = plan.pieces(from, to).into_iter();
            let mut ahead = pieces.next().map(|piece| Ahead::begin(&state, &plan, piece));
            while let Some(mut current) = ahead.take() {
                ahead = pieces.next().map(|piece| Ahead::begin(&state, &plan, piece));
                let bytes = tokio::select! {
                    biased;
                    () = state.shuts_down() => Err(io::Error::other("the inspector is shutting down")),
                    bytes = current.finish() => bytes,
                };
                let broken = bytes.is_err();
                yield bytes;
                if broken {
                    break;
                }
            }
        },
    )
}

/// A piece that is there, or on its way.
enum Ahead {
    There(Bytes),
    OnItsWay(JoinHandle<io::Result<Bytes>>),
}

impl Ahead {
    fn begin(state: &AppState, plan: &Plan, (piece, part): (Piece, Range<u64>)) -> Self {
        match piece {
            Piece::Header => Self::There(cut(&Bytes::from_static(&GZIP_HEADER), &part)),
            Piece::Tail => Self::There(cut(&Bytes::copy_from_slice(&plan.tail()), &part)),
            Piece::Block(block) => {
                let (state, form) = (state.clone(), plan.form);
                Self::OnItsWay(tokio::spawn(async move { fetch(&state, form, block, part).await }))
            }
        }
    }

    /// May be dropped and called again.
    async fn finish(&mut self) -> io::Result<Bytes> {
        match self {
            Self::There(bytes) => Ok(bytes.clone()),
            Self::OnItsWay(task) => task.await.map_err(io::Error::other)?,
        }
    }
}

/// A client that went away needs no more blocks.
impl Drop for Ahead {
    fn drop(&mut self) {
        if let Self::OnItsWay(task) = self {
            task.abort();
        }
    }
}

async fn fetch(state: &AppState, form: Form, block: BlockIndex, part: Range<u64>) -> io::Result<Bytes> {
    let read = state.read_patiently(move |store| {
        let Some(bytes) = store.block(block.id)? else { return Ok(None) };
        if bytes.len() as u64 != block.compressed_bytes {
            return Err(StoreError::Corrupt("a block of span lines is not as long as promised".to_owned()));
        }
        Ok(Some(match form {
            Form::Gzip => cut(&bytes, &part),
            Form::Identity => cut(&Block::decompress(&bytes, block.plain_bytes)?.into(), &part),
        }))
    });
    match read.await {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(io::Error::other("the trace was compacted or removed meanwhile")),
        Err(_) => Err(io::Error::other("the store cannot be read")),
    }
}

fn cut(bytes: &Bytes, part: &Range<u64>) -> Bytes {
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(at(part.start)..at(part.end))
}
