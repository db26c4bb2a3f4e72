//! An object's versions, and marks that it was deleted: listed, and deleted for good.

use super::size;
use crate::answers::moment;
use crate::connections::Open;
use crate::error::{Call, found};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    Delete, DeleteMarkerEntry, EncodingType, Error, ObjectIdentifier, ObjectVersion as SdkVersion,
};
use aws_types::request_id::RequestId;
use domain::endpoint::Page;
use domain::s3::Location;
use percent_encoding::percent_decode_str;
use services::ports::gateway::{Answered, GatewayError, GatewayResult, ObjectVersion};
use std::cmp::Reverse;

/// The most that S3 lists, and deletes, at a time.
const PAGE: usize = 1000;

/// A page of the versions below a place, by key, the newest first; `None` if there is no such bucket.
pub(super) async fn page(
    s3: &Open<'_, Client>,
    below: &Location,
    after: Option<&str>,
) -> GatewayResult<Option<Page<ObjectVersion>>> {
    let call = s3.call("ListObjectVersions");
    let (key, version) = after.map(read_marker).unwrap_or_default();
    let answer = s3
        .client
        .list_object_versions()
        .bucket(&below.bucket)
        .prefix(&below.key)
        // A key may have characters that XML has not.
        .encoding_type(EncodingType::Url)
        .max_keys(PAGE as i32)
        .set_key_marker(key)
        .set_version_id_marker(version)
        .send()
        .await
        .map_err(|e| call.failed(e));
    let Some(answer) = found(answer)? else { return Ok(None) };
    let encoded = answer.encoding_type() == Some(&EncodingType::Url);
    let plain = |key: String| if encoded { decoded(&key) } else { key };
    let next_key = answer.next_key_marker.filter(|_| answer.is_truncated == Some(true)).map(plain);
    let next = next_key.map(|key| write_marker(&key, answer.next_version_id_marker.as_deref()));
    let versions = answer.versions.unwrap_or_default().into_iter().filter_map(version_of);
    let marks = answer.delete_markers.unwrap_or_default().into_iter().filter_map(mark_of);
    let mut items: Vec<_> = versions.chain(marks).map(|one| ObjectVersion { key: plain(one.key), ..one }).collect();
    items.sort_by(|a, b| a.key.cmp(&b.key).then(Reverse(a.modified).cmp(&Reverse(b.modified))));
    Ok(Some(Page { items, next }))
}

/// Deletes versions for good. One that can't be deleted fails the call, after all were tried.
pub(super) async fn delete(
    s3: &Open<'_, Client>,
    bucket: &str,
    versions: &[ObjectVersion],
) -> GatewayResult<Answered<()>> {
    let call = s3.call("DeleteObjects");
    let (mut request_id, mut failed) = (None, Vec::new());
    for batch in versions.chunks(PAGE) {
        let these = these(batch).map_err(|error| call.invalid(error))?;
        let answer = s3.client.delete_objects().bucket(bucket).delete(these).send().await;
        let answer = answer.map_err(|e| call.failed(e))?;
        request_id = answer.request_id().map(str::to_owned);
        failed.extend(answer.errors.unwrap_or_default());
    }
    match refusal(&call, &failed, request_id.as_deref()) {
        Some(error) => Err(error),
        None => Ok(Answered { value: (), request_id }),
    }
}

fn these(versions: &[ObjectVersion]) -> Result<Delete, BuildError> {
    let one =
        |version: &ObjectVersion| ObjectIdentifier::builder().key(&version.key).version_id(&version.version).build();
    let all = versions.iter().map(one).collect::<Result<_, _>>()?;
    Delete::builder().set_objects(Some(all)).quiet(true).build()
}

/// What was refused inside an answer, by the first of it.
fn refusal(call: &Call<'_>, failed: &[Error], request_id: Option<&str>) -> Option<GatewayError> {
    let first = failed.first()?;
    let why = first.message().unwrap_or("no explanation");
    let others = match failed.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let message = format!("`{}`{others}: {why}", first.key().unwrap_or_default());
    Some(call.refused(first.code().unwrap_or_default(), &message, request_id))
}

fn version_of(version: SdkVersion) -> Option<ObjectVersion> {
    Some(ObjectVersion {
        modified: version.last_modified().and_then(moment)?,
        bytes: size(version.size),
        key: version.key?,
        version: version.version_id?,
        deleted: false,
    })
}

fn mark_of(mark: DeleteMarkerEntry) -> Option<ObjectVersion> {
    let modified = mark.last_modified().and_then(moment)?;
    Some(ObjectVersion { modified, bytes: 0, key: mark.key?, version: mark.version_id?, deleted: true })
}

/// Where a page ends, as one text. A version's ID has no space, a key may.
fn write_marker(key: &str, version: Option<&str>) -> String {
    format!("{} {key}", version.unwrap_or_default())
}

fn read_marker(text: &str) -> (Option<String>, Option<String>) {
    let (version, key) = text.split_once(' ').unwrap_or(("", text));
    (Some(key.to_owned()), Some(version.to_owned()).filter(|version| !version.is_empty()))
}

/// A key as S3 encodes it in a list: a space is a plus.
fn decoded(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Origin;
    use services::ports::gateway::GatewayErrorKind;

    #[test]
    fn a_marker_gives_back_key_and_version() {
        for (key, version) in [("data/a b.csv", Some("v.1")), ("ü", None), (" ", Some("null"))] {
            let read = read_marker(&write_marker(key, version));
            assert_eq!((read.0.as_deref(), read.1.as_deref()), (Some(key), version));
        }
    }

    #[test]
    fn keys_are_decoded_as_s3_encodes_them() {
        assert_eq!(decoded("data/a+b%2Bc%C3%BC"), "data/a b+cü");
    }

    #[test]
    fn the_first_refusal_is_told_with_how_many_there_are() {
        let origin = Origin::nobody(None);
        let call = origin.call("S3", "eu-west-1", "DeleteObjects");
        let denied = |key: &str| Error::builder().key(key).code("AccessDenied").message("Access Denied").build();
        assert!(refusal(&call, &[], None).is_none());
        let one = refusal(&call, &[denied("a")], Some("req-1")).map(|error| (error.kind, error.to_string()));
        assert_eq!(one, Some((GatewayErrorKind::AccessDenied, "`a`: Access Denied".into())));
        let two = refusal(&call, &[denied("a"), denied("b")], None).map(|error| error.to_string());
        assert_eq!(two.as_deref(), Some("`a`, and 1 more: Access Denied"));
    }
}
