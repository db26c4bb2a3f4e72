//! What a share of asynchronous endpoints takes beside invoking them: their answers are objects in the parent's buckets.
//!
//! The role may read what lies below the endpoints' output and failure paths, may list it — to whoever may not, S3 does not
//! tell an answer that is not there yet from one that is forbidden — and may put inputs that are too large for a request
//! below a prefix of the share's own. Nothing else of the buckets is opened. SageMaker itself reads and writes with the
//! role of the model.
//!
//! Source: SageMaker developer guide, "Asynchronous inference"; S3 user guide, "Required permissions for Amazon S3 API
//! operations".

use super::intent::{EndpointScope, InvokeAction, ShareIntent};
use crate::endpoint::EndpointView;
use crate::names::{Region, ShareId};
use crate::policy::{Effect, Statement};
use crate::s3::Location;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the statement is called that opens the answers.
const SID_READ: &str = "ReadAsyncResults";
/// What the statements are called that let one look for them, a bucket each; a number follows.
const SID_FIND: &str = "FindAsyncResults";
/// What the statement is called that takes inputs.
const SID_SEND: &str = "SendAsyncInputs";
/// Below here, in the bucket of the outputs, the console puts inputs.
const INPUTS: &str = "sagebridge-inputs";

/// Where the inputs of a share's asynchronous calls are put: in the bucket of the endpoint's outputs.
pub fn inputs(output: &Location, share: &ShareId) -> Location {
    Location { bucket: output.bucket.clone(), key: format!("{INPUTS}/{share}") }
}

impl ShareIntent {
    /// The same share with the places of its asynchronous endpoints' answers, as they were seen. A share of every endpoint
    /// opens none: whose answers would lie there can't be known.
    pub fn with_results(self, endpoints: &[EndpointView]) -> Self {
        let named = matches!(self.endpoints, EndpointScope::Named(_)) && self.actions.contains(&InvokeAction::Async);
        let seen = endpoints.iter().filter(|_| named).filter_map(|endpoint| endpoint.results.as_ref());
        let places = seen.flat_map(|results| std::iter::once(&results.output).chain(&results.failure));
        // With and without a slash at the end it is the same place.
        let results = places.map(|place| Location { key: place.key.trim_end_matches('/').to_owned(), ..place.clone() });
        Self { results: results.collect(), ..self }
    }

    /// The buckets of the answers, each with the places in it.
    fn buckets(&self) -> BTreeMap<&str, Vec<&Location>> {
        let mut buckets: BTreeMap<&str, Vec<&Location>> = BTreeMap::new();
        for place in &self.results {
            buckets.entry(&place.bucket).or_default().push(place);
        }
        buckets
    }
}

fn arn(region: &Region, resource: &str) -> String {
    format!("arn:{}:s3:::{resource}", region.partition())
}

/// `outputs/*`, or `*` for a whole bucket.
fn below(place: &Location) -> String {
    place.join("*").key
}

/// The statements of the parent's policy; none for a share without such endpoints.
pub(super) fn statements(intent: &ShareIntent) -> Vec<Value> {
    if intent.results.is_empty() {
        return Vec::new();
    }
    let object = |place: &Location| arn(&intent.region, &format!("{}/{}", place.bucket, below(place)));
    let mut statements = vec![json!({
        "Sid": SID_READ,
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": intent.results.iter().map(object).collect::<Vec<_>>(),
    })];
    let buckets = intent.buckets();
    for (number, (bucket, places)) in buckets.iter().enumerate() {
        let prefixes: Vec<_> = places.iter().map(|place| below(place)).collect();
        statements.push(json!({
            "Sid": format!("{SID_FIND}{}", number + 1),
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn(&intent.region, bucket),
            "Condition": { "StringLike": { "s3:prefix": prefixes } },
        }));
    }
    let inputs = buckets.values().filter_map(|places| places.first()).map(|place| object(&inputs(place, &intent.id)));
    statements.push(json!({
        "Sid": SID_SEND,
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": inputs.collect::<Vec<_>>(),
    }));
    statements
}

/// The places of answers that one of these statements opens: empty for those beside the first, which follow from it.
/// `None` if it is another statement.
pub(super) fn read(statement: &Statement) -> Option<BTreeSet<Location>> {
    let sid = statement.sid.as_deref()?;
    let only = |action: &str| {
        let patterns = &statement.action.patterns;
        statement.effect == Effect::Allow
            && !statement.action.negated
            && patterns.len() == 1
            && patterns[0].as_str().eq_ignore_ascii_case(action)
    };
    let follows = (sid.starts_with(SID_FIND) && only("s3:ListBucket")) || (sid == SID_SEND && only("s3:PutObject"));
    if follows {
        return Some(BTreeSet::new());
    }
    let resource = statement.resource.as_ref().filter(|clause| !clause.negated)?;
    let plain = sid == SID_READ && only("s3:GetObject") && statement.conditions.is_empty();
    let place = |text: &str| {
        let rest = text.split_once(":s3:::")?.1.strip_suffix('*')?;
        Location::parse(&format!("s3://{}", rest.trim_end_matches('/')))
    };
    plain.then(|| resource.patterns.iter().map(|pattern| place(pattern.as_str())).collect())?
}

/// One thing that the share's calls ask of S3.
pub(super) struct Asked {
    pub(super) action: &'static str,
    pub(super) resource: String,
    /// Of a list: below which prefix.
    pub(super) prefix: Option<String>,
    /// The same for people.
    pub(super) words: String,
}

/// What the share's calls ask of S3.
pub(super) fn requests(intent: &ShareIntent) -> Vec<Asked> {
    const SOMETHING: &str = "something";
    let object = |place: &Location| arn(&intent.region, &format!("{}/{}", place.bucket, place.key));
    let mut requests = Vec::new();
    for place in &intent.results {
        let one = place.join(SOMETHING);
        requests.push(Asked {
            action: "s3:GetObject",
            resource: object(&one),
            prefix: None,
            words: format!("GetObject below `{place}`"),
        });
        requests.push(Asked {
            action: "s3:ListBucket",
            resource: arn(&intent.region, &place.bucket),
            prefix: Some(one.key),
            words: format!("ListBucket below `{place}`"),
        });
    }
    for place in intent.buckets().values().filter_map(|places| places.first()) {
        let inputs = inputs(place, &intent.id);
        requests.push(Asked {
            action: "s3:PutObject",
            resource: object(&inputs.join(SOMETHING)),
            prefix: None,
            words: format!("PutObject below `{inputs}`"),
        });
    }
    requests
}
