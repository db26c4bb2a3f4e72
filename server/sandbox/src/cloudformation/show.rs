//! What there is: stacks, resources, events, exports.

use super::input::{self, invalid, page};
use super::model::{Event, Resource, Stack, Stacks, Tags};
use super::prepared::Prepared;
use super::stacks::{existing, no_stack, place};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::time::Timestamp;

/// How many entries a page has.
const PAGE: usize = 100;
/// Every status of a stack.
const STATUSES: [&str; 23] = [
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "DELETE_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_COMPLETE",
];

/// A moment with its milliseconds.
pub fn moment(at: Timestamp) -> String {
    format!("{}.{:03}Z", at.rfc3339().trim_end_matches('Z'), at.0.rem_euclid(1000))
}

/// The refusal of a stack that is not there, as most operations that show have it.
fn missing(name: &str) -> Failure {
    invalid(format!("Stack with id {name} does not exist"))
}

/// The stack that `StackName` names; by its ID also a deleted one.
fn found(call: &Call<'_>, missing: impl FnOnce(&str) -> Failure) -> Result<Stack, Failure> {
    let name = call.params.required("StackName")?;
    call.read::<Stacks, _>(|stacks| stacks.find(name).cloned()).ok_or_else(|| missing(name))
}

/// Tags as results have them.
pub fn tags(xml: Xml, tags: &Tags) -> Xml {
    xml.list("Tags", tags, |xml, (key, value)| xml.text("Key", key).text("Value", value))
}

/// A list of texts.
pub fn texts(xml: Xml, name: &str, texts: &[String]) -> Xml {
    xml.node(name, |xml| texts.iter().fold(xml, |xml, text| xml.text("member", text)))
}

/// Parameters as results have them: masked where the template says so.
pub fn parameters(xml: Xml, given: &[(String, String)], masked: &[String]) -> Xml {
    if given.is_empty() {
        return xml;
    }
    xml.list("Parameters", given, |xml, (key, value)| {
        let shown = if masked.contains(key) { template::words::MASKED } else { value };
        xml.text("ParameterKey", key).text("ParameterValue", shown)
    })
}

fn stack_xml(call: &Call<'_>, xml: Xml, stack: &Stack) -> Xml {
    let prepared = Prepared::again(place(call, &stack.name, &stack.id, &stack.notification_arns), &stack.version).ok();
    let masked = prepared.as_ref().map(Prepared::masked).unwrap_or_default();
    let description = prepared.and_then(|prepared| prepared.template.description);
    let disabled = stack.on_failure == super::model::OnFailure::DoNothing;
    let xml = xml
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .maybe("ChangeSetId", stack.change_set.as_ref())
        .maybe("Description", description);
    let mut xml = parameters(xml, &stack.version.parameters, &masked)
        .text("CreationTime", moment(stack.created))
        .maybe("DeletionTime", stack.deleted.map(moment))
        .maybe("LastUpdatedTime", stack.updated.map(moment))
        .node("RollbackConfiguration", |xml| xml)
        .text("StackStatus", &stack.status)
        .maybe("StackStatusReason", stack.reason.as_ref())
        .text("DisableRollback", disabled)
        .maybe("TimeoutInMinutes", stack.timeout_minutes);
    xml = texts(xml, "NotificationARNs", &stack.notification_arns);
    if !stack.version.capabilities.is_empty() {
        xml = texts(xml, "Capabilities", &stack.version.capabilities);
    }
    if !stack.outputs.is_empty() {
        xml = xml.list("Outputs", &stack.outputs, |xml, output| {
            xml.text("OutputKey", &output.key)
                .text("OutputValue", &output.value)
                .maybe("Description", output.description.as_ref())
                .maybe("ExportName", output.export.as_ref())
        });
    }
    tags(xml.maybe("RoleARN", stack.role.as_ref()), &stack.version.tags)
        .text("EnableTerminationProtection", stack.protected)
        .node("DriftInformation", |xml| xml.text("StackDriftStatus", "NOT_CHECKED"))
}

/// Newest first, each with its key.
fn newest_first(stacks: Vec<Stack>) -> Vec<(String, Stack)> {
    let mut stacks = stacks;
    stacks.sort_by(|one, two| (two.created, &two.id).cmp(&(one.created, &one.id)));
    stacks.into_iter().map(|stack| (stack.id.clone(), stack)).collect()
}

