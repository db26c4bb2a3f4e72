//! CreateStack, UpdateStack, DeleteStack and what else is done to a stack: checked and noted here, carried out by
//! [`super::engine`].

use super::actor::{Actor, SERVICE};
use super::engine;
use super::input::{self, invalid};
use super::model::{ChangeSet, Kind, OnFailure, Phase, Stack, Stacks, Version, Work};
use super::prepared::{Place, Prepared};
use crate::call::Call;
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::passrole;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::arn::Arn;

/// Statuses in which a stack can be updated.
const UPDATABLE: [&str; 5] =
    ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED"];
/// Why most things happen.
pub const USER: &str = "User Initiated";

/// A stack that has the status of none yet.
pub fn blank(call: &Call<'_>, name: &str) -> Stack {
    let id = input::stack_arn(&call.region, call.account(), name, &ids::request());
    Stack { id, name: name.to_owned(), created: call.now, ..Stack::default() }
}

/// The place of a stack, for its templates.
pub fn place<'a>(call: &'a Call<'_>, name: &'a str, id: &'a str, notification_arns: &'a [String]) -> Place<'a> {
    Place { account: call.account(), region: &call.region, name, id, notification_arns }
}

/// Work of a caller.
pub fn work(call: &Call<'_>, kind: Kind, role: Option<&str>, on_failure: OnFailure) -> Work {
    Work {
        id: ids::request(),
        kind,
        phase: if kind == Kind::Delete { Phase::Delete } else { Phase::Forward },
        actor: Actor::of(call, role),
        on_failure,
        token: input::token(&call.params),
        deadline: None,
        cancelled: false,
        before: std::collections::BTreeMap::new(),
        former: None,
        leftovers: Vec::new(),
        skip: Vec::new(),
        status_before: String::new(),
    }
}

