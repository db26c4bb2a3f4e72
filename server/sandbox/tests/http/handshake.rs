//! What can break a handshake on either side, beyond the plain cases of `evaluation` and `sts`: boundaries, groups,
//! session policies, versions and principals that are gone. Each is broken, seen to be denied, and mended.

use crate::support::{CHILD, Client, Lab, PARENT, allowing, denying, trusting};

/// A role of the parent that anybody of the child may assume, and that may call endpoints.
async fn shared(lab: &Lab) -> String {
    lab.client("parent").new_role("Shared", &trusting(&[CHILD]), &[&allowing("sagemaker:InvokeEndpoint", "*")]).await
}

async fn managed(admin: &Client, name: &str, document: &str) -> String {
    admin.iam_ok("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", document)]).await.tag("Arn")
}

#[tokio::test]
async fn a_boundary_of_the_role_bounds_its_sessions() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = shared(&lab).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    let arn = managed(&parent, "bound", &allowing("iam:*", "*")).await;
    let boundary = [("RoleName", "Shared"), ("PermissionsBoundary", arn.as_str())];
    parent.iam_ok("PutRolePermissionsBoundary", &boundary).await;
    assert_eq!(parent.iam_ok("GetRole", &[("RoleName", "Shared")]).await.tag("PermissionsBoundaryArn"), arn);
    session.invoke("echo", &[], "x").await.refused(403, "AccessDeniedException", "because no permissions boundary");
    // A policy that bounds somebody is in use.
    parent.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(409, "DeleteConflict", "attached to entities");
    parent.iam_ok("DeleteRolePermissionsBoundary", &[("RoleName", "Shared")]).await;
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    parent.iam("DeleteRolePermissionsBoundary", &[("RoleName", "Shared")]).await.refused(404, "NoSuchEntity", "");
}

#[tokio::test]
async fn a_callers_boundary_without_assume_role_stops_the_handshake() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let role = shared(&lab).await;
    let caller = child.new_user("caller", &[&allowing("sts:AssumeRole", &role)]).await;
    assert_eq!(caller.assume(&role, &[]).await.status, 200);
    let arn = managed(&child, "bound", &allowing("sagemaker:*", "*")).await;
    child.iam_ok("PutUserPermissionsBoundary", &[("UserName", "caller"), ("PermissionsBoundary", &arn)]).await;
    caller.assume(&role, &[]).await.refused(403, "AccessDenied", "is not authorized to perform: sts:AssumeRole");
    let version =
        [("PolicyArn", arn.as_str()), ("PolicyDocument", &allowing("sts:AssumeRole", &role)), ("SetAsDefault", "true")];
    child.iam_ok("CreatePolicyVersion", &version).await;
    assert_eq!(caller.assume(&role, &[]).await.status, 200);
}

#[tokio::test]
async fn a_deny_of_a_group_reaches_its_members_only() {
    let lab = Lab::start().await;
    let child = lab.client("child");
    let role = shared(&lab).await;
    let caller = child.new_user("caller", &[&allowing("sts:AssumeRole", &role)]).await;
    child.iam_ok("CreateGroup", &[("GroupName", "contractors")]).await;
    let arn = managed(&child, "no-roles", &denying("sts:AssumeRole", "*")).await;
    child.iam_ok("AttachGroupPolicy", &[("GroupName", "contractors"), ("PolicyArn", &arn)]).await;
    assert_eq!(caller.assume(&role, &[]).await.status, 200);
    child.iam_ok("AddUserToGroup", &[("GroupName", "contractors"), ("UserName", "caller")]).await;
    caller.assume(&role, &[]).await.refused(403, "AccessDenied", "sts:AssumeRole");
    let groups = child.iam_ok("ListGroupsForUser", &[("UserName", "caller")]).await;
    assert_eq!(groups.tags("GroupName"), ["contractors"]);
    let attached = child.iam_ok("ListAttachedGroupPolicies", &[("GroupName", "contractors")]).await;
    assert_eq!(attached.tags("PolicyArn"), std::slice::from_ref(&arn));
    child.iam_ok("DetachGroupPolicy", &[("GroupName", "contractors"), ("PolicyArn", &arn)]).await;
    assert_eq!(caller.assume(&role, &[]).await.status, 200);
}

#[tokio::test]
async fn a_version_that_was_rolled_back_no_longer_grants() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = parent.new_role("Shared", &trusting(&[CHILD]), &[]).await;
    let arn = managed(&parent, "invoke", &allowing("sagemaker:DescribeEndpoint", "*")).await;
    parent.iam_ok("AttachRolePolicy", &[("RoleName", "Shared"), ("PolicyArn", &arn)]).await;
    let second = allowing("sagemaker:InvokeEndpoint", "*");
    let version = [("PolicyArn", arn.as_str()), ("PolicyDocument", &second), ("SetAsDefault", "true")];
    parent.iam_ok("CreatePolicyVersion", &version).await;
    let session = child.with_credentials(&child.assume(&role, &[]).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    parent.iam_ok("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")]).await;
    session.invoke("echo", &[], "x").await.refused(403, "AccessDeniedException", "because no identity-based policy");
    assert_eq!(parent.iam_ok("GetPolicy", &[("PolicyArn", &arn)]).await.tag("DefaultVersionId"), "v1");
}

