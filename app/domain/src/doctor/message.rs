//! Error messages of AWS, pasted from wherever they turned up: a Lambda's log, a traceback, the CLI, a JSON answer.
//!
//! A message names the caller, the action and the resource; what it leaves out has to be asked for.

use super::live::{Call, Outcome};
use super::question::QuestionForm;
use crate::arn::Arn;
use crate::endpoint::EndpointArn;
use crate::evaluate::{Layer, Principal};
use crate::names::{AccountId, EndpointName, Region};
use crate::share::intent::InvokeAction;
use serde::{Deserialize, Serialize};

mod clean;
mod read;

/// Longer texts are cut: a message is short, and a log can be long.
const LONGEST: usize = 200_000;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Somebody is not authorized.
    AccessDenied,
    /// Somebody is not authorized, and why is encoded.
    Encoded,
    /// SageMaker has no endpoint of the name, in the account of the credentials and the region of the call.
    EndpointNotFound,
    /// The credentials are over.
    Expired,
    /// The credentials are not known, or wrongly used.
    BadCredentials,
    /// There were no credentials to call with.
    NoCredentials,
    /// The client has no region.
    NoRegion,
    /// AWS was not reached.
    Unreachable,
    /// DurationSeconds is over the role's maximum.
    DurationOverMaximum,
    /// DurationSeconds is over an hour, and the caller is a role's session itself.
    DurationOfChain,
    /// A root user asked for a role.
    RootCaller,
    /// A trust policy names a role or user that is not there.
    InvalidPrincipal,
    /// The model behind the endpoint failed: all permissions were in order.
    Model,
}

/// A kind of policy, as messages name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// `identity-based policy`
    Identity,
    /// `resource-based policy`, a trust policy among them.
    Resource,
    /// `permissions boundary`
    Boundary,
    /// `session policy`
    Session,
    /// `service control policy`
    ServiceControl,
    /// `resource control policy`
    ResourceControl,
    /// `VPC endpoint policy`
    VpcEndpoint,
}

impl PolicyKind {
    /// The evaluator's layer; a VPC endpoint's policy is none of them.
    pub fn layer(self) -> Option<Layer> {
        match self {
            Self::Identity => Some(Layer::Identity),
            Self::Resource => Some(Layer::Resource),
            Self::Boundary => Some(Layer::Boundary),
            Self::Session => Some(Layer::Session),
            Self::ServiceControl => Some(Layer::ServiceControl),
            Self::ResourceControl => Some(Layer::ResourceControl),
            Self::VpcEndpoint => None,
        }
    }
    /// As AWS writes it, with its article.
    pub fn label(self) -> &'static str {
        match self {
            Self::Identity => "an identity-based policy",
            Self::Resource => "a resource-based policy",
            Self::Boundary => "a permissions boundary",
            Self::Session => "a session policy",
            Self::ServiceControl => "a service control policy",
            Self::ResourceControl => "a resource control policy",
            Self::VpcEndpoint => "a VPC endpoint policy",
        }
    }
}

/// Why a call was denied, where AWS says so: within an account it mostly does, across accounts STS does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Whether a policy denies it; otherwise none of the kind allows it.
    pub explicit: bool,
    /// Which kind of policy.
    pub policy: PolicyKind,
    /// Which one, where AWS names it.
    pub arn: Option<Arn>,
}

impl Reason {
    /// In words: `no identity-based policy allows it`, `a service control policy denies it`.
    pub fn sentence(&self) -> String {
        let label = self.policy.label();
        let named = self.arn.as_ref().map(|arn| format!(", `{arn}`,")).unwrap_or_default();
        if self.explicit {
            format!("{label}{named} denies it")
        } else {
            format!("no {} allows it", label.split_once(' ').map_or(label, |(_, kind)| kind))
        }
    }
}

