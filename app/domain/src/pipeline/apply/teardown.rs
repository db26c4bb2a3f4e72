//! Taking a pipeline away: what of it stands, and the steps in the order in which it can go.

use super::{Action, Lane, Part, Plan};
use crate::pipeline::intent::PipelineIntent;
use crate::pipeline::observed::StackState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stack that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingStack {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: StackState,
    /// Whether this pipeline made it; what others made stays.
    pub ours: bool,
    /// What it made, by logical ID: the names in AWS.
    pub resources: BTreeMap<String, String>,
}

/// What is in the bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Versions of objects, and marks of deleted ones.
    pub versions: u64,
    /// How many of them are not training data or template, but models, artifacts, or another's.
    pub others: u64,
    /// Bytes together.
    pub bytes: u64,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// What stands of a pipeline in the three accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The stacks.
    pub stacks: BTreeMap<Part, StandingStack>,
    /// The bucket's, where there is one.
    pub bucket: Option<Contents>,
    /// Executions of the pipeline that have not ended.
    pub executing: Vec<String>,
    /// Whether the endpoint is there.
    pub endpoint: bool,
    /// Temporary endpoints that models were tried with.
    #[serde(default)]
    pub trials: Vec<String>,
    /// Endpoint configurations of the pipeline.
    pub configurations: Vec<String>,
    /// Its models.
    pub models: Vec<String>,
}

impl Standing {
    /// Whether nothing stands.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// `1 endpoint configuration and 2 models`; none where there is neither.
    pub fn versions_in_words(&self) -> Option<String> {
        let counted = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            count => Some(format!("{count} {what}s")),
        };
        let configurations = counted(self.configurations.len(), "endpoint configuration");
        let all: Vec<String> = [configurations, counted(self.models.len(), "model")].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(" and "))
    }

    fn has(&self, part: Part) -> bool {
        self.stacks.get(&part).is_some_and(|stack| stack.ours)
    }
}

/// The steps that take away what stands.
///
/// What runs is stopped first, so that nothing is made behind the steps' back. The workflow's stack goes before the
/// training stack, whose role deletes it; account A's before those of the roles that its policies name: a policy with
/// a role that is gone can't be written again, should the deletion fail half-way.
pub fn teardown(intent: &PipelineIntent, standing: &Standing) -> Plan {
    let mut plan = Plan::default();
    let mut add = |id: &str, title: String, lane, action, after: &[&str]| {
        plan.add(intent, id, title, lane, action, after);
    };
    if !standing.executing.is_empty() {
        let title = format!("Stop what the pipeline {} executes", intent.prefix);
        add("stop", title, Lane::SharedServices, Action::StopPipeline, &[]);
    }
    if standing.endpoint {
        let title = format!("Delete endpoint {}", intent.deployment.endpoint);
        add("endpoint", title, Lane::Production, Action::DeleteEndpoint, &["stop"]);
    }
    if !standing.trials.is_empty() {
        let title = match standing.trials.len() {
            1 => "Delete the endpoint that a model was tried with".to_owned(),
            count => format!("Delete {count} endpoints that models were tried with"),
        };
        add("trials", title, Lane::Production, Action::DeleteTrials, &["stop"]);
    }
    if let Some(versions) = standing.versions_in_words() {
        add(
            "versions",
            format!("Delete {versions}"),
            Lane::Production,
            Action::DeleteVersions,
            &["stop", "endpoint", "trials"],
        );
    }
    let deletion = |part: Part| (format!("Delete stack {}", part.name(intent)), Action::DeleteStack { part });
    if standing.has(Part::Workflow) {
        let (title, action) = deletion(Part::Workflow);
        add("delete-workflow", title, Lane::Training, action, &["stop"]);
    }
    // A bucket outside a stack of the pipeline's is another's.
    if standing.has(Part::SharedServices) {
        if standing.bucket.is_some_and(|contents| contents.versions > 0) {
            let title = format!("Empty bucket {}", intent.bucket);
            add("empty", title, Lane::SharedServices, Action::EmptyBucket, &["stop", "versions", "delete-workflow"]);
        }
        let (title, action) = deletion(Part::SharedServices);
        let before = ["stop", "versions", "delete-workflow", "empty"];
        add("delete-shared", title, Lane::SharedServices, action, &before);
    }
    for (id, part) in [("delete-training", Part::Training), ("delete-production", Part::Production)] {
        if standing.has(part) {
            let (title, action) = deletion(part);
            let before = ["stop", "endpoint", "versions", "delete-workflow", "delete-shared"];
            add(id, title, part.lane(), action, &before);
        }
    }
    plan
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pipeline::stacks::tests::repository;

    fn stack(part: Part) -> (Part, StandingStack) {
        let name = part.name(&repository());
        (part, StandingStack { name, state: StackState::CreateComplete, ours: true, resources: BTreeMap::new() })
    }

    fn whole() -> Standing {
        Standing {
            stacks: Part::ALL.into_iter().map(stack).collect(),
            bucket: Some(Contents { versions: 3, ..Contents::default() }),
            executing: vec!["e-1".into()],
            endpoint: true,
            trials: vec!["churn-try-1".into()],
            configurations: vec!["churn-1".into()],
            models: vec!["churn-1".into()],
        }
    }

    fn ids(plan: &Plan) -> Vec<&str> {
        plan.steps.iter().map(|step| step.id.as_str()).collect()
    }

    #[test]
    fn everything_goes_in_an_order_in_which_it_can() {
        let plan = teardown(&repository(), &whole());
        let order = [
            "stop",
            "endpoint",
            "trials",
            "versions",
            "delete-workflow",
            "empty",
            "delete-shared",
            "delete-training",
            "delete-production",
        ];
        assert_eq!(ids(&plan), order);
        assert_eq!(plan.steps[3].title, "Delete 1 endpoint configuration and 1 model");
        assert_eq!(plan.steps[8].after, ["stop", "endpoint", "versions", "delete-workflow", "delete-shared"]);
    }

    #[test]
    fn versions_are_counted_in_words() {
        let words = |configurations: usize, models: usize| {
            let names = |count| vec![String::from("churn-1"); count];
            let (configurations, models) = (names(configurations), names(models));
            Standing { configurations, models, ..Standing::default() }.versions_in_words()
        };
        assert_eq!(words(0, 0), None);
        assert_eq!(words(2, 1).as_deref(), Some("2 endpoint configurations and 1 model"));
        assert_eq!(words(0, 3).as_deref(), Some("3 models"));
    }

    #[test]
    fn nothing_is_planned_for_what_is_not_there_or_another_made() {
        assert!(teardown(&repository(), &Standing::default()).steps.is_empty());
        let mut standing = Standing { stacks: [stack(Part::SharedServices)].into(), ..Standing::default() };
        assert_eq!(ids(&teardown(&repository(), &standing)), ["delete-shared"]);
        standing.bucket = Some(Contents { versions: 1, ..Contents::default() });
        standing.stacks.get_mut(&Part::SharedServices).unwrap().ours = false;
        assert!(teardown(&repository(), &standing).steps.is_empty(), "neither the stack nor its bucket");
    }
}
