//! What CloudWatch is told of an invocation.
//!
//! Source: SageMaker developer guide, "SageMaker AI endpoint invocation metrics".

use crate::call::Call;
use crate::cloudwatch;
use std::collections::BTreeMap;
use std::time::Duration;

const NAMESPACE: &str = "AWS/SageMaker";

/// Counts an invocation that reached a variant's container, by the status that it answered with.
pub(super) fn count(call: &Call<'_>, endpoint: &str, variant: &str, status: u16, took: Duration) {
    let dimensions = BTreeMap::from([
        ("EndpointName".to_owned(), endpoint.to_owned()),
        ("VariantName".to_owned(), variant.to_owned()),
    ]);
    let one_if = |yes: bool| if yes { 1.0 } else { 0.0 };
    let values = [
        ("Invocations", 1.0, "None"),
        ("Invocation4XXErrors", one_if((400..500).contains(&status)), "None"),
        ("Invocation5XXErrors", one_if(status >= 500), "None"),
        ("ModelLatency", took.as_micros() as f64, "Microseconds"),
    ];
    cloudwatch::measure(call, NAMESPACE, &dimensions, &values);
}
