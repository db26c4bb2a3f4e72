//! A plan of undoing, played through on what was observed.

use super::{
    Action, BTreeMap, BTreeSet, Forecast, Holder, ObservedPolicy, Outcome, ShareIntent, ShareInventory, Step,
    VersionRef,
};
use crate::arn::{Arn, CallerKind};
use crate::names::PolicyName;
use crate::policy::PolicyDocument;
use crate::share::plan::Standing;

/// How many versions a managed policy may have (IAM user guide, "IAM and AWS STS quotas").
const VERSIONS: usize = 5;

pub(super) fn forecast(intent: &ShareIntent, inventory: &ShareInventory, steps: &[Step]) -> Vec<Forecast> {
    let mut stage = Stage::set(inventory);
    let mut stopped: BTreeMap<&str, &str> = BTreeMap::new();
    let mut told = Vec::with_capacity(steps.len());
    for step in steps {
        let behind = step.after.iter().find_map(|id| stopped.get(id.as_str()).copied());
        let outcome = match behind {
            Some(title) => Outcome::Waits { behind: title.to_owned() },
            None => match stage.play(intent, &step.action) {
                Ok(()) => Outcome::Works,
                Err(reason) => Outcome::Blocked { reason },
            },
        };
        if outcome != Outcome::Works {
            stopped.insert(&step.id, &step.title);
        }
        told.push(Forecast {
            step: step.id.clone(),
            title: step.title.clone(),
            side: step.side,
            account: step.account.clone(),
            outcome,
        });
    }
    told
}

/// As much of both accounts as deleting depends on.
struct Stage {
    policies: BTreeMap<Arn, Managed>,
    on_role: BTreeSet<Arn>,
    inline: BTreeSet<PolicyName>,
    missing: BTreeSet<String>,
}

struct Managed {
    holders: BTreeSet<String>,
    bounding: Vec<String>,
    versions: BTreeSet<String>,
    default: String,
}

impl Stage {
    fn set(inventory: &ShareInventory) -> Self {
        let grant = inventory.child.as_ref().and_then(|child| child.policy.as_ref());
        let elsewhere = inventory.elsewhere.iter().filter_map(|one| match &one.standing {
            Standing::Policy(policy) => Some(&**policy),
            _ => None,
        });
        let policies = elsewhere.chain(&inventory.policy).chain(grant).map(|p| (p.arn.clone(), managed(p))).collect();
        let role = inventory.role.as_ref();
        let missing = inventory.child.iter().flat_map(|child| &child.missing_callers);
        Self {
            policies,
            on_role: role.map(|r| r.attached.iter().cloned().collect()).unwrap_or_default(),
            inline: role.map(|r| r.inline.iter().cloned().collect()).unwrap_or_default(),
            missing: missing.map(|caller| caller.to_string()).collect(),
        }
    }

    fn play(&mut self, intent: &ShareIntent, action: &Action) -> Result<(), String> {
        match action {
            Action::Detach { from, policy } => {
                let kind = if from.kind() == CallerKind::Role { "role" } else { "user" };
                if let Some(managed) = self.policies.get_mut(policy) {
                    managed.holders.remove(&format!("{kind}/{}", from.name()));
                }
                if from.arn() == &intent.role_arn() {
                    self.on_role.remove(policy);
                }
                Ok(())
            }
            Action::Attach { to, policy } => {
                if to.arn() == &intent.role_arn() {
                    self.on_role.insert(policy.clone());
                }
                Ok(())
            }
            Action::DeleteInlinePolicy { holder, name, .. } => {
                if *holder == Holder::Role(intent.role_name.clone()) {
                    self.inline.remove(name);
                }
                Ok(())
            }
            Action::DeleteRole { role } => self.delete_role(role.as_str()),
            Action::DeletePolicy { policy } => self.delete_policy(policy),
            Action::DeletePolicyVersion { policy, version } => self.delete_version(policy, version),
            Action::CreatePolicyVersion { policy, .. } => self.create_version(policy),
            Action::SetDefaultPolicyVersion { policy, version, .. } => {
                if let Some(managed) = self.policies.get_mut(policy) {
                    managed.default = version.clone();
                }
                Ok(())
            }
            Action::UpdateTrust { trust, .. } => self.update_trust(trust),
            _ => Ok(()),
        }
    }

