//! A second evaluator, written for being obviously right rather than fast: it works on the scenario's JSON, copies
//! what it likes, and uses nothing of the product's evaluator or of its policy types.

use crate::naive_conditions;
use serde_json::Value;

/// `Allowed`, `ExplicitlyDenied` or `ImplicitlyDenied`.
pub fn decide(scenario: &Value) -> &'static str {
    let caller = Caller::read(scenario);
    let of_account = caller.account.is_some();
    let identified = of_account && caller.kind != Kind::Root;
    let list = |key: &str| scenario[key].as_array().cloned().unwrap_or_default();
    let bounded = identified && !list("permissions_boundaries").is_empty();

    let mut denied = false;
    let mut check = |says: &Says| denied |= says.deny;

    // Resource policy.
    let mut resource = Says::default();
    if !scenario["resource_policy"].is_null() {
        resource = document(scenario, &caller, &scenario["resource_policy"], Some(bounded));
    }
    check(&resource);

    // Control policies, which leave service-linked roles alone.
    let role = caller.parent.as_deref().unwrap_or_default();
    let linked = role.contains(":role/aws-service-role/")
        || (role.contains(":role/AWSServiceRoleFor")
            && scenario["principal_role"].is_null()
            && caller.kind == Kind::Session);
    let mut scp_allows = true;
    if of_account && !linked {
        for level in list("service_control_policies") {
            let says = together(scenario, &caller, level.as_array().unwrap());
            check(&says);
            scp_allows &= says.allow > 0;
        }
    }
    for level in list("resource_control_policies").iter().filter(|_| !linked) {
        check(&together(scenario, &caller, level.as_array().unwrap()));
    }

    // The account's own.
    let mut allows = [true, true, true];
    if identified {
        let identity = together(scenario, &caller, &list("identity_policies"));
        check(&identity);
        allows[0] = identity.allow > 0;
        for (slot, key) in [(1, "permissions_boundaries"), (2, "session_policies")] {
            let policies = list(key);
            if !policies.is_empty() {
                let says = together(scenario, &caller, &policies);
                check(&says);
                allows[slot] = says.allow > 0;
            }
        }
    }
    if denied {
        return "ExplicitlyDenied";
    }

    let action = scenario["action"].as_str().unwrap().to_lowercase();
    let target = scenario["resource"].as_str().unwrap();
    let assumes =
        action.starts_with("sts:assume") || ["sts:tagsession", "sts:setsourceidentity"].contains(&action.as_str());
    let trust = assumes && (target.contains(":iam:") || target == "*");
    let key = target.contains(":kms:") && target.contains(":key/");
    if trust && caller.kind == Kind::Root && action == "sts:assumerole" {
        return "ImplicitlyDenied";
    }
    let [identity, boundary, session] = allows;
    let everything = identity && boundary && session;
    let same_account = caller.account == owner(scenario, &caller);
    let allowed = scp_allows
        && if !of_account {
            resource.allow > 0
        } else if !same_account {
            resource.allow > 0 && everything
        } else {
            match resource.allow {
                3 => true,
                2 => boundary && session,
                1 => everything,
                _ => !trust && !key && everything,
            }
        };
    if allowed { "Allowed" } else { "ImplicitlyDenied" }
}

/// The account of the resource, told by its ARN where it is not given.
fn owner(scenario: &Value, caller: &Caller) -> Option<String> {
    match (scenario["resource_account"].as_str(), scenario["resource"].as_str().unwrap()) {
        (Some(given), _) => Some(given.to_owned()),
        (None, "*") => caller.account.clone(),
        (None, arn) => arn.split(':').nth(4).map(str::to_owned),
    }
}

/// 3: names the caller itself, 2: names its role or user, 1: names its account, 0: does not name it.
type Closeness = u8;

#[derive(Default)]
struct Says {
    deny: bool,
    allow: Closeness,
}

#[derive(PartialEq, Clone, Copy)]
enum Kind {
    Root,
    User,
    Session,
    RoleOnly,
    FederatedUser,
    Service,
    Federated,
    Canonical,
    Anonymous,
}

pub struct Caller {
    kind: Kind,
    pub text: String,
    pub account: Option<String>,
    /// The ARN of the role of a session or the user of a federated session.
    pub parent: Option<String>,
    pub id: Option<String>,
    path_told: bool,
}

