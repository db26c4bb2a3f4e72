//! Deploy by CloudFormation: makes, updates, replaces or deletes a stack, or a change set of one, and follows it.
//!
//! Source: CodePipeline user guide, "AWS CloudFormation deploy action reference". The action's ID is the client request
//! token: by it the events of this action are told from others'.

mod asked;

use super::xml::{inside, members, text};
use super::{Context, Trouble};
use crate::codepipeline::artifacts;
use crate::codepipeline::flow::Done;
use crate::error::Failure;
use crate::protocol::Reply;
use asked::stack_input;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What an action can do.
pub const MODES: [&str; 5] =
    ["CREATE_UPDATE", "DELETE_ONLY", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"];

/// The longest it may take: "AWS CloudFormation deployment action: 3 days".
const MOST: Duration = Duration::from_secs(3 * 24 * 3600);

const SERVICE: &str = "AmazonCloudFormation";

/// The key that an action's mode asks for and that is not there.
pub fn missing(configuration: &BTreeMap<String, String>) -> Option<&'static str> {
    let mode = configuration.get("ActionMode").map(String::as_str).unwrap_or_default();
    let wanted: &[&'static str] = match mode {
        "CREATE_UPDATE" | "REPLACE_ON_FAILURE" => &["RoleArn", "TemplatePath"],
        "DELETE_ONLY" => &["RoleArn"],
        "CHANGE_SET_REPLACE" => &["RoleArn", "TemplatePath", "ChangeSetName"],
        "CHANGE_SET_EXECUTE" => &["ChangeSetName"],
        _ => &[],
    };
    wanted.iter().find(|key| !configuration.contains_key(**key)).copied()
}

/// A stack as it is.
#[derive(Debug, Clone, Default)]
struct Stack {
    id: String,
    status: String,
    outputs: BTreeMap<String, String>,
}

/// Does what the mode says.
pub async fn run(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    match context.required("ActionMode")? {
        "CREATE_UPDATE" => deploy(context, false).await,
        "REPLACE_ON_FAILURE" => deploy(context, true).await,
        "DELETE_ONLY" => delete_only(context).await,
        "CHANGE_SET_REPLACE" => replace_change_set(context).await,
        "CHANGE_SET_EXECUTE" => execute_change_set(context).await,
        other => Err(Trouble::configuration(format!("`{other}` is not an action mode: {}", MODES.join(", ")))),
    }
}

async fn ask(context: &Context<'_>, operation: &str, input: Value) -> Result<String, Failure> {
    match context.acting.ask(context.app, "cloudformation", operation, input).await? {
        Reply::Xml(xml) => Ok(xml.map(|xml| xml.as_str().to_owned()).unwrap_or_default()),
        Reply::Json(_) | Reply::Rest(..) => Ok(String::new()),
    }
}

fn refused(failure: Failure) -> Trouble {
    Trouble::of(SERVICE, &failure)
}

/// The stack of this name or ID, if there is one.
async fn describe(context: &Context<'_>, name: &str) -> Result<Option<Stack>, Trouble> {
    let described = match ask(context, "DescribeStacks", json!({ "StackName": name })).await {
        Ok(described) => described,
        Err(failure) if failure.code == "ValidationError" && failure.message.contains("does not exist") => {
            return Ok(None);
        }
        Err(failure) => return Err(refused(failure)),
    };
    Ok(members(&described, "Stacks").first().map(|stack| read_stack(stack)))
}

fn read_stack(stack: &str) -> Stack {
    let output = |member: &&str| Some((text(member, "OutputKey")?, text(member, "OutputValue").unwrap_or_default()));
    Stack {
        id: text(stack, "StackId").unwrap_or_default(),
        status: text(stack, "StackStatus").unwrap_or_default(),
        outputs: members(stack, "Outputs").iter().filter_map(output).collect(),
    }
}

fn is_changing(status: &str) -> bool {
    status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS"
}