    fn delete_role(&self, role: &str) -> Result<(), String> {
        let attached = self.on_role.iter().map(|arn| format!("`{}`", arn.resource_name()));
        let inline = self.inline.iter().map(|name| format!("inline `{name}`"));
        let left: Vec<String> = attached.chain(inline).collect();
        refuse(left, |left| format!("IAM deletes no role that has policies: `{role}` has {left}."))
    }

    fn delete_policy(&self, policy: &Arn) -> Result<(), String> {
        let name = policy.resource_name();
        let Some(managed) = self.policies.get(policy) else { return Ok(()) };
        let holders: Vec<String> = managed.holders.iter().map(|holder| format!("`{holder}`")).collect();
        refuse(holders, |left| format!("IAM deletes no policy that is attached: `{name}` is attached to {left}."))?;
        let bounds: Vec<String> = managed.bounding.iter().map(|holder| format!("`{holder}`")).collect();
        refuse(bounds, |left| format!("IAM deletes no policy that is a boundary: `{name}` is that of {left}."))?;
        let spare = managed.versions.iter().filter(|id| **id != managed.default);
        let spare: Vec<String> = spare.map(|id| id.trim_start_matches('v').to_owned()).collect();
        refuse(spare, |left| format!("IAM deletes no policy that has other versions: `{name}` has {left}."))
    }

    fn delete_version(&mut self, policy: &Arn, version: &VersionRef) -> Result<(), String> {
        let (Some(managed), VersionRef::Id(id)) = (self.policies.get_mut(policy), version) else { return Ok(()) };
        if managed.default == *id {
            let (version, name) = (id.trim_start_matches('v'), policy.resource_name());
            return Err(format!("IAM deletes no version that is in force: {version} of `{name}` is."));
        }
        managed.versions.remove(id);
        Ok(())
    }

    fn create_version(&mut self, policy: &Arn) -> Result<(), String> {
        let Some(managed) = self.policies.get_mut(policy) else { return Ok(()) };
        if managed.versions.len() >= VERSIONS {
            return Err(format!("IAM keeps five versions of a policy: `{}` has them.", policy.resource_name()));
        }
        // Its number is not known; nothing after it in a plan of undoing speaks of it.
        managed.default = "new".into();
        managed.versions.insert("new".into());
        Ok(())
    }

    fn update_trust(&self, trust: &str) -> Result<(), String> {
        let Ok(document) = PolicyDocument::parse(trust) else { return Ok(()) };
        let principals = document.statements.iter().filter_map(|s| s.principal.as_ref()).flat_map(|c| &c.principals);
        let texts = principals.map(|p| p.parts().1);
        let gone = texts.filter(|t| t.starts_with("AROA") || t.starts_with("AIDA") || self.missing.contains(*t));
        let gone: Vec<String> = gone.map(|text| format!("`{text}`")).collect();
        refuse(gone, |gone| format!("IAM refuses a trust policy that names who was deleted: {gone}."))
    }
}

fn managed(policy: &ObservedPolicy) -> Managed {
    let roles = policy.attached_roles.iter().map(|name| format!("role/{name}"));
    let users = policy.attached_users.iter().map(|name| format!("user/{name}"));
    let groups = policy.attached_groups.iter().map(|name| format!("group/{name}"));
    Managed {
        holders: roles.chain(users).chain(groups).collect(),
        bounding: policy.bounding.clone(),
        versions: policy.versions.iter().map(|v| v.id.clone()).collect(),
        default: policy.versions.iter().find(|v| v.is_default).map(|v| v.id.clone()).unwrap_or_default(),
    }
}

fn refuse(left: Vec<String>, say: impl Fn(String) -> String) -> Result<(), String> {
    if left.is_empty() { Ok(()) } else { Err(say(left.join(", "))) }
}
