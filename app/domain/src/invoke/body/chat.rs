//! What a language model said, out of the shapes in which such models answer: OpenAI's `choices` (vLLM, TGI, LMI and others
//! speak it too) and TGI's `generated_text`, whole or as a stream of events.
//!
//! What is not understood is left out here; the answer as it came stands beside it.

use super::json;
use serde_json::Value;

/// More choices than this are not told apart.
const MOST_CHOICES: usize = 16;
/// The longest line of a stream that is read, in bytes.
const LONGEST_LINE: usize = 1024 * 1024;
/// The longest whole answer that is read, in bytes.
const LONGEST: usize = 2 * 1024 * 1024;

/// What was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chat {
    /// Each choice by itself: most models give one.
    pub said: Vec<Said>,
    /// What the model told of an error, within an answer that was none to SageMaker.
    pub error: Option<String>,
    /// Tokens read and tokens written, where the model counted them.
    pub tokens: Option<(u64, u64)>,
}

/// One choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `assistant`
    pub role: Option<String>,
    /// The words.
    pub text: String,
    /// Why it ended: `stop`, `length` …
    pub finish: Option<String>,
}

impl Chat {
    /// What a whole answer says; `None` where it has none of these shapes.
    pub fn of(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let trimmed = text.trim_start();
        let mut stream = ChatStream::default();
        if trimmed.starts_with(['{', '['])
            && let Ok(value) = serde_json::from_str::<Value>(trimmed)
        {
            match &value {
                // A batch, as the Hugging Face containers answer one.
                Value::Array(items) if items.len() <= MOST_CHOICES => {
                    for (at, item) in items.iter().enumerate() {
                        stream.take(item, at);
                    }
                }
                value => stream.take(value, 0),
            }
        } else {
            stream.push(text);
            stream.end();
        }
        stream.heard.then_some(stream.chat)
    }

    fn choice(&mut self, index: usize) -> Option<&mut Said> {
        if index >= MOST_CHOICES {
            return None;
        }
        if self.said.len() <= index {
            self.said.resize_with(index + 1, Said::default);
        }
        self.said.get_mut(index)
    }
}

/// Reads a stream as it comes: events of `text/event-stream`, or a line of JSON for each.
#[derive(Debug, Clone, Default)]
pub struct ChatStream {
    chat: Chat,
    /// The beginning of a line.
    begun: String,
    /// The rest of this line is too long to be read.
    passing: bool,
    /// Whether anything was understood.
    heard: bool,
    /// Events that said something: a token each, as these models stream.
    events: usize,
}

impl ChatStream {
    /// Takes the next piece; what is not a whole line yet waits for the next one.
    pub fn push(&mut self, piece: &str) {
        let mut rest = piece;
        while let Some((line, after)) = rest.split_once('\n') {
            if !std::mem::take(&mut self.passing) {
                let whole = std::mem::take(&mut self.begun) + line;
                self.line(&whole);
            }
            rest = after;
        }
        if self.begun.len() + rest.len() > LONGEST_LINE {
            self.passing = true;
            self.begun.clear();
        } else if !self.passing {
            self.begun.push_str(rest);
        }
    }

    /// Takes what is left at the end.
    pub fn end(&mut self) {
        let line = std::mem::take(&mut self.begun);
        if !self.passing {
            self.line(&line);
        }
    }

    /// What was said so far; `None` while nothing was understood.
    pub fn chat(&self) -> Option<&Chat> {
        self.heard.then_some(&self.chat)
    }

    /// How many events said something.
    pub fn events(&self) -> usize {
        self.events
    }

    fn line(&mut self, line: &str) {
        let line = line.trim();
        let data = line.strip_prefix("data:").unwrap_or(line).trim_start();
        if data.starts_with('{')
            && let Ok(event) = serde_json::from_str::<Value>(data)
        {
            self.take(&event, 0);
        }
    }

