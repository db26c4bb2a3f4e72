//! What reads make of AWS's answers: pages followed, documents decoded, gaps bridged.

use crate::canned::{Canned, Received, Reply, ireland, json, json_error, parent, xml, xml_error};
use domain::arn::{Arn, CallerArn};
use domain::names::{EndpointName, RoleName};

const USER: &str = "arn:aws:iam::222222222222:user/team/analyst";

#[tokio::test]
async fn a_users_arn_is_its_caller_and_root_has_none() {
    for (arn, caller) in [
        (USER, Some(USER)),
        ("arn:aws:iam::222222222222:root", None),
        ("arn:aws:sts::222222222222:federated-user/bob", None),
    ] {
        let answer = move |_: &Received| {
            xml("GetCallerIdentity", &format!("<Arn>{arn}</Arn><Account>222222222222</Account><UserId>x</UserId>"))
        };
        let canned = Canned::start(answer).await;
        let identity = canned.gateways().await.connections.identity(&parent()).await.unwrap();
        assert_eq!(identity.caller.as_ref().map(CallerArn::as_str), caller);
        assert_eq!((identity.arn.as_str(), identity.account.as_str()), (arn, "222222222222"));
    }
}

#[tokio::test]
async fn a_session_is_traced_to_its_role_with_the_path_iam_tells_or_without() {
    let session = "<Arn>arn:aws:sts::222222222222:assumed-role/deployer/me</Arn><Account>222222222222</Account>";
    let known = "<Role><Path>/ops/</Path><RoleName>deployer</RoleName><RoleId>AROAX</RoleId>\
                 <Arn>arn:aws:iam::222222222222:role/ops/deployer</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>";
    for (role, caller) in [
        (xml("GetRole", known), "arn:aws:iam::222222222222:role/ops/deployer"),
        (xml_error(403, "AccessDenied", "no"), "arn:aws:iam::222222222222:role/deployer"),
    ] {
        let canned = Canned::start(move |request| match request.operation().as_str() {
            "GetRole" => role.clone(),
            _ => xml("GetCallerIdentity", session),
        })
        .await;
        let identity = canned.gateways().await.connections.identity(&parent()).await.unwrap();
        assert_eq!(identity.caller.unwrap().as_str(), caller);
    }
}

