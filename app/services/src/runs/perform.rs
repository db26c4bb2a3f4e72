//! One step: the call, what its failures mean, and when it is worth trying again.

use super::accounts::Accounts;
use super::functions;
use super::probe::{Seen, probe};
use crate::ports::gateway::{GatewayError, GatewayErrorKind, GatewayResult, NewRole};
use crate::{Services, words};
use domain::arn::{Arn, CallerArn, CallerKind};
use domain::names::{AccountId, ConnectionId, RoleName, ShareId, UserName};
use domain::run::StepError;
use domain::share::plan::{Action, Step, VersionRef};
use std::collections::BTreeMap;
use std::time::Instant;

/// A step that is done.
pub(super) struct Done {
    pub(super) request_id: Option<String>,
    pub(super) note: Option<String>,
    /// What undoing needs: a version's id.
    pub(super) result: Option<String>,
}

impl Done {
    pub(super) fn answered(request_id: Option<String>) -> Self {
        Self { request_id, note: None, result: None }
    }
    pub(super) fn noted(note: &str, result: Option<String>) -> Self {
        Self { request_id: None, note: Some(note.into()), result }
    }
}

/// What a refused call means.
enum Verdict {
    /// Someone, or an earlier try of ours, has done it.
    AlreadySo,
    /// It may exist from an earlier try: look.
    Look,
    /// IAM has not caught up, or is busy.
    Later,
    /// Trying again changes nothing.
    Final,
}

/// Carries out a step, trying again within the settings' budget. With `tried`, an earlier try may have reached AWS
/// without its answer being written down, so what is there is looked at first.
pub(super) async fn perform(
    (services, accounts): (&Services, &Accounts),
    share: &ShareId,
    step: &Step,
    results: &BTreeMap<String, String>,
    mut tried: bool,
    again: &(dyn Fn(String) + Send + Sync),
) -> Result<Done, StepError> {
    let settings = &services.inner.settings;
    let backoff = if functions::waits(&step.action) { settings.propagation } else { settings.retry };
    let began = tokio::time::Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let error = match try_once((services, accounts), share, step, results, tried).await {
            Ok(done) => return Ok(done),
            Err(Refused { error, later: false }) => return Err(error),
            Err(Refused { error, later: true }) => error,
        };
        tried = true;
        let wait = backoff.wait(tries);
        if began.elapsed() + wait > backoff.budget {
            return Err(error);
        }
        let because = functions::because(&error).unwrap_or_else(|| format!("{}: {}", error.code, error.message));
        again(because);
        tokio::time::sleep(wait).await;
    }
}

struct Refused {
    error: StepError,
    later: bool,
}