    fn take(&mut self, event: &Value, at: usize) {
        if let Some(usage) = event.get("usage") {
            let count = |name: &str| usage.get(name).and_then(Value::as_u64);
            self.chat.tokens = count("prompt_tokens").zip(count("completion_tokens")).or(self.chat.tokens);
        }
        if let Some(choices) = event.get("choices").and_then(Value::as_array) {
            choices.iter().for_each(|choice| self.choice(choice));
        } else if let Some(token) = event.get("token") {
            let special = token.get("special").and_then(Value::as_bool).unwrap_or(false);
            if let Some(text) = token.get("text").and_then(Value::as_str) {
                self.say(at, if special { "" } else { text }, None);
            }
            let reason = event.get("details").and_then(|details| details.get("finish_reason")).and_then(Value::as_str);
            self.finish(at, reason);
        } else if let Some(generated) = event.get("generated_text") {
            self.generated(generated, at);
        } else if let Some(error) = event.get("error") {
            let message = error.get("message").and_then(Value::as_str).or_else(|| error.as_str());
            self.chat.error = message.map(str::to_owned);
            // An error alone is no chat: only one after something was said is told here.
        }
    }

    fn choice(&mut self, choice: &Value) {
        let index =
            choice.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
        let message = choice.get("delta").or_else(|| choice.get("message"));
        let content = message.and_then(|message| message.get("content")).or_else(|| choice.get("text"));
        let role = message.and_then(|message| message.get("role")).and_then(Value::as_str);
        if content.is_some() || message.is_some() {
            self.say(index, &content.map(words).unwrap_or_default(), role);
        }
        self.finish(index, choice.get("finish_reason").and_then(Value::as_str));
    }

    /// A text, or the whole conversation with the answer as its last message.
    fn generated(&mut self, generated: &Value, at: usize) {
        match generated {
            Value::String(text) => self.say(at, text, None),
            Value::Array(messages) => {
                let Some(last) = messages.last() else { return };
                let role = last.get("role").and_then(Value::as_str);
                self.say(at, &last.get("content").map(words).unwrap_or_default(), role);
            }
            _ => {}
        }
    }

    fn say(&mut self, index: usize, text: &str, role: Option<&str>) {
        self.heard = true;
        self.events += usize::from(!text.is_empty());
        if let Some(said) = self.chat.choice(index) {
            said.text.push_str(text);
            said.role = role.map(str::to_owned).or(said.role.take());
        }
    }

    fn finish(&mut self, index: usize, reason: Option<&str>) {
        if let (Some(reason), Some(said)) = (reason, self.chat.choice(index)) {
            said.finish = Some(reason.to_owned());
        }
    }
}

/// A content: a text, or parts of which some are text.
fn words(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => String::new(),
    }
}

/// Whether a text is a stream of server-sent events.
///
/// Source: HTML, "Server-sent events".
pub fn is_event_stream(text: &str) -> bool {
    let first = text.trim_start_matches(['\u{feff}', '\r', '\n']);
    ["data:", "event:", "id:", "retry:", ": "].iter().any(|field| first.starts_with(field))
        && first.lines().take(8).any(|line| line.starts_with("data:"))
}

