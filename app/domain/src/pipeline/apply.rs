//! What is done to make a pipeline, or to take it away, as steps in order. Nothing here does anything: execution asks
//! [`moves`] what to do about a stack, and follows the plan otherwise.

use crate::names::{AccountId, ConnectionId, PipelineId};
use crate::pipeline::data::Channel;
use crate::pipeline::intent::{PipelineIntent, Place, Source};
use crate::pipeline::observed::ObservedStack;
use serde::{Deserialize, Serialize};

mod moves;
mod teardown;

pub use moves::{Asked, Move, Refusal, Wanted, next_deletion, next_move};
pub use teardown::{Contents, Standing, StandingStack, teardown};

/// One of the three accounts, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Account A.
    SharedServices,
    /// Account B.
    Training,
    /// Account C.
    Production,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SharedServices, Self::Training, Self::Production];

    /// As a heading.
    pub fn label(self) -> &'static str {
        match self {
            Self::SharedServices => "Shared services",
            Self::Training => "Training",
            Self::Production => "Production",
        }
    }

    /// In a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Self::SharedServices => "shared-services account",
            Self::Training => "training account",
            Self::Production => "production account",
        }
    }

    /// The account that an intent has for it.
    pub fn place(self, intent: &PipelineIntent) -> &Place {
        match self {
            Self::SharedServices => &intent.shared_services,
            Self::Training => &intent.training_account,
            Self::Production => &intent.production,
        }
    }
}

/// One of the four stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Account A's.
    SharedServices,
    /// Account B's.
    Training,
    /// Account C's.
    Production,
    /// The one that the pipeline itself deploys in account B.
    Workflow,
}

impl Part {
    /// All of them, in the order in which they are made.
    pub const ALL: [Self; 4] = [Self::SharedServices, Self::Training, Self::Production, Self::Workflow];

    /// Where it is.
    pub fn lane(self) -> Lane {
        match self {
            Self::SharedServices => Lane::SharedServices,
            Self::Training | Self::Workflow => Lane::Training,
            Self::Production => Lane::Production,
        }
    }

    /// What the stack is called.
    pub fn name(self, intent: &PipelineIntent) -> String {
        match self {
            Self::SharedServices => intent.shared_services_stack(),
            Self::Training => intent.training_stack(),
            Self::Production => intent.production_stack(),
            Self::Workflow => intent.workflow_stack(),
        }
    }

    /// Whether a stack that is there is this one of this pipeline. The pipeline tags none of what it deploys: its stack is
    /// known by the prefix and the key that it was given.
    pub fn is_ours(self, stack: &ObservedStack, pipeline: &PipelineId, intent: &PipelineIntent) -> bool {
        match self {
            Self::Workflow => {
                let account = format!(":{}:key/", intent.shared_services.account);
                stack.parameters.get("Prefix").is_some_and(|prefix| prefix == intent.prefix.as_str())
                    && stack.parameters.get("KeyArn").is_some_and(|key| key.contains(&account))
            }
            Self::SharedServices | Self::Training | Self::Production => stack.is_of(pipeline),
        }
    }
}

/// How far a step brings account A's stack; the others have one way to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassKind {
    /// Key, bucket, repository and the pipeline's role.
    First,
    /// With the other accounts' roles.
    Wired,
    /// With the pipeline.
    WithPipeline,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Makes a stack what it should be: creates or updates it, or deletes what is left of it and creates it anew.
    MakeStack {
        /// Which.
        part: Part,
        /// With account A's: how far.
        pass: Option<PassKind>,
    },
    /// Puts a file of training data into the bucket.
    PutData {
        /// Which.
        channel: Channel,
    },
    /// Commits the training template, or puts it zipped into the bucket.
    PutSource,
    /// Stops what the pipeline executes.
    StopPipeline,
    /// Deletes the endpoint.
    DeleteEndpoint,
    /// Deletes endpoint configurations and models of the pipeline.
    DeleteVersions,
    /// Deletes all objects of the bucket in all their versions.
    EmptyBucket,
    /// Deletes a stack with what it made.
    DeleteStack {
        /// Which.
        part: Part,
    },
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its plan.
    pub id: String,
    /// Verb and object.
    pub title: String,
    /// In which of the accounts.
    pub lane: Lane,
    /// Which account that is.
    pub account: AccountId,
    /// How it is reached.
    pub connection: ConnectionId,
    /// What it does.
    pub action: Action,
    /// The steps that must be done before.
    pub after: Vec<String>,
}

