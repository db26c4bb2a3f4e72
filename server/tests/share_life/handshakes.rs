//! Broken handshakes, each broken in the sandbox by the calls with which its administrators would have broken it: told
//! at the right link and layer, mended by what the doctor says, and proven by the caller's own calls.

mod cases;

use crate::client::{Answer, Client};
use crate::world::{Answers, CHILD, World, ended, endpoint_arn};
use cases::{Break, Case, Fix, Who};
use domain::doctor::{
    Diagnosis, DiagnosisView, DocumentChange, LinkKind, LinkState, Live, Origin, Outcome, Question, QuestionForm,
    RequestField, Verdict, Whose,
};
use domain::evaluate::Layer;
use domain::names::{EndpointName, ShareId};
use domain::run::RunState;
use domain::share::intent::InvokeAction;
use serde_json::{Value, json};

/// A user of the child that calls with keys of its own.
const CALLER: &str = "arn:aws:iam::222222222222:user/caller";
/// A row that the churn model takes.
const ROW: &str = "5,0,0,268.4,121,74.9,201.3,4,13.2";

/// A share that works, with everyone who could break it.
struct Scene {
    world: World,
    share: ShareId,
    question: Question,
    caller: Client,
    parent: Client,
    child: Client,
    manager: Client,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        // An endpoint that is made again is there at once.
        world.control("PUT", "/settings", json!({ "endpoint_creation_ms": 0 })).await;
        let client =
            |profile: &str| Client::of_profile(&world.sandbox.url(), world.sandbox.credentials_file(), profile);
        let (parent, child, manager) = (client("parent"), client("child"), client("shared"));
        let caller = child.new_user("caller", &[]).await;
        let named = |answers: &mut Answers| {
            answers.endpoints.arns.push(endpoint_arn("Fraud-Detector-EU"));
            answers.callers.arns = vec![CALLER.into()];
            answers.child.grantees = vec![CALLER.into()];
        };
        let share = world.applied(&world.draft(named).await).await;
        let form = world.services.question_of_share(&world.operator, &share).await.unwrap();
        let form = QuestionForm { caller: CALLER.into(), endpoint: "churn-classifier".into(), ..form };
        Self { question: form.parse().unwrap(), share, caller, parent, child, manager, world }
    }

    fn who(&self, who: Who) -> &Client {
        match who {
            Who::Parent => &self.parent,
            Who::Child => &self.child,
        }
    }

    async fn breaks(&mut self, how: &Break) {
        match how {
            Break::Iam(who, action, params) => {
                self.who(*who).iam_ok(action, params).await;
            }
            Break::Trust(change) => {
                let role = [("RoleName", crate::world::ROLE)];
                let text = self.parent.iam_ok("GetRole", &role).await.tag("AssumeRolePolicyDocument");
                let text = percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned();
                let mut trust: Value = serde_json::from_str(&text).unwrap();
                change(&mut trust["Statement"]);
                let trust = trust.to_string();
                self.parent.iam_ok("UpdateAssumeRolePolicy", &[role[0], ("PolicyDocument", &trust)]).await;
            }
            Break::Recreated => {
                let (user, grant) = (("UserName", "caller"), ("PolicyArn", crate::world::GRANT));
                self.child.iam_ok("DetachUserPolicy", &[user, grant]).await;
                let key = self.caller.key.clone();
                self.child.iam_ok("DeleteAccessKey", &[user, ("AccessKeyId", &key)]).await;
                self.child.iam_ok("DeleteUser", &[user]).await;
                self.caller = self.child.new_user("caller", &[]).await;
                self.child.iam_ok("AttachUserPolicy", &[user, grant]).await;
            }
            Break::Control { kind, target, content, instead_of } => {
                let body = json!({ "Name": "house-rule", "Description": "", "Type": kind, "Content": content });
                let made = self.manager.organizations_ok("CreatePolicy", body).await;
                let id = &made["Policy"]["PolicySummary"]["Id"];
                self.manager.organizations_ok("AttachPolicy", json!({ "PolicyId": id, "TargetId": target })).await;
                if let Some(other) = instead_of {
                    let body = json!({ "PolicyId": other, "TargetId": target });
                    self.manager.organizations_ok("DetachPolicy", body).await;
                }
            }
            Break::SageMaker(operation, body) => {
                let answer = self.parent.sagemaker(operation, body.clone()).await;
                assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
            }
            Break::Asks(change) => change(&mut self.question),
        }
    }

    /// The calls as the caller makes them.
    async fn calls(&self) -> Live {
        let question = &self.question;
        let seconds = question.duration_seconds.map(|seconds| seconds.to_string());
        let external = question.external_id.as_ref().map(ToString::to_string);
        let given = [
            ("ExternalId", external.as_deref()),
            ("DurationSeconds", seconds.as_deref()),
            ("Policy", question.session_policy.as_deref()),
        ];
        let more: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let assumed = self.caller.assume(question.role.as_str(), &more).await;
        let mut live = Live { assume_role: outcome(&assumed), ..Live::default() };
        if live.assume_role == Outcome::Succeeded {
            let mut session = self.caller.with_credentials(&assumed);
            session.region = question.endpoint.region().to_string();
            let headers = [("content-type", "text/csv")];
            let endpoint = question.endpoint.called();
            live.invoke = outcome(&match question.action {
                InvokeAction::Stream => session.stream(endpoint, &headers, ROW).await,
                _ => session.invoke(endpoint, &headers, ROW).await,
            });
        }
        live
    }

    async fn diagnosed(&self, live: Live) -> DiagnosisView {
        self.world.services.diagnose(&self.world.operator, &self.question, live).await.unwrap()
    }

    /// Does what the doctor says, whoever has to.
    async fn mends(&mut self, found: &DiagnosisView, fix: &Fix) {
        let (services, operator) = (&self.world.services, &self.world.operator);
        if !found.steps.is_empty() {
            let run = services.repair(operator, &self.question, &found.live, &found.fingerprint).await.unwrap();
            assert_eq!(ended(services, operator, &run).await.state, RunState::Succeeded);
        }
        let repairs: Vec<_> = found.diagnosis.repairs().cloned().collect();
        for repair in &repairs {
            for request in &repair.requests {
                self.sends(&request.field, request.after.as_deref());
            }
            if repair.whose == Whose::Organization {
                for change in &repair.changes {
                    self.administers(change).await;
                }
            }
        }
        if let Fix::Owner(hows) = fix {
            for how in hows {
                self.breaks(how).await;
            }
        }
    }

    /// The caller's code, with what it was told to send instead.
    fn sends(&mut self, field: &RequestField, value: Option<&str>) {
        let question = &mut self.question;
        match field {
            RequestField::ExternalId => question.external_id = value.map(|text| text.parse().unwrap()),
            RequestField::DurationSeconds => question.duration_seconds = value.map(|text| text.parse().unwrap()),
            RequestField::SessionPolicy => question.session_policy = value.map(str::to_owned),
            RequestField::RoleArn => question.role = value.unwrap().parse().unwrap(),
            RequestField::EndpointName => question.endpoint.name = value.map(|text| text.parse().unwrap()),
            RequestField::Region => {
                let name: EndpointName = question.endpoint.called().parse().unwrap();
                let (region, account) = (value.unwrap().parse().unwrap(), question.endpoint.account());
                question.endpoint = domain::doctor::Target::new(name, &region, &account);
            }
            other => unreachable!("{other:?}"),
        }
    }

    /// The administrators of the organisation, with what they were asked for.
    async fn administers(&self, change: &DocumentChange) {
        let Origin::Control { id, .. } = &change.place else { unreachable!("{change:?}") };
        let body = json!({ "PolicyId": id, "Content": change.after });
        self.manager.organizations_ok("UpdatePolicy", body).await;
    }
}

