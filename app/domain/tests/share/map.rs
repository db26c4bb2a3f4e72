//! The map: nothing overlaps, every line has its ends, and the order of shares makes no difference.

use crate::{caller, endpoint, intent};
use domain::share::intent::{CallerScope, EndpointScope, ShareIntent};
use domain::share::map::{Detail, MapShare, MapView, map};
use domain::share::view::ShareState;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn account(number: usize) -> String {
    format!("{:012}", 100_000_000_000 + number)
}

/// A share between two accounts by number.
fn share(number: usize, parent: usize, child: usize, callers: &[usize], endpoints: &[usize]) -> ShareIntent {
    let callers = callers.iter().map(|c| format!("arn:aws:iam::{}:role/caller-{c}", account(child)).parse_caller());
    let arns = endpoints.iter().map(|e| {
        let arn = format!("arn:aws:sagemaker:eu-west-1:{}:endpoint/endpoint-{e}", account(parent));
        domain::endpoint::EndpointArn::parse(&arn).unwrap()
    });
    let (callers, arns): (BTreeSet<_>, BTreeSet<_>) = (callers.collect(), arns.collect());
    ShareIntent {
        id: format!("share-{number}").parse().unwrap(),
        parent: account(parent).parse().unwrap(),
        child: account(child).parse().unwrap(),
        role_name: format!("Role-{number}").parse().unwrap(),
        callers: if callers.is_empty() { CallerScope::WholeAccount } else { CallerScope::Named(callers) },
        endpoints: if arns.is_empty() { EndpointScope::All } else { EndpointScope::Named(arns) },
        ..intent()
    }
}

trait ParseCaller {
    fn parse_caller(&self) -> domain::arn::CallerArn;
}
impl ParseCaller for String {
    fn parse_caller(&self) -> domain::arn::CallerArn {
        domain::arn::CallerArn::parse(self).unwrap()
    }
}

fn drawn(shares: &[ShareIntent]) -> MapView {
    let entries: Vec<MapShare<'_>> = shares
        .iter()
        .map(|intent| MapShare { intent, state: ShareState::Verified, endpoint_names: &[], drifted: false })
        .collect();
    map(&entries, &BTreeMap::new(), None)
}

/// What every map has to be.
fn sound(view: &MapView, shares: &[ShareIntent]) -> Result<(), String> {
    let ensure = |so: bool, what: String| if so { Ok(()) } else { Err(what) };
    for (at, one) in view.nodes.iter().enumerate() {
        for other in &view.nodes[at + 1..] {
            ensure(!one.at.overlaps(&other.at), format!("{} and {} overlap", one.id, other.id))?;
            ensure(one.id != other.id, format!("{} is there twice", one.id))?;
        }
        let home = view.accounts.iter().find(|a| a.id == one.account).ok_or(format!("{} has no box", one.id))?;
        ensure(home.at.holds(&one.at), format!("{} leaves its box", one.id))?;
        ensure(one.at.x + one.at.width <= view.width && one.at.y + one.at.height <= view.height, one.id.clone())?;
    }
    for (at, one) in view.accounts.iter().enumerate() {
        ensure(one.at.x + one.at.width <= view.width && one.at.y + one.at.height <= view.height, one.id.clone())?;
        for other in &view.accounts[at + 1..] {
            ensure(!one.at.overlaps(&other.at), format!("boxes {} and {} overlap", one.id, other.id))?;
        }
    }
    let node = |id: &str| view.nodes.iter().find(|n| n.id == id).ok_or(format!("no node {id}"));
    for edge in &view.edges {
        let (from, to) = (node(&edge.from)?, node(&edge.to)?);
        ensure(edge.start == (from.at.x + from.at.width, from.at.y + from.at.height / 2), edge.label.clone())?;
        ensure(edge.end == (to.at.x, to.at.y + to.at.height / 2), edge.label.clone())?;
        ensure(edge.start.0 < edge.end.0, format!("{} runs backwards", edge.label))?;
    }
    for share in shares {
        let inward = view.edges.iter().any(|e| e.shares.contains(&share.id) && e.from.starts_with("caller"));
        let onward = view.edges.iter().any(|e| e.shares.contains(&share.id) && e.to.starts_with("endpoint"));
        ensure(inward && onward, format!("{} is not on the map", share.id))?;
        let lines = view.rows.iter().filter(|row| row.share == share.id).count();
        let count = |named: usize| named.max(1);
        let callers = match &share.callers {
            CallerScope::Named(callers) => callers.len(),
            CallerScope::WholeAccount => 0,
        };
        let endpoints = match &share.endpoints {
            EndpointScope::Named(arns) => arns.len(),
            EndpointScope::All => 0,
        };
        ensure(lines == count(callers) * count(endpoints), format!("{} has {lines} lines", share.id))?;
    }
    Ok(())
}

