//! What the signals call their lists, and what lies in them.

use serde::de::{MapAccess, Visitor};

use super::log::LogFields;
use super::message::SpanFields;
use super::metric::metric;
use super::read::Budget;
use crate::model::Span;
use crate::otlp::{Item, LogRecord, Mapper, MetricPoint};

/// A signal by the names of its lists, in lowerCamelCase as OTLP asks, and in snake case.
pub(crate) trait Listed: Item {
    /// What resources report.
    const BY_RESOURCE: [&'static str; 2];

    /// What the scopes of a resource report.
    const BY_SCOPE: [&'static str; 2];

    /// What a scope reports.
    const LIST: [&'static str; 2];

    /// Takes what one entry of that list holds.
    fn take<'de, A: MapAccess<'de>>(map: A, mapper: &mut Mapper<Self>) -> Result<(), A::Error>;
}

impl Listed for Span {
    const BY_RESOURCE: [&'static str; 2] = ["resourceSpans", "resource_spans"];
    const BY_SCOPE: [&'static str; 2] = ["scopeSpans", "scope_spans"];
    const LIST: [&'static str; 2] = ["spans", "spans"];

    fn take<'de, A: MapAccess<'de>>(map: A, mapper: &mut Mapper<Self>) -> Result<(), A::Error> {
        mapper.push(SpanFields(&Budget::new()).visit_map(map)?);
        Ok(())
    }
}

impl Listed for LogRecord {
    const BY_RESOURCE: [&'static str; 2] = ["resourceLogs", "resource_logs"];
    const BY_SCOPE: [&'static str; 2] = ["scopeLogs", "scope_logs"];
    const LIST: [&'static str; 2] = ["logRecords", "log_records"];

    fn take<'de, A: MapAccess<'de>>(map: A, mapper: &mut Mapper<Self>) -> Result<(), A::Error> {
        mapper.push(LogFields(&Budget::new()).visit_map(map)?);
        Ok(())
    }
}

impl Listed for MetricPoint {
    const BY_RESOURCE: [&'static str; 2] = ["resourceMetrics", "resource_metrics"];
    const BY_SCOPE: [&'static str; 2] = ["scopeMetrics", "scope_metrics"];
    const LIST: [&'static str; 2] = ["metrics", "metrics"];

    fn take<'de, A: MapAccess<'de>>(map: A, mapper: &mut Mapper<Self>) -> Result<(), A::Error> {
        metric(map, mapper)
    }
}
