//! Service Quotas: how much of SageMaker's instances an account may have. Read only, and nothing is refused by them: the
//! sandbox has no instances that could run out.
//!
//! Names are AWS's own, `ml.m5.large for training job usage`. Values differ from account to account on AWS; here they are
//! those of an account that was never raised: a few of the common ones, none of those with a graphics card. Codes are
//! made from the names, in AWS's shape.

use crate::call::{Call, Needs, Operation, Target, op};
use crate::error::Failure;
use crate::ids::hex;
use crate::protocol::Reply;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What Service Quotas can do here.
pub const OPERATIONS: &[Operation] =
    &[op("ListServiceQuotas", everything, list), op("GetServiceQuota", everything, get)];

/// The only service that has quotas here.
const SERVICE: &str = "sagemaker";
/// The longest page, and the usual one. Source: API reference, ListServiceQuotas, "Valid Range".
const PAGE: usize = 100;
/// What instances are used for, as the quotas' names end.
const USES: [&str; 2] = ["training job usage", "endpoint usage"];
/// Families with their sizes, and how many instances of each there may be.
const INSTANCES: [(&str, &[&str], u32); 8] = [
    ("c5", &["large", "xlarge", "2xlarge", "4xlarge", "9xlarge"], 10),
    ("g4dn", &["xlarge", "2xlarge", "4xlarge"], 0),
    ("g5", &["xlarge", "2xlarge", "4xlarge", "12xlarge"], 0),
    ("m4", &["xlarge", "2xlarge", "4xlarge"], 20),
    ("m5", &["large", "xlarge", "2xlarge", "4xlarge", "12xlarge"], 20),
    ("p3", &["2xlarge", "8xlarge", "16xlarge"], 0),
    ("r5", &["large", "xlarge", "2xlarge"], 10),
    ("t2", &["medium", "large", "xlarge"], 20),
];

/// Both operations have no resource of their own.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Service Quotas".
fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// All quotas, by name.
fn quotas() -> Vec<(String, u32)> {
    let mut all = Vec::new();
    for (family, sizes, most) in INSTANCES {
        for size in sizes {
            all.extend(USES.map(|usage| (format!("ml.{family}.{size} for {usage}"), most)));
        }
    }
    all.sort();
    all
}

fn code(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    format!("L-{}", hex(&digest[..4]).to_ascii_uppercase())
}

fn shown(call: &Call<'_>, (name, value): &(String, u32)) -> Value {
    let (code, region, account) = (code(name), &call.region, call.account());
    json!({
        "ServiceCode": SERVICE,
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": format!("arn:aws:servicequotas:{region}:{account}:{SERVICE}/{code}"),
        "QuotaCode": code,
        "QuotaName": name,
        "Value": f64::from(*value),
        "Unit": "None",
        "Adjustable": true,
        "GlobalQuota": false,
        "QuotaAppliedAtLevel": "ACCOUNT",
    })
}

/// Refuses other services than SageMaker.
fn check_service(call: &Call<'_>) -> Result<(), Failure> {
    match text(call, "ServiceCode") {
        Some(SERVICE) => Ok(()),
        Some(_) => Err(missing("service")),
        None => Err(illegal("ServiceCode must not be empty.")),
    }
}

fn text<'c>(call: &'c Call<'_>, member: &str) -> Option<&'c str> {
    call.body.get(member).and_then(Value::as_str)
}

fn missing(what: &str) -> Failure {
    Failure::new(
        400,
        "NoSuchResourceException",
        format!("The request failed because the specified {what} does not exist."),
    )
}

fn illegal(message: &str) -> Failure {
    Failure::new(400, "IllegalArgumentException", message)
}

/// ListServiceQuotas. The token is the name of the last quota shown.
fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    check_service(call)?;
    let most = match call.body.get("MaxResults") {
        None | Some(Value::Null) => PAGE,
        Some(number) => number
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| (1..=PAGE).contains(number))
            .ok_or_else(|| illegal("MaxResults must be between 1 and 100."))?,
    };
    let after = text(call, "NextToken");
    if after.is_some_and(|after| !quotas().iter().any(|(name, _)| name == after)) {
        return Err(Failure::new(400, "InvalidPaginationTokenException", "Invalid token."));
    }
    let left: Vec<_> =
        quotas().into_iter().filter(|(name, _)| after.is_none_or(|after| name.as_str() > after)).collect();
    let page = &left[..most.min(left.len())];
    let mut output = json!({ "Quotas": page.iter().map(|quota| shown(call, quota)).collect::<Vec<_>>() });
    if let Some((last, _)) = page.last().filter(|_| left.len() > page.len()) {
        output["NextToken"] = last.as_str().into();
    }
    Ok(Reply::Json(output))
}

/// GetServiceQuota.
fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    check_service(call)?;
    let wanted = text(call, "QuotaCode").ok_or_else(|| illegal("QuotaCode must not be empty."))?;
    let found = quotas().into_iter().find(|(name, _)| code(name) == wanted);
    let found = found.ok_or_else(|| missing("quota"))?;
    Ok(Reply::Json(json!({ "Quota": shown(call, &found) })))
}
