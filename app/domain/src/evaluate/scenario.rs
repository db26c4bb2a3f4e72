//! A question as JSON: who asks what, under which policies. What `sagebridge explain` reads and the tests are
//! written in.

use super::{Context, NamedPolicy, Policies, Principal, Request, ResourceKind};
use crate::arn::Arn;
use crate::names::AccountId;
use crate::policy::{PolicyDocument, PolicyError};
use serde_json::{Map, Value};
use std::fmt;

/// A request with the policies that bear on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The reader's name for it.
    pub id: String,
    /// What is asked.
    pub request: Request,
    /// Managed, inline and group policies of the caller.
    pub identity: Vec<NamedPolicy>,
    /// The resource's policy.
    pub resource: Option<NamedPolicy>,
    /// The caller's boundary.
    pub boundaries: Option<Vec<NamedPolicy>>,
    /// The session's policies.
    pub session: Option<Vec<NamedPolicy>>,
    /// Service control policies, a list a level.
    pub service_control: Option<Vec<Vec<NamedPolicy>>>,
    /// Resource control policies, a list a level.
    pub resource_control: Option<Vec<Vec<NamedPolicy>>>,
    /// Told from action and resource.
    pub resource_kind: ResourceKind,
}

/// Why a scenario can't be evaluated, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// The element: `identity_policies[0].document.Statement[0].Action`.
    pub path: String,
    /// What is wrong, in lower case, without a final stop.
    pub message: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} (at `{}`)", self.message, self.path)
        }
    }
}

impl std::error::Error for ScenarioError {}

type Result<T> = std::result::Result<T, ScenarioError>;

const KEYS: &[&str] = &[
    "id",
    "principal",
    "principal_role",
    "principal_id",
    "action",
    "resource",
    "resource_account",
    "context",
    "identity_policies",
    "resource_policy",
    "permissions_boundaries",
    "session_policies",
    "service_control_policies",
    "resource_control_policies",
];

impl ResourceKind {
    /// What the action's resource is: a role that is assumed, a key, or something else.
    pub fn of(action: &str, resource: &str) -> Self {
        let action = action.to_ascii_lowercase();
        let mut fields = resource.split(':').skip(2);
        let service = fields.next().unwrap_or_default();
        let assumes =
            action.starts_with("sts:assume") || matches!(&*action, "sts:tagsession" | "sts:setsourceidentity");
        if assumes && (service == "iam" || resource == "*") {
            Self::Trust
        } else if service == "kms" && fields.nth(2).is_some_and(|name| name.starts_with("key/")) {
            Self::Key
        } else {
            Self::Other
        }
    }
}

impl Scenario {
    /// Reads a scenario. Next to the documented elements it takes `principal_role`, the ARN with the path of a
    /// session's role, and `principal_id`, the caller's unique ID.
    pub fn parse(value: &Value) -> Result<Self> {
        let Value::Object(map) = value else { return Err(fail("", "a scenario is a JSON object")) };
        if let Some(stranger) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(fail(stranger, format!("unknown element: known are {}", KEYS.join(", "))));
        }
        let action = text(map, "action")?;
        if !is_action(&action) {
            return Err(fail("action", format!("`{action}` is not an action: `service:Action`, without wildcards")));
        }
        let resource = text(map, "resource")?;
        if resource != "*" {
            Arn::parse(&resource).map_err(|error| fail("resource", error.to_string()))?;
        }
        let resource_account = AccountId::parse(&text(map, "resource_account")?)
            .map_err(|error| fail("resource_account", error.to_string()))?;
        let principal = principal(map)?;
        let resource_policy = given(map, "resource_policy")
            .map(|value| Ok(NamedPolicy::new("resource policy", document(value, "resource_policy")?)))
            .transpose()?;
        Ok(Self {
            id: given(map, "id")
                .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned))
                .unwrap_or_default(),
            resource_kind: ResourceKind::of(&action, &resource),
            request: Request { principal, action, resource, resource_account, context: context(map)? },
            identity: policies(map, "identity_policies")?.unwrap_or_default(),
            resource: resource_policy,
            boundaries: policies(map, "permissions_boundaries")?,
            session: policies(map, "session_policies")?,
            service_control: levels(map, "service_control_policies")?,
            resource_control: levels(map, "resource_control_policies")?,
        })
    }

    /// The policies, as the evaluator takes them.
    pub fn policies(&self) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            resource: self.resource.as_ref(),
            boundaries: self.boundaries.as_deref(),
            session: self.session.as_deref(),
            service_control: self.service_control.as_deref(),
            resource_control: self.resource_control.as_deref(),
            resource_kind: self.resource_kind,
        }
    }
}

