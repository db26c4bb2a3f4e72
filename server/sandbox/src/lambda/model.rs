//! What is kept of functions, and how it is shown.

use domain::names::{AccountId, Region};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The functions of an account in a region, by name. Names differ by case.
pub type Functions = BTreeMap<String, Function>;

/// A function.
#[derive(Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Function {
    pub name: String,
    /// `python3.13`.
    pub runtime: String,
    /// `module.function`.
    pub handler: String,
    /// The execution role's ARN.
    pub role: String,
    pub description: String,
    /// Seconds.
    pub timeout: u32,
    /// Megabytes.
    pub memory: u32,
    pub environment: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub package: Package,
    pub modified: Timestamp,
    /// Until then it is `Pending`.
    pub active_from: Timestamp,
    /// Until then its last update is `InProgress`; `None`: it was never updated.
    pub updated_at: Option<Timestamp>,
    /// Changes with every change.
    pub revision: String,
}

/// A deployment package: a file of the sandbox's folder, named by what is in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The file's name: the SHA-256, in hexadecimal.
    pub file: String,
    /// The SHA-256, in base64, as results show it.
    pub sha256: String,
    /// Bytes of the zip file.
    pub size: u64,
}

/// The ARN of a function.
pub fn arn(region: &Region, account: &AccountId, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{account}:function:{name}")
}

impl Function {
    /// `Pending` or `Active`.
    pub fn state(&self, now: Timestamp) -> &'static str {
        if now < self.active_from { "Pending" } else { "Active" }
    }
    /// Whether an update is under way.
    pub fn is_updating(&self, now: Timestamp) -> bool {
        self.updated_at.is_some_and(|at| now < at)
    }
    /// What lists show: a subset without the states.
    pub fn listed(&self, arn: &str) -> Value {
        let seconds = self.modified.rfc3339();
        let mut shown = json!({
            "FunctionName": self.name,
            "FunctionArn": arn,
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "CodeSize": self.package.size,
            "Description": self.description,
            "Timeout": self.timeout,
            "MemorySize": self.memory,
            "LastModified": format!("{}.{:03}+0000", seconds.trim_end_matches('Z'), self.modified.0.rem_euclid(1000)),
            "CodeSha256": self.package.sha256,
            "Version": LATEST,
            "TracingConfig": { "Mode": "PassThrough" },
            "RevisionId": self.revision,
            "PackageType": "Zip",
            "Architectures": ["x86_64"],
            "EphemeralStorage": { "Size": 512 },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": log_group(&self.name) },
        });
        if !self.environment.is_empty() {
            shown["Environment"] = json!({ "Variables": self.environment });
        }
        shown
    }
    /// What describing it shows.
    pub fn described(&self, arn: &str, now: Timestamp) -> Value {
        let mut shown = self.listed(arn);
        shown["State"] = self.state(now).into();
        if now < self.active_from {
            shown["StateReason"] = "The function is being created.".into();
            shown["StateReasonCode"] = "Creating".into();
        } else if self.is_updating(now) {
            shown["LastUpdateStatus"] = "InProgress".into();
            shown["LastUpdateStatusReason"] = "The function is being created.".into();
            shown["LastUpdateStatusReasonCode"] = "Creating".into();
        } else {
            shown["LastUpdateStatus"] = "Successful".into();
        }
        shown
    }
}

/// The only version there is here.
pub const LATEST: &str = "$LATEST";

/// Where the function's log would be.
pub fn log_group(name: &str) -> String {
    format!("/aws/lambda/{name}")
}