async fn try_once(
    (services, accounts): (&Services, &Accounts),
    share: &ShareId,
    step: &Step,
    results: &BTreeMap<String, String>,
    tried: bool,
) -> Result<Done, Refused> {
    match accounts.of(services, &step.connection).await {
        Ok(account) if account == step.account => {}
        Ok(account) => return Err(Refused { error: elsewhere(step, &account), later: false }),
        Err(error) => return Err(refused(step, &error, false)),
    }
    if tried {
        match probe(services, share, step, results).await {
            Ok(Seen::Done(result)) => return Ok(Done::noted("already there from an earlier try", result)),
            Ok(Seen::Foreign) => return Err(Refused { error: foreign(step), later: false }),
            Ok(Seen::NotYet) => {}
            Err(error) => return Err(refused(step, &error, false)),
        }
    }
    let began = Instant::now();
    let error = match call(services, step, results).await {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    tracing::info!(step = step.id, code = error.code, took = ?began.elapsed(), "a step's call was refused");
    match verdict(&step.action, &error) {
        Verdict::AlreadySo => Ok(Done { request_id: error.request_id, ..Done::noted("already gone", None) }),
        Verdict::Later => Err(refused(step, &error, true)),
        Verdict::Final => Err(refused(step, &error, false)),
        Verdict::Look => match probe(services, share, step, results).await {
            Ok(Seen::Done(result)) => Ok(Done::noted("already there from an earlier try", result)),
            Ok(Seen::Foreign) => Err(Refused { error: foreign(step), later: false }),
            // IAM says it exists and does not show it: what it shows lags behind.
            Ok(Seen::NotYet) => Err(refused(step, &error, true)),
            Err(probing) => Err(refused(step, &probing, false)),
        },
    }
}

fn verdict(action: &Action, error: &GatewayError) -> Verdict {
    let removes = matches!(
        action,
        Action::DeletePolicyVersion { .. }
            | Action::DeletePolicy { .. }
            | Action::DeleteRole { .. }
            | Action::UntagPolicy { .. }
            | Action::UntagRole { .. }
            | Action::DeleteInlinePolicy { .. }
            | Action::RemoveBoundary { .. }
            | Action::Detach { .. }
            | Action::DeleteFunction { .. }
    );
    match error.code.as_str() {
        "EntityAlreadyExists" => Verdict::Look,
        // Lambda's way to say that there is one of this name.
        "ResourceConflictException" if !error.retryable => Verdict::Look,
        "NoSuchEntity" | "ResourceNotFoundException" if removes => Verdict::AlreadySo,
        // Just made, and not seen everywhere yet (IAM user guide, "Changes that I make are not always immediately visible").
        "NoSuchEntity" | "ConcurrentModification" | "EntityTemporarilyUnmodifiable" => Verdict::Later,
        // Just detached, and not seen everywhere yet.
        "DeleteConflict" => Verdict::Later,
        "MalformedPolicyDocument" if error.message.contains("Invalid principal") => Verdict::Later,
        _ if error.retryable => Verdict::Later,
        _ if matches!(error.kind, GatewayErrorKind::Throttled | GatewayErrorKind::Unavailable) => Verdict::Later,
        _ => Verdict::Final,
    }
}

fn refused(step: &Step, error: &GatewayError, later: bool) -> Refused {
    let retryable = later || error.retryable;
    let error = StepError {
        code: words::code(error),
        message: error.to_string(),
        hint: hint(step, error),
        request_id: error.request_id.clone(),
        retryable,
    };
    Refused { error, later: retryable }
}

fn hint(step: &Step, error: &GatewayError) -> String {
    match error.code.as_str() {
        "MalformedPolicyDocument" if error.message.contains("Invalid principal") => {
            "a role or user that the trust policy names does not exist: make it, or take it off the callers".into()
        }
        "LimitExceeded" => format!("make room in account {} or raise the quota, then retry", step.account),
        "DeleteConflict" => "something else is attached to it or inside it: remove that in IAM, then retry".into(),
        "NoSuchEntity" => "it was deleted meanwhile: undo, or look at the review again".into(),
        functions::NOT_ASSUMABLE => {
            "retry; if it stays so, look whether the role's trust policy names `lambda.amazonaws.com`".into()
        }
        "ConcurrentModification" => "someone else changed it at the same time: retry".into(),
        _ => words::hint(error),
    }
}

fn foreign(step: &Step) -> StepError {
    let name = match &step.action {
        Action::CreateRole { name, .. } | Action::DeleteRole { role: name } => name.to_string(),
        Action::CreatePolicy { name, .. } => name.to_string(),
        Action::DeletePolicy { policy } => policy.resource_name().to_owned(),
        Action::CreateFunction { name, .. } | Action::DeleteFunction { name, .. } => name.to_string(),
        _ => step.title.clone(),
    };
    StepError {
        code: "NotOurs".into(),
        message: format!("account {} has a `{name}` that this share did not make", step.account),
        hint: "undo this run, then look at the review again: it offers to adopt it or to use another name".into(),
        request_id: None,
        retryable: false,
    }
}

fn elsewhere(step: &Step, account: &AccountId) -> StepError {
    StepError {
        code: "OtherAccount".into(),
        message: words::leads_elsewhere(&step.connection, account, &step.account),
        hint: format!("point the profile `{}` at account {} again, then retry", step.connection, step.account),
        request_id: None,
        retryable: false,
    }
}

/// The call, and nothing but the call.
async fn call(services: &Services, step: &Step, results: &BTreeMap<String, String>) -> GatewayResult<Done> {
    let (iam, via) = (&services.inner.gateways.iam, &step.connection);
    Ok(match &step.action {
        Action::CreatePolicy { name, document, description, tags, .. } => {
            Done::answered(iam.create_policy(via, name, document, description, tags).await?.request_id)
        }
        Action::CreatePolicyVersion { policy, document, .. } => {
            let made = iam.create_policy_version(via, policy, document).await?;
            Done { result: Some(made.value), ..Done::answered(made.request_id) }
        }
        Action::DeletePolicyVersion { policy, version } => match version_id(version, results) {
            Some(version) => Done::answered(iam.delete_policy_version(via, policy, version).await?.request_id),
            None => Done::noted("nothing was made that has to go", None),
        },
        Action::SetDefaultPolicyVersion { policy, version, .. } => {
            Done::answered(iam.set_default_policy_version(via, policy, version).await?.request_id)
        }
        Action::DeletePolicy { policy } => Done::answered(iam.delete_policy(via, policy).await?.request_id),
        Action::TagPolicy { policy, tags, .. } => Done::answered(iam.tag_policy(via, policy, tags).await?.request_id),
        Action::UntagPolicy { policy, keys } => Done::answered(iam.untag_policy(via, policy, keys).await?.request_id),
        Action::CreateRole { name, trust, description, max_session_seconds, tags, .. } => {
            let role = NewRole {
                name: name.clone(),
                trust: trust.clone(),
                description: description.clone(),
                max_session_seconds: *max_session_seconds,
                tags: tags.clone(),
            };
            Done::answered(iam.create_role(via, &role).await?.request_id)
        }
        Action::UpdateTrust { role, trust, .. } => Done::answered(iam.update_trust(via, role, trust).await?.request_id),
        Action::UpdateMaxSession { role, seconds, .. } => {
            Done::answered(iam.update_max_session(via, role, *seconds).await?.request_id)
        }
        Action::DeleteRole { role } => Done::answered(iam.delete_role(via, role).await?.request_id),
        Action::TagRole { role, tags, .. } => Done::answered(iam.tag_role(via, role, tags).await?.request_id),
        Action::UntagRole { role, keys } => Done::answered(iam.untag_role(via, role, keys).await?.request_id),
        Action::PutInlinePolicy { holder, name, document, .. } => {
            Done::answered(iam.put_inline_policy(via, holder, name, document).await?.request_id)
        }
        Action::DeleteInlinePolicy { holder, name, .. } => {
            Done::answered(iam.delete_inline_policy(via, holder, name).await?.request_id)
        }
        Action::RemoveBoundary { role, .. } => {
            Done::answered(iam.delete_role_permissions_boundary(via, role).await?.request_id)
        }
        Action::Attach { to, policy } => Done::answered(attach(services, via, to, policy, true).await?),
        Action::Detach { from, policy } => Done::answered(attach(services, via, from, policy, false).await?),
        Action::CreateFunction { .. }
        | Action::UpdateFunctionCode { .. }
        | Action::UpdateFunctionEnvironment { .. }
        | Action::AwaitFunction { .. }
        | Action::DeleteFunction { .. } => functions::call(services, step).await?,
    })
}

async fn attach(
    services: &Services,
    via: &ConnectionId,
    who: &CallerArn,
    policy: &Arn,
    on: bool,
) -> GatewayResult<Option<String>> {
    let iam = &services.inner.gateways.iam;
    let answer = match (who.kind(), RoleName::parse(who.name()), UserName::parse(who.name())) {
        (CallerKind::Role, Ok(role), _) if on => iam.attach_role_policy(via, &role, policy).await?,
        (CallerKind::Role, Ok(role), _) => iam.detach_role_policy(via, &role, policy).await?,
        (CallerKind::User, _, Ok(user)) if on => iam.attach_user_policy(via, &user, policy).await?,
        (CallerKind::User, _, Ok(user)) => iam.detach_user_policy(via, &user, policy).await?,
        _ => return Err(unnameable(via, who)),
    };
    Ok(answer.request_id)
}

/// An ARN can hold a name that IAM would not take; then there is nothing to call.
fn unnameable(via: &ConnectionId, who: &CallerArn) -> GatewayError {
    GatewayError {
        operation: "AttachRolePolicy",
        account: Some(who.account()),
        connection: Some(via.clone()),
        kind: GatewayErrorKind::Invalid,
        code: String::new(),
        message: format!("`{}` is not a name IAM takes", who.name()),
        status: None,
        retryable: false,
        request_id: None,
        model: None,
    }
}

pub(super) fn version_id<'a>(version: &'a VersionRef, results: &'a BTreeMap<String, String>) -> Option<&'a str> {
    match version {
        VersionRef::Id(id) => Some(id),
        VersionRef::MadeBy(step) => results.get(step).map(String::as_str),
    }
}
