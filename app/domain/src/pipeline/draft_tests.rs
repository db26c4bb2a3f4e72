#![allow(clippy::unwrap_used)]

use super::*;
use crate::pipeline::intent::Source;
use crate::wizard::FieldProblem;

/// What makes a draft wrong, at which field that is said, and how.
type Wrong = (fn(&mut PipelineDraft), &'static str, &'static str);

fn draft() -> PipelineDraft {
    let id = "0190".parse().unwrap();
    let mut draft = PipelineDraft::new(id, "p-1".parse().unwrap(), "eu-west-1");
    draft.accounts.shared_services = "shared".into();
    draft.accounts.training = "training".into();
    draft.accounts.production = "production".into();
    for (connection, account) in
        [("shared", "333333333333"), ("training", "444444444444"), ("production", "555555555555")]
    {
        let caller = CallerArn::parse(&format!("arn:aws:iam::{account}:user/admin")).ok();
        draft.found.insert(connection.into(), Connected { account: account.parse().unwrap(), caller });
    }
    draft.model.prefix = "churn".into();
    draft.model.repository = "churn-training".into();
    draft.model.endpoint = "churn-live".into();
    draft.uploaded = Some(Uploaded {
        file: "churn.csv".into(),
        bytes: 10,
        columns: ["churn", "tenure", "minutes"].map(str::to_owned).into(),
    });
    draft.data.label = "0".into();
    draft
}

fn said(problems: &[FieldProblem]) -> Vec<(&str, &str)> {
    problems.iter().map(|problem| (problem.field.as_str(), problem.message.as_str())).collect()
}

#[test]
fn a_complete_draft_becomes_an_intent() {
    let draft = draft();
    assert_eq!(draft.all_problems(), []);
    let intent = draft.intent().unwrap();
    assert_eq!(intent.bucket, "churn-333333333333-eu-west-1");
    assert_eq!(intent.source, Source::Repository { name: "churn-training".into(), branch: "main".into() });
    assert_eq!(intent.training.max_seconds, 3_600);
    assert_eq!(intent.administrator.to_string(), "arn:aws:iam::333333333333:user/admin");
    let layout = draft.layout().unwrap();
    assert_eq!((layout.label, layout.classes, layout.validation_percent), (0, None, 20));
}

#[test]
fn a_pipeline_that_is_there_gives_a_draft_that_asks_for_the_same() {
    let mut draft = draft();
    for change in [
        |_: &mut PipelineDraft| {},
        |draft: &mut PipelineDraft| draft.model.source = "bucket".into(),
        |draft: &mut PipelineDraft| {
            draft.model.objective = Objective::Classes.key().into();
            draft.model.classes = "3".into();
            draft.model.alarms = String::new();
        },
    ] {
        change(&mut draft);
        let intent = draft.intent().unwrap();
        let again = PipelineDraft::of_pipeline("0191".parse().unwrap(), "p-1".parse().unwrap(), &intent);
        assert_eq!(again.intent(), Some(intent));
    }
}

#[test]
fn what_was_made_of_a_table_is_forgotten_when_it_is_to_be_read_otherwise() {
    let mut draft = draft();
    let layout = draft.layout().unwrap();
    draft.prepared = Some(Prepared { layout, tally: Default::default(), files: BTreeMap::new() });
    assert!(draft.prepared().is_some());
    draft.data.label = "1".into();
    assert!(draft.prepared().is_none());
}

#[test]
fn a_fresh_draft_asks_for_what_has_no_default() {
    let fresh = PipelineDraft::new("0190".parse().unwrap(), "p-1".parse().unwrap(), "eu-west-1");
    let fields: Vec<_> = fresh.all_problems().into_iter().map(|(step, problem)| (step.slug(), problem.field)).collect();
    let fields: Vec<_> = fields.iter().map(|(step, field)| (*step, field.as_str())).collect();
    let accounts = ["shared_services", "training", "production"].map(|field| ("accounts", field));
    let model = ["prefix", "repository", "endpoint"].map(|field| ("model", field));
    assert_eq!(fields, [accounts.as_slice(), &model, &[("data", "file")]].concat());
    assert_eq!((fresh.intent(), fresh.layout()), (None, None));
}

