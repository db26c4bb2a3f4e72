//! Two administrators with a console each, and one account each: nothing goes between them but files.

use crate::world::{Answers, LAMBDA, ROLE, World, ended, open};
use aws_gateway::AwsSettings;
use domain::arn::CallerArn;
use domain::handoff::{HandOffFile, ShareAcceptance, ShareOffer};
use domain::invoke::InvokeParams;
use domain::names::{DraftId, RunId, ShareId};
use domain::run::RunState;
use domain::share::Side;
use domain::share::diff::Change;
use domain::share::render::Language;
use domain::share::view::{ShareState, UndoConsent};
use domain::verification::{ProofState, VerificationView};
use domain::wizard::{CallersForm, ChildForm, StepForm, WizardStep};
use futures::StreamExt as _;
use services::ports::gateway::Gateways;
use services::{Operator, ServiceError, Services};

/// A console that has one profile of the world's only.
struct One {
    services: Services,
    operator: Operator,
    gateways: Gateways,
}

impl One {
    async fn of(world: &World, profile: &str) -> Self {
        let dir = world.folder.path().join(profile);
        std::fs::create_dir(&dir).unwrap();
        let pick = |from: &std::path::Path, header: String| {
            let text = std::fs::read_to_string(from).unwrap();
            let section = text.split("\n[").find(|part| part.trim_start_matches('[').starts_with(&header)).unwrap();
            format!("[{}\n", section.trim_start_matches('['))
        };
        let (credentials, config) = (dir.join("credentials"), dir.join("config"));
        std::fs::write(&credentials, pick(world.sandbox.credentials_file(), format!("{profile}]"))).unwrap();
        std::fs::write(&config, pick(world.sandbox.config_file(), format!("profile {profile}]"))).unwrap();
        let settings = AwsSettings { credentials_file: Some(credentials), config_file: Some(config) };
        let gateways = aws_gateway::connect(settings).await.unwrap();
        let (services, operator) = open(&gateways, &dir.join("console.db")).await;
        Self { services, operator, gateways }
    }

    async fn save(&self, draft: &DraftId, form: StepForm) {
        assert_eq!(self.services.save_step(&self.operator, draft, form).await.unwrap(), []);
    }

    async fn applied(&self, draft: &DraftId) -> ShareId {
        let review = self.services.review(&self.operator, draft).await.unwrap();
        let applied = self.services.apply(&self.operator, draft, &review.fingerprint).await.unwrap();
        self.succeeds(&applied.run.unwrap()).await;
        applied.share
    }

    async fn succeeds(&self, run: &RunId) {
        let view = ended(&self.services, &self.operator, run).await;
        assert_eq!(view.state, RunState::Succeeded, "{view:#?}");
    }

    async fn verified(&self, share: &ShareId) -> VerificationView {
        self.services.verify(&self.operator, share).await.unwrap();
        let seen = self.services.watch_verification(&self.operator, share).await.unwrap();
        std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await.unwrap()
    }

    async fn file(&self, share: &ShareId, file: HandOffFile) -> String {
        self.services.hand_off_file(&self.operator, share, file).await.unwrap().text
    }

