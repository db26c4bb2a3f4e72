//! Roles that are handed to a service: whether the caller may pass one, and whether it trusts the service.
//!
//! Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service".

use crate::app::App;
use crate::authorize;
use crate::call::{Call, Target};
use crate::error::Failure;
use crate::iam::model::Role;
use crate::organizations::limits;
use domain::arn::Arn;
use domain::evaluate::{Context, Decision, NamedPolicy, Policies, Principal, Request, ResourceKind, decide};
use domain::names::AccountId;
use domain::policy::PolicyDocument;

/// Whether a role's ARN is of the caller's account: roles are not passed across accounts.
pub fn is_own(call: &Call<'_>, role: &Arn) -> bool {
    role.account_id().as_ref() == Some(call.account())
}

/// Asks for permission to pass a role to a service.
pub fn permitted(call: &Call<'_>, role: &str, service: &str) -> Result<(), Failure> {
    authorize::require(call, "iam:PassRole", Target::new(role).with("iam:PassedToService", service))
}

/// The role, if it exists and the service may assume it, as far as authorisation sees yet.
pub fn trusting(app: &App, account: &AccountId, role: &str, service: &str) -> Option<Role> {
    trusting_for(app, account, role, service, None)
}

/// The same for a service that works for a resource, `aws:SourceArn`.
pub fn trusting_for(app: &App, account: &AccountId, role: &str, service: &str, source: Option<&str>) -> Option<Role> {
    let name = Arn::parse(role).ok()?.resource_name().to_owned();
    let iam = app.store.read().accounts.get(account)?.iam.visible();
    let found = iam.role(&name).filter(|known| known.arn(account) == role)?;
    let trust = NamedPolicy::new("trust policy", PolicyDocument::parse(&found.trust).ok()?);
    let mut context = Context::new().with("aws:SourceAccount", account.as_str());
    if let Some(source) = source {
        context = context.with("aws:SourceArn", source);
    }
    let request = Request {
        principal: Principal::service(service),
        action: "sts:AssumeRole".into(),
        resource: role.to_owned(),
        resource_account: account.clone(),
        context,
    };
    let resource_control = limits::on_resources(app, account, &request.action);
    let policies = Policies {
        resource: Some(&trust),
        resource_control: resource_control.as_ref().map(|levels| levels.as_slice()),
        resource_kind: ResourceKind::Trust,
        ..Policies::default()
    };
    (decide(&request, &policies) == Decision::Allowed).then(|| found.clone())
}