/// DescribeStacks: one, or all that were not deleted.
pub fn describe_stacks(call: &Call<'_>) -> Result<Reply, Failure> {
    let stacks = match call.params.optional("StackName") {
        Some(_) => vec![found(call, missing)?],
        None => call.read::<Stacks, _>(|stacks| {
            stacks.stacks.values().filter(|stack| stack.deleted.is_none()).cloned().collect()
        }),
    };
    let (shown, next) = page(&call.params, newest_first(stacks), PAGE)?;
    let list = Xml::new().list("Stacks", &shown, |xml, stack| stack_xml(call, xml, stack));
    Ok(Reply::Xml(Some(list.maybe("NextToken", next))))
}

/// ListStacks: also those that were deleted.
pub fn list_stacks(call: &Call<'_>) -> Result<Reply, Failure> {
    let filter = call.params.list("StackStatusFilter");
    for status in &filter {
        Checks::new().one_of("stackStatusFilter", status, &STATUSES).finish()?;
    }
    let fits = |stack: &&Stack| filter.is_empty() || filter.contains(&stack.status.as_str());
    let stacks = call.read::<Stacks, _>(|stacks| stacks.stacks.values().filter(fits).cloned().collect());
    let (shown, next) = page(&call.params, newest_first(stacks), PAGE)?;
    let list = Xml::new().list("StackSummaries", &shown, |xml, stack| {
        let template = template::Template::parse(&stack.version.template).ok();
        xml.text("StackId", &stack.id)
            .text("StackName", &stack.name)
            .maybe("TemplateDescription", template.and_then(|template| template.description))
            .text("CreationTime", moment(stack.created))
            .maybe("LastUpdatedTime", stack.updated.map(moment))
            .maybe("DeletionTime", stack.deleted.map(moment))
            .text("StackStatus", &stack.status)
            .maybe("StackStatusReason", stack.reason.as_ref())
            .node("DriftInformation", |xml| xml.text("StackDriftStatus", "NOT_CHECKED"))
    });
    Ok(Reply::Xml(Some(list.maybe("NextToken", next))))
}

/// DescribeStackEvents, newest first.
pub fn events(call: &Call<'_>) -> Result<Reply, Failure> {
    let stack = found(call, no_stack)?;
    // Two events may have one ID when they come within a millisecond; their places never do.
    let entries: Vec<(String, &Event)> =
        stack.events.iter().enumerate().rev().map(|(n, event)| (format!("{n}-{}", event.id), event)).collect();
    let (shown, next) = page(&call.params, entries, PAGE)?;
    let list = Xml::new().list("StackEvents", shown, |xml, event| {
        xml.text("StackId", &stack.id)
            .text("EventId", &event.id)
            .text("StackName", &stack.name)
            .text("LogicalResourceId", &event.logical)
            .text("PhysicalResourceId", &event.physical)
            .text("ResourceType", &event.resource_type)
            .text("Timestamp", moment(event.at))
            .text("ResourceStatus", &event.status)
            .maybe("ResourceStatusReason", event.reason.as_ref())
            .maybe("ClientRequestToken", event.token.as_ref())
    });
    Ok(Reply::Xml(Some(list.maybe("NextToken", next))))
}

fn resource_xml(xml: Xml, resource: &Resource, time: &str) -> Xml {
    xml.text("LogicalResourceId", &resource.logical)
        .maybe("PhysicalResourceId", resource.physical.as_ref())
        .text("ResourceType", &resource.resource_type)
        .text(time, moment(resource.updated))
        .text("ResourceStatus", &resource.status)
        .maybe("ResourceStatusReason", resource.reason.as_ref())
        .node("DriftInformation", |xml| xml.text("StackResourceDriftStatus", "NOT_CHECKED"))
}

fn with_stack(xml: Xml, stack: &Stack, resource: &Resource, time: &str) -> Xml {
    let xml = xml.text("StackName", &stack.name).text("StackId", &stack.id);
    resource_xml(xml, resource, time).maybe("Description", resource.description.as_ref())
}

