//! IAM as far as plans use it: strict where IAM is, so that a plan in the wrong order fails here too.

use domain::arn::{Arn, CallerArn, CallerKind};
use domain::endpoint::{EndpointStatus, EndpointView};
use domain::names::PolicyName;
use domain::policy::PolicyDocument;
use domain::share::intent::{CallerScope, EndpointScope, ShareIntent};
use domain::share::inventory::{
    ChildInventory, ObservedGrantee, ObservedPolicy, ObservedRole, ObservedVersion, ShareInventory,
};
use domain::share::plan::{Action, Holder, PastRun, Plan, VersionRef};
use domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub versions: BTreeMap<u32, String>,
    pub default: u32,
    pub tags: BTreeMap<String, String>,
    pub groups: Vec<String>,
    pub description: String,
    /// Tells policies of the same name apart: when it was made.
    pub born: i64,
    next: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub trust: String,
    pub seconds: u32,
    pub tags: BTreeMap<String, String>,
    pub inline: BTreeMap<PolicyName, String>,
    pub boundary: Option<Arn>,
    pub description: String,
    pub id: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    pub policies: BTreeMap<String, Policy>,
    pub roles: BTreeMap<String, Role>,
    pub attached: BTreeSet<(CallerArn, String)>,
    /// Not IAM's: whom the runs attached the grant to, as services read it from the journals.
    pub attached_by_us: BTreeSet<CallerArn>,
    /// Roles and users of the child that are gone: IAM takes no trust policy that names them.
    pub gone: BTreeSet<CallerArn>,
    /// Endpoints that are not as they were: what is there instead, if anything.
    pub endpoints: BTreeMap<String, Option<(EndpointStatus, i64)>>,
}

/// A document in one spelling, for comparing.
fn canonical(text: &str) -> String {
    PolicyDocument::parse(text).unwrap().pretty()
}

impl Policy {
    pub fn of(documents: &[&str], tags: &[(&str, &str)]) -> Self {
        let versions: BTreeMap<u32, String> = (1..).zip(documents.iter().map(|d| canonical(d))).collect();
        let default = versions.len() as u32;
        Self {
            versions,
            default,
            next: default + 1,
            tags: owned(tags),
            groups: Vec::new(),
            description: String::new(),
            born: 0,
        }
    }
    /// Puts another document in force, as a hand in the console would.
    pub fn change(&mut self, document: &str) {
        if self.versions.len() == 5 {
            let oldest = *self.versions.keys().find(|n| **n != self.default).unwrap();
            self.versions.remove(&oldest);
        }
        self.versions.insert(self.next, canonical(document));
        self.default = self.next;
        self.next += 1;
    }
    /// What counts when two states are compared: numbers given to versions made in between do not.
    pub fn settled(&self) -> (String, BTreeSet<u32>, BTreeMap<String, String>) {
        (self.versions[&self.default].clone(), self.versions.keys().copied().collect(), self.tags.clone())
    }
}

impl Role {
    pub fn of(trust: &str, seconds: u32, tags: &[(&str, &str)]) -> Self {
        Self {
            trust: canonical(trust),
            seconds,
            tags: owned(tags),
            inline: BTreeMap::new(),
            boundary: None,
            description: String::new(),
            id: "AROAEXAMPLEEXAMPLE01".into(),
        }
    }
}

