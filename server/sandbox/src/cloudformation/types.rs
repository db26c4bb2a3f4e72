//! The types of resources: which properties they have, which of them make a resource anew, and who makes it.
//!
//! Source: CloudFormation template reference, "AWS resource and property types reference", each type's own page.

mod cloudwatch;
mod codecommit;
mod codepipeline;
mod events;
mod handle;
mod iam;
mod kms;
mod lambda;
mod logs;
mod policies;
mod s3;
mod sagemaker;
mod shape;
mod states;

use super::model::{Members, Tags};
use crate::acting::Acting;
use crate::app::App;
use crate::error::Failure;
use crate::ids;
use crate::protocol::Reply;
use crate::protocol::query::Xml;
use domain::names::{AccountId, Region};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use template::{RequiresRecreation, ResourceTypes};

/// A type of resource.
pub struct Type {
    /// `AWS::S3::Bucket`.
    pub name: &'static str,
    /// Its properties.
    pub properties: &'static [Property],
    /// Those that must be there.
    pub required: &'static [&'static str],
    /// What `Fn::GetAtt` gives.
    pub attributes: &'static [&'static str],
    /// The property that names it, where a template may choose its name.
    pub naming: Option<&'static str>,
    /// Who makes it.
    pub provider: &'static dyn Provider,
}

/// A property's name, and whether another value makes the resource anew.
pub type Property = (&'static str, bool);
/// Another value changes the resource.
const IN_PLACE: bool = false;
/// Another value makes the resource anew.
const ANEW: bool = true;

/// All types.
const TABLES: &[&[Type]] = &[
    iam::TYPES,
    policies::TYPES,
    s3::TYPES,
    kms::TYPES,
    codecommit::TYPES,
    codepipeline::TYPES,
    events::TYPES,
    lambda::TYPES,
    logs::TYPES,
    states::TYPES,
    sagemaker::TYPES,
    cloudwatch::TYPES,
    handle::TYPES,
];

/// The type of that name.
pub fn find(name: &str) -> Option<&'static Type> {
    TABLES.iter().flat_map(|table| table.iter()).find(|known| known.name == name)
}

/// What comparing needs to know of types.
pub struct Types;

impl ResourceTypes for Types {
    fn requires_recreation(&self, resource_type: &str, property: &str) -> RequiresRecreation {
        let anew = find(resource_type).is_some_and(|known| known.properties.contains(&(property, ANEW)));
        if anew { RequiresRecreation::Always } else { RequiresRecreation::Never }
    }
}

impl Type {
    /// Refuses properties that it does not have, and the lack of those that it must have.
    pub fn check(&self, properties: &Members) -> Result<(), String> {
        let known = |name: &str| self.properties.iter().any(|(property, _)| *property == name);
        if let Some(unknown) = properties.keys().find(|name| !known(name)) {
            return Err(format!("Encountered unsupported property {unknown}"));
        }
        match self.required.iter().find(|name| !properties.contains_key(**name)) {
            Some(missing) => Err(format!("Property {missing} cannot be empty.")),
            None => Ok(()),
        }
    }
    /// Whether changes of these properties make it anew.
    pub fn is_replaced(&self, changed: &[String]) -> bool {
        changed.iter().any(|name| self.properties.contains(&(name.as_str(), ANEW)))
    }
    /// Whether it can have tags.
    pub fn takes_tags(&self) -> bool {
        self.properties.iter().any(|(name, _)| *name == "Tags")
    }
    /// The name that a template chose for it.
    pub fn own_name(&self, properties: &Members) -> Option<String> {
        shape::text(properties, self.naming?)
    }
}

/// The properties whose values differ. `"5"` and `5` are the same.
pub fn changed(before: &Members, after: &Members) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    names.filter(|name| !shape::same(before.get(*name), after.get(*name))).cloned().collect()
}

/// What ends a generated name.
pub fn unique() -> String {
    ids::lower("", 12).to_ascii_uppercase()
}