/// Whether a text is JSON Lines: at least two lines, each an object or an array, as far as some are looked at.
///
/// Source: jsonlines.org.
pub fn is_json_lines(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(20);
    let each: Vec<bool> = lines.map(|line| line.starts_with(['{', '[']) && json::check(line).is_ok()).collect();
    each.len() >= 2 && each.iter().all(|good| *good)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<Vec<String>> {
        Chat::of(text).map(|chat| chat.said.into_iter().map(|said| said.text).collect())
    }

    #[test]
    fn whole_answers_are_read_in_their_shapes() {
        for (text, expected) in [
            (
                r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}"#,
                vec!["Hello"],
            ),
            (r#"{"choices":[{"text":"a"},{"index":1,"text":"b"}]}"#, vec!["a", "b"]),
            (
                r#"{"choices":[{"message":{"content":[{"type":"text","text":"in "},{"type":"text","text":"parts"}]}}]}"#,
                vec!["in parts"],
            ),
            (r#"{"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[]}}]}"#, vec![""]),
            (r#"[{"generated_text":"one"},{"generated_text":"two"}]"#, vec!["one", "two"]),
            (r#"{"generated_text":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#, vec!["a"]),
        ] {
            assert_eq!(said(text).unwrap(), expected, "{text}");
        }
        for other in
            [r#"{"predictions":[1]}"#, r#"{"error":"x"}"#, "", "data", "[]", r#"{"choices":"none"}"#, "data: {"]
        {
            assert_eq!(said(other), None, "{other}");
        }
    }

    #[test]
    fn streams_are_put_together_however_they_are_cut() {
        let open_ai = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
                       data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Añ\"}}]}\r\n\r\n\
                       data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"o\"},\"finish_reason\":\"stop\"}]}\n\n\
                       data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        for cut in 0..open_ai.len() {
            let Some((one, two)) = open_ai.split_at_checked(cut) else { continue };
            let mut stream = ChatStream::default();
            stream.push(one);
            stream.push(two);
            stream.end();
            let chat = stream.chat().unwrap();
            assert_eq!((chat.said[0].text.as_str(), chat.tokens, stream.events()), ("Año", Some((3, 2)), 2));
            assert_eq!(chat.said[0].finish.as_deref(), Some("stop"));
            assert_eq!(chat.said[0].role.as_deref(), Some("assistant"));
        }
        let tgi = "data:{\"token\":{\"text\":\"a\"},\"generated_text\":null}\n\ndata:{\"token\":{\"text\":\" b\"}}\n\n\
                   data:{\"token\":{\"text\":\"</s>\",\"special\":true},\"generated_text\":\"a b\",\"details\":{\"finish_reason\":\"eos_token\"}}";
        let chat = Chat::of(tgi).unwrap();
        assert_eq!((chat.said[0].text.as_str(), chat.said[0].finish.as_deref()), ("a b", Some("eos_token")));
        let lines = "{\"token\":{\"text\":\"x\"}}\n{\"token\":{\"text\":\"y\"}}\n";
        assert_eq!(said(lines).unwrap(), ["xy"]);
        let broken =
            "data: {\"choices\":[{\"text\":\"so far\"}]}\n\ndata: {\"error\":{\"message\":\"out of memory\"}}\n";
        assert_eq!(Chat::of(broken).unwrap().error.as_deref(), Some("out of memory"));
    }

    #[test]
    fn what_is_hostile_is_passed_over() {
        let far = format!("{{\"choices\":[{{\"index\":{},\"text\":\"x\"}}]}}", u64::MAX);
        assert_eq!(Chat::of(&far).unwrap().said, []);
        let mut stream = ChatStream::default();
        for _ in 0..40 {
            stream.push(&"x".repeat(1024 * 1024));
        }
        stream.push("\ndata:{\"token\":{\"text\":\"after\"}}\n");
        assert_eq!(stream.chat().unwrap().said[0].text, "after");
        assert_eq!(said(&("[".repeat(100_000) + "{\"token\":1}")), None);
        assert_eq!(said("{\"token\":{\"text\":1e999}}"), None);
    }

    #[test]
    fn streams_and_lines_are_told_from_other_text() {
        assert!(is_event_stream(": hi\ndata: x\n") && is_event_stream("event: a\ndata:{}") && is_event_stream("data:"));
        assert!(!is_event_stream("database: x") && !is_event_stream("id: x\nname: y") && !is_event_stream(""));
        assert!(is_json_lines("{}\n\n[1]\r\n{\"a\":1}"));
        assert!(!is_json_lines("{}") && !is_json_lines("{}\nx") && !is_json_lines("1\n2") && !is_json_lines("[\n1]"));
    }
}
