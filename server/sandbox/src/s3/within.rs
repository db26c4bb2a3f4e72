//! S3 as another service of the sandbox uses it: for a role that it was handed, with that role's permissions.

use super::access::{GET_OBJECT, LIST_BUCKET, permit};
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

/// An object of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub size: u64,
}

/// The objects whose keys begin with a prefix, all of them.
pub async fn list(call: &Call<'_>, bucket: &str, prefix: &str) -> S3Result<Vec<Listed>> {
    let context = Context::new().with("s3:prefix", prefix);
    let known = permit(call, LIST_BUCKET, Some(bucket), None, context)?.ok_or_else(errors::no_bucket)?;
    let listed = call.app.objects.read(&known.id, |objects| {
        let from = objects.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        from.map(|(key, object)| Listed { key: key.clone(), size: object.size }).collect()
    });
    Ok(listed)
}

/// What is asked of an object that is put.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its content type; none if it is empty.
    pub content_type: String,
    /// The key of KMS that it is encrypted with.
    pub kms_key: Option<String>,
}

/// Puts an object as it is asked for.
pub async fn put_with(call: &Call<'_>, bucket: &str, key: &str, bytes: Bytes, asked: &Asked) -> S3Result<()> {
    put(call, bucket, key, bytes, &asked.content_type).await
}