/// `RoleARN`: the caller must be allowed to pass it, and it must trust CloudFormation.
pub fn role(call: &Call<'_>, stack: &str) -> Result<Option<String>, Failure> {
    let Some(role) = call.params.optional("RoleARN") else { return Ok(None) };
    Checks::new().length("roleARN", role, 20, 2048).finish()?;
    let unfit = || invalid(format!("Role {role} is invalid or cannot be assumed"));
    let parsed = Arn::parse(role).map_err(|_| unfit())?;
    if !passrole::is_own(call, &parsed) {
        return Err(invalid("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, SERVICE)?;
    passrole::trusting_for(call.app, call.account(), role, SERVICE, Some(stack)).ok_or_else(unfit)?;
    Ok(Some(role.to_owned()))
}

fn only_known_options(call: &Call<'_>) -> Result<(), Failure> {
    for name in ["StackPolicyBody", "StackPolicyURL", "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL"] {
        if call.params.optional(name).is_some() {
            return Err(invalid(format!("the sandbox has no stack policies: `{name}` can't be used")));
        }
    }
    if !call.params.rows("RollbackConfiguration.RollbackTriggers", ["Arn", "Type"]).is_empty() {
        return Err(invalid("the sandbox has no rollback triggers: `RollbackConfiguration` can't be used"));
    }
    Ok(())
}

fn texts(call: &Call<'_>, name: &str) -> Vec<String> {
    call.params.list(name).into_iter().map(str::to_owned).collect()
}

/// `Capabilities`, checked against the template.
pub fn capabilities(call: &Call<'_>, prepared: &Prepared) -> Result<Vec<String>, Failure> {
    let given = texts(call, "Capabilities");
    for capability in &given {
        let known = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];
        Checks::new().one_of("capabilities", capability, &known).finish()?;
    }
    prepared.template.check_capabilities(given.iter().map(String::as_str)).map_err(|error| input::fault(&error))?;
    Ok(given)
}

fn stack_id(id: &str) -> Reply {
    Reply::Xml(Some(Xml::new().text("StackId", id)))
}

/// The refusal of a name that a stack has.
fn exists(name: &str) -> Failure {
    Failure::new(400, "AlreadyExistsException", format!("Stack [{name}] already exists"))
}

/// CreateStack.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let params = &call.params;
    let name = input::new_name(params, "StackName")?;
    only_known_options(call)?;
    let text = input::required_template(call)?;
    let on_failure = input::on_failure(params)?;
    let timeout = params.number("TimeoutInMinutes")?;
    if let Some(minutes) = timeout {
        Checks::new().range("timeoutInMinutes", minutes, 1, 43_200).finish()?;
    }
    let tags = input::tags(params)?.unwrap_or_default();
    let protected = input::flag(params, "EnableTerminationProtection")?.unwrap_or_default();
    if let Some(known) = again(call, name, "CREATE") {
        return Ok(stack_id(&known));
    }
    if call.read::<Stacks, _>(|stacks| stacks.named(name).is_some()) {
        return Err(exists(name));
    }
    let mut stack = blank(call, name);
    stack.notification_arns = texts(call, "NotificationARNs");
    let role = role(call, &stack.id)?;
    let prepared = Prepared::new(
        place(call, name, &stack.id, &stack.notification_arns),
        &text,
        &input::parameters(params)?,
        None,
    )?;
    let capabilities = capabilities(call, &prepared)?;
    drop(prepared.deployment()?);
    stack.version = Version { template: text, parameters: prepared.given(), tags, capabilities };
    stack.on_failure = on_failure;
    stack.timeout_minutes = timeout;
    stack.protected = protected;
    let mut work = work(call, Kind::Create, role.as_deref(), on_failure);
    work.deadline = timeout.map(|minutes| call.now.plus_ms(minutes * 60_000));
    stack.role = role;
    stack.work = Some(work);
    stack.set_status(call.now, "CREATE_IN_PROGRESS", Some(USER));
    let id = stack.id.clone();
    call.change::<Stacks, _>(|stacks| {
        if stacks.named(name).is_some() {
            return Err(exists(name));
        }
        stacks.stacks.insert(id.clone(), stack);
        Ok(())
    })?;
    engine::begin(call, &id);
    Ok(stack_id(&id))
}

/// A stack that this very request has already been made for: a retry with the same token does nothing.
fn again(call: &Call<'_>, name: &str, what: &str) -> Option<String> {
    let token = input::token(&call.params)?;
    call.read::<Stacks, _>(|stacks| {
        let stack = stacks.find(name)?;
        let same = |event: &super::model::Event| {
            event.token.as_deref() == Some(&token)
                && event.resource_type == Stack::TYPE
                && event.status.starts_with(what)
        };
        stack.events.iter().any(same).then(|| stack.id.clone())
    })
}

/// The stack that `StackName` names and that was not deleted, or the refusal.
pub fn existing(call: &Call<'_>, missing: impl FnOnce(&str) -> Failure) -> Result<Stack, Failure> {
    let name = call.params.required("StackName")?;
    let found = call.read::<Stacks, _>(|stacks| stacks.find(name).filter(|stack| stack.deleted.is_none()).cloned());
    found.ok_or_else(|| missing(name))
}

/// The refusal of a stack that is not there.
pub fn no_stack(name: &str) -> Failure {
    invalid(format!("Stack [{name}] does not exist"))
}

/// The refusal of what a stack's status does not allow.
pub fn must_be_updatable(stack: &Stack) -> Result<(), Failure> {
    if UPDATABLE.contains(&stack.status.as_str()) && stack.work.is_none() {
        return Ok(());
    }
    Err(invalid(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status)))
}

/// What a request makes of a stack: the template, parameters and tags that it names, and what the stack has where it
/// names none.
pub fn wanted(call: &Call<'_>, stack: &Stack, arns: &[String]) -> Result<(Prepared, Version), Failure> {
    let params = &call.params;
    let text = match (input::template_text(call)?, input::flag(params, "UsePreviousTemplate")?) {
        (Some(text), None | Some(false)) => text,
        (None, Some(true)) => stack.version.template.clone(),
        _ => return Err(invalid("Either Template URL or Template Body must be specified.")),
    };
    let place = place(call, &stack.name, &stack.id, arns);
    let prepared = Prepared::new(place, &text, &input::parameters(params)?, Some(&stack.version))?;
    let capabilities = capabilities(call, &prepared)?;
    let tags = input::tags(params)?.unwrap_or_else(|| stack.version.tags.clone());
    let version = Version { template: text, parameters: prepared.given(), tags, capabilities };
    Ok((prepared, version))
}

