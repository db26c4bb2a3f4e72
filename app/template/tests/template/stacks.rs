//! Three stacks as people write them: shared services, training, production; read, ordered and resolved.

use crate::fake::{Fake, deploy, refused};
use serde_json::json;
use template::{Deployment, ParameterInput, Parameters, Template};

const SHARED: &str = include_str!("stacks/shared.yaml");
const TRAINING: &str = include_str!("stacks/training.yaml");
const PRODUCTION: &str = include_str!("stacks/production.json");

const ACCOUNTS: &[(&str, &str)] = &[("TrainingAccount", "222233334444"), ("ProductionAccount", "333344445555")];

/// Makes one resource after the other, and gives each an ID and an ARN.
fn make(deployment: &Deployment<'_>, host: &mut Fake) {
    for name in deployment.order().iter() {
        deployment.properties(name, &*host).unwrap();
        host.add(name, &format!("{name}-id"), &[("Arn", &format!("arn:{name}")), ("CloneUrlHttp", "https://clone")]);
    }
}

#[test]
fn shared_services_are_ordered() {
    let template = Template::parse(SHARED).unwrap();
    let deployment = deploy(&template, ACCOUNTS).unwrap();
    let expected = [
        vec!["ArtifactsKey", "Repository", "PipelineRole"],
        vec!["ArtifactsAlias", "Artifacts", "PipelinePolicy"],
        vec!["ArtifactsPolicy", "Trigger"],
    ];
    assert_eq!(deployment.order().layers(), expected);
}

