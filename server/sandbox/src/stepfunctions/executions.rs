//! Executions: started, stopped, described, listed, and what happened in them.

use super::input::{arn, check_name, flag, listed, no_execution, no_machine, optional, page, refuse, required};
use super::live::{self, Place, Stored};
use super::machines::{Given, given, metadata_only, must_stay};
use super::model::{Machine, Machines, Run, execution_arn, machine_arn, status_name};
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use domain::time::Timestamp;
use serde_json::{Value, json};
use states::{Execution, ExecutionStatus, HistoryEvent, Identity, Signal, StateMachine, limits};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How long an execution that ended is kept: 90 days.
const KEPT_MS: i64 = 90 * 24 * 3600 * 1000;

/// Permission on the execution that the call names. Its tags are none.
pub fn target(call: &Call<'_>, operation: &str) -> Result<Needs, Failure> {
    let text = required(&call.body, "executionArn")?;
    arn(call, text, "execution", operation)?;
    Ok(Target::new(text).into())
}

/// The execution that the call names, with its machine's name and its own ARN.
fn find(call: &Call<'_>, operation: &str) -> Result<(String, Run, String), Failure> {
    let text = required(&call.body, "executionArn")?;
    let named = arn(call, text, "execution", operation)?;
    let [machine, run] = named.parts.as_slice() else { return Err(no_execution(text)) };
    if !named.here {
        return Err(no_execution(text));
    }
    let found = call.read::<Machines, _>(|all| all.machines.get(*machine)?.runs.get(*run).cloned());
    Ok(((*machine).to_owned(), found.ok_or_else(|| no_execution(text))?, text.to_owned()))
}

/// What the machine is when it is started: itself, or a version of it.
struct Form {
    definition: String,
    role: String,
    updated: Timestamp,
    revision: Option<String>,
}

fn form(machine: &Machine, given: &Given) -> Option<Form> {
    Some(match given.version {
        None => Form {
            definition: machine.definition.clone(),
            role: machine.role.clone(),
            updated: machine.updated,
            revision: machine.revision.clone(),
        },
        Some(number) => {
            let version = machine.versions.get(&number)?;
            Form {
                definition: version.definition.clone(),
                role: version.role.clone(),
                updated: version.created,
                revision: version.revision.clone(),
            }
        }
    })
}

/// StartExecution: the same once more is answered as the first time, for as long as it runs.
pub fn start(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let given = given(call, "StartExecution")?;
    let own = ids::request();
    let name = optional(body, "name")?.unwrap_or(&own);
    check_name(name)?;
    let input = optional(body, "input")?.unwrap_or("{}");
    if input.len() > limits::DATA_BYTES {
        let message = "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have \
                       length less than or equal to 262144";
        return Err(Failure::validation(message));
    }
    let trace_header = optional(body, "traceHeader")?;
    Checks::new().length("traceHeader", trace_header.unwrap_or_default(), 0, 256).finish()?;
    let arn = execution_arn(&call.region, call.account(), &given.name, name);
    let (form, known) = call.read::<Machines, _>(|all| {
        let machine = all.machines.get(&given.name).ok_or_else(|| no_machine(&given.arn))?;
        must_stay(machine, &given.arn)?;
        Ok((form(machine, &given).ok_or_else(|| no_machine(&given.arn))?, machine.runs.get(name).cloned()))
    })?;
    if let Some(known) = known {
        return started_before(call, &known, input, &arn);
    }
    let identity = Identity {
        execution_arn: arn.clone(),
        execution_name: name.to_owned(),
        state_machine_arn: machine_arn(&call.region, call.account(), &given.name),
        state_machine_name: given.name.clone(),
        role_arn: form.role.clone(),
        region: call.region.to_string(),
        seed: ids::random(),
    };
    let machine = StateMachine::parse(&form.definition).map_err(|e| refuse("InvalidDefinition", e.to_string()))?;
    let (execution, effects) = Execution::start(Arc::new(machine), identity, input, call.now.0)
        .map_err(|e| refuse("InvalidExecutionInput", e.to_string()))?;
    let mut stored = Stored::new(execution, form.updated, form.revision);
    stored.note(&effects);
    let run = Run {
        name: name.to_owned(),
        file: ids::request(),
        status: ExecutionStatus::Running,
        started: call.now,
        stopped: None,
        trace_header: trace_header.map(str::to_owned),
        version: given.version,
    };
    place(call, &given, run, stored, &arn)?;
    Ok(Reply::Json(json!({ "executionArn": arn, "startDate": epoch_seconds(call.now) })))
}