#[test]
fn what_is_wrong_is_said_at_its_field() {
    let broken = |change: fn(&mut PipelineDraft), step| {
        let mut draft = draft();
        change(&mut draft);
        let problems = draft.problems(step);
        assert_eq!(problems.len(), 1, "{:?}", said(&problems));
        (problems[0].field.clone(), problems[0].message.clone())
    };
    let model = |change| broken(change, PipelineStep::Model);
    let table: [Wrong; 19] = [
        (|d| d.model.bucket = "Bucket".into(), "bucket", "`Bucket` is not a bucket's name"),
        (|d| d.model.repository = "a.git".into(), "repository", "`a.git` is not a repository's name"),
        (|d| d.model.branch = String::new(), "branch", "`` is not a branch's name"),
        (|d| d.model.branch = "/main".into(), "branch", "`/main` is not a branch's name"),
        (|d| d.model.branch = "a..b".into(), "branch", "`a..b` is not a branch's name"),
        (|d| d.model.hyperparameters = "num_round=10\nbanana".into(), "hyperparameters", "`banana` has no `=`"),
        (
            |d| d.model.hyperparameters = "num_round=10\nobjective=reg:gamma".into(),
            "hyperparameters",
            "`objective` has a field of its own",
        ),
        (
            |d| d.model.hyperparameters = "num_round=10\n num_round = 20".into(),
            "hyperparameters",
            "`num_round` is given twice",
        ),
        (
            |d| d.model.hyperparameters = "num_round=10\neta.$=$.x".into(),
            "hyperparameters",
            "`eta.$` is not a hyperparameter's name: letters, digits, hyphens, underscores and dots",
        ),
        (
            |d| d.repositories = Some(false),
            "source",
            "account A can't make repositories: CodeCommit takes no new customers",
        ),
        (
            |d| d.model.version = "latest".into(),
            "version",
            "`latest` is no version of the XGBoost container that is known here",
        ),
        (|d| d.model.hyperparameters = "eta=0.1".into(), "hyperparameters", "`num_round` is required"),
        (|d| d.model.objective = Objective::Classes.key().into(), "classes", "`num_class` is required"),
        (|d| d.model.training_instance = "m5.large".into(), "training_instance", "`m5.large` is not an instance type"),
        (|d| d.model.volume = "0".into(), "volume", "`0` is not a whole number from 1 to 16384"),
        (
            |d| d.model.endpoint_count = "1".into(),
            "endpoint_count",
            "one instance can't be updated in parts, as `Canary` does",
        ),
        (|d| d.model.update = "Sometimes".into(), "update", "`Sometimes` is no way to update"),
        (|d| d.model.source = "git".into(), "source", "`git` is no source"),
        (|d| d.model.endpoint = "Churn".into(), "endpoint", "`Churn` has capital letters"),
    ];
    for (change, field, message) in table {
        assert_eq!(model(change), (field.to_owned(), message.to_owned()));
    }
    let table: [Wrong; 4] = [
        (|d| d.data.label = "3".into(), "label", "`3` is no column of the file"),
        (|d| d.data.left_out = vec!["0".into()], "left_out", "the label itself is left out"),
        (|d| d.data.left_out = vec!["1".into(), "2".into()], "left_out", "no column is left to learn from"),
        (|d| d.data.validation = "80".into(), "validation", "`80` is not a whole number from 1 to 50"),
    ];
    for (change, field, message) in table {
        assert_eq!(broken(change, PipelineStep::Data), (field.to_owned(), message.to_owned()));
    }
    let region = broken(|d| d.accounts.region = "mx-central-1".into(), PipelineStep::Accounts);
    assert_eq!(region.1, "the XGBoost container is not to be had in `mx-central-1`");
    let nobody = broken(|d| d.found.get_mut("shared").unwrap().caller = None, PipelineStep::Accounts);
    assert_eq!(nobody.1, "connection `shared` is neither a role nor a user");
}

#[test]
fn a_name_that_grows_too_long_is_said_where_it_was_typed() {
    let mut draft = draft();
    draft.model.prefix = "abcdefghijklmnopqrstu".into();
    assert_eq!(said(&draft.problems(PipelineStep::Model))[0].0, "prefix");
    draft.model.prefix = "abcdefghijklmnopqrst".into();
    assert_eq!(draft.problems(PipelineStep::Model), []);
}

#[test]
fn without_names_what_depends_on_the_accounts_is_known_all_the_same() {
    let mut draft = draft();
    (draft.model.prefix, draft.model.endpoint) = (String::new(), "No Name".into());
    assert_eq!(draft.intent(), None);
    let intent = draft.unnamed_intent().unwrap();
    assert_eq!((intent.source, intent.training.instance_type.as_str()), (Source::Bucket, "ml.m5.large"));
    assert_eq!(intent.production.account.as_str(), "555555555555");
    draft.accounts.training = String::new();
    assert_eq!(draft.unnamed_intent(), None, "an account is missing");
}
