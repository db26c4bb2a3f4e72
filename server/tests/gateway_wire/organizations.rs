//! What is made of Organizations' answers: the levels above an account, or that there are none.

use crate::canned::{Canned, Received, Reply, json, json_error, parent};
use domain::names::AccountId;
use services::ports::gateway::{ControlKind, ControlPolicies, GatewayErrorKind, Origin};

const MEMBER: &str = "111111111111";
const MANAGEMENT: &str = "333333333333";

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

fn organization(feature_set: &str) -> Reply {
    json(
        200,
        &format!(
            r#"{{"Organization":{{"Id":"o-exampleorgid","Arn":"arn:aws:organizations::{MANAGEMENT}:organization/o-exampleorgid",
               "FeatureSet":"{feature_set}","MasterAccountId":"{MANAGEMENT}","MasterAccountEmail":"a@example.com"}}}}"#
        ),
    )
}

/// An account in a unit below the root. `FullAWSAccess` is everywhere, `only-ireland` on the unit, on two pages.
fn answers(request: &Received) -> Reply {
    let body = request.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let line = |id: &str, name: &str, managed: bool| {
        format!(
            r#"{{"Id":"{id}","Arn":"arn:aws:organizations::x:policy/{id}","Name":"{name}","Description":"","Type":"SERVICE_CONTROL_POLICY","AwsManaged":{managed}}}"#
        )
    };
    match request.operation().as_str() {
        "DescribeOrganization" => organization("ALL"),
        "ListParents" => match text("ChildId").as_str() {
            MEMBER => json(200, r#"{"Parents":[{"Id":"ou-ab12-work","Type":"ORGANIZATIONAL_UNIT"}]}"#),
            "ou-ab12-work" => json(200, r#"{"Parents":[{"Id":"r-ab12","Type":"ROOT"}]}"#),
            _ => json_error(400, "ChildNotFoundException", "You specified a child that doesn't exist."),
        },
        "ListPoliciesForTarget" => {
            let full = line("p-FullAWSAccess", "FullAWSAccess", true);
            let more = text("TargetId") == "ou-ab12-work" && body["NextToken"].is_null();
            if more {
                return json(200, &format!(r#"{{"Policies":[{full}],"NextToken":"t"}}"#));
            }
            if text("NextToken") == "t" {
                return json(200, &format!(r#"{{"Policies":[{}]}}"#, line("p-1", "only-ireland", false)));
            }
            json(200, &format!(r#"{{"Policies":[{full}]}}"#))
        }
        "DescribePolicy" => {
            let id = text("PolicyId");
            json(
                200,
                &format!(
                    r#"{{"Policy":{{"PolicySummary":{},"Content":"{{\"Id\":\"{id}\"}}"}}}}"#,
                    line(&id, &id, true)
                ),
            )
        }
        other => unreachable!("{other}"),
    }
}

#[tokio::test]
async fn levels_go_from_the_root_to_the_account_and_each_document_is_read_once() {
    let canned = Canned::start(answers).await;
    let organizations = canned.gateways().await.organizations;
    let found = organizations.control_policies(&parent(), &account(MEMBER), ControlKind::Service).await.unwrap();
    let levels = found.levels().unwrap();
    let shape: Vec<(&str, Vec<&str>)> = levels
        .iter()
        .map(|level| (level.target.as_str(), level.policies.iter().map(|policy| policy.name.as_str()).collect()))
        .collect();
    let expected = [
        ("r-ab12", vec!["FullAWSAccess"]),
        ("ou-ab12-work", vec!["FullAWSAccess", "only-ireland"]),
        (MEMBER, vec!["FullAWSAccess"]),
    ];
    assert_eq!(shape, expected);
    let special = &levels[1].policies[1];
    assert_eq!(special.text, r#"{"Id":"p-1"}"#);
    assert_eq!(special.origin, Origin::Control { id: "p-1".into(), target: "ou-ab12-work".into() });
    assert_eq!(canned.operations().iter().filter(|operation| *operation == "DescribePolicy").count(), 2);
    let listed = canned.requests().into_iter().filter(|request| request.operation() == "ListPoliciesForTarget");
    assert!(listed.map(|request| request.json()).all(|body| body["Filter"] == "SERVICE_CONTROL_POLICY"));
    let head = canned.requests()[0].header("x-amz-target").unwrap().to_owned();
    assert_eq!(head, "AWSOrganizationsV20161128.DescribeOrganization");
}

#[tokio::test]
async fn resource_control_policies_are_asked_for_by_their_own_name() {
    let canned = Canned::start(answers).await;
    let organizations = canned.gateways().await.organizations;
    organizations.control_policies(&parent(), &account(MEMBER), ControlKind::Resource).await.unwrap();
    let asked = canned.requests().into_iter().find(|request| request.operation() == "ListPoliciesForTarget").unwrap();
    assert_eq!(asked.json()["Filter"], "RESOURCE_CONTROL_POLICY");
}

#[tokio::test]
async fn an_account_outside_of_any_organisation_has_no_control_policies() {
    let message = "Your account is not a member of an organization.";
    let canned = Canned::start(|_| json_error(400, "AWSOrganizationsNotInUseException", message)).await;
    let organizations = canned.gateways().await.organizations;
    assert_eq!(organizations.organization(&parent()).await.unwrap(), None);
    let found = organizations.control_policies(&parent(), &account(MEMBER), ControlKind::Service).await.unwrap();
    assert_eq!(found, ControlPolicies::NoOrganization);
    assert_eq!(found.levels(), None);
}

#[tokio::test]
async fn the_management_account_is_bound_by_none_and_asked_no_further() {
    let canned = Canned::start(answers).await;
    let organizations = canned.gateways().await.organizations;
    let organization = organizations.organization(&parent()).await.unwrap().unwrap();
    assert_eq!((organization.id.as_str(), organization.all_features), ("o-exampleorgid", true));
    let found = organizations.control_policies(&parent(), &organization.management_account, ControlKind::Service).await;
    assert_eq!(found.unwrap(), ControlPolicies::ManagementAccount);
    assert_eq!(canned.operations(), ["DescribeOrganization", "DescribeOrganization"]);
}

#[tokio::test]
async fn policies_that_are_not_enabled_are_no_empty_levels_that_would_deny_everything() {
    let billing = Canned::start(|_| organization("CONSOLIDATED_BILLING")).await;
    let off = Canned::start(|request| match request.operation().as_str() {
        "ListPoliciesForTarget" => json(200, r#"{"Policies":[]}"#),
        _ => answers(request),
    })
    .await;
    for canned in [billing, off] {
        let organizations = canned.gateways().await.organizations;
        let found = organizations.control_policies(&parent(), &account(MEMBER), ControlKind::Service).await.unwrap();
        assert_eq!(found, ControlPolicies::NotEnabled);
    }
}

#[tokio::test]
async fn a_member_that_may_not_read_the_tree_is_told_so_and_a_strange_account_is_not_found() {
    let denied = Canned::start(|request| match request.operation().as_str() {
        "DescribeOrganization" => organization("ALL"),
        _ => json_error(400, "AccessDeniedException", "You don't have permissions to access this resource."),
    })
    .await;
    let read = denied.gateways().await.organizations;
    let error = read.control_policies(&parent(), &account(MEMBER), ControlKind::Service).await.unwrap_err();
    assert_eq!((error.kind, error.operation, error.retryable), (GatewayErrorKind::AccessDenied, "ListParents", false));
    assert_eq!(error.message, "You don't have permissions to access this resource.");
    assert_eq!(error.action(), "organizations:ListParents");

    let canned = Canned::start(answers).await;
    let read = canned.gateways().await.organizations;
    let error = read.control_policies(&parent(), &account("999999999999"), ControlKind::Service).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (GatewayErrorKind::NotFound, "ChildNotFoundException"));
}
