//! Files between two administrators over HTTP: downloads that work without a script, and forms that take what came back.
#![allow(clippy::unwrap_used, missing_docs)]
#![recursion_limit = "512"]

#[path = "support/console.rs"]
mod console;

use axum::http::StatusCode;
use console::{Answer, HOST, LAMBDA, OWN, Under};
use domain::arn::CallerArn;
use domain::handoff::{ShareAcceptance, ShareOffer};
use domain::names::ShareId;
use domain::run::RunState;
use domain::wizard::{CallersForm, ChildForm};
use futures::StreamExt as _;

/// A share whose child is known by its number only.
async fn offered(under: &Under) -> ShareId {
    let (services, operator) = (&under.console.state().services, &under.operator);
    let callers = CallersForm {
        source: "typed".into(),
        account: "222222222222".into(),
        scope: "account".into(),
        ..CallersForm::default()
    };
    let child = ChildForm { grant_name: "UseTheirModels".into(), grantees: Vec::new() };
    let draft = under.answered(callers, child).await;
    let review = services.review(operator, &draft).await.unwrap();
    let applied = services.apply(operator, &draft, &review.fingerprint).await.unwrap();
    let seen = services.watch_run(operator, &applied.run.unwrap()).await.unwrap();
    let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view) }).await.unwrap();
    assert_eq!(last.state, RunState::Succeeded);
    applied.share
}