#[tokio::test]
async fn a_user_made_anew_is_not_the_one_that_was_trusted() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let user = format!("arn:aws:iam::{CHILD}:user/caller");
    let assume = allowing("sts:AssumeRole", "*");
    let first = child.new_user("caller", &[&assume]).await;
    let role = parent.new_role("Shared", &trusting(&[&user]), &[]).await;
    assert_eq!(first.assume(&role, &[]).await.status, 200);
    child.iam_ok("DeleteAccessKey", &[("UserName", "caller"), ("AccessKeyId", &first.key)]).await;
    child.iam_ok("DeleteUserPolicy", &[("UserName", "caller"), ("PolicyName", "p0")]).await;
    child.iam_ok("DeleteUser", &[("UserName", "caller")]).await;
    let second = child.new_user("caller", &[&assume]).await;
    second.assume(&role, &[]).await.refused(403, "AccessDenied", "sts:AssumeRole");
    let shown = parent.iam_ok("GetRole", &[("RoleName", "Shared")]).await.tag("AssumeRolePolicyDocument");
    assert!(shown.contains("AIDA") && !shown.contains("user%2Fcaller"), "{shown}");
    // The raw ID of somebody who is gone can't be stored again.
    let orphan = percent_encoding::percent_decode_str(&shown).decode_utf8().unwrap().into_owned();
    let update = [("RoleName", "Shared"), ("PolicyDocument", orphan.as_str())];
    parent.iam("UpdateAssumeRolePolicy", &update).await.refused(400, "MalformedPolicyDocument", "Invalid principal");
}

#[tokio::test]
async fn a_session_arn_in_the_trust_policy_fits_that_session_only() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let caller = child.new_role("caller", &trusting(&[CHILD]), &[&allowing("sts:AssumeRole", "*")]).await;
    let session_arn = format!("arn:aws:sts::{CHILD}:assumed-role/caller/nightly");
    let role = parent.new_role("Shared", &trusting(&[&session_arn]), &[]).await;
    let as_session = async |name: &str| {
        let params = [("RoleArn", caller.as_str()), ("RoleSessionName", name)];
        child.with_credentials(&child.sts("AssumeRole", &params).await)
    };
    assert_eq!(as_session("nightly").await.assume(&role, &[]).await.status, 200);
    as_session("daily").await.assume(&role, &[]).await.refused(403, "AccessDenied", "");
}

#[tokio::test]
async fn a_session_policy_by_arn_is_the_roles_own_accounts() {
    let lab = Lab::start().await;
    let (parent, child) = (lab.client("parent"), lab.client("child"));
    let role = shared(&lab).await;
    let arn = managed(&parent, "only-echo", &allowing("sagemaker:*", "arn:aws:sagemaker:*:*:endpoint/echo")).await;
    let assume = async |arn: &str| child.assume(&role, &[("PolicyArns.member.1.arn", arn)]).await;
    let session = child.with_credentials(&assume(&arn).await);
    assert_eq!(session.invoke("echo", &[], "x").await.status, 200);
    let other = session.invoke("churn-classifier", &[("content-type", "text/csv")], "x").await;
    other.refused(403, "AccessDeniedException", "because no session policy allows");
    // One that is not there grants nothing; it does not lift the limit.
    let session = child.with_credentials(&assume(&format!("arn:aws:iam::{PARENT}:policy/gone")).await);
    session.invoke("echo", &[], "x").await.refused(403, "AccessDeniedException", "because no session policy allows");
}

#[tokio::test]
async fn inline_policies_are_put_read_listed_and_deleted_for_every_kind() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let document = allowing("sagemaker:InvokeEndpoint", "*");
    admin.iam_ok("CreateUser", &[("UserName", "x")]).await;
    admin.iam_ok("CreateGroup", &[("GroupName", "x")]).await;
    admin.new_role("x", &trusting(&[CHILD]), &[]).await;
    for kind in ["User", "Group", "Role"] {
        let name = format!("{kind}Name");
        let owner = (name.as_str(), "x");
        let policy = [owner, ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
        admin.iam_ok(&format!("Put{kind}Policy"), &policy).await;
        assert_eq!(admin.iam_ok(&format!("List{kind}Policies"), &[owner]).await.tags("member"), ["p"]);
        let read = admin.iam_ok(&format!("Get{kind}Policy"), &[owner, ("PolicyName", "p")]).await;
        assert_eq!((read.tag(&name), read.tag("PolicyName")), ("x".into(), "p".into()));
        let text = read.tag("PolicyDocument");
        assert_eq!(percent_encoding::percent_decode_str(&text).decode_utf8().unwrap(), document);
        admin.iam_ok(&format!("Delete{kind}Policy"), &[owner, ("PolicyName", "p")]).await;
        let gone = admin.iam(&format!("Get{kind}Policy"), &[owner, ("PolicyName", "p")]).await;
        gone.refused(404, "NoSuchEntity", "policy with name p cannot be found");
    }
}

#[tokio::test]
async fn a_role_shows_its_tags() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let trust = trusting(&[CHILD]);
    let tag = [("Tags.member.1.Key", "sagebridge:share"), ("Tags.member.1.Value", "s-1")];
    let role = [("RoleName", "r"), ("AssumeRolePolicyDocument", trust.as_str()), tag[0], tag[1]];
    admin.iam_ok("CreateRole", &role).await;
    assert_eq!(admin.iam_ok("GetRole", &[("RoleName", "r")]).await.tags("Key"), ["sagebridge:share"]);
    assert_eq!(admin.iam_ok("ListRoleTags", &[("RoleName", "r")]).await.tags("Value"), ["s-1"]);
    // Lists leave tags out, as on AWS.
    assert!(admin.iam_ok("ListRoles", &[]).await.tags("Key").is_empty());
    admin.iam_ok("UntagRole", &[("RoleName", "r"), ("TagKeys.member.1", "sagebridge:share")]).await;
    assert!(admin.iam_ok("GetRole", &[("RoleName", "r")]).await.tags("Key").is_empty());
}
