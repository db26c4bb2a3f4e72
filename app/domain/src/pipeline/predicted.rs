//! The documents that the stacks are about to make, with every function resolved: what a review shows, and what
//! [`super::matrix`] asks.
//!
//! All names follow from the intent, so nothing has to be made to know them but the key, whose ID stands as zeros.

use crate::arn::Arn;
use crate::evaluate::NamedPolicy;
use crate::names::AccountId;
use crate::pipeline::apply::Part;
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::stacks::{self, Outputs, Pass, Peers, Stack, WiringError};
use crate::policy::{PolicyDocument, PolicyError};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use template::{
    AttributeValue, Deployment, Host, ParameterInput, Parameters, PseudoParameters, Template, TemplateError,
};

/// Stands for the key's ID, which KMS chooses.
const KEY_ID: &str = "00000000-0000-0000-0000-000000000000";

/// A role that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedRole {
    /// Its ARN.
    pub arn: Arn,
    /// Where it is.
    pub account: AccountId,
    /// Who may become it.
    pub trust: NamedPolicy,
    /// What it may do.
    pub policies: Vec<NamedPolicy>,
}

/// A resource of a stack with its properties.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedResource {
    /// The stack's name.
    pub stack: String,
    /// Its name in the template.
    pub logical_id: String,
    /// `AWS::IAM::Role`
    pub resource_type: String,
    /// Everything resolved.
    pub properties: Map<String, Value>,
}

/// Everything that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// The roles, by their names.
    pub roles: BTreeMap<String, PredictedRole>,
    /// The key's ARN.
    pub key: Arn,
    /// Its policy.
    pub key_policy: NamedPolicy,
    /// The bucket's policy.
    pub bucket_policy: NamedPolicy,
    /// All resources, stack by stack in the order in which they are made.
    pub resources: Vec<PredictedResource>,
    /// The stacks with their last parameters, in the order in which they are made.
    pub stacks: Vec<(Part, Stack)>,
}

/// Why nothing can be predicted.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// A stack's parameters can't be told.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// CloudFormation would refuse a template.
    #[error("CloudFormation would refuse the stack `{stack}`")]
    Template {
        /// The stack.
        stack: String,
        /// In its words.
        source: TemplateError,
    },
    /// A document is not one.
    #[error("the stack `{stack}` has a policy that can't be read, in `{resource}`")]
    Policy {
        /// The stack.
        stack: String,
        /// Whose policy.
        resource: String,
        /// What is wrong with it.
        source: PolicyError,
    },
    /// What is always there is not.
    #[error("the stack `{stack}` makes no {what}")]
    Missing {
        /// The stack.
        stack: String,
        /// What it should make.
        what: &'static str,
    },
}

impl Predicted {
    /// What the stacks of a pipeline make once all is done.
    pub fn of(intent: &PipelineIntent) -> Result<Self, PredictError> {
        let accounts = [&intent.shared_services, &intent.training_account, &intent.production];
        let [shared_account, training_account, production_account] = accounts.map(|place| &place.account);
        let first = Made::of(intent, shared_account, &stacks::shared_services(intent, Pass::First)?)?;
        let training_stack = stacks::training(intent, &first.outputs)?;
        let training = Made::of(intent, training_account, &training_stack)?;
        let production_stack = stacks::production(intent, &first.outputs)?;
        let production = Made::of(intent, production_account, &production_stack)?;
        let workflow_stack = stacks::workflow(intent, &first.outputs, &training.outputs)?;
        let workflow = Made::of(intent, training_account, &workflow_stack)?;
        let peers = Peers { training: &training.outputs, production: &production.outputs };
        let shared_stack = stacks::shared_services(intent, Pass::WithPipeline(peers))?;
        let shared = Made::of(intent, shared_account, &shared_stack)?;
        let key = shared.value("Key", "Arn").and_then(|arn| Arn::parse(arn).ok());
        let missing = |what| PredictError::Missing { stack: shared.stack.clone(), what };
        let mut all = Self {
            roles: BTreeMap::new(),
            key: key.ok_or_else(|| missing("key"))?,
            key_policy: shared.policy("Key", "KeyPolicy", "key policy")?,
            bucket_policy: shared.policy("BucketPolicy", "PolicyDocument", "bucket policy")?,
            resources: Vec::new(),
            stacks: vec![
                (Part::SharedServices, shared_stack),
                (Part::Training, training_stack),
                (Part::Production, production_stack),
                (Part::Workflow, workflow_stack),
            ],
        };
        for made in [shared, training, production, workflow] {
            all.roles.extend(made.roles()?);
            all.resources.extend(made.resources);
        }
        Ok(all)
    }

