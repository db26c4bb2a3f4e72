//! What is kept of it, by account and region.

use super::actor::Actor;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A key and a value.
pub type Tags = BTreeMap<String, String>;
/// A resource's properties, or its attributes.
pub type Members = Map<String, Value>;

/// How many events of a stack are kept.
const EVENTS: usize = 2000;
/// How many deleted stacks are kept.
const DELETED: usize = 50;

/// What an account has in a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Stacks {
    /// The stacks by ID, those that were deleted among them: they are found by their ID for some time.
    pub stacks: BTreeMap<String, Stack>,
}

/// A stack.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Stack {
    pub id: String,
    pub name: String,
    pub created: Timestamp,
    pub updated: Option<Timestamp>,
    pub deleted: Option<Timestamp>,
    pub status: String,
    pub reason: Option<String>,
    /// What it was last asked to be.
    pub version: Version,
    /// The service role, kept for later operations.
    pub role: Option<String>,
    pub on_failure: OnFailure,
    pub timeout_minutes: Option<i64>,
    pub notification_arns: Vec<String>,
    /// Termination protection.
    pub protected: bool,
    pub outputs: Vec<Output>,
    /// Names of the exports that it imports.
    pub imports: Vec<String>,
    /// Its resources by logical ID, also those that a rollback or a deletion took away.
    pub resources: BTreeMap<String, Resource>,
    /// Oldest first.
    pub events: Vec<Event>,
    pub change_sets: Vec<ChangeSet>,
    /// The change set that made it what it is.
    pub change_set: Option<String>,
    /// What is being done to it. While there is something, somebody works on it.
    pub work: Option<Work>,
    /// A rollback that failed, to be continued.
    pub unfinished: Option<Box<Work>>,
}

/// What a stack is asked to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Version {
    pub template: String,
    /// Keys and given values, in the order of the template.
    pub parameters: Vec<(String, String)>,
    pub tags: Tags,
    pub capabilities: Vec<String>,
}

/// An output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Output {
    pub key: String,
    pub value: String,
    pub description: Option<String>,
    pub export: Option<String>,
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// What was done is taken back.
    #[default]
    Rollback,
    /// What was done stays.
    DoNothing,
    /// The stack is deleted.
    Delete,
}

/// A resource of a stack.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Resource {
    pub logical: String,
    pub resource_type: String,
    /// What `Ref` gives.
    pub physical: Option<String>,
    /// What `Fn::GetAtt` gives.
    pub attributes: Members,
    /// As they were last carried out.
    pub properties: Members,
    /// The stack's tags that it was given.
    pub tags: Tags,
    pub status: String,
    pub reason: Option<String>,
    pub updated: Timestamp,
    pub description: Option<String>,
    pub metadata: Option<String>,
    /// What it was made after.
    pub depends: Vec<String>,
    /// Whether it stays when it leaves the stack.
    pub retain: bool,
    /// Whether it stays only if the stack's creation went well.
    pub retain_except_on_create: bool,
    /// Whether the old one stays when it is replaced.
    pub retain_replaced: bool,
    /// Ends generated names; kept, so that an interrupted creation finds its name again.
    pub unique: String,
    /// What an update that was not finished tried to make it.
    pub attempted: Option<Members>,
    /// Whether that update makes it anew.
    pub replacing: bool,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Event {
    pub id: String,
    pub at: Timestamp,
    pub logical: String,
    pub physical: String,
    pub resource_type: String,
    pub status: String,
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub token: Option<String>,
}

/// What is being done to a stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Work {
    /// Other work has another one.
    pub id: String,
    pub kind: Kind,
    pub phase: Phase,
    /// Whose permissions it has.
    pub actor: Actor,
    pub on_failure: OnFailure,
    /// `ClientRequestToken`.
    #[serde(default)]
    pub token: Option<String>,
    /// When a creation takes too long.
    #[serde(default)]
    pub deadline: Option<Timestamp>,
    /// Whether somebody cancelled the update.
    #[serde(default)]
    pub cancelled: bool,
    /// The resources before the update.
    #[serde(default)]
    pub before: BTreeMap<String, Resource>,
    /// What the stack was before the update.
    #[serde(default)]
    pub former: Option<Version>,
    /// What is deleted when everything else is done: what was replaced, or what a failed update made.
    #[serde(default)]
    pub leftovers: Vec<Resource>,
    /// Resources that a deletion leaves alone, or that the continuation of a rollback skips.
    #[serde(default)]
    pub skip: Vec<String>,
    /// The stack's status before, for a deletion that is called off.
    #[serde(default)]
    pub status_before: String,
}

