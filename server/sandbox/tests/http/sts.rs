//! STS: assuming roles, durations, chaining, session policies.

use crate::support::{CHILD, Lab, PARENT, allowing, trusting};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn across_accounts_both_sides_must_allow() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[&allowing("sagemaker:InvokeEndpoint", "*")]).await;
    let analyst = child.new_user("caller", &[]).await;
    // The bare text: across accounts the reason is not told.
    analyst.assume(&role, &[]).await.refused(403, "AccessDenied", "");
    assert_eq!(
        analyst.assume(&role, &[]).await.message(),
        format!(
            "User: arn:aws:iam::{CHILD}:user/caller is not authorized to perform: sts:AssumeRole on resource: {role}"
        )
    );
    let policy = allowing("sts:AssumeRole", &role);
    let params = [("UserName", "caller"), ("PolicyName", "assume"), ("PolicyDocument", policy.as_str())];
    child.iam_ok("PutUserPolicy", &params).await;
    let session = analyst.with_credentials(&analyst.assume(&role, &[]).await);
    let who = session.sts("GetCallerIdentity", &[]).await;
    assert_eq!(who.tag("Arn"), format!("arn:aws:sts::{PARENT}:assumed-role/Shared/test"));
    assert!(who.tag("UserId").starts_with("AROA") && who.tag("UserId").ends_with(":test"));
    assert_eq!(session.invoke("echo", &[], "hi").await.text(), "hi");
    // And nothing else.
    let listing = session.sagemaker("ListEndpoints", json!({})).await;
    listing.refused(
        400,
        "AccessDeniedException",
        "because no identity-based policy allows the sagemaker:ListEndpoints",
    );
}

#[tokio::test]
async fn a_wrong_external_id_is_denied_and_an_unasked_one_ignored() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{CHILD}"}},"Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":"right"}}}}}}}}"#
    );
    let guarded = parent.new_role("Guarded", &trust, &[]).await;
    let open = parent.new_role("Open", &trusting(&[CHILD]), &[]).await;
    assert_eq!(child.assume(&guarded, &[("ExternalId", "right")]).await.status, 200);
    assert_eq!(child.assume(&guarded, &[("ExternalId", "wrong")]).await.error(), (403, "AccessDenied".into()));
    assert_eq!(child.assume(&guarded, &[]).await.error(), (403, "AccessDenied".into()));
    assert_eq!(child.assume(&open, &[("ExternalId", "whatever")]).await.status, 200);
}

#[tokio::test]
async fn durations_have_their_limits() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[]).await;
    for (seconds, message) in [
        (
            "899",
            "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
        ),
        ("43201", "Member must have value less than or equal to 43200"),
        ("7200", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
    ] {
        child.assume(&role, &[("DurationSeconds", seconds)]).await.refused(400, "ValidationError", message);
    }
    assert_eq!(child.assume(&role, &[("DurationSeconds", "900")]).await.status, 200);
    parent.iam_ok("UpdateRole", &[("RoleName", "Shared"), ("MaxSessionDuration", "7200")]).await;
    assert_eq!(child.assume(&role, &[("DurationSeconds", "7200")]).await.status, 200);
}

