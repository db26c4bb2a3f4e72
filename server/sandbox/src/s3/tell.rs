//! What EventBridge is told of a bucket that has it switched on.
//!
//! Source: S3 user guide, "EventBridge event message structure".

use super::encryption::Place;
use super::model::arn;
use super::objects::Object;
use crate::call::Call;
use crate::events::{self, Event};
use domain::names::Region;
use serde_json::{Value, json};

/// Says that an object was made, by the operation that is its reason.
pub(super) fn created(call: &Call<'_>, place: &Place<'_>, object: &Object, reason: &str) {
    let mut detail = detail(call, place, object, reason);
    detail["object"]["size"] = object.size.into();
    publish(call, place, "Object Created", detail);
}

/// Says that a version is gone for good, or that a delete marker hides it.
pub(super) fn deleted(call: &Call<'_>, place: &Place<'_>, object: &Object, for_good: bool) {
    let mut detail = detail(call, place, object, "DeleteObject");
    detail["deletion-type"] = if for_good { "Permanently Deleted" } else { "Delete Marker Created" }.into();
    publish(call, place, "Object Deleted", detail);
}

fn detail(call: &Call<'_>, place: &Place<'_>, object: &Object, reason: &str) -> Value {
    let mut shown = json!({ "key": object.key, "sequencer": format!("{:016X}", object.order) });
    if !object.etag.is_empty() {
        shown["etag"] = object.etag.as_str().into();
    }
    if let Some(version) = &object.version {
        shown["version-id"] = version.as_str().into();
    }
    json!({
        "version": "0",
        "bucket": { "name": place.name },
        "object": shown,
        "request-id": call.request_id,
        "requester": call.account().as_str(),
        "source-ip-address": call.source_ip.to_string(),
        "reason": reason,
    })
}

fn publish(call: &Call<'_>, place: &Place<'_>, detail_type: &'static str, detail: Value) {
    let Ok(region) = Region::parse(&place.bucket.region) else { return };
    if !place.bucket.settings.events {
        return;
    }
    events::publish(
        call.app,
        Event {
            source: "aws.s3",
            detail_type,
            account: place.bucket.account.clone(),
            region,
            resources: vec![arn(place.name, None)],
            detail,
        },
    );
}