/// Which operation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// CreateStack, or a change set that creates.
    Create,
    /// UpdateStack, or a change set that updates.
    Update,
    /// DeleteStack.
    Delete,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Resources are made and changed.
    Forward,
    /// A failed update is taken back.
    Rollback,
    /// What is left over is deleted.
    Cleanup,
    /// The resources are deleted: of a deletion or of a creation that failed.
    Delete,
}

/// A change set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct ChangeSet {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub status: String,
    pub reason: Option<String>,
    pub execution: String,
    pub creates: bool,
    pub version: Version,
    pub role: Option<String>,
    pub notification_arns: Vec<String>,
    /// `OnStackFailure`.
    pub on_failure: Option<OnFailure>,
    /// As DescribeChangeSet has them, with property values.
    pub changes: Vec<Value>,
    /// Which parameters are masked.
    pub masked: Vec<String>,
}

impl Stacks {
    /// The stack of a name or an ID; by its ID also one that was deleted.
    pub fn find(&self, name_or_id: &str) -> Option<&Stack> {
        self.stacks.get(name_or_id).or_else(|| self.named(name_or_id))
    }
    /// The stack of that name that was not deleted.
    pub fn named(&self, name: &str) -> Option<&Stack> {
        self.stacks.values().find(|stack| stack.name == name && stack.deleted.is_none())
    }
    /// The value of an export and the stack that exports it.
    pub fn export(&self, name: &str) -> Option<(&Stack, &Output)> {
        self.exports().find(|(_, output)| output.export.as_deref() == Some(name))
    }
    /// All exports.
    pub fn exports(&self) -> impl Iterator<Item = (&Stack, &Output)> {
        let there = self.stacks.values().filter(|stack| stack.deleted.is_none());
        there.flat_map(|stack| stack.outputs.iter().map(move |output| (stack, output)))
    }
    /// The names of the stacks that import an export.
    pub fn importers(&self, name: &str) -> Vec<&str> {
        let there = self.stacks.values().filter(|stack| stack.deleted.is_none());
        there.filter(|stack| stack.imports.iter().any(|known| known == name)).map(|stack| stack.name.as_str()).collect()
    }
    /// Drops the oldest of the deleted stacks.
    pub fn forget(&mut self) {
        let mut deleted: Vec<(Timestamp, String)> =
            self.stacks.values().filter_map(|stack| Some((stack.deleted?, stack.id.clone()))).collect();
        deleted.sort();
        let many = deleted.len().saturating_sub(DELETED);
        for (_, id) in deleted.into_iter().take(many) {
            self.stacks.remove(&id);
        }
    }
}

impl Stack {
    /// The type that the stack itself has in its events.
    pub const TYPE: &'static str = "AWS::CloudFormation::Stack";

    /// Notes an event.
    pub fn note(&mut self, event: Event) {
        self.events.push(event);
        let many = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..many);
    }
    /// Gives it a status, as an event too.
    pub fn set_status(&mut self, now: Timestamp, status: &str, reason: Option<&str>) {
        status.clone_into(&mut self.status);
        self.reason = reason.map(str::to_owned);
        let event = Event {
            id: crate::ids::request(),
            at: now,
            logical: self.name.clone(),
            physical: self.id.clone(),
            resource_type: Self::TYPE.into(),
            status: status.to_owned(),
            reason: self.reason.clone(),
            token: self.work.as_ref().and_then(|work| work.token.clone()),
        };
        self.note(event);
    }
    /// Gives a resource a status, as an event too; one that is not there is noted only.
    pub fn set_resource(&mut self, now: Timestamp, of: &Resource, status: &str, reason: Option<&str>) {
        if let Some(known) = self.resources.get_mut(&of.logical) {
            status.clone_into(&mut known.status);
            known.reason = reason.map(str::to_owned);
            known.updated = now;
        }
        self.note_resource(now, of, status, reason);
    }
    /// Notes an event of a resource.
    pub fn note_resource(&mut self, now: Timestamp, of: &Resource, status: &str, reason: Option<&str>) {
        let event = Event {
            id: format!("{}-{status}-{}", of.logical, super::show::moment(now)),
            at: now,
            logical: of.logical.clone(),
            physical: of.physical.clone().unwrap_or_default(),
            resource_type: of.resource_type.clone(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            token: self.work.as_ref().and_then(|work| work.token.clone()),
        };
        self.note(event);
    }
    /// Its resources that are there.
    pub fn present(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values().filter(|resource| resource.is_present())
    }
}

impl Resource {
    /// Whether it was not taken away.
    pub fn is_present(&self) -> bool {
        self.status != "DELETE_COMPLETE" && self.status != "DELETE_SKIPPED"
    }
    /// Whether the last thing done to it went well.
    pub fn is_complete(&self) -> bool {
        ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&self.status.as_str())
    }
}
