//! Import: shares found by their tags are the shares that were made, and roles of their shape are recognised.

use crate::model::{Model, Policy, Role, owned};
use crate::{CHILD, PARENT, caller, endpoint, intent};
use domain::arn::{Arn, CallerArn};
use domain::names::ExternalId;
use domain::share::import::{
    AdoptParams, Effect, ImportCandidate, Imported, SearchedAccount, WhyNot, opens_outward, recognise, tagged,
};
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::inventory::{ObservedPolicy, ObservedRole, ObservedVersion};
use domain::share::plan::{PastRun, dry_run, plan, undo};
use domain::share::rotate;
use domain::time::Timestamp;
use proptest::prelude::*;

/// Both accounts as searched; the child only when it is connected.
fn searched(model: &Model, intent: &ShareIntent) -> Vec<SearchedAccount> {
    let of = |account: &str, connection: &str, policy: Arn| SearchedAccount {
        account: account.parse().unwrap(),
        connection: connection.parse().unwrap(),
        console: None,
        roles: Vec::new(),
        policies: model.policy(&policy).into_iter().collect(),
        callers: vec![caller("role/p/c"), caller("user/a")],
    };
    let mut parent = of(PARENT, "parent", intent.policy_arn());
    parent.roles.extend(model.role(intent));
    let child = of(CHILD, "child", intent.grant_arn());
    if intent.child_connection.is_some() { vec![child, parent] } else { vec![parent] }
}

fn found(accounts: &[SearchedAccount]) -> Result<Imported, WhyNot> {
    let mut all = tagged(accounts, &Default::default());
    assert_eq!(all.len(), 1);
    let one = all.remove(0);
    assert_eq!(one.view().share.as_str(), "share-1");
    one.found
}

fn applied(intent: &ShareIntent) -> Model {
    let mut model = Model::default();
    model.execute(&plan(intent, &model.inventory(intent)).plan);
    model
}

#[test]
fn a_share_is_rebuilt_from_its_tags_as_it_was_asked_for() {
    let model = applied(&intent());
    let imported = found(&searched(&model, &intent())).unwrap();
    assert_eq!(imported.intent, intent());
    assert_eq!(imported.guesses, [] as [&str; 0]);
}

#[test]
fn what_a_share_opens_in_s3_is_rebuilt_too_and_is_no_part_of_a_role_without_its_tag() {
    let at = |text: &str| domain::s3::Location::parse(text).unwrap();
    let later = ShareIntent {
        actions: [InvokeAction::Invoke, InvokeAction::Async].into(),
        results: [at("s3://results/out"), at("s3://results/failed"), at("s3://whole-bucket")].into(),
        ..intent()
    };
    let model = applied(&later);
    assert_eq!(found(&searched(&model, &later)).unwrap().intent, later);
    let mut role = model.role(&later).unwrap();
    role.tags.clear();
    let mut policy = model.policy(&later.policy_arn()).unwrap();
    policy.tags.clear();
    let refused = recognise(&role, &[policy]);
    assert!(matches!(&refused, Err(WhyNot::OtherAction { action, .. }) if action == "s3:GetObject"), "{refused:?}");
}

#[test]
fn a_share_this_console_knows_is_no_find() {
    let model = applied(&intent());
    assert_eq!(tagged(&searched(&model, &intent()), &[intent().id].into()), []);
}

#[test]
fn the_childs_policy_is_known_by_name_when_the_child_is_out_of_sight() {
    let by_hand = ShareIntent { child_connection: None, ..intent() };
    let model = applied(&by_hand);
    let imported = found(&searched(&model, &by_hand)).unwrap();
    assert_eq!(imported.intent, ShareIntent { grantees: Default::default(), ..by_hand.clone() });
    let told = "Account 222222222222 is not connected: who has the permission there can't be told.";
    assert_eq!(imported.guesses, [told]);

    let mut older = model;
    older.roles.get_mut("SageMakerExternal").unwrap().description =
        "Assumed to invoke shared endpoints (Sagebridge share share-1)".into();
    let imported = found(&searched(&older, &by_hand)).unwrap();
    assert_eq!(imported.intent.grant_name, intent().grant_name);
    assert!(imported.guesses[0].starts_with("What the child's policy is called can't be told"));
}

