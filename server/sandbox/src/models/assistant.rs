//! `assistant`: answers a conversation, with the interface of OpenAI's chat completions as vLLM and others serve it.
//!
//! It looks up the sentences of the handbook that are nearest to the last message of the user, quotes them, and goes on
//! in its own words until a sentence ends. Of the parameters it knows `max_tokens` (or `max_completion_tokens`),
//! `temperature`, `seed`, `stop`, `stream` and `stream_options`; the others are ignored. Usage is counted, not guessed.
//!
//! The custom attribute `part-ms=N` is how long it takes for a token of a stream.

use super::attributes::Attributes;
use super::language::{Finish, Sampling, Token, Written, handbook, write};
use super::{Answer, Inference, ModelFailure, StreamAnswer, events, json};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

const NAME: &str = "sagebridge-assistant";
/// How many tokens a conversation may have.
const MOST_IN: usize = 4096;
/// How many tokens can be asked for.
const MOST_OUT: u32 = 1024;
/// How many it answers with at most where it is not told.
const TOKENS: u32 = 120;
/// How it draws where it is not told.
const TEMPERATURE: f64 = 0.7;
/// How many sentences of the handbook are quoted.
const QUOTED: usize = 2;

#[derive(Deserialize)]
struct Request {
    messages: Vec<Message>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f64>,
    seed: Option<u64>,
    stop: Option<Stops>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stops {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

/// What was answered.
struct Reply {
    id: String,
    created: i64,
    written: Written,
    prompt_tokens: usize,
    stream: Option<bool>,
    usage_too: bool,
}

/// Answers a request.
pub fn run(inference: Inference) -> Result<Answer, ModelFailure> {
    let reply = reply(&inference)?;
    if reply.stream == Some(true) {
        return Ok(events::together(&reply.events(), inference.custom_attributes));
    }
    Ok(json::answer(&reply.whole(), inference.custom_attributes))
}

/// Answers a request piece by piece, unless it says that it wants no stream: `None` then.
pub fn stream(inference: &Inference) -> Result<Option<StreamAnswer>, ModelFailure> {
    let pause = Attributes(inference.custom_attributes.as_deref().unwrap_or_default()).time("part-ms")?;
    let reply = reply(inference)?;
    if reply.stream == Some(false) {
        return Ok(None);
    }
    let pause = pause.unwrap_or(events::TOKEN_TIME);
    Ok(Some(events::paced(reply.events(), inference.custom_attributes.clone(), pause)))
}

fn refused(message: impl Into<String>) -> ModelFailure {
    let message: String = message.into();
    let error = json!({ "object": "error", "message": message, "type": "BadRequestError", "param": null, "code": 400 });
    ModelFailure::model(400, error.to_string())
}

fn reply(inference: &Inference) -> Result<Reply, ModelFailure> {
    let mut request: Request = json::read(inference)?;
    let stops = match request.stop.take() {
        None => Vec::new(),
        Some(Stops::One(stop)) => vec![stop],
        Some(Stops::Many(stops)) => stops,
    };
    let most = request.max_completion_tokens.or(request.max_tokens).unwrap_or(TOKENS);
    let prompt_tokens = request.messages.iter().map(|message| handbook().count(&message.content)).sum();
    let question = check(&request, most, prompt_tokens)?;
    if stops.iter().any(String::is_empty) {
        return Err(refused("stop cannot contain an empty string."));
    }
    let seed = request.seed.unwrap_or_else(|| u64::from_le_bytes(crate::ids::random()));
    let temperature = Some(request.temperature.unwrap_or(TEMPERATURE)).filter(|temperature| *temperature > 0.0);
    let tokens = answer(question, Sampling { temperature, seed });
    let written = write(tokens, usize::try_from(most).unwrap_or(usize::MAX), &stops, false);
    Ok(Reply {
        id: format!("chatcmpl-{}", crate::ids::request()),
        created: crate::clock::now().0 / 1000,
        written,
        prompt_tokens,
        stream: request.stream,
        usage_too: request.stream_options.is_some_and(|options| options.include_usage),
    })
}

/// The last message of the user, if the conversation is one that can be answered.
fn check(request: &Request, most: u32, prompt_tokens: usize) -> Result<&str, ModelFailure> {
    let unknown = request.messages.iter().find(|m| !["system", "developer", "user", "assistant"].contains(&&*m.role));
    if let Some(message) = unknown {
        return Err(refused(format!("Unknown role `{}`: give system, user or assistant.", message.role)));
    }
    if most == 0 || most > MOST_OUT {
        return Err(refused(format!("max_tokens must be between 1 and {MOST_OUT}, got {most}.")));
    }
    if request.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        return Err(refused("temperature must be between 0 and 2."));
    }
    if prompt_tokens > MOST_IN {
        return Err(refused(format!(
            "This model's maximum context length is {MOST_IN} tokens. However, your messages resulted in \
             {prompt_tokens} tokens. Please reduce the length of the messages."
        )));
    }
    let last = request.messages.iter().rev().find(|message| message.role == "user");
    last.map(|message| message.content.as_str()).ok_or_else(|| refused("messages must contain one of the role `user`."))
}

/// Sentences that answer, quoted; behind them, or where there are none behind the question, what the model makes of it
/// up to the end of a sentence.
fn answer(question: &str, sampling: Sampling) -> impl Iterator<Item = Token> {
    let quoted = handbook().nearest(question, QUOTED).join(" ");
    let prompt = if quoted.is_empty() { question } else { &quoted };
    let mut ended = false;
    let own = handbook().continued(prompt, sampling).take_while(move |token| {
        let go_on = !ended;
        ended = token.text.ends_with(['.', '?', '!']);
        go_on
    });
    let mut tokens = handbook().quote("", &quoted).into_iter().chain(own).peekable();
    // An answer begins without the space that a word in the middle has.
    if let Some(first) = tokens.peek_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    tokens
}

impl Reply {
    fn finish(&self) -> &'static str {
        if self.written.finish == Finish::Length { "length" } else { "stop" }
    }

