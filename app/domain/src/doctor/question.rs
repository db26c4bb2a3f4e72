//! What the doctor is asked: one handshake, whose documents are to be found.

use crate::arn::{Arn, CallerArn, CallerKind};
use crate::endpoint::EndpointArn;
use crate::evaluate::Principal;
use crate::names::{AccountId, EndpointName, ExternalId, NameError, Region, RoleName};
use crate::policy::{PolicyDocument, validate_identity};
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// DurationSeconds as AssumeRole takes it (STS API reference, AssumeRole).
const DURATION: std::ops::RangeInclusive<u32> = 900..=43_200;
/// The longest session policy, in characters (STS API reference, AssumeRole, Policy).
const SESSION_POLICY: usize = 2048;

/// The endpoint a caller calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its ARN, in lower case as SageMaker has it.
    pub arn: EndpointArn,
    /// The name as the caller sends it, where it is known: InvokeEndpoint compares its case.
    #[serde(default)]
    pub name: Option<EndpointName>,
}

impl Target {
    /// An endpoint by its name, where it is called.
    pub fn new(name: EndpointName, region: &Region, account: &AccountId) -> Self {
        let (partition, lower) = (region.partition(), name.as_str().to_ascii_lowercase());
        let arn = EndpointArn::parse(&format!("arn:{partition}:sagemaker:{region}:{account}:endpoint/{lower}"))
            .unwrap_or_else(|_| unreachable!("name, region and account were parsed"));
        Self { arn, name: Some(name) }
    }
    /// The name to call it by, as far as it is known.
    pub fn called(&self) -> &str {
        self.name.as_ref().map_or(self.arn.lower_name(), EndpointName::as_str)
    }
    /// Where the call goes.
    pub fn region(&self) -> Region {
        self.arn.arn().region_code().unwrap_or_else(|| unreachable!("an endpoint's region was parsed"))
    }
    /// Whose endpoint it is.
    pub fn account(&self) -> AccountId {
        self.arn.arn().account_id().unwrap_or_else(|| unreachable!("an endpoint's account was parsed"))
    }
}

/// A handshake to diagnose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Who calls: a user, a role, a session of a role; a root or federated user to be told that it can't.
    pub caller: Principal,
    /// The role's ARN, as the caller sends it.
    pub role: Arn,
    /// The endpoint.
    pub endpoint: Target,
    /// How it is invoked.
    pub action: InvokeAction,
    /// The external ID the caller sends, if any.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// The DurationSeconds the caller asks for; `None`: it asks for none and gets an hour.
    #[serde(default)]
    pub duration_seconds: Option<u32>,
    /// The session policy the caller passes, if any.
    #[serde(default)]
    pub session_policy: Option<String>,
}

impl Question {
    /// A share's handshake: one of its callers, one of its endpoints, one of its ways to call.
    pub fn of_share(intent: &ShareIntent, caller: Principal, endpoint: EndpointName, action: InvokeAction) -> Self {
        Self {
            caller,
            role: intent.role_arn(),
            endpoint: Target::new(endpoint, &intent.region, &intent.parent),
            action,
            external_id: intent.external_id.clone(),
            duration_seconds: None,
            session_policy: None,
        }
    }

    /// The account of the caller.
    pub fn child(&self) -> AccountId {
        self.caller.account().cloned().unwrap_or_else(|| unreachable!("a caller's account was parsed"))
    }
    /// The account of the role.
    pub fn parent(&self) -> AccountId {
        self.role.account_id().unwrap_or_else(|| unreachable!("a role's account was parsed"))
    }
    /// The role's name.
    pub fn role_name(&self) -> &str {
        self.role.resource_name()
    }
    /// The role or user behind the caller: whose policies are to be read. Root and federated users have none.
    pub fn caller_arn(&self) -> Option<CallerArn> {
        match &self.caller {
            Principal::User { arn, .. } => CallerArn::parse(arn.as_str()).ok(),
            Principal::RoleSession { role, .. } => CallerArn::parse(role.as_str()).ok(),
            _ => None,
        }
    }
    /// What of this call a share leaves out, so that what is repaired for it is no part of the share; `None` where all
    /// of it is.
    pub fn beyond(&self, intent: &ShareIntent) -> Option<String> {
        if let CallerScope::Named(callers) = &intent.callers
            && !self.caller_arn().is_some_and(|caller| callers.contains(&caller))
        {
            return Some(format!("`{}` is not among the callers of the share", self.caller_name()));
        }
        if let EndpointScope::Named(arns) = &intent.endpoints
            && !arns.contains(&self.endpoint.arn)
        {
            return Some(format!("`{}` is not among the endpoints of the share", self.endpoint.called()));
        }
        (!intent.actions.contains(&self.action)).then(|| format!("the share does not allow `{}`", self.action.iam()))
    }
    /// The caller in a word: `scoring-lambda`.
    pub fn caller_name(&self) -> String {
        match (&self.caller, self.caller_arn()) {
            (_, Some(caller)) => caller.name().to_owned(),
            (Principal::Root { account, .. }, _) => format!("root of {account}"),
            (other, _) => other.to_string(),
        }
    }
    /// Whether the caller is a role's session itself, so that the new session is chained.
    pub fn chains(&self) -> bool {
        matches!(self.caller, Principal::RoleSession { .. })
    }
    /// The IAM actions the role needs. Streaming needs `sagemaker:InvokeEndpoint` beside its own action (SageMaker
    /// Runtime API reference, InvokeEndpointWithResponseStream).
    pub fn actions(&self) -> Vec<&'static str> {
        match self.action {
            InvokeAction::Stream => vec![InvokeAction::Stream.iam(), InvokeAction::Invoke.iam()],
            other => vec![other.iam()],
        }
    }
}

