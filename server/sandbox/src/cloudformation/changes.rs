//! Change sets: what an update would change, told before it is done.

use super::engine;
use super::input::{self, invalid};
use super::model::{ChangeSet, Kind, OnFailure, Stack, Stacks, Version};
use super::prepared::Prepared;
use super::show::{moment, parameters, tags, texts};
use super::stacks::{self, Update, blank, capabilities, existing, no_stack, place, wanted};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use serde_json::Value;
use template::Difference;
use template::words::NO_CHANGES;

/// How many changes a page has.
const PAGE: usize = 100;
/// How many change sets a stack may have. AWS's own limit is far away.
const MOST: usize = 100;

fn no_change_set(name: &str) -> Failure {
    Failure::new(404, "ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"))
}

/// The change set that the call names, with its stack.
pub fn found(call: &Call<'_>) -> Result<(Stack, ChangeSet), Failure> {
    let name = call.params.required("ChangeSetName")?;
    let stack = call.params.optional("StackName");
    if stack.is_none() && !name.starts_with("arn:") {
        return Err(invalid("StackName must be specified if ChangeSetName is not specified as an ARN."));
    }
    call.read::<Stacks, _>(|stacks| match stack {
        Some(stack) => {
            let stack = stacks.find(stack).ok_or_else(|| no_stack(stack))?;
            let set = input::change_set(stack, name).ok_or_else(|| no_change_set(name))?;
            Ok((stack.clone(), set.clone()))
        }
        None => {
            let of = |stack: &Stack| Some((stack.clone(), input::change_set(stack, name)?.clone()));
            stacks.stacks.values().find_map(of).ok_or_else(|| no_change_set(name))
        }
    })
}

/// CreateChangeSet.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let params = &call.params;
    let name = input::new_name(params, "ChangeSetName")?;
    let kind = params.optional("ChangeSetType").unwrap_or("UPDATE");
    Checks::new().one_of("changeSetType", kind, &["CREATE", "IMPORT", "UPDATE"]).finish()?;
    if kind == "IMPORT" {
        return Err(invalid("the sandbox does not import resources into stacks"));
    }
    let creates = kind == "CREATE";
    let on_failure = params.optional("OnStackFailure").map(|text| input::one_of(text, "onStackFailure")).transpose()?;
    let asked = params.required("StackName")?;
    let known = call.read::<Stacks, _>(|stacks| stacks.find(asked).filter(|stack| stack.deleted.is_none()).cloned());
    let stack = match known {
        Some(stack) if creates && stack.status != "REVIEW_IN_PROGRESS" => {
            return Err(invalid(format!(
                "Stack [{asked}] already exists and cannot be created again with the changeSet [{name}]"
            )));
        }
        Some(stack) if !creates => {
            stacks::must_be_updatable(&stack)?;
            stack
        }
        Some(stack) => stack,
        None if creates => blank(call, input::new_name(params, "StackName")?),
        None => return Err(no_stack(asked)),
    };
    if input::change_set(&stack, name).is_some() {
        return Err(Failure::new(
            400,
            "AlreadyExistsException",
            format!("ChangeSet {name} cannot be created due to a mismatch with existing attribute Template"),
        ));
    }
    if stack.change_sets.len() >= MOST {
        return Err(Failure::new(400, "LimitExceededException", format!("ChangeSet limit exceeded for stack {asked}")));
    }
    let set = compute(call, &stack, name, (creates, on_failure))?;
    let (id, stack_id) = (set.id.clone(), stack.id.clone());
    call.change::<Stacks, _>(|stacks| {
        let fresh = stack.status.is_empty();
        let known = stacks.stacks.entry(stack_id.clone()).or_insert(stack);
        if fresh && known.status.is_empty() {
            known.set_status(call.now, "REVIEW_IN_PROGRESS", Some(stacks::USER));
        }
        known.change_sets.push(set);
        Ok(())
    })?;
    Ok(Reply::Xml(Some(Xml::new().text("Id", id).text("StackId", stack_id))))
}