impl Caller {
    pub fn read(scenario: &Value) -> Self {
        let text = scenario["principal"].as_str().unwrap().to_owned();
        let user_id = || {
            let (_, value) =
                scenario["context"].as_object()?.iter().find(|(key, _)| key.to_lowercase() == "aws:userid")?;
            let id = value.as_str()?.split(':').next()?;
            (id.starts_with("AROA") || id.starts_with("AIDA")).then_some(id)
        };
        let path_told = !scenario["principal_role"].is_null();
        let id = scenario["principal_id"].as_str().or_else(user_id).map(str::to_owned);
        let parts: Vec<&str> = text.split(':').collect();
        if parts.len() < 6 {
            let kind = if text == "*" {
                Kind::Anonymous
            } else if text.len() == 64 {
                Kind::Canonical
            } else if text.len() == 12 {
                return Self { kind: Kind::Root, account: Some(text.clone()), text, parent: None, id, path_told };
            } else if text.ends_with(".amazonaws.com") && text != "cognito-identity.amazonaws.com" {
                Kind::Service
            } else {
                Kind::Federated
            };
            return Self { kind, text, account: None, parent: None, id, path_told };
        }
        let account = parts[4].to_owned();
        let names: Vec<&str> = parts[5].split('/').collect();
        let parent = match (parts[2], names[0]) {
            ("sts", "assumed-role") => Some(format!("arn:aws:iam::{account}:role/{}", names[1])),
            ("sts", "federated-user") => Some(format!("arn:aws:iam::{account}:user/{}", names[1])),
            ("iam", "role") => Some(text.clone()),
            _ => None,
        };
        let kind = match (parts[2], names[0]) {
            ("sts", "assumed-role") => Kind::Session,
            ("sts", _) => Kind::FederatedUser,
            ("iam", "role") => Kind::RoleOnly,
            ("iam", "user") => Kind::User,
            ("iam", "root") => Kind::Root,
            _ => return Self { kind: Kind::Federated, text, account: None, parent: None, id, path_told },
        };
        let given = scenario["principal_role"].as_str().map(str::to_owned);
        Self { kind, text, account: Some(account), parent: given.or(parent), id, path_told }
    }

    /// What a request says by itself about its caller.
    pub fn key(&self, key: &str, scenario: &Value) -> Option<String> {
        let session = self.text.rsplit('/').next().unwrap_or_default();
        match key {
            "aws:principalarn" => match self.kind {
                Kind::Session | Kind::RoleOnly => self.parent.clone(),
                Kind::User | Kind::Root | Kind::FederatedUser => Some(self.text.clone()),
                _ => None,
            },
            "aws:principalaccount" => self.account.clone(),
            "aws:resourceaccount" => owner(scenario, self),
            "aws:principaltype" => match self.kind {
                Kind::Session | Kind::RoleOnly => Some("AssumedRole".into()),
                Kind::User => Some("User".into()),
                Kind::Root => Some("Account".into()),
                Kind::FederatedUser => Some("FederatedUser".into()),
                Kind::Anonymous => Some("Anonymous".into()),
                _ => None,
            },
            "aws:principalisawsservice" => Some((self.kind == Kind::Service).to_string()),
            "aws:principalservicename" => (self.kind == Kind::Service).then(|| self.text.clone()),
            "aws:username" => (self.kind == Kind::User).then(|| session.to_owned()),
            "aws:userid" => match self.kind {
                Kind::User => self.id.clone(),
                Kind::Root => self.account.clone(),
                Kind::Session => self.id.as_ref().map(|id| format!("{id}:{session}")),
                _ => None,
            },
            _ => None,
        }
    }
}

fn together(scenario: &Value, caller: &Caller, policies: &[Value]) -> Says {
    let mut sum = Says::default();
    for policy in policies {
        let says = document(scenario, caller, &policy["document"], None);
        sum.deny |= says.deny;
        sum.allow = sum.allow.max(says.allow);
    }
    sum
}

pub fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => vec![],
        one => vec![one.clone()],
    }
}

/// `resource`: for resource policies, whether the caller has a boundary.
fn document(scenario: &Value, caller: &Caller, document: &Value, resource: Option<bool>) -> Says {
    let variables = document["Version"] == "2012-10-17";
    let mut says = Says::default();
    for statement in as_list(&document["Statement"]) {
        let closeness = match resource {
            None => 3,
            Some(bounded) => principal(caller, &statement, bounded),
        };
        let matches = closeness > 0
            && action(scenario, &statement)
            && target(scenario, caller, &statement, variables)
            && naive_conditions::hold(scenario, caller, &statement["Condition"], variables);
        if matches && statement["Effect"] == "Deny" {
            says.deny = true;
        } else if matches {
            says.allow = says.allow.max(closeness);
        }
    }
    says
}

