//! How large a scenario may be. What AWS itself has is far below; above, an answer would take longer than anybody
//! waits, so that the scenario is refused with the reason.

use super::Scenario;
use super::facts::Facts;
use crate::policy::{Condition, PolicyDocument, Size, Statement, VariableCost};
use std::collections::HashMap;

/// A scenario's text has at most so many bytes: the policies of a whole organisation fit in several times.
pub const MAX_SCENARIO_BYTES: usize = 2 * 1024 * 1024;

/// At most so many levels of control policies are read. An organisation has seven: its root, five levels of units and
/// the account.
pub(super) const MAX_LEVELS: usize = 16;

/// A policy's name has at most so many bytes; IAM's have 128.
pub(super) const MAX_NAME: usize = 256;

/// At most so many steps, comparisons of characters most of them, decide a request.
pub(super) const MAX_WORK: u64 = 50_000_000;

/// Refuses what would take too long.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    let work = work(scenario);
    if work <= MAX_WORK {
        return Ok(());
    }
    Err(format!(
        "too large to be evaluated: comparing every pattern with every value would take {work} steps, and {MAX_WORK} \
         is the limit; leave out policies, context keys or values that do not matter"
    ))
}

/// No more than so many steps decide a scenario.
pub(super) fn work(scenario: &Scenario) -> u64 {
    let costs = Costs::of(scenario);
    documents(scenario)
        .flat_map(|document| &document.statements)
        .map(|statement| costs.statement(statement))
        .fold(0, u64::saturating_add)
}

fn documents(scenario: &Scenario) -> impl Iterator<Item = &PolicyDocument> {
    let levels = scenario.service_control.iter().chain(&scenario.resource_control).flatten().flatten();
    let lists = scenario.boundaries.iter().chain(&scenario.session).flatten();
    scenario.identity.iter().chain(&scenario.resource).chain(lists).chain(levels).map(|policy| &policy.document)
}

/// What the request's side of every comparison costs.
struct Costs<'a> {
    facts: Facts<'a>,
    /// The sizes of the given keys, by their names in lower case: looking through all keys for each condition would
    /// itself take too long.
    given: HashMap<String, Size>,
    action: Size,
    resource: Size,
    variable: VariableCost,
}

/// Keys that follow from the request have no longer values: they are ARNs or parts of them.
const DERIVED: u64 = 2048;

impl<'a> Costs<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        let request = &scenario.request;
        let sizes = request.context.iter().map(|(key, values)| (key, Size::of(values.iter().map(String::as_str))));
        let given: HashMap<String, Size> = sizes.map(|(key, size)| (key.to_ascii_lowercase(), size)).collect();
        let longest = given.values().map(|size| size.longest).max().unwrap_or_default().max(DERIVED);
        Self {
            facts: Facts { request },
            given,
            action: Size::of([request.action.as_str()]),
            resource: Size::of([request.resource.as_str()]),
            variable: VariableCost { longest, lookup: request.context.len() as u64 },
        }
    }

    fn statement(&self, statement: &Statement) -> u64 {
        let actions = statement.action.patterns.iter().map(|pattern| pattern.work(self.action));
        let resources = statement.resource.iter().flat_map(|clause| &clause.patterns);
        let resources = resources.map(|pattern| pattern.work(self.resource, self.variable));
        let conditions = statement.conditions.iter().map(|condition| self.condition(condition));
        actions.chain(resources).chain(conditions).fold(1, u64::saturating_add)
    }

    fn condition(&self, condition: &Condition) -> u64 {
        let values = match self.given.get(&condition.key.to_ascii_lowercase()) {
            Some(size) => *size,
            None => Size::of(self.facts.derived(&condition.key)),
        };
        let patterns = condition.values.iter().map(|value| value.work(values, self.variable));
        patterns.fold(self.variable.lookup + 1, u64::saturating_add)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "../../tests/robust/large.rs"]
mod large;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::large::Fate;
    use super::*;
    use crate::evaluate::{ScenarioError, decide, explain};
    use crate::policy::count::steps;

    #[test]
    fn no_scenario_takes_more_steps_than_were_announced() {
        for (name, fate, text) in large::scenarios() {
            let scenario = match Scenario::parse_text(&text) {
                Ok(scenario) => scenario,
                Err(ScenarioError { message, .. }) => {
                    assert_eq!(fate, Fate::Refused, "{name}: {message}");
                    continue;
                }
            };
            assert_eq!(fate, Fate::Decided, "{name} is decided");
            let announced = work(&scenario);
            assert!(announced <= MAX_WORK);
            let decided = steps(|| {
                decide(&scenario.request, &scenario.policies());
            });
            assert!(decided <= announced, "{name}: {decided} steps, announced were {announced}");
            // Each element is compared again for its reason, without regard to case and field by field, and a fix is
            // tried out with the request's own value.
            let explained = steps(|| {
                explain(&scenario.request, &scenario.policies());
            });
            assert!(
                explained <= 6 * announced + 2 * text.len() as u64,
                "{name}: {explained} steps, announced were {announced}"
            );
        }
    }

    #[test]
    fn what_an_organisation_may_have_at_most_is_within_the_limit() {
        // Seven levels with five policies of the largest size each, a role with twenty, and a long name.
        let statement = r#"{"Effect":"Deny","Action":["s3:Put*","s3:Delete*"],"Resource":"arn:aws:s3:::*-logs/*/archive/*","Condition":{"StringNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/*admin*","arn:aws:iam::*:role/break-glass-*"]}}}"#;
        let list = vec![statement; 10_240 / statement.len()].join(",");
        let policy = format!(r#"{{"name":"p","document":{{"Version":"2012-10-17","Statement":[{list}]}}}}"#);
        let level = format!("[{}]", [policy.as_str(); 5].join(","));
        let text = format!(
            r#"{{"principal":"arn:aws:iam::111111111111:user/ana","action":"s3:GetObject","resource_account":"111111111111",
            "resource":"arn:aws:s3:::{}","identity_policies":[{}],"service_control_policies":[{}],"resource_control_policies":[{2}]}}"#,
            "a".repeat(200),
            [policy.as_str(); 20].join(","),
            [level.as_str(); 7].join(","),
        );
        let work = work(&Scenario::parse_text(&text).unwrap());
        assert!(work < MAX_WORK / 2, "{work} steps are announced");
    }
}
