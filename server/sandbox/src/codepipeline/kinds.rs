//! The types of action that the sandbox has.
//!
//! Source: CodePipeline user guide, "Action structure reference".

use super::declaration::ActionTypeId;
use serde_json::{Value, json};

/// A type of action.
pub struct Kind {
    /// What it does in a pipeline.
    pub category: &'static str,
    /// Who does it.
    pub provider: &'static str,
    /// How many artifacts go in: at least, at most.
    pub inputs: (usize, usize),
    /// How many come out.
    pub outputs: (usize, usize),
    /// The keys of its configuration, and whether they must be there.
    pub keys: &'static [(&'static str, bool)],
    /// Where its resource is shown.
    pub entity_url: &'static str,
}

/// All of them.
pub const KINDS: [Kind; 6] = [
    Kind {
        category: "Source",
        provider: "CodeCommit",
        inputs: (0, 0),
        outputs: (1, 1),
        keys: &[
            ("RepositoryName", true),
            ("BranchName", true),
            ("PollForSourceChanges", false),
            ("OutputArtifactFormat", false),
        ],
        entity_url: "https://console.aws.amazon.com/codecommit/home#/repository/{Config:RepositoryName}/browse/{Config:BranchName}/--/",
    },
    Kind {
        category: "Source",
        provider: "S3",
        inputs: (0, 0),
        outputs: (1, 1),
        keys: &[
            ("S3Bucket", true),
            ("S3ObjectKey", true),
            ("PollForSourceChanges", false),
            ("AllowOverrideForS3ObjectKey", false),
        ],
        entity_url: "https://console.aws.amazon.com/s3/home?#",
    },
    Kind {
        category: "Deploy",
        provider: "CloudFormation",
        inputs: (0, 10),
        outputs: (0, 1),
        keys: &[
            ("ActionMode", true),
            ("StackName", true),
            ("Capabilities", false),
            ("ChangeSetName", false),
            ("RoleArn", false),
            ("TemplatePath", false),
            ("TemplateConfiguration", false),
            ("ParameterOverrides", false),
            ("OutputFileName", false),
        ],
        entity_url: "https://console.aws.amazon.com/cloudformation/home?region={Region}#/stacks?filter=active&tab=overview",
    },
    Kind {
        category: "Invoke",
        provider: "Lambda",
        inputs: (0, 5),
        outputs: (0, 5),
        keys: &[("FunctionName", true), ("UserParameters", false)],
        entity_url: "https://console.aws.amazon.com/lambda/home?region={Region}#/functions/{Config:FunctionName}",
    },
    Kind {
        category: "Invoke",
        provider: "StepFunctions",
        inputs: (0, 1),
        outputs: (0, 1),
        keys: &[("StateMachineArn", true), ("ExecutionNamePrefix", false), ("InputType", false), ("Input", false)],
        entity_url: "https://console.aws.amazon.com/states/home?region={Region}#/statemachines/view/{Config:StateMachineArn}",
    },
    Kind {
        category: "Approval",
        provider: "Manual",
        inputs: (0, 0),
        outputs: (0, 0),
        keys: &[("NotificationArn", false), ("ExternalEntityLink", false), ("CustomData", false)],
        entity_url: "{Config:ExternalEntityLink}",
    },
];

/// The type that an action is of.
pub fn find(id: &ActionTypeId) -> Option<&'static Kind> {
    let fits = |kind: &&Kind| kind.category == id.category && kind.provider == id.provider;
    KINDS.iter().find(fits).filter(|_| id.owner == "AWS" && id.version == "1")
}

impl Kind {
    /// As ListActionTypes shows it.
    pub fn shown(&self) -> Value {
        let key = |(name, required): &(&str, bool)| json!({ "name": name, "required": required, "key": required, "secret": false, "queryable": false });
        json!({
            "id": { "category": self.category, "owner": "AWS", "provider": self.provider, "version": "1" },
            "settings": { "entityUrlTemplate": self.entity_url, "executionUrlTemplate": self.entity_url },
            "actionConfigurationProperties": self.keys.iter().map(key).collect::<Vec<_>>(),
            "inputArtifactDetails": { "minimumCount": self.inputs.0, "maximumCount": self.inputs.1 },
            "outputArtifactDetails": { "minimumCount": self.outputs.0, "maximumCount": self.outputs.1 },
        })
    }
    /// Where an action's resource is shown, if it has a place.
    pub fn entity(&self, region: &str, look_up: impl Fn(&str) -> Option<String>) -> Option<String> {
        let mut url = self.entity_url.replace("{Region}", region);
        for (key, _) in self.keys {
            let place = format!("{{Config:{key}}}");
            if url.contains(&place) {
                url = url.replace(&place, &look_up(key)?);
            }
        }
        Some(url)
    }
}
