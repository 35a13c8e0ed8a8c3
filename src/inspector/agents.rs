//! Settings and wiring of what agent programs report of their runs.

use std::path::PathBuf;
use std::sync::Arc;

use super::InspectorBuilder;
use crate::error::Error;
use crate::import::{Hooks, TranscriptFolder};
use crate::ingest::agents::{Assembler, Recall};
use crate::model::{SessionId, SpanId, TraceId};
use crate::pipeline::Pipeline;
use crate::store::Store;

/// Which transcripts are read.
#[derive(Debug, Default)]
pub(super) enum Transcripts {
    /// Those of the person whose process this is.
    #[default]
    OfUser,
    /// Those below this folder.
    Below(PathBuf),
    /// None.
    Unread,
}

impl InspectorBuilder {
    /// Where Claude Code keeps the transcripts of all projects, instead of `projects` in `$CLAUDE_CONFIG_DIR` or
    /// `~/.claude`. A transcript that a hook names is read when it lies below, for the model's calls and tokens that nothing
    /// else tells.
    pub fn claude_projects(mut self, folder: impl Into<PathBuf>) -> Self {
        self.transcripts = Transcripts::Below(folder.into());
        self
    }

    /// Reads no transcripts, whatever hooks name.
    pub fn without_transcripts(mut self) -> Self {
        self.transcripts = Transcripts::Unread;
        self
    }
}

/// Starts what puts together the reports of agent programs.
pub(super) fn start(
    transcripts: Transcripts,
    store: &Arc<dyn Store>,
    pipeline: &Pipeline,
) -> Result<Arc<Hooks>, Error> {
    let store = Arc::clone(store);
    let recall: Recall = Arc::new(move |session: &str, trace: TraceId, span: SpanId| {
        let (session, _) = SessionId::from_external(session);
        let spans = store.spans(&session, span).ok()?;
        spans.into_iter().find(|found| found.trace_id == trace)
    });
    let folder = match transcripts {
        Transcripts::OfUser => TranscriptFolder::of_user(),
        Transcripts::Below(folder) => Some(TranscriptFolder::new(folder)),
        Transcripts::Unread => None,
    };
    let hooks = Hooks::start(Assembler::new(recall), pipeline.clone(), folder).map_err(Error::Thread)?;
    Ok(Arc::new(hooks))
}
