//! The models that write, answer and look at pictures, as clients of SageMaker meet them.

use crate::frames::frames;
use crate::support::Lab;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;

const JSON: (&str, &str) = ("content-type", "application/json");
const AT_ONCE: (&str, &str) = ("x-amzn-sagemaker-custom-attributes", "part-ms=0");

/// What the frames carry, one behind the other.
fn joined(frames: &[(String, String)]) -> String {
    assert!(frames.iter().all(|(kind, _)| kind == "PayloadPart"), "{frames:?}");
    frames.iter().map(|(_, text)| text.as_str()).collect()
}

#[tokio::test]
async fn the_writer_goes_on_with_a_text_whole_and_token_by_token() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let body = json!({ "inputs": "A role is", "parameters": { "max_new_tokens": 25, "seed": 7 } }).to_string();
    let whole = parent.invoke("story-writer", &[JSON], body.clone()).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "application/json"), "{}", whole.text());
    let text = whole.json()[0]["generated_text"].as_str().unwrap().to_owned();
    assert!(text.starts_with(' ') && text.split_whitespace().count() > 10, "{text}");

    let streamed = parent.stream("story-writer", &[JSON, AT_ONCE], body.clone()).await;
    assert_eq!(streamed.header("x-amzn-sagemaker-content-type"), "text/event-stream");
    let parts = frames(&streamed);
    assert_eq!(parts.len(), 25);
    let events = joined(&parts);
    let events: Vec<Value> = events
        .split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data:").unwrap()).unwrap())
        .collect();
    let tokens: String = events.iter().map(|event| event["token"]["text"].as_str().unwrap()).collect();
    assert_eq!((tokens.as_str(), &events[24]["generated_text"]), (text.as_str(), &json!(text)));
    // A stream that is asked for in the body only comes in one piece, as a container behind InvokeEndpoint gives it.
    let asked = body.replace("{\"inputs\"", "{\"stream\":true,\"inputs\"");
    let together = parent.invoke("story-writer", &[JSON], asked).await;
    assert_eq!((together.header("content-type"), together.text()), ("text/event-stream", joined(&parts)));
}

#[tokio::test]
async fn what_the_writer_refuses_comes_with_its_own_words() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let body = json!({ "inputs": "A role", "parameters": { "temperature": -1 } }).to_string();
    let refused = parent.invoke("story-writer", &[JSON], body.clone()).await;
    refused.refused(424, "ModelError", "Received client error (422) from primary with message");
    let own: Value = serde_json::from_str(refused.json()["OriginalMessage"].as_str().unwrap()).unwrap();
    let says = "Input validation error: `temperature` must be strictly positive";
    assert_eq!(own, json!({ "error": says, "error_type": "validation" }));
    parent.stream("story-writer", &[JSON], body).await.refused(424, "ModelError", "(422)");
    parent.invoke("story-writer", &[JSON], "{").await.refused(424, "ModelError", "(400)");
    parent.invoke("story-writer", &[("content-type", "text/csv")], "a").await.refused(424, "ModelError", "(415)");
}

#[tokio::test]
async fn the_assistant_answers_a_conversation_whole_and_in_deltas() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let messages = json!([{ "role": "user", "content": "What is an external ID for?" }]);
    let body = json!({ "messages": messages, "seed": 3 }).to_string();
    let whole = parent.invoke("assistant", &[JSON], body.clone()).await.json();
    assert_eq!(
        (&whole["object"], &whole["choices"][0]["message"]["role"]),
        (&json!("chat.completion"), &json!("assistant"))
    );
    let text = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("external ID"), "{text}");
    let usage = &whole["usage"];
    let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);

    let streamed = joined(&frames(&parent.stream("assistant", &[JSON, AT_ONCE], body).await));
    let events = streamed.strip_suffix("data: [DONE]\n\n").unwrap().split_terminator("\n\n");
    let deltas = events.map(|event| -> Value { serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap() });
    let together: String =
        deltas.filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect();
    assert_eq!(together, text);
    let nobody = json!({ "messages": [] }).to_string();
    parent.invoke("assistant", &[JSON], nobody).await.refused(424, "ModelError", "one of the role `user`");
}

#[tokio::test]
async fn the_colors_of_a_picture_come_as_numbers_or_as_a_picture() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let picture = RgbImage::from_fn(30, 10, |x, _| if x < 20 { Rgb([200, 30, 30]) } else { Rgb([20, 20, 20]) });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let found = parent.invoke("palette", &[("content-type", "application/x-image")], png.clone()).await;
    let expected = json!({
        "width": 30, "height": 10, "format": "png",
        "colors": [{ "hex": "#c81e1e", "share": 0.6667 }, { "hex": "#141414", "share": 0.3333 }],
    });
    assert_eq!((found.header("content-type"), found.json()), ("application/json", expected));
    let sent = [("content-type", "image/png"), ("accept", "image/png")];
    let swatch = parent.invoke("palette", &sent, png).await;
    assert_eq!(swatch.header("content-type"), "image/png");
    let swatch = image::load_from_memory(&swatch.body).unwrap().into_rgb8();
    assert_eq!(swatch.get_pixel(0, 0).0, [200, 30, 30]);
    let refused = parent.invoke("palette", &[("content-type", "image/png")], "<svg/>").await;
    refused.refused(424, "ModelError", "the picture can't be read");
}

#[tokio::test]
async fn every_model_that_takes_text_answers_its_own_sample() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let models = parent.sagemaker("ListModels", json!({ "MaxResults": 100 })).await.json();
    let mut tried = 0;
    for model in models["Models"].as_array().unwrap() {
        let described = parent.sagemaker("DescribeModel", json!({ "ModelName": model["ModelName"] })).await.json();
        let environment = &described["PrimaryContainer"]["Environment"];
        let Some(body) = environment["SAGEBRIDGE_SAMPLE_BODY"].as_str() else { continue };
        let kind = environment["SAGEBRIDGE_SAMPLE_CONTENT_TYPE"].as_str().unwrap();
        let name = model["ModelName"].as_str().unwrap().strip_suffix("-model").unwrap();
        let mut headers = vec![("content-type", kind)];
        let endpoint = match name {
            "churn-ab-champion" | "churn-ab-challenger" => "churn-ab",
            "writer-component" | "echo-component" => {
                headers.push(("x-amzn-sagemaker-inference-component", name));
                "shared-gpu"
            }
            name => name,
        };
        if let Some(target) = environment["SAGEBRIDGE_SAMPLE_TARGET_MODEL"].as_str() {
            headers.push(("x-amzn-sagemaker-target-model", target));
        }
        let config = json!({ "EndpointConfigName": format!("{endpoint}-config") });
        let config = parent.sagemaker("DescribeEndpointConfig", config).await.json();
        if config.get("AsyncInferenceConfig").is_some() {
            continue;
        }
        let answer = parent.invoke(endpoint, &headers, body.to_owned()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        tried += 1;
    }
    assert!(tried >= 11, "only {tried} models have a sample");
}
