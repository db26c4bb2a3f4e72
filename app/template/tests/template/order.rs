//! What comes before what.

use crate::fake::{deploy, refused};
use template::Template;

fn layers(text: &str, given: &[(&str, &str)]) -> Vec<Vec<String>> {
    let template = Template::parse(text).unwrap();
    deploy(&template, given).unwrap().order().layers().to_vec()
}

#[test]
fn resources_wait_for_what_they_refer_to() {
    let text = "
Resources:
  D: {Type: T, DependsOn: C}
  C: {Type: T, Properties: {P: !Sub ['${x}${A.Arn}', {x: !Ref B}]}}
  B: {Type: T, Properties: {P: {Q: [!GetAtt A.Arn]}}}
  A: {Type: T}
  E: {Type: T, Metadata: {M: !Ref A}}
";
    assert_eq!(layers(text, &[]), [vec!["A"], vec!["B", "E"], vec!["C"], vec!["D"]]);
    let template = Template::parse(text).unwrap();
    let deployment = deploy(&template, &[]).unwrap();
    let order = deployment.order();
    assert_eq!(order.dependencies("C").collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(order.deletion().map(<[String]>::len).collect::<Vec<_>>(), [1, 1, 2, 1]);
    assert_eq!(order.iter().next(), Some("A"));
}

const CONDITIONAL: &str = "
Parameters: {Env: {Type: String, Default: dev}}
Conditions: {Prod: !Equals [!Ref Env, prod], Dev: !Not [!Condition Prod]}
Resources:
  A: {Type: T, Properties: {P: !If [Prod, !Ref B, none]}}
  B: {Type: T, Properties: {P: !If [Dev, !Ref A, none]}}
  C: {Type: T, Condition: Prod}
  D: {Type: T, Properties: {P: !If [Prod, !GetAtt C.Arn, none]}}
";

#[test]
fn only_branches_that_are_taken_count() {
    assert_eq!(layers(CONDITIONAL, &[]), [vec!["A", "D"], vec!["B"]]);
    assert_eq!(layers(CONDITIONAL, &[("Env", "prod")]), [vec!["B", "C"], vec!["A", "D"]]);
}

#[test]
fn a_resource_that_a_condition_leaves_out_cannot_be_referred_to() {
    for (reference, block) in [
        ("Resources:\n  C: {Type: T, Condition: Prod}\n  D: {Type: T, Properties: {P: !Ref C}}\n", "Resources"),
        ("Resources:\n  C: {Type: T, Condition: Prod}\n  D: {Type: T, DependsOn: C}\n", "Resources"),
        (
            "Resources:\n  C: {Type: T, Condition: Prod}\n  D: {Type: T}\nOutputs: {O: {Value: !GetAtt C.Arn}}\n",
            "Outputs",
        ),
    ] {
        let text = format!(
            "Parameters: {{Env: {{Type: String, Default: dev}}}}\nConditions: {{Prod: !Equals [!Ref Env, prod]}}\n{reference}"
        );
        let template = Template::parse(&text).unwrap();
        assert!(deploy(&template, &[("Env", "prod")]).is_ok(), "{text}");
        let message =
            format!("Template format error: Unresolved resource dependencies [C] in the {block} block of the template");
        assert_eq!(deploy(&template, &[]).unwrap_err().message, message, "{text}");
    }
}

#[test]
fn a_cycle_is_named() {
    assert_eq!(
        refused(
            "Resources:\n  A: {Type: T, Properties: {P: !Ref B}}\n  B: {Type: T, DependsOn: A}\n  C: {Type: T, DependsOn: B}\n"
        ),
        "Circular dependency between resources: [A, B]"
    );
    assert_eq!(
        refused("Resources:\n  A: {Type: T, Properties: {P: !GetAtt A.Arn}}\n"),
        "Circular dependency between resources: [A]"
    );
}

#[test]
fn a_cycle_that_takes_a_condition_is_named_when_it_holds() {
    let text = "
Parameters: {Env: {Type: String, Default: dev}}
Conditions: {Prod: !Equals [!Ref Env, prod]}
Resources:
  A: {Type: T, Properties: {P: !If [Prod, !Ref B, none]}}
  B: {Type: T, Properties: {P: !Ref A}}
";
    let template = Template::parse(text).unwrap();
    assert!(deploy(&template, &[]).is_ok());
    assert_eq!(
        deploy(&template, &[("Env", "prod")]).unwrap_err().message,
        "Circular dependency between resources: [A, B]"
    );
}
