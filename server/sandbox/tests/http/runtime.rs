//! InvokeEndpoint: headers, limits, errors, and the models behind it.

use crate::support::{Lab, PARENT};
use serde_json::json;

const ROW: &str = "5,0,0,268.4,121,74.9,201.3,4,13.2";
const LOYAL: &str = "60,2,1,110.0,90,47.0,190.0,0,9.0";
const CSV: (&str, &str) = ("content-type", "text/csv");
const JSON: (&str, &str) = ("content-type", "application/json");
const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";

#[tokio::test]
async fn the_model_scores_csv_and_json_alike() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let csv = parent.invoke("churn-classifier", &[CSV], format!("{ROW}\n{LOYAL}\n")).await;
    assert_eq!((csv.status, csv.header("content-type")), (200, "text/csv"), "{}", csv.text());
    assert_eq!(csv.header("x-amzn-invoked-production-variant"), "AllTraffic");
    let scores: Vec<f64> = csv.text().lines().map(|line| line.parse().unwrap()).collect();
    assert!(scores.len() == 2 && scores[0] > 0.6 && scores[1] < 0.3, "{scores:?}");
    let body = format!("{{\"instances\":[[{ROW}],[{LOYAL}]]}}");
    let json = parent.invoke("churn-classifier", &[JSON], body).await;
    assert_eq!(json.json(), json!({ "predictions": scores }));
    let asked = parent.invoke("churn-classifier", &[CSV, ("accept", "application/json")], ROW).await;
    assert_eq!(asked.json(), json!({ "predictions": [scores[0]] }));
}

#[tokio::test]
async fn what_the_model_refuses_comes_as_424() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let kind = parent.invoke("churn-classifier", &[("content-type", "image/png")], "x").await;
    kind.refused(424, "ModelError", "Received client error (415) from primary with message \"");
    let body = kind.json();
    assert_eq!(body["OriginalStatusCode"], 415);
    assert!(body["OriginalMessage"].as_str().unwrap().contains("text/csv and application/json"));
    assert_eq!(
        body["LogStreamArn"],
        format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:/aws/sagemaker/Endpoints/churn-classifier")
    );
    let row = parent.invoke("churn-classifier", &[CSV], "1,2,x").await.json();
    assert_eq!(row["OriginalStatusCode"], 400);
    assert!(row["OriginalMessage"].as_str().unwrap().starts_with("row 1 has 3 columns"));
}

#[tokio::test]
async fn an_endpoint_is_found_in_its_own_case_and_account_only() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for name in ["nope", "fraud-detector-eu", "demand-forecast"] {
        let message = format!("Endpoint {name} of account {PARENT} not found.");
        parent.invoke(name, &[CSV], ROW).await.refused(400, "ValidationError", &message);
    }
    assert_eq!(parent.invoke("Fraud-Detector-EU", &[CSV], ROW).await.status, 200);
    let child = lab.client("child").invoke("echo", &[], "x").await;
    child.refused(400, "ValidationError", "Endpoint echo of account 222222222222 not found.");
    let mut elsewhere = parent.clone();
    elsewhere.region = "us-east-1".into();
    elsewhere.invoke("echo", &[], "x").await.refused(400, "ValidationError", "not found");
    parent.invoke("a_b", &[], "x").await.refused(400, "ValidationError", "'endpointName'");
}

#[tokio::test]
async fn echo_gives_back_what_it_gets() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let body: Vec<u8> = (0..=255).collect();
    let sent = [("content-type", "application/x-thing"), (ATTRIBUTES, "trace=7")];
    let answer = parent.invoke("echo", &sent, body.clone()).await;
    assert_eq!((answer.header("content-type"), answer.header(ATTRIBUTES)), ("application/x-thing", "trace=7"));
    assert_eq!(answer.body, body);
    let shown = parent
        .invoke("echo", &[JSON, (ATTRIBUTES, "show=headers"), ("x-amzn-sagemaker-inference-id", "i1")], "hi")
        .await
        .json();
    assert_eq!(shown["headers"]["x-amzn-sagemaker-inference-id"], "i1");
    assert_eq!((&shown["headers"]["content-type"], &shown["body"]), (&json!("application/json"), &json!("hi")));
}

