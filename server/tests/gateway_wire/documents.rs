//! Documents with where each of them lives, and what of them can't be read.

use crate::canned::{Canned, Received, Reply, parent, xml, xml_error};
use domain::arn::CallerArn;
use domain::names::{PolicyName, RoleName};
use services::ports::gateway::{Document, GatewayErrorKind, Holder, Origin, OtherVersion, Piece};

const USER: &str = "arn:aws:iam::222222222222:user/team/analyst";
const ROLE: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";
const DOCUMENT: &str = "%7B%22Version%22%3A%222012-10-17%22%7D";

fn names(kind: &str, list: &str) -> String {
    list.split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| format!("<member>{}</member>", line(kind, name)))
        .collect()
}

fn line(kind: &str, name: &str) -> String {
    match kind {
        "inline" => name.to_owned(),
        "group" => format!(
            "<Path>/</Path><GroupName>{name}</GroupName><GroupId>AGPA</GroupId>\
             <Arn>arn:aws:iam::222222222222:group/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
        ),
        _ => format!("<PolicyName>{name}</PolicyName><PolicyArn>{kind}{name}</PolicyArn>"),
    }
}

/// A user with a policy of its own, an inline one, a boundary and a group; the group with one of AWS's and an inline one.
/// A role with one policy, an inline one, tags and no boundary.
fn answers(request: &Received) -> Reply {
    let operation = request.operation();
    let own = "arn:aws:iam::222222222222:policy/";
    let boundary = "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
                    <PermissionsBoundaryArn>arn:aws:iam::222222222222:policy/Limit</PermissionsBoundaryArn></PermissionsBoundary>";
    let tags = "<Tags><member><Key>sagebridge:share</Key><Value>s1</Value></member></Tags>";
    let created = "<CreateDate>2026-01-01T00:00:00Z</CreateDate>";
    let result = match operation.as_str() {
        "GetUser" => format!(
            "<User><Path>/team/</Path><UserName>analyst</UserName><UserId>AIDAX</UserId><Arn>{USER}</Arn>{created}\
             {boundary}{tags}</User>"
        ),
        "GetRole" => format!(
            "<Role><Path>/</Path><RoleName>SageMakerExternal</RoleName><RoleId>AROAX</RoleId><Arn>{ROLE}</Arn>{created}\
             <MaxSessionDuration>7200</MaxSessionDuration><Description>Lets the child in</Description>\
             <AssumeRolePolicyDocument>{DOCUMENT}</AssumeRolePolicyDocument>{tags}</Role>"
        ),
        "ListAttachedUserPolicies" | "ListAttachedRolePolicies" => {
            format!("<AttachedPolicies>{}</AttachedPolicies>", names(own, "Own"))
        }
        "ListAttachedGroupPolicies" => {
            format!("<AttachedPolicies>{}</AttachedPolicies>", names("arn:aws:iam::aws:policy/", "ReadOnlyAccess"))
        }
        "ListUserPolicies" | "ListGroupPolicies" | "ListRolePolicies" => {
            format!("<PolicyNames>{}</PolicyNames>", names("inline", "inline"))
        }
        "ListGroupsForUser" => format!("<Groups>{}</Groups>", names("group", "team")),
        "GetPolicy" => "<Policy><DefaultVersionId>v2</DefaultVersionId></Policy>".into(),
        "GetPolicyVersion" => {
            let version = request.parameter("VersionId").unwrap();
            let document = if version == "v2" { DOCUMENT } else { "%7B%7D" };
            format!("<PolicyVersion><Document>{document}</Document></PolicyVersion>")
        }
        "ListPolicyVersions" => {
            let version = |id: &str| format!("<member><VersionId>{id}</VersionId></member>");
            format!("<Versions>{}{}{}</Versions>", version("v10"), version("v2"), version("v1"))
        }
        "GetUserPolicy" => format!(
            "<UserName>analyst</UserName><PolicyName>inline</PolicyName><PolicyDocument>{DOCUMENT}</PolicyDocument>"
        ),
        "GetGroupPolicy" => format!(
            "<GroupName>team</GroupName><PolicyName>inline</PolicyName><PolicyDocument>{DOCUMENT}</PolicyDocument>"
        ),
        "GetRolePolicy" => format!(
            "<RoleName>SageMakerExternal</RoleName><PolicyName>inline</PolicyName><PolicyDocument>{DOCUMENT}</PolicyDocument>"
        ),
        other => unreachable!("{other}"),
    };
    xml(&operation, &result)
}

