//! Metrics: values put in, and statistics read out.

use super::evaluate;
use super::input::{self, STATISTICS, UNITS, absent, invalid, list, missing, moment, namespace, texts};
use super::metrics::{Datum, Sum};
use super::model::Metric;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::sagemaker::input::optional;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one PutMetricData takes.
const MOST_DATA: usize = 1000;
/// What one GetMetricStatistics gives.
const MOST_POINTS: i64 = 1440;
/// What one GetMetricData asks for, and what it gives.
const MOST_QUERIES: usize = 500;
const MOST_DATAPOINTS: i64 = 100_800;
/// Metrics on a page.
const PAGE: usize = 500;
/// How old a value may be, and how far ahead, in seconds: two weeks, two hours.
const OLDEST: f64 = 1_209_600.0;
const NEWEST: f64 = 7200.0;

/// Permission to put values into a namespace: CloudWatch knows no resources for metrics.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").with("cloudwatch:namespace", namespace(&call.body)?).into())
}

/// PutMetricData.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let namespace = namespace(body)?;
    if namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    input::refuse(body, &["EntityMetricData"])?;
    let given = list(body, "MetricData")?;
    if given.is_empty() {
        return Err(missing("MetricData"));
    }
    if given.len() > MOST_DATA {
        return Err(invalid(format!("The collection MetricData must not have a size greater than {MOST_DATA}.")));
    }
    let mut data = Vec::new();
    for (one, n) in given.iter().zip(1..) {
        read(call, namespace, one, n, &mut data)?;
    }
    count(call, data);
    Ok(Reply::Json(json!({})))
}

/// Counts values, and looks at the alarms that watch them.
pub fn count(call: &Call<'_>, data: Vec<Datum>) {
    let mut metrics: Vec<Metric> = data.iter().map(|datum| datum.metric.clone()).collect();
    metrics.sort();
    metrics.dedup();
    call.app.metrics.add(call.account(), &call.region, data);
    evaluate::evaluate(call.app, call.account(), &call.region, Some(&metrics));
}

/// Reads a `MetricDatum`, the `n`th.
fn read(call: &Call<'_>, namespace: &str, one: &Value, n: usize, data: &mut Vec<Datum>) -> Result<(), Failure> {
    let at = format!("MetricData.member.{n}");
    let name = input::text(one, "MetricName", 255)?;
    let metric = Metric { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: input::dimensions(one)? };
    let unit = optional(one, "Unit")?.unwrap_or("None");
    Checks::new().one_of("metricData.member.unit", unit, &UNITS).finish()?;
    let now = call.now.0 as f64 / 1000.0;
    let seconds = moment(one, "Timestamp")?.unwrap_or(now);
    if seconds < now - OLDEST || seconds > now + NEWEST {
        return Err(invalid(format!(
            "The parameter {at}.Timestamp must specify a time no more than two weeks in the past and no more than two \
             hours in the future."
        )));
    }
    let fine = match input::number(one, "StorageResolution")?.unwrap_or(60) {
        1 => true,
        60 => false,
        _ => return Err(invalid(format!("The parameter {at}.StorageResolution must be 1 or 60."))),
    };
    for sum in sums(one, &at)? {
        let at = Timestamp((seconds * 1000.0) as i64);
        data.push(Datum { metric: metric.clone(), at, sum, unit: unit.to_owned(), fine });
    }
    Ok(())
}