/// What an error message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// What it is about.
    pub kind: MessageKind,
    /// AWS's error code: `AccessDenied`.
    pub code: Option<String>,
    /// AWS's name of the operation: `AssumeRole`.
    pub operation: Option<String>,
    /// The service that answered: `sts`, `sagemaker`.
    pub service: Option<String>,
    /// Who called.
    pub caller: Option<Arn>,
    /// The IAM action.
    pub action: Option<String>,
    /// What it was about.
    pub resource: Option<Arn>,
    /// Why, where AWS says so.
    pub reason: Option<Reason>,
    /// The endpoint's name, where the message has only that.
    pub endpoint: Option<EndpointName>,
    /// The account in which SageMaker looked for the endpoint.
    pub account: Option<AccountId>,
    /// The region of the call, where something tells it.
    pub region: Option<Region>,
    /// The principal that a trust policy names and that is not there.
    pub principal: Option<String>,
    /// The encoded reason.
    pub encoded: Option<String>,
    /// The message alone, in one line.
    pub text: String,
}

/// Why a text could not be read as an error message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// There is nothing.
    #[error("nothing is given; paste the whole error message")]
    Empty,
    /// It is none of the messages that say something about a handshake.
    #[error("`{start}` is no error message that says who was denied what")]
    Unknown {
        /// How it starts.
        start: String,
    },
}

impl MessageError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        "look for the line with `is not authorized to perform`, `not found` or `expired`, and paste it with what is around it"
    }
}

/// An answer that a message does not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The field of [`QuestionForm`].
    pub field: String,
    /// What is missing, in lower case.
    pub what: String,
}

/// Reads an error message, with whatever is around it.
pub fn parse(text: &str) -> Result<Denied, MessageError> {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let clean = clean::clean(&text[..end]);
    if clean.is_empty() {
        return Err(MessageError::Empty);
    }
    read::read(&clean).ok_or_else(|| MessageError::Unknown { start: clean.chars().take(60).collect() })
}

impl Denied {
    /// The form, as far as the message fills it in.
    pub fn form(&self) -> QuestionForm {
        let mut form = QuestionForm::default();
        self.fill(&mut form);
        form
    }

    /// Fills in what the message says; answers that it does not give stay as they are.
    pub fn fill(&self, form: &mut QuestionForm) {
        let caller = self.caller.as_ref().map(Arn::as_str);
        if self.invokes() {
            // The session of the shared role called: who assumed it can't be told from here.
            if let Some(Ok(Principal::RoleSession { role, .. })) = caller.map(Principal::parse) {
                form.role = role.to_string();
            }
        } else if let Some(caller) = caller {
            form.caller = caller.to_owned();
        }
        if let Some(resource) = &self.resource {
            if resource.service() == "iam" && resource.resource_type() == Some("role") {
                form.role = resource.to_string();
            } else if let Ok(endpoint) = EndpointArn::parse(resource.as_str()) {
                form.region = endpoint.arn().region().to_owned();
                form.endpoint = endpoint.to_string();
            }
        }
        if let Some(endpoint) = &self.endpoint {
            form.endpoint = endpoint.to_string();
        }
        if let Some(region) = &self.region {
            form.region = region.to_string();
        }
        let action = self.action.as_deref().and_then(|iam| InvokeAction::ALL.into_iter().find(|a| a.iam() == iam));
        if let Some(action) = action {
            form.action = action.key().into();
        }
    }

    /// Whether a question is about the call of this message: no answer differs from what the message says.
    pub fn is_about(&self, form: &QuestionForm) -> bool {
        let mut told = form.clone();
        self.fill(&mut told);
        told == *form
    }

    /// The operation that was called, as far as the message tells.
    fn called(&self) -> Option<&str> {
        let action = || self.action.as_deref().map(|action| action.rsplit(':').next().unwrap_or(action));
        self.operation.as_deref().or_else(action)
    }

    /// Whether it denies a call that no handshake makes: nothing the doctor asks for would explain it.
    pub fn is_beyond(&self) -> bool {
        self.kind == MessageKind::AccessDenied && self.called().is_some_and(|called| !is_of_handshake(called))
    }