/// Writes an execution down and lets it run.
fn place(call: &Call<'_>, given: &Given, run: Run, stored: Stored, arn: &str) -> Result<(), Failure> {
    let folder = call.app.executions.folder();
    let place = Place {
        account: call.account().clone(),
        region: call.region.clone(),
        machine: given.name.clone(),
        run: run.name.clone(),
        file: run.file.clone(),
    };
    folder.save(&run.file, &stored).map_err(|e| {
        tracing::error!(error = %e, "an execution can't be written");
        Failure::internal()
    })?;
    let kept = call.change::<Machines, _>(|all| {
        let machine = all.machines.get_mut(&given.name).ok_or_else(|| no_machine(&given.arn))?;
        must_stay(machine, &given.arn)?;
        if machine.runs.contains_key(&run.name) {
            return Err(already(arn));
        }
        let old = |run: &Run| run.stopped.is_some_and(|stopped| stopped.plus_ms(KEPT_MS) < call.now);
        let gone: Vec<String> = machine.runs.values().filter(|run| old(run)).map(|run| run.file.clone()).collect();
        machine.runs.retain(|_, run| !old(run));
        machine.runs.insert(run.name.clone(), run.clone());
        Ok(gone)
    });
    match kept {
        Ok(gone) => gone.iter().for_each(|file| folder.forget(file)),
        Err(failure) => {
            folder.forget(&run.file);
            return Err(failure);
        }
    }
    live::begin(call.app, place, stored, false);
    Ok(())
}

fn already(arn: &str) -> Failure {
    refuse("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'"))
}

fn started_before(call: &Call<'_>, known: &Run, input: &str, arn: &str) -> Result<Reply, Failure> {
    let live = call.app.executions.find(&known.file);
    let same = |live: Arc<live::Live>| live.look(|stored| same_json(stored.execution.input(), input));
    if !live.is_some_and(same) {
        return Err(already(arn));
    }
    Ok(Reply::Json(json!({ "executionArn": arn, "startDate": epoch_seconds(known.started) })))
}

fn same_json(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    read(one) == read(other)
}

/// StartSyncExecution is for machines of a type that is not there.
pub fn start_sync(call: &Call<'_>) -> Result<Reply, Failure> {
    let given = given(call, "StartSyncExecution")?;
    super::machines::find(call, &given)?;
    Err(refuse("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"))
}

/// StopExecution. One that is over stays as it is.
pub fn stop(call: &Call<'_>) -> Result<Reply, Failure> {
    let (error, cause) = (optional(&call.body, "error")?, optional(&call.body, "cause")?);
    Checks::new()
        .length("error", error.unwrap_or_default(), 0, 256)
        .length("cause", cause.unwrap_or_default(), 0, limits::CAUSE_CHARS)
        .finish()?;
    let (_, run, _) = find(call, "StopExecution")?;
    let signal = Signal::Stop { error: error.map(str::to_owned), cause: cause.map(str::to_owned) };
    let told = call.app.executions.find(&run.file).map(|live| live::signal(call.app, &live, signal));
    let stopped = match told {
        Some(Ok(told)) => {
            call.generation.store(told.generation, Ordering::Relaxed);
            told.at
        }
        _ => find(call, "StopExecution")?.1.stopped.unwrap_or(call.now),
    };
    Ok(Reply::Json(json!({ "stopDate": epoch_seconds(stopped) })))
}

fn unreadable(error: &std::io::Error) -> Failure {
    tracing::error!(%error, "an execution can't be read");
    Failure::internal()
}

/// DescribeExecution.
pub fn describe(call: &Call<'_>) -> Result<Reply, Failure> {
    let bare = metadata_only(&call.body)?;
    let (machine, run, arn) = find(call, "DescribeExecution")?;
    let machine_arn = machine_arn(&call.region, call.account(), &machine);
    let shown = call.app.executions.look(&run, |stored| described(&run, stored, bare));
    let mut output = match shown {
        Ok(shown) => shown,
        // What it did is lost, but not that it was.
        Err(_) if run.status != ExecutionStatus::Running => lost(&run),
        Err(e) => return Err(unreadable(&e)),
    };
    output["executionArn"] = arn.into();
    output["stateMachineArn"] = machine_arn.as_str().into();
    if let Some(version) = run.version {
        output["stateMachineVersionArn"] = format!("{machine_arn}:{version}").into();
    }
    Ok(Reply::Json(output))
}

fn lost(run: &Run) -> Value {
    json!({
        "name": run.name,
        "status": status_name(run.status),
        "startDate": epoch_seconds(run.started),
        "stopDate": epoch_seconds(run.stopped.unwrap_or(run.started)),
        "error": states::names::RUNTIME,
        "cause": "the file of the execution can't be read",
    })
}

fn described(run: &Run, stored: &Stored, bare: bool) -> Value {
    let execution = &stored.execution;
    let status = status_name(execution.status());
    let reason = match execution.status() {
        ExecutionStatus::Running | ExecutionStatus::Succeeded => {
            format!("Execution is {status} and cannot be redriven")
        }
        _ => "the sandbox redrives no executions".to_owned(),
    };
    let mut output = json!({
        "name": run.name,
        "status": status,
        "startDate": epoch_seconds(run.started),
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": reason,
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            output[name] = value;
        }
    };
    let included = || Some(json!({ "included": true }));
    let outcome = execution.outcome();
    let text = |text: Option<&String>| text.map(|text| text.as_str().into());
    set("traceHeader", text(run.trace_header.as_ref()));
    set("stopDate", outcome.map(|outcome| epoch_seconds(Timestamp(outcome.stopped_at))));
    set("error", text(outcome.and_then(|outcome| outcome.error.as_ref())));
    set("cause", text(outcome.and_then(|outcome| outcome.cause.as_ref())));
    if !bare {
        set("input", Some(execution.input().into()));
        set("inputDetails", included());
        if let Some(data) = outcome.and_then(|outcome| outcome.output.as_deref()) {
            set("output", Some(data.into()));
            set("outputDetails", included());
        }
    }
    output
}

