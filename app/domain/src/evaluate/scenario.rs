//! A question as JSON: who asks what, under which policies. What `sagebridge explain` reads and the tests are
//! written in.

use super::bounds;
use super::{Context, NamedPolicy, Policies, Principal, Request, ResourceKind};
use crate::arn::Arn;
use crate::names::AccountId;
use crate::policy::json::{self, Kind, Member, Node, Place};
use crate::policy::parse::{self, Reading};
use crate::policy::{PolicyDocument, PolicyError, is_unique_id};
use serde::Serialize;
use serde_json::Value;
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

/// What kind of fault keeps a scenario from being evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The text isn't JSON.
    InvalidJson,
    /// An element of the scenario is missing, unknown or not what it should be.
    InvalidScenario,
    /// A policy isn't one.
    InvalidPolicy,
    /// It is larger than anything AWS has, and would take too long.
    TooLarge,
}

/// Why a scenario can't be evaluated, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong, in lower case, without a final stop.
    pub message: String,
    /// The element: `identity_policies[0].document.Statement[0].Action`; empty for the scenario as a whole.
    pub path: String,
    /// The line of the text, from 1; 0 when the scenario was not read from a text.
    pub line: usize,
    /// The column in characters, from 1; 0 when the scenario was not read from a text.
    pub column: usize,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, path, line, column, .. } = self;
        match (path.is_empty(), line) {
            (true, 0) => f.write_str(message),
            (true, line) => write!(f, "{message} (line {line}, column {column})"),
            (false, 0) => write!(f, "{message} (at `{path}`)"),
            (false, line) => write!(f, "{message} (at `{path}`, line {line}, column {column})"),
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
    /// Reads a scenario that is JSON already. Next to the documented elements it takes `principal_role`, the ARN with
    /// the path of a session's role, and `principal_id`, the caller's unique ID.
    pub fn parse(value: &Value) -> Result<Self> {
        Self::read(&json::from_value(value))
    }

    /// Reads a scenario from its text. Errors have line and column.
    pub fn parse_text(text: &str) -> Result<Self> {
        Self::read(&json::parse(text).map_err(ScenarioError::json)?)
    }

    /// Reads a scenario from JSON with places.
    pub(super) fn read(node: &Node) -> Result<Self> {
        let Kind::Object(members) = &node.kind else {
            return Err(fail(node.place, "", format!("a scenario is a JSON object, this is {}", node.kind.name())));
        };
        let map = Elements { place: node.place, members };
        map.refuse_strangers()?;
        let action = map.text("action")?;
        if !is_action(action) {
            let message = format!("`{}` is not an action: `service:Action`, without wildcards", short(action));
            return Err(map.fail("action", message));
        }
        let resource = map.text("resource")?;
        if !is_resource(resource) {
            let message = format!("`{}` is not {}, or `*` for none", short(resource), Arn::EXPECTED);
            return Err(map.fail("resource", message));
        }
        let context = context(&map)?;
        let principal = principal(&map, &context)?;
        let resource_account = resource_account(&map, resource, &principal)?;
        let resource_policy = map
            .given("resource_policy")
            .map(|node| Ok(NamedPolicy::new("resource policy", document(node, "resource_policy")?)))
            .transpose()?;
        let scenario = Self {
            id: id(&map)?,
            resource_kind: ResourceKind::of(action, resource),
            request: Request {
                principal,
                action: action.to_owned(),
                resource: resource.to_owned(),
                resource_account,
                context,
            },
            identity: policies(&map, "identity_policies")?.unwrap_or_default(),
            resource: resource_policy,
            boundaries: policies(&map, "permissions_boundaries")?,
            session: policies(&map, "session_policies")?,
            service_control: levels(&map, "service_control_policies")?,
            resource_control: levels(&map, "resource_control_policies")?,
        };
        bounds::check(&scenario)
            .map_err(|message| ScenarioError { kind: FaultKind::TooLarge, ..fail(node.place, "", message) })?;
        Ok(scenario)
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

impl ScenarioError {
    pub(super) fn json(error: PolicyError) -> Self {
        let PolicyError { message, line, column, path } = error;
        Self { kind: FaultKind::InvalidJson, message, path, line, column }
    }
}

fn fail(place: Place, path: &str, message: impl Into<String>) -> ScenarioError {
    ScenarioError {
        kind: FaultKind::InvalidScenario,
        message: message.into(),
        path: path.to_owned(),
        line: place.line,
        column: place.column,
    }
}

/// The elements of a scenario.
struct Elements<'a> {
    place: Place,
    members: &'a [Member],
}

impl<'a> Elements<'a> {
    fn refuse_strangers(&self) -> Result<()> {
        match self.members.iter().find(|member| !KEYS.contains(&member.key.as_str())) {
            None => Ok(()),
            Some(stranger) => {
                let message = format!("unknown element: known are {}", KEYS.join(", "));
                Err(fail(stranger.place, short(&stranger.key).as_ref(), message))
            }
        }
    }

    /// An element that is there and not null.
    fn given(&self, key: &str) -> Option<&'a Node> {
        let member = self.members.iter().find(|member| member.key == key)?;
        (member.value.kind != Kind::Null).then_some(&member.value)
    }

    fn text(&self, key: &str) -> Result<&'a str> {
        match self.given(key).map(|node| &node.kind) {
            None => Err(self.fail(key, "missing: a scenario needs this element")),
            Some(Kind::Text(text)) => Ok(text),
            Some(other) => Err(self.fail(key, format!("expected a string, found {}", other.name()))),
        }
    }

    /// A fault of an element, at its place.
    fn fail(&self, key: &str, message: impl Into<String>) -> ScenarioError {
        fail(self.given(key).map_or(self.place, |node| node.place), key, message)
    }
}

