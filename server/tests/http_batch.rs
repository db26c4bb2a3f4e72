//! Batches over HTTP: a file sent by a plain form, a page that shows it, a result to download.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::http::StatusCode;
use console::{Answer, HOST, OWN, Under, network};
use domain::batch::BatchState;
use domain::names::BatchId;
use futures::StreamExt as _;

async fn sent(under: &Under, name: &str, text: &str) -> Answer {
    let body = format!(
        "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n\
         {text}\r\n--part--\r\n"
    );
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("accept", "text/html"),
        ("content-type", "multipart/form-data; boundary=part"),
    ];
    under.send("POST", "/api/upload_batch", &headers, body).await
}

async fn posted(under: &Under, path: &str, form: &str) -> Answer {
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    under.send("POST", path, &headers, form.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_set_up_and_downloaded_without_a_script() {
    let under = Under::test().await;
    let answer = sent(&under, "/data/people.csv", "id,text\n1,hello <b>\n2,\"two\nlines\"\n").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = answer.header("location").to_owned();
    let id = BatchId::parse(page.strip_prefix("/playground/batch/").unwrap()).unwrap();
    let shown = under.visit(&page).await.body;
    assert!(shown.contains("people.csv has 2 rows") && shown.contains("hello &lt;b&gt;"), "{shown}");
    assert!(!shown.contains("hello <b>"));

    let form = format!("batch={id}&form[endpoint]=echo&form[at_once]=0");
    let refused = posted(&under, "/api/start_batch", &form).await;
    assert_eq!(refused.header("location"), format!("{page}?check=1"));
    let shown = under.visit(&format!("{page}?check=1")).await.body;
    assert!(shown.contains("not a whole number from 1 to 64"), "{shown}");

    let form = format!(
        "batch={id}&form[through]=direct/eu-west-1/parent&form[endpoint]=echo&form[content_type]=text/csv&form[header]=on\
         &form[columns][]=1&form[at_once]=2&form[tries]=1&form[stop_after]=0"
    );
    let started = posted(&under, "/api/start_batch", &form).await;
    assert_eq!((started.status, started.header("location")), (StatusCode::FOUND, page.as_str()), "{}", started.body);
    let seen = under.console.state().services.watch_batch(&under.operator, &id).await.unwrap();
    let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await.unwrap();
    assert_eq!((last.state, last.failed), (BatchState::Done, 0), "{last:?}");

    let result = under.visit(&format!("{page}/result")).await;
    assert_eq!(result.header("content-disposition"), "attachment; filename=\"people-result.csv\"");
    assert_eq!(
        (result.header("content-type"), result.header("x-content-type-options")),
        ("text/csv; charset=utf-8", "nosniff")
    );
    assert!(
        result.body.starts_with("id,text,prediction,status,error,ms\n1,hello <b>,hello <b>,200,,"),
        "{}",
        result.body
    );
    assert!(result.body.contains("2,\"two\nlines\",\"two\nlines\",200,,"), "{}", result.body);
    let shown = under.visit(&page).await.body;
    assert!(shown.contains("All 2 rows are done, none failed."), "{shown}");
    assert!(under.visit("/playground/batch").await.body.contains("people.csv"));
}

#[tokio::test]
async fn a_file_that_can_not_be_read_is_told_on_the_page_it_came_from() {
    let under = Under::test().await;
    for (text, why) in [
        ("\n\n", "The file has no rows"),
        ("", "No file was chosen"),
        ("PK\u{3}\u{4}\u{14}\0\u{6}\0", "This is an Excel workbook or another ZIP file"),
        ("GIF89a\u{1}\0", "This is not text"),
    ] {
        let answer = sent(&under, "a.csv", text).await;
        let to = answer.header("location").to_owned();
        assert!(to.starts_with("/playground/batch?kept="), "{to}");
        let page = under.visit(to.split('#').next().unwrap()).await.body;
        assert!(page.contains(why), "{page}");
    }
    let folder = under.data.batches(true);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "nothing of it is kept");
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_a_large_one_below_it_is_taken() {
    let under = Under::configured(network(), |config| config.batch.batch.file_bytes = 30 * 1024 * 1024).await;
    let line = format!("1,{}\n", "x".repeat(1000));
    // More than any other form may have.
    let answer = sent(&under, "a.csv", &line.repeat(25_000)).await;
    assert!(answer.header("location").starts_with("/playground/batch/"), "{}", answer.header("location"));
    // Over it by less than a form has beside its file: above that it is cut off on its way.
    let answer = sent(&under, "a.csv", &line.repeat(31_400)).await;
    let to = answer.header("location").to_owned();
    let page = under.visit(to.split('#').next().unwrap()).await.body;
    assert!(page.contains("The file is over 31457280 bytes"), "{page}");
    // What says beforehand that it is too long is not listened to at all.
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("content-type", "multipart/form-data; boundary=part"),
        ("content-length", "31600000"),
    ];
    assert_eq!(under.send("POST", "/api/upload_batch", &headers, "").await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_no_batch_is_not_found() {
    let under = Under::test().await;
    for path in
        ["/playground/batch/none/result", "/playground/batch/a_b/result", "/events/batches/none", "/events/loads/none"]
    {
        assert_eq!(under.visit(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/playground/batch/none", "/playground/load/none"] {
        let page = under.visit(path).await.body;
        assert!(page.contains("was not found"), "{page}");
    }
}