    /// The stack that the pipeline itself deploys: what its source says.
    pub fn workflow(&self) -> Option<&Stack> {
        self.stacks.iter().find(|(part, _)| *part == Part::Workflow).map(|(_, stack)| stack)
    }
}

/// The resources of a stack that is there, resolved as those of [`Predicted`] are, to be compared with them. `None` where
/// its template and parameters can't be resolved: somebody else changed them.
///
/// `key` is the key that is there; the one that is guessed takes its place.
pub fn resources_there(
    intent: &PipelineIntent,
    part: Part,
    template: &str,
    parameters: &BTreeMap<String, String>,
    key: Option<&str>,
) -> Option<Vec<PredictedResource>> {
    let account = &part.lane().place(intent).account;
    let guessed = format!("arn:{}:kms:{}:", intent.region.partition(), intent.region);
    let guessed = format!("{guessed}{}:key/{KEY_ID}", intent.shared_services.account);
    let value = |value: &String| key.map_or_else(|| value.clone(), |key| value.replace(key, &guessed));
    let given: Vec<_> = parameters.iter().map(|(name, given)| ParameterInput::new(name, value(given))).collect();
    Made::resolved(intent, account, &part.name(intent), template, &given).ok().map(|made| made.resources)
}

/// One stack, as it will be.
struct Made {
    stack: String,
    account: AccountId,
    known: Known,
    resources: Vec<PredictedResource>,
    outputs: Outputs,
}

impl Made {
    fn of(intent: &PipelineIntent, account: &AccountId, stack: &Stack) -> Result<Self, PredictError> {
        let given: Vec<_> = stack.parameters.iter().map(|(key, value)| ParameterInput::new(*key, value)).collect();
        Self::resolved(intent, account, &stack.name, &stack.template, &given)
    }

    fn resolved(
        intent: &PipelineIntent,
        account: &AccountId,
        stack: &str,
        template: &str,
        given: &[ParameterInput],
    ) -> Result<Self, PredictError> {
        let refused = |source| PredictError::Template { stack: stack.to_owned(), source };
        let template = Template::parse(template).map_err(refused)?;
        let parameters = Parameters::bind(&template, given, None, &()).map_err(refused)?;
        let (partition, region) = (intent.region.partition(), intent.region.as_str());
        let id = format!("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/{KEY_ID}");
        let pseudo = PseudoParameters {
            partition: partition.to_owned(),
            url_suffix: intent.region.url_suffix().to_owned(),
            ..PseudoParameters::new(account.as_str(), region, stack, &id)
        };
        let deployment = Deployment::new(&template, parameters, pseudo).map_err(refused)?;
        let mut known =
            Known { partition, region: region.to_owned(), account: account.clone(), values: HashMap::new() };
        let mut resources = Vec::new();
        for logical_id in deployment.order().iter() {
            let properties = deployment.properties(logical_id, &known).map_err(refused)?;
            let resource_type = deployment.resource(logical_id).map(|resource| resource.resource_type.clone());
            let resource_type = resource_type.unwrap_or_default();
            known.learn(logical_id, &resource_type, &properties);
            let (stack, logical_id) = (stack.to_owned(), logical_id.to_owned());
            resources.push(PredictedResource { stack, logical_id, resource_type, properties });
        }
        let outputs = deployment.outputs(&known).map_err(refused)?;
        let outputs = outputs.into_iter().map(|output| (output.key, output.value)).collect();
        Ok(Self { stack: stack.to_owned(), account: account.clone(), known, resources, outputs })
    }

    fn value(&self, logical_id: &str, attribute: &str) -> Option<&str> {
        self.known.values.get(logical_id)?.get(attribute).map(String::as_str)
    }

    fn resource(&self, logical_id: &str) -> Option<&PredictedResource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    fn policy(&self, logical_id: &str, property: &str, what: &'static str) -> Result<NamedPolicy, PredictError> {
        let document = self.resource(logical_id).and_then(|resource| resource.properties.get(property));
        let document = document.ok_or_else(|| PredictError::Missing { stack: self.stack.clone(), what })?;
        self.named(logical_id, what, document)
    }

    fn named(&self, logical_id: &str, name: &str, document: &Value) -> Result<NamedPolicy, PredictError> {
        let document = PolicyDocument::parse_value(document).map_err(|source| PredictError::Policy {
            stack: self.stack.clone(),
            resource: logical_id.to_owned(),
            source,
        })?;
        Ok(NamedPolicy::new(name, document))
    }

