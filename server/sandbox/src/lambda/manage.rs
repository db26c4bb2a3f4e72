//! Functions: made, described, changed, listed, deleted, tagged.

use super::input::{self, checked, conflict, invalid, not_found, optional, parse_name, required};
use super::model::{Function, Functions, Package, arn};
use super::package;
use crate::call::{Call, Needs, Target};
use crate::check::Checks;
use crate::error::Failure;
use crate::ids;
use crate::passrole;
use crate::protocol::Reply;
use crate::state::State;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The service that execution roles have to trust.
pub const SERVICE: &str = "lambda.amazonaws.com";
/// Members of CreateFunction and UpdateFunctionConfiguration that the sandbox has nothing for.
const UNFIT: [&str; 9] = [
    "VpcConfig",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "CodeSigningConfigArn",
    "DeadLetterConfig",
    "KMSKeyArn",
    "CapacityProviderConfig",
    "DurableConfig",
];
/// The most functions of a page.
const PAGE: i64 = 50;

/// Permission on the function that the call names.
pub fn target(call: &Call<'_>, operation: &str) -> Result<Needs, Failure> {
    let name = input::name(call, &format!("lambda:{operation}"))?;
    let tags = read(call, |functions| functions.get(&name).map(|function| function.tags.clone())).unwrap_or_default();
    Ok(Target::new(arn(&call.region, call.account(), &name)).tagged(&tags).into())
}

/// Permission on the function to be made, with its tags.
pub fn new_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = input::name(call, "lambda:CreateFunction")?;
    let tags = input::tags(&call.body)?;
    let target = Target::new(arn(&call.region, call.account(), &name));
    Ok(target.requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))).into())
}

/// Lists can't be restricted to functions.
pub fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// Permission on the function whose ARN the call gives.
pub fn tagged_target(call: &Call<'_>) -> Result<Needs, Failure> {
    let name = tagged_name(call)?;
    let new = input::tags(&call.body)?;
    let target = Target::new(arn(&call.region, call.account(), &name));
    Ok(target.requesting(new.iter().map(|(key, value)| (key.as_str(), value.as_str()))).into())
}

fn read<T>(call: &Call<'_>, read: impl FnOnce(&Functions) -> T) -> T {
    let state = call.app.store.read();
    let found = state.accounts.get(call.account()).and_then(|account| account.functions.get(call.region.as_str()));
    match found {
        Some(functions) => read(functions),
        None => read(&Functions::new()),
    }
}

fn functions<'s>(call: &Call<'_>, state: &'s mut State) -> &'s mut Functions {
    let account = state.accounts.entry(call.account().clone()).or_default();
    account.functions.entry(call.region.to_string()).or_default()
}

/// The function called so, as it is now.
pub fn find(call: &Call<'_>, name: &str) -> Result<Function, Failure> {
    let found = read(call, |functions| functions.get(name).cloned());
    found.ok_or_else(|| not_found(&arn(&call.region, call.account(), name)))
}

/// A role must be the account's own, the caller must be allowed to pass it, and it must trust Lambda.
fn check_role(call: &Call<'_>, role: &str) -> Result<(), Failure> {
    let parsed = input::role(role)?;
    if !passrole::is_own(call, &parsed) {
        return Err(Failure::access_denied("Cross-account pass role is not allowed."));
    }
    passrole::permitted(call, role, SERVICE)?;
    match passrole::trusting(call.app, call.account(), role, SERVICE) {
        Some(_) => Ok(()),
        None => Err(invalid("The role defined for the function cannot be assumed by Lambda.")),
    }
}

/// The package in `ZipFile`, checked.
fn zip_file(code: &Value) -> Result<Vec<u8>, Failure> {
    input::refuse_unfit(code, &["ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion", "SourceKMSKeyArn"])?;
    let text = optional(code, "ZipFile")?.ok_or_else(|| invalid("Please provide a source for function code."))?;
    let bytes =
        STANDARD.decode(text).map_err(|_| Failure::new(400, "SerializationException", "`ZipFile` is not base64"))?;
    package::check(&bytes)?;
    Ok(bytes)
}

/// Keeps a package, while the state is held.
fn store(call: &Call<'_>, bytes: &[u8]) -> Result<Package, Failure> {
    call.app.lambda.packages.keep(bytes).map_err(|e| {
        tracing::error!(error = %e, "a package can't be written");
        Failure::internal()
    })
}

fn forget_unused(call: &Call<'_>, state: &State) {
    if let Err(e) = call.app.lambda.packages.forget_unused(state) {
        tracing::warn!(error = %e, "a package that is not used can't be removed");
    }
}

fn ready(call: &Call<'_>) -> domain::time::Timestamp {
    let wait = call.app.faults.settings().function_activation_ms;
    call.now.plus_ms(i64::try_from(wait).unwrap_or(i64::MAX))
}

