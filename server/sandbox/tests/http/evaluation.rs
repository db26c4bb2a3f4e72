//! What a caller may, in one account: identity policies, denies, boundaries, groups, conditions, unique IDs.

use crate::support::{CHILD, Lab, PARENT, allowing, denying, trusting};
use serde_json::json;

#[tokio::test]
async fn nothing_is_allowed_until_a_policy_says_so() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let user = admin.new_user("reader", &[]).await;
    let denied = user.sagemaker("ListEndpoints", json!({})).await;
    denied.refused(400, "AccessDeniedException", "");
    assert_eq!(
        denied.message(),
        format!(
            "User: arn:aws:iam::{PARENT}:user/reader is not authorized to perform: sagemaker:ListEndpoints on resource: \
             * because no identity-based policy allows the sagemaker:ListEndpoints action"
        )
    );
    let arn = "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly";
    admin.iam_ok("AttachUserPolicy", &[("UserName", "reader"), ("PolicyArn", arn)]).await;
    assert_eq!(user.sagemaker("ListEndpoints", json!({})).await.status, 200);
    let denied = user.iam("ListRoles", &[]).await;
    denied.refused(403, "AccessDenied", &format!("on resource: arn:aws:iam::{PARENT}:role/ because"));
}

#[tokio::test]
async fn a_deny_wins_over_every_allow() {
    let lab = Lab::start().await;
    let (all, deny) = (allowing("*", "*"), denying("sagemaker:InvokeEndpoint", "*"));
    let user = lab.client("parent").new_user("u", &[&all, &deny]).await;
    let answer = user.invoke("echo", &[], "x").await;
    answer.refused(403, "AccessDeniedException", "with an explicit deny in an identity-based policy");
}

#[tokio::test]
async fn a_boundary_bounds() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let user = admin.new_user("u", &[&allowing("*", "*")]).await;
    let made =
        admin.iam_ok("CreatePolicy", &[("PolicyName", "bound"), ("PolicyDocument", &allowing("iam:*", "*"))]).await;
    let arn = made.tag("Arn");
    let params = [("UserName", "u"), ("PermissionsBoundary", arn.as_str())];
    admin.iam_ok("PutUserPermissionsBoundary", &params).await;
    assert_eq!(user.iam("ListUsers", &[]).await.status, 200);
    let answer = user.invoke("echo", &[], "x").await;
    answer.refused(403, "AccessDeniedException", "because no permissions boundary allows the sagemaker:InvokeEndpoint");
    admin.iam_ok("DeleteUserPermissionsBoundary", &[("UserName", "u")]).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 200);
}

#[tokio::test]
async fn a_group_gives_its_members_what_it_has() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let user = admin.new_user("u", &[]).await;
    admin.iam_ok("CreateGroup", &[("GroupName", "callers")]).await;
    let policy = allowing("sagemaker:InvokeEndpoint", "*");
    let params = [("GroupName", "callers"), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    admin.iam_ok("PutGroupPolicy", &params).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 403);
    admin.iam_ok("AddUserToGroup", &[("GroupName", "callers"), ("UserName", "u")]).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 200);
    admin.iam_ok("RemoveUserFromGroup", &[("GroupName", "callers"), ("UserName", "u")]).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 403);
}

#[tokio::test]
async fn only_the_default_version_of_a_policy_counts() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let user = admin.new_user("u", &[]).await;
    let made = admin.iam_ok("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &allowing("iam:*", "*"))]).await;
    let arn = made.tag("Arn");
    admin.iam_ok("AttachUserPolicy", &[("UserName", "u"), ("PolicyArn", &arn)]).await;
    let invoke = allowing("sagemaker:InvokeEndpoint", "*");
    admin.iam_ok("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", &invoke)]).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 403);
    admin.iam_ok("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v2")]).await;
    assert_eq!(user.invoke("echo", &[], "x").await.status, 200);
}

#[tokio::test]
async fn an_endpoint_is_named_in_lower_case() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let arn = |name: &str| format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/{name}");
    let typed = admin.new_user("typed", &[&allowing("sagemaker:InvokeEndpoint", &arn("Fraud-Detector-EU"))]).await;
    let right = admin.new_user("right", &[&allowing("sagemaker:InvokeEndpoint", &arn("fraud-detector-eu"))]).await;
    let (kind, row) = ([("content-type", "text/csv")], "5,0,0,268.4,121,74.9,201.3,4,13.2");
    typed.invoke("Fraud-Detector-EU", &kind, row).await.refused(
        403,
        "AccessDeniedException",
        &arn("fraud-detector-eu"),
    );
    assert_eq!(right.invoke("Fraud-Detector-EU", &kind, row).await.status, 200);
}