    /// The call of the handshake that ended with this message; `None` where it was another.
    pub fn call(&self) -> Option<Call> {
        let message = self.text.clone();
        let operation = match self.called() {
            Some(operation) => operation.to_owned(),
            None if self.endpoint.is_some() || self.kind == MessageKind::Model => "InvokeEndpoint".into(),
            None => "AssumeRole".into(),
        };
        let in_handshake = is_of_handshake(&operation);
        let outcome = match self.kind {
            MessageKind::AccessDenied | MessageKind::Encoded => Outcome::Denied { message },
            MessageKind::InvalidPrincipal => return None,
            _ => Outcome::Failed { code: self.code.clone().unwrap_or_default(), message },
        };
        in_handshake.then_some(Call { operation, outcome })
    }

    /// What has to be asked for still.
    pub fn missing(&self) -> Vec<Missing> {
        let form = self.form();
        let caller = if self.invokes() {
            "which role or user assumed the role: the message names only the session that invoked"
        } else {
            "who called: a role, a role's session or a user"
        };
        [
            ("caller", &form.caller, caller),
            ("role", &form.role, "which role was assumed, or should have been"),
            ("endpoint", &form.endpoint, "which endpoint was to be invoked"),
            ("region", &form.region, "in which region the endpoint is called"),
        ]
        .into_iter()
        .filter(|(_, answer, _)| answer.is_empty())
        .map(|(field, _, what)| Missing { field: field.into(), what: what.into() })
        .collect()
    }

    /// What the message means and what to do about it, where that needs no diagnosis.
    pub fn advice(&self) -> Option<String> {
        match self.kind {
            MessageKind::Encoded => Some(
                "AWS has encoded the reason: `aws sts decode-authorization-message` shows it to whoever may call \
                 sts:DecodeAuthorizationMessage in the account of the resource"
                    .into(),
            ),
            MessageKind::EndpointNotFound => {
                let account = self.account.as_ref()?;
                Some(format!(
                    "SageMaker looked in account {account}, the account of the credentials, and in the region of the \
                     client: either is another one than the endpoint's, or the name is misspelt"
                ))
            }
            MessageKind::Expired => Some("the credentials are over: get new ones".into()),
            MessageKind::BadCredentials => Some("AWS does not know the credentials: look at the profile".into()),
            MessageKind::NoCredentials => Some("there were no credentials where the call was made".into()),
            MessageKind::NoRegion => Some("name the endpoint's region when the client is made".into()),
            MessageKind::Unreachable => {
                Some("AWS was not reached: look at the network, the VPC endpoint and the region".into())
            }
            MessageKind::Model => Some("permissions are in order: the model itself refused or failed".into()),
            MessageKind::InvalidPrincipal => {
                let who = self.principal.as_deref().unwrap_or("a role or user");
                Some(format!("the trust policy names `{who}`, which does not exist: make it first, or name another"))
            }
            MessageKind::DurationOverMaximum => {
                Some("ask for a shorter session, or raise the role's MaxSessionDuration".into())
            }
            MessageKind::DurationOfChain => Some("ask for 3600 s at most: a role's session assumes the role".into()),
            MessageKind::RootCaller => Some("call as a role or a user".into()),
            MessageKind::AccessDenied => {
                let called = self.action.as_deref().or_else(|| self.called()).filter(|_| self.is_beyond())?;
                Some(format!(
                    "`{called}` is no part of calling a shared endpoint, so the doctor can't explain this denial: it knows \
                     `sts:AssumeRole` and the ways to invoke an endpoint. Look into the policies of whoever called"
                ))
            }
        }
    }

    fn invokes(&self) -> bool {
        self.action.as_deref().is_some_and(|action| action.starts_with("sagemaker:"))
    }
}

/// Whether an operation is one that a handshake calls.
fn is_of_handshake(operation: &str) -> bool {
    operation == "AssumeRole" || operation.starts_with("InvokeEndpoint")
}
