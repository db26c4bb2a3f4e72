//! Versions: listed, and taken away one by one or many at once.
//!
//! Source: S3 user guide, "Retaining multiple versions of objects with S3 Versioning"; S3 API reference,
//! ListObjectVersions, DeleteObject, DeleteObjects.

use super::access::permit;
use super::buckets::{known, most, shown};
use super::encryption::Place;
use super::errors::{disk, refuse};
use super::list::{self, Marker, Query};
use super::model::Versioning;
use super::objects::{NULL, Object, new_version};
use super::transfer::{broken, etag, stamp};
use super::{S3Result, tell};
use crate::call::Call;
use domain::evaluate::Context;
use s3s::S3ErrorCode;
use s3s::dto::*;
use std::sync::Arc;

/// The most that one request takes away.
const MOST_DELETED: usize = 1000;

/// A version's ID as a request has it: `None` is the version `null`.
pub(super) fn asked(id: &str) -> S3Result<Option<&str>> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match id {
        "" => Err(refuse(S3ErrorCode::InvalidArgument, "Version id cannot be the empty string")),
        NULL => Ok(None),
        id if id.len() > 1024 || !id.bytes().all(fits) => {
            Err(refuse(S3ErrorCode::InvalidArgument, "Invalid version id specified"))
        }
        id => Ok(Some(id)),
    }
}

/// ListObjectVersions.
pub(super) async fn list_object_versions(
    call: &Call<'_>,
    input: ListObjectVersionsInput,
) -> S3Result<ListObjectVersionsOutput> {
    let most = most(input.max_keys)?;
    let (prefix, key_marker) = (input.prefix.unwrap_or_default(), input.key_marker.unwrap_or_default());
    if input.version_id_marker.is_some() && key_marker.is_empty() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(refuse(S3ErrorCode::InvalidArgument, message));
    }
    let marker = Marker { key: &key_marker, version: input.version_id_marker.as_deref() };
    let query = Query { prefix: &prefix, delimiter: input.delimiter.as_deref(), after: "", most };
    let bucket = known(call, &input.bucket)?;
    let page = match most {
        0 => list::VersionPage::default(),
        _ => call.app.objects.read_versions(&bucket.id, |all| list::version_page(all, &query, &marker)),
    };
    let encoding = input.encoding_type.as_ref();
    let owner = || Some(Owner { id: Some(bucket.account.to_string()), ..Owner::default() });
    let version = |(object, latest): &(Arc<Object>, bool)| ObjectVersion {
        key: Some(shown(&object.key, encoding)),
        version_id: Some(object.version_id().to_owned()),
        is_latest: Some(*latest),
        last_modified: Some(stamp(object.modified)),
        e_tag: Some(etag(&object.etag)),
        size: i64::try_from(object.size).ok(),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        owner: owner(),
        ..ObjectVersion::default()
    };
    let gone = |(object, latest): &(Arc<Object>, bool)| DeleteMarkerEntry {
        key: Some(shown(&object.key, encoding)),
        version_id: Some(object.version_id().to_owned()),
        is_latest: Some(*latest),
        last_modified: Some(stamp(object.modified)),
        owner: owner(),
    };
    let (markers, versions): (Vec<_>, Vec<_>) = page.versions.iter().partition(|(object, _)| object.marker);
    let prefixes = page.prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(shown(prefix, encoding)) });
    let (next_key, next_version) = page.more_after.map_or((None, None), |(key, version)| (Some(key), version));
    Ok(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(shown(&prefix, encoding)),
        key_marker: Some(shown(&key_marker, encoding)),
        version_id_marker: input.version_id_marker,
        max_keys: i32::try_from(most).ok(),
        is_truncated: Some(next_key.is_some()),
        next_key_marker: next_key.map(|key| shown(&key, encoding)),
        next_version_id_marker: next_version,
        versions: Some(versions.into_iter().map(version).collect()),
        delete_markers: Some(markers.into_iter().map(gone).collect()),
        common_prefixes: Some(prefixes.collect()),
        delimiter: input.delimiter.map(|delimiter| shown(&delimiter, encoding)),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    })
}

/// What a deletion did.
struct Deleted {
    /// The version that is gone, or the delete marker that was made.
    version: Option<String>,
    /// Whether that is a delete marker.
    marker: bool,
}

async fn delete(call: &Call<'_>, place: &Place<'_>, version: Option<&str>) -> S3Result<Deleted> {
    let objects = &call.app.objects;
    let id = &place.bucket.id;
    let versioning = place.bucket.settings.versioning;
    if version.is_some() || versioning == Versioning::Never {
        let named = version.map_or(Ok(None), asked)?;
        let gone = objects.delete(id, place.key, named).await.map_err(disk)?;
        if let Some(object) = &gone {
            tell::deleted(call, place, object, true);
        }
        let marker = gone.is_some_and(|object| object.marker);
        return Ok(Deleted { version: version.map(str::to_owned), marker });
    }
    let mut marker = Object::marker(place.key);
    marker.version = (versioning == Versioning::Enabled).then(new_version);
    let marker = objects.put(id, marker).await.map_err(broken)?;
    tell::deleted(call, place, &marker, false);
    Ok(Deleted { version: Some(marker.version_id().to_owned()), marker: true })
}

/// DeleteObject: also where there is none. Without a version it hides the object where there are versions.
pub(super) async fn delete_object(call: &Call<'_>, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
    let bucket = known(call, &input.bucket)?;
    let place = Place { name: &input.bucket, bucket: &bucket, key: &input.key };
    let Deleted { version, marker } = delete(call, &place, input.version_id.as_deref()).await?;
    let delete_marker = marker.then_some(true);
    Ok(DeleteObjectOutput { delete_marker, version_id: version, ..DeleteObjectOutput::default() })
}

/// DeleteObjects: each key is asked for by itself, and fails by itself.
pub(super) async fn delete_objects(call: &Call<'_>, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
    let Delete { objects, quiet } = input.delete;
    if objects.is_empty() || objects.len() > MOST_DELETED {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(refuse(S3ErrorCode::MalformedXML, message));
    }
    let bucket = known(call, &input.bucket)?;
    let (mut done, mut errors) = (Vec::new(), Vec::new());
    for ObjectIdentifier { key, version_id, .. } in objects {
        let place = Place { name: &input.bucket, bucket: &bucket, key: &key };
        match delete_permitted(call, &place, version_id.as_deref()).await {
            Ok(Deleted { version, marker }) => done.push(DeletedObject {
                delete_marker: marker.then_some(true),
                delete_marker_version_id: version.filter(|_| marker),
                version_id,
                key: Some(key),
            }),
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                message: error.message().map(str::to_owned),
                key: Some(key),
                version_id,
            }),
        }
    }
    let deleted = Some(done).filter(|_| quiet != Some(true));
    Ok(DeleteObjectsOutput { deleted, errors: Some(errors), ..DeleteObjectsOutput::default() })
}

async fn delete_permitted(call: &Call<'_>, place: &Place<'_>, version: Option<&str>) -> S3Result<Deleted> {
    let (action, context) = match version {
        Some(version) => ("s3:DeleteObjectVersion", Context::new().with("s3:VersionId", version)),
        None => ("s3:DeleteObject", Context::new()),
    };
    permit(call, action, Some(place.name), Some(place.key), context)?;
    delete(call, place, version).await
}
