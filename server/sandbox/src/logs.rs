//! CloudWatch Logs: groups, streams and what was written to them.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it.

mod events;
mod filter;
mod groups;
mod input;
pub mod model;
pub mod streams;

use crate::acting::Acting;
use crate::app::App;
use crate::call::{Operation, op};
use crate::clock;
use crate::error::Failure;
use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use events::{BATCH_BYTES, BATCH_EVENTS};
use input::{on_group, on_groups, on_identified, on_identified_stream, on_stream};
use serde_json::{Value, json};
use streams::{EVENT_OVERHEAD, Line};

/// What it can do here.
pub const OPERATIONS: &[Operation] = &[
    op("CreateLogGroup", groups::new_target, groups::create),
    op("DeleteLogGroup", on_group, groups::delete),
    op("DescribeLogGroups", on_groups, groups::list),
    op("PutRetentionPolicy", on_group, groups::retain),
    op("DeleteRetentionPolicy", on_group, groups::retain_for_ever),
    op("CreateLogStream", on_stream, groups::create_stream),
    op("DeleteLogStream", on_stream, groups::delete_stream),
    op("DescribeLogStreams", on_identified, groups::list_streams),
    op("PutLogEvents", on_stream, events::put),
    op("GetLogEvents", on_identified_stream, events::get),
    op("FilterLogEvents", on_identified, events::filter),
    op("TagResource", groups::tagged_target, groups::tag),
    op("UntagResource", groups::tagged_target, groups::untag),
    op("ListTagsForResource", groups::tagged_target, groups::list_tags),
];

/// Writes to a stream what a service has to say for a role, with that role's permissions. The stream, and the group,
/// are made when they are missing.
pub async fn deliver(
    acting: &Acting,
    app: &App,
    group: &str,
    stream: &str,
    events: &[(Timestamp, String)],
) -> Result<(), Failure> {
    for batch in batches(events) {
        let input = json!({ "logGroupName": group, "logStreamName": stream, "logEvents": batch });
        match acting.json(app, "logs", "PutLogEvents", input.clone()).await {
            Err(failure) if failure.code == "ResourceNotFoundException" => {
                make(acting, app, group, stream).await?;
                acting.json(app, "logs", "PutLogEvents", input).await?;
            }
            result => drop(result?),
        }
    }
    Ok(())
}

/// Writes an event of EventBridge's to a stream of its own in a group of its account.
///
/// On AWS the group's resource policy must allow it. There are no such policies here: being a target is enough.
pub fn write(
    app: &App,
    (account, region): (&AccountId, &Region),
    group: &str,
    stream: &str,
    message: String,
) -> Result<(), Failure> {
    let id = {
        let state = app.store.read();
        let logs = state.accounts.get(account).and_then(|account| account.logs.get(region.as_str()));
        let found = logs.and_then(|logs| logs.groups.get(group)).map(|group| group.id.clone());
        found.ok_or_else(input::no_group)?
    };
    let now = clock::now();
    app.streams.create(&id, stream, now).map_err(input::disk)?;
    app.streams.append(&id, stream, &[Line { at: now, ingested: now, message }]).map_err(input::disk)?;
    Ok(())
}

async fn make(acting: &Acting, app: &App, group: &str, stream: &str) -> Result<(), Failure> {
    let input = json!({ "logGroupName": group, "logStreamName": stream });
    let made = match acting.json(app, "logs", "CreateLogStream", input.clone()).await {
        Err(failure) if failure.code == "ResourceNotFoundException" => {
            unless_there(acting.json(app, "logs", "CreateLogGroup", json!({ "logGroupName": group })).await)?;
            acting.json(app, "logs", "CreateLogStream", input).await
        }
        made => made,
    };
    unless_there(made)
}

/// Somebody else may have made it meanwhile.
fn unless_there(made: Result<Value, Failure>) -> Result<(), Failure> {
    match made {
        Err(failure) if failure.code != "ResourceAlreadyExistsException" => Err(failure),
        _ => Ok(()),
    }
}

/// The events in requests that are not too large. One that is too large by itself is cut.
fn batches(events: &[(Timestamp, String)]) -> Vec<Vec<Value>> {
    let (mut batches, mut batch, mut size) = (Vec::new(), Vec::new(), 0);
    for (at, message) in events {
        let cut = message.floor_char_boundary(BATCH_BYTES - EVENT_OVERHEAD);
        let message = &message[..cut];
        if message.is_empty() {
            continue;
        }
        size += message.len() + EVENT_OVERHEAD;
        if size > BATCH_BYTES || batch.len() == BATCH_EVENTS {
            batches.push(std::mem::take(&mut batch));
            size = message.len() + EVENT_OVERHEAD;
        }
        batch.push(json!({ "timestamp": at, "message": message }));
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}
