//! IAM: what it keeps, what it refuses and in which words, and how it pages.

use crate::support::{CHILD, Client, Lab, PARENT, allowing, trusting};

async fn policy(admin: &Client, name: &str) -> String {
    let params = [("PolicyName", name), ("PolicyDocument", &allowing("iam:*", "*"))];
    admin.iam_ok("CreatePolicy", &params).await.tag("Arn")
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let trust = trusting(&[CHILD]);
    admin.new_role("SageMakerExternal", &trust, &[]).await;
    let again =
        admin.iam("CreateRole", &[("RoleName", "sagemakerexternal"), ("AssumeRolePolicyDocument", &trust)]).await;
    again.refused(409, "EntityAlreadyExists", "Role with name sagemakerexternal already exists.");
    admin.new_user("Ann", &[]).await;
    admin.iam("CreateUser", &[("UserName", "ANN")]).await.refused(
        409,
        "EntityAlreadyExists",
        "User with name ANN already",
    );
    policy(&admin, "P").await;
    let again = admin.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &allowing("iam:*", "*"))]).await;
    again.refused(409, "EntityAlreadyExists", "A policy called p already exists. Duplicate names are not allowed.");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let arn = format!("arn:aws:iam::{PARENT}:policy/X");
    let role = ("RoleName", "X");
    for (action, params, message) in [
        ("GetRole", vec![role], "The role with name X cannot be found."),
        ("DeleteRole", vec![role], "The role with name X cannot be found."),
        ("GetUser", vec![("UserName", "X")], "The user with name X cannot be found."),
        ("GetGroup", vec![("GroupName", "X")], "The group with name X cannot be found."),
        ("GetPolicy", vec![("PolicyArn", &arn)], "Policy "),
        ("AttachRolePolicy", vec![role, ("PolicyArn", &arn)], "The role with name X cannot be found."),
        ("ListAttachedRolePolicies", vec![role], "The role with name X cannot be found."),
        (
            "GetPolicyVersion",
            vec![("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess"), ("VersionId", "v9")],
            "version v9",
        ),
    ] {
        admin.iam(action, &params).await.refused(404, "NoSuchEntity", message);
    }
    admin.new_role("Y", &trusting(&[CHILD]), &[]).await;
    let role = ("RoleName", "Y");
    let attach = admin.iam("AttachRolePolicy", &[role, ("PolicyArn", &arn)]).await;
    attach.refused(404, "NoSuchEntity", &format!("Policy {arn} does not exist or is not attachable."));
    let detach = admin.iam("DetachRolePolicy", &[role, ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")]).await;
    detach.refused(404, "NoSuchEntity", "was not found.");
    let inline = admin.iam("GetRolePolicy", &[role, ("PolicyName", "p")]).await;
    inline.refused(404, "NoSuchEntity", "The role policy with name p cannot be found.");
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let arn = policy(&admin, "P").await;
    let role = ("RoleName", "R");
    admin.new_role("R", &trusting(&[CHILD]), &[&allowing("iam:*", "*")]).await;
    admin.iam_ok("AttachRolePolicy", &[role, ("PolicyArn", &arn)]).await;
    let conflict = "DeleteConflict";
    admin.iam("DeleteRole", &[role]).await.refused(
        409,
        conflict,
        "Cannot delete entity, must detach all policies first.",
    );
    admin.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(
        409,
        conflict,
        "Cannot delete a policy attached to entities.",
    );
    admin.iam_ok("DetachRolePolicy", &[role, ("PolicyArn", &arn)]).await;
    admin.iam("DeleteRole", &[role]).await.refused(409, conflict, "Cannot delete entity, must delete policies first.");
    admin.iam_ok("DeleteRolePolicy", &[role, ("PolicyName", "p0")]).await;
    admin.iam_ok("DeleteRole", &[role]).await;
    admin.iam_ok("CreatePolicyVersion", &[("PolicyArn", &arn), ("PolicyDocument", &allowing("s3:*", "*"))]).await;
    admin.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(
        409,
        conflict,
        "This policy has more than one version.",
    );
    let version = [("PolicyArn", arn.as_str()), ("VersionId", "v1")];
    admin.iam("DeletePolicyVersion", &version).await.refused(
        409,
        conflict,
        "Cannot delete the default version of a policy.",
    );
    admin.iam_ok("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v2")]).await;
    admin.iam_ok("DeletePolicyVersion", &version).await;
    admin.iam_ok("DeletePolicy", &[("PolicyArn", &arn)]).await;

    let user = admin.new_user("U", &[]).await;
    admin.iam_ok("CreateGroup", &[("GroupName", "G")]).await;
    admin.iam_ok("AddUserToGroup", &[("GroupName", "G"), ("UserName", "U")]).await;
    let name = ("UserName", "U");
    admin.iam("DeleteUser", &[name]).await.refused(409, conflict, "must delete access keys first");
    admin.iam_ok("DeleteAccessKey", &[name, ("AccessKeyId", &user.key)]).await;
    admin.iam("DeleteUser", &[name]).await.refused(409, conflict, "must remove users from group first");
    admin.iam("DeleteGroup", &[("GroupName", "G")]).await.refused(409, conflict, "must remove users from group first");
    admin.iam_ok("RemoveUserFromGroup", &[("GroupName", "G"), name]).await;
    admin.iam_ok("DeleteUser", &[name]).await;
    admin.iam_ok("DeleteGroup", &[("GroupName", "G")]).await;
}

