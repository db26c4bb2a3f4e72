//! Events: put, read forwards and backwards, searched.
//!
//! Limits and rules: CloudWatch Logs API reference, "PutLogEvents", "GetLogEvents", "FilterLogEvents".

use super::filter::Filter;
use super::input::{disk, find, group_name, identified, invalid, limit, no_stream, number, optional, stream_name};
use super::model::Group;
use super::streams::{EVENT_OVERHEAD, Line};
use crate::call::Call;
use crate::error::Failure;
use crate::protocol::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Timestamp;
use serde_json::{Value, json};

/// What a request may have.
pub const BATCH_BYTES: usize = 1_048_576;
/// How many events a request may have, and an answer.
pub const BATCH_EVENTS: usize = 10_000;
/// How far the events of a request may be apart.
const SPAN_MS: i64 = 24 * 3600 * 1000;
/// How old an event may be.
const OLDEST_MS: i64 = 14 * SPAN_MS;
/// How far in the future it may be.
const NEWEST_MS: i64 = 2 * 3600 * 1000;

/// A sequence token: given for old clients, and never asked for.
pub fn sequence(created: Timestamp) -> String {
    format!("{:056}", created.0)
}

fn batch(call: &Call<'_>) -> Result<Vec<Line>, Failure> {
    let events = call.body.get("logEvents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if events.is_empty() || events.len() > BATCH_EVENTS {
        let must = if events.is_empty() { "greater than or equal to 1" } else { "less than or equal to 10000" };
        return Err(invalid(format!(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length \
             {must}"
        )));
    }
    let mut lines = Vec::new();
    let mut size = 0;
    for event in events {
        let message = event.get("message").and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(|| {
            invalid(
                "1 validation error detected: Value at 'logEvents.1.member.message' failed to satisfy constraint: Member \
                 must have length greater than or equal to 1",
            )
        })?;
        let at = number(event, "timestamp").filter(|at| *at >= 0).ok_or_else(|| {
            invalid(
                "1 validation error detected: Value at 'logEvents.1.member.timestamp' failed to satisfy constraint: \
                 Member must have value greater than or equal to 0",
            )
        })?;
        size += message.len() + EVENT_OVERHEAD;
        lines.push(Line { at: Timestamp(at), ingested: call.now, message: message.to_owned() });
    }
    if size > BATCH_BYTES {
        return Err(invalid(format!("Upload too large: {size} bytes exceeds limit of {BATCH_BYTES}")));
    }
    if !lines.is_sorted_by_key(|line| line.at) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    let span = lines[lines.len() - 1].at.since(lines[0].at);
    if i64::try_from(span).is_ok_and(|span| span > SPAN_MS) {
        let message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
        return Err(invalid(message));
    }
    Ok(lines)
}

/// The time before which events of a group are not shown.
fn kept_from(group: &Group, now: Timestamp) -> Timestamp {
    group.retention.map_or(Timestamp(i64::MIN), |days| now.plus_ms(-i64::from(days) * SPAN_MS))
}

/// PutLogEvents. What is too old or too far ahead is left out, and told.
pub fn put(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = stream_name(&call.body, "logStreamName")?;
    let group = find(call, group_name(&call.body, "logGroupName")?)?;
    let lines = batch(call)?;
    let before = |time: Timestamp| lines.iter().take_while(|line| line.at < time).count();
    let expired = before(kept_from(&group, call.now));
    let old = before(call.now.plus_ms(-OLDEST_MS));
    let new = before(call.now.plus_ms(NEWEST_MS + 1));
    let taken = &lines[old.max(expired).min(new)..new];
    let mut rejected = json!({});
    for (member, index, any) in [
        ("expiredLogEventEndIndex", expired, expired > 0),
        ("tooOldLogEventEndIndex", old, old > 0),
        ("tooNewLogEventStartIndex", new, new < lines.len()),
    ] {
        if any {
            rejected[member] = index.into();
        }
    }
    if !call.app.streams.append(&group.id, name, taken).map_err(disk)? {
        return Err(no_stream());
    }
    let mut output = json!({ "nextSequenceToken": sequence(group.created) });
    if rejected != json!({}) {
        output["rejectedLogEventsInfo"] = rejected;
    }
    Ok(Reply::Json(output))
}

/// How many of these events fit an answer, counted from the first.
fn fitting<'l>(lines: impl Iterator<Item = &'l Line>, most: usize) -> usize {
    let mut size = 0;
    lines
        .take(most)
        .take_while(|line| {
            size += line.message.len() + EVENT_OVERHEAD;
            size <= BATCH_BYTES
        })
        .count()
}

fn bad_token() -> Failure {
    invalid("The specified nextToken is invalid.")
}

