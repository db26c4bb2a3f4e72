//! The statements of everything that the templates make, compared with what [`super`] has them listed for: each is left
//! out there, or is said here to be of no use in the sandbox.

use super::{BEFORE_TRAINING, Case, DEPLOYMENT, MODEL, Of, TRAINING, TRAINING_ITSELF, WHO};
use crate::boto3_whole_pipeline::repository;
use crate::support::a_pipeline;
use domain::pipeline::apply::Part;
use domain::pipeline::intent::{PipelineIntent, Source};
use domain::pipeline::predicted::{Predicted, PredictedResource};
use serde_json::Value;

/// What is left out nowhere, and why.
const EXEMPT: [(Of, &str, &str); 7] = [
    (Of::Bucket, "DenyWithoutTls", "the sandbox is spoken to without TLS, and takes every request for one with it"),
    (TRAINING, "Image", "the sandbox has no registry to pull images from"),
    (TRAINING, "ImageLogin", "the sandbox has no registry to sign in to"),
    (MODEL, "Image", "the sandbox has no registry to pull images from"),
    (MODEL, "ImageLogin", "the sandbox has no registry to sign in to"),
    (MODEL, "Logs", "the sandbox's endpoints write no log"),
    (MODEL, "Metrics", "the sandbox counts the calls of endpoints itself, and no container counts anything"),
];

/// A statement: whose policy it is in, its name, and itself.
type Statement = (Of, String, Value);

/// The profile and the role of a resource, as [`Of`] has them.
fn role_of(intent: &PipelineIntent, resource: &PredictedResource) -> (&'static str, &'static str) {
    let profile = [(Part::SharedServices, "shared"), (Part::Training, "training"), (Part::Production, "production")];
    let (_, profile) = profile.into_iter().find(|(part, _)| part.name(intent) == resource.stack).unwrap();
    let role = resource.properties["RoleName"].as_str().unwrap().strip_prefix("churn-").unwrap();
    // The names of roles live as long as the test does.
    (profile, role.to_owned().leak())
}

fn policy<'p>(role: (&'static str, &'static str), policy: &'p Value) -> (Of, &'p Value) {
    let name = policy["PolicyName"].as_str().unwrap().to_owned().leak();
    (Of::Role(role.0, role.1, name), &policy["PolicyDocument"])
}

/// How many policy documents there are in something, wherever.
fn documents(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            usize::from(members.contains_key("Statement")) + members.values().map(documents).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(documents).sum(),
        _ => 0,
    }
}

fn generated(source: Source) -> Vec<Statement> {
    let intent = a_pipeline(source);
    let mut statements = Vec::new();
    for resource in Predicted::of(&intent).unwrap().resources {
        let properties = Value::Object(resource.properties.clone());
        let mut known = Vec::new();
        match resource.resource_type.as_str() {
            "AWS::KMS::Key" => known.push((Of::Key, &properties["KeyPolicy"])),
            "AWS::S3::BucketPolicy" => known.push((Of::Bucket, &properties["PolicyDocument"])),
            "AWS::IAM::RolePolicy" => known.push(policy(role_of(&intent, &resource), &properties)),
            "AWS::IAM::Role" => {
                let role = role_of(&intent, &resource);
                known.push((Of::Trust(role.0, role.1), &properties["AssumeRolePolicyDocument"]));
                known.extend(properties["Policies"].as_array().into_iter().flatten().map(|one| policy(role, one)));
            }
            _ => {}
        }
        let name = &resource.logical_id;
        assert_eq!(documents(&properties), known.len(), "`{name}` has a policy of a kind that is not known here");
        for (of, document) in known {
            for statement in document["Statement"].as_array().unwrap() {
                let sid = statement["Sid"].as_str().unwrap_or(WHO).to_owned();
                let twice = statements.iter().any(|(known, name, _): &Statement| *known == of && *name == sid);
                assert!(!twice, "{of:?} has two statements `{sid}`");
                statements.push((of, sid, statement.clone()));
            }
        }
    }
    statements
}

/// The cases of a test, and whether its pipeline has a repository.
type Listed<'c> = (&'c [Case], bool);

/// The lists must say of every generated statement what it is for, and of nothing else.
fn faults(repository: &[Statement], bucket: &[Statement], cases: &[Listed<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    // Each with the pipelines that it is of: those with a repository, and those without.
    let mut all: Vec<(&Statement, bool, bool)> =
        repository.iter().map(|statement| (statement, true, bucket.contains(statement))).collect();
    let other = bucket.iter().filter(|statement| !repository.contains(statement));
    all.extend(other.map(|statement| (statement, false, true)));
    let cases = || cases.iter().flat_map(|(cases, of_repository)| cases.iter().map(move |case| (case, *of_repository)));
    for ((of, sid, _), with, without) in &all {
        let fits = |(case, of_repository): &(&Case, bool)| {
            case.of == *of && case.sid == sid && if *of_repository { *with } else { *without }
        };
        let exempt = EXEMPT.iter().filter(|(known, name, _)| known == of && name == sid).count();
        let count = cases().filter(fits).count() + exempt;
        if count != 1 {
            faults.push(format!("{of:?} `{sid}` is listed {count} times"));
        }
    }
    let named = cases().map(|(case, of_repository)| (case.of, case.sid, Some(of_repository)));
    for (of, sid, whose) in named.chain(EXEMPT.iter().map(|(of, sid, _)| (*of, *sid, None))) {
        let is = |(statement, with, without): &(&Statement, bool, bool)| {
            let there = whose.is_none_or(|of_repository| if of_repository { *with } else { *without });
            statement.0 == of && statement.1 == sid && there
        };
        if !all.iter().any(is) {
            faults.push(format!("{of:?} has no `{sid}`"));
        }
    }
    faults
}

const LISTED: [Listed<'static>; 3] = [(&BEFORE_TRAINING, true), (&TRAINING_ITSELF, false), (&DEPLOYMENT, true)];

#[test]
fn every_statement_is_left_out_somewhere_or_said_to_be_of_no_use_here() {
    let (repository, bucket) = (generated(repository()), generated(Source::Bucket));
    assert_eq!(faults(&repository, &bucket, &LISTED), Vec::<String>::new());
}

#[test]
fn a_statement_that_is_new_and_one_that_is_gone_are_noticed() {
    let (mut repository, bucket) = (generated(repository()), generated(Source::Bucket));
    let (of, _, statement) = repository.pop().unwrap();
    repository.push((of, "New".to_owned(), statement));
    let noticed = faults(&repository, &repository, &LISTED);
    assert!(noticed.contains(&format!("{of:?} `New` is listed 0 times")), "{noticed:?}");
    let removed = repository.iter().position(|(of, sid, _)| *of == Of::Key && sid == "Reader").unwrap();
    repository.remove(removed);
    let noticed = faults(&repository, &bucket, &[(&DEPLOYMENT, true)]);
    assert!(noticed.contains(&"Key has no `Reader`".to_owned()), "{noticed:?}");
}
