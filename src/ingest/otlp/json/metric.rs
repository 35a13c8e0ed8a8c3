//! The messages of a metric: its name, its kind, and its points.

use std::fmt;

use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
};
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserializer, de};

use super::message::{AttributeList, message};
use super::read::{Budget, Name, Seed};
use super::scalar::{Amount, Count, Flag, Nanos, Number, TemporalityWord, Text, Whole};
use super::{Level, Objects, ignore};
use crate::otlp::{Mapper, Metric, MetricPoint, PointMessage, Temporality};

/// Takes the points of one metric. What they have in common may come before or after them.
pub(super) fn metric<'de, A: MapAccess<'de>>(
    mut map: A,
    mapper: &mut Mapper<MetricPoint>,
) -> Result<(), A::Error> {
    let mark = mapper.mark();
    let mut metric = Metric::default();
    let budget = Budget::new();
    while let Some(name) = map.next_key::<Name>()? {
        match name.as_str() {
            "name" => metric.name = map.next_value_seed(Seed::<Text>::new(&budget))?,
            "unit" => metric.unit = map.next_value_seed(Seed::<Text>::new(&budget))?,
            "gauge" | "sum" => map.next_value_seed(Data { of: NumberPoint, mapper, metric: &mut metric })?,
            "histogram" => map.next_value_seed(Data { of: HistogramPoint, mapper, metric: &mut metric })?,
            "exponentialHistogram" | "exponential_histogram" => {
                map.next_value_seed(Data { of: ExponentialPoint, mapper, metric: &mut metric })?;
            }
            "summary" => map.next_value_seed(Data { of: SummaryPoint, mapper, metric: &mut metric })?,
            _ => ignore(&mut map)?,
        }
    }
    mapper.metric(mark, metric);
    Ok(())
}

/// Reads a gauge, sum, histogram or summary.
struct Data<'a, K> {
    of: K,
    mapper: &'a mut Mapper<MetricPoint>,
    metric: &'a mut Metric,
}

impl<'de, K: Level<MetricPoint>> DeserializeSeed<'de> for Data<'_, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, K: Level<MetricPoint>> Visitor<'de> for Data<'_, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with dataPoints")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { of, mapper, metric } = self;
        let budget = Budget::new();
        while let Some(name) = map.next_key::<Name>()? {
            match name.as_str() {
                "dataPoints" | "data_points" => {
                    map.next_value_seed(Objects { level: of, mapper: &mut *mapper })?;
                }
                "aggregationTemporality" | "aggregation_temporality" => {
                    let number = map.next_value_seed(Seed::<TemporalityWord>::new(&budget))?;
                    metric.temporality = Temporality::from_number(number);
                }
                "isMonotonic" | "is_monotonic" => {
                    metric.monotonic = map.next_value_seed(Seed::<Flag>::new(&budget))?;
                }
                _ => ignore(&mut map)?,
            }
        }
        Ok(())
    }
}

/// Writes the level of a kind of points.
macro_rules! points {
    ($($(#[$doc:meta])* $level:ident, $fields:ident => $wrap:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        struct $level;

        impl Level<MetricPoint> for $level {
            const WHAT: &'static str = $what;

            fn object<'de, A: MapAccess<'de>>(
                self,
                map: A,
                mapper: &mut Mapper<MetricPoint>,
            ) -> Result<(), A::Error> {
                mapper.push(PointMessage::$wrap($fields(&Budget::new()).visit_map(map)?));
                Ok(())
            }
        }
    )*};
}

points! {
    /// Points of gauges and sums.
    NumberPoint, NumberFields => Number, "a data point";
    /// Points of histograms.
    HistogramPoint, HistogramFields => Histogram, "a histogram's data point";
    /// Points of exponential histograms.
    ExponentialPoint, ExponentialFields => Exponential, "an exponential histogram's data point";
    /// Points of summaries.
    SummaryPoint, SummaryFields => Summary, "a summary's data point";
}

message! {
    /// A number.
    NumberFields => NumberDataPoint, "a data point", |point| {
        "attributes" => AttributeList, |(list, _)| point.attributes = list;
        "startTimeUnixNano" | "start_time_unix_nano" => Nanos, |nanos| point.start_time_unix_nano = nanos;
        "timeUnixNano" | "time_unix_nano" => Nanos, |nanos| point.time_unix_nano = nanos;
        "asDouble" | "as_double" => Number, |number| point.value = number.map(Value::AsDouble).or(point.value);
        "asInt" | "as_int" => Whole, |number| point.value = number.map(Value::AsInt).or(point.value);
        "flags" => Count, |flags| point.flags = flags;
    }
}

message! {
    /// A distribution in buckets, which are passed over.
    HistogramFields => HistogramDataPoint, "a histogram's data point", |point| {
        "attributes" => AttributeList, |(list, _)| point.attributes = list;
        "startTimeUnixNano" | "start_time_unix_nano" => Nanos, |nanos| point.start_time_unix_nano = nanos;
        "timeUnixNano" | "time_unix_nano" => Nanos, |nanos| point.time_unix_nano = nanos;
        "count" => Amount, |count| point.count = count;
        "sum" => Number, |sum| point.sum = sum;
        "flags" => Count, |flags| point.flags = flags;
    }
}

message! {
    /// A distribution in exponential buckets, which are passed over.
    ExponentialFields => ExponentialHistogramDataPoint, "an exponential histogram's data point", |point| {
        "attributes" => AttributeList, |(list, _)| point.attributes = list;
        "startTimeUnixNano" | "start_time_unix_nano" => Nanos, |nanos| point.start_time_unix_nano = nanos;
        "timeUnixNano" | "time_unix_nano" => Nanos, |nanos| point.time_unix_nano = nanos;
        "count" => Amount, |count| point.count = count;
        "sum" => Number, |sum| point.sum = sum;
        "flags" => Count, |flags| point.flags = flags;
    }
}

message! {
    /// A distribution by quantiles, which are passed over.
    SummaryFields => SummaryDataPoint, "a summary's data point", |point| {
        "attributes" => AttributeList, |(list, _)| point.attributes = list;
        "startTimeUnixNano" | "start_time_unix_nano" => Nanos, |nanos| point.start_time_unix_nano = nanos;
        "timeUnixNano" | "time_unix_nano" => Nanos, |nanos| point.time_unix_nano = nanos;
        "count" => Amount, |count| point.count = count;
        "sum" => Number, |sum| point.sum = sum.unwrap_or_default();
        "flags" => Count, |flags| point.flags = flags;
    }
}
