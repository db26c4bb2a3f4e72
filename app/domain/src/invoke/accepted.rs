//! Which types a model says it takes or gives, out of what it answered to one that it does not: the way back after a 415
//! or 406.
//!
//! Containers have no form for this in common; each names its types in a sentence of its own, or in a list, or not at all.
//! Some say so with the status 400 or 500.

use super::body::essence;

/// The most that are offered.
const MOST: usize = 6;
/// How much of a message is read, in bytes.
const LOOKED_AT: usize = 8 * 1024;

/// Which header another value would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeHeader {
    /// `Content-Type`: what is sent.
    ContentType,
    /// `Accept`: what is asked for.
    Accept,
}

/// Another try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// What to change.
    pub header: TypeHeader,
    /// To what. Empty for none, which leaves the choice to the model.
    pub value: String,
}

/// What could be tried after a model's refusal, best first; nothing where it is about something else.
pub fn retries(status: Option<u16>, message: &str, content_type: &str, accept: &str) -> Vec<Retry> {
    let message = &message[..message.floor_char_boundary(LOOKED_AT)];
    let lower = message.to_ascii_lowercase();
    let Some(header) = about(status, &lower) else { return Vec::new() };
    let sent = essence(if header == TypeHeader::Accept { accept } else { content_type });
    let mut named: Vec<String> = Vec::new();
    for kind in media_types(&lower).chain(implied(&lower).iter().map(|kind| (*kind).to_owned())) {
        if kind != sent && !named.contains(&kind) {
            named.push(kind);
        }
    }
    named.truncate(MOST);
    let mut retries: Vec<Retry> = named.into_iter().map(|value| Retry { header, value }).collect();
    if header == TypeHeader::Accept && !sent.is_empty() {
        retries.push(Retry { header, value: String::new() });
    }
    retries
}

/// Which header a refusal is about, if it is about one.
fn about(status: Option<u16>, lower: &str) -> Option<TypeHeader> {
    match status {
        Some(406) => return Some(TypeHeader::Accept),
        Some(415) => return Some(TypeHeader::ContentType),
        _ => {}
    }
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if !any(&["support", "must be", "expected", "not accept", "unknown", "invalid"]) {
        return None;
    }
    if any(&["content type", "content-type", "contenttype", "content_type", "media type", "mime type"]) {
        return Some(TypeHeader::ContentType);
    }
    any(&["accept type", "accept header", "accept:", "`accept`", "response_content_type"]).then_some(TypeHeader::Accept)
}

/// The media types that a message names, parameters left out.
fn media_types(lower: &str) -> impl Iterator<Item = String> {
    let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || "/-+._".contains(c)));
    words.map(|word| word.trim_matches(['.', '-', '_', '+', '/'])).filter(|word| is_media_type(word)).map(str::to_owned)
}

fn is_media_type(word: &str) -> bool {
    let Some((kind, rest)) = word.split_once('/') else { return false };
    matches!(kind, "text" | "application" | "image" | "audio" | "video" | "multipart")
        && !rest.is_empty()
        && !rest.contains('/')
}

/// What a container takes whose message names none. Sources: the decoders of the SageMaker inference toolkit (on which the
/// scikit-learn, PyTorch, MXNet and Hugging Face containers are built), and the README of the TensorFlow Serving container.
fn implied(lower: &str) -> &'static [&'static str] {
    if lower.contains("by this framework") {
        return &["application/json", "text/csv", "application/x-npy"];
    }
    if lower.contains("unsupported media type") {
        return &["application/json", "text/csv", "application/jsonlines"];
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(status: u16, message: &str, content_type: &str, accept: &str) -> Vec<String> {
        let retries = retries(Some(status), message, content_type, accept);
        let name = |header| if header == TypeHeader::Accept { "accept" } else { "type" };
        retries.into_iter().map(|retry| format!("{} {}", name(retry.header), retry.value)).collect()
    }

    #[test]
    fn the_types_of_each_containers_refusal_are_offered() {
        for (status, message, sent, expected) in [
            // XGBoost
            (
                415,
                "Content-type application/xml is not supported. Content-type must be one of: text/csv, text/libsvm, \
                 text/x-libsvm, application/x-recordio-protobuf.",
                "application/xml",
                &["type text/csv", "type text/libsvm", "type text/x-libsvm", "type application/x-recordio-protobuf"][..],
            ),
            (
                415,
                "['text/csv', 'text/libsvm'] are the supported content types",
                "text/plain",
                &["type text/csv", "type text/libsvm"],
            ),
            // The inference toolkit: scikit-learn, PyTorch, MXNet, Hugging Face
            (
                400,
                "{\"code\": 400, \"type\": \"InternalServerException\", \"message\": \"Content type application/xml is not \
                 supported by this framework.\"}",
                "application/xml",
                &["type application/json", "type text/csv", "type application/x-npy"],
            ),
            (
                415,
                "Unsupported content type: text/csv; charset=utf-8. Expected: application/json",
                "text/csv;header=absent",
                &["type application/json"],
            ),
            // TGI and others on axum
            (415, "Expected request with `Content-Type: application/json`", "text/csv", &["type application/json"]),
            // TensorFlow Serving
            (
                415,
                "{\"error\": \"Unsupported Media Type: text/xml\"}",
                "text/xml",
                &["type application/json", "type text/csv", "type application/jsonlines"],
            ),
            // TorchServe and the multi-model server
            (
                415,
                "content_type application/pickle unknown; use application/json, image/jpeg",
                "application/pickle",
                &["type application/json", "type image/jpeg"],
            ),
            (
                500,
                "ValueError: unsupported content type image/png, supported: application/x-image",
                "image/png",
                &["type application/x-image"],
            ),
            // Neither says what it takes, nor is it about types at all.
            (415, "no", "text/csv", &[]),
            (400, "row 3 has 8 features, 9 are expected", "text/csv", &[]),
            (500, "could not open application/model.bin", "text/csv", &[]),
        ] {
            assert_eq!(offered(status, message, sent, ""), expected, "{message}");
        }
    }

    #[test]
    fn what_a_model_can_not_give_is_mended_at_accept() {
        let message = "Accept type application/xml is not supported. Supported: application/json, text/csv";
        let expected = ["accept application/json", "accept text/csv", "accept "];
        assert_eq!(offered(406, message, "text/csv", "application/xml"), expected);
        assert_eq!(offered(400, "Invalid accept header: application/xml", "text/csv", "application/xml"), ["accept "]);
        assert_eq!(offered(406, "not acceptable", "text/csv", ""), [""; 0]);
    }

    #[test]
    fn a_hostile_message_offers_no_more_than_a_few_plain_types() {
        let many: String = (0..10_000).map(|n| format!("text/x{n}, ")).collect();
        assert_eq!(offered(415, &many, "", "").len(), MOST);
        for odd in ["text/../../x", "text/html\"><script>", "text/*", "https://x/text/csv"] {
            let all = offered(415, odd, "", "");
            assert!(all.iter().all(|kind| kind == "type text/html"), "{odd}: {all:?}");
        }
    }
}
