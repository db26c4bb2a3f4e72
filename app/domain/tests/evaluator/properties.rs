//! What holds whatever the policies say.

use crate::{generate, naive};
use domain::evaluate::{Decision, NamedPolicy, Request, Scenario, decide, explain};
use domain::policy::{PolicyDocument, Statement, same_meaning};
use proptest::prelude::*;

fn decided(scenario: &Scenario) -> Decision {
    decide(&scenario.request, &scenario.policies())
}

/// Every document of a scenario.
fn documents(scenario: &mut Scenario) -> Vec<&mut PolicyDocument> {
    let levels = scenario.service_control.iter_mut().chain(scenario.resource_control.iter_mut()).flatten().flatten();
    let lists = scenario.boundaries.iter_mut().chain(scenario.session.iter_mut()).flatten();
    scenario
        .identity
        .iter_mut()
        .chain(scenario.resource.iter_mut())
        .chain(lists)
        .chain(levels)
        .map(|policy: &mut NamedPolicy| &mut policy.document)
        .collect()
}

fn read(scenario: &serde_json::Value) -> Scenario {
    Scenario::parse(scenario).unwrap()
}

fn statement_of(value: serde_json::Value) -> Statement {
    serde_json::from_value(value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_second_evaluator_agrees(scenario in generate::scenario()) {
        prop_assert_eq!(format!("{:?}", decided(&read(&scenario))), naive::decide(&scenario));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_explanation_gives_the_same_decision_and_names_its_reason(scenario in generate::scenario()) {
        let scenario = read(&scenario);
        let explanation = explain(&scenario.request, &scenario.policies());
        prop_assert_eq!(explanation.decision, decided(&scenario));
        for one in &explanation.statements {
            prop_assert_eq!(one.matches, one.elements.iter().all(|element| element.matches), "{}", one.name());
        }
        let blocked = explanation.layers.iter().any(|layer| layer.blocks);
        let by_caller = explanation.decided_by == domain::evaluate::Layer::Caller;
        prop_assert_eq!(blocked || by_caller && explanation.decision != Decision::Allowed, explanation.decision != Decision::Allowed);
        let text = explanation.sentence();
        prop_assert!(!text.ends_with('.') && !text.contains("  "), "{}", text);
        let json = serde_json::to_string(&explanation).unwrap();
        prop_assert_eq!(serde_json::from_str::<domain::evaluate::Explanation>(&json).unwrap(), explanation);
    }

    #[test]
    fn adding_a_deny_never_allows(scenario in generate::scenario(), denial in generate::statement(true), at in any::<prop::sample::Index>()) {
        let mut scenario = read(&scenario);
        let before = decided(&scenario);
        let mut denial = statement_of(denial);
        denial.effect = domain::policy::Effect::Deny;
        let mut documents = documents(&mut scenario);
        prop_assume!(!documents.is_empty());
        let slot = at.index(documents.len());
        documents[slot].statements.push(denial);
        let after = decided(&scenario);
        prop_assert!(after == before || after == Decision::ExplicitlyDenied, "{:?} became {:?}", before, after);
    }

    #[test]
    fn removing_a_statement_never_turns_an_implicit_deny_into_an_allow(scenario in generate::scenario(), at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>()) {
        let mut scenario = read(&scenario);
        let before = decided(&scenario);
        let mut documents = documents(&mut scenario);
        prop_assume!(!documents.is_empty());
        let slot = at.index(documents.len());
        let statements = &mut documents[slot].statements;
        statements.remove(which.index(statements.len()));
        if before == Decision::ImplicitlyDenied {
            prop_assert_eq!(decided(&scenario), Decision::ImplicitlyDenied);
        }
    }

    #[test]
    fn the_order_of_statements_and_policies_makes_no_difference(scenario in generate::scenario()) {
        let mut scenario = read(&scenario);
        let before = decided(&scenario);
        for document in documents(&mut scenario) {
            document.statements.reverse();
        }
        scenario.identity.reverse();
        prop_assert_eq!(decided(&scenario), before);
    }

    #[test]
    fn what_is_printed_parses_to_the_same_document(document in generate::document(true)) {
        let parsed = PolicyDocument::parse_value(&document).unwrap();
        let printed = parsed.pretty();
        prop_assert_eq!(&PolicyDocument::parse(&printed).unwrap(), &parsed);
        prop_assert_eq!(&PolicyDocument::parse_value(&parsed.to_value()).unwrap(), &parsed);
        prop_assert!(same_meaning(&printed, &document.to_string()));
        let mut reversed = parsed.clone();
        reversed.statements.reverse();
        prop_assert!(same_meaning(&printed, &reversed.pretty()));
    }

    #[test]
    fn no_request_makes_the_evaluator_panic(
        scenario in generate::scenario(),
        action in ".{0,20}",
        resource in "(arn:)?[a-z:*?${}',é]{0,30}",
        key in "(aws:|sts:)?[a-zA-Z]{0,8}",
        value in ".{0,20}",
    ) {
        let mut scenario = read(&scenario);
        scenario.request = Request { action, resource, ..scenario.request };
        scenario.request.context = scenario.request.context.with(&key, value);
        let explanation = explain(&scenario.request, &scenario.policies());
        prop_assert_eq!(explanation.decision, decided(&scenario));
        prop_assert!(!explanation.details().join("\n").is_empty() || explanation.statements.is_empty());
    }
}