/// DescribeStateMachineForExecution: the machine as it was when the execution began.
pub fn describe_machine(call: &Call<'_>) -> Result<Reply, Failure> {
    let bare = metadata_only(&call.body)?;
    let (machine, run, _) = find(call, "DescribeStateMachineForExecution")?;
    let arn = machine_arn(&call.region, call.account(), &machine);
    let shown = call.app.executions.look(&run, |stored| {
        let execution = &stored.execution;
        let mut output = json!({
            "stateMachineArn": run.version.map_or_else(|| arn.clone(), |version| format!("{arn}:{version}")),
            "name": machine,
            "definition": if bare { "{}" } else { execution.machine().definition() },
            "roleArn": execution.identity().role_arn,
            "updateDate": epoch_seconds(stored.machine_updated),
            "loggingConfiguration": { "level": "OFF", "includeExecutionData": false },
            "tracingConfiguration": { "enabled": false },
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
        });
        if let Some(revision) = &stored.revision {
            output["revisionId"] = revision.as_str().into();
        }
        output
    });
    shown.map(Reply::Json).map_err(|e| unreadable(&e))
}

/// ListExecutions, the newest first.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    if optional(body, "mapRunArn")?.is_some() {
        return Err(refuse("ValidationException", "the sandbox has no distributed maps"));
    }
    let given = given(call, "ListExecutions")?;
    let (status, redriven) = (optional(body, "statusFilter")?, optional(body, "redriveFilter")?);
    let known = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];
    Checks::new()
        .one_of("statusFilter", status.unwrap_or("RUNNING"), &known)
        .one_of("redriveFilter", redriven.unwrap_or("REDRIVEN"), &["REDRIVEN", "NOT_REDRIVEN"])
        .finish()?;
    let arn = machine_arn(&call.region, call.account(), &given.name);
    let rows = call.read::<Machines, _>(|all| {
        let machine = all.machines.get(&given.name).ok_or_else(|| no_machine(&given.arn))?;
        let fits = |run: &&Run| {
            status.is_none_or(|status| status == status_name(run.status))
                && given.version.is_none_or(|version| run.version == Some(version))
                && redriven != Some("REDRIVEN")
        };
        let row = |run: &Run| (format!("{:020} {}", run.started.0, run.name), summary(call, &arn, run));
        Ok(machine.runs.values().filter(fits).map(row).collect())
    })?;
    let (rows, token) = page(body, rows, true)?;
    Ok(Reply::Json(listed("executions", rows, token)))
}

fn summary(call: &Call<'_>, machine: &str, run: &Run) -> Value {
    let name = machine.rsplit(':').next().unwrap_or_default();
    let mut shown = json!({
        "executionArn": execution_arn(&call.region, call.account(), name, &run.name),
        "stateMachineArn": machine,
        "name": run.name,
        "status": status_name(run.status),
        "startDate": epoch_seconds(run.started),
        "redriveCount": 0,
    });
    if let Some(stopped) = run.stopped {
        shown["stopDate"] = epoch_seconds(stopped);
    }
    if let Some(version) = run.version {
        shown["stateMachineVersionArn"] = format!("{machine}:{version}").into();
    }
    shown
}

/// GetExecutionHistory.
pub fn history(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let (_, run, _) = find(call, "GetExecutionHistory")?;
    let data = body.get("includeExecutionData") != Some(&Value::Bool(false));
    let page = |stored: &Stored| {
        let row = |event: &HistoryEvent| format!("{:020}", event.id);
        let rows = stored.execution.history().iter().map(|event| (row(event), event)).collect();
        let (rows, token) = page(body, rows, flag(body, "reverseOrder"))?;
        Ok(listed("events", rows.into_iter().map(|event| event.to_value(data)).collect(), token))
    };
    call.app.executions.look(&run, page).map_err(|e| unreadable(&e))?.map(Reply::Json)
}

/// RedriveExecution is not there: the interpreter forgets where an execution was when it ends.
pub fn redrive(call: &Call<'_>) -> Result<Reply, Failure> {
    let (_, run, arn) = find(call, "RedriveExecution")?;
    let status = status_name(run.status);
    let message = match run.status {
        ExecutionStatus::Running | ExecutionStatus::Succeeded => {
            format!("Execution is {status} and cannot be redriven: '{arn}'")
        }
        _ => format!("the sandbox redrives no executions: '{arn}'"),
    };
    Err(refuse("ExecutionNotRedrivable", message))
}