/// A form as a browser sends it, each part with its name, its file's name and its text.
async fn sent(under: &Under, path: &str, parts: &[(&str, Option<&str>, &str)]) -> Answer {
    let mut body = String::new();
    for (name, file, text) in parts {
        let file =
            file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: application/json")).unwrap_or_default();
        body.push_str(&format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n"));
    }
    body.push_str("--part--\r\n");
    let headers = [
        ("host", HOST),
        ("origin", OWN),
        ("cookie", under.cookie.as_str()),
        ("accept", "text/html"),
        ("content-type", "multipart/form-data; boundary=part"),
    ];
    under.send("POST", path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_a_download_by_its_name() {
    let under = Under::test().await;
    let share = offered(&under).await;
    for (key, name, kind) in [
        ("offer", format!("share-offer-{share}.json"), "application/json"),
        ("child-cloudformation", format!("{share}-child.yaml"), "application/yaml"),
        ("child-terraform", format!("{share}-child.tf"), "text/plain; charset=utf-8"),
        ("child-cli", format!("{share}-child.sh"), "text/plain; charset=utf-8"),
        ("parent-cloudformation", format!("{share}-parent.yaml"), "application/yaml"),
        ("parent-terraform", format!("{share}-parent.tf"), "text/plain; charset=utf-8"),
        ("parent-cli", format!("{share}-parent.sh"), "text/plain; charset=utf-8"),
    ] {
        let answer = under.visit(&format!("/shares/{share}/hand-off/{key}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{key}: {}", answer.body);
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        assert_eq!((answer.header("content-type"), answer.header("x-content-type-options")), (kind, "nosniff"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.body.is_empty());
    }
    let offer = under.visit(&format!("/shares/{share}/hand-off/offer")).await.body;
    assert_eq!(ShareOffer::parse(&offer).unwrap().share, share);
    for none in [
        format!("/shares/{share}/hand-off/acceptance"),
        format!("/shares/{share}/hand-off/x"),
        "/shares/none/hand-off/offer".into(),
    ] {
        assert_eq!(under.visit(&none).await.status, StatusCode::NOT_FOUND, "{none}");
    }
    let page = under.visit(&format!("/shares/{share}/hand-off")).await;
    assert!(page.body.contains("UseTheirModels") && page.body.contains("multipart/form-data"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_sent_as_a_file_or_as_text_opens_the_childs_wizard() {
    let under = Under::test().await;
    let share = offered(&under).await;
    let offer = under.visit(&format!("/shares/{share}/hand-off/offer")).await.body;
    // This console has both accounts; another parent's offer is one that it did not make.
    let foreign = ShareOffer { share: "another-share".parse().unwrap(), ..ShareOffer::parse(&offer).unwrap() };
    let text = foreign.to_file();
    for parts in [
        vec![("file", Some("share-offer.json"), text.as_str()), ("text", None, "not this")],
        vec![("file", Some(""), ""), ("text", None, text.as_str())],
    ] {
        let answer = sent(&under, "/api/open_offer", &parts).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let to = answer.header("location").to_owned();
        assert!(to.starts_with("/shares/accept/") && to.ends_with("/callers"), "{to}");
        let page = under.visit(&to).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("Accept a share") && page.body.contains("scoring-lambda"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_file_is_shown_again_with_the_reason_and_nothing_is_kept() {
    let under = Under::test().await;
    let share = offered(&under).await;
    let before = under.remembered().await;
    let refused = sent(&under, "/api/open_offer", &[("text", None, "{\"sagebridge\": 7}")]).await;
    let to = refused.header("location").to_owned();
    assert!(refused.status == StatusCode::SEE_OTHER && to.starts_with("/accept?kept="), "{to}");
    let page = under.visit(to.split('#').next().unwrap()).await.body;
    assert!(page.contains("line 1, column 16") && page.contains("{\"sagebridge\": 7}</textarea>"), "{page}");
    let other = under.visit("/accept?kept=999999").await;
    assert_eq!(other.status, StatusCode::OK);

    let page = format!("/shares/{share}/hand-off");
    let acceptance = ShareAcceptance {
        share: "another".parse().unwrap(),
        child: "222222222222".parse().unwrap(),
        role: "arn:aws:iam::111111111111:role/SageMakerExternal".parse().unwrap(),
        grant_name: "G".parse().unwrap(),
        callers: [CallerArn::parse(LAMBDA).unwrap()].into(),
    };
    let parts = [("share", None, share.as_str()), ("text", None, &*acceptance.to_file())];
    let refused = sent(&under, "/api/take_acceptance", &parts).await;
    let to = refused.header("location").to_owned();
    assert!(to.starts_with(&format!("{page}?kept=")), "{to}");
    let page = under.visit(to.split('#').next().unwrap()).await.body;
    assert!(page.contains("is for share"), "the reason is at the field");
    assert_eq!(under.remembered().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_leads_to_the_review_that_narrows_the_trust_policy() {
    let under = Under::test().await;
    let share = offered(&under).await;
    let offer = ShareOffer::parse(&under.visit(&format!("/shares/{share}/hand-off/offer")).await.body).unwrap();
    let callers = [CallerArn::parse(LAMBDA).unwrap()].into();
    let acceptance = offer.accept(&callers, &"TheirName".parse().unwrap()).unwrap().to_file();
    let parts = [("share", None, share.as_str()), ("file", Some("share-acceptance.json"), acceptance.as_str())];
    let answer = sent(&under, "/api/take_acceptance", &parts).await;
    let to = answer.header("location").to_owned();
    assert!(to.starts_with("/shares/edit/") && to.ends_with("/review"), "{to}");
    let page = under.visit(&to).await.body;
    assert!(page.contains("trust policy updated") && page.contains("TheirName"), "{page}");
}

#[tokio::test]
async fn what_is_no_such_form_is_refused_in_words() {
    let under = Under::test().await;
    let headers = [("host", HOST), ("origin", OWN), ("cookie", under.cookie.as_str()), ("content-type", "text/plain")];
    for path in ["/api/open_offer", "/api/take_acceptance"] {
        let answer = under.send("POST", path, &headers, "{}").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        let error: app::error::AppError = serde_json::from_str(&answer.body).unwrap();
        assert!(error.message.starts_with("the form could not be read"), "{error}");
    }
    let answer = sent(&under, "/api/take_acceptance", &[("share", None, "../x"), ("text", None, "{}")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