#[tokio::test]
async fn documents_are_read_before_they_are_stored() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let malformed = "MalformedPolicyDocument";
    let create =
        async |document: &str| admin.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", document)]).await;
    create("not json").await.refused(400, malformed, "");
    create(r#"{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}"#)
        .await
        .refused(400, malformed, "");
    create(&trusting(&[CHILD])).await.refused(400, malformed, "Policy document should not specify a principal.");
    let trust = async |document: &str| {
        admin.iam("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", document)]).await
    };
    trust(&allowing("sts:AssumeRole", "*")).await.refused(400, malformed, "Has prohibited field Resource");
    let nobody = format!("arn:aws:iam::{CHILD}:role/nobody");
    let message = format!("Invalid principal in policy: \"AWS\":\"{nobody}\"");
    trust(&trusting(&[&nobody])).await.refused(400, malformed, &message);
    trust(&trusting(&["999999999999"])).await.refused(400, malformed, "Invalid principal in policy");
    assert_eq!(trust(&trusting(&["arn:aws:iam::222222222222:role/*"])).await.error(), (400, malformed.into()));
    assert_eq!(trust(&trusting(&["*"])).await.status, 200);
}

#[tokio::test]
async fn sizes_and_numbers_have_their_limits() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let limit = "LimitExceeded";
    let large =
        |characters: usize| allowing("iam:*", &format!("arn:aws:iam::{PARENT}:role/{}", "x".repeat(characters)));
    // White space does not count.
    let wide = allowing("iam:*", "*") + &" ".repeat(7000);
    admin.iam_ok("CreatePolicy", &[("PolicyName", "wide"), ("PolicyDocument", &wide)]).await;
    let answer = admin.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &large(6144))]).await;
    answer.refused(409, limit, "Cannot exceed quota for PolicySize: 6144");

    admin.new_role("r", &trusting(&[CHILD]), &[&large(6000)]).await;
    let inline = [("RoleName", "r"), ("PolicyName", "second"), ("PolicyDocument", &large(5000))];
    admin.iam("PutRolePolicy", &inline).await.refused(
        409,
        limit,
        "Maximum policy size of 10240 bytes exceeded for role r",
    );
    let many = trusting(&vec!["arn:aws:iam::222222222222:user/analyst"; 60]);
    let answer = admin.iam("UpdateAssumeRolePolicy", &[("RoleName", "r"), ("PolicyDocument", &many)]).await;
    answer.refused(409, limit, "Cannot exceed quota for ACLSizePerRole: 2048");

    let arn = policy(&admin, "versions").await;
    let document = allowing("s3:*", "*");
    let version = [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str())];
    for _ in 0..4 {
        admin.iam_ok("CreatePolicyVersion", &version).await;
    }
    admin.iam("CreatePolicyVersion", &version).await.refused(409, limit, "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.");
    // Numbers are never used twice.
    admin.iam_ok("DeletePolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v5")]).await;
    assert_eq!(admin.iam_ok("CreatePolicyVersion", &version).await.tag("VersionId"), "v6");

    for n in 0..10 {
        let arn = policy(&admin, &format!("many{n}")).await;
        admin.iam_ok("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &arn)]).await;
    }
    let eleventh = admin.iam("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", &arn)]).await;
    eleventh.refused(409, limit, "Cannot exceed quota for PoliciesPerRole: 10");
    admin.new_user("u", &[]).await;
    admin.iam_ok("CreateAccessKey", &[("UserName", "u")]).await;
    admin.iam("CreateAccessKey", &[("UserName", "u")]).await.refused(
        409,
        limit,
        "Cannot exceed quota for AccessKeysPerUser: 2",
    );
}

