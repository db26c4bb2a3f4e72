//! Whatever was there before and whatever is asked for: planning again finds nothing, and undoing finds the way back.

use crate::model::{Model, Policy, Role};
use crate::{caller, endpoint, intent};
use domain::names::ExternalId;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::plan::{plan, undo};
use domain::share::render;
use proptest::prelude::*;

const OTHER: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const OTHER_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn intents() -> impl Strategy<Value = ShareIntent> {
    let actions = prop::sample::subsequence(InvokeAction::ALL.to_vec(), 1..=3);
    let callers = prop::option::of(prop::sample::subsequence(vec!["role/a", "role/b", "user/a", "role/p/c"], 1..=4));
    let endpoints = prop::option::of(prop::sample::subsequence(vec!["a", "b", "c"], 1..=3));
    let grantees = prop::sample::subsequence(vec!["role/a", "role/b", "user/a"], 0..=3);
    (actions, callers, endpoints, grantees, any::<bool>(), 1u32..=12, any::<bool>()).prop_map(
        |(actions, callers, endpoints, grantees, external, hours, connected)| ShareIntent {
            actions: actions.into_iter().collect(),
            callers: callers
                .map_or(CallerScope::WholeAccount, |c| CallerScope::Named(c.into_iter().map(caller).collect())),
            endpoints: endpoints
                .map_or(EndpointScope::All, |e| EndpointScope::Named(e.into_iter().map(endpoint).collect())),
            grantees: grantees.into_iter().map(caller).collect(),
            external_id: external.then(|| ExternalId::parse("x-1").unwrap()),
            session_seconds: hours * 3600,
            child_connection: connected.then(|| "child".parse().unwrap()),
            adopt: true,
            ..intent()
        },
    )
}

/// What may be in the way: nothing, or a policy with some versions, the last of them in force, with a stranger's tag.
fn policies() -> impl Strategy<Value = Option<(usize, bool, bool)>> {
    prop::option::of((1usize..=5, any::<bool>(), any::<bool>()))
}

fn world(
    intent: &ShareIntent,
    policy: Option<(usize, bool, bool)>,
    grant: Option<(usize, bool, bool)>,
    role: Option<(bool, bool, bool)>,
) -> Model {
    let mut model = Model::default();
    let tags =
        |foreign: bool| if foreign { vec![("sagebridge:share", "lost"), ("team", "x")] } else { vec![("team", "x")] };
    for (arn, wanted, found) in [
        (intent.policy_arn(), render::invoke_policy(intent), policy),
        (intent.grant_arn(), render::grant_policy(&intent.role_arn()), grant),
    ] {
        if let Some((versions, same, foreign)) = found {
            let mut documents = vec![OTHER; versions];
            if same {
                *documents.last_mut().unwrap() = &wanted;
            }
            model.policies.insert(arn.to_string(), Policy::of(&documents, &tags(foreign)));
        }
    }
    if let Some((same, foreign, attached)) = role {
        let trust = if same { render::trust_policy(intent) } else { OTHER_TRUST.into() };
        model.roles.insert(intent.role_name.to_string(), Role::of(&trust, 7200, &tags(foreign)));
        if attached && policy.is_some() {
            let holder = domain::arn::CallerArn::parse(intent.role_arn().as_str()).unwrap();
            model.attached.insert((holder, intent.policy_arn().to_string()));
        }
    }
    model
}

/// What has to be as before: versions that made room do not come back, their text does.
fn settled(model: &Model, exact: bool) -> String {
    let policies: Vec<_> = model
        .policies
        .iter()
        .map(|(arn, p)| {
            let (document, versions, tags) = p.settled();
            (arn.clone(), document, exact.then_some(versions), tags)
        })
        .collect();
    format!("{policies:#?} {:#?} {:#?}", model.roles, model.attached)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn planning_again_after_success_is_empty(
        intent in intents(), policy in policies(), grant in policies(), role in prop::option::of(any::<(bool, bool, bool)>())
    ) {
        let mut model = world(&intent, policy, grant, role);
        let planned = plan(&intent, &model.inventory(&intent));
        prop_assert!(planned.conflicts.is_empty());
        model.execute(&planned.plan);
        let again = plan(&intent, &model.inventory(&intent));
        prop_assert_eq!(again.plan.steps, vec![]);
    }

    #[test]
    fn undoing_runs_that_stopped_anywhere_leads_back(
        intent in intents(), changed in intents(), policy in policies(), grant in policies(),
        role in prop::option::of(any::<(bool, bool, bool)>()), first in 0usize..12, second in 0usize..12
    ) {
        let changed = ShareIntent { child_connection: intent.child_connection.clone(), ..changed };
        let mut model = world(&intent, policy, grant, role);
        let full = |p: &Option<(usize, bool, bool)>| p.is_some_and(|(versions, ..)| versions + 2 > 5);
        let exact = !full(&policy) && !full(&grant);
        let before = settled(&model, exact);
        let runs = [
            { let p = plan(&intent, &model.inventory(&intent)).plan; model.execute_some(&p, first) },
            { let p = plan(&changed, &model.inventory(&changed)).plan; model.execute_some(&p, second) },
        ];
        let back = undo(&changed, &runs, &model.inventory(&changed));
        model.execute(&back);
        prop_assert_eq!(settled(&model, exact), before);
        let again = undo(&changed, &runs, &model.inventory(&changed));
        prop_assert_eq!(again.steps, vec![]);
    }

    #[test]
    fn an_undo_that_stopped_anywhere_is_finished_by_the_next(intent in intents(), policy in policies(), stop in 0usize..12) {
        let mut model = world(&intent, policy, None, None);
        let exact = policy.is_none_or(|(versions, ..)| versions + 2 <= 5);
        let before = settled(&model, exact);
        let planned = plan(&intent, &model.inventory(&intent)).plan;
        let runs = [model.execute(&planned)];
        let back = undo(&intent, &runs, &model.inventory(&intent));
        model.execute_some(&back, stop);
        let rest = undo(&intent, &runs, &model.inventory(&intent));
        model.execute(&rest);
        prop_assert_eq!(settled(&model, exact), before);
    }

    #[test]
    fn without_consent_nothing_that_others_made_is_touched(
        intent in intents(), policy in policies(), grant in policies(), role in prop::option::of(any::<(bool, bool, bool)>())
    ) {
        let intent = ShareIntent { adopt: false, ..intent };
        let model = world(&intent, policy, grant, role);
        let planned = plan(&intent, &model.inventory(&intent));
        let mut after = model.clone();
        after.execute(&planned.plan);
        for (arn, before) in &model.policies {
            prop_assert_eq!(&after.policies[arn], before);
        }
        prop_assert_eq!(&after.roles.get(intent.role_name.as_str()).cloned().filter(|_| role.is_some()), &model.roles.get(intent.role_name.as_str()).cloned());
        let expected = usize::from(policy.is_some()) + usize::from(role.is_some())
            + usize::from(grant.is_some() && intent.child_connection.is_some());
        prop_assert_eq!(planned.conflicts.len(), expected);
    }
}
