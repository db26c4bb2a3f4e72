//! What every program says, whatever its language: the operation, its members, the body.

use super::{BINARY_BYTES, CodeCredentials, CodeLanguage, CodeView, TEXT_BYTES};
use crate::invoke::{BodyEncoding, HeaderRule, InvokeParams, InvokeRefusal};
use crate::names::Region;
use crate::share::intent::InvokeAction;

/// A request to be written as a program.
pub(super) struct Call<'a> {
    /// The endpoint's name: letters, digits and hyphens.
    pub endpoint: &'a str,
    pub region: &'a str,
    pub way: InvokeAction,
    pub credentials: &'a CodeCredentials,
    /// The headers that are sent, the body's type first.
    pub members: Vec<Member<'a>>,
    pub body: Body<'a>,
    suffix: &'static str,
}

/// A header, as an operation's member.
pub(super) struct Member<'a> {
    /// The member in snake case: `target_container_hostname`.
    pub snake: &'static str,
    pub value: &'a str,
}

/// Where a program has the body from.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Text(&'a str),
    /// Checked to be base64, and nothing else.
    Base64(&'a str),
    /// A file of this name, beside the program.
    File(&'static str),
}

impl Member<'_> {
    /// `TargetContainerHostname`.
    pub fn camel(&self) -> String {
        let words = self.snake.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
        words.collect()
    }

    /// `target-container-hostname`.
    pub fn kebab(&self) -> String {
        self.snake.replace('_', "-")
    }

    /// The header of this member. An asynchronous call has a content type of its own: that of the input. Source: SageMaker
    /// Runtime's service model.
    pub fn header(&self, way: InvokeAction) -> String {
        let asynchronous = way == InvokeAction::Async;
        match self.snake {
            "content_type" if !asynchronous => "Content-Type".into(),
            "accept" if !asynchronous => "Accept".into(),
            "inference_component_name" => "X-Amzn-SageMaker-Inference-Component".into(),
            _ => {
                let words: Vec<String> = self.snake.split('_').map(|w| w[..1].to_ascii_uppercase() + &w[1..]).collect();
                format!("X-Amzn-SageMaker-{}", words.join("-"))
            }
        }
    }
}

/// What an operation calls a field of [`crate::invoke::InvokeHeaders`], in snake case.
fn member_name(field: &'static str) -> &'static str {
    match field {
        "target_container" => "target_container_hostname",
        "inference_component" => "inference_component_name",
        "explanations" => "enable_explanations",
        "session" => "session_id",
        same => same,
    }
}

impl<'a> Call<'a> {
    /// `params` were checked for `way`.
    pub fn new(
        params: &'a InvokeParams,
        way: InvokeAction,
        region: &'a Region,
        credentials: &'a CodeCredentials,
    ) -> Result<Self, InvokeRefusal> {
        let members = HeaderRule::ALL.iter().map(|rule| (rule.field, rule.value(&params.headers)));
        let members = members.filter(|(_, value)| !value.is_empty());
        Ok(Self {
            endpoint: params.endpoint.as_str(),
            region: region.as_str(),
            way,
            credentials,
            members: members.map(|(field, value)| Member { snake: member_name(field), value }).collect(),
            body: body(params)?,
            suffix: region.url_suffix(),
        })
    }

    /// The operation in snake case.
    pub fn operation(&self) -> &'static str {
        match self.way {
            InvokeAction::Invoke => "invoke_endpoint",
            InvokeAction::Stream => "invoke_endpoint_with_response_stream",
            InvokeAction::Async => "invoke_endpoint_async",
        }
    }

    /// What the program does, in a sentence without its full stop.
    pub fn purpose(&self) -> String {
        let through = match self.credentials {
            CodeCredentials::Role { .. } => "through a role of its account",
            CodeCredentials::Profile(_) => "with credentials of its own account",
        };
        format!("Invokes the SageMaker endpoint {} in {} {through}", self.endpoint, self.region)
    }

    /// What the program prints, in a sentence without its full stop.
    pub fn prints(&self) -> &'static str {
        match self.way {
            InvokeAction::Invoke => {
                "The answer goes to standard output as it is, what is known about it to standard error"
            }
            InvokeAction::Stream => "The answer goes to standard output as it comes, piece by piece",
            InvokeAction::Async => {
                "The place in S3 where the answer will be goes to standard output, that of a failure to standard error"
            }
        }
    }

    /// SageMaker Runtime's address, where no other is named. Source: AWS general reference, "Amazon SageMaker endpoints and
    /// quotas".
    pub fn address(&self) -> String {
        format!("https://runtime.sagemaker.{}.{}", self.region, self.suffix)
    }

    /// The program as it is shown. `run` is the command, or what to do instead of one.
    pub fn view(&self, language: CodeLanguage, file_name: String, text: String, needs: &str, run: String) -> CodeView {
        let body_file = match self.body {
            Body::File(name) => Some(name.to_owned()),
            Body::Text(_) | Body::Base64(_) => None,
        };
        CodeView { language, file_name, text, needs: needs.into(), run, body_file }
    }

    /// How to run a program from a terminal, in a sentence: as whom, and by which command.
    pub fn run(&self, command: &str) -> String {
        match self.credentials {
            CodeCredentials::Role { .. } => format!(
                "Run `AWS_PROFILE=… {command}` with a profile of someone whom the role trusts, or without one where \
                 credentials are there already."
            ),
            CodeCredentials::Profile(_) => {
                format!("Run `{command}`; `AWS_PROFILE` names another profile where this machine calls it otherwise.")
            }
        }
    }
}