/// DescribeStackResource.
pub fn resource(call: &Call<'_>) -> Result<Reply, Failure> {
    let logical = call.params.required("LogicalResourceId")?;
    let stack = found(call, |name| invalid(format!("Stack '{name}' does not exist")))?;
    let resource = stack.resources.get(logical).ok_or_else(|| no_resource(logical, &stack.name))?;
    let xml = Xml::new().node("StackResourceDetail", |xml| {
        with_stack(xml, &stack, resource, "LastUpdatedTimestamp").maybe("Metadata", resource.metadata.as_ref())
    });
    Ok(Reply::Xml(Some(xml)))
}

fn no_resource(logical: &str, stack: &str) -> Failure {
    invalid(format!("Resource {logical} does not exist for stack {stack}"))
}

/// DescribeStackResources: at most 100, of a stack or of the stack that has a physical ID.
pub fn resources(call: &Call<'_>) -> Result<Reply, Failure> {
    let stack = match (call.params.optional("StackName"), call.params.optional("PhysicalResourceId")) {
        (Some(_), None) => found(call, missing)?,
        (None, Some(physical)) => {
            let owner = call.read::<Stacks, _>(|stacks| input::owner(stacks, physical).cloned());
            owner.ok_or_else(|| invalid(format!("Stack for {physical} does not exist")))?
        }
        _ => return Err(invalid("Exactly one of StackName or PhysicalResourceId must be specified")),
    };
    let logical = call.params.optional("LogicalResourceId");
    if let Some(logical) = logical.filter(|logical| !stack.resources.contains_key(*logical)) {
        return Err(no_resource(logical, &stack.name));
    }
    let shown = stack.resources.values().filter(|known| logical.is_none_or(|logical| known.logical == logical));
    let list =
        Xml::new().list("StackResources", shown.take(PAGE), |xml, known| with_stack(xml, &stack, known, "Timestamp"));
    Ok(Reply::Xml(Some(list)))
}

/// ListStackResources.
pub fn list_resources(call: &Call<'_>) -> Result<Reply, Failure> {
    let stack = found(call, missing)?;
    let entries = stack.resources.values().map(|known| (known.logical.clone(), known)).collect();
    let (shown, next) = page(&call.params, entries, PAGE)?;
    let list =
        Xml::new().list("StackResourceSummaries", shown, |xml, known| resource_xml(xml, known, "LastUpdatedTimestamp"));
    Ok(Reply::Xml(Some(list.maybe("NextToken", next))))
}

/// ListExports, by name.
pub fn exports(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut entries: Vec<(String, (String, String))> = call.read::<Stacks, _>(|stacks| {
        let exports = stacks.exports().filter_map(|(stack, output)| Some((stack, output.export.clone()?, output)));
        exports.map(|(stack, name, output)| (name, (stack.id.clone(), output.value.clone()))).collect()
    });
    entries.sort();
    let entries = entries.into_iter().map(|(name, of)| (name.clone(), (name, of))).collect();
    let (shown, next) = page(&call.params, entries, PAGE)?;
    let list = Xml::new().list("Exports", &shown, |xml, (name, (stack, value))| {
        xml.text("ExportingStackId", stack).text("Name", name).text("Value", value)
    });
    Ok(Reply::Xml(Some(list.maybe("NextToken", next))))
}

/// ListImports: the stacks that import an export.
pub fn imports(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = call.params.required("ExportName")?;
    let (known, names) = call.read::<Stacks, _>(|stacks| {
        let names: Vec<String> = stacks.importers(name).into_iter().map(str::to_owned).collect();
        (stacks.export(name).is_some(), names)
    });
    if !known {
        return Err(invalid(format!("Export '{name}' does not exist.")));
    }
    if names.is_empty() {
        return Err(invalid(format!("Export '{name}' is not imported by any stack.")));
    }
    let entries = names.into_iter().map(|name| (name.clone(), name)).collect();
    let (shown, next) = page(&call.params, entries, PAGE)?;
    Ok(Reply::Xml(Some(texts(Xml::new(), "Imports", &shown).maybe("NextToken", next))))
}

/// The stack that `StackName` names and that was not deleted, as operations that show have it.
pub fn live(call: &Call<'_>) -> Result<Stack, Failure> {
    existing(call, missing)
}