/// CreateFunction.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    let name = input::name(call, "lambda:CreateFunction")?;
    let role = required(body, "Role")?;
    if optional(body, "PackageType")?.is_some_and(|kind| kind != "Zip") {
        return Err(invalid("the sandbox has no container images for functions"));
    }
    input::refuse_unfit(body, &UNFIT)?;
    let runtime =
        input::runtime(body)?.ok_or_else(|| invalid("Runtime is mandatory for functions created with zip"))?;
    let handler =
        input::handler(body)?.ok_or_else(|| invalid("Handler is mandatory for functions created with zip"))?;
    let code = body.get("Code").ok_or_else(|| invalid("Please provide a source for function code."))?;
    let arn = arn(&call.region, call.account(), &name);
    let function = Function {
        name: name.clone(),
        runtime: runtime.to_owned(),
        handler: handler.to_owned(),
        role: role.to_owned(),
        description: input::description(body)?.unwrap_or_default().to_owned(),
        timeout: input::timeout(body)?.unwrap_or(3),
        memory: input::memory(body)?.unwrap_or(128),
        environment: input::environment(body)?.unwrap_or_default(),
        tags: tags_for_new(call, &arn)?,
        package: Package { file: String::new(), sha256: String::new(), size: 0 },
        modified: call.now,
        active_from: ready(call),
        updated_at: None,
        revision: ids::request(),
    };
    let bytes = zip_file(code)?;
    if read(call, |functions| functions.contains_key(&name)) {
        return Err(conflict(format!("Function already exist: {name}")));
    }
    check_role(call, role)?;
    let shown = call.write(|state| {
        if functions(call, state).contains_key(&name) {
            return Err(conflict(format!("Function already exist: {name}")));
        }
        let function = Function { package: store(call, &bytes)?, ..function };
        let shown = function.described(&arn, call.now);
        functions(call, state).insert(name, function);
        Ok(shown)
    })?;
    Ok(Reply::Rest(201, shown))
}

/// The tags of a new function; setting them is an action of its own.
fn tags_for_new(call: &Call<'_>, arn: &str) -> Result<std::collections::BTreeMap<String, String>, Failure> {
    let tags = input::tags(&call.body)?;
    if !tags.is_empty() {
        let target = Target::new(arn).requesting(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        crate::authorize::require(call, "lambda:TagResource", target)?;
    }
    Ok(tags)
}

/// GetFunction. There is no bucket to download the code from.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(call, "lambda:GetFunction")?;
    let function = find(call, &name)?;
    let arn = arn(&call.region, call.account(), &name);
    let mut output = json!({
        "Configuration": function.described(&arn, call.now),
        "Code": { "RepositoryType": "S3" },
    });
    if !function.tags.is_empty() {
        output["Tags"] = json!(function.tags);
    }
    Ok(Reply::Rest(200, output))
}

/// GetFunctionConfiguration.
pub fn get_configuration(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(call, "lambda:GetFunctionConfiguration")?;
    let arn = arn(&call.region, call.account(), &name);
    Ok(Reply::Rest(200, find(call, &name)?.described(&arn, call.now)))
}

/// Changes a function that nothing else changes now.
fn change(
    call: &Call<'_>,
    action: &str,
    change: impl FnOnce(&mut Function) -> Result<(), Failure>,
) -> Result<Reply, Failure> {
    let name = input::name(call, action)?;
    let arn = arn(&call.region, call.account(), &name);
    let revision = optional(&call.body, "RevisionId")?;
    let until = ready(call);
    call.write(|state| {
        let function = functions(call, state).get_mut(&name).ok_or_else(|| not_found(&arn))?;
        must_be_settled(function, &arn, call)?;
        if revision.is_some_and(|revision| revision != function.revision) {
            return Err(Failure::new(
                412,
                "PreconditionFailedException",
                "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
                 retrieve the latest Revision Id",
            ));
        }
        change(function)?;
        function.modified = call.now;
        function.updated_at = Some(until);
        function.revision = ids::request();
        let shown = function.described(&arn, call.now);
        forget_unused(call, state);
        Ok(Reply::Rest(200, shown))
    })
}

fn must_be_settled(function: &Function, arn: &str, call: &Call<'_>) -> Result<(), Failure> {
    if function.state(call.now) == "Pending" {
        return Err(pending());
    }
    if function.is_updating(call.now) {
        let message =
            format!("The operation cannot be performed at this time. An update is in progress for resource: {arn}");
        return Err(conflict(message));
    }
    Ok(())
}

/// The refusal of what needs a function that is there.
pub fn pending() -> Failure {
    conflict(
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    )
}