/// Whether what goes on with a stack was begun by this action, before a restart.
async fn is_ours(context: &Context<'_>, stack: &Stack) -> bool {
    is_changing(&stack.status) && first_event(context, stack, |_| true).await.is_ok_and(|event| event.is_some())
}

/// The first event of this action's own of which something holds.
async fn first_event(
    context: &Context<'_>,
    stack: &Stack,
    holds: impl Fn(&str) -> bool,
) -> Result<Option<String>, Failure> {
    let events = ask(context, "DescribeStackEvents", json!({ "StackName": stack.id })).await?;
    let token = &context.task.action;
    let own = |event: &&&str| text(event, "ClientRequestToken").as_ref() == Some(token);
    // The newest comes first.
    let found = members(&events, "StackEvents").iter().filter(own).rfind(|event| holds(event)).map(|e| (*e).to_owned());
    Ok(found)
}

async fn begun(context: &Context<'_>, stack: &str) -> bool {
    let url = context.console("cloudformation", &format!("/stack/detail?stackId={stack}"));
    let stack = stack.to_owned();
    context
        .note(|run| {
            run.progress.begun = true;
            run.external = Some(stack);
            run.url = Some(url);
        })
        .await
}

/// CREATE_UPDATE and REPLACE_ON_FAILURE.
async fn deploy(context: &Context<'_>, replace: bool) -> Result<Option<Done>, Trouble> {
    let name = context.required("StackName")?;
    let mut stack = match &context.run.external {
        Some(id) if context.run.progress.begun => id.clone(),
        _ => String::new(),
    };
    if stack.is_empty() {
        let input = stack_input(context).await?;
        let mut known = describe(context, name).await?;
        if let Some(failed) = known.take_if(|stack| replace && must_go(&stack.status)) {
            delete(context, &failed).await?;
            if !gone(context, &failed).await? {
                return Ok(None);
            }
        }
        stack = match known {
            Some(stack) if is_ours(context, &stack).await => stack.id,
            Some(known) => match ask(context, "UpdateStack", input).await {
                Ok(_) => known.id,
                Err(failure) if failure.message.contains("No updates are to be performed") => {
                    return done(context, known).await.map(Some);
                }
                Err(failure) => return Err(refused(failure)),
            },
            None => {
                let made = ask(context, "CreateStack", input).await.map_err(refused)?;
                text(&made, "StackId").unwrap_or_else(|| name.to_owned())
            }
        };
        if !begun(context, &stack).await {
            return Ok(None);
        }
    }
    let Some(ended) = follow(context, &stack).await? else { return Ok(None) };
    let what = if ended.status.starts_with("UPDATE") { "update stack" } else { "create stack" };
    judge(context, ended, what).await.map(Some)
}

/// Whether REPLACE_ON_FAILURE deletes a stack first: "If the stack exists and is in a failed state".
fn must_go(status: &str) -> bool {
    ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"]
        .contains(&status)
}

/// Follows a stack until it stands; nothing if the action is over before.
async fn follow(context: &Context<'_>, id: &str) -> Result<Option<Stack>, Trouble> {
    loop {
        let stack = describe(context, id).await?;
        let stack = stack.ok_or_else(|| Trouble::job(format!("Stack with id {id} does not exist")).by(id))?;
        if !is_changing(&stack.status) {
            return Ok(Some(stack));
        }
        if !context.pause(MOST).await? {
            return Ok(None);
        }
    }
}

/// Waits until a stack is gone; false if the action is over before.
async fn gone(context: &Context<'_>, stack: &Stack) -> Result<bool, Trouble> {
    loop {
        match describe(context, &stack.id).await? {
            None => return Ok(true),
            Some(now) if now.status == "DELETE_COMPLETE" => return Ok(true),
            Some(now) if !is_changing(&now.status) => {
                return Err(judge(context, now, "delete stack").await.err().unwrap_or_else(|| Trouble::job("")));
            }
            Some(_) if !context.pause(MOST).await? => return Ok(false),
            Some(_) => {}
        }
    }
}

