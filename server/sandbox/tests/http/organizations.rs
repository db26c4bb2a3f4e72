//! The organisation: its tree, its policies, who may read them, and how they bind every request.

use crate::support::{CHILD, Client, Lab, PARENT, allowing, denying, trusting};
use http::Method;
use serde_json::{Value, json};

const SHARED: &str = "333333333333";
const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

async fn root(manager: &Client) -> String {
    text(&manager.organizations_ok("ListRoots", json!({})).await["Roots"][0]["Id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Makes a policy and attaches it; gives its ID.
async fn attach(manager: &Client, kind: &str, target: &str, content: &str) -> String {
    let body = json!({ "Name": format!("p{target}"), "Description": "", "Type": kind, "Content": content });
    let made = manager.organizations_ok("CreatePolicy", body).await;
    let id = text(&made["Policy"]["PolicySummary"]["Id"]);
    manager.organizations_ok("AttachPolicy", json!({ "PolicyId": id, "TargetId": target })).await;
    id
}

async fn detach(manager: &Client, id: &str, target: &str) {
    manager.organizations_ok("DetachPolicy", json!({ "PolicyId": id, "TargetId": target })).await;
}

/// The unit that an account is in.
async fn unit_of(manager: &Client, account: &str) -> String {
    text(&manager.organizations_ok("ListParents", json!({ "ChildId": account })).await["Parents"][0]["Id"])
}

fn denying_everybody(action: &str) -> String {
    denying(action, "*").replace("\"Action\"", "\"Principal\":\"*\",\"Action\"")
}

#[tokio::test]
async fn the_five_accounts_are_one_organisation_in_two_units() {
    let lab = Lab::start().await;
    let manager = lab.client("shared");
    let organization = manager.organizations_ok("DescribeOrganization", json!({})).await;
    assert_eq!(organization["Organization"]["MasterAccountId"], SHARED);
    let accounts = manager.organizations_ok("ListAccounts", json!({})).await;
    let names: Vec<&str> =
        accounts["Accounts"].as_array().unwrap().iter().map(|a| a["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["parent", "child", "shared", "training", "production"]);
    let root = root(&manager).await;
    let units = manager.organizations_ok("ListOrganizationalUnitsForParent", json!({ "ParentId": root })).await;
    assert_eq!(units["OrganizationalUnits"].as_array().unwrap().len(), 2);
    let unit = unit_of(&manager, CHILD).await;
    assert_eq!(unit_of(&manager, PARENT).await, unit);
    assert_eq!(unit_of(&manager, SHARED).await, root);
    assert_eq!(unit_of(&manager, &unit).await, root);
    let below = manager.organizations_ok("ListAccountsForParent", json!({ "ParentId": unit })).await;
    assert_eq!(below["Accounts"].as_array().unwrap().len(), 2);
    for target in [root.as_str(), &unit, CHILD] {
        for (filter, name) in [(SCP, "FullAWSAccess"), (RCP, "RCPFullAWSAccess")] {
            let body = json!({ "TargetId": target, "Filter": filter });
            let policies = manager.organizations_ok("ListPoliciesForTarget", body).await;
            assert_eq!(policies["Policies"][0]["Name"], name);
            assert_eq!(policies["Policies"].as_array().unwrap().len(), 1);
        }
    }
    // Lists are paged.
    let first = manager.organizations_ok("ListAccounts", json!({ "MaxResults": 3 })).await;
    let next = json!({ "MaxResults": 3, "NextToken": first["NextToken"] });
    let second = manager.organizations_ok("ListAccounts", next).await;
    assert_eq!(second["Accounts"].as_array().unwrap().len(), 2);
    assert!(second.get("NextToken").is_none());
}

#[tokio::test]
async fn a_member_may_know_its_organisation_and_nothing_else_of_it() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let described = child.organizations_ok("DescribeOrganization", json!({})).await;
    assert_eq!(described["Organization"]["MasterAccountId"], SHARED);
    let full = json!({ "PolicyId": "p-FullAWSAccess" });
    for (operation, body) in [
        ("ListPoliciesForTarget", json!({ "TargetId": CHILD, "Filter": SCP })),
        ("DescribePolicy", full),
        ("ListRoots", json!({})),
        ("ListParents", json!({ "ChildId": CHILD })),
        ("ListAccounts", json!({})),
        ("CreatePolicy", json!({ "Name": "x", "Description": "", "Type": SCP, "Content": denying("iam:*", "*") })),
    ] {
        let answer = child.organizations(operation, body).await;
        answer.refused(400, "AccessDeniedException", "You don't have permissions to access this resource.");
    }
    // In the management account it is a matter of identity policies.
    let reader = lab.client("shared").new_user("reader", &[]).await;
    let body = json!({ "TargetId": CHILD, "Filter": SCP });
    let answer = reader.organizations("ListPoliciesForTarget", body).await;
    answer.refused(
        400,
        "AccessDeniedException",
        &format!("organizations:ListPoliciesForTarget on resource: arn:aws:organizations::{SHARED}:account/o-"),
    );
}

#[tokio::test]
async fn a_denying_policy_binds_every_level_below_it() {
    let lab = Lab::start().await;
    let (manager, parent) = (lab.client("shared"), lab.client("parent"));
    let (root, unit) = (root(&manager).await, unit_of(&manager, PARENT).await);
    for target in [root.as_str(), &unit, PARENT] {
        let id = attach(&manager, SCP, target, &denying("sagemaker:InvokeEndpoint", "*")).await;
        parent.invoke("echo", &[], "x").await.refused(
            403,
            "AccessDeniedException",
            "with an explicit deny in a service control policy",
        );
        assert_eq!(parent.iam("ListUsers", &[]).await.status, 200);
        detach(&manager, &id, target).await;
        assert_eq!(parent.invoke("echo", &[], "x").await.status, 200);
    }
}

#[tokio::test]
async fn every_level_must_allow() {
    let lab = Lab::start().await;
    let (manager, parent) = (lab.client("shared"), lab.client("parent"));
    let unit = unit_of(&manager, PARENT).await;
    let id = attach(&manager, SCP, &unit, &allowing("iam:*", "*")).await;
    detach(&manager, "p-FullAWSAccess", &unit).await;
    assert_eq!(parent.iam("ListUsers", &[]).await.status, 200);
    parent.invoke("echo", &[], "x").await.refused(
        403,
        "AccessDeniedException",
        "because no service control policy allows the sagemaker:InvokeEndpoint action",
    );
    // The last one stays.
    let last = manager.organizations("DetachPolicy", json!({ "PolicyId": id, "TargetId": unit })).await;
    last.refused(400, "ConstraintViolationException", "can't detach the last policy");
    let both = format!(
        r#"{{"Version":"2012-10-17","Statement":[{},{}]}}"#,
        statement(&allowing("iam:*", "*")),
        statement(&allowing("sagemaker:*", "*"))
    );
    manager.organizations_ok("UpdatePolicy", json!({ "PolicyId": id, "Content": both })).await;
    assert_eq!(parent.invoke("echo", &[], "x").await.status, 200);
}

fn statement(document: &str) -> String {
    serde_json::from_str::<Value>(document).unwrap()["Statement"][0].to_string()
}

#[tokio::test]
async fn the_root_user_is_bound_and_the_management_account_is_not() {
    let lab = Lab::start().await;
    let manager = lab.client("shared");
    let root = root(&manager).await;
    let as_root = async |account: &str| {
        let key = lab.control(Method::POST, "/root-keys", json!({ "account": account })).await.json();
        Client::new(&lab.sandbox.url(), &text(&key["AccessKeyId"]), &text(&key["SecretAccessKey"]), None)
    };
    let child = as_root(CHILD).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 200);
    attach(&manager, SCP, &root, &denying("iam:ListUsers", "*")).await;
    child.iam("ListUsers", &[]).await.refused(403, "AccessDenied", "with an explicit deny in a service control policy");
    assert_eq!(manager.iam("ListUsers", &[]).await.status, 200);
    assert_eq!(as_root(SHARED).await.iam("ListUsers", &[]).await.status, 200);
}

#[tokio::test]
async fn the_callers_policies_act_at_assume_role_and_the_owners_at_the_invocation() {
    let lab = Lab::start().await;
    let (manager, parent, child) = (lab.client("shared"), lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[&allowing("sagemaker:*", "*")]).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    attach(&manager, SCP, CHILD, &denying("sagemaker:InvokeEndpoint", "*")).await;
    // The session is the parent's: the child's policies say nothing of it.
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    let second =
        json!({ "Name": "no roles", "Description": "", "Type": SCP, "Content": denying("sts:AssumeRole", "*") });
    let made = manager.organizations_ok("CreatePolicy", second).await;
    let id = text(&made["Policy"]["PolicySummary"]["Id"]);
    manager.organizations_ok("AttachPolicy", json!({ "PolicyId": id, "TargetId": CHILD })).await;
    // Across accounts the reason is not told.
    let denied = child.assume(&role, &[]).await;
    denied.refused(403, "AccessDenied", "is not authorized to perform: sts:AssumeRole");
    assert!(!denied.message().contains("service control policy"), "{}", denied.message());
    detach(&manager, &id, CHILD).await;
    assert_eq!(child.assume(&role, &[]).await.status, 200);
    attach(&manager, SCP, PARENT, &denying("sagemaker:InvokeEndpoint", "*")).await;
    session.invoke("echo", &[], "x").await.refused(403, "AccessDeniedException", "service control policy");
}

#[tokio::test]
async fn a_resource_control_policy_guards_the_roles_of_its_account_from_everybody() {
    let lab = Lab::start().await;
    let (manager, parent, child) = (lab.client("shared"), lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD, PARENT]), &[]).await;
    let foreign = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111111111111"}}}]}"#;
    let id = attach(&manager, RCP, PARENT, foreign).await;
    child.assume(&role, &[]).await.refused(403, "AccessDenied", "sts:AssumeRole");
    assert_eq!(parent.assume(&role, &[]).await.status, 200);
    let update = json!({ "PolicyId": id, "Content": denying_everybody("sts:AssumeRole") });
    manager.organizations_ok("UpdatePolicy", update).await;
    parent.assume(&role, &[]).await.refused(403, "AccessDenied", "with an explicit deny in a resource control policy");
    // Roles of other accounts are not this account's resources.
    let own = child.new_role("Own", &trusting(&[CHILD]), &[]).await;
    assert_eq!(child.assume(&own, &[]).await.status, 200);
}

#[tokio::test]
async fn conditions_see_the_organisation() {
    let lab = Lab::start().await;
    let (manager, parent, child) = (lab.client("shared"), lab.client("parent"), lab.client("child"));
    let organization = manager.organizations_ok("DescribeOrganization", json!({})).await;
    let id = text(&organization["Organization"]["Id"]);
    let (root, unit) = (root(&manager).await, unit_of(&manager, CHILD).await);
    let path = format!("{id}/{root}/{unit}/");
    for (n, (condition, allowed)) in [
        (json!({ "StringEquals": { "aws:PrincipalOrgID": id } }), true),
        (json!({ "StringEquals": { "aws:PrincipalOrgID": "o-somebodyelse" } }), false),
        (json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": path } }), true),
        (json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": format!("{id}/{root}/ou-other/*") } }), false),
        (json!({ "StringEquals": { "aws:ResourceOrgID": "${aws:PrincipalOrgID}" } }), true),
    ]
    .into_iter()
    .enumerate()
    {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "sts:AssumeRole", "Condition": condition,
        }] });
        let role = parent.new_role(&format!("r{n}"), &trust.to_string(), &[]).await;
        assert_eq!(child.assume(&role, &[]).await.status == 200, allowed, "{condition}");
    }
}

#[tokio::test]
async fn policies_are_made_changed_and_deleted_under_their_rules() {
    let lab = Lab::start().await;
    let manager = lab.client("shared");
    let create = async |name: &str, kind: &str, content: &str| {
        let body = json!({ "Name": name, "Description": "d", "Type": kind, "Content": content });
        manager.organizations("CreatePolicy", body).await
    };
    let made = create("guard", SCP, &denying("iam:*", "*")).await.json();
    let id = text(&made["Policy"]["PolicySummary"]["Id"]);
    let arn = text(&made["Policy"]["PolicySummary"]["Arn"]);
    assert!(
        arn.starts_with("arn:aws:organizations::333333333333:policy/o-")
            && arn.ends_with(&format!("/service_control_policy/{id}")),
        "{arn}"
    );
    create("guard", SCP, &denying("iam:*", "*")).await.refused(400, "DuplicatePolicyException", "");
    let malformed = "MalformedPolicyDocumentException";
    create("a", SCP, "no policy").await.refused(400, malformed, "");
    create("a", SCP, &denying_everybody("iam:*")).await.refused(400, malformed, "");
    for content in [denying("sts:*", "*"), denying_everybody("*"), denying_everybody("sagemaker:*")] {
        create("a", RCP, &content).await.refused(400, malformed, "");
    }
    let allow = denying_everybody("sts:*").replace("Deny", "Allow");
    create("a", RCP, &allow).await.refused(400, malformed, "");
    let large = denying("iam:*", &"x".repeat(5120));
    create("a", SCP, &large).await.refused(400, "ConstraintViolationException", "size limit");
    create("a", "TAG_POLICY", "{}").await.refused(400, "InvalidInputException", "`TAG_POLICY`");

    let at = |target: &str| json!({ "PolicyId": id, "TargetId": target });
    manager.organizations_ok("AttachPolicy", at(CHILD)).await;
    manager.organizations("AttachPolicy", at(CHILD)).await.refused(400, "DuplicatePolicyAttachmentException", "");
    manager.organizations("AttachPolicy", at("999999999999")).await.refused(400, "TargetNotFoundException", "");
    manager.organizations("DetachPolicy", at(PARENT)).await.refused(400, "PolicyNotAttachedException", "");
    let targets = manager.organizations_ok("ListTargetsForPolicy", json!({ "PolicyId": id })).await;
    assert_eq!(
        (&targets["Targets"][0]["TargetId"], &targets["Targets"][0]["Type"]),
        (&json!(CHILD), &json!("ACCOUNT"))
    );
    let only = json!({ "PolicyId": id });
    manager.organizations("DeletePolicy", only.clone()).await.refused(400, "PolicyInUseException", "");
    detach(&manager, &id, CHILD).await;
    manager.organizations_ok("DeletePolicy", only.clone()).await;
    manager.organizations("DescribePolicy", only).await.refused(400, "PolicyNotFoundException", "");
    let aws = json!({ "PolicyId": "p-FullAWSAccess" });
    manager.organizations("DeletePolicy", aws).await.refused(400, "AccessDeniedException", "AWS managed policy");
}

#[tokio::test]
async fn a_type_that_is_switched_off_binds_nobody() {
    let lab = Lab::start().await;
    let (manager, child) = (lab.client("shared"), lab.client("child"));
    let root = root(&manager).await;
    let id = attach(&manager, SCP, CHILD, &denying("iam:*", "*")).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 403);
    let kind = json!({ "RootId": root, "PolicyType": SCP });
    manager.organizations("EnablePolicyType", kind.clone()).await.refused(400, "PolicyTypeAlreadyEnabledException", "");
    manager.organizations_ok("DisablePolicyType", kind.clone()).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 200);
    let again = json!({ "PolicyId": id, "TargetId": CHILD });
    manager.organizations("AttachPolicy", again.clone()).await.refused(400, "PolicyTypeNotEnabledException", "");
    manager.organizations_ok("EnablePolicyType", kind).await;
    // What was attached before is not attached again.
    assert_eq!(child.iam("ListUsers", &[]).await.status, 200);
    manager.organizations_ok("AttachPolicy", again).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 403);
}

#[tokio::test]
async fn a_policy_is_seen_after_the_delay_and_survives_a_restart() {
    let lab = Lab::start().await;
    let (manager, child) = (lab.client("shared"), lab.client("child"));
    lab.settings(json!({ "iam_propagation_ms": 3_600_000 })).await;
    attach(&manager, SCP, CHILD, &denying("iam:ListUsers", "*")).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 200);
    lab.control(Method::POST, "/propagate", Value::Null).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 403);
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(crate::support::config(dir.path())).await.unwrap();
    let child = Client::of_profile(&sandbox.url(), sandbox.credentials_file(), "child");
    child.iam("ListUsers", &[]).await.refused(403, "AccessDenied", "service control policy");
}

#[tokio::test]
async fn a_global_service_is_in_us_east_1_wherever_it_is_called_from() {
    let lab = Lab::start().await;
    let (manager, child) = (lab.client("shared"), lab.client("child"));
    let abroad = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"us-east-1"}}}]}"#;
    attach(&manager, SCP, CHILD, abroad).await;
    assert_eq!(child.iam("ListUsers", &[]).await.status, 200);
    child.sagemaker("ListEndpoints", json!({})).await.refused(400, "AccessDeniedException", "service control policy");
}
