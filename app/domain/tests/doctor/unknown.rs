//! What can't be read is unknown, never a guess; what can be read and denies, denies all the same.

use crate::handshakes::patched;
use domain::doctor::{Diagnosis, LinkKind, LinkState, Verdict};
use domain::evaluate::Layer;
use serde_json::{Value, json};

fn unreadable() -> Value {
    json!({"unreadable": {"why": "account 222222222222 is not connected"}})
}

fn needs(diagnosis: &Diagnosis, kind: LinkKind) -> Vec<&str> {
    diagnosis.link(kind).unread.iter().flat_map(|unread| &unread.needs).map(String::as_str).collect()
}

#[test]
fn a_child_that_is_not_connected_leaves_its_side_unknown_and_the_parents_known() {
    let patch = json!({"evidence": {"caller": null, "caller_service_controls": null, "caller_organization": null}});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.verdict, Verdict::Unknown);
    assert_eq!(diagnosis.link(LinkKind::Caller).state, LinkState::Unknown);
    assert_eq!(diagnosis.link(LinkKind::Permission).state, LinkState::Unknown);
    assert_eq!(diagnosis.link(LinkKind::Trust).state, LinkState::Allowed);
    assert_eq!(diagnosis.link(LinkKind::RolePermission).state, LinkState::Allowed);
    assert_eq!(diagnosis.first_broken, None);
    assert!(needs(&diagnosis, LinkKind::Permission).contains(&"iam:ListAttachedRolePolicies"));
    assert_eq!(diagnosis.repairs().count(), 0);
}

#[test]
fn a_parent_that_is_not_connected_leaves_its_side_unknown() {
    let patch = json!({"evidence": {
        "role": unreadable(), "role_service_controls": unreadable(), "role_resource_controls": unreadable(),
        "endpoint": unreadable()
    }});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.link(LinkKind::Permission).state, LinkState::Allowed);
    for kind in [LinkKind::Trust, LinkKind::RolePermission, LinkKind::Endpoint] {
        assert_eq!(diagnosis.link(kind).state, LinkState::Unknown, "{kind:?}");
    }
    assert_eq!(needs(&diagnosis, LinkKind::Trust), ["iam:GetRole"]);
    assert_eq!(needs(&diagnosis, LinkKind::Endpoint), ["sagemaker:DescribeEndpoint"]);
    assert!(diagnosis.link(LinkKind::Trust).sentence.contains("account 222222222222 is not connected"));
}

#[test]
fn a_readable_deny_denies_whatever_else_cant_be_read() {
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "NoRoles", "Effect": "Deny", "Action": "sts:*", "Resource": "*"}
    ]});
    let patch = json!({"evidence": {
        "caller": {"read": {"policies": {
            "documents": [{
                "name": "guard",
                "origin": {"kind": "inline", "holder": {"kind": "role", "name": "scoring-lambda"}},
                "text": deny
            }],
            "unread": [{"what": "the policy `AllowAssume`", "why": "access denied", "needs": ["iam:GetPolicyVersion"]}]
        }, "boundary": unreadable()}},
        "role": unreadable()
    }});
    let diagnosis = patched(&patch).diagnose();
    let link = diagnosis.link(LinkKind::Permission);
    assert_eq!((link.state, diagnosis.first_broken), (LinkState::Denied, Some(LinkKind::Permission)));
    assert!(link.sentence.contains("statement 1 (`NoRoles`) of `guard`"), "{}", link.sentence);
    assert!(link.explanations.iter().flat_map(|one| &one.statements).all(|one| one.policy == "guard"));
    // Narrowing the Deny is sure; whether something allows is not, and nothing is proposed about that.
    assert!(link.repairs.iter().all(|repair| repair.changes.iter().all(|change| change.name == "guard")));
}

#[test]
fn one_document_that_cant_be_read_leaves_a_missing_allow_unknown() {
    let patch = json!({"evidence": {"caller": {"read": {"policies": {
        "documents": [],
        "unread": [{"what": "the policy `AllowAssume`", "why": "access denied", "needs": ["iam:GetPolicyVersion"]}]
    }}}}});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.link(LinkKind::Permission).state, LinkState::Unknown);
    assert_eq!(needs(&diagnosis, LinkKind::Permission), ["iam:GetPolicyVersion"]);
}

