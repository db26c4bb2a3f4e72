//! PutEvents, and the bus that it puts them on.

use super::deliver;
use super::input::{check_bus, invalid, missing, optional, required};
use super::model::{BUS, bus_arn};
use crate::call::{Call, Needs, Target};
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde_json::{Value, json};

/// What the entries of a request may have together.
const SIZE: usize = 1_048_576;
/// How many entries there may be.
const ENTRIES: usize = 10;

/// An event's envelope.
pub struct Envelope<'a> {
    /// Who tells.
    pub source: &'a str,
    /// What kind of event it is.
    pub detail_type: &'a str,
    /// The account it happened in.
    pub account: &'a AccountId,
    /// The region it happened in.
    pub region: &'a Region,
    /// What it happened to.
    pub resources: Value,
    /// What happened.
    pub detail: Value,
    /// When.
    pub time: Timestamp,
}

impl Envelope<'_> {
    /// The event as targets get it.
    pub fn event(self) -> Value {
        json!({
            "version": "0",
            "id": ids::request(),
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time.rfc3339(),
            "region": self.region,
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}

fn entries(body: &Value) -> &[Value] {
    body.get("Entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The bus, once for each entry: policies may tell events apart.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let bus = bus_arn(&call.region, call.account());
    let of = |entry: &Value| {
        let mut target = Target::new(bus.as_str()).with("events:eventBusInvocation", "false");
        for (key, member) in [("events:source", "Source"), ("events:detail-type", "DetailType")] {
            if let Some(value) = entry.get(member).and_then(Value::as_str) {
                target = target.with(key, value);
            }
        }
        target
    };
    Ok(match entries(&call.body) {
        [] => Target::new(bus.as_str()).into(),
        entries => Needs::All(entries.iter().map(of).collect()),
    })
}

/// PutEvents: entries that can't be taken are told one by one.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let entries = entries(&call.body);
    if entries.is_empty() || entries.len() > ENTRIES {
        return Err(invalid(format!(
            "1 validation error detected: Value '{}' at 'entries' failed to satisfy constraint: Member must have length \
             {}",
            json!(entries),
            if entries.is_empty() { "greater than or equal to 1" } else { "less than or equal to 10" }
        )));
    }
    let size: usize = entries.iter().map(size).sum();
    if size > SIZE {
        return Err(invalid("Total size of the entries in the request is over the limit."));
    }
    let mut failed = 0;
    let results: Vec<Value> = entries
        .iter()
        .map(|entry| match read(call, entry) {
            Ok(event) => {
                let id = event["id"].clone();
                deliver::send(call.app, call.account(), &call.region, event);
                json!({ "EventId": id })
            }
            Err((code, message)) => {
                failed += 1;
                json!({ "ErrorCode": code, "ErrorMessage": message })
            }
        })
        .collect();
    Ok(Reply::Json(json!({ "FailedEntryCount": failed, "Entries": results })))
}

/// Source: EventBridge user guide, "Calculating Amazon EventBridge PutEvents event entry size".
fn size(entry: &Value) -> usize {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).map_or(0, str::len);
    let resources = entry.get("Resources").and_then(Value::as_array).into_iter().flatten();
    let time = if entry.get("Time").is_some_and(|time| !time.is_null()) { 14 } else { 0 };
    time + text("Source")
        + text("DetailType")
        + text("Detail")
        + resources.filter_map(Value::as_str).map(str::len).sum::<usize>()
}

type Refused = (&'static str, String);

fn read(call: &Call<'_>, entry: &Value) -> Result<Value, Refused> {
    let argument = |name: &str| {
        let found = entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        found.ok_or_else(|| {
            let message = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            ("InvalidArgument", message)
        })
    };
    let (source, detail_type, detail) = (argument("Source")?, argument("DetailType")?, argument("Detail")?);
    if source.to_ascii_lowercase().starts_with("aws.") || source.eq_ignore_ascii_case("aws") {
        return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
    let bus = optional(entry, "EventBusName").ok().flatten();
    if bus.is_some_and(|bus| bus != BUS && bus != bus_arn(&call.region, call.account())) {
        let message = format!("EventBus {} does not exist.", bus.unwrap_or_default());
        return Err(("ResourceNotFoundException", message));
    }
    let malformed = || ("MalformedDetail", "Detail is malformed.".to_owned());
    let detail: Value = serde_json::from_str(detail).map_err(|_| malformed())?;
    if !detail.is_object() {
        return Err(malformed());
    }
    let time =
        entry.get("Time").and_then(Value::as_f64).map_or(call.now, |seconds| Timestamp((seconds * 1000.0) as i64));
    let envelope = Envelope {
        source,
        detail_type,
        account: call.account(),
        region: &call.region,
        resources: entry.get("Resources").filter(|r| r.is_array()).cloned().unwrap_or_else(|| json!([])),
        detail,
        time,
    };
    Ok(envelope.event())
}

/// The bus, to ask for permission on.
pub fn bus_target(call: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new(bus_arn(&call.region, call.account())).into())
}

fn bus(call: &Call<'_>) -> Value {
    json!({ "Name": BUS, "Arn": bus_arn(&call.region, call.account()) })
}

/// DescribeEventBus.
pub fn describe_bus(call: &Call<'_>) -> Result<Reply, Failure> {
    check_bus(call, "Name")?;
    Ok(Reply::Json(bus(call)))
}

/// ListEventBuses: the one that there is.
pub fn list_buses(call: &Call<'_>) -> Result<Reply, Failure> {
    let prefix = optional(&call.body, "NamePrefix")?.unwrap_or_default();
    let buses: Vec<Value> = BUS.starts_with(prefix).then(|| bus(call)).into_iter().collect();
    Ok(Reply::Json(json!({ "EventBuses": buses })))
}

/// What `ResourceARN` names, as far as it can have tags: the name of a rule, or nothing for the bus.
pub fn tagged(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let text = required(&call.body, "ResourceARN")?;
    if text == bus_arn(&call.region, call.account()) {
        return Ok(None);
    }
    let prefix = super::model::rule_arn(&call.region, call.account(), "");
    let name = text.strip_prefix(&prefix).map(|name| name.strip_prefix("default/").unwrap_or(name));
    name.map(|name| Some(name.to_owned())).ok_or_else(|| missing(format!("Resource {text} does not exist.")))
}