fn compute(
    call: &Call<'_>,
    stack: &Stack,
    name: &str,
    (creates, on_failure): (bool, Option<OnFailure>),
) -> Result<ChangeSet, Failure> {
    let params = &call.params;
    let arns: Vec<String> = params.list("NotificationARNs").into_iter().map(str::to_owned).collect();
    let role = stacks::role(call, &stack.id)?;
    let place = place(call, &stack.name, &stack.id, &arns);
    let (prepared, version) = if creates {
        let text = input::required_template(call)?;
        let prepared = Prepared::new(place, &text, &input::parameters(params)?, None)?;
        let capabilities = capabilities(call, &prepared)?;
        let tags = input::tags(params)?.unwrap_or_default();
        let version = Version { template: text, parameters: prepared.given(), tags, capabilities };
        (prepared, version)
    } else {
        wanted(call, stack, &arns)?
    };
    let former = (!creates).then_some(stack);
    let found = call.read::<Stacks, _>(|stacks| prepared.changes(place, stacks, former))?;
    let retagged = former.is_some_and(|former| former.version.tags != version.tags);
    let empty = found.is_empty() && !retagged;
    let arn = format!("arn:aws:cloudformation:{}:{}:changeSet/{name}/{}", call.region, call.account(), ids::request());
    Ok(ChangeSet {
        id: arn,
        name: name.to_owned(),
        description: params.optional("Description").map(str::to_owned),
        created: call.now,
        status: if empty { "FAILED" } else { "CREATE_COMPLETE" }.into(),
        reason: empty.then(|| NO_CHANGES.to_owned()),
        execution: if empty { "UNAVAILABLE" } else { "AVAILABLE" }.into(),
        creates,
        masked: prepared.masked(),
        version,
        role,
        notification_arns: arns,
        on_failure,
        changes: kept(found),
    })
}

fn kept(found: Difference) -> Vec<Value> {
    found.changes.iter().filter_map(|change| serde_json::to_value(change).ok()).collect()
}

/// JSON as XML: lists have members, everything else its own name.
fn write(xml: Xml, value: &Value) -> Xml {
    match value {
        Value::Object(members) => members.iter().fold(xml, |xml, (name, value)| match value {
            Value::Array(items) => xml.node(name, |xml| {
                items.iter().fold(xml, |xml, item| match item {
                    Value::String(text) => xml.text("member", text),
                    other => xml.node("member", |xml| write(xml, other)),
                })
            }),
            Value::Object(_) => xml.node(name, |xml| write(xml, value)),
            Value::String(text) => xml.text(name, text),
            other => xml.text(name, other),
        }),
        _ => xml,
    }
}

/// Leaves out the values of properties, which are told only to who asks for them.
fn without_values(mut change: Value) -> Value {
    for detail in change.get_mut("Details").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(target) = detail.get_mut("Target").and_then(Value::as_object_mut) {
            for member in ["Path", "BeforeValue", "AfterValue", "AttributeChangeType"] {
                target.remove(member);
            }
        }
    }
    change
}

/// DescribeChangeSet.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let (stack, set) = found(call)?;
    let values = input::flag(&call.params, "IncludePropertyValues")?.unwrap_or_default();
    let entries = set.changes.iter().enumerate().map(|(n, change)| (n.to_string(), change.clone())).collect();
    let (shown, next) = input::page(&call.params, entries, PAGE)?;
    let xml = Xml::new()
        .text("ChangeSetName", &set.name)
        .text("ChangeSetId", &set.id)
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .maybe("Description", set.description.as_ref());
    let mut xml = parameters(xml, &set.version.parameters, &set.masked)
        .text("CreationTime", moment(set.created))
        .text("ExecutionStatus", &set.execution)
        .text("Status", &set.status)
        .maybe("StatusReason", set.reason.as_ref());
    xml = texts(xml, "NotificationARNs", &set.notification_arns).node("RollbackConfiguration", |xml| xml);
    if !set.version.capabilities.is_empty() {
        xml = texts(xml, "Capabilities", &set.version.capabilities);
    }
    xml = tags(xml, &set.version.tags).list("Changes", shown, |xml, change| {
        let change = if values { change } else { without_values(change) };
        xml.text("Type", "Resource").node("ResourceChange", |xml| write(xml, &change))
    });
    let on_failure = set.on_failure.map(|on_failure| match on_failure {
        OnFailure::Rollback => "ROLLBACK",
        OnFailure::DoNothing => "DO_NOTHING",
        OnFailure::Delete => "DELETE",
    });
    let xml = xml.maybe("NextToken", next).text("IncludeNestedStacks", false).maybe("OnStackFailure", on_failure);
    Ok(Reply::Xml(Some(xml)))
}

