//! What can be called, and through what.

use super::limits;
use crate::endpoint::{EndpointKind, EndpointShape, EndpointStatus, Sample};
use crate::names::{ConnectionId, EndpointName, NameError, Region, ShareId};
use crate::share::intent::InvokeAction;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Through what a call goes: with whose credentials, and so into which account and region.
///
/// As text, which is what addresses and forms have: a share's id, or `direct/REGION/CONNECTION`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Through {
    /// A share's role, in the share's region.
    Share(ShareId),
    /// A connection's own credentials: no role is assumed.
    Direct {
        /// Whose.
        connection: ConnectionId,
        /// In which region.
        region: Region,
    },
}

impl Through {
    const DIRECT: &str = "direct/";
    const EXPECTED: &str = "a share's id, or `direct/REGION/CONNECTION`";

    /// Parses its text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(Self::DIRECT) else {
            return ShareId::parse(text).map(Self::Share).map_err(|_| NameError::new(text, Self::EXPECTED));
        };
        let (region, connection) = rest.split_once('/').ok_or_else(|| NameError::new(text, Self::EXPECTED))?;
        Ok(Self::Direct { connection: ConnectionId::parse(connection)?, region: Region::parse(region)? })
    }

    /// The share, if it is one.
    pub fn share(&self) -> Option<&ShareId> {
        match self {
            Self::Share(share) => Some(share),
            Self::Direct { .. } => None,
        }
    }
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{share}"),
            Self::Direct { connection, region } => write!(f, "{}{region}/{connection}", Self::DIRECT),
        }
    }
}

impl TryFrom<String> for Through {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Through> for String {
    fn from(through: Through) -> Self {
        through.to_string()
    }
}

impl From<ShareId> for Through {
    fn from(share: ShareId) -> Self {
        Self::Share(share)
    }
}

/// An endpoint as the playground offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetView {
    /// Through what it is called.
    pub through: Through,
    /// That in words: `222222222222 → 111111111111 · SageMakerExternal`, or `prod 111111111111 · eu-west-1,
    /// directly`.
    pub label: String,
    /// The endpoint; its name keeps its case. `None` where any may be named and none is known yet.
    pub endpoint: Option<EndpointName>,
    /// Whether every endpoint of the region may be named.
    pub any_endpoint: bool,
    /// The ways to invoke that the share allows; all of them where no share stands between.
    pub ways: BTreeSet<InvokeAction>,
    /// Its status, when it could be read.
    pub status: Option<EndpointStatus>,
    /// Whether the console itself is among the callers the share allows; if not, why.
    pub blocked: Option<String>,
    /// Something to send, where the model's image or its environment says what it takes.
    pub sample: Option<Sample>,
    /// How the endpoint is made, when it could be read.
    #[serde(default)]
    pub shape: Option<EndpointShape>,
}

impl TargetView {
    /// Whether it can be called this way; if not, why. What is not known is not in the way.
    pub fn offers(&self, way: InvokeAction) -> Result<(), String> {
        if !self.ways.contains(&way) {
            return Err(match way {
                InvokeAction::Invoke => "the share does not allow real-time calls",
                InvokeAction::Stream => "the share does not allow streams",
                InvokeAction::Async => "the share does not allow asynchronous calls",
            }
            .into());
        }
        let Some(shape) = &self.shape else { return Ok(()) };
        match (way, shape.kind) {
            (InvokeAction::Async, EndpointKind::Asynchronous) => Ok(()),
            (InvokeAction::Async, kind) => Err(format!("this is a {}, not an asynchronous one", kind.label())),
            (_, EndpointKind::Asynchronous) => Err("an asynchronous endpoint takes no real-time calls".into()),
            (InvokeAction::Stream, _) if shape.multi_model => {
                Err("streams take no target model, which this endpoint asks for".into())
            }
            _ => Ok(()),
        }
    }

    /// The largest body of one call, in bytes; that of a real-time endpoint where its kind is not known.
    pub fn body_limit(&self) -> usize {
        self.shape.as_ref().map_or(limits::BODY_BYTES, |shape| shape.kind.body_limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointShape;

    #[test]
    fn a_way_that_is_not_offered_says_why() {
        let kinds =
            [None, Some(EndpointKind::RealTime), Some(EndpointKind::Serverless), Some(EndpointKind::Asynchronous)];
        let offered = kinds.map(|kind| {
            let shape = kind.map(|kind| EndpointShape { kind, ..EndpointShape::default() });
            let target = TargetView { shape, ..target(InvokeAction::ALL.into()) };
            InvokeAction::ALL.map(|way| target.offers(way).is_ok())
        });
        let order = InvokeAction::ALL.map(|way| way.key());
        assert_eq!(order, ["invoke", "stream", "async"]);
        assert_eq!(offered, [[true, true, true], [true, true, false], [true, true, false], [false, false, true]]);
        let only = target([InvokeAction::Invoke].into());
        assert!(only.offers(InvokeAction::Stream).is_err_and(|why| why.contains("does not allow streams")));
        let many = EndpointShape { multi_model: true, ..EndpointShape::default() };
        let many = TargetView { shape: Some(many), ..target(InvokeAction::ALL.into()) };
        assert!(many.offers(InvokeAction::Stream).is_err_and(|why| why.contains("target model")));
        assert_eq!(many.body_limit(), limits::BODY_BYTES);
    }

    fn target(ways: BTreeSet<InvokeAction>) -> TargetView {
        TargetView {
            through: Through::Share(ShareId::parse("s1").unwrap_or_else(|_| unreachable!("an id"))),
            label: String::new(),
            endpoint: None,
            any_endpoint: false,
            ways,
            status: None,
            blocked: None,
            sample: None,
            shape: None,
        }
    }

    #[test]
    fn its_text_says_the_same_again() {
        for text in ["s1", "direct/eu-west-1/prod", "direct/us-east-1/a/b c"] {
            assert_eq!(Through::parse(text).map(|through| through.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "direct/", "direct/eu-west-1", "direct/nowhere/prod", "direct/eu-west-1/", "a/b"] {
            assert!(Through::parse(bad).is_err(), "{bad}");
        }
    }
}
