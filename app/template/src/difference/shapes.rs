//! The shapes of DescribeChangeSet. They serialise as AWS's own.
//!
//! Source: CloudFormation API reference, `ResourceChange`, `ResourceChangeDetail`, `ResourceTargetDefinition`.

use serde::Serialize;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ChangeAction {
    /// It is made.
    Add,
    /// It is changed, perhaps by making it anew.
    Modify,
    /// It leaves the stack.
    Remove,
}

/// What happens to what a resource stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PolicyAction {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It is deleted after a snapshot.
    Snapshot,
    /// It is replaced, and the old one deleted.
    ReplaceAndDelete,
    /// It is replaced, and the old one stays.
    ReplaceAndRetain,
    /// It is replaced, and the old one deleted after a snapshot.
    ReplaceAndSnapshot,
}

/// Whether a resource is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Replacement {
    /// No.
    False,
    /// It depends on values that are not known yet, or on how the property changes.
    Conditional,
    /// Yes.
    True,
}

/// What of a resource changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ResourceAttribute {
    /// A property.
    Properties,
    /// The metadata.
    Metadata,
    /// The creation policy.
    CreationPolicy,
    /// The update policy.
    UpdatePolicy,
    /// The deletion policy.
    DeletionPolicy,
    /// The policy for replacing updates.
    UpdateReplacePolicy,
    /// The tags.
    Tags,
}

/// Whether a change of a property makes its resource anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RequiresRecreation {
    /// No.
    Never,
    /// It depends on how it changes.
    Conditionally,
    /// Yes.
    Always,
}

/// Whether the new value is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Evaluation {
    /// It is, and it differs.
    Static,
    /// Only the execution shows whether it differs.
    Dynamic,
}

/// Why a value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ChangeSource {
    /// A `Ref` of a resource that is made anew.
    ResourceReference,
    /// A `Ref` of a parameter with another value.
    ParameterReference,
    /// An `Fn::GetAtt` of a resource that changes.
    ResourceAttribute,
    /// The template says something else.
    DirectModification,
    /// A nested stack, whose own template may have changed.
    Automatic,
}

/// What happens to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AttributeChangeType {
    /// It was not there.
    Add,
    /// It is there no more.
    Remove,
    /// It is another.
    Modify,
}

/// A change of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceChange {
    /// What happens to what it stands for, where something is replaced or removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_action: Option<PolicyAction>,
    /// What happens to it.
    pub action: ChangeAction,
    /// Its name in the template.
    pub logical_resource_id: String,
    /// Its physical ID, unless it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_resource_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Whether it is made anew; for modifications only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    /// What of it changes; for modifications only.
    pub scope: Vec<ResourceAttribute>,
    /// How it changes; for modifications only.
    pub details: Vec<ResourceChangeDetail>,
}

/// One reason for a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceChangeDetail {
    /// What changes.
    pub target: Target,
    /// Whether the new value is known.
    pub evaluation: Evaluation,
    /// Why it changes.
    pub change_source: ChangeSource,
    /// The parameter, the resource or the resource and attribute that make it change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causing_entity: Option<String>,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// What of the resource.
    pub attribute: ResourceAttribute,
    /// The property's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether this makes the resource anew.
    pub requires_recreation: RequiresRecreation,
    /// `/Properties/Name`; with property values only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The value that was, masked where it has parameters with NoEcho; with property values only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_value: Option<String>,
    /// The value that will be, as far as it is known; with property values only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_value: Option<String>,
    /// What happens to it; with property values only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_change_type: Option<AttributeChangeType>,
}

impl ResourceChange {
    /// As DescribeChangeSet answers without `IncludePropertyValues`.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        for detail in &mut self.details {
            let target = &mut detail.target;
            (target.path, target.attribute_change_type) = (None, None);
            (target.before_value, target.after_value) = (None, None);
        }
        self
    }
}