#[test]
fn a_boundary_that_cant_be_read_leaves_an_allow_unknown() {
    let patch = json!({"evidence": {"role": {"read": {"boundary": unreadable()}}}});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.link(LinkKind::RolePermission).state, LinkState::Unknown);
    assert_eq!(needs(&diagnosis, LinkKind::RolePermission), ["iam:GetPolicy", "iam:GetPolicyVersion"]);
}

#[test]
fn control_policies_that_cant_be_read_are_a_caveat_and_not_a_verdict() {
    let patch = json!({"evidence": {
        "caller_service_controls": unreadable(), "role_service_controls": unreadable(),
        "role_resource_controls": unreadable()
    }});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.verdict, Verdict::Allowed);
    for (kind, what) in [
        (LinkKind::Permission, "the service control policies of account 222222222222"),
        (LinkKind::Trust, "the resource control policies of account 111111111111"),
        (LinkKind::RolePermission, "the service control policies of account 111111111111"),
    ] {
        let caveats: Vec<&str> = diagnosis.link(kind).caveats.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(caveats, [what]);
    }
}

#[test]
fn a_diagnosis_says_which_control_policies_could_not_be_read_and_may_still_deny() {
    let one = patched(&json!({"evidence": {"caller_service_controls": unreadable()}})).diagnose();
    assert_eq!(
        one.sentence,
        "as far as can be read, `scoring-lambda` may invoke `Churn-Classifier` through `SageMakerExternal`; no live call \
         has proven it all yet. The service control policies of account 222222222222 could not be read and may still \
         deny it"
    );
    let patch = json!({"evidence": {
        "caller_service_controls": unreadable(), "role_service_controls": unreadable(),
        "role_resource_controls": unreadable()
    }});
    let all = patched(&patch).diagnose().sentence;
    let listed = "The service control policies of account 222222222222, the resource control policies of account \
                  111111111111 and the service control policies of account 111111111111 could not be read";
    assert!(all.contains(listed), "{all}");
    let healthy = patched(&json!({})).diagnose().sentence;
    assert!(healthy.ends_with("no live call has proven it all yet"), "{healthy}");
}

#[test]
fn control_policies_that_a_live_call_went_through_are_not_spoken_of() {
    let evidence = json!({"caller_service_controls": unreadable(), "role_service_controls": unreadable()});
    let assumed = json!({"assume_role": {"outcome": "succeeded"}});
    let diagnosis = patched(&json!({"evidence": evidence, "live": assumed})).diagnose();
    assert!(!diagnosis.sentence.contains("222222222222"), "{}", diagnosis.sentence);
    let left = ". The service control policies of account 111111111111 could not be read and may still deny it";
    assert!(diagnosis.sentence.ends_with(left), "{}", diagnosis.sentence);
    let both = json!({"assume_role": {"outcome": "succeeded"}, "invoke": {"outcome": "succeeded"}});
    let works = patched(&json!({"evidence": evidence, "live": both})).diagnose();
    assert_eq!(works.verdict, Verdict::Works);
    assert!(!works.sentence.contains("could not be read"), "{}", works.sentence);
}

/// A level of control policies, each by its name and text.
fn level(policies: &[(&str, &str)]) -> Value {
    let policies = policies.iter().map(|(name, text)| {
        json!({"name": name, "origin": {"kind": "control", "id": format!("p-{name}"), "target": "r-ab12"}, "text": text})
    });
    json!({"target": "r-ab12", "policies": policies.collect::<Vec<_>>()})
}

const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const NO_ROLES: &str =
    r#"{"Version":"2012-10-17","Statement":{"Sid":"NoRoles","Effect":"Deny","Action":"sts:*","Resource":"*"}}"#;
const NO_CALLS: &str = r#"{"Version":"2012-10-17","Statement":
    {"Sid":"NoCalls","Effect":"Deny","Principal":"*","Action":"sts:*","Resource":"*"}}"#;

