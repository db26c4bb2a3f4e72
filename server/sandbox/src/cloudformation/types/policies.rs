//! AWS::IAM::Policy, RolePolicy, UserPolicy, GroupPolicy, ManagedPolicy.

use super::{ANEW, Fault, IN_PLACE, Job, Made, Provider, Type, shape};
use crate::cloudformation::model::Members;
use serde_json::{Value, json};

/// The types here.
pub const TYPES: &[Type] = &[
    Type {
        name: "AWS::IAM::Policy",
        properties: &[
            ("Groups", IN_PLACE),
            ("PolicyDocument", IN_PLACE),
            ("PolicyName", IN_PLACE),
            ("Roles", IN_PLACE),
            ("Users", IN_PLACE),
        ],
        required: &["PolicyDocument", "PolicyName"],
        attributes: &["Id"],
        naming: None,
        provider: &Inline,
    },
    of_one(
        "AWS::IAM::RolePolicy",
        &[("PolicyDocument", IN_PLACE), ("PolicyName", ANEW), ("RoleName", ANEW)],
        &OfOne("Role"),
    ),
    of_one(
        "AWS::IAM::UserPolicy",
        &[("PolicyDocument", IN_PLACE), ("PolicyName", ANEW), ("UserName", ANEW)],
        &OfOne("User"),
    ),
    of_one(
        "AWS::IAM::GroupPolicy",
        &[("PolicyDocument", IN_PLACE), ("PolicyName", ANEW), ("GroupName", ANEW)],
        &OfOne("Group"),
    ),
    Type {
        name: "AWS::IAM::ManagedPolicy",
        properties: &[
            ("Description", ANEW),
            ("Groups", IN_PLACE),
            ("ManagedPolicyName", ANEW),
            ("Path", ANEW),
            ("PolicyDocument", IN_PLACE),
            ("Roles", IN_PLACE),
            ("Users", IN_PLACE),
        ],
        required: &["PolicyDocument"],
        attributes: &[
            "AttachmentCount",
            "CreateDate",
            "DefaultVersionId",
            "IsAttachable",
            "PermissionsBoundaryUsageCount",
            "PolicyArn",
            "PolicyId",
            "UpdateDate",
        ],
        naming: Some("ManagedPolicyName"),
        provider: &Managed,
    },
];

const fn of_one(name: &'static str, properties: &'static [super::Property], provider: &'static dyn Provider) -> Type {
    Type { name, properties, required: &["PolicyName"], attributes: &[], naming: None, provider }
}

/// The identities that a property lists, with the word of their operations.
const HOLDERS: [(&str, &str); 3] = [("Roles", "Role"), ("Users", "User"), ("Groups", "Group")];

/// Kinds and names of the identities that have a policy.
fn holders(properties: &Members) -> Vec<(&'static str, String)> {
    let of =
        |(list, kind): (&str, &'static str)| shape::texts(properties, list).into_iter().map(move |name| (kind, name));
    HOLDERS.into_iter().flat_map(of).collect()
}

fn about((kind, name): &(&str, String), more: &[(&str, &str)]) -> Value {
    let mut input = json!({ format!("{kind}Name"): name });
    for (key, value) in more {
        input[*key] = (*value).into();
    }
    input
}

async fn put(job: &Job<'_>, holder: &(&str, String)) -> Result<(), Fault> {
    let policy = shape::text(job.properties, "PolicyName").unwrap_or_default();
    let document = shape::document(job.properties, "PolicyDocument").unwrap_or_default();
    let input = about(holder, &[("PolicyName", &policy), ("PolicyDocument", &document)]);
    job.xml("iam", &format!("Put{}Policy", holder.0), input).await.map(drop)
}

async fn take(job: &Job<'_>, holder: &(&str, String), properties: &Members) -> Result<(), Fault> {
    let policy = shape::text(properties, "PolicyName").unwrap_or_default();
    job.drop("iam", &format!("Delete{}Policy", holder.0), about(holder, &[("PolicyName", &policy)])).await
}

/// An inline policy of several identities.
struct Inline;

#[async_trait::async_trait]
impl Provider for Inline {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let holders = holders(job.properties);
        if holders.is_empty() {
            return Err(Fault::own("At least one of [Groups,Roles,Users] must be non-empty."));
        }
        let short = |text: &str| text.chars().take(4).collect::<String>();
        let id = format!("{}-{}-{}", short(job.stack), short(job.logical), job.unique);
        for holder in &holders {
            put(job, holder).await?;
            job.made(&id);
        }
        Ok(Made::new(id.clone(), &[("Id", id)]))
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let (old, new) = (holders(job.before), holders(job.properties));
        let renamed = job.changes(&["PolicyName"]);
        for holder in &new {
            put(job, holder).await?;
        }
        for holder in old.iter().filter(|holder| renamed || !new.contains(holder)) {
            take(job, holder, job.before).await?;
        }
        Ok(job.unchanged())
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        for holder in &holders(job.properties) {
            take(job, holder, job.properties).await?;
        }
        Ok(())
    }
}

