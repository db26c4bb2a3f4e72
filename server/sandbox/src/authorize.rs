//! Whether a caller may: collects the policies that bear on a request and asks the domain's evaluator.
//!
//! Parsed policies are kept per principal for as long as the account's IAM does not change.

use crate::app::App;
use crate::call::{Call, Target};
use crate::caller::{Caller, Who, session_tags};
use crate::error::Failure;
use crate::iam::managed;
use crate::iam::model::{Grants, Iam, Tags};
use crate::organizations::limits;
use crate::session::SessionOf;
use domain::arn::Arn;
use domain::evaluate::{
    Context, Decision, Layer, NamedPolicy, Policies, Principal, Request, ResourceKind, decide, explain,
};
use domain::names::AccountId;
use domain::policy::{PolicyDocument, Statement};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// A principal's parsed policies.
#[derive(Default)]
pub struct Effective {
    identity: Vec<NamedPolicy>,
    boundary: Option<Vec<NamedPolicy>>,
    role_arn: Option<Arn>,
    tags: Tags,
}

/// How many principals' policies are kept.
const CACHED_PRINCIPALS: usize = 10_000;

/// An account and a unique ID in it.
type PrincipalKey = (AccountId, String);

/// Parsed policies by principal, each with the revision of IAM it was made from.
#[derive(Default)]
pub struct PolicyCache {
    known: RwLock<HashMap<PrincipalKey, (u64, Arc<Effective>)>>,
}

impl PolicyCache {
    fn get(&self, account: &AccountId, id: &str, iam: &Iam, make: impl FnOnce() -> Effective) -> Arc<Effective> {
        let name = (account.clone(), id.to_owned());
        if let Some((revision, effective)) = self.known.read().get(&name)
            && *revision == iam.revision
        {
            return Arc::clone(effective);
        }
        let effective = Arc::new(make());
        let mut known = self.known.write();
        if known.len() >= CACHED_PRINCIPALS {
            known.clear();
        }
        known.insert(name, (iam.revision, Arc::clone(&effective)));
        effective
    }
}

/// Asks for `action` on a resource of the caller's own account.
pub fn require(call: &Call<'_>, action: &str, target: Target) -> Result<(), Failure> {
    let account = call.account().clone();
    ask(call, Question { action, target, account, policy: None, kind: ResourceKind::Other })
}

/// Asks for `action` on a resource of any account, whose own policy speaks too where it has one.
pub fn require_on_resource(
    call: &Call<'_>,
    action: &str,
    target: Target,
    account: AccountId,
    policy: Option<&NamedPolicy>,
) -> Result<(), Failure> {
    ask(call, Question { action, target, account, policy, kind: ResourceKind::Other })
}

/// Asks for `action` on a role, whose trust policy must allow too.
pub fn require_trust(
    call: &Call<'_>,
    action: &str,
    target: Target,
    account: AccountId,
    trust: &NamedPolicy,
) -> Result<(), Failure> {
    ask(call, Question { action, target, account, policy: Some(trust), kind: ResourceKind::Trust })
}

/// Asks for `action` on a KMS key, whose policy must allow too: IAM's policies count only where it says so.
pub fn require_on_key(
    call: &Call<'_>,
    action: &str,
    target: Target,
    account: AccountId,
    policy: Option<&NamedPolicy>,
) -> Result<(), Failure> {
    ask(call, Question { action, target, account, policy, kind: ResourceKind::Key })
}

/// Whether a key's policy would let the caller act if everything else did.
pub fn key_would_allow(call: &Call<'_>, action: &str, target: Target, policy: &NamedPolicy) -> bool {
    let caller = call.caller;
    let effective = effective(call.app, caller);
    let everything = [NamedPolicy::new("everything", PolicyDocument::new([Statement::allow(["*"]).on(["*"])]))];
    let request = Request {
        principal: principal(caller, &effective),
        action: action.to_owned(),
        resource: target.resource,
        resource_account: caller.account.clone(),
        context: with_globals(target.context, call, &effective),
    };
    let policies = Policies {
        identity: &everything,
        resource: Some(policy),
        resource_kind: ResourceKind::Key,
        ..Policies::default()
    };
    decide(&request, &policies) == Decision::Allowed
}

struct Question<'a> {
    action: &'a str,
    target: Target,
    account: AccountId,
    policy: Option<&'a NamedPolicy>,
    kind: ResourceKind,
}

