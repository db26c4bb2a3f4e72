//! The ways a handshake is broken, with where each has to be told and by whom it is mended.

use super::CALLER;
use crate::client::{allowing, denying};
use crate::world::{GRANT, POLICY, ROLE};
use domain::doctor::{LinkKind, Question, Target, Whose};
use domain::evaluate::Layer;
use domain::share::intent::InvokeAction;
use serde_json::{Value, json};

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";
const ROLE_ARN: &str = "arn:aws:iam::111111111111:role/SageMakerExternal";
const CHURN: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier";
const FRAUD: &str = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/Fraud-Detector-EU";

/// In which account a call is made, by its administrator.
#[derive(Clone, Copy)]
pub enum Who {
    Parent,
    Child,
}

/// One call, or one change of what the caller sends.
pub enum Break {
    /// A call of IAM.
    Iam(Who, &'static str, Vec<(&'static str, &'static str)>),
    /// A change of the trust policy's statements.
    Trust(fn(&mut Value)),
    /// The caller is deleted and made again under its name.
    Recreated,
    /// A control policy.
    Control { kind: &'static str, target: &'static str, content: String, instead_of: Option<&'static str> },
    /// A call of SageMaker in the parent.
    SageMaker(&'static str, Value),
    /// What the caller sends.
    Asks(fn(&mut Question)),
}

/// Who mends it.
pub enum Fix {
    /// The console, by a run.
    Run,
    /// The caller, by sending something else.
    Send,
    /// The organisation's administrators.
    Organization,
    /// Whoever owns it, by these calls.
    Owner(Vec<Break>),
}

impl Fix {
    pub fn whose(&self) -> Whose {
        match self {
            Self::Run => Whose::Account,
            Self::Send => Whose::Code,
            Self::Organization => Whose::Organization,
            Self::Owner(_) => Whose::Owner,
        }
    }
}

pub struct Case {
    pub name: &'static str,
    pub link: LinkKind,
    pub layer: Option<Layer>,
    /// What the link's sentence says.
    pub says: &'static str,
    pub breaks: Vec<Break>,
    pub fix: Fix,
}

pub fn all() -> Vec<Case> {
    [
        of_the_callers_permission(),
        above_the_caller(),
        of_the_trust_policy(),
        of_the_request(),
        of_the_roles_permission(),
        above_the_role(),
        of_the_endpoint(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A document that outlives the test; there are some twenty, of a hundred bytes each.
fn kept(document: impl Into<String>) -> &'static str {
    Box::leak(document.into().into_boxed_str())
}

/// A new version of one of the share's policies; the one before is gone, as it is when somebody cleans up.
fn rewritten(who: Who, policy: &'static str, document: String) -> Vec<Break> {
    let mut calls = added(who, policy, document);
    calls.push(Break::Iam(who, "DeletePolicyVersion", vec![("PolicyArn", policy), ("VersionId", "v1")]));
    calls
}

fn added(who: Who, policy: &'static str, document: String) -> Vec<Break> {
    let params = vec![("PolicyArn", policy), ("PolicyDocument", kept(document)), ("SetAsDefault", "true")];
    vec![Break::Iam(who, "CreatePolicyVersion", params)]
}

fn inline(who: Who, document: String) -> Vec<Break> {
    let (action, holder) = match who {
        Who::Parent => ("PutRolePolicy", ("RoleName", ROLE)),
        Who::Child => ("PutUserPolicy", ("UserName", "caller")),
    };
    vec![Break::Iam(who, action, vec![holder, ("PolicyName", "house-rule"), ("PolicyDocument", kept(document))])]
}

fn bounded(who: Who, document: String) -> Vec<Break> {
    let (action, holder, arn) = match who {
        Who::Parent => ("PutRolePermissionsBoundary", ("RoleName", ROLE), "arn:aws:iam::111111111111:policy/bound"),
        Who::Child => ("PutUserPermissionsBoundary", ("UserName", "caller"), "arn:aws:iam::222222222222:policy/bound"),
    };
    let made = vec![("PolicyName", "bound"), ("PolicyDocument", kept(document))];
    vec![Break::Iam(who, "CreatePolicy", made), Break::Iam(who, action, vec![holder, ("PermissionsBoundary", arn)])]
}

fn controlled(kind: &'static str, target: &'static str, content: String) -> Vec<Break> {
    vec![Break::Control { kind, target, content, instead_of: None }]
}

fn case(
    name: &'static str,
    (link, layer): (LinkKind, Layer),
    says: &'static str,
    breaks: Vec<Break>,
    fix: Fix,
) -> Case {
    Case { name, link, layer: Some(layer), says, breaks, fix }
}

pub fn of_the_callers_permission() -> Vec<Case> {
    let (at, by) = ((LinkKind::Permission, Layer::Identity), Who::Child);
    let detach = vec![("UserName", "caller"), ("PolicyArn", GRANT)];
    let group = [
        ("CreateGroup", vec![("GroupName", "analysts")]),
        ("AddUserToGroup", vec![("GroupName", "analysts"), ("UserName", "caller")]),
        (
            "PutGroupPolicy",
            vec![
                ("GroupName", "analysts"),
                ("PolicyName", "no-roles"),
                ("PolicyDocument", kept(denying("sts:AssumeRole", "*"))),
            ],
        ),
    ];
    let group = group.into_iter().map(|(action, params)| Break::Iam(by, action, params)).collect();
    let of_other = |text: &str| allowing("sts:AssumeRole", &ROLE_ARN.replace("111111111111", text));
    vec![
        case(
            "the grant was taken off",
            at,
            "do not allow it",
            vec![Break::Iam(by, "DetachUserPolicy", detach)],
            Fix::Run,
        ),
        case(
            "the grant names another account's role",
            at,
            "differs in account: 333333333333",
            rewritten(by, GRANT, of_other("333333333333")),
            Fix::Run,
        ),
        case(
            "the grant spells the role in another case",
            at,
            "differs in case",
            rewritten(by, GRANT, allowing("sts:AssumeRole", "arn:aws:iam::111111111111:role/SagemakerExternal")),
            Fix::Run,
        ),
        case(
            "the grant allows another action",
            at,
            "names `sts:TagSession`",
            rewritten(by, GRANT, allowing("sts:TagSession", ROLE_ARN)),
            Fix::Run,
        ),
        case(
            "a newer version of the grant lacks the permission",
            at,
            "do not allow it",
            added(by, GRANT, allowing("s3:GetObject", "*")),
            Fix::Run,
        ),
        case(
            "the grant is for another caller alone",
            at,
            "`aws:username`",
            rewritten(by, GRANT, conditioned(json!({ "StringEquals": { "aws:username": "analyst" } }))),
            Fix::Run,
        ),
        case(
            "the caller's own policy denies it",
            at,
            "`house-rule`",
            inline(by, denying("sts:AssumeRole", ROLE_ARN)),
            Fix::Run,
        ),
        case("a group of the caller denies it", at, "`no-roles`", group, Fix::Run),
    ]
}

/// The grant for those who have shown a second factor.
pub fn asking_for_a_second_factor() -> Vec<Break> {
    let condition = json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
    rewritten(Who::Child, GRANT, conditioned(condition))
}

/// The grant with a condition.
fn conditioned(condition: Value) -> String {
    let statement =
        json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE_ARN, "Condition": condition });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

pub fn above_the_caller() -> Vec<Case> {
    let control = (LinkKind::Permission, Layer::ServiceControl);
    let bound = (LinkKind::Permission, Layer::Boundary);
    let only_iam = Break::Control {
        kind: SCP,
        target: "222222222222",
        content: allowing("iam:*", "*"),
        instead_of: Some("p-FullAWSAccess"),
    };
    vec![
        case(
            "the caller's boundary leaves it out",
            bound,
            "the permissions boundary does not allow it",
            bounded(Who::Child, allowing("s3:*", "*")),
            Fix::Run,
        ),
        case(
            "the caller's boundary denies it",
            bound,
            "boundary",
            bounded(Who::Child, {
                let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
                let never = json!({ "Sid": "NoRoles", "Effect": "Deny", "Action": "sts:*", "Resource": "*" });
                json!({ "Version": "2012-10-17", "Statement": [all, never] }).to_string()
            }),
            Fix::Run,
        ),
        case(
            "a service control policy denies it to the child",
            control,
            "`house-rule`",
            controlled(SCP, "222222222222", denying("sts:AssumeRole", "*")),
            Fix::Organization,
        ),
        case(
            "a level of service control policies allows nothing like it",
            control,
            "the service control policies do not allow it",
            vec![only_iam],
            Fix::Organization,
        ),
    ]
}

pub fn of_the_trust_policy() -> Vec<Case> {
    let at = (LinkKind::Trust, Layer::Resource);
    let trust = |change: fn(&mut Value)| vec![Break::Trust(change)];
    vec![
        case(
            "the caller was made again and its principal is orphaned",
            at,
            "orphaned",
            vec![Break::Recreated],
            Fix::Run,
        ),
        case(
            "another account is trusted",
            at,
            "names `arn:aws:iam::333333333333:root`",
            trust(|all| all[0]["Principal"] = json!({ "AWS": "arn:aws:iam::333333333333:root" })),
            Fix::Run,
        ),
        case(
            "another user is trusted",
            at,
            "arn:aws:iam::222222222222:user/analyst",
            trust(|all| all[0]["Principal"] = json!({ "AWS": "arn:aws:iam::222222222222:user/analyst" })),
            Fix::Run,
        ),
        case(
            "only a service is trusted",
            at,
            "",
            trust(|all| all[0]["Principal"] = json!({ "Service": "lambda.amazonaws.com" })),
            Fix::Run,
        ),
        case(
            "the trust policy allows only tagging",
            at,
            "names `sts:TagSession`",
            trust(|all| all[0]["Action"] = json!("sts:TagSession")),
            Fix::Run,
        ),
        case(
            "the trust policy denies the caller",
            at,
            "`NotThem`",
            trust(|all| {
                let never = json!({
                    "Sid": "NotThem", "Effect": "Deny", "Principal": { "AWS": CALLER }, "Action": "sts:AssumeRole"
                });
                all.as_array_mut().unwrap().push(never);
            }),
            Fix::Run,
        ),
        case(
            "a condition spells the caller in another case",
            at,
            "`aws:PrincipalArn`",
            trust(|all| {
                all[0]["Condition"]["StringEquals"]["aws:PrincipalArn"] = json!(CALLER.replace("caller", "Caller"));
            }),
            Fix::Run,
        ),
        case(
            "a condition asks for another organisation",
            at,
            "`aws:PrincipalOrgID`",
            trust(|all| all[0]["Condition"]["StringEquals"]["aws:PrincipalOrgID"] = json!("o-someoneelse")),
            Fix::Run,
        ),
        case(
            "a resource control policy denies the caller",
            (LinkKind::Trust, Layer::ResourceControl),
            "`house-rule`",
            controlled(
                RCP,
                "111111111111",
                denying("sts:AssumeRole", "*").replace("\"Action\"", "\"Principal\":\"*\",\"Action\""),
            ),
            Fix::Organization,
        ),
    ]
}

pub fn of_the_request() -> Vec<Case> {
    let trust = (LinkKind::Trust, Layer::Resource);
    let asks = |change: fn(&mut Question)| vec![Break::Asks(change)];
    let bare = |name, link, says, breaks| Case { name, link, layer: None, says, breaks, fix: Fix::Send };
    vec![
        case(
            "a wrong external ID is sent",
            trust,
            "the external ID sent differs",
            asks(|question| question.external_id = Some("another-one".parse().unwrap())),
            Fix::Send,
        ),
        case(
            "no external ID is sent",
            trust,
            "no external ID was sent",
            asks(|question| question.external_id = None),
            Fix::Send,
        ),
        bare(
            "the role is spelt in another case",
            LinkKind::Trust,
            "differs in case",
            asks(|question| question.role = "arn:aws:iam::111111111111:role/SagemakerExternal".parse().unwrap()),
        ),
        bare(
            "a longer session is asked for than the role gives",
            LinkKind::Session,
            "3600 s at most",
            asks(|question| question.duration_seconds = Some(7200)),
        ),
        case(
            "the session policy allows another endpoint",
            (LinkKind::RolePermission, Layer::Session),
            "session polic",
            asks(|question| {
                question.session_policy = Some(allowing("sagemaker:InvokeEndpoint", &CHURN.replace("churn", "echo")));
            }),
            Fix::Send,
        ),
        case(
            "the session policy denies it",
            (LinkKind::RolePermission, Layer::Session),
            "session polic",
            asks(|question| {
                let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
                let never = json!({ "Effect": "Deny", "Action": "sagemaker:*", "Resource": "*" });
                question.session_policy =
                    Some(json!({ "Version": "2012-10-17", "Statement": [all, never] }).to_string());
            }),
            Fix::Send,
        ),
        bare(
            "the call goes to another region",
            LinkKind::Endpoint,
            "is not in eu-central-1, where the call goes, but in eu-west-1",
            {
                let mut breaks = added(
                    Who::Parent,
                    POLICY,
                    allowing("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:*:111111111111:endpoint/*"),
                );
                breaks.extend(asks(|question| {
                    let name = question.endpoint.called().parse().unwrap();
                    question.endpoint = Target::new(name, &"eu-central-1".parse().unwrap(), &question.parent());
                }));
                breaks
            },
        ),
        bare(
            "the endpoint is spelt in lower case",
            LinkKind::Endpoint,
            "InvokeEndpoint compares case",
            asks(|question| {
                let (region, account) = (question.endpoint.region(), question.parent());
                question.endpoint = Target::new("fraud-detector-eu".parse().unwrap(), &region, &account);
            }),
        ),
    ]
}

pub fn of_the_roles_permission() -> Vec<Case> {
    let (at, by) = ((LinkKind::RolePermission, Layer::Identity), Who::Parent);
    let invoking = |resource: &str| rewritten(by, POLICY, allowing("sagemaker:InvokeEndpoint", resource));
    let detach = vec![("RoleName", ROLE), ("PolicyArn", POLICY)];
    vec![
        case(
            "the role's policy was taken off",
            at,
            "do not allow it",
            vec![Break::Iam(by, "DetachRolePolicy", detach)],
            Fix::Run,
        ),
        case(
            "the policy names another region",
            at,
            "differs in region: us-east-1, the request names eu-west-1",
            invoking(&CHURN.replace("eu-west-1", "us-east-1")),
            Fix::Run,
        ),
        case(
            "the policy names the child's account",
            at,
            "differs in account: 222222222222",
            invoking(&CHURN.replace("111111111111", "222222222222")),
            Fix::Run,
        ),
        case("the policy names another endpoint", at, "differs in name", invoking(FRAUD), Fix::Run),
        case(
            "the policy spells the endpoint as it was made",
            at,
            "differs in case",
            {
                let mut breaks = invoking(FRAUD);
                breaks.push(Break::Asks(|question| {
                    let (region, account) = (question.endpoint.region(), question.parent());
                    question.endpoint = Target::new("Fraud-Detector-EU".parse().unwrap(), &region, &account);
                }));
                breaks
            },
            Fix::Run,
        ),
        case(
            "the action is misspelt",
            at,
            "names `sagemaker:InvokeEndpoints`",
            rewritten(by, POLICY, allowing("sagemaker:InvokeEndpoints", CHURN)),
            Fix::Run,
        ),
        case(
            "the policy has the action for streams alone",
            at,
            "names `sagemaker:InvokeEndpointWithResponseStream`",
            rewritten(by, POLICY, allowing("sagemaker:InvokeEndpointWithResponseStream", CHURN)),
            Fix::Run,
        ),
        case(
            "streams are asked for, and the policy has the whole answer alone",
            at,
            "names `sagemaker:InvokeEndpoint`",
            {
                let mut breaks = rewritten(by, POLICY, allowing("sagemaker:InvokeEndpoint", CHURN));
                breaks.push(Break::Asks(|question| question.action = InvokeAction::Stream));
                breaks
            },
            Fix::Run,
        ),
        case(
            "a newer version of the policy lacks the permission",
            at,
            "do not allow it",
            added(by, POLICY, allowing("s3:GetObject", "*")),
            Fix::Run,
        ),
        case("the role is denied", at, "`house-rule`", inline(by, denying("sagemaker:*", "*")), Fix::Run),
    ]
}

pub fn above_the_role() -> Vec<Case> {
    vec![
        case(
            "the role's boundary leaves it out",
            (LinkKind::RolePermission, Layer::Boundary),
            "the permissions boundary does not allow it",
            bounded(Who::Parent, allowing("s3:*", "*")),
            Fix::Run,
        ),
        case(
            "a service control policy denies the region to the parent",
            (LinkKind::RolePermission, Layer::ServiceControl),
            "`house-rule`",
            controlled(SCP, "111111111111", {
                let statement = json!({
                    "Sid": "OnlyFrankfurt", "Effect": "Deny", "Action": "sagemaker:*", "Resource": "*",
                    "Condition": { "StringNotEquals": { "aws:RequestedRegion": "eu-central-1" } }
                });
                json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
            }),
            Fix::Organization,
        ),
    ]
}

pub fn of_the_endpoint() -> Vec<Case> {
    let name = |name: &str| json!({ "EndpointName": name });
    let again = || {
        let body = json!({ "EndpointName": "churn-classifier", "EndpointConfigName": "churn-classifier-config" });
        vec![Break::SageMaker("CreateEndpoint", body)]
    };
    vec![Case {
        name: "the endpoint was deleted",
        link: LinkKind::Endpoint,
        layer: None,
        says: "no endpoint `churn-classifier` in eu-west-1",
        breaks: vec![Break::SageMaker("DeleteEndpoint", name("churn-classifier"))],
        fix: Fix::Owner(again()),
    }]
}
