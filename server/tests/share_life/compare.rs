//! The same request to two targets.

use crate::code::shared;
use crate::invoke::params;
use domain::invoke::compare::Difference;

#[tokio::test]
async fn two_targets_are_asked_at_once_and_their_answers_compared() {
    let (world, share) = shared().await;
    let row = "5,0,0,268.4,121,74.9,201.3,4,13.2";
    let to = |endpoint: &str| params(&share, endpoint, "text/csv", row);
    let compared = world.services.compare(&world.operator, to("churn-classifier"), to("echo")).await;
    let Some(Difference::Table(found)) = &compared.difference else { panic!("{compared:?}") };
    assert_eq!(found.changes.len(), 9, "a probability against the row itself: {found:?}");
    assert_eq!(found.changes[0].right.as_deref(), Some("5"));
    let same = world.services.compare(&world.operator, to("echo"), to("echo")).await;
    assert_eq!(same.difference, Some(Difference::Same));
    assert!(same.left.unwrap().call_us > 0 && same.right.unwrap().call_us > 0);
}

#[tokio::test]
async fn one_sides_failure_takes_nothing_from_the_other() {
    let (world, share) = shared().await;
    let refused = params(&share, "churn-classifier", "image/png", "x");
    let compared = world.services.compare(&world.operator, refused, params(&share, "echo", "image/png", "x")).await;
    assert!(compared.left.unwrap().result.is_err() && compared.right.unwrap().result.is_ok());
    assert_eq!(compared.difference, None);
    let unsent = params(&share, "echo", "", "x");
    let compared = world.services.compare(&world.operator, unsent, params(&share, "echo", "text/csv", "x")).await;
    assert!(compared.left.is_err() && compared.right.is_ok());
}
