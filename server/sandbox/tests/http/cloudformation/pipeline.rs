//! What the pipeline is made of, as far as it goes without the services that it names.

use super::{Answer, ask, lab, ok, settled};
use crate::support::{Client, a_pipeline};
use domain::pipeline::intent::Source;
use domain::pipeline::stacks::{self, Outputs, Pass, Peers, Stack};

/// What the stacks would put out.
fn outputs(account: &str, more: &[(&str, &str)]) -> Outputs {
    let role = |name: &str| (name.to_owned(), format!("arn:aws:iam::{account}:role/{name}"));
    let roles = ["PipelineRoleArn", "ReportRoleArn", "StageRoleArn", "DeployRoleArn", "TrainingRoleArn"];
    let mut outputs: Outputs = roles.into_iter().map(role).collect();
    outputs.extend(["ModelRoleArn", "WorkflowRoleArn"].into_iter().map(role));
    outputs.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    outputs
}

async fn prepare(client: &Client, stack: &Stack) -> Answer {
    let template = &*stack.template;
    assert_eq!(ok(client, "ValidateTemplate", &[("TemplateBody", template)]).await.status, 200);
    let summary = ok(client, "GetTemplateSummary", &[("TemplateBody", template)]).await;
    assert_eq!(summary.tags("ParameterKey").len(), stack.parameters.len());
    let names: Vec<String> = (1..=stack.parameters.len()).map(|n| format!("Parameters.member.{n}.Parameter")).collect();
    let names: Vec<[String; 2]> = names.iter().map(|name| [format!("{name}Key"), format!("{name}Value")]).collect();
    let mut params = vec![
        ("StackName", stack.name.as_str()),
        ("ChangeSetName", "first"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", template),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
    ];
    for ([key, value], (name, given)) in names.iter().zip(&stack.parameters) {
        params.extend([(key.as_str(), *name), (value.as_str(), given.as_str())]);
    }
    let id = ok(client, "CreateChangeSet", &params).await.tag("StackId");
    let asked = [("StackName", stack.name.as_str()), ("ChangeSetName", "first")];
    let shown = ok(client, "DescribeChangeSet", &asked).await;
    assert_eq!(shown.tag("ExecutionStatus"), "AVAILABLE", "{}", stack.name);
    ok(client, "DeleteChangeSet", &asked).await;
    ok(client, "DeleteStack", &asked[..1]).await;
    assert_eq!(settled(client, &id).await, "DELETE_COMPLETE");
    shown
}

#[tokio::test]
async fn every_stack_of_a_pipeline_can_be_prepared() {
    let lab = lab().await;
    let shared = outputs(
        "333333333333",
        &[
            ("BucketName", "churn-333333333333-eu-west-1"),
            ("KeyArn", "arn:aws:kms:eu-west-1:333333333333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ],
    );
    let training = outputs("444444444444", &[]);
    let production = outputs("555555555555", &[("DeployFunctionName", "churn-deploy")]);
    let peers = Peers { training: &training, production: &production };
    let repository = Source::Repository { name: "churn".into(), branch: "main".into() };
    for (source, expected) in [(repository, 12), (Source::Bucket, 11)] {
        let intent = a_pipeline(source);
        for (profile, stack) in [
            ("shared", stacks::shared_services(&intent, Pass::First).unwrap()),
            ("training", stacks::training(&intent, &shared).unwrap()),
            ("production", stacks::production(&intent, &shared).unwrap()),
            ("shared", stacks::shared_services(&intent, Pass::Wired(peers)).unwrap()),
            ("training", stacks::workflow(&intent, &shared, &training).unwrap()),
        ] {
            assert!(!prepare(&lab.client(profile), &stack).await.tags("ResourceChange").is_empty());
        }
        let whole = stacks::shared_services(&intent, Pass::WithPipeline(peers)).unwrap();
        let shown = prepare(&lab.client("shared"), &whole).await;
        assert_eq!(shown.tags("ResourceChange").len(), expected, "{:?}", shown.tags("LogicalResourceId"));
    }
    // Stages that lack a capability are told before anything is kept.
    let stack = stacks::training(&a_pipeline(Source::Bucket), &shared).unwrap();
    let bare = [("StackName", stack.name.as_str()), ("TemplateBody", &*stack.template)];
    let refused = ask(&lab.client("training"), "CreateStack", &bare).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
}