#[tokio::test]
async fn names_and_paths_follow_their_rules() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let trust = trusting(&[CHILD]);
    let create = async |name: &str, path: &str| {
        admin.iam("CreateRole", &[("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", &trust)]).await
    };
    let invalid = "ValidationError";
    create("my role", "/").await.refused(400, invalid, "The specified value for roleName is invalid.");
    create(&"r".repeat(65), "/").await.refused(400, invalid, "Member must have length less than or equal to 64");
    create("r", "team").await.refused(400, invalid, "It must begin and end with /");
    admin.iam("CreateRole", &[("AssumeRolePolicyDocument", &trust)]).await.refused(
        400,
        invalid,
        "Value null at 'roleName'",
    );
    let made = create("r", "/team/a/").await;
    assert_eq!(made.tag("Arn"), format!("arn:aws:iam::{PARENT}:role/team/a/r"));
    assert_eq!(admin.iam_ok("ListRoles", &[("PathPrefix", "/team/")]).await.tags("RoleName"), ["r"]);
    let long = [("RoleName", "s"), ("AssumeRolePolicyDocument", trust.as_str()), ("MaxSessionDuration", "3599")];
    admin.iam("CreateRole", &long).await.refused(400, invalid, "maxSessionDuration");
    admin.iam("MakeRole", &[]).await.refused(400, "InvalidAction", "MakeRole");
}

