//! Steps in words: verb and object.

use super::{Action, VersionRef};

impl Action {
    /// Verb and object, as steps are listed: `Put policy AllowAssume in role scoring-lambda`.
    pub fn title(&self) -> String {
        let bare = |version: &str| version.strip_prefix('v').unwrap_or(version).to_owned();
        match self {
            Self::CreatePolicy { name, .. } => format!("Create policy {name}"),
            Self::CreatePolicyVersion { policy, .. } => format!("Create a new version of {}", policy.resource_name()),
            Self::DeletePolicyVersion { policy, version: VersionRef::Id(id) } => {
                format!("Delete version {} of {}", bare(id), policy.resource_name())
            }
            Self::DeletePolicyVersion { policy, .. } => format!("Delete the new version of {}", policy.resource_name()),
            Self::SetDefaultPolicyVersion { policy, version, .. } => {
                format!("Put version {} of {} back in force", bare(version), policy.resource_name())
            }
            Self::DeletePolicy { policy } => format!("Delete policy {}", policy.resource_name()),
            Self::TagPolicy { policy, .. } => format!("Tag policy {}", policy.resource_name()),
            Self::UntagPolicy { policy, .. } => format!("Untag policy {}", policy.resource_name()),
            Self::CreateRole { name, .. } => format!("Create role {name}"),
            Self::UpdateTrust { role, .. } => format!("Update the trust policy of {role}"),
            Self::UpdateMaxSession { role, .. } => format!("Update the session duration of {role}"),
            Self::DeleteRole { role } => format!("Delete role {role}"),
            Self::TagRole { role, .. } => format!("Tag role {role}"),
            Self::UntagRole { role, .. } => format!("Untag role {role}"),
            Self::RemoveBoundary { role, previous } => {
                format!("Take boundary {} off {role}", previous.resource_name())
            }
            Self::Attach { to, policy } => format!("Attach {} to {}", policy.resource_name(), to.name()),
            Self::Detach { from, policy } => format!("Detach {} from {}", policy.resource_name(), from.name()),
            Self::PutInlinePolicy { holder, name, .. } => {
                format!("Put policy {name} in {} {}", holder.kind(), holder.name())
            }
            Self::CreateFunction { name, .. } => format!("Create function {name}"),
            Self::UpdateFunctionCode { name, .. } => format!("Update the code of {name}"),
            Self::UpdateFunctionEnvironment { name, .. } => format!("Update the environment of {name}"),
            Self::AwaitFunction { name, .. } => format!("Wait until {name} can be called"),
            Self::DeleteFunction { name, .. } => format!("Delete function {name}"),
            Self::DeleteInlinePolicy { holder, name, .. } => {
                format!("Delete policy {name} of {} {}", holder.kind(), holder.name())
            }
        }
    }
}