fn ask(call: &Call<'_>, question: Question<'_>) -> Result<(), Failure> {
    let caller = call.caller;
    let effective = effective(call.app, caller);
    let session = session_policies(call.app, caller);
    let service_control = limits::on_principals(call.app, &caller.account);
    let resource_control = limits::on_resources(call.app, &question.account, question.action);
    let mut context = with_globals(question.target.context, call, &effective);
    limits::describe(call.app, &mut context, &caller.account, &question.account);
    let request = Request {
        principal: principal(caller, &effective),
        action: question.action.to_owned(),
        resource: question.target.resource,
        resource_account: question.account,
        context,
    };
    let policies = Policies {
        identity: &effective.identity,
        resource: question.policy,
        boundaries: effective.boundary.as_deref(),
        session: session.as_deref(),
        resource_kind: question.kind,
        service_control: service_control.as_ref().map(|levels| levels.as_slice()),
        resource_control: resource_control.as_ref().map(|levels| levels.as_slice()),
    };
    match decide(&request, &policies) {
        Decision::Allowed => Ok(()),
        denied => Err(denial(caller, &request, &policies, denied)),
    }
}

/// The message as IAM's user guide has it in "Troubleshoot access denied error messages". Across accounts the reason
/// is not told; KMS tells what the caller's own side lacks.
fn denial(caller: &Caller, request: &Request, policies: &Policies<'_>, decision: Decision) -> Failure {
    let Request { action, resource, .. } = request;
    let bare = denied(&caller.arn, action, resource);
    let foreign = request.resource_account != caller.account;
    if foreign && policies.resource_kind != ResourceKind::Key {
        return bare;
    }
    let kind = match explain(request, policies).decided_by {
        Layer::Resource | Layer::ResourceControl if foreign => {
            return Failure::access_denied(format!("{} {HIDDEN_KEY}", bare.message));
        }
        Layer::ServiceControl => "service control policy",
        Layer::ResourceControl => "resource control policy",
        Layer::Resource => "resource-based policy",
        Layer::Boundary => "permissions boundary",
        Layer::Session => "session policy",
        Layer::Identity => "identity-based policy",
        _ => return bare,
    };
    let article = if kind.starts_with('i') { "an" } else { "a" };
    let reason = match decision {
        Decision::ExplicitlyDenied => format!("with an explicit deny in {article} {kind}"),
        _ => format!("because no {kind} allows the {action} action"),
    };
    Failure::access_denied(format!("{} {reason}", bare.message))
}

/// Why a key of another account can't be used, which is not told whether it exists.
pub const HIDDEN_KEY: &str = "because the resource does not exist in this Region, no resource-based policies allow \
                              access, or a resource-based policy explicitly denies access";

/// The denial without a reason.
pub fn denied(caller: &str, action: &str, resource: &str) -> Failure {
    Failure::access_denied(format!("User: {caller} is not authorized to perform: {action} on resource: {resource}"))
}

fn effective(app: &App, caller: &Caller) -> Arc<Effective> {
    let iam = app.store.read().accounts.get(&caller.account).map(|account| account.iam.visible());
    let Some(iam) = iam else { return Arc::default() };
    let account = &caller.account;
    match &caller.who {
        Who::Root => Arc::default(),
        Who::User { name, id } => app.policies.get(account, id, &iam, || of_user(&iam, account, name, id)),
        Who::Role(claims) => match &claims.of {
            SessionOf::Role { name, id, .. } => {
                app.policies.get(account, id, &iam, || of_role(&iam, account, name, id))
            }
            _ => Arc::default(),
        },
    }
}

fn of_user(iam: &Iam, account: &AccountId, name: &str, id: &str) -> Effective {
    let Some(user) = iam.user(name).filter(|user| user.id == id) else { return Effective::default() };
    let mut identity = parse(iam, account, &user.grants);
    for group in user.groups.iter().filter_map(|group| iam.groups.get(group)) {
        identity.extend(parse(iam, account, &group.grants));
    }
    let boundary = boundary(iam, account, &user.grants);
    Effective { identity, boundary, role_arn: None, tags: user.tags.clone() }
}

fn of_role(iam: &Iam, account: &AccountId, name: &str, id: &str) -> Effective {
    let Some(role) = iam.role(name).filter(|role| role.id == id) else { return Effective::default() };
    let identity = parse(iam, account, &role.grants);
    let boundary = boundary(iam, account, &role.grants);
    Effective { identity, boundary, role_arn: Arn::parse(&role.arn(account)).ok(), tags: role.tags.clone() }
}