    /// Roles with their trust and their policies, those included that are resources of their own.
    fn roles(&self) -> Result<BTreeMap<String, PredictedRole>, PredictError> {
        let mut roles = BTreeMap::new();
        for resource in self.resources.iter().filter(|resource| resource.resource_type == "AWS::IAM::Role") {
            let Some(name) = resource.properties.get("RoleName").and_then(Value::as_str) else { continue };
            let trust = self.policy(&resource.logical_id, "AssumeRolePolicyDocument", "trust policy")?;
            let mut policies = Vec::new();
            for inline in resource.properties.get("Policies").and_then(Value::as_array).into_iter().flatten() {
                policies.push(self.inline(&resource.logical_id, inline)?);
            }
            for apart in self.resources.iter().filter(|other| other.resource_type == "AWS::IAM::RolePolicy") {
                if apart.properties.get("RoleName").and_then(Value::as_str) == Some(name) {
                    policies.push(self.inline(&apart.logical_id, &Value::Object(apart.properties.clone()))?);
                }
            }
            let arn = self.value(&resource.logical_id, "Arn").and_then(|arn| Arn::parse(arn).ok());
            let arn = arn.ok_or_else(|| PredictError::Missing { stack: self.stack.clone(), what: "role" })?;
            roles.insert(name.to_owned(), PredictedRole { arn, account: self.account.clone(), trust, policies });
        }
        Ok(roles)
    }

    fn inline(&self, logical_id: &str, policy: &Value) -> Result<NamedPolicy, PredictError> {
        let name = policy["PolicyName"].as_str().unwrap_or_default();
        self.named(logical_id, name, &policy["PolicyDocument"])
    }
}

/// What is known of a stack's resources, by logical ID: `Ref` and attributes.
struct Known {
    partition: &'static str,
    region: String,
    account: AccountId,
    values: HashMap<String, HashMap<&'static str, String>>,
}

const REF: &str = "Ref";

impl Known {
    /// What `Ref` and `Fn::GetAtt` will give for a resource, as far as the templates ask.
    fn learn(&mut self, logical_id: &str, resource_type: &str, properties: &Map<String, Value>) {
        let named = |property: &str| properties.get(property).and_then(Value::as_str).unwrap_or(logical_id).to_owned();
        let arn = |service: &str, resource: String| {
            let (partition, region, account) = (self.partition, &self.region, &self.account);
            match service {
                "iam" => format!("arn:{partition}:iam::{account}:{resource}"),
                "s3" => format!("arn:{partition}:s3:::{resource}"),
                _ => format!("arn:{partition}:{service}:{region}:{account}:{resource}"),
            }
        };
        let (reference, arn) = match resource_type {
            "AWS::IAM::Role" => (named("RoleName"), arn("iam", format!("role/{}", named("RoleName")))),
            "AWS::S3::Bucket" => (named("BucketName"), arn("s3", named("BucketName"))),
            "AWS::KMS::Key" => (KEY_ID.to_owned(), arn("kms", format!("key/{KEY_ID}"))),
            "AWS::CodeCommit::Repository" => (KEY_ID.to_owned(), arn("codecommit", named("RepositoryName"))),
            "AWS::Lambda::Function" => {
                (named("FunctionName"), arn("lambda", format!("function:{}", named("FunctionName"))))
            }
            "AWS::CloudWatch::Alarm" => {
                (named("AlarmName"), arn("cloudwatch", format!("alarm:{}", named("AlarmName"))))
            }
            "AWS::StepFunctions::StateMachine" => {
                let arn = arn("states", format!("stateMachine:{}", named("StateMachineName")));
                (arn.clone(), arn)
            }
            _ => (named("Name"), String::new()),
        };
        let name = named("RepositoryName");
        self.values.insert(logical_id.to_owned(), HashMap::from([(REF, reference), ("Arn", arn), ("Name", name)]));
    }
}

impl Host for Known {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        self.values.get(logical_id)?.get(REF).map(|value| value.as_str().into())
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> AttributeValue {
        match self.values.get(logical_id).map(|values| values.get(attribute).filter(|value| !value.is_empty())) {
            None => AttributeValue::NotYet,
            Some(None) => AttributeValue::Missing,
            Some(Some(value)) => AttributeValue::Known(value.as_str().into()),
        }
    }

    fn export(&self, _: &str) -> Option<String> {
        None
    }

    fn availability_zones(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}
