//! Something to send to the containers that AWS offers, by the name of their image's repository.
//!
//! Source of the names: AWS's list of Deep Learning Containers and "Docker registry paths and example code" in the
//! SageMaker Developer Guide. What the containers take: their serving stacks' own documentation. The values are made up
//! here; a model that was trained on other columns refuses them, and its message says what it wants instead.

use super::Sample;
use crate::invoke::BodyEncoding;

/// A body for a kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSample {
    /// What it is called in the menu: `XGBoost, CSV`.
    pub name: &'static str,
    /// Whose containers take it.
    pub family: Family,
    /// Its content type.
    pub content_type: &'static str,
    /// The body, as `encoding` says.
    pub body: &'static str,
    /// What `body` is.
    pub encoding: BodyEncoding,
}

/// Containers that speak alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Family {
    XgBoost,
    ScikitLearn,
    HuggingFace,
    /// Text Generation Inference, and DJL's large-model container, which takes the same.
    TextGeneration,
    /// What speaks OpenAI's chat completions: vLLM, SGLang, NIM …
    Chat,
    TensorFlow,
    PyTorch,
    /// JumpStart's containers for images.
    Images,
}

/// The samples, each family's first one the one that is offered by itself.
pub const ALL: [KnownSample; 14] = [
    text("XGBoost, CSV", Family::XgBoost, "text/csv", "5,0,0,268.4,121\n12,1,3,80.5,44\n"),
    text("XGBoost, LIBSVM", Family::XgBoost, "text/libsvm", "0:5 3:268.4 4:121\n0:12 1:1 2:3 3:80.5 4:44\n"),
    text("scikit-learn, CSV", Family::ScikitLearn, "text/csv", "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"),
    text(
        "scikit-learn, JSON",
        Family::ScikitLearn,
        "application/json",
        "[\n  [5.1, 3.5, 1.4, 0.2],\n  [6.7, 3.0, 5.2, 2.3]\n]",
    ),
    KnownSample {
        encoding: BodyEncoding::Base64,
        ..text("scikit-learn, NumPy array", Family::ScikitLearn, "application/x-npy", NUMPY)
    },
    text(
        "Hugging Face, one text",
        Family::HuggingFace,
        "application/json",
        "{\n  \"inputs\": \"The delivery came two days early.\"\n}",
    ),
    text(
        "Hugging Face, question and context",
        Family::HuggingFace,
        "application/json",
        "{\n  \"inputs\": {\n    \"question\": \"Where is the parcel?\",\n    \"context\": \"The parcel is in the depot in Ghent.\"\n  }\n}",
    ),
    text(
        "Text generation (TGI, DJL)",
        Family::TextGeneration,
        "application/json",
        "{\n  \"inputs\": \"Write one sentence about the sea.\",\n  \"parameters\": {\n    \"max_new_tokens\": 64,\n    \"temperature\": 0.7\n  }\n}",
    ),
    text(
        "Chat (vLLM, OpenAI style)",
        Family::Chat,
        "application/json",
        "{\n  \"messages\": [\n    { \"role\": \"system\", \"content\": \"Answer in one sentence.\" },\n    { \"role\": \"user\", \"content\": \"What is a share?\" }\n  ],\n  \"max_tokens\": 128\n}",
    ),
    text(
        "TensorFlow Serving",
        Family::TensorFlow,
        "application/json",
        "{\n  \"instances\": [\n    [5.1, 3.5, 1.4, 0.2],\n    [6.7, 3.0, 5.2, 2.3]\n  ]\n}",
    ),
    text("PyTorch", Family::PyTorch, "application/json", "[\n  [5.1, 3.5, 1.4, 0.2]\n]"),
    KnownSample {
        encoding: BodyEncoding::Base64,
        ..text("JumpStart, a picture", Family::Images, "application/x-image", PICTURE)
    },
    text(
        "JumpStart, pictures from a text",
        Family::Images,
        "application/json",
        "{\n  \"prompt\": \"a lighthouse in fog\",\n  \"width\": 512,\n  \"height\": 512,\n  \"num_images_per_prompt\": 1\n}",
    ),
    text(
        "JSON Lines, an object a line",
        Family::HuggingFace,
        "application/jsonlines",
        "{\"inputs\": \"first\"}\n{\"inputs\": \"second\"}\n",
    ),
];

