//! State machines: made, changed, described, listed, deleted.

use super::definition;
use super::input::{self, arn, check_name, flag, listed, no_machine, optional, page, refuse, required};
use super::model::{Machine, Machines, machine_arn};
use super::{PRINCIPAL, live, tags};
use crate::acting::Acting;
use crate::app::App;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use crate::{authorize, ids, passrole};
use domain::arn::Arn;
use domain::names::{AccountId, Region};
use serde_json::{Value, json};
use states::{Severity, StateMachine};
use std::collections::BTreeMap;

/// A state machine that a call names: by its own ARN, or by that of a version.
pub struct Given {
    /// Its name.
    pub name: String,
    /// The version's number.
    pub version: Option<u64>,
    /// The ARN as it was given.
    pub arn: String,
}

/// Reads `stateMachineArn`.
pub fn given(call: &Call<'_>, operation: &str) -> Result<Given, Failure> {
    let text = required(&call.body, "stateMachineArn")?;
    let named = arn(call, text, "stateMachine", operation)?;
    let version = match named.parts.get(1) {
        None => None,
        // Aliases, and what is no number, are not there.
        Some(number) => Some(number.parse().map_err(|_| no_machine(text))?),
    };
    if !named.here {
        return Err(no_machine(text));
    }
    Ok(Given { name: named.parts[0].to_owned(), version, arn: named.text.to_owned() })
}

/// Permission on the machine that the call names.
pub fn target(call: &Call<'_>, operation: &str) -> Result<Needs, Failure> {
    let given = given(call, operation)?;
    let arn = machine_arn(&call.region, call.account(), &given.name);
    let tags = call.read::<Machines, _>(|all| all.machines.get(&given.name).map(|machine| machine.tags.clone()));
    Ok(Target::new(arn).tagged(&tags.unwrap_or_default()).into())
}

/// Permission on the machine to be made, with its tags.
pub fn new_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = required(&call.body, "name")?;
    check_name(name)?;
    let tags = tags::given(&call.body)?;
    let target = Target::new(machine_arn(&call.region, call.account(), name));
    Ok(target.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))).into())
}

/// Logs, traces of other kinds and keys of one's own are not there.
fn check_unfit(body: &Value) -> Result<(), Failure> {
    if let Some(logging) = body.get("loggingConfiguration").filter(|given| !given.is_null()) {
        let level = optional(logging, "level")?.unwrap_or("OFF");
        let levels = ["ALL", "ERROR", "FATAL", "OFF"];
        Checks::new().one_of("loggingConfiguration.level", level, &levels).finish()?;
        if level != "OFF" {
            let message = "Invalid Logging Configuration: the sandbox logs no executions; use the level OFF";
            return Err(refuse("InvalidLoggingConfiguration", message));
        }
    }
    if let Some(encryption) = body.get("encryptionConfiguration").filter(|given| !given.is_null()) {
        let kind = required(encryption, "type")?;
        let kinds = ["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"];
        Checks::new().one_of("encryptionConfiguration.type", kind, &kinds).finish()?;
        if kind != "AWS_OWNED_KEY" {
            let message = "the sandbox encrypts no state machines with keys of one's own; use AWS_OWNED_KEY";
            return Err(refuse("InvalidEncryptionConfiguration", message));
        }
    }
    Ok(())
}

fn tracing(body: &Value) -> Option<bool> {
    body.get("tracingConfiguration").filter(|given| !given.is_null()).map(|given| flag(given, "enabled"))
}

/// `versionDescription`, which goes with `publish` only. `None`: nothing is published.
fn publishing(body: &Value) -> Result<Option<Option<String>>, Failure> {
    let description = optional(body, "versionDescription")?;
    if let Some(description) = description {
        Checks::new().length("versionDescription", description, 0, 256).finish()?;
        if !flag(body, "publish") {
            return Err(Failure::validation("Version description can only be set when publish is true"));
        }
    }
    Ok(flag(body, "publish").then(|| description.map(str::to_owned)))
}