/// A stack that stands, as the action's end.
async fn judge(context: &Context<'_>, stack: Stack, what: &str) -> Result<Done, Trouble> {
    if ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"].contains(&stack.status.as_str()) {
        return done(context, stack).await;
    }
    let reason = first_event(context, &stack, |event| {
        let reason = text(event, "ResourceStatusReason").unwrap_or_default();
        let failed = text(event, "ResourceStatus").is_some_and(|status| status.ends_with("_FAILED"));
        failed && !reason.is_empty() && !reason.to_ascii_lowercase().contains("cancelled")
    });
    let reason = match reason.await {
        Ok(Some(event)) => format!(
            "Reason: {}: {}",
            text(&event, "LogicalResourceId").unwrap_or_default(),
            text(&event, "ResourceStatusReason").unwrap_or_default()
        ),
        Ok(None) => "Reason: No reason was provided.".to_owned(),
        Err(_) => "Status reason is not available because IAM role associated with the action does not have \
                   CloudFormation DescribeStackEvents permission"
            .to_owned(),
    };
    Err(Trouble::job(format!("Failed to {what}. Current status: {}. {reason}", stack.status)).by(stack.id))
}

async fn done(context: &Context<'_>, stack: Stack) -> Result<Done, Trouble> {
    if let (Some(artifact), Some(file)) = (context.run.outputs.first(), context.configured("OutputFileName")) {
        let content = json!(stack.outputs).to_string();
        let bytes = artifacts::zipped([(file, content.as_bytes())]).map_err(Trouble::system)?;
        artifacts::write(context, artifact, bytes).await?;
    }
    let url = context.console("cloudformation", &format!("/stack/detail?stackId={}", stack.id));
    Ok(Done { external: Some(stack.id), url: Some(url), variables: stack.outputs, ..Done::default() })
}

async fn delete(context: &Context<'_>, stack: &Stack) -> Result<(), Trouble> {
    let mut input = json!({ "StackName": stack.id, "ClientRequestToken": context.task.action });
    if let Some(role) = context.configured("RoleArn") {
        input["RoleARN"] = role.into();
    }
    ask(context, "DeleteStack", input).await.map(drop).map_err(refused)
}

/// DELETE_ONLY: "If the stack doesn't exist, the action completes successfully".
async fn delete_only(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let known = match &context.run.external {
        Some(id) => Some(Stack { id: id.clone(), ..Stack::default() }),
        None => describe(context, context.required("StackName")?).await?,
    };
    let Some(stack) = known else { return Ok(Some(Done::default())) };
    if !context.run.progress.begun {
        delete(context, &stack).await?;
        if !begun(context, &stack.id).await {
            return Ok(None);
        }
    }
    let done = Done { external: Some(stack.id.clone()), ..Done::default() };
    Ok(gone(context, &stack).await?.then_some(done))
}

/// A change set: its status and the reason for it.
async fn change_set(context: &Context<'_>) -> Result<Option<(String, String)>, Trouble> {
    let input =
        json!({ "StackName": context.required("StackName")?, "ChangeSetName": context.required("ChangeSetName")? });
    match ask(context, "DescribeChangeSet", input).await {
        Ok(set) => Ok(Some((text(&set, "Status").unwrap_or_default(), text(&set, "StatusReason").unwrap_or_default()))),
        Err(failure) if failure.code.starts_with("ChangeSetNotFound") => Ok(None),
        Err(failure) if failure.message.contains("does not exist") => Ok(None),
        Err(failure) => Err(refused(failure)),
    }
}

fn is_empty(status: &str, reason: &str) -> bool {
    let empty = ["didn't contain changes", "No updates are to be performed"];
    status == "FAILED" && empty.iter().any(|known| reason.contains(known))
}