#[test]
fn a_control_policy_that_cant_be_understood_leaves_its_level_unknown_and_denies_nothing() {
    for (piece, kind) in
        [("caller_service_controls", LinkKind::Permission), ("role_service_controls", LinkKind::RolePermission)]
    {
        let garbled = json!({"evidence": {piece: {"read": [level(&[("Guard", "{")]), level(&[("Full", ALL)])]}}});
        let diagnosis = patched(&garbled).diagnose();
        let link = diagnosis.link(kind);
        assert_eq!((link.state, diagnosis.verdict), (LinkState::Unknown, Verdict::Unknown), "{}", link.sentence);
        assert!(link.sentence.contains("the policy `Guard`, it can't be understood"), "{}", link.sentence);
        assert!(link.caveats.iter().any(|one| one.what == "the policy `Guard`"), "{:?}", link.caveats);
        assert!(link.repairs.is_empty());
        let says = link.explanations.iter().flat_map(|one| &one.layers).map(|one| (one.layer, one.level));
        assert!(!says.clone().any(|one| one == (Layer::ServiceControl, Some(0))), "nothing is sure of this level");
        assert!(says.clone().any(|one| one == (Layer::ServiceControl, Some(1))));
    }
}

#[test]
fn a_control_policy_that_cant_be_understood_beside_one_that_allows_is_a_caveat() {
    let piece = json!({"read": [level(&[("Full", ALL), ("Guard", "{")])]});
    let patch = json!({"evidence": {"caller_service_controls": piece, "role_resource_controls": piece}});
    let diagnosis = patched(&patch).diagnose();
    for kind in [LinkKind::Permission, LinkKind::Trust] {
        let link = diagnosis.link(kind);
        assert_eq!(link.state, LinkState::Allowed, "{}", link.sentence);
        assert_eq!(link.caveats.iter().map(|one| one.what.as_str()).collect::<Vec<_>>(), ["the policy `Guard`"]);
    }
}

#[test]
fn a_resource_control_policy_that_cant_be_understood_denies_nothing() {
    let patch = json!({"evidence": {"role_resource_controls": {"read": [level(&[("Guard", "{")])]}}});
    let link = patched(&patch).diagnose().link(LinkKind::Trust).clone();
    assert_ne!(link.state, LinkState::Denied, "{}", link.sentence);
    assert!(link.caveats.iter().any(|one| one.what == "the policy `Guard`"), "{:?}", link.caveats);
}

#[test]
fn a_control_policy_that_denies_denies_whatever_stands_beside_it() {
    let service = json!({"read": [level(&[("Guard", "{"), ("NoRoles", NO_ROLES)])]});
    let resource = json!({"read": [level(&[("Guard", "{"), ("NoCalls", NO_CALLS)])]});
    for (piece, policies, kind) in [
        ("caller_service_controls", service, LinkKind::Permission),
        ("role_resource_controls", resource, LinkKind::Trust),
    ] {
        let diagnosis = patched(&json!({"evidence": {piece: policies}})).diagnose();
        assert_eq!(diagnosis.link(kind).state, LinkState::Denied, "{piece}");
    }
}

#[test]
fn a_condition_on_what_nobody_knows_leaves_the_link_unknown_and_says_which() {
    let trust = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "ChildMayAssume", "Effect": "Allow", "Action": "sts:AssumeRole", "Condition": condition,
            "Principal": {"AWS": "arn:aws:iam::222222222222:role/service-role/scoring-lambda"}
        }]})
    };
    for (condition, what) in [
        (json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), "what the call carries as `aws:SourceIp`"),
        (json!({"StringEquals": {"aws:PrincipalTag/team": "ml"}}), "what the call carries as `aws:PrincipalTag/team`"),
        (
            json!({"StringEquals": {"sts:RoleSessionName": "${aws:SourceIdentity}"}}),
            "what the call carries as `sts:RoleSessionName`",
        ),
    ] {
        let diagnosis = patched(&json!({"evidence": {"role": {"read": {"trust": trust(condition)}}}})).diagnose();
        let link = diagnosis.link(LinkKind::Trust);
        assert_eq!(link.state, LinkState::Unknown);
        assert!(link.unread.iter().any(|one| one.what == what), "{:?}", link.unread);
        assert!(link.unread[0].why.contains("statement 1 (`ChildMayAssume`)"), "{:?}", link.unread);
        assert!(link.repairs.is_empty());
    }
}

