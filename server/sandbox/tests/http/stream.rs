//! InvokeEndpointWithResponseStream: frames, breaks, permissions, and what a model that can't stream gives.

use crate::frames::frames;
use crate::support::{Lab, PARENT};

const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";
const JSON: (&str, &str) = ("content-type", "application/json");

fn part(text: &str) -> (String, String) {
    ("PayloadPart".into(), text.into())
}

#[tokio::test]
async fn an_answer_comes_piece_by_piece() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let answer = parent.stream("echo", &[JSON, (ATTRIBUTES, "parts=3")], "[1,2,3,4]").await;
    assert_eq!(frames(&answer), [part("[1,"), part("2,3"), part(",4]")]);
    assert_eq!(answer.header("x-amzn-sagemaker-content-type"), "application/json");
    assert_eq!(answer.header("x-amzn-invoked-production-variant"), "AllTraffic");
    assert_eq!(answer.header(ATTRIBUTES), "parts=3");
    assert_eq!(frames(&parent.stream("echo", &[], "").await), []);
}

#[tokio::test]
async fn a_model_that_gives_no_pieces_gives_one() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let sent = [("content-type", "text/csv"), ("x-amzn-sagemaker-accept", "application/json")];
    let answer = parent.stream("churn-classifier", &sent, "5,0,0,268.4,121,74.9,201.3,4,13.2").await;
    let frames = frames(&answer);
    assert!(frames.len() == 1 && frames[0].1.starts_with("{\"predictions\":["), "{frames:?}");
    let refused = parent.stream("churn-classifier", &[("content-type", "image/png")], "x").await;
    refused.refused(424, "ModelError", "Received client error (415)");
}

#[tokio::test]
async fn a_stream_that_breaks_says_why_and_ends() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for (code, kind) in [
        ("StreamBroken", "ModelStreamError"),
        ("ModelInvocationTimeExceeded", "ModelStreamError"),
        ("InternalStreamFailure", "InternalStreamFailure"),
    ] {
        let told = format!("parts=4;break-after=2;break={code}");
        let seen = frames(&parent.stream("echo", &[(ATTRIBUTES, &told)], "abcd").await);
        assert_eq!(seen[..2], [part("a"), part("b")]);
        assert_eq!((seen.len(), seen[2].0.as_str()), (3, kind));
        assert!(kind != "ModelStreamError" || seen[2].1.contains(code), "{seen:?}");
    }
}

#[tokio::test]
async fn a_large_answer_is_cut_into_frames() {
    let lab = Lab::start().await;
    let told = format!("parts=1;bytes={}", 1024 * 1024);
    let seen = frames(&lab.client("parent").stream("echo", &[(ATTRIBUTES, &told)], "").await);
    assert_eq!(seen.len(), 8);
    assert_eq!(seen.iter().map(|(_, text)| text.len()).sum::<usize>(), 1024 * 1024);
}

#[tokio::test]
async fn a_stream_takes_both_permissions() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let allow = |action: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sagemaker:{action}","Resource":"*"}}}}"#
        )
    };
    let (whole, streamed) = (allow("InvokeEndpoint"), allow("InvokeEndpointWithResponseStream"));
    let only_whole = parent.new_user("only-whole", &[&whole]).await;
    let only_streamed = parent.new_user("only-streamed", &[&streamed]).await;
    let both = parent.new_user("both", &[&whole, &streamed]).await;
    let denied = |user: &str, action: &str| {
        format!(
            "User: arn:aws:iam::{PARENT}:user/{user} is not authorized to perform: sagemaker:{action} on resource: \
             arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/echo"
        )
    };
    let why = denied("only-whole", "InvokeEndpointWithResponseStream");
    only_whole.stream("echo", &[], "x").await.refused(403, "AccessDeniedException", &why);
    let why = denied("only-streamed", "InvokeEndpoint");
    only_streamed.stream("echo", &[], "x").await.refused(403, "AccessDeniedException", &why);
    assert_eq!(frames(&both.stream("echo", &[], "x").await), [part("x")]);
}