#[tokio::test]
async fn lists_are_paged_without_gap_or_repeat() {
    let lab = Lab::seeded(205).await;
    let child = lab.client("child");
    let (mut names, mut marker, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let mut params = vec![("MaxItems", "50")];
        if let Some(marker) = &marker {
            params.push(("Marker", marker));
        }
        let page = child.iam_ok("ListRoles", &params).await;
        names.extend(page.tags("RoleName"));
        pages += 1;
        if page.tag("IsTruncated") == "false" {
            break;
        }
        marker = Some(page.tag("Marker"));
        // What goes away between two pages shifts nothing.
        if pages == 1 {
            child
                .iam_ok(
                    "DetachRolePolicy",
                    &[
                        ("RoleName", "worker-00001"),
                        ("PolicyArn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
                    ],
                )
                .await;
            child.iam_ok("DeleteRole", &[("RoleName", "worker-00001")]).await;
        }
    }
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((pages, names.len(), unique.len()), (5, 206, 206));
    assert_eq!(child.iam_ok("ListRoles", &[]).await.tags("RoleName").len(), 100);
    child.iam("ListRoles", &[("Marker", "nonsense!")]).await.refused(400, "ValidationError", "Invalid Marker");
    child.iam("ListRoles", &[("MaxItems", "1001")]).await.refused(400, "ValidationError", "maxItems");
}

#[tokio::test]
async fn who_has_a_policy_is_listed_by_kind() {
    let lab = Lab::start().await;
    let admin = lab.client("child");
    let arn = policy(&admin, "P").await;
    for (action, name) in
        [("AttachRolePolicy", ("RoleName", "scoring-lambda")), ("AttachUserPolicy", ("UserName", "analyst"))]
    {
        admin.iam_ok(action, &[name, ("PolicyArn", &arn)]).await;
        admin.iam_ok(action, &[name, ("PolicyArn", &arn)]).await;
    }
    let all = admin.iam_ok("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await;
    assert_eq!((all.tags("RoleName"), all.tags("UserName")), (vec!["scoring-lambda".into()], vec!["analyst".into()]));
    let roles = admin.iam_ok("ListEntitiesForPolicy", &[("PolicyArn", &arn), ("EntityFilter", "Role")]).await;
    assert!(roles.tags("UserName").is_empty() && roles.tags("RoleName").len() == 1);
    assert_eq!(admin.iam_ok("GetPolicy", &[("PolicyArn", &arn)]).await.tag("AttachmentCount"), "2");
    let attached = admin.iam_ok("ListAttachedUserPolicies", &[("UserName", "analyst")]).await;
    assert_eq!(attached.tags("PolicyArn"), [arn]);
    let local = admin.iam_ok("ListPolicies", &[("Scope", "Local")]).await;
    assert_eq!(local.tags("PolicyName"), ["P"]);
    assert!(
        admin
            .iam_ok("ListPolicies", &[("Scope", "AWS")])
            .await
            .tags("PolicyName")
            .contains(&"AdministratorAccess".into())
    );
}

#[tokio::test]
async fn documents_come_back_as_they_were_given() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let document = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"iam:Get*\", \"Resource\": \"*\"}]\n}";
    admin.new_role("r", &trusting(&[CHILD]), &[document]).await;
    let decode = |text: String| percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned();
    let inline = admin.iam_ok("GetRolePolicy", &[("RoleName", "r"), ("PolicyName", "p0")]).await;
    assert_eq!(decode(inline.tag("PolicyDocument")), document);
    let made = admin.iam_ok("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", document)]).await;
    let version = admin.iam_ok("GetPolicyVersion", &[("PolicyArn", &made.tag("Arn")), ("VersionId", "v1")]).await;
    assert_eq!((decode(version.tag("Document")), version.tag("IsDefaultVersion")), (document.into(), "true".into()));
    let role = admin.iam_ok("GetRole", &[("RoleName", "r")]).await;
    let trust = decode(role.tag("AssumeRolePolicyDocument"));
    assert!(domain::policy::same_meaning(&trust, &trusting(&[CHILD])), "{trust}");
    assert_eq!(admin.iam_ok("ListRolePolicies", &[("RoleName", "r")]).await.tags("member"), ["p0"]);
}

#[tokio::test]
async fn tags_are_kept_without_regard_to_case_of_their_keys() {
    let lab = Lab::start().await;
    let admin = lab.client("parent");
    let arn = policy(&admin, "p").await;
    let tag = |key: &'static str, value: &'static str| [("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
    for (key, value) in [("Team", "a"), ("team", "b")] {
        let [k, v] = tag(key, value);
        admin.iam_ok("TagPolicy", &[("PolicyArn", &arn), k, v]).await;
    }
    let listed = admin.iam_ok("ListPolicyTags", &[("PolicyArn", &arn)]).await;
    assert_eq!((listed.tags("Key"), listed.tags("Value")), (vec!["team".to_owned()], vec!["b".to_owned()]));
    let [k, v] = tag("aws:x", "1");
    admin.iam("TagPolicy", &[("PolicyArn", &arn), k, v]).await.refused(400, "InvalidInput", "reserved");
    admin.iam_ok("UntagPolicy", &[("PolicyArn", &arn), ("TagKeys.member.1", "TEAM")]).await;
    assert!(admin.iam_ok("GetPolicy", &[("PolicyArn", &arn)]).await.tags("Key").is_empty());
}