/// UpdateStack.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    only_known_options(call)?;
    let stack = existing(call, no_stack)?;
    if let Some(known) = again(call, &stack.id, "UPDATE") {
        return Ok(stack_id(&known));
    }
    must_be_updatable(&stack)?;
    let arns = match texts(call, "NotificationARNs") {
        arns if arns.is_empty() => stack.notification_arns.clone(),
        arns => arns,
    };
    let role = role(call, &stack.id)?.or_else(|| stack.role.clone());
    let (prepared, version) = wanted(call, &stack, &arns)?;
    let place = place(call, &stack.name, &stack.id, &arns);
    let changes = call.read::<Stacks, _>(|stacks| prepared.changes(place, stacks, Some(&stack)))?;
    let unfinished = stack.status.ends_with("_FAILED");
    if changes.is_empty() && version.tags == stack.version.tags && !unfinished {
        return Err(invalid(template::words::NO_UPDATES));
    }
    let disabled = input::flag(&call.params, "DisableRollback")?.unwrap_or_default();
    let on_failure = if disabled { OnFailure::DoNothing } else { OnFailure::Rollback };
    begin_update(call, &stack.id, Update { version, role, arns, on_failure, change_set: None })?;
    Ok(stack_id(&stack.id))
}

/// What an update makes of a stack.
#[allow(missing_docs)]
pub struct Update {
    pub version: Version,
    pub role: Option<String>,
    pub arns: Vec<String>,
    pub on_failure: OnFailure,
    pub change_set: Option<String>,
}

/// Begins an update that was checked.
pub fn begin_update(call: &Call<'_>, id: &str, update: Update) -> Result<(), Failure> {
    call.change::<Stacks, _>(|stacks| {
        let stack = stacks.stacks.get_mut(id).ok_or_else(|| no_stack(id))?;
        must_be_updatable(stack)?;
        let mut work = work(call, Kind::Update, update.role.as_deref(), update.on_failure);
        work.before = stack.present().map(|known| (known.logical.clone(), known.clone())).collect();
        work.former = Some(std::mem::replace(&mut stack.version, update.version));
        stack.resources.retain(|_, resource| resource.is_present());
        stack.role = update.role;
        stack.notification_arns = update.arns;
        stack.on_failure = update.on_failure;
        stack.updated = Some(call.now);
        stack.work = Some(work);
        drop_change_sets(stack, update.change_set);
        stack.set_status(call.now, "UPDATE_IN_PROGRESS", Some(USER));
        Ok(())
    })?;
    engine::begin(call, id);
    Ok(())
}

/// Change sets are of what a stack was; the one that is carried out stays to be looked at.
pub fn drop_change_sets(stack: &mut Stack, executed: Option<String>) {
    stack.change_sets.retain(|set: &ChangeSet| executed.as_deref() == Some(set.id.as_str()));
    for set in &mut stack.change_sets {
        set.execution = "EXECUTE_COMPLETE".into();
    }
    if executed.is_some() {
        stack.change_set = executed;
    }
}