fn id(map: &Elements<'_>) -> Result<String> {
    match map.given("id").map(|node| &node.kind) {
        None => Ok(String::new()),
        Some(Kind::Text(text) | Kind::Number(text)) => Ok(text.clone()),
        Some(other) => Err(map.fail("id", format!("expected a string or a number, found {}", other.name()))),
    }
}

fn is_action(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.len() <= 256 && text.split_once(':').is_some_and(|(service, name)| word(service) && word(name))
}

/// An ARN, or `*`. Unlike the names that IAM gives, the names of objects may hold spaces.
fn is_resource(text: &str) -> bool {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let complete = matches!(fields.as_slice(), ["arn", partition, service, _, _, name]
        if !partition.is_empty() && !service.is_empty() && !name.is_empty());
    text == "*" || (complete && text.len() <= 2048 && !text.chars().any(char::is_control))
}

/// The owner of the resource. Where it isn't given, the ARN tells; an action without a resource is about the caller's
/// own account.
fn resource_account(map: &Elements<'_>, resource: &str, principal: &Principal) -> Result<AccountId> {
    if map.given("resource_account").is_some() {
        let text = map.text("resource_account")?;
        return AccountId::parse(text).map_err(|error| map.fail("resource_account", error.to_string()));
    }
    let told = match resource {
        "*" => principal.account().cloned(),
        arn => arn.split(':').nth(4).and_then(|account| AccountId::parse(account).ok()),
    };
    told.ok_or_else(|| map.fail("resource_account", "missing: the resource does not tell which account owns it"))
}

fn principal(map: &Elements<'_>, context: &Context) -> Result<Principal> {
    let text = map.text("principal")?;
    if text.len() > 2048 {
        return Err(map.fail("principal", format!("`{}` is not {}", short(text), Principal::EXPECTED)));
    }
    let told = Principal::parse(text).map_err(|error| map.fail("principal", error.to_string()))?;
    let id = match map.given("principal_id") {
        Some(_) if !is_unique_id(map.text("principal_id")?) => {
            return Err(map.fail("principal_id", "expected the unique ID of a role or user: `AROA…` or `AIDA…`"));
        }
        Some(_) => Some(map.text("principal_id")?.to_owned()),
        None => unique_id(context),
    };
    let role = match map.given("principal_role") {
        None => None,
        Some(_) => {
            let text = map.text("principal_role")?;
            Some(Arn::parse(text).map_err(|error| map.fail("principal_role", error.to_string()))?)
        }
    };
    let made = match (told, role) {
        (Principal::RoleSession { session: Some(session), role: told, path_known, .. }, role) => {
            let path_known = path_known || role.is_some();
            Principal::role_session(session, role.unwrap_or(told), id).map(|made| made.with_path_known(path_known))
        }
        (Principal::RoleSession { role, .. }, None) => Principal::role(role, id),
        (Principal::User { arn, .. }, None) => Principal::user(arn, id),
        (_, Some(_)) => return Err(map.fail("principal_role", "only a role session has a role")),
        (other, None) => return Ok(other),
    };
    made.map_err(|error| map.fail("principal", error.to_string()))
}

/// The unique ID of the caller, or of its role, starts `aws:userid`.
///
/// Source: IAM user guide, "IAM policy elements: Variables and tags", principal key values.
fn unique_id(context: &Context) -> Option<String> {
    let [user_id] = context.get("aws:userid")? else { return None };
    let id = user_id.split(':').next()?;
    is_unique_id(id).then(|| id.to_owned())
}