fn action(scenario: &Value, statement: &Value) -> bool {
    let asked = scenario["action"].as_str().unwrap().to_lowercase();
    let any = |list: &Value| as_list(list).iter().any(|one| glob(&one.as_str().unwrap().to_lowercase(), &asked));
    if statement["Action"].is_null() { !any(&statement["NotAction"]) } else { any(&statement["Action"]) }
}

fn target(scenario: &Value, caller: &Caller, statement: &Value, variables: bool) -> bool {
    let asked = scenario["resource"].as_str().unwrap();
    let any = |list: &Value| {
        as_list(list).iter().any(|one| {
            let pattern = one.as_str().unwrap();
            let filled =
                if variables { naive_conditions::fill(scenario, caller, pattern) } else { Some(pattern.into()) };
            filled.is_some_and(|pattern| arn_glob(&pattern, asked))
        })
    };
    match (&statement["Resource"], &statement["NotResource"]) {
        (Value::Null, Value::Null) => true,
        (Value::Null, not) => !any(not),
        (yes, _) => any(yes),
    }
}

/// ARNs are compared field by field; missing fields at the end are any.
pub fn arn_glob(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let mut ours: Vec<&str> = pattern.splitn(6, ':').collect();
    let theirs: Vec<&str> = text.splitn(6, ':').collect();
    while ours.len() < 6 {
        ours.push("*");
    }
    theirs.len() == 6 && ours.iter().zip(theirs).all(|(pattern, text)| glob(pattern, text))
}

/// Wildcards by a table over every pair of positions. `ESCAPE` before a character takes it literally.
pub const ESCAPE: char = '\u{1}';

pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces: Vec<(char, bool)> = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c == ESCAPE { pieces.push((chars.next().unwrap(), false)) } else { pieces.push((c, c == '*' || c == '?')) }
    }
    let text: Vec<char> = text.chars().collect();
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for (c, wild) in pieces {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            if wild && c == '*' {
                next[at] = reach[at] || (at > 0 && next[at - 1]);
            } else {
                next[at] = at > 0 && reach[at - 1] && (wild || text[at - 1] == c);
            }
        }
        reach = next;
    }
    reach[text.len()]
}

fn principal(caller: &Caller, statement: &Value, bounded: bool) -> Closeness {
    let not = &statement["NotPrincipal"];
    if not.is_null() {
        return closest(caller, &statement["Principal"]);
    }
    let named = closest(caller, not);
    let spared = if statement["Effect"] == "Allow" {
        named > 0
    } else {
        !bounded && (named == 3 || (named == 2 && caller.kind == Kind::RoleOnly))
    };
    if spared { 0 } else { 3 }
}

fn closest(caller: &Caller, element: &Value) -> Closeness {
    if *element == "*" {
        return 3;
    }
    let Value::Object(map) = element else { return 0 };
    let mut best = 0;
    for (kind, values) in map {
        for value in as_list(values) {
            let value = value.as_str().unwrap();
            best = best.max(match kind.as_str() {
                "AWS" => closeness(caller, value),
                "Service" => 3 * u8::from(caller.kind == Kind::Service && caller.text == value),
                "Federated" => 3 * u8::from(caller.kind == Kind::Federated && caller.text == value),
                _ => 3 * u8::from(caller.kind == Kind::Canonical && caller.text == value),
            });
        }
    }
    best
}

fn closeness(caller: &Caller, value: &str) -> Closeness {
    if value == "*" {
        return 3;
    }
    if let Some(account) = &caller.account
        && (value == account || value == format!("arn:aws:iam::{account}:root"))
    {
        return if caller.kind == Kind::Root { 3 } else { 1 };
    }
    let session = matches!(caller.kind, Kind::Session | Kind::FederatedUser | Kind::RoleOnly);
    let by_id = caller.kind != Kind::FederatedUser && caller.id.as_deref() == Some(value);
    // Of a session whose role is not told, the path is unknown and makes no difference.
    let without_path = |arn: &str| {
        let (start, path) = arn.split_once(":role/")?;
        (caller.kind == Kind::Session && !caller.path_told)
            .then(|| format!("{start}:role/{}", path.rsplit('/').next().unwrap()))
    };
    let parent = caller.parent.as_deref();
    let by_name = parent.is_some() && (parent == Some(value) || parent == without_path(value).as_deref());
    if session && (by_name || by_id) {
        return 2;
    }
    let itself = matches!(caller.kind, Kind::User | Kind::Session | Kind::FederatedUser) && caller.text == value;
    if itself || (caller.kind == Kind::User && caller.id.as_deref() == Some(value)) { 3 } else { 0 }
}
