//! Groups and streams: made, described, kept, tagged, deleted.

use super::input::{
    change, checked, disk, find, group_name, identified, invalid, limit, no_group, no_stream, optional, page, required,
    stream_name, tags,
};
use super::model::{Group, Logs, group_arn};
use super::streams::Stream;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// What a group's retention may be, in days.
const DAYS: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The group to make, with the tags it shall have.
pub fn new_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let tags = tags(&call.body)?;
    let arn = group_arn(&call.region, call.account(), group_name(&call.body, "logGroupName")?);
    let target = Target::new(format!("{arn}:log-stream:"));
    Ok(target.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))).into())
}

/// CreateLogGroup.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let name = group_name(body, "logGroupName")?;
    let class = optional(body, "logGroupClass")?.unwrap_or("STANDARD");
    let classes = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];
    checked(Checks::new().one_of("logGroupClass", class, &classes))?;
    let group = Group {
        id: ids::request(),
        created: call.now,
        retention: None,
        key: optional(body, "kmsKeyId")?.map(str::to_owned),
        class: class.to_owned(),
        protected: body.get("deletionProtectionEnabled").and_then(Value::as_bool).unwrap_or_default(),
        tags: tags(body)?,
    };
    call.change::<Logs, _>(|logs| {
        if logs.groups.contains_key(name) {
            let message = "The specified log group already exists";
            return Err(Failure::new(400, "ResourceAlreadyExistsException", message));
        }
        logs.groups.insert(name.to_owned(), group);
        Ok(Reply::Json(json!({})))
    })
}

/// DeleteLogGroup.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = group_name(&call.body, "logGroupName")?;
    let gone = call.change::<Logs, _>(|logs| {
        if logs.groups.get(name).ok_or_else(no_group)?.protected {
            let message = "The log group has deletion protection enabled.";
            return Err(Failure::new(400, "ValidationException", message));
        }
        logs.groups.remove(name).ok_or_else(no_group)
    })?;
    let generation = call.generation.load(Ordering::Relaxed);
    // Not before the state on disk is without it.
    call.app.background.begin(move |app| async move {
        if app.store.durable(generation).await {
            app.streams.remove_group(&gone.id);
        }
    });
    Ok(Reply::Json(json!({})))
}

fn described(call: &Call<'_>, name: &str, group: &Group) -> Result<Value, Failure> {
    let arn = group_arn(&call.region, call.account(), name);
    let bytes: u64 = call.app.streams.list(&group.id).map_err(disk)?.iter().map(|(_, stream)| stream.bytes).sum();
    let mut shown = json!({
        "logGroupName": name,
        "creationTime": group.created,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": bytes,
        "logGroupClass": group.class,
        "deletionProtectionEnabled": group.protected,
    });
    if let Some(days) = group.retention {
        shown["retentionInDays"] = days.into();
    }
    if let Some(key) = &group.key {
        shown["kmsKeyId"] = key.as_str().into();
    }
    Ok(shown)
}

fn with_token(mut output: Value, next: Option<String>) -> Reply {
    if let Some(next) = next {
        output["nextToken"] = next.into();
    }
    Reply::Json(output)
}

/// DescribeLogGroups.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let (prefix, pattern) = (optional(body, "logGroupNamePrefix")?, optional(body, "logGroupNamePattern")?);
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let pattern = pattern.unwrap_or_default().to_ascii_lowercase();
    let class = optional(body, "logGroupClass")?;
    let groups = call.read::<Logs, _>(|logs| logs.groups.clone());
    let fits = |name: &str, group: &Group| {
        name.starts_with(prefix.unwrap_or_default())
            && name.to_ascii_lowercase().contains(&pattern)
            && class.is_none_or(|class| class == group.class)
    };
    let rows = groups.into_iter().filter(|(name, group)| fits(name, group));
    let rows = rows.map(|(name, group)| (name.clone(), (name, group))).collect();
    let (rows, next) = page(rows, limit(body, 50)?, optional(body, "nextToken")?)?;
    let shown: Vec<Value> = rows.iter().map(|(name, group)| described(call, name, group)).collect::<Result<_, _>>()?;
    Ok(with_token(json!({ "logGroups": shown }), next))
}

/// PutRetentionPolicy.
pub fn retain(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = group_name(&call.body, "logGroupName")?;
    let days = call.body.get("retentionInDays").and_then(Value::as_i64).unwrap_or_default();
    let days = u32::try_from(days).ok().filter(|days| DAYS.contains(&i64::from(*days))).ok_or_else(|| {
        let allowed: Vec<String> = DAYS.iter().map(i64::to_string).collect();
        invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            allowed.join(", ")
        ))
    })?;
    change(call, name, |group| {
        group.retention = Some(days);
        Ok(Reply::Json(json!({})))
    })
}