#[test]
fn shared_services_are_resolved() {
    let template = Template::parse(SHARED).unwrap();
    let deployment = deploy(&template, ACCOUNTS).unwrap();
    let mut host = Fake::default();
    make(&deployment, &mut host);
    let bucket = deployment.properties("Artifacts", &host).unwrap();
    assert_eq!(bucket["BucketName"], json!("churn-artifacts-111122223333-eu-central-1"));
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    let expected = json!({
        "BucketKeyEnabled": true,
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:ArtifactsKey"},
    });
    assert_eq!(*encryption, expected);
    let key = deployment.properties("ArtifactsKey", &host).unwrap();
    assert_eq!(key["KeyPolicy"]["Statement"].as_array().map(Vec::len), Some(1));
    assert_eq!(key["KeyPolicy"]["Version"], json!("2012-10-17"));
    let trigger = deployment.properties("Trigger", &host).unwrap();
    assert_eq!(trigger["Targets"][0]["Arn"], json!("arn:aws:codepipeline:eu-central-1:111122223333:churn-pipeline"));
    let outputs = deployment.outputs(&host).unwrap();
    let shown: Vec<(&str, &str, Option<&str>)> = outputs
        .iter()
        .map(|output| (output.key.as_str(), output.value.as_str(), output.export_name.as_deref()))
        .collect();
    let expected = [
        ("KeyArn", "arn:ArtifactsKey", Some("demo-KeyArn")),
        ("Bucket", "Artifacts-id", Some("demo-Bucket")),
        ("RepositoryUrl", "https://clone", None),
        ("Console", "https://console.aws.amazon.com/s3", None),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn readers_are_let_in_once_they_exist() {
    let template = Template::parse(SHARED).unwrap();
    let roles = "arn:aws:iam::222233334444:role/churn-training,arn:aws:iam::333344445555:role/churn-production";
    let given = [ACCOUNTS, &[("ReaderRoles", roles), ("WithRepository", "no")]].concat();
    let deployment = deploy(&template, &given).unwrap();
    assert!(deployment.resource("Repository").is_none() && deployment.resource("Trigger").is_none());
    let mut host = Fake::default();
    make(&deployment, &mut host);
    let policy = deployment.properties("ArtifactsPolicy", &host).unwrap();
    let statement = &policy["PolicyDocument"]["Statement"][1];
    assert_eq!(statement["Principal"]["AWS"].as_array().map(Vec::len), Some(2));
    assert_eq!(statement["Resource"], json!(["arn:Artifacts", "arn:Artifacts/*"]));
}

#[test]
fn two_accounts_that_are_one_break_the_rule() {
    let template = Template::parse(SHARED).unwrap();
    let error = deploy(&template, &[("TrainingAccount", "222233334444"), ("ProductionAccount", "222233334444")]);
    assert_eq!(error.unwrap_err().message, "Training and production are two accounts");
}

#[test]
fn training_keeps_its_state_machine() {
    let template = Template::parse(TRAINING).unwrap();
    let given = [("KeyArn", "arn:aws:kms:eu-central-1:111122223333:key/1"), ("Bucket", "artifacts")];
    let deployment = deploy(&template, &given).unwrap();
    assert_eq!(deployment.order().iter().last(), Some("Machine"));
    let mut host = Fake::default();
    make(&deployment, &mut host);
    let definition = &deployment.properties("Machine", &host).unwrap()["Definition"];
    let train = &definition["States"]["Train"]["Parameters"];
    assert_eq!(train["RoleArn"], json!("arn:TrainingRole"));
    assert_eq!(train["ResourceConfig"]["InstanceCount"], json!("1"));
    assert_eq!(train["VpcConfig"]["Subnets"], json!(["subnet-0123456789abcdef0"]));
    let retry = &definition["States"]["Train"]["Retry"][0];
    assert_eq!((&retry["MaxAttempts"], &retry["BackoffRate"]), (&json!(2), &json!(1.5)));
    let bad = deploy(&template, &[("KeyArn", "key/1"), ("Bucket", "artifacts")]).unwrap_err();
    assert!(bad.message.starts_with("Parameter 'KeyArn' must match pattern"), "{bad}");
}

#[test]
fn production_imports_what_shared_services_export() {
    let template = Template::parse(PRODUCTION).unwrap();
    let deployment = deploy(&template, &[]).unwrap();
    let imports = deployment.imports().unwrap();
    assert_eq!(imports.iter().map(String::as_str).collect::<Vec<_>>(), ["shared-Bucket", "shared-KeyArn"]);
    let mut host = Fake::default();
    host.exports.insert("shared-Bucket".to_owned(), "artifacts".to_owned());
    host.exports.insert("shared-KeyArn".to_owned(), "arn:key".to_owned());
    make(&deployment, &mut host);
    let function = deployment.properties("Deploy", &host).unwrap();
    assert_eq!(function["Environment"]["Variables"]["BUCKET"], json!("artifacts"));
    assert_eq!(function["Code"]["ZipFile"], json!("def handler(event, context):\n    return '${not_a_variable}'"));
    assert_eq!(deployment.outputs(&host).unwrap()[0].export_name.as_deref(), Some("deploy:arn"));
}

#[test]
fn each_stack_printed_as_json_is_the_same() {
    for text in [SHARED, TRAINING, PRODUCTION] {
        let template = Template::parse(text).unwrap();
        assert_eq!(Template::parse(&template.to_json().to_string()).unwrap(), template);
    }
}

#[test]
fn a_name_misspelt_in_a_stack_is_found() {
    let misspelt = SHARED.replace("!GetAtt [ArtifactsKey, Arn]", "!GetAtt [ArtifactKey, Arn]");
    assert_eq!(refused(&misspelt), "Template error: instance of Fn::GetAtt references undefined resource ArtifactKey");
}

#[test]
fn an_update_keeps_what_the_stack_has() {
    let template = Template::parse(TRAINING).unwrap();
    let first = [
        ParameterInput::new("KeyArn", "arn:aws:kms:eu-central-1:111122223333:key/1"),
        ParameterInput::new("Bucket", "artifacts"),
    ];
    let first = Parameters::bind(&template, &first, None, &()).unwrap();
    let again = [ParameterInput::previous("KeyArn"), ParameterInput::new("Bucket", "others")];
    let again = Parameters::bind(&template, &again, Some(&first), &()).unwrap();
    assert_eq!(again.get("KeyArn"), first.get("KeyArn"));
    assert_eq!(again.get("Bucket").unwrap().shown(), "others");
}