/// Where the body comes from: from the program itself while that stays readable.
fn body(params: &InvokeParams) -> Result<Body<'_>, InvokeRefusal> {
    let (text, bytes) = (params.body.as_str(), params.bytes());
    match params.encoding {
        BodyEncoding::Text if bytes <= TEXT_BYTES => Ok(Body::Text(text)),
        BodyEncoding::Base64 if !is_base64(text) => Err(InvokeRefusal::BrokenBase64),
        BodyEncoding::Base64 if bytes <= BINARY_BYTES => Ok(Body::Base64(text)),
        BodyEncoding::Text | BodyEncoding::Base64 => Ok(Body::File(file_for(&params.headers.content_type))),
    }
}

/// Whether a text is base64 with its padding: then it is safe between any quotes, too.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let all = digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    all && text.len() - digits.len() <= 2 && text.len().is_multiple_of(4)
}

/// What to call the file with the body.
fn file_for(content_type: &str) -> &'static str {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    match kind {
        "text/csv" => "request-body.csv",
        "application/json" => "request-body.json",
        "application/jsonlines" | "application/x-ndjson" => "request-body.jsonl",
        text if text.starts_with("text/") => "request-body.txt",
        _ => "request-body.bin",
    }
}

/// A text cut after its line feeds, for a literal a line, where it has several lines and one literal would be long.
pub(super) fn long_lines(text: &str) -> Option<Vec<&str>> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    (lines.len() > 1 && text.len() > 60).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64_is_taken_for_base64() {
        for good in ["", "QQ==", "QUI=", "QUJD", "+/+/"] {
            assert!(is_base64(good), "{good}");
        }
        for bad in ["Q", "QQ=", "Q===", "QQ==\n", "\"+x", "QUJ'", "=QUJ"] {
            assert!(!is_base64(bad), "{bad}");
        }
    }

    #[test]
    fn a_member_has_a_name_in_every_style() {
        let member = Member { snake: member_name("target_container"), value: "a" };
        assert_eq!(member.camel(), "TargetContainerHostname");
        assert_eq!(member.kebab(), "target-container-hostname");
        assert_eq!(member.header(InvokeAction::Invoke), "X-Amzn-SageMaker-Target-Container-Hostname");
        let member = Member { snake: "content_type", value: "a" };
        assert_eq!(member.header(InvokeAction::Async), "X-Amzn-SageMaker-Content-Type");
    }
}