fn parse(iam: &Iam, account: &AccountId, grants: &Grants) -> Vec<NamedPolicy> {
    let inline = grants.inline.iter().filter_map(|(name, text)| named(name, text));
    let attached = grants.attached.iter().filter_map(|arn| managed_policy(iam, account, arn));
    inline.chain(attached).collect()
}

/// A boundary whose policy is gone allows nothing.
fn boundary(iam: &Iam, account: &AccountId, grants: &Grants) -> Option<Vec<NamedPolicy>> {
    let found = |arn: &String| or_nothing(arn, managed_policy(iam, account, arn).into_iter().collect());
    grants.boundary.as_ref().map(found)
}

/// The policies; if there are none, one that allows nothing: to the evaluator an empty list is no limit at all.
fn or_nothing(name: &str, policies: Vec<NamedPolicy>) -> Vec<NamedPolicy> {
    if policies.is_empty() { vec![NamedPolicy::new(name, PolicyDocument::new([]))] } else { policies }
}

fn managed_policy(iam: &Iam, account: &AccountId, arn: &str) -> Option<NamedPolicy> {
    if let Some(known) = managed::find(arn) {
        return named(known.name, known.document);
    }
    let policy = iam.policy(account, arn)?;
    named(&policy.name, policy.document())
}

fn named(name: &str, text: &str) -> Option<NamedPolicy> {
    // Documents were parsed when they were stored; one that no longer parses grants nothing.
    PolicyDocument::parse(text).ok().map(|document| NamedPolicy::new(name, document))
}

fn session_policies(app: &App, caller: &Caller) -> Option<Vec<NamedPolicy>> {
    let Who::Role(claims) = &caller.who else { return None };
    let SessionOf::Role { policy, policy_arns, .. } = &claims.of else { return None };
    if policy.is_none() && policy_arns.is_empty() {
        return None;
    }
    let inline = policy.as_deref().and_then(|text| named("session policy", text));
    let iam = app.store.read().accounts.get(&caller.account).map(|account| account.iam.visible());
    let iam = iam.unwrap_or_default();
    let by_arn = policy_arns.iter().filter_map(|arn| managed_policy(&iam, &caller.account, arn));
    Some(or_nothing("session policy", inline.into_iter().chain(by_arn).collect()))
}

fn principal(caller: &Caller, effective: &Effective) -> Principal {
    let root = || Principal::root(caller.account.clone());
    let Ok(arn) = Arn::parse(&caller.arn) else { return root() };
    let made = match &caller.who {
        Who::Root => return root(),
        Who::User { id, .. } => Principal::user(arn, Some(id.clone())),
        Who::Role(claims) => {
            let id = caller.user_id.split(':').next().unwrap_or_default().to_owned();
            // The role is not visible to authorisation yet: nothing is known but its name.
            let role = effective.role_arn.clone().or_else(|| match &claims.of {
                SessionOf::Role { name, .. } => {
                    Arn::build("aws", "iam", "", caller.account.as_str(), &format!("role/{name}")).ok()
                }
                _ => None,
            });
            match role {
                Some(role) => Principal::role_session(arn, role, Some(id)),
                None => return root(),
            }
        }
    };
    made.unwrap_or_else(|_| root())
}

/// Adds the global condition keys that a request has and that don't follow from the principal.
fn with_globals(mut context: Context, call: &Call<'_>, effective: &Effective) -> Context {
    let set = |context: &mut Context, key: &str, value: String| context.set(key, vec![value]);
    set(&mut context, "aws:SourceIp", call.source_ip.to_string());
    // On AWS every request comes over TLS; here loopback stands for it.
    set(&mut context, "aws:SecureTransport", "true".into());
    set(&mut context, "aws:CurrentTime", call.now.rfc3339());
    set(&mut context, "aws:EpochTime", (call.now.0 / 1000).to_string());
    set(&mut context, "aws:RequestedRegion", call.region.to_string());
    let session = session_tags(call.caller).into_iter().flatten();
    for (key, value) in effective.tags.iter().chain(session) {
        set(&mut context, &format!("aws:PrincipalTag/{key}"), value.clone());
    }
    context
}

/// Asks for everything an operation needs.
pub fn require_all(call: &Call<'_>, action: &str, targets: Vec<Target>) -> Result<(), Failure> {
    targets.into_iter().try_for_each(|target| require(call, action, target))
}