/// A role must be the account's own, the caller must be allowed to pass it, it must trust Step Functions, and it must
/// be allowed to make the rules that its jobs' ends are heard of by.
fn check_role(call: &Call<'_>, role: &str, machine: &StateMachine, arn: &str) -> Result<(), Failure> {
    let parsed = role_arn(role)?;
    if !passrole::is_own(call, &parsed) {
        return Err(Failure::access_denied("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, PRINCIPAL)?;
    let acting = Acting::as_role(call.app, &call.region, role, PRINCIPAL, Some(arn), &session_name());
    let acting = acting.map_err(|_| Failure::access_denied(super::tasks::NOT_TRUSTED))?;
    let acting = acting.call(call.app);
    for rule in definition::managed_rules(machine) {
        let rule = format!("arn:aws:events:{}:{}:rule/{rule}", call.region, call.account());
        for action in ["events:PutTargets", "events:PutRule", "events:DescribeRule"] {
            authorize::require(&acting, action, Target::new(rule.as_str()))
                .map_err(|_| Failure::access_denied(format!("'{role}' is not authorized to create managed-rule.")))?;
        }
    }
    Ok(())
}

fn role_arn(role: &str) -> Result<Arn, Failure> {
    let is_role =
        |arn: &Arn| arn.service() == "iam" && arn.resource_type() == Some("role") && arn.account_id().is_some();
    let parsed = Arn::parse(role).ok().filter(is_role);
    parsed.ok_or_else(|| refuse("InvalidArn", format!("Invalid Role Arn: '{role}'")))
}

/// Sessions of a machine's role have names that say nothing.
pub fn session_name() -> String {
    ids::lower("", 16) + &ids::lower("", 16)
}

/// CreateStateMachine: the same once more is answered as the first time.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let (name, text, role) = (required(body, "name")?, required(body, "definition")?, required(body, "roleArn")?);
    check_name(name)?;
    let kind = optional(body, "type")?.unwrap_or("STANDARD");
    Checks::new().one_of("type", kind, &["STANDARD", "EXPRESS"]).finish()?;
    if kind == "EXPRESS" {
        return Err(refuse("StateMachineTypeNotSupported", "the sandbox has no EXPRESS state machines"));
    }
    check_unfit(body)?;
    let (published_as, tags) = (publishing(body)?, tags::given(body)?);
    role_arn(role)?;
    let parsed = definition::check(text)?;
    let arn = machine_arn(&call.region, call.account(), name);
    let requested = || Target::new(arn.as_str()).requesting(tags.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    if !tags.is_empty() {
        authorize::require(call, "states:TagResource", requested())?;
    }
    if published_as.is_some() {
        authorize::require(call, "states:PublishStateMachineVersion", requested())?;
    }
    check_role(call, role, &parsed, &arn)?;
    let machine = Machine {
        name: name.to_owned(),
        definition: text.to_owned(),
        role: role.to_owned(),
        created: call.now,
        updated: call.now,
        revision: None,
        tags: tags.clone(),
        tracing: tracing(body).unwrap_or_default(),
        published_as,
        deleting: false,
        versions: BTreeMap::new(),
        last_version: 0,
        runs: BTreeMap::new(),
    };
    call.change::<Machines, _>(|all| {
        if let Some(known) = all.machines.get(name) {
            return created_before(known, &machine, &arn);
        }
        let mut machine = machine;
        let version = machine.published_as.clone().map(|description| machine.publish(description, call.now));
        let created = created(&machine, &arn, version);
        all.machines.insert(name.to_owned(), machine);
        Ok(created)
    })
}

fn created(machine: &Machine, arn: &str, version: Option<u64>) -> Reply {
    let mut output = json!({ "stateMachineArn": arn, "creationDate": epoch_seconds(machine.created) });
    if let Some(version) = version {
        output["stateMachineVersionArn"] = format!("{arn}:{version}").into();
    }
    Reply::Json(output)
}

/// "If a following request has a different roleArn or tags, Step Functions will ignore these differences".
fn created_before(known: &Machine, asked: &Machine, arn: &str) -> Result<Reply, Failure> {
    must_stay(known, arn)?;
    let same = known.definition == asked.definition
        && known.tracing == asked.tracing
        && known.published_as == asked.published_as;
    if !same {
        return Err(refuse("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'")));
    }
    Ok(created(known, arn, known.published_as.is_some().then_some(1)))
}

/// A machine that is being deleted takes nothing any more.
pub fn must_stay(machine: &Machine, arn: &str) -> Result<(), Failure> {
    if machine.deleting {
        return Err(refuse("StateMachineDeleting", format!("State Machine is being deleted: '{arn}'")));
    }
    Ok(())
}

/// A machine as it is.
pub fn find(call: &Call<'_>, given: &Given) -> Result<Machine, Failure> {
    let found = call.read::<Machines, _>(|all| {
        let machine = all.machines.get(&given.name)?;
        // Its executions may be many, and nobody needs them with the rest.
        Some(Machine { runs: BTreeMap::new(), ..machine.clone() })
    });
    found.ok_or_else(|| no_machine(&given.arn))
}

/// UpdateStateMachine: what is not given stays. Executions that run go on with what they began with.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let given = given(call, "UpdateStateMachine")?;
    if given.version.is_some() {
        return Err(Failure::validation("A version of a state machine can't be updated."));
    }
    let (text, role) = (optional(body, "definition")?, optional(body, "roleArn")?);
    let any = ["definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"];
    if any.iter().all(|name| body.get(*name).is_none_or(Value::is_null)) {
        return Err(refuse(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration, or the \
             TracingConfiguration must be specified",
        ));
    }
    check_unfit(body)?;
    let published = publishing(body)?;
    role.map(role_arn).transpose()?;
    let known = find(call, &given)?;
    must_stay(&known, &given.arn)?;
    let arn = machine_arn(&call.region, call.account(), &given.name);
    let parsed = definition::check(text.unwrap_or(&known.definition))?;
    if text.is_some() || role.is_some() {
        check_role(call, role.unwrap_or(&known.role), &parsed, &arn)?;
    }
    if published.is_some() {
        authorize::require(call, "states:PublishStateMachineVersion", Target::new(arn.as_str()).tagged(&known.tags))?;
    }
    call.change::<Machines, _>(|all| {
        let machine = all.machines.get_mut(&given.name).ok_or_else(|| no_machine(&given.arn))?;
        must_stay(machine, &given.arn)?;
        let changed = text.is_some_and(|text| text != machine.definition)
            || role.is_some_and(|role| role != machine.role)
            || tracing(body).is_some_and(|tracing| tracing != machine.tracing);
        if changed {
            machine.revision = Some(ids::request());
        }
        machine.updated = call.now;
        machine.definition = text.unwrap_or(&machine.definition).to_owned();
        machine.role = role.unwrap_or(&machine.role).to_owned();
        machine.tracing = tracing(body).unwrap_or(machine.tracing);
        let mut output = json!({ "updateDate": epoch_seconds(call.now) });
        if let Some(revision) = &machine.revision {
            output["revisionId"] = revision.as_str().into();
        }
        if let Some(description) = published {
            let version = machine.publish(description, call.now);
            output["stateMachineVersionArn"] = format!("{arn}:{version}").into();
        }
        Ok(Reply::Json(output))
    })
}

/// `METADATA_ONLY` leaves out what could be encrypted.
pub fn metadata_only(body: &Value) -> Result<bool, Failure> {
    let included = optional(body, "includedData")?.unwrap_or("ALL_DATA");
    Checks::new().one_of("includedData", included, &["ALL_DATA", "METADATA_ONLY"]).finish()?;
    Ok(included == "METADATA_ONLY")
}

/// DescribeStateMachine, of a machine or a version.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let given = given(call, "DescribeStateMachine")?;
    let machine = find(call, &given)?;
    let mut output = json!({
        "stateMachineArn": given.arn,
        "name": machine.name,
        "status": if machine.deleting { "DELETING" } else { "ACTIVE" },
        "definition": machine.definition,
        "roleArn": machine.role,
        "type": "STANDARD",
        "creationDate": epoch_seconds(machine.created),
        "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
        "tracingConfiguration": { "enabled": machine.tracing },
        "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
    });
    let mut revision = machine.revision.as_deref();
    if let Some(number) = given.version {
        let version = machine.versions.get(&number).ok_or_else(|| no_machine(&given.arn))?;
        output["definition"] = version.definition.as_str().into();
        output["roleArn"] = version.role.as_str().into();
        output["creationDate"] = epoch_seconds(version.created);
        revision = version.revision.as_deref();
        if let Some(description) = &version.description {
            output["description"] = description.as_str().into();
        }
    }
    if let Some(revision) = revision {
        output["revisionId"] = revision.into();
    }
    if metadata_only(&call.body)? {
        output["definition"] = "{}".into();
    }
    Ok(Reply::Json(output))
}

