//! `writer`: continues a text, with the interface of Hugging Face's Text Generation Inference (TGI).
//!
//! Takes `{"inputs": "…", "parameters": {…}}`, gives `[{"generated_text": "…"}]`; as a stream an event a token and the
//! whole text with the last one. It is a small model of words, see [`super::language`], and really draws what it
//! writes. Of TGI's parameters it knows `max_new_tokens`, `temperature`, `do_sample`, `seed`, `stop`,
//! `return_full_text` and `details`; the others are ignored.
//!
//! The custom attribute `part-ms=N` is how long it takes for a token of a stream.

use super::attributes::Attributes;
use super::language::{Finish, Sampling, Written, handbook, write};
use super::{Answer, Inference, ModelFailure, StreamAnswer, events, json};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many tokens a prompt may have.
const MOST_IN: usize = 1024;
/// How many tokens can be asked for.
const MOST_OUT: u32 = 1024;
/// How many it writes where it is not told.
const TOKENS: u32 = 60;
/// How it draws where it is not told. TGI would take the likeliest word each time, which with so small a model runs in
/// a circle.
const TEMPERATURE: f64 = 0.8;
/// How many texts to stop at can be given.
const MOST_STOPS: usize = 4;

#[derive(Deserialize)]
struct Request {
    inputs: String,
    #[serde(default)]
    parameters: Parameters,
    stream: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    max_new_tokens: Option<u32>,
    temperature: Option<f64>,
    do_sample: Option<bool>,
    seed: Option<u64>,
    stop: Vec<String>,
    return_full_text: Option<bool>,
    details: bool,
}

/// What was written for a request.
struct Draft {
    written: Written,
    /// What comes before the text in `generated_text`.
    before: String,
    details: Option<Value>,
    stream: Option<bool>,
}

/// Answers a request.
pub fn run(inference: Inference) -> Result<Answer, ModelFailure> {
    let draft = draft(&inference)?;
    if draft.stream == Some(true) {
        return Ok(events::together(&draft.events(), inference.custom_attributes));
    }
    let mut answer = json!({ "generated_text": draft.text() });
    if let Some(details) = &draft.details {
        answer["details"] = details.clone();
    }
    Ok(json::answer(&json!([answer]), inference.custom_attributes))
}

/// Answers a request piece by piece, unless it says that it wants no stream: `None` then.
pub fn stream(inference: &Inference) -> Result<Option<StreamAnswer>, ModelFailure> {
    let pause = Attributes(inference.custom_attributes.as_deref().unwrap_or_default()).time("part-ms")?;
    let draft = draft(inference)?;
    if draft.stream == Some(false) {
        return Ok(None);
    }
    let pause = pause.unwrap_or(events::TOKEN_TIME);
    Ok(Some(events::paced(draft.events(), inference.custom_attributes.clone(), pause)))
}

fn draft(inference: &Inference) -> Result<Draft, ModelFailure> {
    let Request { inputs, parameters, stream } = json::read(inference)?;
    let Parameters { max_new_tokens, temperature, do_sample, seed, stop, return_full_text, details } = parameters;
    let most = max_new_tokens.unwrap_or(TOKENS);
    check(&inputs, most, temperature, &stop)?;
    let seed = seed.unwrap_or_else(|| u64::from_le_bytes(crate::ids::random()));
    let temperature = (do_sample != Some(false)).then(|| temperature.unwrap_or(TEMPERATURE));
    let tokens = handbook().continued(&inputs, Sampling { temperature, seed });
    let written = write(tokens, usize::try_from(most).unwrap_or(usize::MAX), &stop, true);
    let details = details.then(|| {
        let reason = if written.finish == Finish::Stop { "stop_sequence" } else { "length" };
        let seed = temperature.map(|_| seed);
        json!({ "finish_reason": reason, "generated_tokens": written.tokens.len(), "seed": seed })
    });
    let before = if return_full_text == Some(true) { inputs } else { String::new() };
    Ok(Draft { written, before, details, stream })
}

/// The checks of TGI's `validation.rs`, with its form of errors.
fn check(inputs: &str, most: u32, temperature: Option<f64>, stop: &[String]) -> Result<(), ModelFailure> {
    let tokens = handbook().count(inputs);
    let wrong = if inputs.is_empty() {
        "`inputs` cannot be empty".into()
    } else if tokens > MOST_IN {
        format!("`inputs` must have less than {MOST_IN} tokens. Given: {tokens}")
    } else if most == 0 {
        "`max_new_tokens` must be strictly positive".into()
    } else if most > MOST_OUT {
        format!("`max_new_tokens` must be <= {MOST_OUT}. Given: {most}")
    } else if temperature.is_some_and(|temperature| temperature <= 0.0) {
        "`temperature` must be strictly positive".into()
    } else if stop.len() > MOST_STOPS {
        format!("`stop` supports up to {MOST_STOPS} stop sequences. Given: {}", stop.len())
    } else if stop.iter().any(String::is_empty) {
        "`stop` cannot hold an empty stop sequence".into()
    } else {
        return Ok(());
    };
    let error = json!({ "error": format!("Input validation error: {wrong}"), "error_type": "validation" });
    Err(ModelFailure::model(422, error.to_string()))
}

impl Draft {
    fn text(&self) -> String {
        format!("{}{}", self.before, self.written.text())
    }