/// The doctor's form: what was typed, valid or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuestionForm {
    /// The caller's ARN: a user, a role or a role's session.
    pub caller: String,
    /// The role's ARN.
    pub role: String,
    /// The endpoint's name or ARN.
    pub endpoint: String,
    /// The region the call goes to; may be left out when the endpoint is given as an ARN.
    pub region: String,
    /// The key of an [`InvokeAction`]; empty for `invoke`.
    pub action: String,
    /// The external ID that is sent; empty for none.
    pub external_id: String,
    /// The session duration that is asked for, in seconds; empty for the default.
    pub duration_seconds: String,
    /// The session policy that is passed; empty for none.
    pub session_policy: String,
}

/// Collects what is wrong.
struct Found(Vec<FieldProblem>);

impl Found {
    fn add(&mut self, field: &str, message: impl Into<String>, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.0.push(FieldProblem { field: field.into(), message: message.into(), hint });
    }
    fn check<T>(&mut self, field: &str, parsed: Result<T, NameError>, hint: &str) -> Option<T> {
        parsed.map_err(|error| self.refuse(field, &error, hint)).ok()
    }
    /// An empty answer is told as missing, not as a pair of backticks with nothing between.
    fn refuse(&mut self, field: &str, error: &NameError, hint: &str) {
        let message = if error.input.is_empty() {
            format!("nothing is given; it should be {}", error.expected)
        } else {
            error.to_string()
        };
        self.add(field, message, hint);
    }
}