/// Steps in an order in which they could be done one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Plan {
    fn add(&mut self, intent: &PipelineIntent, id: &str, title: String, lane: Lane, action: Action, after: &[&str]) {
        let Place { account, connection } = lane.place(intent).clone();
        // What a plan leaves out is waited for by nobody.
        let after = after.iter().filter(|id| self.steps.iter().any(|step| step.id == **id));
        let after = after.map(|id| (*id).to_owned()).collect();
        self.steps.push(Step { id: id.to_owned(), title, lane, account, connection, action, after });
    }

    fn stack(&mut self, intent: &PipelineIntent, part: Part, pass: Option<PassKind>, after: &[&str]) {
        let (id, what) = match (part, pass) {
            (Part::Training, _) => ("training", "with the roles of the training"),
            (Part::Production, _) => ("production", "with the deploy function and its roles"),
            (Part::Workflow, _) => ("workflow", "with the state machine"),
            (Part::SharedServices, None | Some(PassKind::First)) => ("shared-first", "with key and bucket"),
            (Part::SharedServices, Some(PassKind::Wired)) => ("shared-wired", "with the other accounts' roles"),
            (Part::SharedServices, Some(PassKind::WithPipeline)) => ("shared-pipeline", "with the pipeline"),
        };
        let title = format!("Make stack {} {what}", part.name(intent));
        self.add(intent, id, title, part.lane(), Action::MakeStack { part, pass }, after);
    }
}

/// How much of a pipeline stands before it is made what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Account A's stack does not name the other accounts' roles, or one of their stacks is gone.
    Nothing,
    /// All but the pipeline itself, which was deleted past its stack.
    WithoutPipeline,
    /// All of it.
    Whole,
}

/// The steps that make a pipeline what `intent` says.
///
/// Account A's first pass would only take apart for a while what stands. Where one of the other stacks is gone, it has to be
/// gone through all the same: a policy remembers a role by its ID, and one that is made again has another. Where the
/// pipeline was deleted, CloudFormation believes that it is there and would change nothing: its stack goes through the pass
/// that has none.
pub fn making(intent: &PipelineIntent, base: Base) -> Plan {
    let mut plan = Plan::default();
    if base == Base::Nothing {
        plan.stack(intent, Part::SharedServices, Some(PassKind::First), &[]);
    }
    plan.stack(intent, Part::Training, None, &["shared-first"]);
    plan.stack(intent, Part::Production, None, &["shared-first"]);
    if base != Base::Whole {
        plan.stack(intent, Part::SharedServices, Some(PassKind::Wired), &["training", "production"]);
    }
    // In this order: a new object of the training data starts a run, which must find what it is tried on.
    for (channel, before) in [(Channel::Validation, "shared-first"), (Channel::Train, "data-validation")] {
        let title = format!("Upload the {} data", channel.key());
        let (id, action) = (format!("data-{}", channel.key()), Action::PutData { channel });
        plan.add(intent, &id, title, Lane::SharedServices, action, &[before]);
    }
    let title = match &intent.source {
        Source::Repository { name, branch } => format!("Commit the training template to {branch} of {name}"),
        Source::Bucket => "Upload the training template".into(),
    };
    plan.add(intent, "source", title, Lane::SharedServices, Action::PutSource, &["shared-first", "training"]);
    let before = ["training", "production", "shared-wired", "data-validation", "data-train", "source"];
    plan.stack(intent, Part::SharedServices, Some(PassKind::WithPipeline), &before);
    plan
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pipeline::stacks::tests::{intent, repository};

    fn shown(plan: &Plan) -> Vec<String> {
        plan.steps.iter().map(|step| format!("{} <- {}", step.id, step.after.join(" "))).collect()
    }

    #[test]
    fn a_new_pipeline_is_made_in_three_passes_around_the_other_accounts() {
        assert_eq!(
            shown(&making(&repository(), Base::Nothing)),
            [
                "shared-first <- ",
                "training <- shared-first",
                "production <- shared-first",
                "shared-wired <- training production",
                "data-validation <- shared-first",
                "data-train <- data-validation",
                "source <- shared-first training",
                "shared-pipeline <- training production shared-wired data-validation data-train source",
            ]
        );
    }

    #[test]
    fn a_pipeline_that_stands_is_not_taken_apart_to_be_changed() {
        let plan = making(&intent(Source::Bucket), Base::Whole);
        assert_eq!(
            shown(&plan),
            [
                "training <- ",
                "production <- ",
                "data-validation <- ",
                "data-train <- data-validation",
                "source <- training",
                "shared-pipeline <- training production data-validation data-train source",
            ]
        );
        assert_eq!(plan.steps[4].title, "Upload the training template");
    }

    #[test]
    fn a_pipeline_that_was_deleted_is_taken_out_of_its_stack_before_it_is_made_anew() {
        let steps = shown(&making(&repository(), Base::WithoutPipeline));
        assert_eq!(steps[..3], ["training <- ", "production <- ", "shared-wired <- training production"]);
        assert_eq!(steps.len(), 7);
    }

    #[test]
    fn each_step_goes_through_the_connection_of_its_account() {
        for step in making(&repository(), Base::Nothing).steps {
            let place = step.lane.place(&repository()).clone();
            assert_eq!((step.account, step.connection), (place.account, place.connection), "{}", step.id);
        }
    }
}