/// Who makes the resources of a type.
#[async_trait::async_trait]
pub trait Provider: Sync {
    /// Makes one. Where it takes several calls, [`Job::made`] is told as soon as there is something to delete.
    async fn create(&self, job: &Job<'_>) -> Result<Made, Fault>;
    /// Makes what is there, [`Job::before`], what it should be.
    async fn update(&self, job: &Job<'_>) -> Result<Made, Fault>;
    /// Deletes it.
    async fn delete(&self, job: &Job<'_>) -> Result<(), Fault>;
    /// Whether it is what it was asked to be, or still on its way there.
    async fn settled(&self, _job: &Job<'_>) -> Result<bool, Fault> {
        Ok(true)
    }
}

/// A resource that is there.
#[derive(Debug, Clone)]
pub struct Made {
    /// What `Ref` gives.
    pub physical: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: Members,
}

impl Made {
    /// A resource with these attributes.
    pub fn new(physical: impl Into<String>, attributes: &[(&str, String)]) -> Self {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        Self { physical: physical.into(), attributes: attributes.collect() }
    }
}

/// What is to be done with one resource.
#[allow(missing_docs)]
pub struct Job<'a> {
    pub app: &'a App,
    pub acting: &'a Acting,
    pub account: &'a AccountId,
    pub region: &'a Region,
    /// The stack's name.
    pub stack: &'a str,
    pub logical: &'a str,
    /// Empty before there is one.
    pub physical: &'a str,
    pub attributes: &'a Members,
    pub properties: &'a Members,
    /// The stack's tags.
    pub tags: &'a Tags,
    /// The properties that it has, for an update.
    pub before: &'a Members,
    pub before_tags: &'a Tags,
    /// Ends a generated name.
    pub unique: &'a str,
    /// Whether a creation was interrupted: what is there already was made by it.
    pub again: bool,
    /// Is told the physical ID as soon as there is one.
    pub note: Option<&'a (dyn Fn(&str) + Sync)>,
}

impl Job<'_> {
    /// Keeps a physical ID before the creation is over.
    pub fn made(&self, physical: &str) {
        if let Some(note) = self.note {
            note(physical);
        }
    }

    /// The name in a property, or one that is made up of at most so many characters.
    pub fn name(&self, property: &str, longest: usize) -> String {
        shape::text(self.properties, property).unwrap_or_else(|| self.generated(longest))
    }

    /// A name after the stack, the resource and something unique.
    pub fn generated(&self, longest: usize) -> String {
        let room = longest.saturating_sub(self.unique.len() + 2);
        let logical: String =
            self.logical.chars().take(room.div_ceil(2).max(room.saturating_sub(self.stack.len()))).collect();
        let stack: String = self.stack.chars().take(room.saturating_sub(logical.len())).collect();
        format!("{}-{logical}-{}", stack.trim_end_matches('-'), self.unique)
    }

    /// An ARN in the stack's account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The resource's tags: the stack's and its own, which win.
    pub fn all_tags(&self) -> Tags {
        shape::tags(self.properties, self.tags)
    }

    /// Which tags to set and which to take away.
    pub fn retagged(&self) -> (Tags, Vec<String>) {
        let (before, after) = (shape::tags(self.before, self.before_tags), self.all_tags());
        let gone = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
        (after.into_iter().filter(|(key, value)| before.get(key) != Some(value)).collect(), gone)
    }

    /// Whether one of these properties has another value.
    pub fn changes(&self, names: &[&str]) -> bool {
        names.iter().any(|name| !shape::same(self.before.get(*name), self.properties.get(*name)))
    }

    /// The same resource, as it is.
    pub fn unchanged(&self) -> Made {
        Made { physical: self.physical.to_owned(), attributes: self.attributes.clone() }
    }

    async fn call(&self, service: &str, operation: &str, input: Value) -> Result<Reply, Fault> {
        // New roles are not seen at once everywhere: whoever hands one on tries for as long as that takes.
        let propagation = self.app.faults.propagation();
        let patience = if propagation.is_zero() { propagation } else { propagation + Duration::from_secs(1) };
        let began = Instant::now();
        loop {
            match self.acting.ask(self.app, service, operation, input.clone()).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => {
                    let role = failure.message.contains("assume");
                    if !role || began.elapsed() >= patience {
                        return Err(Fault::of(service, &failure));
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Calls an operation that answers JSON.
    pub async fn ask(&self, service: &str, operation: &str, input: Value) -> Result<Value, Fault> {
        match self.call(service, operation, input).await? {
            Reply::Json(output) | Reply::Rest(_, output) => Ok(output),
            Reply::Xml(_) => Ok(Value::Null),
        }
    }

    /// Calls an operation that answers XML.
    pub async fn xml(&self, service: &str, operation: &str, input: Value) -> Result<Xml, Fault> {
        match self.call(service, operation, input).await? {
            Reply::Xml(xml) => Ok(xml.unwrap_or_default()),
            Reply::Json(_) | Reply::Rest(..) => Ok(Xml::new()),
        }
    }

    /// The same for a deletion: what is gone needs none.
    pub async fn drop(&self, service: &str, operation: &str, input: Value) -> Result<(), Fault> {
        match self.call(service, operation, input).await {
            Err(fault) if !fault.is_missing() => Err(fault),
            _ => Ok(()),
        }
    }

    /// The same for a creation: what an interrupted one made is there already, and answers nothing.
    pub async fn create(&self, service: &str, operation: &str, input: Value) -> Result<Value, Fault> {
        match self.ask(service, operation, input).await {
            Err(fault) if self.again && fault.exists() => Ok(json!({})),
            other => other,
        }
    }
}

/// Why something could not be done.
#[derive(Debug, Clone)]
pub struct Fault {
    service: String,
    code: String,
    status: u16,
    message: String,
}

impl Fault {
    /// A refusal of a service.
    pub fn of(service: &str, failure: &Failure) -> Self {
        let family = crate::service::named(service).map(crate::service::Service::family);
        let (code, status) = match family {
            Some(family) => (failure.code_for(family).to_owned(), failure.status_for(family)),
            None => (failure.code.to_string(), failure.status),
        };
        Self { service: shape::service(service).to_owned(), code, status, message: failure.message.clone() }
    }

    /// A refusal before any service is called.
    pub fn plain(failure: &Failure) -> Self {
        Self {
            service: String::new(),
            code: failure.code.to_string(),
            status: failure.status,
            message: failure.message.clone(),
        }
    }

    /// Something that is wrong with the properties, or was not told by a service.
    pub fn own(message: impl Into<String>) -> Self {
        Self { service: String::new(), code: "InvalidRequest".into(), status: 400, message: message.into() }
    }

    /// Whether what was asked for is not there.
    pub fn is_missing(&self) -> bool {
        const CODES: [&str; 10] = [
            "NoSuchEntity",
            "NoSuchBucket",
            "NoSuchBucketPolicy",
            "NotFoundException",
            "ResourceNotFoundException",
            "ResourceNotFound",
            "RepositoryDoesNotExistException",
            "PipelineNotFoundException",
            "StateMachineDoesNotExist",
            "StateMachineDeleting",
        ];
        CODES.contains(&self.code.as_str()) || self.message.starts_with("Could not find ")
    }

    /// Whether there is one already.
    pub fn exists(&self) -> bool {
        const CODES: [&str; 8] = [
            "EntityAlreadyExists",
            "BucketAlreadyOwnedByYou",
            "AlreadyExistsException",
            "RepositoryNameExistsException",
            "PipelineNameInUseException",
            "ResourceAlreadyExistsException",
            "StateMachineAlreadyExists",
            "ResourceConflictException",
        ];
        CODES.contains(&self.code.as_str()) || self.message.starts_with("Cannot create already existing ")
    }

    /// As an event tells it.
    pub fn reason(&self) -> String {
        if self.service.is_empty() {
            return self.message.clone();
        }
        let handler = match self.code.as_str() {
            _ if self.exists() || self.code == "BucketAlreadyExists" => "AlreadyExists",
            _ if self.is_missing() => "NotFound",
            "AccessDenied" | "AccessDeniedException" => "AccessDenied",
            "LimitExceeded" | "LimitExceededException" | "ResourceLimitExceeded" => "ServiceLimitExceeded",
            "Throttling" | "ThrottlingException" | "SlowDown" => "Throttling",
            _ if self.status >= 500 => "ServiceInternalError",
            _ => "InvalidRequest",
        };
        format!(
            "Resource handler returned message: \"{} (Service: {}, Status Code: {}, Request ID: {})\" (RequestToken: {}, \
             HandlerErrorCode: {handler})",
            self.message,
            self.service,
            self.status,
            ids::request(),
            ids::request()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_the_properties_that_it_requires_and_is_named_by() {
        for kind in TABLES.iter().flat_map(|table| table.iter()) {
            let named = kind.required.iter().chain(&kind.naming);
            for name in named {
                assert!(kind.properties.iter().any(|(known, _)| known == name), "{} {name}", kind.name);
            }
        }
    }

    #[test]
    fn numbers_and_texts_that_say_the_same_are_no_change() {
        let members = |value: Value| value.as_object().cloned().unwrap_or_default();
        let before = members(json!({ "A": "5", "B": [true, { "C": 1 }], "Gone": 1 }));
        let after = members(json!({ "A": 5, "B": ["true", { "C": "1" }], "New": 1 }));
        assert_eq!(changed(&before, &after), ["Gone", "New"]);
    }
}
