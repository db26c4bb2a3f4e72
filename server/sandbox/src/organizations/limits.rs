//! What an organisation's policies mean for a request: the levels that bind an account, parsed and kept for as long as
//! the organisation does not change.
//!
//! Rules: Organizations user guide, "Service control policies", "Resource control policies".

use super::model::{Organization, PolicyType};
use crate::app::App;
use domain::evaluate::{Context, NamedPolicy};
use domain::names::AccountId;
use domain::policy::PolicyDocument;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// The policies that bind an account, a list a level from the root down.
pub type Levels = Vec<Vec<NamedPolicy>>;

/// The services whose resources resource control policies bind, by the prefix of their actions.
///
/// Source: Organizations user guide, "Resource control policies", "AWS services that support RCPs".
pub const RCP_SERVICES: [&str; 11] = [
    "s3:",
    "sts:",
    "sqs:",
    "kms:",
    "secretsmanager:",
    "cognito-idp:",
    "cognito-identity:",
    "logs:",
    "dynamodb:",
    "ecr:",
    "aoss:",
];

/// Levels with the revision of the organisation they were made from.
type Parsed = (u64, Arc<Levels>);

/// Parsed levels.
#[derive(Default)]
pub struct LimitCache {
    known: RwLock<HashMap<(AccountId, PolicyType), Parsed>>,
}

/// The service control policies that bind an account's principals. The management account is bound by none.
pub fn on_principals(app: &App, account: &AccountId) -> Option<Arc<Levels>> {
    levels(app, account, PolicyType::ServiceControl)
}

/// The resource control policies that bind an account's resources when `action` is asked for.
pub fn on_resources(app: &App, account: &AccountId, action: &str) -> Option<Arc<Levels>> {
    let bound = RCP_SERVICES.iter().any(|service| action.starts_with(service));
    bound.then(|| levels(app, account, PolicyType::ResourceControl))?
}

fn visible(app: &App) -> Arc<Option<Organization>> {
    app.store.read().organization.visible()
}

fn levels(app: &App, account: &AccountId, kind: PolicyType) -> Option<Arc<Levels>> {
    let organization = visible(app);
    let organization = organization.as_ref().as_ref()?;
    if organization.management == *account || !organization.enabled.contains(&kind) {
        return None;
    }
    let key = (account.clone(), kind);
    if let Some((revision, levels)) = app.limits.known.read().get(&key)
        && *revision == organization.revision
    {
        return Some(Arc::clone(levels));
    }
    let path = organization.path(account)?;
    let levels = Arc::new(path.iter().map(|target| at_level(organization, target, kind)).collect::<Levels>());
    app.limits.known.write().insert(key, (organization.revision, Arc::clone(&levels)));
    Some(levels)
}

fn at_level(organization: &Organization, target: &str, kind: PolicyType) -> Vec<NamedPolicy> {
    let attached = organization.attached.get(target);
    let is_attached = |id: &str| attached.is_some_and(|ids| ids.contains(id));
    let policies = organization.of_kind(kind).filter(|(id, ..)| is_attached(id));
    // Documents were parsed when they were stored.
    policies
        .filter_map(|(_, name, _, content)| Some(NamedPolicy::new(name, PolicyDocument::parse(content).ok()?)))
        .collect()
}

/// Adds the condition keys that tell which organisation somebody or something is of.
pub fn describe(app: &App, context: &mut Context, principal: &AccountId, resource: &AccountId) {
    let organization = visible(app);
    let Some(organization) = organization.as_ref().as_ref() else { return };
    for (who, account) in [("Principal", principal), ("Resource", resource)] {
        if let Some(path) = organization.org_path(account) {
            context.set(&format!("aws:{who}OrgID"), vec![organization.id.clone()]);
            context.set(&format!("aws:{who}OrgPaths"), vec![path]);
        }
    }
}
