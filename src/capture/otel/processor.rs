//! The span processor.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::Span as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::span::{is_from_tracing, resource};
use super::traces::Traces;
use crate::capture::context;
use crate::capture::recorder::Recorder;
use crate::model::Attributes;

/// Records the spans of an OpenTelemetry SDK: those in a session, those with an agent's attributes, and with the first of
/// these everything that is open in their trace or begins in it.
#[derive(Debug)]
pub(crate) struct CaptureProcessor {
    traces: Option<Arc<Traces>>,
    resource: Arc<Attributes>,
}

impl CaptureProcessor {
    /// One that does nothing without a recorder.
    pub(crate) fn new(recorder: Option<Recorder>) -> Self {
        let traces = recorder.map(|recorder| Arc::new(Traces::new(recorder)));
        if let Some(traces) = &traces {
            super::register(Arc::downgrade(traces));
        }
        Self { traces, resource: Arc::default() }
    }
}

impl SpanProcessor for CaptureProcessor {
    fn on_start(&self, span: &mut Span, _: &OtelContext) {
        let Some(traces) = &self.traces else { return };
        let Some(ids) = super::ids(span.span_context()) else { return };
        let Some(data) = span.exported_data() else { return };
        // The layer has it.
        if traces.recorder().visibility().is_watching() && is_from_tracing(&data) {
            return;
        }
        let session =
            context::with_current_of(traces.recorder().address(), |context| context?.session.clone());
        traces.began(ids, data, session, &self.resource);
    }

    fn on_end(&self, span: SpanData) {
        if let Some(traces) = &self.traces
            && let Some(ids) = super::ids(&span.span_context)
        {
            traces.ended(ids, span, &self.resource);
        }
    }

    /// There is nothing to flush: [`Inspector::settle`](crate::Inspector::settle) waits for what was recorded.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn set_resource(&mut self, of: &Resource) {
        self.resource = Arc::new(resource(of));
    }
}
