//! Reading a trust policy and a permissions policy as those of a share.

use super::why::WhyNot;
use crate::arn::CallerArn;
use crate::endpoint::EndpointArn;
use crate::names::{AccountId, ExternalId, Region};
use crate::policy::{ActionPattern, AwsPrincipal, Effect, Operator, PolicyDocument, PrincipalPattern, Statement};
use crate::s3::Location;
use crate::share::intent::{CallerScope, EndpointScope, InvokeAction};
use crate::share::inventory::{ObservedPolicy, ObservedRole};
use crate::share::render::{SID_ROTATING, SID_TRUST};
use crate::share::results;
use crate::share::rotate::Rotation;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What a trust policy says, as a share says it.
pub(super) struct Trust {
    pub(super) child: AccountId,
    pub(super) callers: CallerScope,
    pub(super) external_id: Option<ExternalId>,
    pub(super) rotation: Option<Rotation>,
    /// Unique ids of callers that are no more.
    pub(super) orphans: Vec<String>,
}

/// What a policy says, as a share says it.
pub(super) struct Reach {
    pub(super) region: Region,
    pub(super) endpoints: EndpointScope,
    pub(super) actions: BTreeSet<InvokeAction>,
    /// Where asynchronous endpoints leave their answers.
    pub(super) results: BTreeSet<Location>,
}

/// Actions beside AssumeRole that let its sessions be marked, nothing else; a share leaves them out.
const MARKS: [&str; 2] = ["sts:TagSession", "sts:SetSourceIdentity"];

pub(super) fn trust(role: &ObservedRole, parent: &AccountId) -> Result<Trust, WhyNot> {
    let document = parse("the trust policy", &role.trust)?;
    let mut named = Named::default();
    let mut ids: Option<Vec<String>> = None;
    for statement in &document.statements {
        plain_trust(statement)?;
        let asked = asked_ids(statement)?;
        // A statement that asks for less than another would be the one that counts.
        if ids.as_ref().is_some_and(|before| *before != asked) {
            return Err(WhyNot::SeveralIds);
        }
        ids = Some(asked);
        for principal in statement.principal.iter().flat_map(|clause| &clause.principals) {
            named.add(principal)?;
        }
    }
    let (external_id, rotation) = accepted(&document, ids.unwrap_or_default())?;
    let mut accounts = named.accounts.clone();
    accounts.extend(named.callers.iter().map(CallerArn::account));
    match accounts.iter().collect::<Vec<_>>().as_slice() {
        [] => Err(WhyNot::Nobody),
        [one] if **one == *parent => Err(WhyNot::SameAccount(parent.clone())),
        [one] => Ok(Trust {
            child: (*one).clone(),
            callers: if named.accounts.is_empty() {
                CallerScope::Named(named.callers)
            } else {
                CallerScope::WholeAccount
            },
            external_id,
            rotation,
            orphans: named.orphans,
        }),
        _ => Err(WhyNot::SeveralAccounts(accounts.into_iter().collect())),
    }
}

#[derive(Default)]
struct Named {
    accounts: BTreeSet<AccountId>,
    callers: BTreeSet<CallerArn>,
    orphans: Vec<String>,
}

impl Named {
    fn add(&mut self, principal: &PrincipalPattern) -> Result<(), WhyNot> {
        let stranger = || WhyNot::NotACaller(principal.parts().1.to_owned());
        match principal {
            PrincipalPattern::Everyone | PrincipalPattern::Aws(AwsPrincipal::Any) => return Err(WhyNot::Everyone),
            PrincipalPattern::Aws(AwsPrincipal::Account { account, .. }) => drop(self.accounts.insert(account.clone())),
            PrincipalPattern::Aws(AwsPrincipal::UniqueId(id)) => self.orphans.push(id.clone()),
            PrincipalPattern::Aws(AwsPrincipal::Arn(arn)) => {
                self.callers.insert(CallerArn::parse(arn.as_str()).map_err(|_| stranger())?);
            }
            _ => return Err(stranger()),
        }
        Ok(())
    }
}

fn plain_trust(statement: &Statement) -> Result<(), WhyNot> {
    let known = |action: &ActionPattern| {
        let is = |name: &&str| action.as_str().eq_ignore_ascii_case(name);
        is(&"sts:AssumeRole") || MARKS.iter().any(is)
    };
    let plain = statement.effect == Effect::Allow
        && !statement.action.negated
        && statement.action.patterns.iter().all(known)
        && statement.action.patterns.iter().any(|action| action.matches("sts:AssumeRole"))
        && statement.principal.as_ref().is_some_and(|clause| !clause.negated);
    if plain { Ok(()) } else { Err(WhyNot::TrustShape) }
}

/// The external IDs a statement asks for, sorted as written; any other condition is none of a share's.
fn asked_ids(statement: &Statement) -> Result<Vec<String>, WhyNot> {
    let mut ids = Vec::new();
    for condition in &statement.conditions {
        let exact = condition.operator == Operator::StringEquals.into()
            || (condition.operator == Operator::StringLike.into()
                && condition.values.iter().all(|v| !v.as_str().contains(['*', '?'])));
        if !condition.key.eq_ignore_ascii_case("sts:ExternalId") || !exact || !ids.is_empty() {
            return Err(WhyNot::TrustCondition(format!("{} {}", condition.operator, condition.key)));
        }
        ids.extend(condition.values.iter().map(|v| v.as_str().to_owned()));
    }
    Ok(ids)
}