/// ListStateMachines, by name.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let rows = call.read::<Machines, _>(|all| {
        let row = |machine: &Machine| {
            let shown = json!({
                "stateMachineArn": machine_arn(&call.region, call.account(), &machine.name),
                "name": machine.name,
                "type": "STANDARD",
                "creationDate": epoch_seconds(machine.created),
            });
            (machine.name.clone(), shown)
        };
        all.machines.values().map(row).collect()
    });
    let (rows, token) = page(&call.body, rows, false)?;
    Ok(Reply::Json(listed("stateMachines", rows, token)))
}

/// DeleteStateMachine: its executions end first. One that is not there is deleted as well.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let Given { name, version, .. } = given(call, "DeleteStateMachine")?;
    if version.is_some() {
        let message = "A version of a state machine is deleted by DeleteStateMachineVersion.";
        return Err(Failure::validation(message));
    }
    if call.read::<Machines, _>(|all| all.machines.contains_key(&name)) {
        call.change::<Machines, _>(|all| {
            all.machines.get_mut(&name).into_iter().for_each(|machine| machine.deleting = true);
            Ok(())
        })?;
        finish_deletion(call.app, call.account().clone(), call.region.clone(), name);
    }
    Ok(Reply::Json(json!({})))
}

fn finish_deletion(app: &App, account: AccountId, region: Region, name: String) {
    app.background.begin(move |app| async move {
        live::end_all(&app, &account, &region, &name);
        let part = |state: &mut crate::state::State| {
            let parts = state.accounts.get_mut(&account).map(|account| &mut account.machines);
            let gone = parts.and_then(|parts| parts.get_mut(region.as_str())?.machines.remove(&name));
            Ok::<_, std::convert::Infallible>(gone)
        };
        let Ok((gone, _)) = app.store.write(part);
        for run in gone.into_iter().flat_map(|machine| machine.runs.into_values()) {
            app.executions.folder().forget(&run.file);
        }
    });
}