/// The values of a datum: one, several with their counts, or a set that somebody summed up.
fn sums(one: &Value, at: &str) -> Result<Vec<Sum>, Failure> {
    let finite = |value: Option<&Value>, name: &str| {
        value.and_then(Value::as_f64).ok_or_else(|| invalid(format!("The value for parameter {at}.{name} is invalid.")))
    };
    let values = list(one, "Values")?;
    let set = one.get("StatisticValues").filter(|set| !set.is_null());
    let value = one.get("Value").filter(|value| !value.is_null());
    match (value, set, values) {
        (Some(value), None, []) => Ok(vec![Sum::of(finite(Some(value), "Value")?, 1.0)]),
        (None, Some(set), []) => {
            let number = |name: &str| finite(set.get(name), &format!("StatisticValues.{name}"));
            let sum = Sum {
                count: number("SampleCount")?,
                sum: number("Sum")?,
                least: number("Minimum")?,
                most: number("Maximum")?,
            };
            if sum.count <= 0.0 || sum.least > sum.most {
                return Err(invalid(format!("The value for parameter {at}.StatisticValues is invalid.")));
            }
            Ok(vec![sum])
        }
        (None, None, [_, ..]) => {
            let counts = list(one, "Counts")?;
            if values.len() > 150 || (!counts.is_empty() && counts.len() != values.len()) {
                return Err(invalid(format!(
                    "The parameters {at}.Values and {at}.Counts must have the same size, at most 150."
                )));
            }
            let counted = |(n, value): (usize, &Value)| {
                let count = counts.get(n).map_or(Ok(1.0), |count| finite(Some(count), "Counts"))?;
                Ok(Sum::of(finite(Some(value), "Values")?, count))
            };
            values.iter().enumerate().map(counted).collect()
        }
        (None, None, []) => Err(Failure::new(
            400,
            "MissingParameter",
            format!(
                "At least one of the parameters {at}.Value, {at}.Values or {at}.StatisticValues must be specified."
            ),
        )),
        _ => Err(Failure::new(
            400,
            "InvalidParameterCombination",
            format!("The parameters {at}.Value, {at}.Values and {at}.StatisticValues are mutually exclusive."),
        )),
    }
}