fn policy_answers(request: &Received) -> Reply {
    let second = request.parameter("Marker").is_some();
    match request.operation().as_str() {
        "GetPolicy" => xml(
            "GetPolicy",
            "<Policy><Arn>arn:aws:iam::111111111111:policy/P</Arn><DefaultVersionId>v2</DefaultVersionId>\
             <Tags><member><Key>sagebridge:share</Key><Value>s1</Value></member></Tags></Policy>",
        ),
        "GetPolicyVersion" => {
            assert_eq!(request.parameter("VersionId").as_deref(), Some("v2"));
            xml(
                "GetPolicyVersion",
                "<PolicyVersion><Document>%7B%22Version%22%3A%20%22x%22%7D</Document></PolicyVersion>",
            )
        }
        "ListPolicyVersions" if second => xml(
            "ListPolicyVersions",
            "<IsTruncated>false</IsTruncated><Versions><member><VersionId>v1</VersionId>\
             <IsDefaultVersion>false</IsDefaultVersion></member></Versions>",
        ),
        "ListPolicyVersions" => xml(
            "ListPolicyVersions",
            "<IsTruncated>true</IsTruncated><Marker>m</Marker><Versions><member><VersionId>v2</VersionId>\
             <IsDefaultVersion>true</IsDefaultVersion><CreateDate>1970-01-01T00:00:01Z</CreateDate></member></Versions>",
        ),
        "ListEntitiesForPolicy" if request.parameter("PolicyUsageFilter").as_deref() == Some("PermissionsBoundary") => {
            xml(
                "ListEntitiesForPolicy",
                "<IsTruncated>false</IsTruncated><PolicyUsers><member><UserName>bounded</UserName></member></PolicyUsers>\
             <PolicyRoles><member><RoleName>limited</RoleName></member></PolicyRoles>",
            )
        }
        "ListEntitiesForPolicy" if second => xml(
            "ListEntitiesForPolicy",
            "<IsTruncated>false</IsTruncated><PolicyUsers><member><UserName>analyst</UserName></member></PolicyUsers>",
        ),
        "ListEntitiesForPolicy" => xml(
            "ListEntitiesForPolicy",
            "<IsTruncated>true</IsTruncated><Marker>m</Marker>\
             <PolicyRoles><member><RoleName>SageMakerExternal</RoleName></member></PolicyRoles>",
        ),
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn a_policy_is_read_with_all_pages_and_its_document_decoded() {
    let canned = Canned::start(policy_answers).await;
    let arn = Arn::parse("arn:aws:iam::111111111111:policy/P").unwrap();
    let policy = canned.gateways().await.iam.policy(&parent(), &arn).await.unwrap().unwrap();
    assert_eq!(policy.document, r#"{"Version": "x"}"#);
    let versions: Vec<_> =
        policy.versions.iter().map(|v| (v.id.as_str(), v.is_default, v.created.map(|t| t.0))).collect();
    assert_eq!(versions, [("v2", true, Some(1000)), ("v1", false, None)]);
    assert_eq!(
        (policy.attached_roles, policy.attached_users),
        (vec!["SageMakerExternal".into()], vec!["analyst".into()])
    );
    // Whom a policy bounds does not hold it.
    assert_eq!(policy.bounding, ["role/limited", "user/bounded"]);
    assert_eq!(policy.tags["sagebridge:share"], "s1");
}

#[tokio::test]
async fn roles_policies_and_callers_that_are_missing_are_no_error() {
    let canned = Canned::start(|_| xml_error(404, "NoSuchEntity", "The role with name X cannot be found.")).await;
    let iam = canned.gateways().await.iam;
    let policy = Arn::parse("arn:aws:iam::111111111111:policy/P").unwrap();
    assert_eq!(iam.policy(&parent(), &policy).await.unwrap(), None);
    assert_eq!(iam.role(&parent(), &RoleName::parse("X").unwrap()).await.unwrap(), None);
    for caller in [USER, "arn:aws:iam::222222222222:role/X"] {
        let caller = CallerArn::parse(caller).unwrap();
        assert_eq!(iam.attached(&parent(), &caller).await.unwrap(), None);
        assert_eq!(iam.identity_policies(&parent(), &caller).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_page_of_nothing_but_service_linked_roles_is_read_past() {
    let role = |path: &str, name: &str| {
        format!(
            "<member><Path>{path}</Path><RoleName>{name}</RoleName><RoleId>AROA</RoleId>\
             <Arn>arn:aws:iam::222222222222:role{path}{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>\
             <AssumeRolePolicyDocument>%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22\
             Service%22%3A%22lambda.amazonaws.com%22%7D%7D%7D</AssumeRolePolicyDocument></member>"
        )
    };
    let linked = role("/aws-service-role/x.amazonaws.com/", "AWSServiceRoleForX");
    let mine = role("/", "scoring-lambda");
    let canned = Canned::start(move |request| match request.parameter("Marker").as_deref() {
        None => xml("ListRoles", &format!("<Roles>{linked}</Roles><IsTruncated>true</IsTruncated><Marker>m1</Marker>")),
        _ => xml("ListRoles", &format!("<Roles>{mine}</Roles><IsTruncated>true</IsTruncated><Marker>m2</Marker>")),
    })
    .await;
    let page = canned.gateways().await.iam.roles(&parent(), None).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("m2")));
    assert_eq!(page.items[0].arn.name(), "scoring-lambda");
    assert_eq!(page.items[0].used_by.as_deref(), Some("lambda.amazonaws.com"));
}

fn endpoint_answers(request: &Received) -> Reply {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let arn = |name: &str| format!("arn:aws:sagemaker:eu-west-1:111111111111:endpoint/{}", name.to_lowercase());
    match request.operation().as_str() {
        "ListEndpoints" => {
            let line = |name: &str| {
                format!(
                    r#"{{"EndpointName":"{name}","EndpointArn":"{}","EndpointStatus":"Creating","CreationTime":1,"LastModifiedTime":1}}"#,
                    arn(name)
                )
            };
            let many: Vec<_> = (0..30).map(|n| line(&format!("many-{n}"))).collect();
            let lines = [line("Fraud-EU"), line("gone"), line("denied")];
            json(200, &format!(r#"{{"Endpoints":[{},{}],"NextToken":"t"}}"#, lines.join(","), many.join(",")))
        }
        "DescribeEndpoint" if body.contains("\"gone\"") => json_error(400, "ValidationException", "Could not find it."),
        "DescribeEndpoint" if body.contains("\"denied\"") => json_error(400, "AccessDeniedException", "no"),
        "DescribeEndpoint" => {
            let name = body.split('"').nth(3).unwrap();
            let more =
                r#""EndpointStatus":"Failed","FailureReason":"no capacity","CreationTime":2.5,"LastModifiedTime":2.5"#;
            let variants = r#""ProductionVariants":[{"VariantName":"v","CurrentInstanceCount":3}]"#;
            let arn = arn(name);
            json(
                200,
                &format!(
                    r#"{{"EndpointName":"{name}","EndpointArn":"{arn}","EndpointConfigName":"c",{variants},{more}}}"#
                ),
            )
        }
        "DescribeEndpointConfig" => {
            let variant =
                r#"{"VariantName":"v","ModelName":"m","InstanceType":"ml.m5.large","InitialInstanceCount":1}"#;
            let head = r#""EndpointConfigName":"c","EndpointConfigArn":"a","CreationTime":1"#;
            json(200, &format!(r#"{{{head},"ProductionVariants":[{variant}]}}"#))
        }
        "DescribeModel" => {
            let of_many = r#""SAGEBRIDGE_SAMPLE_TARGET_MODEL":"a.tar.gz""#;
            let environment =
                format!(r#"{{"SAGEBRIDGE_SAMPLE_CONTENT_TYPE":"text/csv","SAGEBRIDGE_SAMPLE_BODY":"1,2",{of_many}}}"#);
            let head = r#""ModelName":"m","ModelArn":"a","CreationTime":1"#;
            json(200, &format!(r#"{{{head},"PrimaryContainer":{{"Environment":{environment}}}}}"#))
        }
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn a_page_of_endpoints_is_described_eight_at_a_time_and_survives_its_lines() {
    let canned = Canned::start(endpoint_answers).await;
    let gateways = canned.gateways().await;
    let page = gateways.sagemaker.endpoints(&parent(), &ireland(), Some(" e "), None).await.unwrap();
    assert_eq!((page.items.len(), page.next.as_deref()), (32, Some("t")));
    let first = &page.items[0];
    assert_eq!((first.name.as_str(), first.arn.lower_name()), ("Fraud-EU", "fraud-eu"));
    assert_eq!((first.status.as_str(), first.created.unwrap().0), ("Failed", 2500));
    assert_eq!(first.runs_on.as_deref(), Some("ml.m5.large × 3"));
    assert_eq!(first.failure_reason.as_deref(), Some("no capacity"));
    let denied = &page.items[1];
    assert_eq!((denied.name.as_str(), denied.status.as_str(), &denied.runs_on), ("denied", "Creating", &None));
    assert!(canned.most_at_once() <= 8, "{} at once", canned.most_at_once());
    assert!(String::from_utf8_lossy(&canned.requests()[0].body).contains(r#""NameContains":"e""#));
}

#[tokio::test]
async fn a_models_environment_gives_the_sample_and_nothing_is_described_twice() {
    let canned = Canned::start(endpoint_answers).await;
    let name = EndpointName::parse("Fraud-EU").unwrap();
    let sagemaker = canned.gateways().await.sagemaker;
    let detail = sagemaker.endpoint_detail(&parent(), &ireland(), &name).await.unwrap().unwrap();
    let sample = detail.sample.unwrap();
    assert_eq!(detail.view.runs_on.as_deref(), Some("ml.m5.large × 3"));
    assert_eq!((sample.content_type.as_str(), sample.body.as_str()), ("text/csv", "1,2"));
    assert_eq!(sample.target_model.as_deref(), Some("a.tar.gz"));
    assert_eq!(canned.operations(), ["DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel"]);
}

fn group_answers(request: &Received) -> Reply {
    let document = "%7B%22Version%22%3A%222012-10-17%22%7D";
    let operation = request.operation();
    let result = match operation.as_str() {
        "ListAttachedUserPolicies" | "ListAttachedGroupPolicies" => {
            let name = if operation.contains("User") { "OfUser" } else { "OfGroup" };
            format!(
                "<AttachedPolicies><member><PolicyName>{name}</PolicyName>\
                 <PolicyArn>arn:aws:iam::222222222222:policy/path/{name}</PolicyArn></member></AttachedPolicies>"
            )
        }
        "ListUserPolicies" => "<PolicyNames><member>inline</member></PolicyNames>".into(),
        "ListGroupPolicies" => "<PolicyNames><member>inline</member></PolicyNames>".into(),
        "ListGroupsForUser" => "<Groups><member><Path>/</Path><GroupName>team</GroupName><GroupId>AGPA</GroupId>\
             <Arn>arn:aws:iam::222222222222:group/team</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></member></Groups>"
            .into(),
        "GetPolicy" => "<Policy><DefaultVersionId>v1</DefaultVersionId></Policy>".into(),
        "GetPolicyVersion" => format!("<PolicyVersion><Document>{document}</Document></PolicyVersion>"),
        "GetUserPolicy" => format!(
            "<UserName>analyst</UserName><PolicyName>inline</PolicyName><PolicyDocument>{document}</PolicyDocument>"
        ),
        "GetGroupPolicy" => format!(
            "<GroupName>team</GroupName><PolicyName>inline</PolicyName><PolicyDocument>{document}</PolicyDocument>"
        ),
        other => unreachable!("{other}"),
    };
    xml(&operation, &result)
}

#[tokio::test]
async fn a_users_policies_include_those_of_its_groups() {
    let canned = Canned::start(group_answers).await;
    let user = CallerArn::parse(USER).unwrap();
    let policies = canned.gateways().await.iam.identity_policies(&parent(), &user).await.unwrap().unwrap();
    let names: Vec<_> = policies.documents.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["OfUser", "inline", "OfGroup", "team/inline"]);
    let attached: Vec<_> = policies.attached.iter().map(|arn| arn.resource_name()).collect();
    assert_eq!(attached, ["OfUser"], "what is attached to a group is not attached to the user");
    assert!(policies.documents.iter().all(|(_, document)| document == r#"{"Version":"2012-10-17"}"#));
}
