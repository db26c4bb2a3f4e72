//! History and saved requests over HTTP: what works without a script.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::http::StatusCode;
use console::{Answer, HOST, OWN, Under};
use domain::saved::parse_file;

const DIRECT: &str = "direct%2Feu-west-1%2Fparent";

/// A plain form as a browser sends it.
async fn form(under: &Under, path: &str, body: &str) -> Answer {
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    under.send("POST", path, &headers, body.to_owned()).await
}

/// A file as a browser sends it.
async fn file(under: &Under, text: &str) -> Answer {
    let body = format!(
        "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.json\"\r\n\r\n{text}\r\n--part--\r\n"
    );
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("accept", "text/html"),
        ("content-type", "multipart/form-data; boundary=part"),
    ];
    under.send("POST", "/api/read_saved_file", &headers, body).await
}

fn led_to(answer: &Answer) -> String {
    assert!(answer.status.is_redirection(), "{} {}", answer.status, answer.body);
    answer.header("location").split('#').next().unwrap().to_owned()
}

/// Saves a request as the playground's form does; gives its address.
async fn saved(under: &Under, name: &str) -> String {
    let body = format!(
        "through={DIRECT}&endpoint=echo&content_type=text%2Fplain&accept=&custom_attributes=&way=invoke\
         &body=Dear+%7B%7Bname%7D%7D&saved_name={name}"
    );
    let to = led_to(&form(under, "/api/save_request", &body).await);
    assert!(to.starts_with("/saved/") && to.ends_with("?new=1"), "{to}");
    to.trim_end_matches("?new=1").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_saved_changed_filled_in_and_sent_by_plain_forms() {
    let under = Under::test().await;
    let address = saved(&under, "Greet").await;
    let id = address.rsplit('/').next().unwrap();
    let page = under.visit(&address).await.body;
    assert!(page.contains("{{name}}") && page.contains("Save changes"));

    let change = format!(
        "id={id}&version=1&form[name]=Greet&form[description]=For+all&form[through]={DIRECT}\
         &form[headers][content_type]=text%2Fplain&form[body]=Dear+%7B%7Bname%7D%7D\
         &form[variables][0][name]=name&form[variables][0][kind]=choice&form[variables][0][label]=Whom\
         &form[variables][0][choices]="
    );
    let wrong = led_to(&form(&under, "/api/update_saved", &change).await);
    assert!(wrong.contains("?kept="), "{wrong}");
    let page = under.visit(&wrong).await.body;
    assert!(page.contains("There is nothing to choose from") && page.contains("For all"), "what was typed is kept");
    let changed = led_to(&form(&under, "/api/update_saved", &format!("{change}Ann%0D%0ABob")).await);
    assert_eq!(changed, format!("{address}?changed=2"));

    let page = under.visit(&format!("{address}/form")).await.body;
    assert!(page.contains("Whom") && page.contains("<option value=\"Bob\""), "{page}");
    let to = led_to(&form(&under, "/api/invoke_saved", &format!("id={id}&values[name]=Eve")).await);
    assert!(under.visit(&to).await.body.contains("is none of the values"));
    let to = led_to(&form(&under, "/api/invoke_saved", &format!("id={id}&values[name]=Bob")).await);
    let page = under.visit(&to).await.body;
    assert!(page.contains("Dear Bob") && page.contains("Answered"), "{page}");

    let history = under.visit("/history").await.body;
    assert!(history.contains("/history/1\"") && history.contains(" · eu-west-1, directly"));
    let call = under.visit("/history/1").await.body;
    assert!(call.contains("Open as a new request") && !call.contains("Dear Bob"), "bodies are off by default");
    let again = under.visit("/playground?from=history/1").await;
    assert!(again.status == StatusCode::OK && again.body.contains("text/plain"));
    let again = under.visit(&format!("/playground?from=saved/{id}")).await.body;
    assert!(again.contains("Dear </textarea>"), "without a default there is nothing: {again}");
    assert_eq!(led_to(&form(&under, "/api/delete_call", "id=1").await), "/history");
    assert_eq!(under.visit("/history/1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(led_to(&form(&under, "/api/delete_saved", &format!("id={id}")).await), "/saved");
    assert_eq!(under.visit(&address).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_leads_back_to_the_request_as_it_was_typed() {
    let under = Under::test().await;
    saved(&under, "Greet").await;
    let body = format!("through={DIRECT}&endpoint=echo&content_type=text%2Fplain&body=My+own&saved_name=Greet");
    let to = led_to(&form(&under, "/api/save_request", &body).await);
    assert!(to.starts_with("/playground?through="), "{to}");
    let page = under.visit(&to).await.body;
    assert!(page.contains("My own") && page.contains("has a saved request"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_leaves_as_a_download_and_comes_back_after_it_was_looked_at() {
    let under = Under::test().await;
    let address = saved(&under, "Greet").await;
    let id = address.rsplit('/').next().unwrap();
    let download = under.visit(&format!("/saved/export?id={id}")).await;
    assert_eq!(download.header("content-disposition"), "attachment; filename=\"saved-requests-greet.json\"");
    assert_eq!(download.header("cache-control"), "no-store");
    assert_eq!(parse_file(&download.body).unwrap()[0].name, "Greet");
    assert_eq!(under.visit("/saved/export?id=none").await.status, StatusCode::NOT_FOUND);

    let to = led_to(&file(&under, &download.body).await);
    let preview = under.visit(&to).await.body;
    assert!(preview.contains("Nothing was added yet") && preview.contains("0-replace"), "{preview}");
    let kept = to.split_once("kept=").unwrap().1;
    let replaced = led_to(&form(&under, "/api/import_saved", &format!("kept={kept}&choices[]=0-replace")).await);
    assert_eq!(replaced, "/saved?added=0&replaced=1");
    let copied = led_to(&form(&under, "/api/import_saved", &format!("kept={kept}&choices[]=0-copy")).await);
    assert_eq!(copied, "/saved?added=1&replaced=0");
    assert!(under.visit("/saved").await.body.contains("Greet (2)"));

    for (text, said) in [("", "no file was chosen"), ("{\"sagebridge\": 7}", "line 1, column 16"), ("x", "line 1")] {
        let to = led_to(&file(&under, text).await);
        let page = under.visit(&to).await.body.to_lowercase();
        assert!(page.contains(said), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_set_and_what_is_wrong_with_a_search_is_told() {
    let under = Under::test().await;
    let set = "form[call_days]=30&form[keep_bodies]=true&form[body_kb]=abc&form[body_days]=3";
    let to = led_to(&form(&under, "/api/set_history", set).await);
    let page = under.visit(&to).await.body;
    assert!(page.contains("value=\"abc\"") && page.contains("is not a whole number"), "{page}");
    let set = set.replace("abc", "8");
    assert_eq!(led_to(&form(&under, "/api/set_history", &set).await), "/history/settings?changed=1");
    let page = under.visit("/history/settings").await.body;
    assert!(page.contains("value=\"8\"") && page.contains("checked"), "{page}");
    let page = under.visit("/history?from=2026-13-01&text=x").await.body;
    assert!(page.contains("is no day") && page.contains("value=\"x\""), "{page}");
    assert!(under.visit("/history?result=problems&endpoint=none").await.body.contains("No call was found"));
}
