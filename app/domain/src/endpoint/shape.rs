//! How an endpoint is made: what can be asked of it, and how much it takes.

use super::{EndpointView, Sample};
use crate::invoke::limits;
use serde::{Deserialize, Serialize};

/// Which of SageMaker's ways to host a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointKind {
    /// On instances, answering while one waits.
    #[default]
    RealTime,
    /// Without instances of its own. Source: SageMaker Developer Guide, "Deploy models with Amazon SageMaker Serverless
    /// Inference".
    Serverless,
    /// With a queue: input and output lie in S3. Source: SageMaker Developer Guide, "Asynchronous inference".
    Asynchronous,
}

impl EndpointKind {
    /// The largest body of one call, in bytes.
    pub fn body_limit(self) -> usize {
        match self {
            Self::RealTime => limits::BODY_BYTES,
            Self::Serverless => limits::SERVERLESS_BODY_BYTES,
            // What is too large for the request goes to S3 first; this console takes no more than of any other call.
            Self::Asynchronous => limits::BODY_BYTES,
        }
    }

    /// In words, after "a": `real-time endpoint`.
    pub fn label(self) -> &'static str {
        match self {
            Self::RealTime => "real-time endpoint",
            Self::Serverless => "serverless endpoint",
            Self::Asynchronous => "asynchronous endpoint",
        }
    }
}

/// What DescribeEndpoint, DescribeEndpointConfig, DescribeModel and ListInferenceComponents tell about how an endpoint is
/// made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointShape {
    /// How it is hosted.
    pub kind: EndpointKind,
    /// Its production variants, in their order.
    pub variants: Vec<Variant>,
    /// Whether a container loads one of many models by `TargetModel`.
    pub multi_model: bool,
    /// Whether its models are inference components: its variants have no model of their own.
    pub components: bool,
    /// The names of those that are in service, where they could be listed.
    #[serde(default)]
    pub component_names: Vec<String>,
    /// The hosts' names of a multi-container endpoint whose containers are called one by one.
    pub containers: Vec<String>,
    /// The image of the first container, where it could be read.
    pub image: Option<String>,
}

impl EndpointShape {
    /// Whether a header of [`HeaderRule`](crate::invoke::HeaderRule) means anything to it; for one that does not, why.
    pub fn takes(&self, field: &str) -> Result<(), &'static str> {
        let (fits, why) = match field {
            "target_model" => (self.multi_model, "this endpoint has one model"),
            "target_variant" => (self.variants.len() > 1, "this endpoint has one variant"),
            "target_container" => (self.containers.len() > 1, "this endpoint calls its containers itself"),
            "inference_component" => (self.components, "this endpoint has no inference components"),
            _ => (true, ""),
        };
        if fits { Ok(()) } else { Err(why) }
    }

    /// The field of the header without which SageMaker refuses every call to it, where there is one.
    pub fn needs(&self) -> Option<&'static str> {
        match self {
            Self { components: true, .. } => Some("inference_component"),
            Self { multi_model: true, .. } => Some("target_model"),
            _ => None,
        }
    }
}

/// A production variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Its share of the calls that name no variant, in thousandths.
    pub share: u32,
}

impl Variant {
    /// Variants with their weights, as shares of the sum; equal shares where all weights are zero.
    pub fn of_weights(weights: Vec<(String, f32)>) -> Vec<Self> {
        let sum: f32 = weights.iter().map(|(_, weight)| weight.max(0.0)).sum();
        let even = 1.0 / weights.len().max(1) as f32;
        let share = |weight: f32| if sum > 0.0 { weight.max(0.0) / sum } else { even };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
        let thousandths = |weight: f32| (share(weight) * 1000.0).round() as u32;
        weights.into_iter().map(|(name, weight)| Self { name, share: thousandths(weight) }).collect()
    }

    /// Its share in words: `30 %`, `0.5 %`.
    pub fn percent(&self) -> String {
        match (self.share / 10, self.share % 10) {
            (whole, 0) => format!("{whole} %"),
            (whole, rest) => format!("{whole}.{rest} %"),
        }
    }
}

/// An endpoint with everything that calling it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointDetail {
    /// As lists have it.
    pub view: EndpointView,
    /// How it is made; `None` where its configuration can't be read.
    pub shape: Option<EndpointShape>,
    /// Something to send, where its model says what it takes.
    pub sample: Option<Sample>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_become_shares_of_their_sum() {
        let shares = |weights: &[f32]| {
            let named = weights.iter().map(|weight| ("v".to_owned(), *weight)).collect();
            Variant::of_weights(named).iter().map(Variant::percent).collect::<Vec<_>>()
        };
        assert_eq!(shares(&[9.0, 1.0]), ["90 %", "10 %"]);
        assert_eq!(shares(&[1.0, 1.0, 1.0]), ["33.3 %", "33.3 %", "33.3 %"]);
        assert_eq!(shares(&[0.0, 0.0]), ["50 %", "50 %"]);
        assert_eq!(shares(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_header_without_meaning_here_says_why() {
        let shape = EndpointShape { multi_model: true, ..EndpointShape::default() };
        assert_eq!(shape.takes("target_model"), Ok(()));
        assert_eq!(shape.takes("accept"), Ok(()));
        assert!(shape.takes("target_variant").is_err());
        assert!(shape.takes("inference_component").is_err());
    }

    #[test]
    fn what_is_asked_of_one_of_many_has_to_be_named() {
        let needs =
            |multi_model, components| EndpointShape { multi_model, components, ..EndpointShape::default() }.needs();
        assert_eq!(needs(false, false), None);
        for (multi_model, components, field) in [(true, false, "target_model"), (false, true, "inference_component")] {
            assert_eq!(needs(multi_model, components), Some(field));
            let shape = EndpointShape { multi_model, components, ..EndpointShape::default() };
            assert_eq!(shape.takes(field), Ok(()), "what is needed is taken");
        }
    }
}
