//! Settings and wiring of what agent programs report of their runs.

use std::path::PathBuf;
use std::sync::Arc;

use super::InspectorBuilder;
use crate::error::Error;
use crate::import::{Hooks, TranscriptFolder, TranscriptFolders};
use crate::ingest::agents::{Assembler, Recall, RecallEvent, RecallTrace};
use crate::model::{EventKey, SessionId, SpanId, TraceId};
use crate::pipeline::Pipeline;
use crate::store::Store;

/// Which transcripts are read.
#[derive(Debug, Default)]
pub(super) struct Transcripts {
    claude_code: Read,
    codex: Read,
}

/// Which transcripts of a program are read.
#[derive(Debug, Default)]
enum Read {
    /// Those of the person whose process this is.
    #[default]
    OfUser,
    /// Those below this folder.
    Below(PathBuf),
    /// None.
    Nothing,
}

impl InspectorBuilder {
    /// Where Claude Code keeps the transcripts of all projects, instead of `projects` in `$CLAUDE_CONFIG_DIR` or
    /// `~/.claude`. A transcript that a hook names is read when it lies below, for the model's calls and tokens that nothing
    /// else tells.
    pub fn claude_projects(mut self, folder: impl Into<PathBuf>) -> Self {
        self.transcripts.claude_code = Read::Below(folder.into());
        self
    }

    /// Where Codex keeps what was said in all its sessions, instead of `sessions` in `$CODEX_HOME` or `~/.codex`. The file that a
    /// hook names is read when it lies below, for the model's calls and tokens that nothing else tells.
    pub fn codex_sessions(mut self, folder: impl Into<PathBuf>) -> Self {
        self.transcripts.codex = Read::Below(folder.into());
        self
    }

    /// Reads no transcripts, of no program, whatever hooks name.
    pub fn without_transcripts(mut self) -> Self {
        self.transcripts = Transcripts { claude_code: Read::Nothing, codex: Read::Nothing };
        self
    }
}

impl Read {
    fn folder(self, of_user: fn() -> Option<TranscriptFolder>) -> Option<TranscriptFolder> {
        match self {
            Self::OfUser => of_user(),
            Self::Below(folder) => Some(TranscriptFolder::new(folder)),
            Self::Nothing => None,
        }
    }
}

/// Starts what puts together the reports of agent programs.
pub(super) fn start(
    transcripts: Transcripts,
    store: &Arc<dyn Store>,
    pipeline: &Pipeline,
) -> Result<Arc<Hooks>, Error> {
    let spans = Arc::clone(store);
    let recall: Recall = Arc::new(move |session: &str, trace: TraceId, span: SpanId| {
        let (session, _) = SessionId::from_external(session);
        let spans = spans.spans(&session, span).ok()?;
        spans.into_iter().find(|found| found.trace_id == trace)
    });
    let traces = Arc::clone(store);
    let recall_trace: RecallTrace =
        Arc::new(move |trace: TraceId| traces.trace_spans(trace).unwrap_or_default());
    let events = Arc::clone(store);
    let recall_event: RecallEvent = Arc::new(move |event: EventKey| events.has_taken(event).unwrap_or(false));
    let folders = TranscriptFolders {
        claude_code: transcripts.claude_code.folder(TranscriptFolder::of_claude_code),
        codex: transcripts.codex.folder(TranscriptFolder::of_codex),
    };
    let assembler = Assembler::new(recall).recalling(recall_trace, recall_event);
    Ok(Arc::new(Hooks::start(assembler, pipeline.clone(), folders).map_err(Error::Thread)?))
}
