//! S3 as another service of the sandbox uses it: for a role that it was handed, with that role's permissions.

use super::access::{GET_OBJECT, permit};
use super::errors::{self, disk, refuse};
use super::objects::Said;
use super::transfer::{broken, found, keep};
use crate::call::Call;
use bytes::Bytes;
use domain::evaluate::Context;
use futures::stream;
use s3s::{S3ErrorCode, S3Result};
use std::io;
use tokio::io::AsyncReadExt as _;

/// Reads an object of at most `most` bytes.
pub async fn get(call: &Call<'_>, bucket: &str, key: &str, most: u64) -> S3Result<Bytes> {
    let known = permit(call, GET_OBJECT, Some(bucket), Some(key), Context::new())?.ok_or_else(errors::no_bucket)?;
    let object = found(call, bucket, &known.id, key)?;
    if object.size > most {
        return Err(refuse(S3ErrorCode::EntityTooLarge, format!("The object is larger than {most} bytes.")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(object.size).unwrap_or_default());
    let mut file = call.app.objects.open_file(&known.id, &object.file).await.map_err(disk)?;
    file.read_to_end(&mut bytes).await.map_err(disk)?;
    Ok(bytes.into())
}

/// Puts an object.
pub async fn put(call: &Call<'_>, bucket: &str, key: &str, bytes: Bytes, content_type: &str) -> S3Result<()> {
    let known = permit(call, "s3:PutObject", Some(bucket), Some(key), Context::new())?.ok_or_else(errors::no_bucket)?;
    let objects = &call.app.objects;
    let written = objects.write(&known.id, stream::iter([Ok::<_, io::Error>(bytes)])).await.map_err(broken)?;
    let content_type = Some(content_type.to_owned()).filter(|kind| !kind.is_empty());
    let said = Said { content_type, ..Said::default() };
    keep(objects, &known, key, written.whole(), said).await.map(|_| ())
}