impl QuestionForm {
    /// A share's form: its first caller, endpoint and way to call. What the share leaves open stays empty.
    pub fn of_share(intent: &ShareIntent) -> Self {
        let caller = match &intent.callers {
            CallerScope::Named(callers) => callers.iter().next().map(CallerArn::to_string),
            CallerScope::WholeAccount => None,
        };
        let endpoint = match &intent.endpoints {
            EndpointScope::Named(arns) => arns.iter().next().map(EndpointArn::to_string),
            EndpointScope::All => None,
        };
        Self {
            caller: caller.unwrap_or_default(),
            role: intent.role_arn().to_string(),
            endpoint: endpoint.unwrap_or_default(),
            region: intent.region.to_string(),
            action: intent.actions.iter().next().map_or("", |action| action.key()).into(),
            external_id: intent.external_id.as_ref().map(ExternalId::to_string).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// A question as the form that asks it.
    pub fn of(question: &Question) -> Self {
        let endpoint = &question.endpoint;
        Self {
            caller: question.caller.to_string(),
            role: question.role.to_string(),
            endpoint: endpoint.name.as_ref().map_or(endpoint.arn.to_string(), EndpointName::to_string),
            region: endpoint.region().to_string(),
            action: question.action.key().into(),
            external_id: question.external_id.as_ref().map(ExternalId::to_string).unwrap_or_default(),
            duration_seconds: question.duration_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
            session_policy: question.session_policy.clone().unwrap_or_default(),
        }
    }

    /// The question, or what is wrong with each answer.
    pub fn parse(&self) -> Result<Question, Vec<FieldProblem>> {
        let mut found = Found(Vec::new());
        let caller = self.parse_caller(&mut found);
        let role = self.parse_role(&mut found);
        let endpoint = self.parse_endpoint(role.as_ref(), &mut found);
        let action = self.parse_action(&mut found);
        let external_id = given(&self.external_id).and_then(|text| {
            found.check("external_id", ExternalId::parse(text), "copy it as the role's owner gave it to you")
        });
        let duration_seconds = self.parse_duration(&mut found);
        let session_policy = self.parse_session_policy(&mut found);
        match (caller, role, endpoint, action) {
            (Some(caller), Some(role), Some(endpoint), Some(action)) if found.0.is_empty() => {
                Ok(Question { caller, role, endpoint, action, external_id, duration_seconds, session_policy })
            }
            _ => Err(found.0),
        }
    }

    fn parse_caller(&self, found: &mut Found) -> Option<Principal> {
        let hint = "run `aws sts get-caller-identity` where the call is made, or take it from the error message";
        let text = self.caller.trim();
        if AccountId::parse(text).is_ok() {
            found.add("caller", format!("`{text}` is an account, and an account makes no calls"), hint);
            return None;
        }
        let caller = Principal::parse(text)
            .map_err(|_| NameError::new(text, "the ARN of a user, a role or a role's session"))
            .map_err(|error| found.refuse("caller", &error, hint))
            .ok()?;
        if caller.account().is_none() {
            found.add("caller", format!("`{text}` is neither a user nor a role"), hint);
            return None;
        }
        Some(caller)
    }

    fn parse_role(&self, found: &mut Found) -> Option<Arn> {
        let hint = "it is on the role's page in IAM: `arn:aws:iam::111111111111:role/SageMakerExternal`";
        let text = self.role.trim();
        if let Ok(Principal::RoleSession { session: Some(_), role, .. }) = Principal::parse(text) {
            found.add("role", format!("`{text}` is a session, not a role"), &format!("give the role itself: `{role}`"));
            return None;
        }
        let expected = "the ARN of a role, such as `arn:aws:iam::111111111111:role/SageMakerExternal`";
        let role = CallerArn::parse(text)
            .ok()
            .filter(|role| role.kind() == CallerKind::Role && RoleName::parse(role.name()).is_ok())
            .ok_or_else(|| NameError::new(text, expected));
        found.check("role", role, hint).map(|role| role.arn().clone())
    }

    fn parse_endpoint(&self, role: Option<&Arn>, found: &mut Found) -> Option<Target> {
        let text = self.endpoint.trim();
        let region = given(&self.region).and_then(|text| {
            found.check("region", Region::parse(text), "type the region the call goes to: `eu-west-1`")
        });
        if text.starts_with("arn:") {
            // The caller's code has a name; whether it has the case it was typed in here can't be told.
            let lower = EndpointArn::parse(&text.to_ascii_lowercase())
                .map_err(|_| NameError::new(text, "the name or the ARN of an endpoint"));
            let arn = found.check("endpoint", lower, "type its name, or paste its ARN")?;
            let target = Target { arn, name: None };
            return Some(match region {
                Some(region) if region != target.region() => {
                    let name = EndpointName::parse(target.arn.lower_name()).ok()?;
                    Target { name: None, ..Target::new(name, &region, &target.account()) }
                }
                _ => target,
            });
        }
        let name = found.check("endpoint", EndpointName::parse(text), "type its name, or paste its ARN");
        if self.region.trim().is_empty() {
            let hint = "type the region the call goes to: `eu-west-1`";
            found.add("region", "nothing is given; it should be a region code", hint);
        }
        let account = role.and_then(Arn::account_id)?;
        Some(Target::new(name?, &region?, &account))
    }

    fn parse_action(&self, found: &mut Found) -> Option<InvokeAction> {
        let text = self.action.trim();
        let action = if text.is_empty() { Some(InvokeAction::Invoke) } else { InvokeAction::parse(text) };
        if action.is_none() {
            found.add("action", format!("`{text}` is none of `invoke`, `stream` and `async`"), "choose one");
        }
        action
    }

    fn parse_duration(&self, found: &mut Found) -> Option<u32> {
        let text = given(&self.duration_seconds)?;
        let seconds = text.parse::<u32>().ok().filter(|seconds| DURATION.contains(seconds));
        if seconds.is_none() {
            let message = format!("`{text}` is not a session duration: 900 to 43200 seconds");
            found.add("duration_seconds", message, "leave it empty for the default of an hour");
        }
        seconds
    }

    fn parse_session_policy(&self, found: &mut Found) -> Option<String> {
        let text = given(&self.session_policy)?;
        let hint = "paste the policy that the caller passes to AssumeRole, or leave it empty";
        match PolicyDocument::parse(text).and_then(|document| validate_identity(&document)) {
            Err(error) => found.add("session_policy", error.to_string(), hint),
            Ok(()) if text.chars().count() > SESSION_POLICY => {
                let length = text.chars().count();
                found.add("session_policy", format!("it has {length} characters; STS takes {SESSION_POLICY}"), hint);
            }
            Ok(()) => return Some(text.to_owned()),
        }
        None
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}