/// The same, where some operations are denied.
async fn denying(denied: &'static [&'static str]) -> Canned {
    Canned::start(move |request| {
        let operation = request.operation();
        if denied.contains(&operation.as_str()) {
            return xml_error(403, "AccessDenied", &format!("not authorized to perform: iam:{operation}"));
        }
        answers(request)
    })
    .await
}

fn user() -> CallerArn {
    CallerArn::parse(USER).unwrap()
}

fn places(documents: &[Document]) -> Vec<String> {
    documents.iter().map(|document| format!("{}: {}", document.name, document.place())).collect()
}

#[tokio::test]
async fn a_users_documents_say_where_each_of_them_lives() {
    let canned = Canned::start(answers).await;
    let found = canned.gateways().await.iam.caller_documents(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!((found.arn.as_str(), found.unique_id.as_deref()), (USER, Some("AIDAX")));
    assert_eq!(found.tags.read().unwrap()["sagebridge:share"], "s1");
    let expected = [
        "Own: customer managed policy, version 2",
        "inline: inline policy of user analyst",
        "ReadOnlyAccess: AWS managed policy",
        "inline: inline policy of group team",
    ];
    assert_eq!(places(&found.policies.documents), expected);
    assert_eq!(found.policies.unread, []);
    assert!(found.policies.documents.iter().all(|document| document.text == r#"{"Version":"2012-10-17"}"#));
    let Origin::Managed { others, .. } = &found.policies.documents[0].origin else { unreachable!() };
    let (newer, older) = (Some("{}".to_owned()), None);
    assert_eq!(
        *others,
        [OtherVersion { id: "v10".into(), text: newer }, OtherVersion { id: "v1".into(), text: older }],
        "only a version that was gone back from is read"
    );
    let Origin::Managed { group, others, .. } = &found.policies.documents[2].origin else { unreachable!() };
    assert_eq!((group.as_ref().map(|group| group.as_str()), others.len()), (Some("team"), 0));
    assert_eq!(found.boundary.read().unwrap().name, "Limit");
}

#[tokio::test]
async fn one_document_that_cant_be_read_hides_no_other() {
    let canned = denying(&["GetGroupPolicy", "ListPolicyVersions"]).await;
    let found = canned.gateways().await.iam.caller_documents(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!(found.policies.documents.len(), 3);
    let [unread] = &found.policies.unread[..] else { unreachable!("{:?}", found.policies.unread) };
    assert_eq!(unread.what, "the inline policy `inline` of group `team`");
    assert_eq!(unread.why, "not authorized to perform: iam:GetGroupPolicy");
    assert_eq!(unread.needs, ["iam:GetGroupPolicy"]);
    assert!(found.boundary.read().is_some());
}

#[tokio::test]
async fn one_list_that_cant_be_read_hides_no_other() {
    let canned = denying(&["ListGroupsForUser", "ListUserPolicies"]).await;
    let found = canned.gateways().await.iam.caller_documents(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!(places(&found.policies.documents), ["Own: customer managed policy, version 2"]);
    let unread: Vec<_> = found.policies.unread.iter().map(|one| (one.what.as_str(), &one.needs[..])).collect();
    assert_eq!(
        unread,
        [
            ("the inline policies of user `analyst`", &["iam:ListUserPolicies".to_owned()][..]),
            ("the groups of user `analyst`", &["iam:ListGroupsForUser".to_owned()][..]),
        ]
    );
}

#[tokio::test]
async fn a_caller_that_may_not_be_described_still_has_its_policies_and_a_boundary_nobody_knows() {
    let canned = denying(&["GetUser"]).await;
    let found = canned.gateways().await.iam.caller_documents(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!((found.arn.as_str(), found.unique_id), (USER, None));
    assert_eq!(found.boundary, Piece::unreadable("not authorized to perform: iam:GetUser"));
    assert_eq!(found.tags, Piece::unreadable("not authorized to perform: iam:GetUser"));
    assert_eq!(found.policies.documents.len(), 4);
}

#[tokio::test]
async fn nothing_readable_at_all_is_an_error() {
    let canned = Canned::start(|_| xml_error(403, "AccessDenied", "no")).await;
    let iam = canned.gateways().await.iam;
    let error = iam.caller_documents(&parent(), &user()).await.unwrap_err();
    assert_eq!((error.kind, error.action().as_str()), (GatewayErrorKind::AccessDenied, "iam:GetUser"));
    let role = RoleName::parse("SageMakerExternal").unwrap();
    assert_eq!(iam.role_documents(&parent(), &role).await.unwrap_err().operation, "GetRole");
}

#[tokio::test]
async fn who_does_not_exist_has_no_documents_even_where_only_lists_tell() {
    let canned = Canned::start(|request| match request.operation().as_str() {
        "GetUser" => xml_error(403, "AccessDenied", "no"),
        _ => xml_error(404, "NoSuchEntity", "gone"),
    })
    .await;
    let iam = canned.gateways().await.iam;
    assert_eq!(iam.caller_documents(&parent(), &user()).await.unwrap(), None);
    assert_eq!(iam.role_documents(&parent(), &RoleName::parse("x").unwrap()).await.unwrap(), None);
    let holder = Holder::Role(RoleName::parse("x").unwrap());
    assert_eq!(iam.inline_policy(&parent(), &holder, &PolicyName::parse("y").unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn a_group_that_is_gone_meanwhile_says_nothing_about_its_member() {
    let canned = Canned::start(|request| match request.operation().as_str() {
        "ListAttachedGroupPolicies" | "ListGroupPolicies" => xml_error(404, "NoSuchEntity", "gone"),
        _ => answers(request),
    })
    .await;
    let iam = canned.gateways().await.iam;
    let found = iam.caller_documents(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!((found.policies.documents.len(), found.policies.unread.len()), (2, 0));
    let plain = iam.identity_policies(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!(plain.documents.len(), 2);
}

#[tokio::test]
async fn a_role_that_is_assumed_is_read_with_its_documents_and_without_a_boundary() {
    let canned = Canned::start(answers).await;
    let role = RoleName::parse("SageMakerExternal").unwrap();
    let found = canned.gateways().await.iam.role_documents(&parent(), &role).await.unwrap().unwrap();
    assert_eq!((found.arn.as_str(), found.unique_id.as_str()), (ROLE, "AROAX"));
    assert_eq!((found.max_session_seconds, found.description.as_str()), (7200, "Lets the child in"));
    assert_eq!(found.trust, r#"{"Version":"2012-10-17"}"#);
    assert_eq!(found.boundary, Piece::Missing);
    assert_eq!(
        places(&found.policies.documents),
        ["Own: customer managed policy, version 2", "inline: inline policy of role SageMakerExternal"]
    );
}

#[tokio::test]
async fn a_boundary_whose_policy_is_gone_is_unknown_rather_than_none() {
    let canned = Canned::start(|request| match request.parameter("PolicyArn") {
        Some(arn) if arn.ends_with("Limit") => xml_error(404, "NoSuchEntity", "Policy Limit does not exist."),
        _ => answers(request),
    })
    .await;
    let found = canned.gateways().await.iam.caller_documents(&parent(), &user()).await.unwrap().unwrap();
    assert_eq!(found.boundary, Piece::unreadable("Policy Limit does not exist."));
}

/// Twelve roles, or policies; the fourth can't be described, the fifth is gone by then.
fn listed(request: &Received) -> Reply {
    let operation = request.operation();
    let created = "<CreateDate>2026-01-01T00:00:00Z</CreateDate>";
    let tag = "<Tags><member><Key>k</Key><Value>v</Value></member></Tags>";
    let role = |name: &str, more: &str| {
        format!(
            "<Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA</RoleId><Arn>arn:aws:iam::111111111111:role/{name}</Arn>\
             {created}<AssumeRolePolicyDocument>{DOCUMENT}</AssumeRolePolicyDocument>{more}"
        )
    };
    let policy = |name: &str| {
        format!(
            "<PolicyName>{name}</PolicyName><Arn>arn:aws:iam::111111111111:policy/{name}</Arn>\
             <DefaultVersionId>v3</DefaultVersionId><AttachmentCount>2</AttachmentCount>"
        )
    };
    let all: Vec<_> = (1..=12).map(|number| format!("n{number}")).collect();
    let members = |one: &dyn Fn(&str) -> String| -> String {
        all.iter().map(|name| format!("<member>{}</member>", one(name))).collect()
    };
    let rest = "<IsTruncated>true</IsTruncated><Marker>m</Marker>";
    let asked = request.parameter("RoleName").or_else(|| request.parameter("PolicyArn")).unwrap_or_default();
    if asked.ends_with("n4") {
        return xml_error(403, "AccessDenied", "no tags for you");
    }
    if asked.ends_with("n5") {
        return xml_error(404, "NoSuchEntity", "gone");
    }
    let result = match operation.as_str() {
        "ListRoles" => format!("<Roles>{}</Roles>{rest}", members(&|name| role(name, ""))),
        "ListPolicies" => format!("<Policies>{}</Policies>{rest}", members(&|name| policy(name))),
        "GetRole" => format!("<Role>{}</Role>", role(&asked, tag)),
        "GetPolicy" => format!("<Policy>{}{tag}</Policy>", policy("x")),
        other => unreachable!("{other}"),
    };
    xml(&operation, &result)
}

#[tokio::test]
async fn roles_are_listed_with_their_tags_eight_at_a_time_and_without_those_that_are_gone() {
    let canned = Canned::start(listed).await;
    let page = canned.gateways().await.iam.tagged_roles(&parent(), None).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (11, Some("m")));
    assert_eq!(page.items[0].arn.resource_name(), "n1");
    assert_eq!(page.items[0].trust, r#"{"Version":"2012-10-17"}"#);
    assert_eq!(page.items[0].tags.read().unwrap()["k"], "v");
    assert_eq!(page.items[3].tags, Piece::unreadable("no tags for you"));
    assert_eq!(page.items[4].arn.resource_name(), "n6");
    assert!(canned.most_at_once() <= 8, "{} at once", canned.most_at_once());
}

#[tokio::test]
async fn an_accounts_own_policies_are_listed_with_their_tags() {
    let canned = Canned::start(listed).await;
    let page = canned.gateways().await.iam.tagged_policies(&parent(), Some("here")).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (11, Some("m")));
    let first = &page.items[0];
    assert_eq!((first.arn.resource_name(), first.version.as_str(), first.attachments), ("n1", "v3", 2));
    assert_eq!(first.tags.read().unwrap()["k"], "v");
    assert_eq!(page.items[3].tags, Piece::unreadable("no tags for you"));
    let asked = &canned.requests()[0];
    assert_eq!((asked.parameter("Scope"), asked.parameter("Marker")), (Some("Local".into()), Some("here".into())));
}

#[tokio::test]
async fn inline_policies_are_put_read_and_deleted_where_they_belong() {
    let canned = Canned::start(|request| match request.operation() {
        change if change.starts_with("Put") || change.starts_with("Delete") => xml(&change, ""),
        _ => answers(request),
    })
    .await;
    let iam = canned.gateways().await.iam;
    let name = PolicyName::parse("inline").unwrap();
    let holders = [
        Holder::Role("SageMakerExternal".parse().unwrap()),
        Holder::User("analyst".parse().unwrap()),
        Holder::Group("team".parse().unwrap()),
    ];
    for holder in &holders {
        let put = iam.put_inline_policy(&parent(), holder, &name, "{}").await.unwrap();
        assert_eq!(put.request_id.as_deref(), Some("req-1"));
        let read = iam.inline_policy(&parent(), holder, &name).await.unwrap();
        assert_eq!(read.as_deref(), Some(r#"{"Version":"2012-10-17"}"#));
        iam.delete_inline_policy(&parent(), holder, &name).await.unwrap();
    }
    let expected =
        ["Role", "User", "Group"].map(|kind| ["Put", "Get", "Delete"].map(|verb| format!("{verb}{kind}Policy")));
    assert_eq!(canned.operations(), expected.concat());
    let sent = canned.requests();
    assert_eq!(sent[0].parameter("RoleName").as_deref(), Some("SageMakerExternal"));
    assert_eq!(sent[3].parameter("UserName").as_deref(), Some("analyst"));
    assert_eq!(sent[6].parameter("GroupName").as_deref(), Some("team"));
    assert!(sent.iter().all(|request| request.parameter("PolicyName").as_deref() == Some("inline")));
    assert_eq!(sent[0].parameter("PolicyDocument").as_deref(), Some("%7B%7D"));
}
