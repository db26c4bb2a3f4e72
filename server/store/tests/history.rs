//! The history of calls and saved requests, in SQLite.
#![allow(clippy::unwrap_used, missing_docs)]

use domain::history::{Call, CallBodies, CallClass, CallPlace, HistoryFilter, HistorySettings, KeptBody, ResultFilter};
use domain::invoke::{BodyEncoding, InvokeHeaders, Through};
use domain::names::SavedId;
use domain::saved::{Saved, SavedRequest};
use domain::share::intent::InvokeAction;
use domain::time::Timestamp;
use services::ports::store::{Prune, RecordedCall, StoreError, Stores};

async fn fresh() -> (tempfile::TempDir, Stores) {
    let folder = tempfile::tempdir().unwrap();
    let stores = store::open(&folder.path().join("sagebridge.db")).await.unwrap();
    (folder, stores)
}

fn call(at: i64, endpoint: &str, through: &str, class: CallClass) -> RecordedCall {
    let call = Call {
        at: Timestamp(at),
        who: format!("session {}", at % 3),
        through: Through::parse(through).unwrap(),
        label: format!("label of {through}"),
        endpoint: endpoint.parse().unwrap(),
        way: InvokeAction::Invoke,
        headers: InvokeHeaders::of_type("text/csv"),
        class,
        status: Some(200),
        code: if class == CallClass::Answered { String::new() } else { format!("{class:?}Code") },
        message: String::new(),
        answer_type: "text/csv".into(),
        variant: Some("AllTraffic".into()),
        sent: 7,
        received: Some(3),
        role_us: 1,
        role_cached: true,
        call_us: 2_000,
        first_us: Some(1_900),
        request_id: Some(format!("request-{at}")),
    };
    RecordedCall { call, bodies: None }
}

fn bodies() -> CallBodies {
    CallBodies {
        headers: InvokeHeaders { session: "NEW_SESSION".into(), ..InvokeHeaders::of_type("text/csv") },
        request: KeptBody::Text("1,2".into()),
        answer: KeptBody::Base64("AAE=".into()),
    }
}

/// The moments of what a search finds, page after page.
async fn found(stores: &Stores, filter: &HistoryFilter, limit: u32) -> Vec<i64> {
    let (mut filter, mut moments) = (filter.clone(), Vec::new());
    loop {
        let page = stores.history.page(&filter, limit).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        moments.extend(page.items.iter().map(|view| view.call.at.0));
        let Some(next) = page.next else { return moments };
        filter.before = Some(CallPlace::parse(&next).unwrap());
    }
}

#[tokio::test]
async fn a_call_comes_back_as_it_was_with_its_bodies_while_they_are_kept() {
    let (_folder, stores) = fresh().await;
    let with = RecordedCall { bodies: Some(bodies()), ..call(5, "Echo", "s1", CallClass::Answered) };
    stores.history.append(&[call(4, "Echo", "s1", CallClass::Denied), with.clone()]).await.unwrap();
    let newest = stores.history.page(&HistoryFilter::default(), 1).await.unwrap().items.remove(0);
    assert_eq!(newest.call, with.call);
    assert_eq!(stores.history.get(newest.id).await.unwrap(), Some(newest.clone()));
    assert_eq!(stores.history.bodies(newest.id, Timestamp(4)).await.unwrap(), Some(bodies()));
    assert_eq!(
        stores.history.bodies(newest.id, Timestamp(5)).await.unwrap(),
        None,
        "over its time, though still there"
    );
    assert!(stores.history.delete(newest.id).await.unwrap());
    assert!(!stores.history.delete(newest.id).await.unwrap());
    assert_eq!(stores.history.bodies(newest.id, Timestamp(0)).await.unwrap(), None);
    assert_eq!(found(&stores, &HistoryFilter::default(), 10).await, [4]);
}