fn accepted(document: &PolicyDocument, ids: Vec<String>) -> Result<(Option<ExternalId>, Option<Rotation>), WhyNot> {
    let parsed = ids.iter().map(|id| ExternalId::parse(id).map_err(|_| WhyNot::BadId(id.clone())));
    let parsed: Vec<ExternalId> = parsed.collect::<Result<_, _>>()?;
    let sid = document.statements.iter().find_map(|s| s.sid.as_deref()).unwrap_or_default();
    let since = sid.strip_prefix(SID_TRUST).and_then(|rest| rest.strip_prefix(SID_ROTATING));
    let since = since.and_then(|millis| millis.parse().ok()).map(Timestamp);
    match (parsed.as_slice(), since) {
        ([], _) => Ok((None, None)),
        ([one], _) => Ok((Some(one.clone()), None)),
        ([new, old], Some(since)) => Ok((Some(new.clone()), Some(Rotation { previous: old.clone(), since }))),
        _ => Err(WhyNot::SeveralIds),
    }
}

/// Reads a policy that allows invoking endpoints of `parent`.
pub(super) fn reach(policy: &ObservedPolicy, parent: &AccountId) -> Result<Reach, WhyNot> {
    let name = policy.arn.resource_name().to_owned();
    let document = parse(&format!("policy `{name}`"), &policy.document)?;
    let mut found: Vec<(BTreeSet<InvokeAction>, BTreeSet<String>)> = Vec::new();
    let mut places = BTreeSet::new();
    for statement in &document.statements {
        match results::read(statement) {
            Some(opened) => places.extend(opened),
            None => found.push(allowed(&name, statement)?),
        }
    }
    // The product of all actions and all resources has to be what the statements say, one by one or together.
    let actions: BTreeSet<InvokeAction> = found.iter().flat_map(|(actions, _)| actions.iter().copied()).collect();
    let resources: BTreeSet<String> = found.iter().flat_map(|(_, resources)| resources.iter().cloned()).collect();
    let says = |action: &InvokeAction, resource: &String| {
        found.iter().any(|(a, r)| a.contains(action) && r.contains(resource))
    };
    if !actions.iter().all(|action| resources.iter().all(|resource| says(action, resource))) {
        return Err(WhyNot::Uneven(name));
    }
    let (region, endpoints) = endpoints(&name, &resources, parent)?;
    Ok(Reach { region, endpoints, actions, results: places })
}

fn allowed(policy: &str, statement: &Statement) -> Result<(BTreeSet<InvokeAction>, BTreeSet<String>), WhyNot> {
    let shape = || WhyNot::PolicyShape(policy.to_owned());
    let resource = statement.resource.as_ref().filter(|clause| !clause.negated).ok_or_else(shape)?;
    if statement.effect != Effect::Allow || statement.action.negated || !statement.conditions.is_empty() {
        return Err(shape());
    }
    let mut actions = BTreeSet::new();
    for pattern in &statement.action.patterns {
        let text = pattern.as_str();
        let invokes = text.to_ascii_lowercase().starts_with("sagemaker:invokeendpoint");
        let matched: Vec<_> = InvokeAction::ALL.into_iter().filter(|a| invokes && pattern.matches(a.iam())).collect();
        if matched.is_empty() {
            return Err(WhyNot::OtherAction { policy: policy.to_owned(), action: text.to_owned() });
        }
        actions.extend(matched);
    }
    Ok((actions, resource.patterns.iter().map(|p| p.as_str().to_owned()).collect()))
}

fn endpoints(
    policy: &str,
    resources: &BTreeSet<String>,
    parent: &AccountId,
) -> Result<(Region, EndpointScope), WhyNot> {
    let (mut regions, mut named, mut all) = (BTreeSet::new(), BTreeSet::new(), false);
    for text in resources {
        let other = || WhyNot::OtherResource { policy: policy.to_owned(), resource: text.clone() };
        let arn = crate::arn::Arn::parse(text).map_err(|_| other())?;
        let ours = arn.service() == "sagemaker" && arn.account_id().as_ref() == Some(parent);
        regions.insert(arn.region_code().filter(|_| ours).ok_or_else(other)?);
        if arn.resource() == "endpoint/*" {
            all = true;
        } else {
            // A capital letter is a slip: SageMaker's ARNs have none, so that as it stands it matches no endpoint.
            named.insert(EndpointArn::parse(&text.to_ascii_lowercase()).map_err(|_| other())?);
        }
    }
    let mut regions = regions.into_iter();
    match (regions.next(), regions.next()) {
        (Some(region), None) => Ok((region, if all { EndpointScope::All } else { EndpointScope::Named(named) })),
        _ => Err(WhyNot::SeveralRegions(policy.to_owned())),
    }
}

fn parse(what: &str, text: &str) -> Result<PolicyDocument, WhyNot> {
    PolicyDocument::parse(text)
        .map_err(|error| WhyNot::Unreadable { what: what.to_owned(), message: error.message.clone() })
}