#[test]
fn a_holders_path_comes_from_the_trust_policy_or_the_accounts_list_or_is_guessed() {
    let holders = [caller("role/p/c"), caller("role/q/named"), caller("role/r/unknown")];
    let share = ShareIntent {
        callers: CallerScope::Named([caller("role/q/named")].into()),
        grantees: holders.into(),
        ..intent()
    };
    let imported = found(&searched(&applied(&share), &share)).unwrap();
    let expected = [caller("role/p/c"), caller("role/q/named"), caller("role/unknown")];
    assert_eq!(imported.intent.grantees, expected.into());
    assert_eq!(imported.guesses, ["The path of role `unknown` can't be told: none is assumed."]);
}

#[test]
fn the_console_is_known_again() {
    let share = ShareIntent {
        callers: CallerScope::Named([caller("role/scoring-lambda"), caller("user/admin")].into()),
        console: Some(caller("user/admin")),
        ..intent()
    };
    let mut accounts = searched(&applied(&share), &share);
    accounts[0].console = Some(caller("user/admin"));
    assert_eq!(found(&accounts).unwrap().intent, share);
}

#[test]
fn an_imported_share_can_be_undone_and_gives_back_what_was_taken_over() {
    let adopting = ShareIntent { adopt: true, ..intent() };
    let mut model = Model::default();
    let before = Role::of(&domain::share::render::trust_policy(&intent()), 3600, &[("team", "x")]);
    model.roles.insert("SageMakerExternal".into(), before);
    model.execute(&plan(&adopting, &model.inventory(&adopting)).plan);
    let imported = found(&searched(&model, &adopting)).unwrap();
    let back = undo(&imported.intent, &[imported.journal], &model.inventory(&imported.intent));
    model.execute(&back);
    assert_eq!((model.policies.len(), model.attached.len()), (0, 0));
    assert_eq!(model.roles["SageMakerExternal"].tags, owned(&[("team", "x")]));
}

#[test]
fn an_account_with_two_connections_is_one_account() {
    let model = applied(&intent());
    let mut accounts = searched(&model, &intent());
    let again = SearchedAccount { connection: "second".parse().unwrap(), ..accounts[1].clone() };
    accounts.push(again);
    assert_eq!(found(&accounts).unwrap().intent, intent());
}