/// DeleteRetentionPolicy.
pub fn retain_for_ever(call: &Call<'_>) -> Result<Reply, Failure> {
    change(call, group_name(&call.body, "logGroupName")?, |group| {
        group.retention = None;
        Ok(Reply::Json(json!({})))
    })
}

/// CreateLogStream.
pub fn create_stream(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = stream_name(&call.body, "logStreamName")?;
    let group = find(call, group_name(&call.body, "logGroupName")?)?;
    if call.app.streams.create(&group.id, name, call.now).map_err(disk)? {
        return Ok(Reply::Json(json!({})));
    }
    Err(Failure::new(400, "ResourceAlreadyExistsException", "The specified log stream already exists"))
}

/// DeleteLogStream.
pub fn delete_stream(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = stream_name(&call.body, "logStreamName")?;
    let group = find(call, group_name(&call.body, "logGroupName")?)?;
    match call.app.streams.remove(&group.id, name).map_err(disk)? {
        true => Ok(Reply::Json(json!({}))),
        false => Err(no_stream()),
    }
}

/// DescribeLogStreams.
pub fn list_streams(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let group_name = identified(call)?;
    let group = find(call, &group_name)?;
    let prefix = optional(body, "logStreamNamePrefix")?;
    let order = optional(body, "orderBy")?.unwrap_or("LogStreamName");
    checked(Checks::new().one_of("orderBy", order, &["LogStreamName", "LastEventTime"]))?;
    let by_time = order == "LastEventTime";
    if by_time && prefix.is_some() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let mut streams = call.app.streams.list(&group.id).map_err(disk)?;
    streams.retain(|(name, _)| name.starts_with(prefix.unwrap_or_default()));
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.last.unwrap_or(stream.created));
    }
    if body.get("descending").and_then(Value::as_bool) == Some(true) {
        streams.reverse();
    }
    let arn = group_arn(&call.region, call.account(), &group_name);
    let shown = |name: &str, stream: &Stream| {
        let mut shown = json!({
            "logStreamName": name,
            "creationTime": stream.created,
            "arn": format!("{arn}:log-stream:{name}"),
            "storedBytes": 0,
        });
        let times = [
            ("firstEventTimestamp", stream.first),
            ("lastEventTimestamp", stream.last),
            ("lastIngestionTime", stream.ingested),
        ];
        for (member, time) in times {
            if let Some(time) = time {
                shown[member] = json!(time);
                shown["uploadSequenceToken"] = super::events::sequence(stream.created).into();
            }
        }
        shown
    };
    let rows = streams.iter().map(|(name, stream)| (name.clone(), shown(name, stream))).collect();
    let (rows, next) = page(rows, limit(body, 50)?, optional(body, "nextToken")?)?;
    Ok(with_token(json!({ "logStreams": rows }), next))
}

/// The name of the group that `resourceArn` means: of this account and region.
fn tagged(call: &Call<'_>) -> Result<String, Failure> {
    let text = required(&call.body, "resourceArn")?;
    let name = text.strip_prefix(&group_arn(&call.region, call.account(), ""));
    let name = name.map(|name| name.strip_suffix(":*").unwrap_or(name));
    name.map(str::to_owned).ok_or_else(|| {
        Failure::new(400, "ResourceNotFoundException", format!("The specified resource does not exist: {text}"))
    })
}

/// Permission on what is tagged: the group itself, not its streams.
pub fn tagged_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let (name, new) = (tagged(call)?, tags(&call.body)?);
    let known = call.read::<Logs, _>(|logs| logs.groups.get(&name).map(|group| group.tags.clone()));
    let mut target = Target::new(group_arn(&call.region, call.account(), &name))
        .tagged(&known.unwrap_or_default())
        .requesting(new.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let keys = keys(&call.body);
    if !keys.is_empty() {
        target.context.set("aws:TagKeys", keys);
    }
    Ok(target.into())
}

fn keys(body: &Value) -> Vec<String> {
    let keys = body.get("tagKeys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// TagResource.
pub fn tag(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, new) = (tagged(call)?, tags(&call.body)?);
    change(call, &name, |group| {
        let more = new.keys().filter(|key| !group.tags.contains_key(*key)).count();
        if group.tags.len() + more > 50 {
            let message = "A resource can have no more than 50 tags.";
            return Err(Failure::new(400, "TooManyTagsException", message).with("resourceName", name.as_str().into()));
        }
        group.tags.extend(new);
        Ok(Reply::Json(json!({})))
    })
}

/// UntagResource.
pub fn untag(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = keys(&call.body);
    change(call, &tagged(call)?, |group| {
        group.tags.retain(|key, _| !keys.contains(key));
        Ok(Reply::Json(json!({})))
    })
}

/// ListTagsForResource.
pub fn list_tags(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(Reply::Json(json!({ "tags": find(call, &tagged(call)?)?.tags })))
}
