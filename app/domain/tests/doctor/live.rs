//! What live calls add to what was read.

use crate::handshakes::patched;
use domain::doctor::{Diagnosis, LinkKind, LinkState, Suspect, Verdict};
use serde_json::{Value, json};

const BARE: &str = "User: arn:aws:sts::222222222222:assumed-role/scoring-lambda/score is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111111111111:role/SageMakerExternal";

fn denied(message: &str) -> Value {
    json!({"outcome": "denied", "message": message})
}

fn states(diagnosis: &Diagnosis) -> Vec<LinkState> {
    diagnosis.links.iter().map(|link| link.state).collect()
}

#[test]
fn an_assumed_role_proves_the_first_four_links() {
    use LinkState::{Allowed, Proven};
    let diagnosis = patched(&json!({"live": {"assume_role": {"outcome": "succeeded"}}})).diagnose();
    assert_eq!(states(&diagnosis), [Proven, Proven, Proven, Proven, Allowed, Allowed]);
    assert_eq!(diagnosis.verdict, Verdict::Allowed);
}

#[test]
fn an_answer_proves_every_link() {
    let both = json!({"assume_role": {"outcome": "succeeded"}, "invoke": {"outcome": "succeeded"}});
    let diagnosis = patched(&json!({"live": both})).diagnose();
    assert_eq!(diagnosis.verdict, Verdict::Works);
    assert_eq!(
        diagnosis.sentence,
        "`scoring-lambda` invokes `Churn-Classifier` through `SageMakerExternal`: live calls went through"
    );
}

#[test]
fn a_model_that_fails_proves_that_permissions_are_in_order() {
    let message = "Received client error (415) from primary with message \"unsupported content type\"";
    let live = json!({"invoke": {"outcome": "failed", "code": "ModelError", "message": message}});
    let diagnosis = patched(&json!({"live": live})).diagnose();
    assert_eq!(diagnosis.verdict, Verdict::Works);
    assert!(diagnosis.link(LinkKind::Endpoint).sentence.contains("the model itself failed"));
}

#[test]
fn a_success_wins_over_documents_that_are_out_of_date() {
    let patch = json!({
        "evidence": {"caller": {"read": {"policies": {"documents": []}}}},
        "live": {"assume_role": {"outcome": "succeeded"}}
    });
    let diagnosis = patched(&patch).diagnose();
    let link = diagnosis.link(LinkKind::Permission);
    assert_eq!(link.state, LinkState::Proven);
    assert!(link.sentence.contains("out of date or not all"), "{}", link.sentence);
    assert_eq!(diagnosis.repairs().count(), 0);
}

#[test]
fn a_denial_the_documents_dont_explain_is_a_dispute_with_its_suspects() {
    let patch = json!({
        "evidence": {
            "caller_service_controls": {"unreadable": {"why": "access denied"}},
            "role_resource_controls": {"unreadable": {"why": "access denied"}}
        },
        "live": {"assume_role": denied(BARE)}
    });
    let diagnosis = patched(&patch).diagnose();
    assert_eq!((diagnosis.verdict, diagnosis.first_broken), (Verdict::Disputed, Some(LinkKind::Permission)));
    let suspects = |kind| diagnosis.link(kind).suspicions.iter().map(|one| one.suspect).collect::<Vec<_>>();
    use Suspect::{OtherRequest, Propagation, ResourceControl, ServiceControl, SessionPolicy, VpcEndpoint};
    assert_eq!(suspects(LinkKind::Permission), [Propagation, ServiceControl, SessionPolicy, VpcEndpoint, OtherRequest]);
    assert_eq!(suspects(LinkKind::Trust), [Propagation, ResourceControl, VpcEndpoint, OtherRequest]);
    assert!(diagnosis.wait.as_deref().is_some_and(|why| why.contains("10 to 60 s")));
    assert!(diagnosis.sentence.contains("but AWS denies it"), "{}", diagnosis.sentence);
}

#[test]
fn of_a_told_call_nobody_knows_what_external_id_it_sent() {
    let told = json!({"calls": [{"operation": "AssumeRole", "outcome": denied(BARE)}]});
    let diagnosis = patched(&json!({"live": told})).diagnose();
    assert_eq!(diagnosis.verdict, Verdict::Disputed);
    let first = &diagnosis.link(LinkKind::Trust).suspicions[0];
    assert_eq!(first.suspect, Suspect::ExternalId);
    assert!(first.sentence.contains("another external ID than `"), "{}", first.sentence);
    // What the console itself sent is known.
    let own = patched(&json!({"live": {"assume_role": denied(BARE)}})).diagnose();
    assert_ne!(own.link(LinkKind::Trust).suspicions[0].suspect, Suspect::ExternalId);
}