fn context(map: &Elements<'_>) -> Result<Context> {
    let Some(node) = map.given("context") else { return Ok(Context::new()) };
    let Kind::Object(members) = &node.kind else {
        let message =
            format!("expected an object of keys with a value or a list of values, found {}", node.kind.name());
        return Err(fail(node.place, "context", message));
    };
    let scalar = |key: &str, node: &Node| match &node.kind {
        Kind::Text(text) | Kind::Number(text) => Ok(text.clone()),
        Kind::Bool(value) => Ok(value.to_string()),
        other => {
            let message = format!("expected a string, a number, a boolean or a list of these, found {}", other.name());
            Err(fail(node.place, &format!("context.{}", short(key)), message))
        }
    };
    let mut seen = std::collections::HashSet::new();
    let mut keys = Vec::with_capacity(members.len());
    for member in members {
        if !seen.insert(member.key.to_ascii_lowercase()) {
            let path = format!("context.{}", short(&member.key));
            return Err(fail(member.place, &path, "the key is there twice: case makes no difference"));
        }
        match &member.value.kind {
            // A key without a value is one that the request does not carry.
            Kind::Null => {}
            Kind::List(items) => {
                let values = items.iter().map(|item| scalar(&member.key, item)).collect::<Result<_>>()?;
                keys.push((member.key.clone(), values));
            }
            _ => keys.push((member.key.clone(), vec![scalar(&member.key, &member.value)?])),
        }
    }
    Ok(Context::from_distinct(keys))
}

fn document(node: &Node, path: &str) -> Result<PolicyDocument> {
    let located = |error: PolicyError| ScenarioError {
        kind: FaultKind::InvalidPolicy,
        path: if error.path.is_empty() { path.to_owned() } else { format!("{path}.{}", error.path) },
        line: error.line,
        column: error.column,
        message: error.message,
    };
    let Kind::Text(text) = &node.kind else {
        return parse::document(node, Reading::Evaluated).map_err(located);
    };
    // A document may come as the text AWS hands out; a place in it goes into the message, which is about that text.
    json::parse(text).and_then(|inner| parse::document(&inner, Reading::Evaluated)).map_err(|error| {
        let message = format!("{} (line {}, column {} of the document)", error.message, error.line, error.column);
        ScenarioError { line: node.place.line, column: node.place.column, message, ..located(error) }
    })
}

fn policies(map: &Elements<'_>, key: &str) -> Result<Option<Vec<NamedPolicy>>> {
    map.given(key).map(|node| list(node, key)).transpose()
}

fn levels(map: &Elements<'_>, key: &str) -> Result<Option<Vec<Vec<NamedPolicy>>>> {
    let Some(node) = map.given(key) else { return Ok(None) };
    let Kind::List(levels) = &node.kind else {
        return Err(map.fail(key, format!("expected a list of levels, found {}", node.kind.name())));
    };
    if levels.len() > bounds::MAX_LEVELS {
        let message = format!(
            "{} levels: at most {} are read, and an organisation has up to seven",
            levels.len(),
            bounds::MAX_LEVELS
        );
        return Err(map.fail(key, message));
    }
    let level = |(index, level)| list(level, &format!("{key}[{index}]"));
    levels.iter().enumerate().map(level).collect::<Result<_>>().map(Some)
}

fn list(node: &Node, path: &str) -> Result<Vec<NamedPolicy>> {
    let Kind::List(items) = &node.kind else {
        return Err(fail(node.place, path, format!("expected a list of policies, found {}", node.kind.name())));
    };
    items.iter().enumerate().map(|(index, item)| policy(item, index, &format!("{path}[{index}]"))).collect()
}

fn policy(node: &Node, index: usize, path: &str) -> Result<NamedPolicy> {
    if !matches!(node.kind, Kind::Object(_)) {
        let message = format!("expected an object with `name` and `document`, found {}", node.kind.name());
        return Err(fail(node.place, path, message));
    }
    let name = match node.get("name").map(|name| (name, &name.kind)) {
        None | Some((_, Kind::Null)) => format!("policy {}", index + 1),
        Some((_, Kind::Text(name))) if name.len() <= bounds::MAX_NAME => name.clone(),
        Some((name, _)) => {
            let message = format!("expected a string of at most {} characters", bounds::MAX_NAME);
            return Err(fail(name.place, &format!("{path}.name"), message));
        }
    };
    let path = format!("{path}.document");
    match node.get("document") {
        Some(node) => Ok(NamedPolicy { name, document: document(node, &path)? }),
        None => Err(fail(node.place, &path, "missing: a policy needs its document")),
    }
}

/// Up to 100 characters of a text, for messages.
fn short(text: &str) -> String {
    if text.chars().count() <= 100 { text.to_owned() } else { text.chars().take(99).chain(['…']).collect() }
}