/// Ends the deletions that were under way when the sandbox stopped.
pub fn finish_deletions(app: &App) {
    let mut found = Vec::new();
    for (account, known) in &app.store.read().accounts {
        for (region, part) in &known.machines {
            let Ok(region) = Region::parse(region) else { continue };
            let deleting = part.machines.values().filter(|machine| machine.deleting);
            found.extend(deleting.map(|machine| (account.clone(), region.clone(), machine.name.clone())));
        }
    }
    for (account, region, name) in found {
        finish_deletion(app, account, region, name);
    }
}

/// ValidateStateMachineDefinition: all that is wrong, up to `maxResults`.
pub fn validate(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let text = required(body, "definition")?;
    let (kind, severity) = (optional(body, "type")?, optional(body, "severity")?);
    let most = body.get("maxResults").and_then(Value::as_i64).unwrap_or(0);
    Checks::new()
        .one_of("type", kind.unwrap_or("STANDARD"), &["STANDARD", "EXPRESS"])
        .one_of("severity", severity.unwrap_or("ERROR"), &["ERROR", "WARNING"])
        .range("maxResults", most, 0, 100)
        .finish()?;
    if kind == Some("EXPRESS") {
        return Err(input::refuse("ValidationException", "the sandbox has no EXPRESS state machines"));
    }
    let mut found = definition::diagnose(text);
    let failed = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    found.retain(|diagnostic| severity == Some("WARNING") || diagnostic.severity == Severity::Error);
    let most = usize::try_from(most).ok().filter(|most| *most > 0).unwrap_or(100);
    let truncated = found.len() > most;
    found.truncate(most);
    Ok(Reply::Json(json!({
        "result": if failed { "FAIL" } else { "OK" },
        "diagnostics": found,
        "truncated": truncated,
    })))
}
