//! One data point of a metric.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
};

use super::mapper::{Item, Mapper, Mark};
use super::value::{self, Budget};
use crate::model::{Attributes, Scope, Timestamp};

/// A data point as it was sent, not yet redacted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricPoint {
    /// The metric that it is a point of.
    pub(crate) metric: Arc<Metric>,
    /// A number, or the sum of a distribution. Absent when the sender had nothing to say, or says no sum.
    pub(crate) value: Option<f64>,
    /// How many values a distribution has; absent for numbers.
    pub(crate) count: Option<u64>,
    /// Since when it counts, when it is said.
    pub(crate) start: Option<Timestamp>,
    /// When it was taken; otherwise when it came here.
    pub(crate) time: Timestamp,
    /// What it says besides.
    pub(crate) attributes: Attributes,
    /// What is said of the program that sent it.
    pub(crate) resource: Arc<Attributes>,
    /// The library that recorded it.
    pub(crate) scope: Arc<Scope>,
}

/// What the points of a metric have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: String,
    /// Its unit in UCUM, such as `1`, `s` or `By`; may be empty.
    pub(crate) unit: String,
    /// What its points count from.
    pub(crate) temporality: Temporality,
    /// Whether it is a sum that never falls.
    pub(crate) monotonic: bool,
}

/// What a point counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Temporality {
    /// Nothing: it says how much there is. So do gauges and summaries.
    #[default]
    Unspecified,
    /// The point before it.
    Delta,
    /// The start of the program, or whenever it was set to zero.
    Cumulative,
}

impl Temporality {
    /// From OTLP's number. An unknown one is unspecified.
    pub(crate) fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Delta,
            2 => Self::Cumulative,
            _ => Self::Unspecified,
        }
    }
}

/// A data point of any kind of metric, as it comes over the wire.
#[derive(Debug)]
pub(crate) enum PointMessage {
    /// Of a gauge or a sum.
    Number(NumberDataPoint),
    /// Of a histogram. Its buckets are not looked at.
    Histogram(HistogramDataPoint),
    /// Of an exponential histogram. Its buckets are not looked at.
    Exponential(ExponentialHistogramDataPoint),
    /// Of a summary. Its quantiles are not looked at.
    Summary(SummaryDataPoint),
}

/// The bit of a point's flags that says that it has no value on purpose.
const NO_RECORDED_VALUE: u32 = 1;

impl Item for MetricPoint {
    type Message = PointMessage;

    const ONE: &'static str = "data point";
    const MANY: &'static str = "data points";
    const COPIES: bool = false;

    fn mapped(message: PointMessage, arrival: Timestamp) -> Result<Self, &'static str> {
        let message = Parts::from(message);
        if message.value.is_none() && message.count.is_none() && message.flags & NO_RECORDED_VALUE == 0 {
            return Err("a data point has no value");
        }
        let (attributes, _) = value::attributes(message.attributes, &mut Budget::new());
        Ok(Self {
            metric: Arc::default(),
            value: message.value,
            count: message.count,
            start: given(message.start),
            time: given(message.time).unwrap_or(arrival),
            attributes,
            resource: Arc::default(),
            scope: Arc::default(),
        })
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.attributes.size()
    }

    fn set_scope(&mut self, scope: &Arc<Scope>) {
        self.scope = Arc::clone(scope);
    }

    fn set_resource(&mut self, resource: &Arc<Attributes>, _: u32) {
        self.resource = Arc::clone(resource);
    }
}

impl Mapper<MetricPoint> {
    /// Says of all points since `mark` which metric they are of.
    pub(crate) fn metric(&mut self, mark: Mark, metric: Metric) {
        self.charge(mark, metric.name.len() + metric.unit.len());
        let metric = Arc::new(metric);
        for point in self.since(mark) {
            point.metric = Arc::clone(&metric);
        }
    }
}

/// What the kinds of points have in common.
struct Parts {
    attributes: Vec<KeyValue>,
    start: u64,
    time: u64,
    flags: u32,
    value: Option<f64>,
    count: Option<u64>,
}

impl From<PointMessage> for Parts {
    fn from(message: PointMessage) -> Self {
        /// The fields that every kind has under the same names.
        macro_rules! parts {
            ($point:ident, $value:expr, $count:expr) => {
                Self {
                    start: $point.start_time_unix_nano,
                    time: $point.time_unix_nano,
                    flags: $point.flags,
                    value: $value,
                    count: $count,
                    attributes: $point.attributes,
                }
            };
        }
        match message {
            PointMessage::Number(point) => parts!(point, point.value.map(number), None),
            PointMessage::Histogram(point) => parts!(point, point.sum, Some(point.count)),
            PointMessage::Exponential(point) => parts!(point, point.sum, Some(point.count)),
            PointMessage::Summary(point) => parts!(point, Some(point.sum), Some(point.count)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an approximation is what is asked for")]
fn number(value: Value) -> f64 {
    match value {
        Value::AsDouble(value) => value,
        Value::AsInt(value) => value as f64,
    }
}

/// A time that is not absent.
fn given(nanos: u64) -> Option<Timestamp> {
    (nanos > 0).then(|| Timestamp::from_unsigned_nanos(nanos))
}