/// An inline policy of one identity of a kind.
struct OfOne(&'static str);

impl OfOne {
    fn holder(&self, properties: &Members) -> (&'static str, String) {
        (self.0, shape::text(properties, &format!("{}Name", self.0)).unwrap_or_default())
    }
}

#[async_trait::async_trait]
impl Provider for OfOne {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let holder = self.holder(job.properties);
        put(job, &holder).await?;
        let policy = shape::text(job.properties, "PolicyName").unwrap_or_default();
        Ok(Made::new(format!("{policy}|{}", holder.1), &[]))
    }
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        put(job, &self.holder(job.properties)).await?;
        Ok(job.unchanged())
    }
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        take(job, &self.holder(job.properties), job.properties).await
    }
}

/// A managed policy, with what it is attached to.
struct Managed;

impl Managed {
    async fn attach(&self, job: &Job<'_>, arn: &str, before: &Members) -> Result<(), Fault> {
        let (old, new) = (holders(before), holders(job.properties));
        for holder in new.iter().filter(|holder| !old.contains(holder)) {
            let input = about(holder, &[("PolicyArn", arn)]);
            job.xml("iam", &format!("Attach{}Policy", holder.0), input).await?;
        }
        for holder in old.iter().filter(|holder| !new.contains(holder)) {
            let input = about(holder, &[("PolicyArn", arn)]);
            job.drop("iam", &format!("Detach{}Policy", holder.0), input).await?;
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Provider for Managed {
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let name = job.name("ManagedPolicyName", 128);
        let document = shape::document(job.properties, "PolicyDocument").unwrap_or_default();
        let mut input = json!({ "PolicyName": name, "PolicyDocument": document });
        let path = shape::text(job.properties, "Path").unwrap_or_else(|| "/".into());
        input["Path"] = path.as_str().into();
        shape::put(&mut input, "Description", shape::text(job.properties, "Description").map(Value::String));
        let xml = match job.xml("iam", "CreatePolicy", input).await {
            Err(fault) if job.again && fault.exists() => {
                let arn = format!("arn:aws:iam::{}:policy{path}{name}", job.account);
                job.xml("iam", "GetPolicy", json!({ "PolicyArn": arn })).await?
            }
            other => other?,
        };
        let arn = xml.find("Arn").unwrap_or_default();
        job.made(&arn);
        self.attach(job, &arn, &Members::new()).await?;
        let text = |name: &str| xml.find(name).unwrap_or_default();
        let attributes = [
            ("AttachmentCount", holders(job.properties).len().to_string()),
            ("CreateDate", text("CreateDate")),
            ("DefaultVersionId", text("DefaultVersionId")),
            ("IsAttachable", text("IsAttachable")),
            ("PermissionsBoundaryUsageCount", text("PermissionsBoundaryUsageCount")),
            ("PolicyArn", arn.clone()),
            ("PolicyId", text("PolicyId")),
            ("UpdateDate", text("UpdateDate")),
        ];
        Ok(Made::new(arn, &attributes))
    }

    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault> {
        let mut made = job.unchanged();
        if job.changes(&["PolicyDocument"]) {
            let document = shape::document(job.properties, "PolicyDocument").unwrap_or_default();
            let input = json!({ "PolicyArn": job.physical, "PolicyDocument": document, "SetAsDefault": "true" });
            let version = job.xml("iam", "CreatePolicyVersion", input).await?.find("VersionId");
            // A policy has five versions at most: the one before goes.
            if let Some(old) = shape::text(job.attributes, "DefaultVersionId") {
                job.drop("iam", "DeletePolicyVersion", json!({ "PolicyArn": job.physical, "VersionId": old })).await?;
            }
            made.attributes.insert("DefaultVersionId".into(), version.into());
        }
        self.attach(job, job.physical, job.before).await?;
        Ok(made)
    }

    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault> {
        for holder in &holders(job.properties) {
            let input = about(holder, &[("PolicyArn", job.physical)]);
            job.drop("iam", &format!("Detach{}Policy", holder.0), input).await?;
        }
        job.drop("iam", "DeletePolicy", json!({ "PolicyArn": job.physical })).await
    }
}