    fn usage(&self) -> Value {
        let (prompt, completion) = (self.prompt_tokens, self.written.tokens.len());
        json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion })
    }

    fn whole(&self) -> Value {
        let message = json!({ "role": "assistant", "content": self.written.text() });
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": NAME,
            "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": self.finish() }],
            "usage": self.usage(),
        })
    }

    fn chunk(&self, choices: Value) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": NAME,
            "choices": choices,
        })
    }

    fn events(&self) -> Vec<Bytes> {
        let delta = |delta: Value, finish: Option<&str>| {
            self.chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]))
        };
        let mut values = vec![delta(json!({ "role": "assistant", "content": "" }), None)];
        values.extend(self.written.tokens.iter().map(|token| delta(json!({ "content": token.text }), None)));
        values.push(delta(json!({}), Some(self.finish())));
        if self.usage_too {
            let mut last = self.chunk(json!([]));
            last["usage"] = self.usage();
            values.push(last);
        }
        let done = Bytes::from_static(b"data: [DONE]\n\n");
        values.iter().map(|value| events::event("data: ", value)).chain([done]).collect()
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

    fn answered(body: &Value) -> Value {
        serde_json::from_slice(&run(asked(body)).unwrap().body).unwrap()
    }

    fn question(text: &str) -> Value {
        json!({ "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": text }], "seed": 1 })
    }

    #[test]
    fn it_answers_from_the_handbook_and_counts_what_it_used() {
        let answer = answered(&question("What is an external ID?"));
        let message = &answer["choices"][0]["message"];
        let text = message["content"].as_str().unwrap();
        assert!(message["role"] == "assistant" && text.contains("external ID"), "{text}");
        assert!(text.ends_with(['.', '?', '!']) && !text.starts_with(' '), "{text}");
        assert_eq!(answer["choices"][0]["finish_reason"], "stop");
        let usage = &answer["usage"];
        let counted = handbook().count(text);
        assert_eq!(usage["completion_tokens"], counted);
        // `Be brief.` is three tokens, the question six.
        assert_eq!((&usage["prompt_tokens"], &usage["total_tokens"]), (&json!(9), &json!(9 + counted)));
        assert_eq!(answered(&question("What is an external ID?"))["choices"], answer["choices"]);
    }

    #[test]
    fn what_it_never_read_about_is_answered_all_the_same() {
        let answer = answered(&question("xylophone zzz"));
        assert!(!answer["choices"][0]["message"]["content"].as_str().unwrap().is_empty());
    }

    #[test]
    fn an_answer_has_its_length_and_its_stops() {
        let mut body = question("What is an external ID?");
        body["max_tokens"] = json!(4);
        let short = answered(&body);
        assert_eq!(
            (&short["choices"][0]["finish_reason"], &short["usage"]["completion_tokens"]),
            (&json!("length"), &json!(4))
        );
        body = question("What is an external ID?");
        body["stop"] = json!(".");
        let stopped = answered(&body);
        assert!(!stopped["choices"][0]["message"]["content"].as_str().unwrap().contains('.'));
        assert_eq!(stopped["choices"][0]["finish_reason"], "stop");
    }

    #[tokio::test]
    async fn a_stream_is_deltas_that_make_the_answer_and_a_mark_at_the_end() {
        let mut body = question("What is a role?");
        body["stream_options"] = json!({ "include_usage": true });
        let whole = answered(&body);
        let answer = stream(&asked(&body)).unwrap().unwrap();
        let events: Vec<Bytes> = answer.parts.map(|part| part.unwrap()).collect().await;
        let lines: Vec<&str> = events
            .iter()
            .map(|event| std::str::from_utf8(event).unwrap().strip_prefix("data: ").unwrap().trim_end())
            .collect();
        assert_eq!(*lines.last().unwrap(), "[DONE]");
        let chunks: Vec<Value> =
            lines[..lines.len() - 1].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(text, whole["choices"][0]["message"]["content"]);
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
        assert_eq!(chunks[chunks.len() - 1]["usage"], whole["usage"]);
    }

    #[test]
    fn what_can_not_be_answered_is_refused_in_the_form_of_its_kind() {
        let user = json!([{ "role": "user", "content": "a" }]);
        for (body, status, says) in [
            (json!({ "messages": [] }), 400, "one of the role `user`"),
            (json!({ "messages": [{ "role": "judge", "content": "a" }] }), 400, "Unknown role `judge`"),
            (json!({ "messages": user, "max_tokens": 0 }), 400, "max_tokens must be between"),
            (json!({ "messages": user, "temperature": 3 }), 400, "temperature must be between 0 and 2"),
            (json!({ "messages": [{ "role": "user", "content": "a ".repeat(5000) }] }), 400, "maximum context length"),
            (json!({ "messages": user, "stop": [""] }), 400, "empty string"),
            (json!({ "messages": "hello" }), 422, "Failed to deserialize"),
            (json!({ "inputs": "hello" }), 422, "missing field `messages`"),
        ] {
            let Err(ModelFailure::Model { status: found, message }) = run(asked(&body)) else { panic!("{body}") };
            assert!(found == status && message.contains(says), "{body}: {found} {message}");
        }
    }
}