#[test]
fn a_denial_the_documents_explain_needs_no_waiting() {
    let patch = json!({"question": {"external_id": ""}, "live": {"assume_role": denied(BARE)}});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.first_broken, Some(LinkKind::Trust));
    assert_eq!(diagnosis.link(LinkKind::Permission).state, LinkState::Allowed);
    assert_eq!(diagnosis.link(LinkKind::Trust).aws_says.as_deref(), Some(BARE));
    assert_eq!(diagnosis.wait, None);
}

#[test]
fn a_denial_with_one_side_unread_points_at_that_side() {
    let patch = json!({"evidence": {"caller": null}, "live": {"assume_role": denied(BARE)}});
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.link(LinkKind::Permission).state, LinkState::Unknown);
    assert_eq!(diagnosis.link(LinkKind::Trust).state, LinkState::Allowed);
    assert_eq!(diagnosis.verdict, Verdict::Unknown);
    assert!(diagnosis.wait.is_some());
}

#[test]
fn awss_own_reason_says_which_link_it_is() {
    let on = "User: arn:aws:sts::111111111111:assumed-role/SageMakerExternal/s is not authorized to perform: sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier";
    for (reason, unread, state) in [
        ("because no identity-based policy allows the sagemaker:InvokeEndpoint action", false, LinkState::Disputed),
        ("because no identity-based policy allows the sagemaker:InvokeEndpoint action", true, LinkState::Denied),
        ("with an explicit deny in a service control policy", true, LinkState::Denied),
        ("because no VPC endpoint policy allows the sagemaker:InvokeEndpoint action", false, LinkState::Disputed),
    ] {
        let mut patch = json!({"live": {"invoke": denied(&format!("{on} {reason}"))}});
        if unread {
            let piece = json!({"unreadable": {"why": "access denied"}});
            patch["evidence"] = json!({
                "role": {"read": {"policies": {"unread": [{"what": "its policies", "why": "access denied"}]}}},
                "role_service_controls": piece
            });
        }
        let diagnosis = patched(&patch).diagnose();
        let link = diagnosis.link(LinkKind::RolePermission);
        assert_eq!(link.state, state, "{reason}: {}", link.sentence);
        assert!(link.aws_says.is_some());
        if reason.contains("VPC") {
            assert_eq!(link.suspicions.iter().map(|one| one.suspect).collect::<Vec<_>>(), [Suspect::VpcEndpoint]);
        }
    }
}

/// What could explain a denial by a policy of the kind that AWS names.
fn explained(call: &str, message: &str, kind: LinkKind) -> (Vec<Suspect>, Diagnosis) {
    let calls = json!([{"operation": call, "outcome": denied(message)}]);
    let diagnosis = patched(&json!({"live": {"calls": calls}})).diagnose();
    (diagnosis.link(kind).suspicions.iter().map(|one| one.suspect).collect(), diagnosis)
}

#[test]
fn the_kind_of_policy_that_aws_names_is_what_explains_a_dispute() {
    use LinkKind::{Permission, Trust};
    use Suspect::{
        Boundary, ExternalId, IdentityPolicy, Propagation, ResourceControl, ResourcePolicy, ServiceControl,
        SessionPolicy, VpcEndpoint,
    };
    for (reason, kind, suspects) in [
        ("with an explicit deny in a service control policy", Permission, vec![ServiceControl, Propagation]),
        ("with an explicit deny in an identity-based policy", Permission, vec![IdentityPolicy, Propagation]),
        (
            "because no identity-based policy allows the sts:AssumeRole action",
            Permission,
            vec![IdentityPolicy, Propagation],
        ),
        ("with an explicit deny in a permissions boundary", Permission, vec![Boundary, Propagation]),
        ("because no session policy allows the sts:AssumeRole action", Permission, vec![SessionPolicy]),
        ("with an explicit deny in a resource control policy", Trust, vec![ResourceControl, ExternalId, Propagation]),
        (
            "because no resource-based policy allows the sts:AssumeRole action",
            Trust,
            vec![ResourcePolicy, ExternalId, Propagation],
        ),
        ("because no VPC endpoint policy allows the sts:AssumeRole action", Trust, vec![VpcEndpoint]),
    ] {
        let (found, diagnosis) = explained("AssumeRole", &format!("{BARE} {reason}"), kind);
        assert_eq!(found, suspects, "{reason}");
        let link = diagnosis.link(kind);
        assert_eq!(link.state, LinkState::Disputed, "{reason}");
        assert!(link.suspicions[0].sentence.starts_with("AWS says that "), "{}", link.suspicions[0].sentence);
        assert!(diagnosis.sentence.contains("but AWS says that "), "{}", diagnosis.sentence);
        let wait = diagnosis.wait.unwrap_or_default();
        assert!(wait.starts_with("if it was changed just now") && !wait.contains("settles"), "{reason}: {wait}");
    }
}