    /// Why an offer is refused, at its field.
    async fn refuses(&self, text: &str) -> String {
        match self.services.open_offer(&self.operator, text).await {
            Err(ServiceError::Invalid { problems }) => {
                assert_eq!(problems[0].field, "offer");
                assert!(problems[0].hint.is_some());
                problems[0].message.clone()
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The parent's side, made for a child that is known by its number only.
async fn offered(parent: &One, change: impl Fn(&mut Answers)) -> ShareId {
    let draft = parent.services.start_draft(&parent.operator).await.unwrap();
    let callers = CallersForm {
        source: "typed".into(),
        account: "222222222222".into(),
        scope: "account".into(),
        ..CallersForm::default()
    };
    let mut answers = Answers { callers, ..Answers::default() };
    answers.child.grantees.clear();
    change(&mut answers);
    let role = parent.services.draft(&parent.operator, &draft).await.unwrap().draft.role;
    let home = domain::wizard::ParentForm { connection: "parent".into(), region: "eu-west-1".into() };
    parent.save(&draft, StepForm::Parent(home)).await;
    parent.save(&draft, StepForm::Endpoints(answers.endpoints)).await;
    parent.save(&draft, StepForm::Callers(answers.callers)).await;
    parent.save(&draft, StepForm::Role((answers.role)(role))).await;
    parent.save(&draft, StepForm::Child(answers.child)).await;
    parent.applied(&draft).await
}

/// The child's side, with the lambda's role as a caller and the console beside it.
async fn accepted(child: &One, offer: &str) -> ShareId {
    let draft = child.services.open_offer(&child.operator, offer).await.unwrap();
    let callers = child.services.draft(&child.operator, &draft).await.unwrap().draft.callers;
    let callers = CallersForm { arns: vec![LAMBDA.into()], console: "on".into(), ..callers };
    child.save(&draft, StepForm::Callers(callers)).await;
    let form = ChildForm { grant_name: "UseTheirModels".into(), grantees: vec![LAMBDA.into()] };
    child.save(&draft, StepForm::Child(form)).await;
    let review = child.services.review(&child.operator, &draft).await.unwrap();
    assert!(review.child_lane.len() >= 2 && review.conflicts.is_empty(), "{review:#?}");
    child.applied(&draft).await
}

async fn invoked(child: &One, share: &ShareId) -> Option<u16> {
    let row = "5,0,0,268.4,121,74.9,201.3,4,13.2";
    let params = InvokeParams::text(share.clone(), "churn-classifier".parse().unwrap(), "text/csv", row);
    let outcome = child.services.invoke(&child.operator, params).await.unwrap();
    match outcome.result {
        Ok(_) => Some(200),
        Err(failure) => {
            assert_ne!(failure.operation, "AssumeRole", "{failure:?}");
            failure.status
        }
    }
}

fn states(view: &VerificationView) -> Vec<(&str, ProofState)> {
    view.proofs.iter().map(|p| (p.id.as_str(), p.state)).collect()
}

#[tokio::test]
async fn a_share_goes_between_two_consoles_by_two_files() {
    let world = World::new().await;
    let before = world.seen().await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let share = offered(&parent, |_| {}).await;
    let shown = parent.services.share(&parent.operator, &share).await.unwrap();
    assert_eq!(shown.elsewhere, Some(Side::Child));
    let offer = parent.file(&share, HandOffFile::Offer).await;

    assert_eq!(accepted(&child, &offer).await, share, "the same share on both sides");
    let verified = child.verified(&share).await;
    use ProofState::{Passed, Skipped};
    let expected = [
        ("assume-role", Passed),
        ("invoke", Passed),
        ("no-external-id", Passed),
        ("stranger", Skipped),
        ("other-endpoint", Passed),
    ];
    assert_eq!(states(&verified), expected, "{verified:#?}");
    let shown = child.services.share(&child.operator, &share).await.unwrap();
    assert_eq!((shown.summary.state, shown.elsewhere), (ShareState::Verified, Some(Side::Parent)));
    assert_eq!(shown.summary.endpoints, ["churn-classifier"]);
    let target =
        child.services.target(&child.operator, &share.clone().into(), shown.targets[0].as_str()).await.unwrap();
    assert_eq!((target.status, target.blocked), (None, None), "nothing is known of the endpoint, and it can be called");
    assert_eq!(invoked(&child, &share).await, Some(200));

    let acceptance = child.file(&share, HandOffFile::Acceptance).await;
    let draft = parent.services.take_acceptance(&parent.operator, &share, &acceptance).await.unwrap();
    let opened = parent.services.draft(&parent.operator, &draft).await.unwrap();
    assert_eq!((opened.draft.reached, opened.problems), (WizardStep::Review, vec![]));
    let review = parent.services.review(&parent.operator, &draft).await.unwrap();
    let role = review.parent_lane.iter().find(|item| item.key == "parent-role").unwrap();
    assert_eq!(role.detail, "role · trust policy updated");
    let theirs: Vec<_> = review.child_lane.iter().map(|item| (item.change, item.detail.as_str())).collect();
    assert!(
        theirs.iter().all(|(change, words)| *change == Change::Theirs && words.contains("acceptance")),
        "{theirs:?}"
    );
    parent.applied(&draft).await;
    assert!(parent.services.share(&parent.operator, &share).await.unwrap().accepted);
    let trust =
        parent.gateways.iam.role(&"parent".parse().unwrap(), &ROLE.parse().unwrap()).await.unwrap().unwrap().trust;
    assert!(trust.contains(LAMBDA) && trust.contains("user/admin") && !trust.contains(":root"), "{trust}");
    assert_eq!(invoked(&child, &share).await, Some(200), "the call still works");
    assert!(child.verified(&share).await.passed());

    let drift = child.services.drift(&child.operator, &share, Vec::new()).await.unwrap().drift;
    assert_eq!((drift.findings.len(), drift.unknown[0].side), (0, Side::Parent));
    let form = child.services.question_of_share(&child.operator, &share).await.unwrap();
    let found = child.services.diagnose(&child.operator, &form.parse().unwrap(), Default::default()).await.unwrap();
    assert_eq!(found.diagnosis.verdict, domain::doctor::Verdict::Unknown, "{found:#?}");

    for one in [&child, &parent] {
        let undone = one.services.undo(&one.operator, &share, &UndoConsent::default()).await.unwrap();
        one.succeeds(&undone.run.unwrap()).await;
        let refused = one.services.hand_off(&one.operator, &share).await;
        assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
    }
    assert_eq!(world.seen().await, before, "both sides are as before");
}

#[tokio::test]
async fn a_console_that_the_role_does_not_trust_yet_waits_for_the_acceptance() {
    let world = World::new().await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let share = offered(&parent, |answers| {
        answers.callers.scope = "named".into();
        answers.callers.typed = LAMBDA.into();
    })
    .await;
    accepted(&child, &parent.file(&share, HandOffFile::Offer).await).await;
    let early = child.verified(&share).await;
    assert!(early.proofs[0].detail.contains("send the acceptance back"), "{early:#?}");
    assert!(early.proofs.iter().all(|proof| proof.state == ProofState::Skipped), "{early:#?}");
    let shown = child.services.share(&child.operator, &share).await.unwrap();
    assert_eq!((shown.summary.state, shown.not_trusted_yet.len()), (ShareState::Applied, 1));

    let acceptance = child.file(&share, HandOffFile::Acceptance).await;
    let draft = parent.services.take_acceptance(&parent.operator, &share, &acceptance).await.unwrap();
    parent.applied(&draft).await;
    assert!(child.verified(&share).await.passed());
}

#[tokio::test]
async fn an_offer_of_every_endpoint_names_those_there_are_and_any_other_may_be_named() {
    let world = World::new().await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let share = offered(&parent, |answers| answers.endpoints.scope = "all".into()).await;
    let offer = parent.file(&share, HandOffFile::Offer).await;
    let offered = ShareOffer::parse(&offer).unwrap();
    let names = offered.names();
    let known: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
    for name in ["Fraud-Detector-EU", "churn-classifier", "demand-forecast", "echo"] {
        assert!(known.contains(&name), "{name} is not in {known:?}");
    }

    accepted(&child, &offer).await;
    let targets = child.services.targets(&child.operator).await.unwrap();
    assert!(targets.iter().all(|target| target.any_endpoint));
    assert_eq!(targets.iter().filter_map(|t| t.endpoint.as_ref()).map(|n| n.as_str()).collect::<Vec<_>>(), known);
    let verified = child.verified(&share).await;
    let (assume, invoke) = (verified.proofs[0].state, verified.proofs[1].state);
    assert_eq!((assume, invoke), (ProofState::Passed, ProofState::Passed), "{verified:#?}");
    assert_eq!(invoked(&child, &share).await, Some(200));

    let later = child.services.target(&child.operator, &share.clone().into(), " made-tomorrow ").await.unwrap();
    assert_eq!(later.endpoint.unwrap().as_str(), "made-tomorrow");
    let arn = "arn:aws:sagemaker:eu-west-1:111111111111:endpoint/echo";
    let refused = child.services.target(&child.operator, &share.clone().into(), arn).await.unwrap_err();
    let ServiceError::Invalid { problems } = refused else { panic!("{refused:?}") };
    assert_eq!(problems[0].field, "endpoint");
    assert!(problems[0].message.contains(arn), "{}", problems[0].message);
}

#[tokio::test]
async fn a_second_offer_of_the_same_share_changes_what_was_accepted() {
    let world = World::new().await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let share = offered(&parent, |_| {}).await;
    accepted(&child, &parent.file(&share, HandOffFile::Offer).await).await;
    let draft = parent.services.edit_share(&parent.operator, &share).await.unwrap();
    let more = vec![crate::world::endpoint_arn("churn-classifier"), crate::world::endpoint_arn("echo")];
    let endpoints = domain::wizard::EndpointsForm { scope: "named".into(), arns: more };
    parent.save(&draft, StepForm::Endpoints(endpoints)).await;
    parent.applied(&draft).await;
    let again = parent.file(&share, HandOffFile::Offer).await;
    let draft = child.services.open_offer(&child.operator, &again).await.unwrap();
    let opened = child.services.draft(&child.operator, &draft).await.unwrap().draft;
    assert_eq!((opened.callers.arns, opened.child.grant_name), (vec![LAMBDA.to_owned()], "UseTheirModels".to_owned()));
    let review = child.services.review(&child.operator, &draft).await.unwrap();
    assert_eq!((review.to_create, review.to_change), (0, 0), "the child's side stays as it is");
    child.services.apply(&child.operator, &draft, &review.fingerprint).await.unwrap();
    let shown = child.services.share(&child.operator, &share).await.unwrap();
    assert_eq!(shown.summary.endpoints, ["churn-classifier", "echo"]);
}

#[tokio::test]
async fn a_file_that_is_damaged_newer_too_large_or_for_another_account_changes_nothing() {
    let world = World::new().await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let share = offered(&parent, |_| {}).await;
    let offer = parent.file(&share, HandOffFile::Offer).await;
    let parsed = ShareOffer::parse(&offer).unwrap();
    let before = world.seen().await;

    let cut = child.refuses(&offer[..offer.len() / 2]).await;
    assert!(cut.starts_with("the file is cut off") && cut.contains("line"), "{cut}");
    let changed = child.refuses(&offer.replace("3600", "7200")).await;
    assert!(
        changed.starts_with("the file was changed since it was made") && changed.contains("`checksum`"),
        "{changed}"
    );
    let newer = child.refuses(&offer.replace("\"version\": 1", "\"version\": 2")).await;
    assert!(
        newer.starts_with("the file was made by a newer Sagebridge") && newer.contains("sagebridge.version"),
        "{newer}"
    );
    let large = child.refuses(&"x".repeat(100_000)).await;
    assert!(large.contains("100000 bytes"), "{large}");
    assert_eq!(child.refuses("  \n").await, "no file is chosen, and nothing is pasted");
    let elsewhere = ShareOffer { child: "333333333333".parse().unwrap(), ..parsed.clone() };
    assert_eq!(
        child.refuses(&elsewhere.to_file()).await,
        "the offer is for account `333333333333` (at `child_account`), and this console is connected to `222222222222`"
    );
    let own = parent.refuses(&offer).await;
    assert_eq!(own, format!("this console made the offer itself: it is its share `{share}`"));
    assert!(child.services.drafts(&child.operator).await.unwrap().is_empty(), "nothing was kept");
    assert_eq!(world.seen().await, before);

    let callers = [CallerArn::parse(LAMBDA).unwrap()].into();
    let acceptance = parsed.accept(&callers, &"UseTheirModels".parse().unwrap()).unwrap();
    let take = async |text: String| match parent.services.take_acceptance(&parent.operator, &share, &text).await {
        Err(ServiceError::Invalid { problems }) => problems[0].message.clone(),
        other => panic!("{other:?}"),
    };
    let drafts = parent.services.drafts(&parent.operator).await.unwrap();
    assert!(take(offer.clone()).await.starts_with("this is an offer, not an acceptance"));
    let other = ShareAcceptance { share: "another".parse().unwrap(), ..acceptance.clone() };
    assert!(take(other.to_file()).await.starts_with("the acceptance is for share `another`"));
    let damaged = take(acceptance.to_file().replace("scoring-lambda", "scoring-lambdb")).await;
    assert!(damaged.contains("changed since it was made"), "{damaged}");
    assert_eq!(parent.services.drafts(&parent.operator).await.unwrap(), drafts);
    assert_eq!(world.seen().await, before);
}

#[tokio::test]
async fn each_side_hands_out_its_own_files_and_no_other() {
    let world = World::new().await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let share = offered(&parent, |_| {}).await;
    let view = parent.services.hand_off(&parent.operator, &share).await.unwrap();
    assert_eq!((view.own, view.connected), (Side::Parent, false));
    assert_eq!((view.child_programs.len(), view.parent_programs.len()), (3, 3));
    accepted(&child, &view.file.text).await;
    let handed = child.services.hand_off(&child.operator, &share).await.unwrap();
    assert_eq!((handed.own, handed.parent_programs.len()), (Side::Child, 0));
    let acceptance = ShareAcceptance::parse(&handed.file.text).unwrap();
    assert_eq!(acceptance.callers.len(), 2, "the role and the console: {acceptance:?}");
    for (one, file) in [
        (&parent, HandOffFile::Acceptance),
        (&child, HandOffFile::Offer),
        (&child, HandOffFile::Program(Side::Parent, Language::Terraform)),
    ] {
        let none = one.services.hand_off_file(&one.operator, &share, file).await;
        assert!(matches!(none, Err(ServiceError::NotFound { .. })), "{none:?}");
    }
    let program = child.file(&share, HandOffFile::Program(Side::Child, Language::Cli)).await;
    assert!(program.contains("UseTheirModels") && program.contains("scoring-lambda"), "{program}");
}

#[tokio::test]
async fn whoever_deletes_an_accepted_shares_function_is_told_that_the_other_side_still_names_its_role() {
    let world = World::new().await;
    world.control("PUT", "/settings", serde_json::json!({ "function_activation_ms": 0 })).await;
    let (parent, child) = (One::of(&world, "parent").await, One::of(&world, "child").await);
    let offer = parent.file(&offered(&parent, |_| {}).await, HandOffFile::Offer).await;
    let share = accepted(&child, &offer).await;
    let page = async || child.services.test_function(&child.operator, &share, Default::default()).await.unwrap();
    let planned = page().await.planned.unwrap();
    let making = child.services.make_function(&child.operator, &share, planned.form, &planned.fingerprint).await;
    child.succeeds(&making.unwrap()).await;
    let told = |texts: &[String]| texts.iter().any(|text| text.contains("send the new acceptance"));
    let made = page().await.made.unwrap();
    assert!(!told(&made.removal.unwrap().stays), "nobody let it in yet");
    let allow = made.allow.unwrap();
    let allowed = child.services.allow_function(&child.operator, &share, &allow.fingerprint).await.unwrap();
    child.succeeds(&allowed.run.unwrap()).await;

    let removal = page().await.made.unwrap().removal.unwrap();
    assert!(told(&removal.stays), "{:?}", removal.stays);
    let undoing = child.services.undo_plan(&child.operator, &share, &UndoConsent::default()).await.unwrap();
    assert!(!told(&undoing.stays), "the share goes as a whole: {:?}", undoing.stays);
    let run = child.services.delete_function(&child.operator, &share, &removal.fingerprint).await.unwrap();
    child.succeeds(&run).await;
    assert!(told(&page().await.left), "{:?}", page().await.left);
}
