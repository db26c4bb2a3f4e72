//! Artifacts: zip files in the pipeline's bucket, read and written by the role of the action that needs them.

use super::model::Artifact;
use super::providers::{Context, Trouble};
use crate::{ids, s3};
use bytes::Bytes;
use s3s::S3Error;
use std::io::{Cursor, Read as _, Write as _};

/// The largest artifact that is read or written.
const LARGEST: u64 = 512 * 1024 * 1024;
/// The largest file that is read out of one.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// The key of an artifact: pipeline and artifact, shortened, and seven characters of its own.
pub fn key(pipeline: &str, artifact: &str) -> String {
    let short = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let own = &ids::lower("", 7);
    format!("{}/{}/{own}.zip", short(pipeline, 20), short(artifact, 10))
}

fn denied(context: &Context<'_>, artifact: &Artifact, action: &str, what: &str, error: &S3Error) -> Trouble {
    let Artifact { bucket, key, .. } = artifact;
    let who = &context.acting.caller().arn;
    let told = error.message().unwrap_or_default();
    if error.code().as_str() == "AccessDenied" {
        let own =
            format!("User: {who} is not authorized to perform: {action} on resource: \"arn:aws:s3:::{bucket}/{key}\"");
        let reason = if told.contains(who.as_str()) { told.to_owned() } else { format!("{own} ({told})") };
        return Trouble::permission(format!(
            "Insufficient permissions. Unable to {what} the artifact with Amazon S3 object key '{key}' located in the \
             Amazon S3 artifact bucket '{bucket}'. The provided role does not have sufficient permissions. {reason}"
        ));
    }
    Trouble::configuration(format!(
        "Unable to {what} the artifact with Amazon S3 object key '{key}' located in the Amazon S3 artifact bucket \
         '{bucket}'. {} (Service: Amazon S3; Error Code: {})",
        told,
        error.code().as_str()
    ))
}

/// Reads an artifact that goes in.
pub async fn read(context: &Context<'_>, artifact: &Artifact) -> Result<Bytes, Trouble> {
    let call = context.acting.call(context.app);
    let read = s3::get(&call, &artifact.bucket, &artifact.key, LARGEST).await;
    read.map_err(|error| denied(context, artifact, "s3:GetObject", "access", &error))
}

/// Writes an artifact that comes out, encrypted with the pipeline's key.
pub async fn write(context: &Context<'_>, artifact: &Artifact, bytes: Bytes) -> Result<(), Trouble> {
    let call = context.acting.call(context.app);
    let kms_key = context.store.encryption_key.as_ref().map(|key| key.id.clone());
    let asked = s3::Asked { content_type: "application/zip".into(), kms_key };
    let put = s3::put_with(&call, &artifact.bucket, &artifact.key, bytes, &asked).await;
    put.map(drop).map_err(|error| denied(context, artifact, "s3:PutObject", "upload", &error))
}

/// A file of an action's inputs, named as `artifact::path`.
pub async fn file(context: &Context<'_>, named: &str) -> Result<String, Trouble> {
    let (name, path) = named
        .split_once("::")
        .ok_or_else(|| Trouble::configuration(format!("`{named}` does not name a file as ARTIFACT::FILE")))?;
    let artifact =
        context.run.inputs.iter().find(|input| input.name == name).ok_or_else(|| {
            Trouble::configuration(format!("The artifact {name} is not an input artifact of the action"))
        })?;
    file_of(context, artifact, path).await
}

/// A file of an artifact, as text.
pub async fn file_of(context: &Context<'_>, artifact: &Artifact, path: &str) -> Result<String, Trouble> {
    let bytes = read(context, artifact).await?;
    let wanted = path.to_owned();
    let found = tokio::task::spawn_blocking(move || unzipped(&bytes, &wanted)).await;
    let found = found.unwrap_or_else(|e| Err(e.to_string()));
    found.map_err(|reason| {
        Trouble::configuration(format!("File [{path}] does not exist in artifact [{}]: {reason}", artifact.name))
    })
}

fn unzipped(bytes: &[u8], path: &str) -> Result<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let entry = archive.by_name(path).map_err(|e| e.to_string())?;
    let mut text = String::new();
    entry.take(LARGEST_FILE).read_to_string(&mut text).map_err(|e| e.to_string())?;
    Ok(text)
}

/// A zip file of these files.
pub fn zipped<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Result<Bytes, String> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).map_err(|e| e.to_string())?;
        writer.write_all(content).map_err(|e| e.to_string())?;
    }
    writer.finish().map(|cursor| cursor.into_inner().into()).map_err(|e| e.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_shortened_names() {
        let key = key("a-pipeline-with-a-very-long-name", "SourceArtifact");
        assert!(key.starts_with("a-pipeline-with-a-ve/SourceArti/") && key.ends_with(".zip"), "{key}");
        assert_eq!(key.len(), "a-pipeline-with-a-ve/SourceArti/1234567.zip".len());
    }

    #[test]
    fn files_come_out_of_a_zip_as_they_went_in() {
        let bytes = zipped([("a.json", b"{}".as_slice()), ("dir/b.yaml", "ü: 1".as_bytes())]).unwrap();
        assert_eq!(unzipped(&bytes, "dir/b.yaml").unwrap(), "ü: 1");
        assert!(unzipped(&bytes, "c").is_err());
        assert!(unzipped(b"no zip", "c").is_err());
    }
}
