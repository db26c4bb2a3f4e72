//! How large a scenario may be. What AWS itself has is far below; above, an answer would take longer than anybody
//! waits, so that the scenario is refused with the reason.

use super::Scenario;
use crate::policy::{Condition, PolicyDocument, Size, Statement, VariableCost};

/// A scenario's text has at most so many bytes: the policies of a whole organisation fit in several times.
pub const MAX_SCENARIO_BYTES: usize = 4 * 1024 * 1024;

/// At most so many levels of control policies are read. An organisation has seven: its root, five levels of units and
/// the account.
pub(super) const MAX_LEVELS: usize = 16;

/// A policy's name has at most so many bytes; IAM's have 128.
pub(super) const MAX_NAME: usize = 256;

/// At most so many steps, comparisons of characters most of them, decide a request.
pub(super) const MAX_WORK: u64 = 100_000_000;

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
    scenario: &'a Scenario,
    action: Size,
    resource: Size,
    variable: VariableCost,
}

/// Keys that follow from the request have no longer values: they are ARNs or parts of them.
const DERIVED: u64 = 2048;

impl<'a> Costs<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        let request = &scenario.request;
        let values = request.context.iter().flat_map(|(_, values)| values);
        let longest = Size::of(values.map(String::as_str)).longest.max(DERIVED);
        Self {
            scenario,
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
        let given = self.scenario.request.context.get(&condition.key).map(|v| Size::of(v.iter().map(String::as_str)));
        let values = given.unwrap_or(Size { count: 1, total: DERIVED, longest: DERIVED });
        let patterns = condition.values.iter().map(|value| value.work(values, self.variable));
        patterns.fold(self.variable.lookup + 1, u64::saturating_add)
    }
}