/// GetLogEvents. A token is a direction and a place; at the end a token gives itself.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let name = stream_name(body, "logStreamName")?;
    let group = find(call, &identified(call)?)?;
    let most = limit(body, 10_000)?;
    let mut lines = call.app.streams.events(&group.id, name).map_err(disk)?.ok_or_else(no_stream)?;
    let (from, until) = (number(body, "startTime").unwrap_or(i64::MIN), number(body, "endTime").unwrap_or(i64::MAX));
    let kept = kept_from(&group, call.now);
    lines.retain(|line| line.at.0 >= from && line.at.0 < until && line.at >= kept);
    let from_head = body.get("startFromHead").and_then(Value::as_bool) == Some(true);
    let (forward, place) = match optional(body, "nextToken")? {
        None => (from_head, if from_head { 0 } else { lines.len() }),
        Some(token) => {
            let mut parts = token.split('/');
            let (direction, place, end) = (parts.next(), parts.next(), parts.next());
            let place = place.and_then(|place| place.parse::<usize>().ok()).ok_or_else(bad_token)?;
            match (direction, end) {
                (Some("f"), Some("s")) => (true, place.min(lines.len())),
                (Some("b"), Some("s")) => (false, place.min(lines.len())),
                _ => return Err(bad_token()),
            }
        }
    };
    let shown = if forward {
        place..place + fitting(lines[place..].iter(), most)
    } else {
        place - fitting(lines[..place].iter().rev(), most)..place
    };
    let token = |direction: &str, place: usize| format!("{direction}/{place:056}/s");
    let (backward, forward) = (token("b", shown.start), token("f", shown.end));
    let events: Vec<Value> = lines[shown]
        .iter()
        .map(|line| json!({ "timestamp": line.at, "message": line.message, "ingestionTime": line.ingested }))
        .collect();
    Ok(Reply::Json(json!({ "events": events, "nextForwardToken": forward, "nextBackwardToken": backward })))
}

/// A place among the events of several streams.
type Place = (i64, String, usize);

/// FilterLogEvents: the events of all streams, or of some, in the order of their time.
pub fn filter(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let group = find(call, &identified(call)?)?;
    let most = limit(body, 10_000)?;
    let names: Option<Vec<&str>> = body
        .get("logStreamNames")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect());
    let prefix = optional(body, "logStreamNamePrefix")?;
    if names.is_some() && prefix.is_some() {
        return Err(invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters."));
    }
    let filter = Filter::parse(optional(body, "filterPattern")?.unwrap_or_default()).map_err(invalid)?;
    let (from, until) = (number(body, "startTime").unwrap_or(i64::MIN), number(body, "endTime").unwrap_or(i64::MAX));
    let kept = kept_from(&group, call.now);
    let after = optional(body, "nextToken")?.map(|token| {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        bytes.and_then(|bytes| serde_json::from_slice::<Place>(&bytes).ok()).ok_or_else(bad_token)
    });
    let after = after.transpose()?;
    let known = call.app.streams.list(&group.id).map_err(disk)?;
    if let Some(names) = &names
        && !names.iter().all(|name| known.iter().any(|(known, _)| known == name))
    {
        return Err(no_stream());
    }
    let mut found: Vec<(Place, Line)> = Vec::new();
    for (stream, _) in known {
        let wanted = names.as_ref().is_none_or(|names| names.contains(&stream.as_str()))
            && stream.starts_with(prefix.unwrap_or_default());
        let lines = if wanted { call.app.streams.events(&group.id, &stream).map_err(disk)? } else { None };
        for (index, line) in lines.into_iter().flatten().enumerate() {
            let place = (line.at.0, stream.clone(), index);
            let in_time = line.at.0 >= from && line.at.0 <= until && line.at >= kept;
            if in_time && after.as_ref().is_none_or(|after| place > *after) && filter.matches(&line.message) {
                found.push((place, line));
            }
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let count = fitting(found.iter().map(|(_, line)| line), most);
    let next =
        (count < found.len() && count > 0).then(|| URL_SAFE_NO_PAD.encode(json!(found[count - 1].0).to_string()));
    found.truncate(count);
    let events: Vec<Value> = found.iter().map(|(place, line)| shown(place, line)).collect();
    let mut output = json!({ "events": events, "searchedLogStreams": [] });
    if let Some(next) = next {
        output["nextToken"] = next.into();
    }
    Ok(Reply::Json(output))
}

fn shown((at, stream, index): &Place, line: &Line) -> Value {
    json!({
        "logStreamName": stream,
        "timestamp": at,
        "message": line.message,
        "ingestionTime": line.ingested,
        "eventId": format!("{at:020}{index:036}"),
    })
}