fn fail(path: &str, message: impl Into<String>) -> ScenarioError {
    ScenarioError { path: path.to_owned(), message: message.into() }
}

/// An element that is there and not null.
fn given<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    map.get(key).filter(|value| !value.is_null())
}

fn text(map: &Map<String, Value>, key: &str) -> Result<String> {
    match given(map, key) {
        None => Err(fail(key, "missing: a scenario needs this element")),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(fail(key, "expected a string")),
    }
}

fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        word(service) && word(name)
    })
}

fn principal(map: &Map<String, Value>) -> Result<Principal> {
    let told = Principal::parse(&text(map, "principal")?).map_err(|error| fail("principal", error.to_string()))?;
    let id = given(map, "principal_id").map(|_| text(map, "principal_id")).transpose()?;
    let role = given(map, "principal_role")
        .map(|_| Arn::parse(&text(map, "principal_role")?).map_err(|error| fail("principal_role", error.to_string())))
        .transpose()?;
    let made = match (told, role) {
        (Principal::RoleSession { session: Some(session), role: told, path_known, .. }, role) => {
            let path_known = path_known || role.is_some();
            Principal::role_session(session, role.unwrap_or(told), id).map(|made| made.with_path_known(path_known))
        }
        (Principal::RoleSession { role, .. }, None) => Principal::role(role, id),
        (Principal::User { arn, .. }, None) => Principal::user(arn, id),
        (_, Some(_)) => return Err(fail("principal_role", "only a role session has a role")),
        (other, None) => return Ok(other),
    };
    made.map_err(|error| fail("principal", error.to_string()))
}

fn context(map: &Map<String, Value>) -> Result<Context> {
    given(map, "context").map_or_else(
        || Ok(Context::new()),
        |value| {
            serde_json::from_value(value.clone())
                .map_err(|_| fail("context", "expected an object of keys with a value or a list of values"))
        },
    )
}

fn document(value: &Value, path: &str) -> Result<PolicyDocument> {
    let located = |error: PolicyError| {
        let path = if error.path.is_empty() { path.to_owned() } else { format!("{path}.{}", error.path) };
        let place =
            if error.line > 0 { format!(" (line {}, column {})", error.line, error.column) } else { String::new() };
        fail(&path, format!("{}{place}", error.message))
    };
    // A document may come as the text AWS hands out.
    match value {
        Value::String(text) => PolicyDocument::parse(text).map_err(located),
        value => PolicyDocument::parse_value(value).map_err(located),
    }
}

fn policies(map: &Map<String, Value>, key: &str) -> Result<Option<Vec<NamedPolicy>>> {
    given(map, key).map(|value| list(value, key)).transpose()
}

fn levels(map: &Map<String, Value>, key: &str) -> Result<Option<Vec<Vec<NamedPolicy>>>> {
    let Some(value) = given(map, key) else { return Ok(None) };
    let Value::Array(levels) = value else { return Err(fail(key, "expected a list of levels")) };
    let level = |(index, level)| list(level, &format!("{key}[{index}]"));
    levels.iter().enumerate().map(level).collect::<Result<_>>().map(Some)
}

fn list(value: &Value, path: &str) -> Result<Vec<NamedPolicy>> {
    let Value::Array(items) = value else { return Err(fail(path, "expected a list of policies")) };
    let policy = |(index, item): (usize, &Value)| {
        let path = format!("{path}[{index}]");
        let Value::Object(map) = item else {
            return Err(fail(&path, "expected an object with `name` and `document`"));
        };
        let name =
            map.get("name").and_then(Value::as_str).map_or_else(|| format!("policy {}", index + 1), str::to_owned);
        let path = format!("{path}.document");
        let Some(value) = map.get("document") else { return Err(fail(&path, "missing: a policy needs its document")) };
        Ok(NamedPolicy { name, document: document(value, &path)? })
    };
    items.iter().enumerate().map(policy).collect()
}
