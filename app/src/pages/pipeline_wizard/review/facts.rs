//! What a review comes to: counts, the sentence, which role is where, the order of the steps, the checks.

use domain::pipeline::apply::{Action, Lane, Part, Plan};
use domain::pipeline::draft::PipelineDraft;
use domain::pipeline::view::{PipelineReviewView, ReviewedStack};
use domain::share::checks::{CheckView, Severity};
use domain::share::diff::Change;
use domain::share::view::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What the bar needs to know of a review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Facts {
    create: usize,
    change: usize,
    remove: usize,
    keep: usize,
    faults: usize,
    blockers: usize,
}

impl Facts {
    /// Counts resources, files and the template. What the pipeline itself deploys later is not Apply's to do.
    pub(super) fn of(review: &PipelineReviewView) -> Self {
        let stacks = review.stacks.iter().filter(|stack| stack.part != Part::Workflow);
        let resources = stacks.flat_map(|stack| stack.resources.iter().map(|resource| resource.change));
        let files = review.files.iter().map(|file| file.change);
        let mut facts = Self { faults: review.faults.len(), blockers: review.blockers.len(), ..Self::default() };
        for change in resources.chain(files).chain([review.source]) {
            match change {
                Change::Create => facts.create += 1,
                Change::Remove => facts.remove += 1,
                Change::Keep => facts.keep += 1,
                Change::Update | Change::Conflict | Change::Theirs => facts.change += 1,
            }
        }
        facts
    }
    pub(super) fn nothing(self) -> bool {
        self.create + self.change + self.remove == 0
    }
    /// `31 to create · 2 to change · 1 unchanged`
    pub(super) fn says(self) -> String {
        let parts = [
            (self.create, "to create"),
            (self.change, "to change"),
            (self.remove, "to remove"),
            (self.keep, "unchanged"),
        ];
        let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
        parts.collect::<Vec<_>>().join(" · ")
    }
    pub(super) fn label(self) -> String {
        match self.create + self.change + self.remove {
            0 => "Apply again".to_owned(),
            1 => "Apply 1 change".to_owned(),
            n => format!("Apply {n} changes"),
        }
    }
    pub(super) fn refusal(self) -> Option<String> {
        match (self.faults, self.blockers) {
            (0, 0) => None,
            (0, 1) => Some("one thing stands in the way".to_owned()),
            (0, n) => Some(format!("{n} things stand in the way")),
            (1, _) => Some("1 check failed".to_owned()),
            (n, _) => Some(format!("{n} checks failed")),
        }
    }
}

/// How the sentence begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    Makes,
    Changes,
    Is,
}

impl Tense {
    pub(super) fn of(exists: bool) -> Self {
        if exists { Self::Changes } else { Self::Makes }
    }
    fn words(self) -> &'static str {
        match self {
            Self::Makes => "Apply makes the pipeline ",
            Self::Changes => "Apply changes the pipeline ",
            Self::Is => "The pipeline ",
        }
    }
}

/// What is or will be true, in plain words.
pub(super) fn sentence(draft: &PipelineDraft, review: &PipelineReviewView, tense: Tense) -> Vec<Span> {
    let account = |lane: Lane| {
        let stack = review.stacks.iter().find(|stack| stack.part.lane() == lane);
        strong(stack.map(|stack| stack.account.to_string()).unwrap_or_default())
    };
    vec![
        plain(tense.words()),
        strong(draft.model.prefix.trim().to_owned()),
        plain(if tense == Tense::Is { " is in " } else { " in " }),
        strong(draft.accounts.region.trim().to_owned()),
        plain(": account "),
        account(Lane::SharedServices),
        plain(" keeps data, key and source, "),
        account(Lane::Training),
        plain(" trains the model, and "),
        account(Lane::Production),
        plain(" serves it as "),
        strong(draft.model.endpoint.trim().to_owned()),
        plain(" once somebody has approved it."),
    ]
}

fn plain(text: &str) -> Span {
    Span { text: text.to_owned(), strong: false }
}

fn strong(text: String) -> Span {
    Span { text, strong: true }
}

/// The lane of each row of the matrix: that of the stack which makes the role.
pub(super) fn role_lanes(review: &PipelineReviewView) -> Vec<Lane> {
    let makes = |stack: &ReviewedStack, role: &str| {
        let mut roles = stack.resources.iter().filter(|resource| resource.resource_type == "AWS::IAM::Role");
        roles.any(|resource| resource.name.as_deref() == Some(role))
    };
    let lane = |role: &str| review.stacks.iter().find(|stack| makes(stack, role)).map(|stack| stack.part.lane());
    review.matrix.rows.iter().map(|row| lane(&row.role).unwrap_or(Lane::SharedServices)).collect()
}

/// What becomes of a stack as a whole.
pub(super) fn stack_change(stack: &ReviewedStack) -> Change {
    let same = |document: &domain::share::diff::DocumentDiff| document.note == "unchanged";
    match stack.exists {
        false => Change::Create,
        true if same(&stack.template)
            && same(&stack.parameters)
            && stack.resources.iter().all(|resource| resource.change == Change::Keep) =>
        {
            Change::Keep
        }
        true => Change::Update,
    }
}