pub fn owned(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

impl Model {
    /// Carries out a plan step by step and checks that each step comes after those it waits for.
    pub fn execute(&mut self, plan: &Plan) -> PastRun {
        self.execute_some(plan, plan.steps.len())
    }

    /// Carries out the first `count` steps.
    pub fn execute_some(&mut self, plan: &Plan, count: usize) -> PastRun {
        let mut past = PastRun { plan: plan.clone(), attempted: BTreeSet::new(), results: BTreeMap::new() };
        for step in plan.steps.iter().take(count) {
            assert!(step.after.iter().all(|id| past.attempted.contains(id)), "{} waits for a later step", step.id);
            assert!(past.attempted.insert(step.id.clone()), "step id {} is there twice", step.id);
            if let Some(result) = self.call(&step.action) {
                past.results.insert(step.id.clone(), result);
            }
        }
        past
    }

    fn call(&mut self, action: &Action) -> Option<String> {
        match action {
            Action::CreatePolicy { arn, document, tags, description, .. } => {
                let made = Policy::of(&[document], &[]);
                let policy = Policy { tags: tags.clone(), description: description.clone(), ..made };
                assert!(self.policies.insert(arn.to_string(), policy).is_none(), "{arn} exists");
            }
            Action::CreatePolicyVersion { policy, document, .. } => {
                let policy = self.policies.get_mut(policy.as_str()).unwrap();
                assert!(policy.versions.len() < 5, "a sixth version");
                let number = policy.next;
                policy.versions.insert(number, canonical(document));
                policy.default = number;
                policy.next += 1;
                return Some(format!("v{number}"));
            }
            Action::DeletePolicyVersion { policy, version } => {
                let VersionRef::Id(id) = version else { panic!("plans name versions") };
                let policy = self.policies.get_mut(policy.as_str()).unwrap();
                let number = number(id);
                assert_ne!(policy.default, number, "the default version can't be deleted");
                assert!(policy.versions.remove(&number).is_some(), "{id} is not there");
            }
            Action::SetDefaultPolicyVersion { policy, version, .. } => {
                let policy = self.policies.get_mut(policy.as_str()).unwrap();
                assert!(policy.versions.contains_key(&number(version)));
                policy.default = number(version);
            }
            Action::DeletePolicy { policy } => {
                assert!(!self.attached.iter().any(|(_, arn)| arn == policy.as_str()), "still attached");
                assert!(self.policies[policy.as_str()].groups.is_empty(), "still attached to a group");
                let gone = self.policies.remove(policy.as_str()).unwrap();
                assert_eq!(gone.versions.len(), 1, "versions are left");
            }
            Action::TagPolicy { policy, tags, .. } => {
                self.policies.get_mut(policy.as_str()).unwrap().tags.extend(tags.clone());
            }
            Action::UntagPolicy { policy, keys } => {
                self.policies.get_mut(policy.as_str()).unwrap().tags.retain(|key, _| !keys.contains(key));
            }
            Action::Attach { to, policy } => {
                assert!(self.policies.contains_key(policy.as_str()), "{policy} is not there");
                self.attached.insert((to.clone(), policy.to_string()));
                self.attached_by_us.insert(to.clone());
            }
            Action::Detach { from, policy } => {
                assert!(self.attached.remove(&(from.clone(), policy.to_string())), "not attached");
                self.attached_by_us.remove(from);
            }
            _ => self.call_role(action),
        }
        None
    }

    fn call_role(&mut self, action: &Action) {
        match action {
            Action::CreateRole { name, trust, max_session_seconds, tags, description, .. } => {
                self.must_name_the_living(trust);
                let made = Role::of(trust, *max_session_seconds, &[]);
                let role = Role { tags: tags.clone(), description: description.clone(), ..made };
                assert!(self.roles.insert(name.to_string(), role).is_none(), "{name} exists");
            }
            Action::UpdateTrust { role, trust, .. } => {
                self.must_name_the_living(trust);
                self.roles.get_mut(role.as_str()).unwrap().trust = canonical(trust);
            }
            Action::UpdateMaxSession { role, seconds, .. } => {
                self.roles.get_mut(role.as_str()).unwrap().seconds = *seconds;
            }
            Action::DeleteRole { role } => {
                let held = |(who, _): &(CallerArn, String)| {
                    who.account().as_str() == crate::PARENT && who.name() == role.as_str()
                };
                assert!(!self.attached.iter().any(held), "policies are attached");
                assert!(self.roles[role.as_str()].inline.is_empty(), "inline policies are left");
                assert!(self.roles.remove(role.as_str()).is_some());
            }
            Action::TagRole { role, tags, .. } => self.roles.get_mut(role.as_str()).unwrap().tags.extend(tags.clone()),
            Action::UntagRole { role, keys } => {
                self.roles.get_mut(role.as_str()).unwrap().tags.retain(|key, _| !keys.contains(key));
            }
            Action::DeleteInlinePolicy { holder: Holder::Role(role), name, .. } => {
                let role = self.roles.get_mut(role.as_str()).unwrap();
                assert!(role.inline.remove(name).is_some(), "{name} is not there");
            }
            Action::RemoveBoundary { role, .. } => {
                assert!(self.roles.get_mut(role.as_str()).unwrap().boundary.take().is_some(), "there is no boundary");
            }
            other => panic!("not a role's action: {other:?}"),
        }
    }

    fn must_name_the_living(&self, trust: &str) {
        assert!(!trust.contains("\"AROA") && !trust.contains("\"AIDA"), "Invalid principal in policy");
        let dead = self.gone.iter().find(|gone| trust.contains(&format!("\"{gone}\"")));
        assert!(dead.is_none(), "Invalid principal in policy: {dead:?}");
    }

    /// Deletes a role or user of the child: trust policies show its id from now on, and it holds nothing.
    pub fn bury(&mut self, caller: &CallerArn) {
        let id = match caller.kind() {
            CallerKind::Role => "AROABURIED0000000001",
            CallerKind::User => "AIDABURIED0000000001",
        };
        for role in self.roles.values_mut() {
            role.trust = role.trust.replace(&format!("\"{caller}\""), &format!("\"{id}\""));
        }
        self.attached.retain(|(who, _)| who != caller);
        self.gone.insert(caller.clone());
    }

    pub fn inventory(&self, intent: &ShareIntent) -> ShareInventory {
        let wanted: Vec<CallerArn> = intent.grantees.iter().chain(&intent.console).cloned().collect();
        let grantees = wanted.into_iter().map(|arn| ObservedGrantee {
            exists: !self.gone.contains(&arn),
            attached: self.held_by(&arn),
            arn,
        });
        let named = match &intent.callers {
            CallerScope::Named(named) => named.clone(),
            CallerScope::WholeAccount => BTreeSet::new(),
        };
        let endpoints = match &intent.endpoints {
            EndpointScope::All => Vec::new(),
            EndpointScope::Named(arns) => arns
                .iter()
                .filter_map(|arn| {
                    let there = self.endpoints.get(arn.as_str()).copied();
                    let (status, born) = there.unwrap_or(Some((EndpointStatus::InService, 0)))?;
                    Some(EndpointView {
                        name: arn.lower_name().parse().unwrap(),
                        arn: arn.clone(),
                        status,
                        created: Some(Timestamp(born)),
                        runs_on: Some("ml.m5.large".into()),
                        failure_reason: None,
                        results: None,
                    })
                })
                .collect(),
        };
        ShareInventory {
            policy: self.policy(&intent.policy_arn()),
            role: self.role(intent),
            endpoints,
            child: intent.child_connection.is_some().then(|| ChildInventory {
                policy: self.policy(&intent.grant_arn()),
                grantees: grantees.collect(),
                missing_callers: self.gone.intersection(&named).cloned().collect(),
                attached_by_us: self.attached_by_us.iter().filter(|c| c.account() == intent.child).cloned().collect(),
                ..ChildInventory::default()
            }),
            role_documents: self.role_documents(intent),
            ..ShareInventory::default()
        }
    }

    fn role_documents(&self, intent: &ShareIntent) -> BTreeMap<String, String> {
        let inline = self.roles.get(intent.role_name.as_str()).map(|role| role.inline.clone()).unwrap_or_default();
        inline.into_iter().map(|(name, text)| (name.to_string(), text)).collect()
    }

    fn held_by(&self, who: &CallerArn) -> Vec<Arn> {
        self.attached.iter().filter(|(c, _)| c == who).map(|(_, arn)| arn.parse().unwrap()).collect()
    }

    pub fn policy(&self, arn: &Arn) -> Option<ObservedPolicy> {
        let policy = self.policies.get(arn.as_str())?;
        let names = |kind| {
            let of = self.attached.iter().filter(|(who, what)| what == arn.as_str() && who.kind() == kind);
            of.map(|(who, _)| who.name().to_owned()).collect()
        };
        Some(ObservedPolicy {
            bounding: Vec::new(),
            arn: arn.clone(),
            document: policy.versions[&policy.default].clone(),
            versions: policy
                .versions
                .keys()
                .map(|n| ObservedVersion {
                    id: format!("v{n}"),
                    is_default: *n == policy.default,
                    created: Some(Timestamp(policy.born + i64::from(*n))),
                })
                .collect(),
            tags: policy.tags.clone(),
            attached_roles: names(CallerKind::Role),
            attached_users: names(CallerKind::User),
            attached_groups: policy.groups.clone(),
            description: policy.description.clone(),
        })
    }

    pub fn role(&self, intent: &ShareIntent) -> Option<ObservedRole> {
        let role = self.roles.get(intent.role_name.as_str())?;
        Some(ObservedRole {
            arn: intent.role_arn(),
            unique_id: role.id.clone(),
            trust: role.trust.clone(),
            max_session_seconds: role.seconds,
            description: role.description.clone(),
            attached: self.held_by(&CallerArn::parse(intent.role_arn().as_str()).unwrap()),
            inline: role.inline.keys().cloned().collect(),
            boundary: role.boundary.clone(),
            tags: role.tags.clone(),
        })
    }
}

fn number(id: &str) -> u32 {
    id.trim_start_matches('v').parse().unwrap()
}
