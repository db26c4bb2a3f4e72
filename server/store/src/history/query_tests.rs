use super::*;
use crate::open::{Database, opened};
use domain::history::{CallPlace, HistoryFilter};
use domain::time::Timestamp;
use sqlx::Row;

async fn fresh() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let database = opened(&folder.path().join("test.db")).await.unwrap_or_else(|error| panic!("{error}"));
    (folder, database)
}

/// SQLite's plan, a step a line.
async fn plan(database: &Database, filter: &HistoryFilter, found: &Found) -> String {
    let mut query = page_query("EXPLAIN QUERY PLAN ", filter, found, 51);
    let rows = query.build().fetch_all(&database.readers).await.unwrap_or_else(|error| panic!("{error}"));
    let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    steps.join("\n")
}

fn filter() -> HistoryFilter {
    HistoryFilter::default()
}

#[tokio::test]
async fn every_search_is_led_by_an_index_in_the_order_of_the_page() {
    let (_folder, database) = fresh().await;
    let only = |class| Some(ResultFilter::Only(class));
    let who = Some("session 3f2a91bc".to_owned());
    let code = Some("ThrottlingException".to_owned());
    let these = || Found::These(vec![3]);
    let cases = [
        (filter(), Found::All, "calls_at"),
        (HistoryFilter { result: only(CallClass::Answered), ..filter() }, Found::All, "calls_at"),
        (HistoryFilter { result: Some(ResultFilter::NotAnswered), ..filter() }, Found::All, "calls_problem_at"),
        (HistoryFilter { result: only(CallClass::Denied), ..filter() }, Found::All, "calls_problem_class (class=?"),
        (HistoryFilter { code: code.clone(), ..filter() }, Found::All, "calls_problem_code (code=?"),
        (
            HistoryFilter { code: code.clone(), result: only(CallClass::Refused), ..filter() },
            these(),
            "calls_problem_code (code=?",
        ),
        (HistoryFilter { who: who.clone(), ..filter() }, Found::All, "calls_who (who=?"),
        (
            HistoryFilter { who: who.clone(), code, result: only(CallClass::Failed), ..filter() },
            these(),
            "calls_problem_who (who=?",
        ),
        (
            HistoryFilter { who: who.clone(), result: Some(ResultFilter::NotAnswered), ..filter() },
            Found::All,
            "calls_problem_who (who=?",
        ),
        (HistoryFilter { who, ..filter() }, Found::Many, "calls_who (who=?"),
        (filter(), these(), "calls_target (target=?"),
        (HistoryFilter { result: only(CallClass::Answered), ..filter() }, these(), "calls_target (target=?"),
        (HistoryFilter { result: only(CallClass::Broken), ..filter() }, these(), "calls_problem_target (target=?"),
        (filter(), Found::Many, "calls_at"),
    ];
    for (search, found, index) in cases {
        let ranges = [
            search.clone(),
            HistoryFilter { since: Some(Timestamp(5)), until: Some(Timestamp(9)), ..search.clone() },
            HistoryFilter { before: Some(CallPlace { at: Timestamp(7), id: 3 }), ..search },
        ];
        for search in ranges {
            let plan = plan(&database, &search, &found).await;
            assert!(plan.contains(&format!("calls USING INDEX {index}")), "{search:?} {found:?}:\n{plan}");
            // A page of several targets is put in order, which is a page of each at most.
            let sorted = plan.matches("USE TEMP B-TREE FOR").count();
            let targets = matches!(found, Found::These(_)) && index.contains("target");
            assert!(sorted <= usize::from(targets), "{search:?} {found:?}:\n{plan}");
            assert!(!plan.contains("SCAN calls\n") && !plan.ends_with("SCAN calls"), "{plan}");
            if search.since.is_some() || search.before.is_some() {
                assert!(plan.contains("at<") || plan.contains("at>"), "the time narrows the index:\n{plan}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_over_its_time_is_found_by_an_index() {
    let (_folder, database) = fresh().await;
    for (sql, index) in [
        ("EXPLAIN QUERY PLAN SELECT id FROM calls WHERE at <= 1 ORDER BY at LIMIT 2", "calls_at"),
        ("EXPLAIN QUERY PLAN SELECT call FROM call_bodies WHERE kept <= 1 ORDER BY kept LIMIT 2", "call_bodies_kept"),
        ("EXPLAIN QUERY PLAN SELECT 1 FROM calls WHERE calls.target = 1", "calls_"),
    ] {
        let rows = sqlx::query(sql).fetch_all(&database.readers).await.unwrap_or_else(|error| panic!("{error}"));
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan.join("\n").contains(index), "{plan:?}");
    }
}