#[tokio::test]
async fn echo_fails_in_every_way_it_is_told() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let told = async |attributes: &str| parent.invoke("echo", &[(ATTRIBUTES, attributes)], "because").await;
    let model = told("status=503").await;
    model.refused(424, "ModelError", "Received server error (503) from primary with message \"because\"");
    for (code, status) in [
        ("ModelNotReadyException", 429),
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
        ("InternalDependencyException", 530),
        ("ThrottlingException", 400),
        ("ValidationError", 400),
    ] {
        told(&format!("error={code}")).await.refused(status, code, "");
    }
    // SageMaker follows no redirect of a container: whatever is not 200 is the model's error.
    let moved = told("status=302").await;
    moved.refused(424, "ModelError", "Received client error (302) from primary");
    assert_eq!(moved.json()["OriginalStatusCode"], 302);
    told("status=200").await.refused(424, "ModelError", "`status` is not between 300 and 599");
    told("error=Nonsense").await.refused(424, "ModelError", "not an error echo knows");
    assert_eq!(told("bytes=100000").await.body.len(), 100_000);
    assert_eq!(told("type=text/html").await.header("content-type"), "text/html");
}

#[tokio::test]
async fn echo_answers_with_whatever_a_browser_should_not_trust() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let told = async |attributes: &str, body: &'static str| {
        let answer = parent.invoke("echo", &[CSV, (ATTRIBUTES, attributes)], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    };
    let page = "<script>document.title='owned'</script>";
    let html = told("type=text/html%3B%20charset=utf-16", page).await;
    assert_eq!((html.header("content-type"), html.text().as_str()), ("text/html; charset=utf-16", page));
    let svg = told("type=image/svg+xml", "<svg onload='alert(1)'/>").await;
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    let untyped = told("type=", "x").await;
    assert!(!untyped.headers.contains_key("content-type"));
    // Bytes that are no text, under a type that says so all the same.
    let broken = told("decode=base64;type=text/plain", "//79gA==").await;
    assert_eq!((broken.header("content-type"), &broken.body[..]), ("text/plain", &[0xff, 0xfe, 0xfd, 0x80][..]));
    let huge = told("repeat=30000000;type=text/html", page).await;
    assert!(huge.body.len() == 30_000_000 && huge.body.starts_with(page.as_bytes()));
    let refused = parent.invoke("echo", &[(ATTRIBUTES, "decode=base64")], "?").await;
    refused.refused(424, "ModelError", "the body is not base64");
}

#[tokio::test]
async fn sessions_are_opened_and_closed() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let opened = parent.invoke("echo", &[("x-amzn-sagemaker-session-id", "NEW_SESSION")], "x").await;
    assert!(opened.header("x-amzn-sagemaker-new-session-id").contains("; Expires="));
    let closed =
        parent.invoke("echo", &[("x-amzn-sagemaker-session-id", "s1"), (ATTRIBUTES, "close-session")], "x").await;
    assert_eq!(closed.header("x-amzn-sagemaker-closed-session-id"), "s1");
}

#[tokio::test]
async fn a_body_has_its_limit() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let fits = parent.invoke("echo", &[], vec![b'x'; 6_291_456]).await;
    assert_eq!((fits.status, fits.body.len()), (200, 6_291_456));
    for size in [6_291_457, 20_000_000] {
        let large = parent.invoke("echo", &[], vec![b'x'; size]).await;
        assert_eq!(large.status, 413);
        assert!(large.message().contains("HTTP content length exceeded 6291456 bytes."));
    }
    let attributes = "x".repeat(1025);
    parent.invoke("echo", &[(ATTRIBUTES, &attributes)], "x").await.refused(400, "ValidationError", "CustomAttributes");
}

#[tokio::test]
async fn a_variant_can_be_chosen() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let variant = |name| [("x-amzn-sagemaker-target-variant", name)];
    assert_eq!(parent.invoke("echo", &variant("AllTraffic"), "x").await.status, 200);
    parent.invoke("echo", &variant("green"), "x").await.refused(400, "ValidationError", "Could not find variant green");
    let model = [("x-amzn-sagemaker-target-model", "a.tar.gz")];
    let refused = parent.invoke("echo", &model, "x").await;
    let says = "Endpoint echo is not a multi-model endpoint and does not support target model header.";
    refused.refused(400, "ValidationError", says);
    assert_eq!(refused.json()["ErrorCode"], "TARGET_MODEL_HEADER_NOT_SUPPORTED");
    let host = [("x-amzn-sagemaker-target-container-hostname", "second")];
    parent.invoke("echo", &host, "x").await.refused(400, "ValidationError", "not a multi-container endpoint");
    let component = [("x-amzn-sagemaker-inference-component", "echo-component")];
    parent.invoke("echo", &component, "x").await.refused(400, "ValidationError", "is not allowed for endpoints");
}