/// CHANGE_SET_REPLACE.
async fn replace_change_set(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let (name, set) = (context.required("StackName")?, context.required("ChangeSetName")?);
    if !context.run.progress.begun {
        let mut input = stack_input(context).await?;
        let known = describe(context, name).await?;
        if change_set(context).await?.is_some() {
            let old = json!({ "StackName": name, "ChangeSetName": set });
            ask(context, "DeleteChangeSet", old).await.map_err(refused)?;
        }
        let fresh = known.is_none_or(|stack| stack.status == "REVIEW_IN_PROGRESS");
        if let Some(members) = input.as_object_mut() {
            members.retain(|name, _| !["StackPolicyBody", "ClientRequestToken"].contains(&name.as_str()));
        }
        input["ChangeSetName"] = set.into();
        input["ChangeSetType"] = if fresh { "CREATE" } else { "UPDATE" }.into();
        let made = ask(context, "CreateChangeSet", input).await.map_err(refused)?;
        let stack = inside(&made, "StackId").unwrap_or(name);
        if !begun(context, stack).await {
            return Ok(None);
        }
    }
    loop {
        let (status, reason) = change_set(context).await?.unwrap_or_default();
        if status == "CREATE_COMPLETE" || is_empty(&status, &reason) {
            let summary = (status == "FAILED").then_some(reason);
            return Ok(Some(Done { summary, ..Done::default() }));
        }
        if !status.ends_with("_IN_PROGRESS") && !status.ends_with("_PENDING") {
            return Err(Trouble::job(format!(
                "Failed to create change set. Current status: {status}. Reason: {reason}"
            )));
        }
        if !context.pause(MOST).await? {
            return Ok(None);
        }
    }
}

/// CHANGE_SET_EXECUTE.
async fn execute_change_set(context: &Context<'_>) -> Result<Option<Done>, Trouble> {
    let (name, set) = (context.required("StackName")?, context.required("ChangeSetName")?);
    if !context.run.progress.begun {
        let known = describe(context, name).await?;
        let missing = || Trouble::configuration(format!("Change set [{set}] does not exist for stack [{name}]"));
        let stack = known.ok_or_else(missing)?;
        let (status, reason) = change_set(context).await?.ok_or_else(missing)?;
        if is_empty(&status, &reason) {
            return done(context, stack).await.map(Some);
        }
        let token = &context.task.action;
        let input = json!({ "StackName": name, "ChangeSetName": set, "ClientRequestToken": token });
        ask(context, "ExecuteChangeSet", input).await.map_err(refused)?;
        if !begun(context, &stack.id).await {
            return Ok(None);
        }
    }
    let Some(ended) = follow(context, name).await? else { return Ok(None) };
    judge(context, ended, "execute change set").await.map(Some)
}

/// Adds a member where there is a value.
fn put(input: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        input.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_read_with_its_outputs() {
        let stack = read_stack(
            "<StackId>arn:s</StackId><StackName>s</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member>\
             <OutputKey>A</OutputKey><OutputValue>1</OutputValue></member></Outputs>",
        );
        assert_eq!((stack.id.as_str(), stack.status.as_str()), ("arn:s", "CREATE_COMPLETE"));
        assert_eq!(stack.outputs, BTreeMap::from([("A".to_owned(), "1".to_owned())]));
    }

    #[test]
    fn each_mode_wants_its_own_keys() {
        let with = |mode: &str, more: &[&str]| {
            let mut all = BTreeMap::from([("ActionMode".to_owned(), mode.to_owned())]);
            all.extend(more.iter().map(|key| ((*key).to_owned(), "x".to_owned())));
            missing(&all)
        };
        assert_eq!(with("CREATE_UPDATE", &["RoleArn"]), Some("TemplatePath"));
        assert_eq!(with("CREATE_UPDATE", &["RoleArn", "TemplatePath"]), None);
        assert_eq!(with("CHANGE_SET_EXECUTE", &[]), Some("ChangeSetName"));
        assert_eq!(with("DELETE_ONLY", &["RoleArn"]), None);
    }

    #[test]
    fn a_change_set_without_changes_is_no_failure() {
        assert!(is_empty("FAILED", "The submitted information didn't contain changes. Submit different information"));
        assert!(!is_empty("FAILED", "Template error"));
    }
}