#[test]
fn a_small_map_reads_as_it_is_drawn() {
    let console = ShareIntent {
        callers: CallerScope::Named([caller("role/scoring-lambda"), caller("user/analyst")].into()),
        endpoints: EndpointScope::Named([endpoint("churn-classifier"), endpoint("fraud-detector-eu")].into()),
        ..intent()
    };
    let whole = ShareIntent {
        id: "share-2".parse().unwrap(),
        role_name: "Everything".parse().unwrap(),
        callers: CallerScope::WholeAccount,
        endpoints: EndpointScope::All,
        external_id: None,
        ..intent()
    };
    let names = ["Fraud-Detector-EU".to_owned()];
    let entries = [
        MapShare { intent: &console, state: ShareState::Verified, endpoint_names: &names, drifted: false },
        MapShare { intent: &whole, state: ShareState::NotWorking, endpoint_names: &[], drifted: true },
    ];
    let labels = BTreeMap::from([(intent().parent, "models".to_owned())]);
    let view = map(&entries, &labels, None);
    assert_eq!(sound(&view, &[console.clone(), whole.clone()]), Ok(()));
    let boxes = view.accounts.iter().map(|a| format!("[{} {:?} {:?}]", a.id, a.label, a.at));
    let nodes = view.nodes.iter().map(|n| format!("({} · {} · {},{})", n.id, n.label, n.at.x, n.at.y));
    let edges = view.edges.iter().map(|e| format!("→ {} {:?} drifted: {}", e.label, e.state, e.drifted));
    let rows = view.rows.iter().map(|r| {
        format!(
            "| {} | {} | {} | {} | {} | {} | {:?}",
            r.caller,
            r.role,
            r.endpoint,
            r.actions.join(", "),
            r.region,
            r.share,
            r.state
        )
    });
    insta::assert_snapshot!(boxes.chain(nodes).chain(edges).chain(rows).collect::<Vec<_>>().join("\n"));
}

#[test]
fn no_shares_make_an_empty_map_and_undone_ones_are_left_out() {
    let gone = intent();
    let undone = MapShare { intent: &gone, state: ShareState::Undone, endpoint_names: &[], drifted: false };
    for view in [map(&[], &BTreeMap::new(), None), map(&[undone], &BTreeMap::new(), None)] {
        assert_eq!((view.width, view.height, view.nodes.len(), view.rows.len()), (0, 0, 0, 0));
    }
}

#[test]
fn callers_that_reach_the_same_are_folded_before_a_column_grows_too_tall() {
    let many: Vec<usize> = (0..60).collect();
    let shares = [share(1, 1, 2, &many, &[1]), share(2, 1, 2, &[100], &[2])];
    let view = drawn(&shares);
    assert_eq!(view.detail, Detail::Folded);
    let callers: Vec<_> = view.nodes.iter().filter(|n| n.id.starts_with("caller")).map(|n| n.label.as_str()).collect();
    assert_eq!(callers, ["60 callers", "caller-100"]);
    assert_eq!(view.rows.len(), 61, "the table is never folded");
    assert_eq!(sound(&view, &shares), Ok(()));
}

#[test]
fn two_hundred_shares_are_folded_by_account() {
    let shares: Vec<ShareIntent> =
        (0..200).map(|n| share(n, n % 5, 10 + n % 7, &[n, n + 1], &[n % 30, n % 31])).collect();
    let view = drawn(&shares);
    assert_eq!(view.detail, Detail::Accounts);
    assert_eq!(sound(&view, &shares), Ok(()));
    assert!(view.nodes.len() <= 7 + 35 + 5 && view.height < 4000, "{} nodes, {} high", view.nodes.len(), view.height);
    assert!(view.nodes.iter().any(|n| n.label.ends_with(" roles")));
}

#[test]
fn an_account_on_both_sides_has_two_boxes() {
    let shares = [share(1, 1, 2, &[1], &[1]), share(2, 2, 1, &[2], &[2])];
    let view = drawn(&shares);
    let mut boxes: Vec<_> = view.accounts.iter().map(|a| a.id.clone()).collect();
    boxes.sort();
    let expected = ["child", "parent"].into_iter().flat_map(|side| [1, 2].map(|n| format!("{side}/{}", account(n))));
    assert_eq!(boxes, expected.collect::<Vec<_>>());
}

fn shares() -> impl Strategy<Value = Vec<ShareIntent>> {
    let one = (0usize..4, 4usize..9, prop::collection::vec(0usize..50, 0..8), prop::collection::vec(0usize..50, 0..8));
    prop::collection::vec(one, 1..60).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered.map(|(n, (parent, child, callers, endpoints))| share(n, parent, child, &callers, &endpoints)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn every_map_is_sound_and_the_order_of_shares_makes_no_difference(shares in shares(), turn in 0usize..60) {
        let view = drawn(&shares);
        prop_assert_eq!(sound(&view, &shares), Ok(()));
        let mut turned = shares.clone();
        turned.rotate_left(turn % shares.len());
        turned.reverse();
        prop_assert_eq!(drawn(&turned), view);
    }
}

#[test]
fn how_much_is_folded_can_be_chosen_whatever_the_size() {
    let shares: Vec<ShareIntent> = (0..3).map(|n| share(n, 1, 2, &[n, n + 1], &[n])).collect();
    let at = |detail| {
        let entries: Vec<MapShare<'_>> = shares
            .iter()
            .map(|intent| MapShare { intent, state: ShareState::Verified, endpoint_names: &[], drifted: false })
            .collect();
        map(&entries, &BTreeMap::new(), detail)
    };
    let count = |detail| {
        let view = at(Some(detail));
        assert_eq!(view.detail, detail);
        view.nodes.len()
    };
    assert!(count(Detail::Full) >= count(Detail::Folded) && count(Detail::Folded) > count(Detail::Accounts));
    assert_eq!(at(None), at(Some(Detail::Full)), "so few are not folded unasked");
    assert_eq!(at(Some(Detail::Accounts)).rows, at(Some(Detail::Full)).rows, "the table is never folded");
}