fn shown(metric: &Metric) -> Value {
    let dimensions: Vec<Value> =
        metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({ "Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions })
}

/// ListMetrics.
pub fn metrics(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let (namespace, name) = (optional(body, "Namespace")?, optional(body, "MetricName")?);
    input::refuse(body, &["RecentlyActive", "IncludeLinkedAccounts", "OwningAccount"])?;
    let mut filters = Vec::new();
    for filter in list(body, "Dimensions")? {
        filters.push((input::text(filter, "Name", 255)?, optional(filter, "Value")?));
    }
    let after = input::after(body)?;
    let fits = |metric: &Metric| {
        namespace.is_none_or(|namespace| metric.namespace == namespace)
            && name.is_none_or(|name| metric.name == name)
            && filters.iter().all(|(name, value)| {
                metric.dimensions.get(*name).is_some_and(|found| value.is_none_or(|value| found == value))
            })
    };
    let from: usize = after.and_then(|after| after.parse().ok()).unwrap_or_default();
    let found = call.app.metrics.list(call.account(), &call.region, fits);
    let page: Vec<Value> = found.iter().skip(from).take(PAGE).map(shown).collect();
    let mut output = json!({ "Metrics": page });
    if found.len() > from + PAGE {
        output["NextToken"] = input::token(&(from + PAGE).to_string()).into();
    }
    Ok(Reply::Json(output))
}

/// From when to when, in seconds.
fn span(body: &Value) -> Result<(i64, i64), Failure> {
    let from = moment(body, "StartTime")?.ok_or_else(|| missing("StartTime"))?;
    let to = moment(body, "EndTime")?.ok_or_else(|| missing("EndTime"))?;
    if from >= to {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok((from.floor() as i64, to.ceil() as i64))
}

/// The values of a metric by periods.
fn periods(call: &Call<'_>, metric: &Metric, (from, to): (i64, i64), period: i64) -> (BTreeMap<i64, Sum>, String) {
    // A period counts as a whole where its beginning is asked for.
    let from = from - from.rem_euclid(period);
    call.app.metrics.periods((call.account(), &call.region), metric, (from, to), period)
}

/// GetMetricStatistics.
pub fn statistics(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let metric = input::metric(body)?;
    let (from, to) = span(body)?;
    let period = input::period(body)?;
    let statistics = texts(body, "Statistics")?;
    input::refuse(body, &["ExtendedStatistics"])?;
    if statistics.is_empty() {
        return Err(Failure::new(
            400,
            "MissingParameter",
            "At least one of the parameters Statistics or ExtendedStatistics must be specified.",
        ));
    }
    let checks = statistics.iter().fold(Checks::new(), |checks, name| checks.one_of("statistics", name, &STATISTICS));
    checks.finish()?;
    let points = (to - from).div_euclid(period);
    if points > MOST_POINTS {
        return Err(Failure::new(
            400,
            "InvalidParameterCombination",
            format!(
                "You have requested up to {points} datapoints, which exceeds the limit of 1,440. You may reduce the \
                 datapoints requested by increasing Period, or decreasing the time range."
            ),
        ));
    }
    let (found, unit) = periods(call, &metric, (from, to), period);
    let wanted = optional(body, "Unit")?;
    let fits = wanted.is_none_or(|wanted| wanted == unit);
    let points: Vec<Value> = found
        .into_iter()
        .filter(|_| fits)
        .map(|(begin, sum)| {
            let mut point = json!({ "Timestamp": begin, "Unit": unit });
            for name in &statistics {
                point[*name] = sum.statistic(name).into();
            }
            point
        })
        .collect();
    Ok(Reply::Json(json!({ "Label": metric.name, "Datapoints": points })))
}

/// GetMetricData: metrics by their statistics; no expressions.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let span = span(body)?;
    let queries = list(body, "MetricDataQueries")?;
    if queries.is_empty() {
        return Err(missing("MetricDataQueries"));
    }
    if queries.len() > MOST_QUERIES {
        return Err(invalid(format!(
            "The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        )));
    }
    let order = optional(body, "ScanBy")?.unwrap_or("TimestampDescending");
    let most = input::number(body, "MaxDatapoints")?.unwrap_or(MOST_DATAPOINTS);
    Checks::new()
        .one_of("scanBy", order, &["TimestampDescending", "TimestampAscending"])
        .range("maxDatapoints", most, 1, MOST_DATAPOINTS)
        .finish()?;
    let mut results = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for query in queries {
        let id = input::text(query, "Id", 255)?;
        if ids.contains(&id) {
            return Err(invalid(format!("The values for parameter id in MetricDataQueries are not unique: {id}.")));
        }
        ids.push(id);
        if let Some(result) = result(call, query, id, span, order == "TimestampAscending", most)? {
            results.push(result);
        }
    }
    Ok(Reply::Json(json!({ "MetricDataResults": results, "Messages": [] })))
}

fn result(
    call: &Call<'_>,
    query: &Value,
    id: &str,
    span: (i64, i64),
    ascending: bool,
    most: i64,
) -> Result<Option<Value>, Failure> {
    let lower = id.starts_with(|c: char| c.is_ascii_lowercase());
    if !lower || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(invalid(format!(
            "The value {id} for parameter MetricDataQueries.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    input::refuse(query, &["Expression", "AccountId"])?;
    let stat = query.get("MetricStat").filter(|stat| stat.is_object()).ok_or_else(|| missing("MetricStat"))?;
    let metric = input::metric(stat.get("Metric").ok_or_else(|| missing("Metric"))?)?;
    let period = input::period(stat)?;
    let name = input::text(stat, "Stat", 255)?;
    if !STATISTICS.contains(&name) {
        return Err(absent(&format!("the statistic {name}")));
    }
    if query.get("ReturnData").and_then(Value::as_bool) == Some(false) {
        return Ok(None);
    }
    let (found, unit) = periods(call, &metric, span, period);
    let fits = optional(stat, "Unit")?.is_none_or(|wanted| wanted == unit);
    let mut points: Vec<(i64, f64)> =
        found.iter().filter(|_| fits).filter_map(|(begin, sum)| Some((*begin, sum.statistic(name)?))).collect();
    if !ascending {
        points.reverse();
    }
    points.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let (times, values): (Vec<i64>, Vec<f64>) = points.into_iter().unzip();
    let label = optional(query, "Label")?.unwrap_or(&metric.name);
    Ok(Some(json!({
        "Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete",
    })))
}