#[tokio::test]
async fn a_chained_session_lasts_an_hour_at_most() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let first = child.new_role("First", &trusting(&[CHILD]), &[&allowing("sts:AssumeRole", "*")]).await;
    let trust = trusting(&[&first]);
    let second = parent.new_role("Second", &trust, &[]).await;
    parent.iam_ok("UpdateRole", &[("RoleName", "Second"), ("MaxSessionDuration", "43200")]).await;
    let session = child.with_credentials(&child.assume(&first, &[]).await);
    assert_eq!(session.assume(&second, &[("DurationSeconds", "3600")]).await.status, 200);
    let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    session.assume(&second, &[("DurationSeconds", "3601")]).await.refused(400, "ValidationError", message);
    // The role is trusted, the account around it is not.
    assert_eq!(child.assume(&second, &[]).await.error(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn bad_names_and_arns_are_refused_with_every_complaint() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let short = child.sts("AssumeRole", &[("RoleArn", "arn:x"), ("RoleSessionName", "s")]).await;
    short.refused(400, "ValidationError", "2 validation errors detected: Value 'arn:x' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20");
    let role = format!("arn:aws:iam::{PARENT}:role/Nobody");
    let name = child.sts("AssumeRole", &[("RoleArn", &role), ("RoleSessionName", "my session")]).await;
    name.refused(400, "ValidationError", "regular expression pattern");
    // A role that does not exist looks like one that does not trust.
    child.assume(&role, &[]).await.refused(403, "AccessDenied", "is not authorized to perform: sts:AssumeRole");
    child.sts("AssumeRole", &[("RoleSessionName", "test")]).await.refused(400, "ValidationError", "'roleArn'");
}

#[tokio::test]
async fn a_session_policy_narrows_and_never_widens() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[&allowing("sagemaker:InvokeEndpoint", "*")]).await;
    let only = allowing("sagemaker:*", &format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/echo"));
    let session = child.with_credentials(&child.assume(&role, &[("Policy", &only)]).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    let other = session.invoke("churn-classifier", &[("content-type", "text/csv")], "x").await;
    other.refused(403, "AccessDeniedException", "because no session policy allows the sagemaker:InvokeEndpoint action");
    let listing = session.sagemaker("ListEndpoints", json!({})).await;
    listing.refused(400, "AccessDeniedException", "because no ");
    let by_arn = [("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess")];
    let session = child.with_credentials(&child.assume(&role, &by_arn).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 403);
    let large = format!("{only}{}", " ".repeat(2048));
    child.assume(&role, &[("Policy", &large)]).await.refused(400, "ValidationError", "'policy'");
    child.assume(&role, &[("Policy", "{}")]).await.refused(400, "MalformedPolicyDocument", "");
}

#[tokio::test]
async fn root_may_not_assume_roles() {
    let lab = Lab::start().await;
    let role = lab.client("parent").new_role("Shared", &trusting(&[CHILD]), &[]).await;
    let key = lab.control(Method::POST, "/root-keys", json!({ "account": CHILD })).await.json();
    let (id, secret) = (key["AccessKeyId"].as_str().unwrap(), key["SecretAccessKey"].as_str().unwrap());
    let root = crate::support::Client::new(&lab.sandbox.url(), id, secret, None);
    assert_eq!(root.sts("GetCallerIdentity", &[]).await.tag("Arn"), format!("arn:aws:iam::{CHILD}:root"));
    assert_eq!(root.iam("ListUsers", &[]).await.status, 200);
    root.assume(&role, &[]).await.refused(403, "AccessDenied", "Roles may not be assumed by root accounts.");
}

#[tokio::test]
async fn a_session_token_can_not_be_had_with_a_session() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let session = child.with_credentials(&child.sts("GetSessionToken", &[("DurationSeconds", "900")]).await);
    session.sts("GetSessionToken", &[]).await.refused(
        403,
        "AccessDenied",
        "Cannot call GetSessionToken with session credentials",
    );
    child.sts("GetSessionToken", &[("DurationSeconds", "10")]).await.refused(400, "ValidationError", "durationSeconds");
    // Without MFA such a session has no IAM.
    session.iam("ListUsers", &[]).await.refused(
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid",
    );
}

#[tokio::test]
async fn the_sessions_of_a_deleted_role_are_over() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[]).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    parent.iam_ok("DeleteRole", &[("RoleName", "Shared")]).await;
    parent.new_role("Shared", &trusting(&[CHILD]), &[]).await;
    session.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", "");
}

#[tokio::test]
async fn session_tags_need_a_permission_of_their_own() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "risk")];
    let plain = parent.new_role("Plain", &trusting(&[CHILD]), &[]).await;
    child.assume(&plain, &tags).await.refused(403, "AccessDenied", "sts:TagSession");
    let trust = trusting(&[CHILD]).replace("\"sts:AssumeRole\"", "[\"sts:AssumeRole\",\"sts:TagSession\"]");
    let by_tag = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"risk"}}}]}"#;
    let tagged = parent.new_role("Tagged", &trust, &[by_tag]).await;
    let session = child.with_credentials(&child.assume(&tagged, &tags).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    let session = child.with_credentials(&child.assume(&tagged, &[]).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 403);
}