/// DeleteStack. One that is not there is deleted already.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = call.params.required("StackName")?;
    let Ok(stack) = existing(call, no_stack) else { return Ok(Reply::Xml(None)) };
    let retain = texts(call, "RetainResources");
    let role = role(call, &stack.id)?.or_else(|| stack.role.clone());
    let id = stack.id;
    let began = call.change::<Stacks, _>(|stacks| {
        let stack = stacks.stacks.get_mut(&id).ok_or_else(|| no_stack(name))?;
        if stack.protected {
            return Err(invalid(format!("Stack [{name}] cannot be deleted while TerminationProtection is enabled")));
        }
        if stack.status == "DELETE_IN_PROGRESS" {
            return Ok(false);
        }
        if stack.work.is_some() && stack.status != "CREATE_IN_PROGRESS" {
            return Err(invalid(format!("Stack [{id}] cannot be deleted while in status {}", stack.status)));
        }
        check_retained(stack, &retain)?;
        let mut work = work(call, Kind::Delete, role.as_deref(), OnFailure::DoNothing);
        work.skip.clone_from(&retain);
        work.status_before.clone_from(&stack.status);
        // Whoever makes the stack now sees the other work and goes on with it.
        let begin = stack.work.is_none();
        stack.work = Some(work);
        stack.role.clone_from(&role);
        stack.set_status(call.now, "DELETE_IN_PROGRESS", Some(USER));
        Ok(begin)
    })?;
    if began {
        engine::begin(call, &id);
    }
    Ok(Reply::Xml(None))
}

fn check_retained(stack: &Stack, retain: &[String]) -> Result<(), Failure> {
    if retain.is_empty() {
        return Ok(());
    }
    if stack.status != "DELETE_FAILED" {
        return Err(invalid(format!(
            "Invalid operation on stack [{}]. RetainResources can only be specified for stacks in DELETE_FAILED state",
            stack.id
        )));
    }
    match retain.iter().find(|name| stack.resources.get(*name).is_none_or(|known| !known.is_present())) {
        Some(unknown) => Err(invalid(format!("Resource {unknown} does not exist in stack [{}]", stack.name))),
        None => Ok(()),
    }
}

/// CancelUpdateStack.
pub fn cancel_update(call: &Call<'_>) -> Result<Reply, Failure> {
    let stack = existing(call, no_stack)?;
    call.change::<Stacks, _>(|stacks| {
        let stack = stacks.stacks.get_mut(&stack.id).ok_or_else(|| no_stack(&stack.name))?;
        match &mut stack.work {
            Some(work) if stack.status == "UPDATE_IN_PROGRESS" => {
                work.cancelled = true;
                Ok(Reply::Xml(None))
            }
            _ => Err(invalid("CancelUpdateStack cannot be called from current stack status")),
        }
    })
}

/// ContinueUpdateRollback.
pub fn continue_rollback(call: &Call<'_>) -> Result<Reply, Failure> {
    let stack = existing(call, no_stack)?;
    let role = role(call, &stack.id)?;
    let skip = texts(call, "ResourcesToSkip");
    let id = stack.id;
    call.change::<Stacks, _>(|stacks| {
        let stack = stacks.stacks.get_mut(&id).ok_or_else(|| no_stack(&id))?;
        let (true, Some(former)) = (stack.status == "UPDATE_ROLLBACK_FAILED", stack.unfinished.take()) else {
            let status = &stack.status;
            return Err(invalid(format!("Stack:{id} is in {status} state and can not be updated.")));
        };
        let role = role.or_else(|| stack.role.clone());
        let actor = Actor::of(call, role.as_deref());
        stack.role = role;
        stack.work = Some(Work { id: ids::request(), actor, token: input::token(&call.params), skip, ..*former });
        stack.set_status(call.now, "UPDATE_ROLLBACK_IN_PROGRESS", Some(USER));
        Ok(())
    })?;
    engine::begin(call, &id);
    Ok(Reply::Xml(Some(Xml::new())))
}

/// UpdateTerminationProtection.
pub fn protect(call: &Call<'_>) -> Result<Reply, Failure> {
    let enabled = input::flag(&call.params, "EnableTerminationProtection")?;
    let enabled = match enabled {
        Some(enabled) => enabled,
        None => call.params.required("EnableTerminationProtection").map(|_| false)?,
    };
    let stack = existing(call, no_stack)?;
    call.change::<Stacks, _>(|stacks| {
        let stack = stacks.stacks.get_mut(&stack.id).ok_or_else(|| no_stack(&stack.name))?;
        stack.protected = enabled;
        Ok(stack_id(&stack.id))
    })
}