#[tokio::test]
async fn every_search_finds_its_calls_newest_first_page_by_page() {
    let (_folder, stores) = fresh().await;
    let classes = [CallClass::Answered, CallClass::Answered, CallClass::Denied, CallClass::Failed, CallClass::Answered];
    let endpoints = ["churn-classifier", "Echo", "echo-2"];
    let throughs = ["s1", "direct/eu-west-1/prod"];
    let mut calls = Vec::new();
    for at in 0..600_i64 {
        let pick = usize::try_from(at).unwrap();
        // Several calls in the same millisecond, and not in order.
        let moment = (at * 7 % 600) / 3;
        calls.push(call(moment, endpoints[pick % 3], throughs[pick % 2], classes[pick % 5]));
    }
    for batch in calls.chunks(97) {
        stores.history.append(batch).await.unwrap();
    }
    type Fits = fn(&Call) -> bool;
    let only = |class| Some(ResultFilter::Only(class));
    let none = HistoryFilter::default();
    let text = |text: &str| HistoryFilter { text: Some(text.into()), ..HistoryFilter::default() };
    let searches: Vec<(HistoryFilter, Fits)> = vec![
        (none.clone(), |_| true),
        (HistoryFilter { endpoint: Some("Echo".into()), ..none.clone() }, |c| c.endpoint.as_str() == "Echo"),
        (text("ECHO"), |c| c.endpoint.as_str() != "churn-classifier"),
        (text("of direct"), |c| c.through.share().is_none()),
        (text("%"), |_| false),
        (HistoryFilter { through: Through::parse("s1").ok(), ..none.clone() }, |c| c.through.share().is_some()),
        (HistoryFilter { result: Some(ResultFilter::NotAnswered), ..none.clone() }, |c| c.class != CallClass::Answered),
        (HistoryFilter { result: only(CallClass::Answered), ..text("echo") }, |c| {
            c.class == CallClass::Answered && c.endpoint.as_str() != "churn-classifier"
        }),
        (HistoryFilter { result: only(CallClass::Denied), ..text("echo") }, |c| {
            c.class == CallClass::Denied && c.endpoint.as_str() != "churn-classifier"
        }),
        (HistoryFilter { code: Some("FailedCode".into()), ..text("echo") }, |c| {
            c.class == CallClass::Failed && c.endpoint.as_str() != "churn-classifier"
        }),
        (HistoryFilter { who: Some("session 1".into()), code: Some("DeniedCode".into()), ..text("churn") }, |c| {
            c.who == "session 1" && c.class == CallClass::Denied && c.endpoint.as_str() == "churn-classifier"
        }),
        (HistoryFilter { since: Some(Timestamp(50)), until: Some(Timestamp(60)), ..none.clone() }, |c| {
            (50..60).contains(&c.at.0)
        }),
    ];
    for (filter, fits) in searches {
        let mut expected: Vec<i64> = calls.iter().map(|c| &c.call).filter(|c| fits(c)).map(|c| c.at.0).collect();
        expected.sort_by_key(|at| std::cmp::Reverse(*at));
        for limit in [7, 50, 1000] {
            assert_eq!(found(&stores, &filter, limit).await, expected, "{filter:?} by {limit}");
        }
    }
}

#[tokio::test]
async fn what_was_called_is_offered_under_its_newest_label_until_its_last_call_is_gone() {
    let (_folder, stores) = fresh().await;
    let mut renamed = call(3, "Echo", "s1", CallClass::Answered);
    renamed.call.label = "renamed".into();
    let all = [
        call(1, "Echo", "s1", CallClass::Answered),
        call(2, "a", "direct/eu-west-1/prod", CallClass::Answered),
        renamed,
    ];
    stores.history.append(&all).await.unwrap();
    let known = stores.history.known().await.unwrap();
    assert_eq!(known.endpoints, ["Echo", "a"]);
    let labels: Vec<_> = known.throughs.iter().map(|(_, label)| label.as_str()).collect();
    assert_eq!(labels, ["label of direct/eu-west-1/prod", "renamed"]);
    stores.history.prune(Prune { calls: Some(Timestamp(2)), bodies: None }).await.unwrap();
    let known = stores.history.known().await.unwrap();
    assert_eq!((known.endpoints, known.throughs.len()), (vec!["Echo".to_owned()], 1));
}

