//! Nothing that is made is superfluous: take away any part, and the call fails with an explanation that names it.

use crate::invoke::params;
use crate::world::{Answers, CHILD, GRANT, LAMBDA, POLICY, ROLE, World};
use domain::invoke::InvokeFailure;
use domain::names::ShareId;
use serde_json::{Value, json};

/// A share whose console calls as `scoring-lambda` itself: an administrator would need no grant.
async fn world() -> (World, ShareId) {
    let world = World::new().await;
    let iam = &world.gateways.iam;
    let (child, lambda) = ("child".parse().unwrap(), "scoring-lambda".parse().unwrap());
    // It may look at IAM, as the console must, and nothing else; and the child's administrator may become it.
    let reads = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}"#;
    let reader = iam.create_policy(&child, &"Reader".parse().unwrap(), reads, "", &Default::default()).await.unwrap();
    iam.attach_role_policy(&child, &lambda, &reader.value).await.unwrap();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": format!("arn:aws:iam::{CHILD}:user/admin") }
    }] });
    iam.update_trust(&child, &lambda, &trust.to_string()).await.unwrap();
    let config = world.sandbox.config_file();
    let text = std::fs::read_to_string(config).unwrap();
    let url = world.sandbox.url();
    let profile = format!(
        "\n[profile lambda]\nrole_arn = {LAMBDA}\nsource_profile = child\nregion = eu-west-1\nendpoint_url = {url}\n"
    );
    std::fs::write(config, text + &profile).unwrap();
    let draft = world.draft(|answers: &mut Answers| answers.callers.connection = "lambda".into()).await;
    let share = world.applied(&draft).await;
    (world, share)
}

/// Invokes with fresh credentials.
async fn invoke(world: &World, share: &ShareId) -> Result<(), InvokeFailure> {
    let operator = crate::world::signed_in(&world.services).await;
    let params = params(share, "churn-classifier", "text/csv", "1");
    let result = world.services.invoke(&operator, params).await.unwrap().result;
    match result {
        Ok(_) => Ok(()),
        // The model was reached: that is all that counts here.
        Err(failure) if failure.code == "ModelError" => Ok(()),
        Err(failure) => Err(failure),
    }
}

fn statement(document: &mut Value) -> &mut Value {
    match &mut document["Statement"] {
        Value::Array(all) => &mut all[0],
        one => one,
    }
}

async fn denied(world: &World, share: &ShareId, operation: &str, names: &[&str]) {
    let failure = invoke(world, share).await.unwrap_err();
    assert_eq!(failure.operation, operation, "{failure:#?}");
    let explanation = failure.explanation.unwrap();
    let text = format!("{} {:?}", explanation.sentence, explanation.fix);
    for name in names {
        assert!(text.contains(name), "`{name}` is not in: {text}\n{:#?}", explanation.details);
    }
}

#[tokio::test]
async fn every_element_of_the_parents_policy_is_needed() {
    let (world, share) = world().await;
    invoke(&world, &share).await.unwrap();
    let (iam, parent, arn) = (&world.gateways.iam, "parent".parse().unwrap(), POLICY.parse().unwrap());
    let good: Value = serde_json::from_str(&iam.policy(&parent, &arn).await.unwrap().unwrap().document).unwrap();
    for (element, instead) in [
        ("Action", json!("sagemaker:DescribeEndpoint")),
        ("Resource", json!("arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo")),
        ("Effect", json!("Deny")),
    ] {
        let mut bad = good.clone();
        statement(&mut bad)[element] = instead;
        let version = iam.create_policy_version(&parent, &arn, &bad.to_string()).await.unwrap().value;
        denied(&world, &share, "InvokeEndpoint", &["SageMakerExternalInvokeEndpoint"]).await;
        iam.set_default_policy_version(&parent, &arn, "v1").await.unwrap();
        iam.delete_policy_version(&parent, &arn, &version).await.unwrap();
        invoke(&world, &share).await.unwrap();
    }
    iam.detach_role_policy(&parent, &ROLE.parse().unwrap(), &arn).await.unwrap();
    denied(&world, &share, "InvokeEndpoint", &["sagemaker:InvokeEndpoint"]).await;
}

#[tokio::test]
async fn every_element_of_the_trust_policy_is_needed() {
    let (world, share) = world().await;
    let (iam, parent, role) = (&world.gateways.iam, "parent".parse().unwrap(), ROLE.parse().unwrap());
    let good: Value = serde_json::from_str(&iam.role(&parent, &role).await.unwrap().unwrap().trust).unwrap();
    for (element, instead) in [
        ("Principal", json!({ "AWS": format!("arn:aws:iam::{CHILD}:user/analyst") })),
        ("Action", json!("sts:TagSession")),
        ("Condition", json!({ "StringEquals": { "sts:ExternalId": "another" } })),
        ("Effect", json!("Deny")),
    ] {
        let mut bad = good.clone();
        statement(&mut bad)[element] = instead;
        iam.update_trust(&parent, &role, &bad.to_string()).await.unwrap();
        denied(&world, &share, "AssumeRole", &["trust policy"]).await;
        iam.update_trust(&parent, &role, &good.to_string()).await.unwrap();
        invoke(&world, &share).await.unwrap();
    }
}

#[tokio::test]
async fn every_element_of_the_childs_policy_is_needed() {
    let (world, share) = world().await;
    let (iam, child, arn) = (&world.gateways.iam, "child".parse().unwrap(), GRANT.parse().unwrap());
    let good: Value = serde_json::from_str(&iam.policy(&child, &arn).await.unwrap().unwrap().document).unwrap();
    for (element, instead) in [
        ("Action", json!("sts:TagSession")),
        ("Resource", json!("arn:aws:iam::111111111111:role/Another")),
        ("Effect", json!("Deny")),
    ] {
        let mut bad = good.clone();
        statement(&mut bad)[element] = instead;
        let version = iam.create_policy_version(&child, &arn, &bad.to_string()).await.unwrap().value;
        denied(&world, &share, "AssumeRole", &["AllowAssumeSagemakerExternalRole"]).await;
        iam.set_default_policy_version(&child, &arn, "v1").await.unwrap();
        iam.delete_policy_version(&child, &arn, &version).await.unwrap();
        invoke(&world, &share).await.unwrap();
    }
    iam.detach_role_policy(&child, &"scoring-lambda".parse().unwrap(), &arn).await.unwrap();
    denied(&world, &share, "AssumeRole", &["sts:AssumeRole"]).await;
}
