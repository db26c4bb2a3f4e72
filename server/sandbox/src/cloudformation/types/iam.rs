//! AWS::IAM::Role, User, Group: identities with the policies in and attached to them.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Property, Provider, Type, shape};
use crate::cloudformation::model::Members;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The types here.
pub const TYPES: &[Type] = &[
    Type {
        name: "AWS::IAM::Role",
        properties: ROLE,
        required: &["AssumeRolePolicyDocument"],
        attributes: &["Arn", "RoleId"],
        naming: Some("RoleName"),
        provider: &Identity("Role"),
    },
    Type {
        name: "AWS::IAM::User",
        properties: USER,
        required: &[],
        attributes: &["Arn"],
        naming: Some("UserName"),
        provider: &Identity("User"),
    },
    Type {
        name: "AWS::IAM::Group",
        properties: GROUP,
        required: &[],
        attributes: &["Arn"],
        naming: Some("GroupName"),
        provider: &Identity("Group"),
    },
];

const ROLE: &[Property] = &[
    ("AssumeRolePolicyDocument", IN_PLACE),
    ("Description", IN_PLACE),
    ("ManagedPolicyArns", IN_PLACE),
    ("MaxSessionDuration", IN_PLACE),
    ("Path", ANEW),
    ("PermissionsBoundary", IN_PLACE),
    ("Policies", IN_PLACE),
    ("RoleName", ANEW),
    ("Tags", IN_PLACE),
];
// Users and groups can't be renamed or moved here.
const USER: &[Property] = &[
    ("Groups", IN_PLACE),
    ("ManagedPolicyArns", IN_PLACE),
    ("Path", ANEW),
    ("PermissionsBoundary", IN_PLACE),
    ("Policies", IN_PLACE),
    ("Tags", IN_PLACE),
    ("UserName", ANEW),
];
const GROUP: &[Property] =
    &[("GroupName", ANEW), ("ManagedPolicyArns", IN_PLACE), ("Path", ANEW), ("Policies", IN_PLACE)];