    /// An event a token; the last one has the whole text.
    fn events(&self) -> Vec<Bytes> {
        let last = self.written.tokens.len();
        let tokens = self.written.tokens.iter().zip(1..);
        tokens
            .map(|(token, index)| {
                let (text, details) =
                    if index == last { (Some(self.text()), self.details.as_ref()) } else { (None, None) };
                let token = json!({ "id": token.id, "text": token.text, "logprob": token.logprob, "special": false });
                let value = json!({ "index": index, "token": token, "generated_text": text, "details": details });
                events::event("data:", &value)
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use futures::StreamExt as _;

    fn asked(body: &Value) -> Inference {
        Inference {
            content_type: Some("application/json".into()),
            accept: None,
            custom_attributes: Some("part-ms=0".into()),
            headers: Vec::new(),
            body: body.to_string().into(),
        }
    }

    fn text(body: &Value) -> String {
        let answer: Value = serde_json::from_slice(&run(asked(body)).unwrap().body).unwrap();
        answer[0]["generated_text"].as_str().unwrap().to_owned()
    }

    fn refused(body: &Value) -> (u16, String) {
        match run(asked(body)) {
            Err(ModelFailure::Model { status, message }) => (status, message),
            Err(ModelFailure::Service(failure)) => panic!("{failure:?}"),
            Ok(answer) => panic!("{:?}", answer.body),
        }
    }

    #[test]
    fn a_seed_decides_what_is_written() {
        let body = |seed: u64| json!({ "inputs": "A role", "parameters": { "max_new_tokens": 30, "seed": seed } });
        assert_eq!(text(&body(7)), text(&body(7)));
        assert_ne!(text(&body(7)), text(&body(8)));
        let greedy = |seed: u64| json!({ "inputs": "A role", "parameters": { "do_sample": false, "seed": seed } });
        assert_eq!(text(&greedy(7)), text(&greedy(8)));
    }

    #[test]
    fn writing_stops_where_it_is_told_to() {
        let stopped = json!({
            "inputs": "An endpoint",
            "parameters": { "max_new_tokens": 500, "seed": 3, "stop": ["."], "details": true, "return_full_text": true },
        });
        let answer: Value = serde_json::from_slice(&run(asked(&stopped)).unwrap().body).unwrap();
        let text = answer[0]["generated_text"].as_str().unwrap();
        assert!(text.starts_with("An endpoint ") && text.ends_with('.') && text.matches('.').count() == 1, "{text}");
        assert_eq!(answer[0]["details"]["finish_reason"], "stop_sequence");
    }

    #[tokio::test]
    async fn a_stream_is_an_event_a_token_and_the_whole_text_at_last() {
        let body = json!({ "inputs": "A role", "parameters": { "max_new_tokens": 12, "seed": 7 } });
        let answer = stream(&asked(&body)).unwrap().unwrap();
        assert_eq!(answer.content_type, "text/event-stream");
        let events: Vec<Bytes> = answer.parts.map(|part| part.unwrap()).collect().await;
        assert_eq!(events.len(), 12);
        let read = |event: &Bytes| -> Value {
            let line = std::str::from_utf8(event).unwrap().strip_prefix("data:").unwrap();
            serde_json::from_str(line.strip_suffix("\n\n").unwrap()).unwrap()
        };
        let values: Vec<Value> = events.iter().map(read).collect();
        let together: String = values.iter().map(|value| value["token"]["text"].as_str().unwrap()).collect();
        assert_eq!(together, text(&body));
        assert_eq!(values[11]["generated_text"], together);
        assert!(values[..11].iter().all(|value| value["generated_text"].is_null()));
        let no_stream = json!({ "inputs": "A role", "stream": false });
        assert!(stream(&asked(&no_stream)).unwrap().is_none());
    }

    #[test]
    fn bad_parameters_are_refused_as_tgi_refuses_them() {
        for (body, status, says) in [
            (json!({ "inputs": "" }), 422, "`inputs` cannot be empty"),
            (json!({ "inputs": "a ".repeat(1025) }), 422, "must have less than 1024 tokens. Given: 1025"),
            (json!({ "inputs": "a", "parameters": { "max_new_tokens": 0 } }), 422, "strictly positive"),
            (json!({ "inputs": "a", "parameters": { "max_new_tokens": 9999 } }), 422, "<= 1024. Given: 9999"),
            (json!({ "inputs": "a", "parameters": { "temperature": 0.0 } }), 422, "`temperature` must be"),
            (json!({ "inputs": "a", "parameters": { "stop": ["a", "b", "c", "d", "e"] } }), 422, "up to 4"),
            (json!({ "inputs": "a", "parameters": { "max_new_tokens": -1 } }), 422, "Failed to deserialize"),
            (json!({ "prompt": "a" }), 422, "missing field `inputs`"),
        ] {
            let (found, message) = refused(&body);
            assert!(found == status && message.contains(says), "{body}: {found} {message}");
        }
        let broken = Inference { body: "{".into(), ..asked(&Value::Null) };
        assert!(matches!(run(broken), Err(ModelFailure::Model { status: 400, .. })));
        let other = Inference { content_type: Some("text/csv".into()), ..asked(&Value::Null) };
        assert!(matches!(run(other), Err(ModelFailure::Model { status: 415, .. })));
    }
}