fn outcome(answer: &Answer) -> Outcome {
    if answer.status == 200 {
        return Outcome::Succeeded;
    }
    let (_, code) = answer.error();
    let message = answer.message();
    if code.starts_with("AccessDenied") { Outcome::Denied { message } } else { Outcome::Failed { code, message } }
}

fn works(live: &Live) -> bool {
    live.assume_role == Outcome::Succeeded && live.invoke == Outcome::Succeeded
}

fn told(diagnosis: &Diagnosis) -> String {
    let mut lines = vec![diagnosis.sentence.clone()];
    for link in diagnosis.links.iter() {
        lines.push(format!("{:?} {:?}: {}", link.kind, link.state, link.sentence));
        lines.extend(link.repairs.iter().map(|repair| format!("  {:?}: {}", repair.whose, repair.sentence)));
    }
    lines.join("\n")
}

/// What is wrong with a case; nothing when it goes as it should.
async fn wrong(case: &Case) -> Option<String> {
    let mut scene = Scene::new().await;
    assert!(works(&scene.calls().await), "the share does not work before it is broken");
    for how in &case.breaks {
        scene.breaks(how).await;
    }
    let live = scene.calls().await;
    if works(&live) {
        return Some("the call works all the same".into());
    }
    // From the documents alone, without knowing what AWS said.
    let paper = scene.diagnosed(Live::default()).await;
    let found = scene.diagnosed(live.clone()).await;
    let link = found.diagnosis.link(case.link);
    let layers: Vec<Layer> = link.explanations.iter().map(|one| one.decided_by).collect();
    let (told, by) = (told(&found.diagnosis), |whose| link.repairs.iter().any(|repair| repair.whose == whose));
    for (holds, what) in [
        (case.link != LinkKind::Session || live.invoke == Outcome::NotMade, "a session was given"),
        (paper.diagnosis.first_broken == Some(case.link), "the documents alone tell another link"),
        (found.diagnosis.first_broken == Some(case.link), "another link is told"),
        (found.diagnosis.verdict == Verdict::Broken, "the verdict is another"),
        (case.layer.is_none_or(|layer| layers.contains(&layer)), "another layer is told"),
        (link.sentence.contains(case.says), "the sentence says something else"),
        (by(case.fix.whose()), "the repair is another's"),
        (found.share.as_ref() == Some(&scene.share) || case.fix.whose() == Whose::Code, "the share is not known"),
    ] {
        if !holds {
            return Some(format!("{what}: {layers:?} {live:?}\non paper: {}\n{told}", paper.diagnosis.sentence));
        }
    }
    scene.mends(&found, &case.fix).await;
    let live = scene.calls().await;
    let after = scene.diagnosed(live.clone()).await.diagnosis;
    let mended = works(&live) && after.verdict == Verdict::Works;
    (!mended)
        .then(|| format!("it does not work once it is mended: {live:?}\n{told}\n\nand then {}", self::told(&after)))
}

