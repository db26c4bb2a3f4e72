//! Versions of state machines: numbered, and never changed.

use super::input::{arn, listed, no_machine, optional, page, refuse, required};
use super::machines::{given, must_stay};
use super::model::{Machines, machine_arn};
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use serde_json::json;

/// PublishStateMachineVersion: a machine that did not change since its last version has that one.
pub fn publish(call: &Call<'_>) -> Result<Reply, Failure> {
    let given = given(call, "PublishStateMachineVersion")?;
    let description = optional(&call.body, "description")?;
    Checks::new().length("description", description.unwrap_or_default(), 0, 256).finish()?;
    let revision = optional(&call.body, "revisionId")?;
    let arn = machine_arn(&call.region, call.account(), &given.name);
    call.change::<Machines, _>(|all| {
        let machine = all.machines.get_mut(&given.name).ok_or_else(|| no_machine(&given.arn))?;
        must_stay(machine, &given.arn)?;
        let now = machine.revision.as_deref().unwrap_or("INITIAL");
        if revision.is_some_and(|revision| revision != now) {
            let message = format!(
                "Failed to publish the State Machine version for revision {}. The current State Machine revision is \
                 {now}.",
                revision.unwrap_or_default()
            );
            return Err(refuse("ConflictException", message));
        }
        let last = machine.versions.last_key_value();
        let same = last.filter(|(_, version)| version.revision == machine.revision).map(|(number, _)| *number);
        let number = match same {
            Some(number) => number,
            None => machine.publish(description.map(str::to_owned), call.now),
        };
        let created = machine.versions.get(&number).map_or(call.now, |version| version.created);
        Ok(Reply::Json(json!({
            "stateMachineVersionArn": format!("{arn}:{number}"),
            "creationDate": epoch_seconds(created),
        })))
    })
}

/// ListStateMachineVersions, the newest first.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let given = given(call, "ListStateMachineVersions")?;
    let arn = machine_arn(&call.region, call.account(), &given.name);
    let rows = call.read::<Machines, _>(|all| {
        let machine = all.machines.get(&given.name).ok_or_else(|| no_machine(&given.arn))?;
        let row = |(number, version): (&u64, &super::model::Version)| {
            let shown = json!({
                "stateMachineVersionArn": format!("{arn}:{number}"),
                "creationDate": epoch_seconds(version.created),
            });
            (format!("{number:020}"), shown)
        };
        Ok(machine.versions.iter().map(row).collect())
    })?;
    let (rows, token) = page(&call.body, rows, true)?;
    Ok(Reply::Json(listed("stateMachineVersions", rows, token)))
}

/// Permission on the machine of the version that the call names.
pub fn target(call: &Call<'_>) -> Result<Needs, Failure> {
    let (name, _) = named(call)?;
    Ok(Target::new(machine_arn(&call.region, call.account(), &name)).into())
}

fn named(call: &Call<'_>) -> Result<(String, u64), Failure> {
    let text = required(&call.body, "stateMachineVersionArn")?;
    let named = arn(call, text, "stateMachine", "DeleteStateMachineVersion")?;
    let number = named.parts.get(1).and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| refuse("InvalidArn", format!("Invalid Arn: '{text}'")))?;
    Ok((named.parts[0].to_owned(), number))
}

/// DeleteStateMachineVersion: one that is not there is deleted as well.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (name, number) = named(call)?;
    call.change::<Machines, _>(|all| {
        all.machines.get_mut(&name).and_then(|machine| machine.versions.remove(&number));
        Ok(Reply::Json(json!({})))
    })
}