/// UpdateFunctionCode.
pub fn update_code(call: &Call<'_>) -> Result<Reply, Failure> {
    let bytes = zip_file(&call.body)?;
    if call.body.get("DryRun") == Some(&Value::Bool(true)) {
        return get_configuration(call);
    }
    change(call, "lambda:UpdateFunctionCode", |function| {
        function.package = store(call, &bytes)?;
        Ok(())
    })
}

/// UpdateFunctionConfiguration: what is not given stays.
pub fn update_configuration(call: &Call<'_>) -> Result<Reply, Failure> {
    let body = &call.body;
    input::refuse_unfit(body, &UNFIT)?;
    let (runtime, handler, description) = (input::runtime(body)?, input::handler(body)?, input::description(body)?);
    let (timeout, memory, environment) = (input::timeout(body)?, input::memory(body)?, input::environment(body)?);
    let role = optional(body, "Role")?;
    let name = input::name(call, "lambda:UpdateFunctionConfiguration")?;
    let known = find(call, &name)?;
    if let Some(role) = role.filter(|role| *role != known.role) {
        check_role(call, role)?;
    }
    change(call, "lambda:UpdateFunctionConfiguration", |function| {
        let set = |member: &mut String, new: Option<&str>| {
            if let Some(new) = new {
                new.clone_into(member);
            }
        };
        set(&mut function.runtime, runtime);
        set(&mut function.handler, handler);
        set(&mut function.description, description);
        set(&mut function.role, role);
        function.timeout = timeout.unwrap_or(function.timeout);
        function.memory = memory.unwrap_or(function.memory);
        if let Some(environment) = environment {
            function.environment = environment;
        }
        Ok(())
    })
}

/// DeleteFunction.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = input::name(call, "lambda:DeleteFunction")?;
    call.write(|state| {
        let arn = arn(&call.region, call.account(), &name);
        functions(call, state).remove(&name).ok_or_else(|| not_found(&arn))?;
        forget_unused(call, state);
        Ok(Reply::Rest(204, Value::Null))
    })
}

/// ListFunctions, by name.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let most = optional(&call.body, "MaxItems")?.map_or(Ok(PAGE), |text| {
        text.parse().map_err(|_| Failure::new(400, "SerializationException", "`MaxItems` is not a number"))
    })?;
    checked(Checks::new().range("maxItems", most, 1, 10_000))?;
    let most = usize::try_from(most.min(PAGE)).unwrap_or(1);
    let after = match optional(&call.body, "Marker")? {
        None => None,
        Some(marker) => {
            let name = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            Some(name.ok_or_else(|| invalid("The provided pagination token is invalid."))?)
        }
    };
    read(call, |functions| {
        let mut rest = functions.values().filter(|function| after.as_ref().is_none_or(|after| function.name > *after));
        let page: Vec<&Function> = rest.by_ref().take(most).collect();
        let shown = |function: &&Function| function.listed(&arn(&call.region, call.account(), &function.name));
        let mut output = json!({ "Functions": page.iter().map(shown).collect::<Vec<_>>() });
        if let (Some(last), Some(_)) = (page.last(), rest.next()) {
            output["NextMarker"] = URL_SAFE_NO_PAD.encode(&last.name).into();
        }
        Ok(Reply::Rest(200, output))
    })
}

fn tagged_name(call: &Call<'_>) -> Result<String, Failure> {
    parse_name(call, required(&call.body, "Resource")?, None, "lambda:TagResource")
}

/// ListTags.
pub fn list_tags(call: &Call<'_>) -> Result<Reply, Failure> {
    let function = find(call, &tagged_name(call)?)?;
    Ok(Reply::Rest(200, json!({ "Tags": function.tags })))
}

/// TagResource, UntagResource.
fn change_tags(
    call: &Call<'_>,
    change: impl FnOnce(&mut std::collections::BTreeMap<String, String>),
) -> Result<Reply, Failure> {
    let name = tagged_name(call)?;
    call.write(|state| {
        let arn = arn(&call.region, call.account(), &name);
        let function = functions(call, state).get_mut(&name).ok_or_else(|| not_found(&arn))?;
        let mut tags = function.tags.clone();
        change(&mut tags);
        if tags.len() > 50 {
            return Err(invalid("The number of tags exceeds the limit of 50"));
        }
        function.tags = tags;
        Ok(Reply::Rest(204, Value::Null))
    })
}

/// TagResource.
pub fn tag(call: &Call<'_>) -> Result<Reply, Failure> {
    let new = input::tags(&call.body)?;
    change_tags(call, |tags| tags.extend(new))
}

/// UntagResource.
pub fn untag(call: &Call<'_>) -> Result<Reply, Failure> {
    let keys = call.body.get("tagKeys").and_then(Value::as_array).cloned().unwrap_or_default();
    change_tags(call, |tags| tags.retain(|key, _| !keys.iter().any(|gone| gone == key.as_str())))
}