async fn all(cases: Vec<Case>) {
    let mut found = Vec::new();
    for case in cases {
        let wrong = wrong(&case).await;
        found.extend(wrong.map(|wrong| format!("{}: {wrong}", case.name)));
    }
    assert!(found.is_empty(), "{} wrong\n\n{}", found.len(), found.join("\n\n"));
}

#[tokio::test]
async fn what_the_caller_lacks_is_told_and_mended_in_the_child() {
    all(cases::of_the_callers_permission()).await;
}

#[tokio::test]
async fn what_binds_the_caller_from_above_is_told_and_mended() {
    all(cases::above_the_caller()).await;
}

#[tokio::test]
async fn what_the_role_does_not_trust_is_told_and_mended() {
    all(cases::of_the_trust_policy()).await;
}

#[tokio::test]
async fn what_the_caller_sends_wrong_is_told_with_what_to_send() {
    all(cases::of_the_request()).await;
}

#[tokio::test]
async fn what_the_role_may_not_do_is_told_and_mended_in_the_parent() {
    all(cases::of_the_roles_permission()).await;
}

#[tokio::test]
async fn what_binds_the_role_from_above_is_told_and_mended() {
    all(cases::above_the_role()).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_endpoint_is_told_to_whom_it_belongs() {
    all(cases::of_the_endpoint()).await;
}

#[tokio::test]
async fn a_second_factor_that_nobody_told_of_is_unknown_and_never_a_guess() {
    let mut scene = Scene::new().await;
    for how in cases::asking_for_a_second_factor() {
        scene.breaks(&how).await;
    }
    let live = scene.calls().await;
    let found = scene.diagnosed(live.clone()).await.diagnosis;
    let link = found.link(LinkKind::Permission);
    assert_eq!((found.verdict, link.state), (Verdict::Unknown, LinkState::Unknown), "{}", told(&found));
    assert!(link.sentence.contains("`aws:MultiFactorAuthPresent`"), "{}", link.sentence);
    let Outcome::Denied { message } = live.assume_role else { unreachable!("{live:?}") };
    assert_eq!(link.aws_says, Some(message));
    assert!(found.sentence.starts_with("AWS denies the call"), "{}", found.sentence);
    assert_eq!(found.repairs().count(), 0);
}

#[test]
fn a_good_many_different_handshakes_are_broken() {
    let names: std::collections::BTreeSet<_> = cases::all().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases::all().len());
    assert!(names.len() >= 35, "{}", names.len());
    assert!(CALLER.contains(CHILD));
}