/// One row of two numbers, 1.5 and 2.5, as `numpy.save` writes them (format 1.0, little-endian float64).
const NUMPY: &str = "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAD4PwAAAAAAAARA";
/// Eight pixels by eight, in PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFklEQVR42mOw8r8ORx92eMERw9CSAAAXz2pBy41ySwAAAABJRU5ErkJggg==";

/// Repositories by how their names begin, with what their containers speak. The first that fits counts.
const REPOSITORIES: [(&str, Family); 19] = [
    ("sagemaker-xgboost", Family::XgBoost),
    ("xgboost", Family::XgBoost),
    ("linear-learner", Family::XgBoost),
    ("kmeans", Family::XgBoost),
    ("sagemaker-scikit-learn", Family::ScikitLearn),
    ("huggingface-pytorch-tgi-inference", Family::TextGeneration),
    ("huggingface-tgi", Family::TextGeneration),
    ("tgi-inference", Family::TextGeneration),
    ("djl-inference", Family::TextGeneration),
    ("huggingface-vllm", Family::Chat),
    ("vllm", Family::Chat),
    ("sglang", Family::Chat),
    ("huggingface-", Family::HuggingFace),
    ("tensorflow-inference", Family::TensorFlow),
    ("sagemaker-tensorflow", Family::TensorFlow),
    ("pytorch-inference", Family::PyTorch),
    ("stabilityai-", Family::Images),
    ("image-classification", Family::Images),
    ("object-detection", Family::Images),
];

const fn text(name: &'static str, family: Family, content_type: &'static str, body: &'static str) -> KnownSample {
    KnownSample { name, family, content_type, body, encoding: BodyEncoding::Text }
}

/// What an image's container speaks, by its repository: `…amazonaws.com/sagemaker-xgboost:1.7-1`.
pub fn family_of_image(image: &str) -> Option<Family> {
    let path = image.split_once('/').map_or(image, |(_, path)| path);
    let repository = path.split(['@', ':']).next().unwrap_or_default();
    let name = repository.rsplit('/').next().unwrap_or_default();
    REPOSITORIES.iter().find(|(begins, _)| name.starts_with(begins)).map(|(_, family)| *family)
}

/// What to send to a container of this image, where that can be told; text only.
pub fn for_image(image: &str) -> Option<Sample> {
    let family = family_of_image(image)?;
    let known = ALL.iter().find(|known| known.family == family && known.encoding == BodyEncoding::Text)?;
    Some(Sample { content_type: known.content_type.into(), body: known.body.into(), target_model: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{BodyKind, bytes, problem};
    use crate::invoke::body::ImageType;

    #[test]
    fn an_image_is_known_by_its_repository() {
        for (image, family) in [
            ("141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1", Some(Family::XgBoost)),
            (
                "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.4.0-tgi3.0.1-gpu",
                Some(Family::TextGeneration),
            ),
            (
                "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.1.0",
                Some(Family::HuggingFace),
            ),
            ("111111111111.dkr.ecr.eu-west-1.amazonaws.com/own/pytorch-inference@sha256:00", Some(Family::PyTorch)),
            ("111111111111.dkr.ecr.eu-west-1.amazonaws.com/our-scores:3", None),
        ] {
            assert_eq!(family_of_image(image), family, "{image}");
        }
    }

    #[test]
    fn every_sample_is_whole_and_of_its_type() {
        for known in &ALL {
            let kind = BodyKind::of_type(known.content_type);
            match known.encoding {
                BodyEncoding::Text => {
                    assert_eq!(kind.and_then(|kind| problem(kind, known.body)), None, "{}", known.name)
                }
                BodyEncoding::Base64 => {
                    let body = bytes::from_base64(known.body).unwrap_or_default();
                    let picture = ImageType::of(&body) == Some(ImageType::Png);
                    assert!(picture || body.starts_with(b"\x93NUMPY\x01\x00"), "{}", known.name);
                    assert_eq!(kind, Some(BodyKind::File));
                }
            }
        }
    }

    #[test]
    fn every_family_has_something_to_send() {
        for (_, family) in &REPOSITORIES {
            assert!(
                ALL.iter().any(|known| known.family == *family && known.encoding == BodyEncoding::Text),
                "{family:?}"
            );
        }
    }
}