#[test]
fn a_condition_that_was_told_is_judged() {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "ml"}},
        "Principal": {"AWS": "arn:aws:iam::222222222222:role/service-role/scoring-lambda"}
    }]});
    for (tags, state) in
        [(json!("ml"), LinkState::Allowed), (json!("ops"), LinkState::Denied), (json!([]), LinkState::Denied)]
    {
        let patch = json!({"evidence": {"role": {"read": {"trust": trust}}, "known": {"aws:PrincipalTag/team": tags}}});
        assert_eq!(patched(&patch).diagnose().link(LinkKind::Trust).state, state, "{tags}");
    }
}

#[test]
fn a_deny_on_what_nobody_knows_leaves_an_allow_unknown() {
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Sid": "OnlyFromHere", "Effect": "Deny", "Action": "*", "Resource": "*",
         "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
    ]});
    let patch = json!({"evidence": {"role": {"read": {"boundary": {"read": {
        "name": "SharedRoles", "text": deny,
        "origin": {"kind": "managed", "arn": "arn:aws:iam::111111111111:policy/SharedRoles", "version": "v1"}
    }}}}}});
    let diagnosis = patched(&patch).diagnose();
    let link = diagnosis.link(LinkKind::RolePermission);
    assert_eq!(link.state, LinkState::Unknown);
    assert!(link.unread[0].why.contains("`OnlyFromHere`"), "{:?}", link.unread);
}

#[test]
fn a_repair_keeps_the_conditions_that_cant_be_judged() {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ChildMayAssume", "Effect": "Allow", "Action": "sts:AssumeRole",
        "Condition": {
            "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringEquals": {"sts:ExternalId": "sb-7f3c1d2e"}
        },
        "Principal": {"AWS": "arn:aws:iam::222222222222:role/other"}
    }]});
    let diagnosis = patched(&json!({"evidence": {"role": {"read": {"trust": trust}}}})).diagnose();
    let link = diagnosis.link(LinkKind::Trust);
    assert_eq!(link.state, LinkState::Denied);
    let after = link.repairs[0].changes[0].after.as_deref().unwrap();
    assert!(
        after.contains("203.0.113.0/24") && after.contains("sb-7f3c1d2e") && after.contains("scoring-lambda"),
        "{after}"
    );
}

#[test]
fn a_session_that_is_trusted_by_name_is_unknown_until_the_session_is() {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:sts::222222222222:assumed-role/scoring-lambda/score"}
    }]});
    let evidence = json!({"role": {"read": {"trust": trust}}});
    let role = json!({
        "question": {"caller": "arn:aws:iam::222222222222:role/service-role/scoring-lambda"}, "evidence": evidence
    });
    let diagnosis = patched(&role).diagnose();
    let link = diagnosis.link(LinkKind::Trust);
    assert_eq!(link.state, LinkState::Unknown);
    assert!(link.sentence.contains("the session `score` alone"), "{}", link.sentence);
    let session = patched(&json!({"evidence": evidence})).diagnose();
    assert_eq!(session.link(LinkKind::Trust).state, LinkState::Allowed);
}

#[test]
fn a_document_that_cant_be_understood_is_not_read() {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"AWS":"arn:aws:iam::222222222222:role/*"}}]}"#;
    let diagnosis = patched(&json!({"evidence": {"role": {"read": {"trust": trust}}}})).diagnose();
    let link = diagnosis.link(LinkKind::Trust);
    assert_eq!(link.state, LinkState::Unknown);
    assert!(link.sentence.contains("can't be understood: Invalid principal in policy"), "{}", link.sentence);
}