/// A kind of identity, as its operations name it.
struct Identity(&'static str);

/// Inline policies by name.
fn inline(properties: &Members) -> BTreeMap<String, String> {
    let policies = properties.get("Policies").and_then(Value::as_array).into_iter().flatten();
    let each = |policy: &Value| {
        let members = policy.as_object()?;
        Some((shape::text(members, "PolicyName")?, shape::document(members, "PolicyDocument")?))
    };
    policies.filter_map(each).collect()
}

impl Identity {
    fn parameter(&self) -> String {
        format!("{}Name", self.0)
    }
    fn about(&self, name: &str, more: &[(&str, &str)]) -> Value {
        let mut input = json!({ self.parameter(): name });
        for (key, value) in more {
            input[*key] = (*value).into();
        }
        input
    }
    /// Calls `Put…Policy` and the like.
    async fn do_to(&self, job: &Job<'_>, verb: &str, what: &str, input: Value) -> Result<(), Fault> {
        job.xml("iam", &format!("{verb}{}{what}", self.0), input).await.map(drop)
    }
    async fn drop_from(&self, job: &Job<'_>, verb: &str, what: &str, input: Value) -> Result<(), Fault> {
        job.drop("iam", &format!("{verb}{}{what}", self.0), input).await
    }
    /// Makes policies what they should be: what is new or differs is put, what is gone is taken away.
    async fn set_policies(&self, job: &Job<'_>, name: &str, before: &Members) -> Result<(), Fault> {
        let (old, new) = (inline(before), inline(job.properties));
        for (policy, document) in new.iter().filter(|(policy, document)| old.get(*policy) != Some(document)) {
            let more = [("PolicyName", policy.as_str()), ("PolicyDocument", document.as_str())];
            self.do_to(job, "Put", "Policy", self.about(name, &more)).await?;
        }
        for policy in old.keys().filter(|policy| !new.contains_key(*policy)) {
            self.drop_from(job, "Delete", "Policy", self.about(name, &[("PolicyName", policy)])).await?;
        }
        let (old, new) = (shape::texts(before, "ManagedPolicyArns"), shape::texts(job.properties, "ManagedPolicyArns"));
        for arn in new.iter().filter(|arn| !old.contains(arn)) {
            self.do_to(job, "Attach", "Policy", self.about(name, &[("PolicyArn", arn)])).await?;
        }
        for arn in old.iter().filter(|arn| !new.contains(arn)) {
            self.drop_from(job, "Detach", "Policy", self.about(name, &[("PolicyArn", arn)])).await?;
        }
        self.set_groups(job, name, before).await
    }
    async fn set_groups(&self, job: &Job<'_>, name: &str, before: &Members) -> Result<(), Fault> {
        let (old, new) = (shape::texts(before, "Groups"), shape::texts(job.properties, "Groups"));
        let about = |group: &String| json!({ "GroupName": group, "UserName": name });
        for group in new.iter().filter(|group| !old.contains(group)) {
            job.xml("iam", "AddUserToGroup", about(group)).await?;
        }
        for group in old.iter().filter(|group| !new.contains(group)) {
            job.drop("iam", "RemoveUserFromGroup", about(group)).await?;
        }
        Ok(())
    }
    async fn set_boundary(&self, job: &Job<'_>, name: &str) -> Result<(), Fault> {
        match shape::text(job.properties, "PermissionsBoundary") {
            Some(arn) => {
                let input = self.about(name, &[("PermissionsBoundary", &arn)]);
                self.do_to(job, "Put", "PermissionsBoundary", input).await
            }
            None => self.drop_from(job, "Delete", "PermissionsBoundary", self.about(name, &[])).await,
        }
    }
    async fn retag(&self, job: &Job<'_>, name: &str) -> Result<(), Fault> {
        let (new, gone) = job.retagged();
        if self.0 == "Group" {
            return Ok(());
        }
        if !new.is_empty() {
            let mut input = self.about(name, &[]);
            input["Tags"] = shape::tag_list(&new, "Key", "Value");
            job.xml("iam", &format!("Tag{}", self.0), input).await?;
        }
        if !gone.is_empty() {
            let mut input = self.about(name, &[]);
            input["TagKeys"] = json!(gone);
            job.xml("iam", &format!("Untag{}", self.0), input).await?;
        }
        Ok(())
    }
    /// The ARN and the unique ID.
    fn attributes(&self, xml: &crate::protocol::query::Xml) -> Members {
        let mut attributes = Members::new();
        attributes.insert("Arn".into(), xml.find("Arn").into());
        if self.0 == "Role" {
            attributes.insert("RoleId".into(), xml.find("RoleId").into());
        }
        attributes
    }
}

#[async_trait::async_trait]
impl Provider for Identity {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let longest = if self.0 == "Group" { 128 } else { 64 };
        let name = job.name(&self.parameter(), longest);
        let mut input = self.about(&name, &[]);
        for member in ["Path", "Description", "MaxSessionDuration", "PermissionsBoundary"] {
            shape::put(&mut input, member, shape::text(job.properties, member).map(Value::String));
        }
        let trust = shape::document(job.properties, "AssumeRolePolicyDocument");
        shape::put(&mut input, "AssumeRolePolicyDocument", trust.map(Value::String));
        if self.0 != "Group" {
            shape::put(&mut input, "Tags", Some(shape::tag_list(&job.all_tags(), "Key", "Value")));
        }
        let xml = match job.xml("iam", &format!("Create{}", self.0), input).await {
            Err(fault) if job.again && fault.exists() => {
                job.xml("iam", &format!("Get{}", self.0), self.about(&name, &[])).await?
            }
            other => other?,
        };
        job.made(&name);
        self.set_policies(job, &name, &Members::new()).await?;
        Ok(Made { physical: name, attributes: self.attributes(&xml) })
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.physical;
        if job.changes(&["AssumeRolePolicyDocument"]) {
            let document = shape::document(job.properties, "AssumeRolePolicyDocument").unwrap_or_default();
            let input = self.about(name, &[("PolicyDocument", &document)]);
            job.xml("iam", "UpdateAssumeRolePolicy", input).await?;
        }
        if job.changes(&["Description", "MaxSessionDuration"]) {
            let text = |member: &str, otherwise: &str| {
                shape::text(job.properties, member).unwrap_or_else(|| otherwise.to_owned())
            };
            let (description, longest) = (text("Description", ""), text("MaxSessionDuration", "3600"));
            let input = self.about(name, &[("Description", &description), ("MaxSessionDuration", &longest)]);
            job.xml("iam", "UpdateRole", input).await?;
        }
        if job.changes(&["PermissionsBoundary"]) {
            self.set_boundary(job, name).await?;
        }
        self.set_policies(job, name, job.before).await?;
        self.retag(job, name).await?;
        Ok(job.unchanged())
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        let name = job.physical;
        for arn in shape::texts(job.properties, "ManagedPolicyArns") {
            self.drop_from(job, "Detach", "Policy", self.about(name, &[("PolicyArn", &arn)])).await?;
        }
        for policy in inline(job.properties).keys() {
            self.drop_from(job, "Delete", "Policy", self.about(name, &[("PolicyName", policy)])).await?;
        }
        for group in shape::texts(job.properties, "Groups") {
            job.drop("iam", "RemoveUserFromGroup", json!({ "GroupName": group, "UserName": name })).await?;
        }
        job.drop("iam", &format!("Delete{}", self.0), self.about(name, &[])).await
    }
}
