//! Statements that can't be judged, because they ask for something about the call that nobody told: where it comes
//! from, which tags the caller carries. They are read both ways; what comes out the same either way is sure.

use crate::evaluate::{Layer, Principal, Request};
use crate::policy::{
    AwsPrincipal, Effect, PolicyDocument, PolicyVersion, PrincipalPattern, ResourceClause, Statement, Variables,
};

/// Keys whose value, or absence, follows from the request: they say something about services that call on behalf of
/// others, or about the caller's kind, account or name.
///
/// Source: IAM user guide, "AWS global condition context keys".
const FOLLOWS: &[&str] = &[
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceAccount",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:username",
    "sts:ExternalId",
];

/// Which keys of a request are known.
pub(super) struct Known<'a> {
    pub(super) request: &'a Request,
}

impl Known<'_> {
    /// Whether a key's value, or its absence, is known.
    fn knows(&self, key: &str) -> bool {
        if self.request.context.get(key).is_some() || FOLLOWS.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            return true;
        }
        match (&self.request.principal, key.to_ascii_lowercase().as_str()) {
            (Principal::RoleSession { path_known, .. }, "aws:principalarn") => *path_known,
            (Principal::RoleSession { user_id, .. }, "aws:userid") => user_id.is_some(),
            (Principal::User { unique_id, .. }, "aws:userid") => unique_id.is_some(),
            (_, "aws:principalarn" | "aws:userid") => true,
            _ => false,
        }
    }
}

impl Variables for Known<'_> {
    fn variable(&self, key: &str) -> Option<&str> {
        self.knows(key).then_some("known")
    }
}

/// How a statement that can't be judged is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As it stands: a key that isn't known counts as one that isn't there.
    AsIs,
    /// In the call's favour: such an Allow matches, such a Deny doesn't.
    Best,
    /// Against it.
    Worst,
    /// Every such statement matches.
    Possible,
}

/// What keeps a statement from being judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A condition key, or a policy variable.
    Key(String),
    /// A session of the caller's role is named, and the question doesn't say which one calls.
    Session(String),
}

/// What is in doubt about a statement; nothing for nearly all.
pub(super) fn doubts(statement: &Statement, version: PolicyVersion, layer: Layer, known: &Known<'_>) -> Vec<Doubt> {
    let variables = (version == PolicyVersion::V2012).then_some(known as &dyn Variables);
    let mut found = Vec::new();
    for condition in &statement.conditions {
        if !known.knows(&condition.key) {
            found.push(Doubt::Key(condition.key.to_string()));
        }
        let values = condition.values.iter();
        found.extend(values.filter_map(|value| value.pattern.unresolved(variables)).map(|key| Doubt::Key(key.into())));
    }
    let resources = statement.resource.iter().flat_map(|clause| &clause.patterns);
    found.extend(resources.filter_map(|one| one.unresolved(variables)).map(|key| Doubt::Key(key.into())));
    if layer == Layer::Resource {
        let principals = statement.principal.iter().flat_map(|clause| &clause.principals);
        found.extend(principals.filter_map(|one| some_session(one, known.request)).map(Doubt::Session));
    }
    found
}

/// The session a principal names, when it is one of the caller's role and the question doesn't say which session calls.
fn some_session(principal: &PrincipalPattern, request: &Request) -> Option<String> {
    let PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) = principal else { return None };
    let Principal::RoleSession { session: None, role, .. } = &request.principal else { return None };
    let (kind, rest) = arn.resource().split_once('/')?;
    let (name, session) = rest.split_once('/')?;
    let same = arn.service() == "sts" && kind == "assumed-role" && arn.account() == role.account();
    (same && name == role.resource_name()).then(|| session.to_owned())
}

/// A document read in one way. Statements keep their places: one that is read as not matching asks for nothing.
pub(super) fn read(
    document: &PolicyDocument,
    layer: Layer,
    known: &Known<'_>,
    reading: Reading,
) -> (PolicyDocument, Vec<usize>) {
    let mut read = document.clone();
    let mut bent = Vec::new();
    if reading == Reading::AsIs {
        return (read, bent);
    }
    for (index, statement) in read.statements.iter_mut().enumerate() {
        if doubts(statement, document.version, layer, known).is_empty() {
            continue;
        }
        let matches = match (reading, statement.effect) {
            (Reading::Possible, _) => true,
            (Reading::Best, effect) => effect == Effect::Allow,
            (_, effect) => effect == Effect::Deny,
        };
        bent.push(index);
        *statement = if matches {
            taken_to_match(statement, document.version, known)
        } else {
            taken_not_to_match(statement, document.version, known)
        };
    }
    (read, bent)
}

/// The statement without what is in doubt.
fn taken_to_match(statement: &Statement, version: PolicyVersion, known: &Known<'_>) -> Statement {
    let variables = (version == PolicyVersion::V2012).then_some(known as &dyn Variables);
    let mut sure = statement.clone();
    sure.conditions.retain(|condition| {
        let plain = condition.values.iter().all(|value| value.pattern.unresolved(variables).is_none());
        known.knows(&condition.key) && plain
    });
    if let Some(clause) = &sure.resource
        && clause.patterns.iter().any(|pattern| pattern.unresolved(variables).is_some())
    {
        sure.resource = None;
    }
    if let Some(clause) = &mut sure.principal {
        for principal in &mut clause.principals {
            if some_session(principal, known.request).is_some() {
                *principal = PrincipalPattern::aws(known.request.principal.grantee());
            }
        }
    }
    sure
}

/// What is left of the statement that holds whatever is in doubt; one that asks for nothing when that is nothing.
fn taken_not_to_match(statement: &Statement, version: PolicyVersion, known: &Known<'_>) -> Statement {
    let variables = (version == PolicyVersion::V2012).then_some(known as &dyn Variables);
    let nothing = || Statement::allow(["sagebridge:Nothing"]);
    let mut sure = statement.clone();
    let certain = |condition: &crate::policy::Condition| {
        known.knows(&condition.key) && condition.values.iter().all(|v| v.pattern.unresolved(variables).is_none())
    };
    if !sure.conditions.iter().all(certain) {
        return nothing();
    }
    if let Some(ResourceClause { negated, patterns }) = &mut sure.resource {
        let before = patterns.len();
        patterns.retain(|pattern| pattern.unresolved(variables).is_none());
        if patterns.is_empty() || (*negated && patterns.len() < before) {
            return nothing();
        }
    }
    if let Some(clause) = &mut sure.principal {
        clause.principals.retain(|principal| some_session(principal, known.request).is_none());
        if clause.principals.is_empty() {
            return nothing();
        }
    }
    sure
}
