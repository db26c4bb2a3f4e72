#![allow(clippy::unwrap_used)]

use super::*;
use crate::pipeline::intent::Source;
use crate::pipeline::stacks::tests::{intent, repository};

fn faults(intent: &PipelineIntent, predicted: &Predicted) -> Vec<String> {
    let matrix = Matrix::of(intent, predicted);
    let said = |(row, column, cell): (&Row, &Column, Cell)| {
        let what = if cell.needed { "lacks" } else { "has too much" };
        format!("{} {what}: {} ({} on {})", row.role, column.label, column.action, column.resource)
    };
    matrix.faults().map(said).collect()
}

#[test]
fn what_is_needed_is_allowed_and_nothing_else() {
    for intent in [repository(), intent(Source::Bucket)] {
        let predicted = Predicted::of(&intent).unwrap();
        assert_eq!(faults(&intent, &predicted), Vec::<String>::new());
        assert_eq!(predicted.roles.len(), 10);
    }
}

#[test]
fn every_statement_of_the_roles_is_needed_for_something() {
    let intent = repository();
    let predicted = Predicted::of(&intent).unwrap();
    // What no question is about: logs, metrics and images are AWS's own business.
    let untold = ["Logs", "Metrics", "Image", "ImageLogin", "JobEnds", "Follow", "Alarms", "Bucket"];
    for (name, role) in &predicted.roles {
        for (at, policy) in role.policies.iter().enumerate() {
            for statement in 0..policy.document.statements.len() {
                let sid = policy.document.statements[statement].sid.clone().unwrap_or_default();
                if untold.contains(&sid.as_str()) {
                    continue;
                }
                let mut without = predicted.clone();
                without.roles.get_mut(name).unwrap().policies[at].document.statements.remove(statement);
                assert!(!faults(&intent, &without).is_empty(), "{name}: {sid}");
            }
        }
    }
}

#[test]
fn every_statement_of_key_and_bucket_is_needed_for_something() {
    let intent = repository();
    let predicted = Predicted::of(&intent).unwrap();
    // What the administrator needs no role's row shows.
    let others = ["Administer", "Upload"];
    let policies: [fn(&mut Predicted) -> &mut NamedPolicy; 2] =
        [|all| &mut all.key_policy, |all| &mut all.bucket_policy];
    for policy in policies {
        let count = policy(&mut predicted.clone()).document.statements.len();
        for statement in 0..count {
            let mut without = predicted.clone();
            let removed = policy(&mut without).document.statements.remove(statement);
            let sid = removed.sid.clone().unwrap_or_default();
            let mut found = faults(&intent, &without);
            found.extend(unguarded(&intent, &without));
            assert_eq!(found.is_empty(), others.contains(&sid.as_str()), "{sid}: {found:?}");
        }
    }
}

#[test]
fn what_the_bucket_keeps_out_is_kept_from_every_role_that_writes() {
    let intent = repository();
    let mut predicted = Predicted::of(&intent).unwrap();
    assert_eq!(unguarded(&intent, &predicted), Vec::<String>::new());
    predicted.bucket_policy.document.statements.retain(|statement| statement.sid.as_deref() != Some("DenyOtherKeys"));
    let open = unguarded(&intent, &predicted);
    for role in ["`churn-pipeline` can write artifacts", "`churn-training` can write models"] {
        for how in ["by S3 alone", "with another key", "with the key that S3 has by itself"] {
            let said = format!("{role} encrypted {how}");
            assert!(open.contains(&said), "{said}: {open:?}");
        }
    }
    assert_eq!(open.len(), 9, "{open:?}");
}

#[test]
fn a_cell_is_explained_by_the_statement_that_is_missing() {
    let intent = repository();
    let mut predicted = Predicted::of(&intent).unwrap();
    let matrix = Matrix::of(&intent, &predicted);
    let column = matrix.columns.iter().position(|column| column.label == "read models").unwrap();
    assert_eq!(explained(&intent, &predicted, "churn-model", column).unwrap().decision, Decision::Allowed);
    predicted.bucket_policy.document.statements.retain(|statement| statement.sid.as_deref() != Some("ServedModels"));
    let explanation = explained(&intent, &predicted, "churn-model", column).unwrap();
    assert_eq!(explanation.decision, Decision::ImplicitlyDenied);
    assert!(explanation.sentence().contains("resource policy"), "{}", explanation.sentence());
    assert!(explained(&intent, &predicted, "nobody", column).is_none());
}