#[test]
fn a_control_policy_that_aws_names_was_changed_or_cant_be_read() {
    let on = "User: arn:aws:sts::111111111111:assumed-role/SageMakerExternal/s is not authorized to perform: sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier";
    let message = format!("{on} with an explicit deny in a service control policy");
    let (found, diagnosis) = explained("InvokeEndpoint", &message, LinkKind::RolePermission);
    assert_eq!(found, [Suspect::ServiceControl, Suspect::Propagation]);
    assert_eq!(
        diagnosis.link(LinkKind::RolePermission).suspicions[0].sentence,
        "AWS says that a service control policy denies it; what is read now does not, so one was changed since, or can't \
         be read from here"
    );
}

#[test]
fn a_denial_in_the_wrong_region_is_explained_by_the_region() {
    let message = "User: arn:aws:sts::111111111111:assumed-role/SageMakerExternal/s is not authorized to perform: sagemaker:InvokeEndpoint on resource: arn:aws:sagemaker:us-east-1:111111111111:endpoint/churn-classifier because no identity-based policy allows the sagemaker:InvokeEndpoint action";
    let endpoint = json!({
        "name": "Churn-Classifier", "status": "InService",
        "arn": "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier"
    });
    let patch = json!({
        "question": {"region": "us-east-1"},
        "evidence": {"endpoint": "missing", "elsewhere": [endpoint]},
        "live": {"assume_role": {"outcome": "succeeded"}, "invoke": denied(message)}
    });
    let diagnosis = patched(&patch).diagnose();
    assert_eq!(diagnosis.first_broken, Some(LinkKind::Endpoint));
    assert_eq!(diagnosis.link(LinkKind::RolePermission).state, LinkState::Allowed);
}

#[test]
fn a_functions_own_calls_count_where_the_doctor_made_none() {
    let calls = json!([
        {"operation": "AssumeRole", "outcome": denied(BARE)},
        {"operation": "AssumeRole", "outcome": {"outcome": "succeeded"}}
    ]);
    let diagnosis = patched(&json!({"live": {"calls": calls}})).diagnose();
    assert_eq!(diagnosis.link(LinkKind::Trust).state, LinkState::Proven);
    let made = json!({"calls": calls, "assume_role": denied(BARE)});
    assert_eq!(patched(&json!({"live": made})).diagnose().link(LinkKind::Trust).state, LinkState::Disputed);
}

#[test]
fn an_endpoint_on_its_way_is_worth_waiting_for() {
    let patch = json!({"evidence": {"endpoint": {"read": {"status": "Creating"}}}});
    let diagnosis = patched(&patch).diagnose();
    assert!(diagnosis.wait.as_deref().is_some_and(|why| why.contains("is being created")));
}

#[test]
fn a_longer_session_is_offered_beside_a_shorter_request() {
    let user = "arn:aws:iam::222222222222:user/ana";
    let patch = json!({
        "question": {"caller": user, "duration_seconds": "7200"},
        "evidence": {"caller": {"read": {"arn": user}}}
    });
    let handshake = patched(&patch);
    let diagnosis = handshake.diagnose();
    let link = diagnosis.link(LinkKind::Session);
    assert_eq!(link.repairs[0].requests[0].after.as_deref(), Some("3600"));
    let mut longer = handshake.clone();
    link.alternatives[0].apply(&mut longer.question, &mut longer.evidence);
    assert_eq!(longer.diagnose().link(LinkKind::Session).state, LinkState::Allowed);
    assert_eq!(longer.question.duration_seconds, Some(7200));
}
