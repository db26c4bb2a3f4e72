//! How a pipeline is declared: the structure that CreatePipeline takes and GetPipeline gives.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A pipeline's structure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Declaration {
    pub name: String,
    pub role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_store: Option<ArtifactStore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_stores: Option<BTreeMap<String, ArtifactStore>>,
    pub stages: Vec<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Value>,
}

/// Where artifacts go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ArtifactStore {
    #[serde(rename = "type")]
    pub kind: String,
    pub location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<EncryptionKey>,
}

/// What they are encrypted with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct EncryptionKey {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// A variable of the pipeline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Variable {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Stage {
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Value>,
    pub actions: Vec<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_success: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_entry: Option<Value>,
}

/// An action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Action {
    pub name: String,
    pub action_type_id: ActionTypeId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_order: Option<i64>,
    pub configuration: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Value>,
    pub output_artifacts: Vec<ArtifactName>,
    pub input_artifacts: Vec<ArtifactName>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output_variables: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_in_minutes: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment_variables: Vec<Value>,
}

/// What an action is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct ActionTypeId {
    pub category: String,
    pub owner: String,
    pub provider: String,
    pub version: String,
}

/// An artifact that goes in or comes out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct ArtifactName {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<String>>,
}

impl Action {
    /// When it runs within its stage.
    pub fn order(&self) -> i64 {
        self.run_order.unwrap_or(1)
    }
}

impl Declaration {
    /// Whether a newer execution overtakes one that waits.
    pub fn supersedes(&self) -> bool {
        self.execution_mode.as_deref() != Some("QUEUED")
    }
    /// Where artifacts go in a region.
    pub fn store(&self, region: &str) -> Option<&ArtifactStore> {
        self.artifact_store.as_ref().or_else(|| self.artifact_stores.as_ref()?.get(region))
    }
    /// A stage.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
    /// An action of a stage.
    pub fn action(&self, stage: &str, name: &str) -> Option<&Action> {
        self.stage(stage)?.actions.iter().find(|action| action.name == name)
    }
    /// What the API leaves to defaults, said.
    pub fn completed(mut self, version: u64) -> Self {
        self.version = Some(version);
        self.execution_mode.get_or_insert_with(|| "SUPERSEDED".into());
        self.pipeline_type.get_or_insert_with(|| "V1".into());
        for action in self.stages.iter_mut().flat_map(|stage| &mut stage.actions) {
            action.run_order.get_or_insert(1);
        }
        self
    }
}