/// ListChangeSets.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let stack = existing(call, no_stack)?;
    let entries = stack.change_sets.iter().map(|set| (set.id.clone(), set)).collect();
    let (shown, next) = input::page(&call.params, entries, PAGE)?;
    let list = Xml::new().list("Summaries", shown, |xml, set| {
        xml.text("StackId", &stack.id)
            .text("StackName", &stack.name)
            .text("ChangeSetId", &set.id)
            .text("ChangeSetName", &set.name)
            .text("ExecutionStatus", &set.execution)
            .text("Status", &set.status)
            .maybe("StatusReason", set.reason.as_ref())
            .text("CreationTime", moment(set.created))
            .maybe("Description", set.description.as_ref())
            .text("IncludeNestedStacks", false)
    });
    Ok(Reply::Xml(Some(list.maybe("NextToken", next))))
}

/// ExecuteChangeSet.
pub fn execute(call: &Call<'_>) -> Result<Reply, Failure> {
    let (stack, set) = found(call)?;
    if set.execution != "AVAILABLE" {
        let message = format!(
            "ChangeSet [{}] cannot be executed in its current status of [{}]",
            set.id,
            if set.status == "FAILED" { &set.status } else { &set.execution }
        );
        return Err(Failure::new(400, "InvalidChangeSetStatus", message));
    }
    let disabled = input::flag(&call.params, "DisableRollback")?.unwrap_or_default();
    let otherwise = if disabled { OnFailure::DoNothing } else { OnFailure::Rollback };
    let on_failure = set.on_failure.unwrap_or(otherwise);
    let role = set.role.clone().or_else(|| stack.role.clone());
    let done = Reply::Xml(Some(Xml::new()));
    if !set.creates {
        let (version, arns) = (set.version, set.notification_arns);
        let update = Update { version, role, arns, on_failure, change_set: Some(set.id) };
        stacks::begin_update(call, &stack.id, update)?;
        return Ok(done);
    }
    let id = stack.id;
    call.change::<Stacks, _>(|stacks| {
        let stack = stacks.stacks.get_mut(&id).ok_or_else(|| no_stack(&id))?;
        stack.work = Some(stacks::work(call, Kind::Create, role.as_deref(), on_failure));
        (stack.version, stack.role, stack.on_failure) = (set.version, role, on_failure);
        stack.notification_arns = set.notification_arns;
        // Executing it counts as an update in what is shown.
        stack.updated = Some(call.now);
        stacks::drop_change_sets(stack, Some(set.id));
        stack.set_status(call.now, "CREATE_IN_PROGRESS", Some(stacks::USER));
        Ok(())
    })?;
    engine::begin(call, &id);
    Ok(done)
}

/// DeleteChangeSet: also one that is not there.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let done = Reply::Xml(Some(Xml::new()));
    let (stack, set) = match found(call) {
        Ok(found) => found,
        Err(failure) if failure.code == "ChangeSetNotFound" => return Ok(done),
        Err(failure) => return Err(failure),
    };
    call.change::<Stacks, _>(|stacks| {
        if let Some(stack) = stacks.stacks.get_mut(&stack.id) {
            stack.change_sets.retain(|known| known.id != set.id);
        }
        Ok(done)
    })
}