#[tokio::test]
async fn conditions_see_the_request() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let policy = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"*","Condition":{condition}}}]}}"#
        )
    };
    for (n, (condition, allowed)) in [
        (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#, false),
        (r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#, true),
        (r#"{"StringEquals":{"aws:username":"u4"}}"#, true),
        (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:user/u*"}}"#, true),
        (r#"{"StringEquals":{"aws:PrincipalAccount":"222222222222"}}"#, false),
        (r#"{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}"#, true),
        (r#"{"NumericLessThan":{"aws:EpochTime":"1000"}}"#, false),
        (r#"{"Null":{"sagemaker:TargetModel":"true"}}"#, true),
    ]
    .into_iter()
    .enumerate()
    {
        let user = admin.new_user(&format!("u{n}"), &[&policy(condition)]).await;
        let status = user.invoke("echo", &[], "x").await.status;
        assert_eq!(status == 200, allowed, "{condition}");
    }
}

#[tokio::test]
async fn tags_decide_where_policies_ask_for_them() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:CreateRole","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"risk"}}},{"Effect":"Allow","Action":"iam:DeleteRole","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"risk"}}}]}"#;
    let user = admin.new_user("u", &[policy]).await;
    let trust = trusting(&[PARENT]);
    let plain = [("RoleName", "r"), ("AssumeRolePolicyDocument", trust.as_str())];
    user.iam("CreateRole", &plain).await.refused(403, "AccessDenied", "iam:CreateRole");
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "risk")];
    user.iam_ok("CreateRole", &[plain[0], plain[1], tags[0], tags[1]]).await;
    admin.new_role("other", &trust, &[]).await;
    user.iam("DeleteRole", &[("RoleName", "other")]).await.refused(403, "AccessDenied", "iam:DeleteRole");
    user.iam_ok("DeleteRole", &[("RoleName", "r")]).await;
}

#[tokio::test]
async fn a_role_made_anew_is_not_the_one_that_was_trusted() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let caller_trust = trusting(&[CHILD]);
    let assume = allowing("sts:AssumeRole", "*");
    let caller = child.new_role("caller", &caller_trust, &[&assume]).await;
    let shared = parent.new_role("Shared", &trusting(&[&caller]), &[]).await;
    let shown = |answer: crate::support::Answer| {
        let document = answer.tag("AssumeRolePolicyDocument");
        percent_encoding::percent_decode_str(&document).decode_utf8().unwrap().into_owned()
    };
    let document = shown(parent.iam_ok("GetRole", &[("RoleName", "Shared")]).await);
    assert!(document.contains(&caller), "{document}");
    let session = child.with_credentials(&child.assume(&caller, &[]).await);
    assert_eq!(session.assume(&shared, &[]).await.status, 200);

    child.iam_ok("DeleteRolePolicy", &[("RoleName", "caller"), ("PolicyName", "p0")]).await;
    child.iam_ok("DeleteRole", &[("RoleName", "caller")]).await;
    let orphaned = shown(parent.iam_ok("GetRole", &[("RoleName", "Shared")]).await);
    assert!(orphaned.contains("AROA") && !orphaned.contains(&caller), "{orphaned}");
    child.new_role("caller", &caller_trust, &[&assume]).await;
    assert!(shown(parent.iam_ok("GetRole", &[("RoleName", "Shared")]).await).contains("AROA"));
    let session = child.with_credentials(&child.assume(&caller, &[]).await);
    session.assume(&shared, &[]).await.refused(403, "AccessDenied", "");

    let trust = trusting(&[&caller]);
    parent.iam_ok("UpdateAssumeRolePolicy", &[("RoleName", "Shared"), ("PolicyDocument", &trust)]).await;
    assert_eq!(session.assume(&shared, &[]).await.status, 200);
}

#[tokio::test]
async fn in_one_account_the_trust_policy_must_always_allow() {
    let lab = Lab::start().await;
    let admin = lab.client("child");
    let lambda = format!("arn:aws:iam::{CHILD}:role/scoring-lambda");
    // The administrator may assume anything, but the role trusts Lambda only.
    let answer = admin.assume(&lambda, &[]).await;
    answer.refused(403, "AccessDenied", "because no resource-based policy allows the sts:AssumeRole action");
    let user = admin.new_user("u", &[]).await;
    let by_account = admin.new_role("by-account", &trusting(&[CHILD]), &[]).await;
    let answer = user.assume(&by_account, &[]).await;
    answer.refused(403, "AccessDenied", "because no identity-based policy allows the sts:AssumeRole action");
    let by_name = admin.new_role("by-name", &trusting(&[&format!("arn:aws:iam::{CHILD}:user/u")]), &[]).await;
    assert_eq!(user.assume(&by_name, &[]).await.status, 200);
}