/// The steps that will find everything as it should be.
pub(super) fn steps_that_change_nothing(review: &PipelineReviewView) -> BTreeSet<String> {
    let stack = |part: Part| review.stacks.iter().find(|stack| stack.part == part).map(stack_change);
    let file = |channel| review.files.iter().find(|file| file.channel == channel).map(|file| file.change);
    let steps = review.plan.steps.iter().filter(|step| {
        let change = match &step.action {
            Action::MakeStack { part, .. } => stack(*part),
            Action::PutData { channel } => file(*channel),
            Action::PutSource => Some(review.source),
            _ => None,
        };
        change == Some(Change::Keep)
    });
    steps.map(|step| step.id.clone()).collect()
}

/// When each step can begin: steps with the same number go side by side.
pub(super) fn waves(plan: &Plan) -> Vec<usize> {
    let mut waves: BTreeMap<&str, usize> = BTreeMap::new();
    for step in &plan.steps {
        let before = step.after.iter().filter_map(|id| waves.get(id.as_str())).max();
        let wave = before.map_or(1, |before| before + 1);
        waves.insert(&step.id, wave);
    }
    plan.steps.iter().map(|step| waves.get(step.id.as_str()).copied().unwrap_or(1)).collect()
}

/// The standing checks: what was found, or that each of them holds.
pub(super) fn checks(review: &PipelineReviewView) -> Vec<CheckView> {
    if !review.faults.is_empty() {
        let fault = |(at, reason): (usize, &String)| CheckView {
            id: format!("fault-{at}"),
            title: "A standing check failed".into(),
            severity: Severity::Error,
            reason: format!("{reason}."),
        };
        return review.faults.iter().enumerate().map(fault).collect();
    }
    let (needed, denied, _) = crate::components::tally(&review.matrix);
    let roles = review.matrix.rows.len();
    [
        ("needed", "What is needed is allowed", format!("Asked of {roles} roles: the {needed} things that they need.")),
        ("denied", "Everything else is denied", format!("Asked of {roles} roles: {denied} things that they don't need.")),
        (
            "managed",
            "No policy of AWS's own",
            "No role has a managed policy, which would allow more than is needed.".into(),
        ),
        (
            "stars",
            "No star where a resource is known",
            "No statement allows a whole service, and only actions that IAM knows no resource for are allowed on `*`."
                .into(),
        ),
        (
            "principals",
            "Roles are named, not accounts",
            "The policies of key, bucket and roles name the roles that use them, never a whole account.".into(),
        ),
        (
            "guards",
            "Nothing unencrypted",
            "Even a role that may write is denied what is not sent over TLS or not encrypted with the pipeline's key.".into(),
        ),
        (
            "passing",
            "Roles are passed to one service each",
            "Every `iam:PassRole` names the role and the service that gets it.".into(),
        ),
        (
            "places",
            "Nothing elsewhere",
            "No document names another account than the three, or another region; AWS's own container images are the exception."
                .into(),
        ),
        (
            "sizes",
            "Within the limits",
            "The policies of roles, key and bucket are no longer than IAM, KMS and S3 take them.".into(),
        ),
    ]
    .into_iter()
    .map(|(id, title, reason)| CheckView { id: id.into(), title: title.into(), severity: Severity::Passed, reason })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::pipeline::apply::{Action, Step};

    fn step(id: &str, after: &[&str]) -> Step {
        Step {
            id: id.into(),
            title: id.into(),
            lane: Lane::Training,
            #[allow(clippy::unwrap_used)]
            account: "222222222222".parse().unwrap(),
            #[allow(clippy::unwrap_used)]
            connection: "training".parse().unwrap(),
            action: Action::PutSource,
            after: after.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    #[test]
    fn steps_that_wait_for_the_same_go_side_by_side() {
        let steps = vec![
            step("shared-first", &[]),
            step("training", &["shared-first"]),
            step("production", &["shared-first"]),
            step("wired", &["training", "production"]),
            step("data", &["shared-first"]),
            step("pipeline", &["wired", "data"]),
        ];
        assert_eq!(waves(&Plan { steps }), [1, 2, 2, 3, 2, 4]);
    }

    #[test]
    fn the_bar_says_what_will_happen() {
        let facts = Facts { create: 31, change: 2, remove: 0, keep: 1, ..Facts::default() };
        assert_eq!(facts.says(), "31 to create · 2 to change · 1 unchanged");
        assert_eq!(facts.label(), "Apply 33 changes");
        assert_eq!(facts.refusal(), None);
        let fine = Facts { keep: 34, ..Facts::default() };
        assert!(fine.nothing());
        assert_eq!((fine.label(), fine.says()), ("Apply again".into(), "34 unchanged".into()));
    }

    #[test]
    fn apply_is_not_offered_over_a_failed_check() {
        assert_eq!(Facts { faults: 1, ..Facts::default() }.refusal(), Some("1 check failed".into()));
        assert_eq!(Facts { faults: 3, ..Facts::default() }.refusal(), Some("3 checks failed".into()));
        assert_eq!(Facts { blockers: 2, ..Facts::default() }.refusal(), Some("2 things stand in the way".into()));
    }
}
