//! The pipeline's templates and its deploy handler.

use super::{beside_python, ruff, run, scripts};
use domain::pipeline::templates;
use std::path::PathBuf;

fn handler() -> PathBuf {
    scripts().join("../../src/pipeline/handler/deploy.py")
}

#[test]
fn cfn_lint_has_nothing_to_say_about_the_pipeline() {
    let folder = tempfile::TempDir::new().unwrap();
    let production = templates::production();
    let templates = [
        ("shared-services", templates::SHARED_SERVICES),
        ("training", templates::TRAINING),
        ("workflow", templates::WORKFLOW),
        ("production", production.as_str()),
    ];
    let files = templates.map(|(name, text)| {
        let file = folder.path().join(format!("{name}.yaml"));
        std::fs::write(&file, text).unwrap();
        file
    });
    // With what is informational, and in a region of each partition.
    let mut lint = beside_python("cfn-lint");
    lint.args(["--include-checks", "I", "--regions", "eu-west-1", "cn-north-1", "--"]);
    assert_eq!(run(lint.args(files)), "");
}

#[test]
fn ruff_has_nothing_to_say_about_the_deploy_handler() {
    ruff(&handler(), "py313", "E501");
}

#[test]
fn the_deploy_handler_answers_every_job_as_aws_models_have_it() {
    let handler = handler();
    let folder = handler.parent().unwrap();
    run(std::process::Command::new(super::python()).args(["-B"]).arg(scripts().join("deploy_handler.py")).arg(folder));
}