#[tokio::test]
async fn a_hundred_thousand_calls_are_searched_and_pruned_piece_by_piece() {
    let (_folder, stores) = fresh().await;
    let class = |at: i64| if at % 1_000 == 0 { CallClass::Failed } else { CallClass::Answered };
    let made = |at: i64| RecordedCall {
        bodies: (at % 1_000 == 0).then(bodies),
        ..call(at, if at % 10_000 == 0 { "rare" } else { "common" }, "s1", class(at))
    };
    let calls: Vec<_> = (0..100_000).map(made).collect();
    stores.history.append(&calls).await.unwrap();
    let none = HistoryFilter::default();
    let searches = [
        (none.clone(), 100_000),
        (HistoryFilter { endpoint: Some("rare".into()), ..none.clone() }, 10),
        (
            HistoryFilter { result: Some(ResultFilter::NotAnswered), endpoint: Some("common".into()), ..none.clone() },
            90,
        ),
        (HistoryFilter { code: Some("FailedCode".into()), text: Some("rar".into()), ..none.clone() }, 10),
        (HistoryFilter { text: Some("nothing like it".into()), ..none.clone() }, 0),
    ];
    for (filter, most) in searches {
        let page = stores.history.page(&filter, 50).await.unwrap();
        assert_eq!(page.items.len(), most.min(50), "{filter:?}");
    }
    let gone = stores.history.prune(Prune { calls: None, bodies: Some(Timestamp(49_999)) }).await.unwrap();
    assert_eq!(gone, 50);
    let gone = stores.history.prune(Prune { calls: Some(Timestamp(59_999)), bodies: None }).await.unwrap();
    assert_eq!(gone, 60_000);
    let left = stores.history.page(&none, 1).await.unwrap().items.remove(0);
    assert_eq!(left.call.at, Timestamp(99_999));
    let everything = Prune { calls: Some(Timestamp(i64::MAX)), bodies: None };
    assert_eq!(stores.history.prune(everything).await.unwrap(), 40_000);
    assert_eq!(stores.history.page(&none, 1).await.unwrap().items, []);
}

#[tokio::test]
async fn settings_are_the_default_until_they_are_set() {
    let (_folder, stores) = fresh().await;
    assert_eq!(stores.history.settings().await.unwrap(), HistorySettings::default());
    for body_kb in [1, 512] {
        let settings = HistorySettings { keep_bodies: true, body_kb, ..HistorySettings::default() };
        stores.history.set(&settings, Timestamp(1)).await.unwrap();
        assert_eq!(stores.history.settings().await.unwrap(), settings);
    }
}

fn saved(id: &str, endpoint: &str, name: &str) -> SavedRequest {
    SavedRequest {
        id: SavedId::parse(id).unwrap(),
        what: Saved {
            name: name.into(),
            description: "Scores 100% of_them".into(),
            endpoint: endpoint.parse().unwrap(),
            through: Through::parse("s1").ok(),
            way: InvokeAction::Stream,
            headers: InvokeHeaders::of_type("text/csv"),
            body: "{{a}}".into(),
            encoding: BodyEncoding::Text,
            variables: Vec::new(),
        },
        by: "session 1".into(),
        created: Timestamp(1),
    }
}

#[tokio::test]
async fn saved_requests_are_listed_by_endpoint_and_name_and_found_by_text() {
    let (_folder, stores) = fresh().await;
    for (id, endpoint, name) in [("1", "echo", "b"), ("2", "churn", "z"), ("3", "echo", "a")] {
        stores.saved.put(&saved(id, endpoint, name), 0, Timestamp(9)).await.unwrap();
    }
    let ids = |found: Vec<domain::saved::SavedSummary>| found.into_iter().map(|s| s.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(stores.saved.list("", 10).await.unwrap()), ["2", "3", "1"]);
    assert_eq!(ids(stores.saved.list("ECHO", 10).await.unwrap()), ["3", "1"]);
    assert_eq!(ids(stores.saved.list("100% of_", 10).await.unwrap()).len(), 3);
    assert_eq!(ids(stores.saved.list("%o", 10).await.unwrap()).len(), 0);
    assert_eq!(stores.saved.count().await.unwrap(), 3);
    let found = stores.saved.named(&"echo".parse().unwrap(), "a").await.unwrap().unwrap();
    assert_eq!((found.value, found.version, found.changed), (saved("3", "echo", "a"), 1, Timestamp(9)));
}

#[tokio::test]
async fn a_saved_request_is_written_by_who_read_it_last_and_its_name_is_its_own() {
    let (_folder, stores) = fresh().await;
    let one = saved("1", "echo", "a");
    stores.saved.put(&one, 0, Timestamp(1)).await.unwrap();
    assert!(matches!(stores.saved.put(&saved("2", "echo", "a"), 0, Timestamp(1)).await, Err(StoreError::Stale)));
    stores.saved.put(&saved("2", "echo", "b"), 0, Timestamp(1)).await.unwrap();
    stores.saved.put(&saved("1", "echo", "c"), 1, Timestamp(2)).await.unwrap();
    assert!(matches!(stores.saved.put(&one, 1, Timestamp(3)).await, Err(StoreError::Stale)));
    assert!(matches!(stores.saved.put(&saved("1", "echo", "b"), 2, Timestamp(3)).await, Err(StoreError::Stale)));
    stores.saved.delete(&one.id).await.unwrap();
    assert_eq!(stores.saved.get(&one.id).await.unwrap(), None);
    assert!(matches!(stores.saved.put(&one, 2, Timestamp(3)).await, Err(StoreError::Stale)));
}