#[test]
fn what_cant_be_rebuilt_says_why() {
    let broken = |change: &dyn Fn(&mut Vec<SearchedAccount>)| {
        let mut accounts = searched(&applied(&intent()), &intent());
        change(&mut accounts);
        found(&accounts).unwrap_err().to_string()
    };
    let all = [
        broken(&|a| a[1].roles.clear()),
        broken(&|a| {
            let copy =
                ObservedRole { arn: "arn:aws:iam::111111111111:role/Copy".parse().unwrap(), ..a[1].roles[0].clone() };
            a[1].roles.push(copy);
        }),
        broken(&|a| a[1].policies.clear()),
        broken(&|a| {
            a[1].roles[0].trust =
                a[1].roles[0].trust.replace("arn:aws:iam::222222222222:role/scoring-lambda", "AROAGONEGONEGONE0001")
        }),
        broken(&|a| a[1].policies[0].document = "{".into()),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_caller_that_is_only_an_id_is_left_out_and_told() {
    let two = ShareIntent {
        callers: CallerScope::Named([caller("role/scoring-lambda"), caller("user/analyst")].into()),
        ..intent()
    };
    let mut model = applied(&two);
    model.bury(&caller("user/analyst"));
    let imported = found(&searched(&model, &two)).unwrap();
    assert_eq!(imported.intent.callers, intent().callers);
    assert_eq!(imported.guesses, ["Who `AIDABURIED0000000001` was can't be told: it is left out of the callers."]);
}

fn shares() -> impl Strategy<Value = ShareIntent> {
    let actions = prop::sample::subsequence(InvokeAction::ALL.to_vec(), 1..=3);
    let callers = prop::option::of(prop::sample::subsequence(vec!["role/a", "role/b", "user/a", "role/p/c"], 1..=4));
    let endpoints = prop::option::of(prop::sample::subsequence(vec!["a", "b", "c"], 1..=3));
    let grantees = prop::sample::subsequence(vec!["role/a", "role/p/c", "user/a"], 0..=3);
    (actions, callers, endpoints, grantees, 0u8..3, 1u32..=12, 0i64..2_000_000_000_000).prop_map(
        |(actions, callers, endpoints, grantees, ids, hours, since)| {
            let share = ShareIntent {
                actions: actions.into_iter().collect(),
                callers: callers
                    .map_or(CallerScope::WholeAccount, |c| CallerScope::Named(c.into_iter().map(caller).collect())),
                endpoints: endpoints
                    .map_or(EndpointScope::All, |e| EndpointScope::Named(e.into_iter().map(endpoint).collect())),
                grantees: grantees.into_iter().map(caller).collect(),
                external_id: (ids > 0).then(|| ExternalId::parse("x-1").unwrap()),
                session_seconds: hours * 3600,
                ..intent()
            };
            let new = ExternalId::parse("a-second").unwrap();
            if ids == 2 { rotate::widen(&share, &new, Timestamp(since)).unwrap() } else { share }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn import_gives_back_exactly_what_was_applied(share in shares()) {
        let mut model = applied(&share);
        let imported = found(&searched(&model, &share)).unwrap();
        // Streaming brings invoking along: the two can't be told apart, nor do they differ.
        let mut expected = share.clone();
        if expected.actions.contains(&InvokeAction::Stream) {
            expected.actions.insert(InvokeAction::Invoke);
        }
        prop_assert_eq!(&imported.intent, &expected);
        let inventory = model.inventory(&imported.intent);
        prop_assert_eq!(plan(&imported.intent, &inventory).plan.steps, vec![]);
        let runs: [PastRun; 1] = [imported.journal];
        let dry = dry_run(&imported.intent, &runs, &inventory, &Default::default());
        prop_assert!(dry.ready() && dry.blockers.is_empty());
        model.execute(&dry.plan);
        prop_assert_eq!((model.roles.len(), model.policies.len(), model.attached.len()), (0, 0, 0));
    }
}

const SEED_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole","Condition":{}}]}"#;

fn trust(principal: &str, rest: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"{rest}}}]}}"#
    )
}

fn allow(actions: &str, resources: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":{actions},"Resource":{resources}}}]}}"#
    )
}

fn role(trust: &str) -> ObservedRole {
    ObservedRole {
        arn: "arn:aws:iam::111111111111:role/SagemakerExternal".parse().unwrap(),
        unique_id: "AROAEXAMPLEEXAMPLE01".into(),
        trust: trust.into(),
        max_session_seconds: 3600,
        description: String::new(),
        attached: vec!["arn:aws:iam::111111111111:policy/InvokeEndpoint".parse().unwrap()],
        inline: Vec::new(),
        boundary: None,
        tags: Default::default(),
    }
}

fn policy(document: &str) -> ObservedPolicy {
    ObservedPolicy {
        bounding: Vec::new(),
        arn: "arn:aws:iam::111111111111:policy/InvokeEndpoint".parse().unwrap(),
        document: document.into(),
        versions: vec![ObservedVersion { id: "v1".into(), is_default: true, created: None }],
        tags: Default::default(),
        attached_roles: vec!["SagemakerExternal".into()],
        attached_users: Vec::new(),
        attached_groups: Vec::new(),
        description: String::new(),
    }
}

const ONE: &str = r#""arn:aws:sagemaker:eu-west-1:111111111111:endpoint/churn-classifier""#;
const INVOKE: &str = r#""sagemaker:InvokeEndpoint""#;

fn candidate(trust: &str, document: &str) -> ImportCandidate {
    recognise(&role(trust), &[policy(document)]).unwrap()
}

fn params() -> AdoptParams {
    AdoptParams {
        id: "share-9".parse().unwrap(),
        parent_connection: "parent".parse().unwrap(),
        child_connection: Some("child".parse().unwrap()),
        grant_name: intent().grant_name,
        grantees: [caller("role/scoring-lambda")].into(),
        console: Some(caller("user/admin")),
    }
}

/// The candidate in a world where it can be taken over.
fn world(trust: &str, document: &str) -> Model {
    let mut model = Model::default();
    model.roles.insert("SagemakerExternal".into(), Role::of(trust, 3600, &[]));
    let arn = "arn:aws:iam::111111111111:policy/InvokeEndpoint";
    model.policies.insert(arn.into(), Policy::of(&[document], &[]));
    let holder = CallerArn::parse("arn:aws:iam::111111111111:role/SagemakerExternal").unwrap();
    model.attached.insert((holder, arn.into()));
    model
}

#[test]
fn the_role_of_the_well_known_guide_is_recognised() {
    let all = r#"["arn:aws:sagemaker:eu-west-1:111111111111:endpoint/*"]"#;
    let found = candidate(SEED_TRUST, &allow(r#"["sagemaker:InvokeEndpoint"]"#, all));
    assert_eq!(
        (found.child.as_str(), &found.callers, &found.endpoints),
        (CHILD, &CallerScope::WholeAccount, &EndpointScope::All)
    );
    assert_eq!(found.external_id, None);
    assert_eq!(
        found.changes(),
        [
            "`SagemakerExternal` and `InvokeEndpoint` are tagged as a share's.",
            "The trust policy is put in the console's words; who may assume the role stays.",
            "Policy `InvokeEndpoint` is put in the console's words; what it allows stays.",
        ]
    );
    assert_eq!(found.policy.unwrap().effect, Effect::Same);
}

#[test]
fn adopting_a_candidate_does_what_it_said_and_undoing_gives_the_role_back() {
    let trust = trust(
        r#"{"AWS":["arn:aws:iam::222222222222:role/scoring-lambda","arn:aws:iam::222222222222:user/analyst"]}"#,
        r#","Condition":{"StringLike":{"sts:externalid":"an-id"}}"#,
    );
    let document = allow(INVOKE, ONE);
    let found = candidate(&trust, &document);
    assert_eq!(found.external_id, Some(ExternalId::parse("an-id").unwrap()));
    let share = found.intent(params());
    assert_eq!(share.console, None, "the trust policy does not name the console");
    let mut model = world(&trust, &document);
    let before = model.clone();
    let planned = plan(&share, &model.inventory(&share));
    assert_eq!(planned.conflicts, []);
    let run = model.execute(&planned.plan);
    assert_eq!(plan(&share, &model.inventory(&share)).plan.steps, []);
    model.execute(&undo(&share, &[run], &model.inventory(&share)));
    assert_eq!((&model.roles, &model.attached), (&before.roles, &before.attached));
}

#[test]
fn a_role_in_the_consoles_own_words_needs_tags_only() {
    let share = ShareIntent { role_name: "SagemakerExternal".parse().unwrap(), ..intent() };
    let (trust, document) = (domain::share::render::trust_policy(&share), domain::share::render::invoke_policy(&share));
    let found = candidate(&trust, &document);
    assert!(found.tags_only());
    let model = world(&trust, &document);
    let share = found.intent(AdoptParams { child_connection: None, ..params() });
    let steps: Vec<_> = plan(&share, &model.inventory(&share)).plan.steps.into_iter().map(|s| s.id).collect();
    assert_eq!(steps, ["parent-policy-tag", "parent-role-tag"]);
}

#[test]
fn what_adopting_changes_is_told_by_its_effect() {
    let plain = trust(r#"{"AWS":"222222222222"}"#, "");
    let effect =
        |actions: &str, resources: &str| candidate(&plain, &allow(actions, resources)).policy.map(|p| p.effect);
    let capitals = r#""arn:aws:sagemaker:eu-west-1:111111111111:endpoint/Churn-Classifier""#;
    assert_eq!(effect(INVOKE, capitals), Some(Effect::Different));
    assert_eq!(effect(r#""sagemaker:InvokeEndpointWithResponseStream""#, ONE), Some(Effect::Wider));
    // It would cover actions to come.
    assert_eq!(effect(r#""sagemaker:InvokeEndpoint*""#, ONE), Some(Effect::Narrower));
    let both = r#"["arn:aws:sagemaker:eu-west-1:111111111111:endpoint/*","#.to_owned() + ONE + "]";
    assert_eq!(effect(INVOKE, &both), Some(Effect::Same));
    let marking = plain.replace("\"sts:AssumeRole\"", r#"["sts:AssumeRole","sts:TagSession"]"#);
    let found = candidate(&marking, &allow(INVOKE, ONE));
    assert_eq!(found.trust.unwrap().effect, Effect::Narrower);
    let orphaned = trust(r#"{"AWS":["AROAGONEGONEGONE0001","arn:aws:iam::222222222222:role/a"]}"#, "");
    let found = candidate(&orphaned, &allow(INVOKE, ONE));
    assert_eq!(found.orphans, ["AROAGONEGONEGONE0001"]);
    assert!(found.trust.unwrap().sentence.contains("who was deleted"));
}

#[test]
fn what_else_a_role_has_is_told_and_stays() {
    let mut more = role(SEED_TRUST);
    more.attached.push("arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess".parse().unwrap());
    more.inline.push("logs".parse().unwrap());
    let found = recognise(&more, &[policy(&allow(INVOKE, ONE))]).unwrap();
    assert_eq!(found.extras, ["CloudWatchReadOnlyAccess", "logs"]);
    assert!(found.changes().last().unwrap().contains("`CloudWatchReadOnlyAccess`, `logs`"));
}

#[test]
fn roles_of_another_shape_are_refused_with_the_reason() {
    let document = allow(INVOKE, ONE);
    let trusts = |principal: &str, rest: &str| why(&role(&trust(principal, rest)), &document);
    let policies = |actions: &str, resources: &str| why(&role(SEED_TRUST), &allow(actions, resources));
    let root = r#"{"AWS":"arn:aws:iam::222222222222:root"}"#;
    let with = |change: &dyn Fn(&mut ObservedRole)| {
        let mut role = role(SEED_TRUST);
        change(&mut role);
        why(&role, &document)
    };
    let mut tagged = policy(&document);
    tagged.tags = owned(&[("sagebridge:share", "share-7")]);
    let mut second = policy(&document);
    second.arn = "arn:aws:iam::111111111111:policy/Second".parse().unwrap();
    let mut both = role(SEED_TRUST);
    both.attached.push(second.arn.clone());
    let all = [
        with(&|r| r.tags = owned(&[("sagebridge:share", "share-7")])),
        with(&|r| r.arn = "arn:aws:iam::111111111111:role/service/SagemakerExternal".parse().unwrap()),
        with(&|r| r.trust = "{".into()),
        with(&|r| {
            r.attached.clear();
            r.inline = vec!["invoke".parse().unwrap()];
        }),
        with(&|r| r.attached.clear()),
        trusts(r#"{"Service":"lambda.amazonaws.com"}"#, ""),
        trusts(r#""*""#, ""),
        trusts(r#"{"AWS":"arn:aws:iam::111111111111:root"}"#, ""),
        trusts(r#"{"AWS":["222222222222","333333333333"]}"#, ""),
        trusts(r#"{"AWS":"AROAGONEGONEGONE0001"}"#, ""),
        trusts(r#"{"AWS":"arn:aws:sts::222222222222:assumed-role/a/b"}"#, ""),
        trusts(root, r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
        trusts(root, r#","Condition":{"StringEquals":{"sts:ExternalId":["one","two"]}}"#),
        trusts(root, r#","Condition":{"StringEquals":{"sts:ExternalId":"not an id"}}"#),
        why(&role(&SEED_TRUST.replace("Allow", "Deny")), &document),
        policies(r#""sagemaker:*""#, ONE),
        policies(INVOKE, r#""*""#),
        policies(INVOKE, r#""arn:aws:sagemaker:eu-west-1:111111111111:endpoint/prod-*""#),
        policies(INVOKE, &format!(r#"[{ONE},"arn:aws:sagemaker:us-east-1:111111111111:endpoint/b"]"#)),
        why(&role(SEED_TRUST), &document.replace("\"Allow\"", "\"Deny\"")),
        why(&role(SEED_TRUST), &uneven()),
        refusal(recognise(&role(SEED_TRUST), &[tagged])),
        refusal(recognise(&both, &[policy(&document), second])),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

fn uneven() -> String {
    r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"arn:aws:sagemaker:eu-west-1:111111111111:endpoint/a"},
        {"Effect":"Allow","Action":"sagemaker:InvokeEndpointAsync","Resource":"arn:aws:sagemaker:eu-west-1:111111111111:endpoint/b"}
    ]}"#
    .into()
}

fn why(role: &ObservedRole, document: &str) -> String {
    refusal(recognise(role, &[policy(document)]))
}

fn refusal(result: Result<ImportCandidate, WhyNot>) -> String {
    let why = result.unwrap_err();
    format!("{why} → {}", why.hint())
}

#[test]
fn only_a_role_that_lets_others_in_is_looked_at_closely() {
    let own = PARENT.parse().unwrap();
    for (principal, outward) in [
        (format!(r#"{{"AWS":"{CHILD}"}}"#), true),
        (format!(r#"{{"AWS":["arn:aws:iam::{PARENT}:role/a","arn:aws:iam::{CHILD}:role/b"]}}"#), true),
        (r#""*""#.into(), true),
        (r#"{"AWS":"AROAEXAMPLEEXAMPLE123"}"#.into(), true),
        (format!(r#"{{"AWS":"arn:aws:iam::{PARENT}:root"}}"#), false),
        (r#"{"Service":"lambda.amazonaws.com"}"#.into(), false),
        (r#"{"Federated":"arn:aws:iam::111111111111:saml-provider/a"}"#.into(), false),
    ] {
        assert_eq!(opens_outward(&trust(&principal, ""), &own), outward, "{principal}");
    }
    assert!(!opens_outward("no policy", &own));
}
