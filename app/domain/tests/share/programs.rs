//! Sides of a share as programs: what they look like, and that they make exactly what a plan makes.

use crate::{caller, endpoint, intent};
use domain::arn::CallerArn;
use domain::handoff::ShareOffer;
use domain::names::PolicyName;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ShareIntent};
use domain::share::plan::{Action, plan};
use domain::share::render::{self, Language, Program, child_side, parent_side};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn grant() -> PolicyName {
    intent().grant_name
}

fn callers() -> BTreeSet<CallerArn> {
    [caller("role/service-role/scoring-lambda"), caller("role/batch"), caller("user/analyst")].into()
}

/// A share that needs escaping wherever that is possible: paths may hold nearly everything.
fn awkward() -> ShareIntent {
    let callers = [caller("role/${aws:username}/%{if}/it's\"\\/$(id)/`x`/a"), caller("role/-x=,.@_+")];
    ShareIntent {
        endpoints: EndpointScope::Named([endpoint("a"), endpoint("b")].into()),
        callers: CallerScope::Named(callers.into()),
        actions: InvokeAction::ALL.into(),
        role_name: "-role=,.@+_".parse().unwrap(),
        policy_name: "-policy".parse().unwrap(),
        grant_name: "-grant".parse().unwrap(),
        session_seconds: 43200,
        ..intent()
    }
}

fn child_of(intent: &ShareIntent, callers: &BTreeSet<CallerArn>, language: Language) -> Program {
    child_side(&ShareOffer::of(intent, &[]), &intent.grant_name, callers, language)
}

#[test]
fn the_parents_side_in_each_language() {
    for language in Language::ALL {
        let program = parent_side(&intent(), language);
        insta::assert_snapshot!(format!("parent_{}", language.key()), program.text);
        assert_eq!(program.language, language);
    }
}

#[test]
fn the_childs_side_in_each_language() {
    for language in Language::ALL {
        insta::assert_snapshot!(format!("child_{}", language.key()), child_of(&intent(), &callers(), language).text);
    }
}

#[test]
fn the_childs_side_asks_for_callers_that_are_not_known() {
    for language in Language::ALL {
        insta::assert_snapshot!(
            format!("child_asks_{}", language.key()),
            child_of(&intent(), &BTreeSet::new(), language).text
        );
    }
}

#[test]
fn files_are_called_after_share_side_and_language() {
    let parents: Vec<String> = Language::ALL.map(|l| parent_side(&intent(), l).file_name).into();
    assert_eq!(parents, ["share-1-parent.yaml", "share-1-parent.tf", "share-1-parent.sh"]);
    assert_eq!(child_of(&intent(), &callers(), Language::Cli).file_name, "share-1-child.sh");
    for language in Language::ALL {
        assert_eq!(Language::parse(language.key()), Some(language));
    }
}

/// The blocks `head { … }` of a configuration, by the labels of their heads.
fn hcl(program: &Program) -> hcl::Body {
    hcl::parse(&program.text).unwrap_or_else(|error| panic!("{error}\n{}", program.text))
}

fn attribute(body: &hcl::Body, labels: [&str; 2], key: &str) -> hcl::Expression {
    let block = body.blocks().find(|block| block.labels.iter().map(|label| label.as_str()).eq(labels));
    let attribute = block.unwrap().body.attributes().find(|attribute| attribute.key.as_str() == key);
    attribute.unwrap().expr.clone()
}

/// A text after Terraform's own reading: templates replaced, of which there are to be none.
fn evaluated(expression: &hcl::Expression) -> serde_json::Value {
    use hcl::eval::{Context, Evaluate};
    let inner = match expression {
        hcl::Expression::FuncCall(call) if call.name.name.as_str() == "jsonencode" => call.args[0].clone(),
        other => other.clone(),
    };
    serde_json::to_value(inner.evaluate(&Context::new()).unwrap()).unwrap()
}

#[test]
fn terraform_reads_exactly_the_documents_of_the_share() {
    let odd_role = ShareOffer {
        role: "arn:aws:iam::111111111111:role/${x}/%{y}/\"/r".parse().unwrap(),
        ..ShareOffer::of(&awkward(), &[])
    };
    for intent in [intent(), awkward()] {
        let body = hcl(&parent_side(&intent, Language::Terraform));
        let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let policy = ["aws_iam_policy", "invoke"];
        assert_eq!(evaluated(&attribute(&body, policy, "policy")), json(render::invoke_policy(&intent)));
        assert_eq!(evaluated(&attribute(&body, policy, "name")), intent.policy_name.as_str());
        let role = ["aws_iam_role", "shared"];
        assert_eq!(evaluated(&attribute(&body, role, "assume_role_policy")), json(render::trust_policy(&intent)));
        assert_eq!(evaluated(&attribute(&body, role, "name")), intent.role_name.as_str());
        assert_eq!(evaluated(&attribute(&body, role, "tags")), serde_json::json!({ "sagebridge:share": "share-1" }));
        for offer in [&ShareOffer::of(&intent, &[]), &odd_role] {
            let body = hcl(&child_side(offer, &intent.grant_name, &callers(), Language::Terraform));
            let document = evaluated(&attribute(&body, ["aws_iam_policy", "grant"], "policy"));
            assert_eq!(document, json(render::grant_policy(&offer.role)));
        }
        hcl(&child_of(&intent, &BTreeSet::new(), Language::Terraform));
    }
}

proptest! {
    #[test]
    fn no_path_of_a_role_means_anything_to_terraform(path in "[!-)+->@-~]{1,60}") {
        let role = domain::arn::Arn::parse(&format!("arn:aws:iam::111111111111:role/{path}/r")).unwrap();
        let offer = ShareOffer { role, ..ShareOffer::of(&intent(), &[]) };
        let body = hcl(&child_side(&offer, &grant(), &callers(), Language::Terraform));
        let document = evaluated(&attribute(&body, ["aws_iam_policy", "grant"], "policy"));
        prop_assert_eq!(document, serde_json::from_str::<serde_json::Value>(&render::grant_policy(&offer.role)).unwrap());
    }
}

#[test]
fn a_program_holds_the_names_descriptions_and_tags_that_a_plan_makes() {
    let steps = plan(&intent(), &crate::model::Model::default().inventory(&intent())).plan.steps;
    let mut seen = 0;
    for step in &steps {
        let (name, description) = match &step.action {
            Action::CreatePolicy { name, description, .. } => (name.as_str(), description),
            Action::CreateRole { name, description, .. } => (name.as_str(), description),
            _ => continue,
        };
        seen += 1;
        for language in Language::ALL {
            let program = match step.side {
                domain::share::Side::Parent => parent_side(&intent(), language),
                domain::share::Side::Child => child_of(&intent(), &callers(), language),
            };
            for expected in [name, description, "sagebridge:share", "share-1"] {
                assert!(program.text.contains(expected), "{language:?} lacks {expected}");
            }
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn a_script_holds_each_document_as_it_is_sent() {
    for intent in [intent(), awkward()] {
        let script = parent_side(&intent, Language::Cli).text;
        for document in [render::invoke_policy(&intent), render::trust_policy(&intent)] {
            assert!(script.contains(&format!("<<'JSON'\n{document}\nJSON\n")), "{script}");
        }
    }
    let script = child_of(&intent(), &callers(), Language::Cli).text;
    assert!(script.contains(&render::grant_policy(&intent().role_arn())), "{script}");
    assert_eq!(script.matches("attach-role-policy").count(), 2);
    assert_eq!(script.matches("attach-user-policy").count(), 1);
}
