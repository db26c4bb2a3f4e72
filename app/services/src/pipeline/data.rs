//! Training data on disk: a table that is uploaded or shipped, looked at, and read through row by row into a file for each
//! channel. Memory stays flat whatever the table's size.

mod convert;
mod prepare;

pub(super) use convert::hex_sha256;
pub(super) use prepare::Preparations;

use super::Pipelines;
use crate::batch::{blocking, make_folder};
use crate::{Operator, ServiceError, ServiceResult};
use domain::names::{DraftId, PipelineId};
use domain::pipeline::data::{Channel, Preview};
use domain::pipeline::draft::Uploaded;
use domain::pipeline::view::DataView;
use domain::wizard::FieldProblem;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

/// The table that a person gave.
const TABLE: &str = "table.csv";
/// The extension of a table on its way in.
const PART: &str = "part";

/// A table that is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// What it is called.
    pub name: &'static str,
    /// Its rows, with a header.
    pub text: &'static str,
}

/// A table that is being uploaded. Dropping it before [`DataUpload::finish`] removes what came.
pub struct DataUpload {
    pipelines: Pipelines,
    draft: DraftId,
    /// Beside the table that is there, which it replaces at the end.
    part: PathBuf,
    table: PathBuf,
    name: String,
    file: File,
    bytes: u64,
    kept: bool,
}

impl Pipelines {
    /// Begins to take a table that a person calls `name`. How far it is is known to whoever gives the parts.
    pub async fn begin_data_upload(
        &self,
        _operator: &Operator,
        draft: &DraftId,
        name: &str,
    ) -> ServiceResult<DataUpload> {
        let pipeline = self.draft_record(draft).await?.value.pipeline;
        let folder = self.folder(&pipeline)?;
        make_folder(&folder)?;
        let part = folder.join(format!("{}.{PART}", uuid::Uuid::now_v7()));
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&part).await?;
        // Browsers give a name, others may give a path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        let (pipelines, draft, table) = (self.clone(), draft.clone(), folder.join(TABLE));
        Ok(DataUpload { pipelines, draft, part, table, name, file, bytes: 0, kept: false })
    }

    /// Takes the shipped table.
    pub async fn use_sample(&self, operator: &Operator, draft: &DraftId) -> ServiceResult<()> {
        let sample = self.inner.settings.sample;
        let mut upload = self.begin_data_upload(operator, draft, sample.name).await?;
        upload.write(sample.text.as_bytes()).await?;
        upload.finish().await
    }

    /// A draft's table with its first rows, and what came of reading all of it; `None` before there is one.
    pub async fn data(&self, _operator: &Operator, draft: &DraftId) -> ServiceResult<Option<DataView>> {
        let draft = self.draft_record(draft).await?.value;
        let Some(uploaded) = &draft.uploaded else { return Ok(None) };
        let path = self.folder(&draft.pipeline)?.join(TABLE);
        let preview = looked_at(path).await?;
        let prepared = draft.prepared();
        let problem = prepared.and_then(|prepared| prepared.tally.problem(&prepared.layout));
        Ok(Some(DataView {
            file: uploaded.file.clone(),
            bytes: uploaded.bytes,
            preview,
            tally: prepared.map(|prepared| prepared.tally.clone()),
            problem: problem.map(|problem| problem.to_string()),
        }))
    }

    /// Where a channel's file is, once the table has been read through.
    pub(super) fn channel_file(&self, pipeline: &PipelineId, channel: Channel) -> Option<PathBuf> {
        Some(channel_file(&self.folder(pipeline).ok()?, channel))
    }

    /// Removes what a console that was killed had taken of tables; called once at the start, before any upload begins.
    pub async fn drop_broken_uploads(&self) -> ServiceResult<()> {
        let Some(folder) = &self.inner.settings.folder else { return Ok(()) };
        let mut pipelines = match tokio::fs::read_dir(folder).await {
            Ok(pipelines) => pipelines,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        while let Some(pipeline) = pipelines.next_entry().await? {
            if !pipeline.file_type().await?.is_dir() {
                continue;
            }
            let mut files = tokio::fs::read_dir(pipeline.path()).await?;
            while let Some(file) = files.next_entry().await? {
                if file.path().extension().is_some_and(|extension| extension == PART) {
                    tokio::fs::remove_file(file.path()).await?;
                }
            }
        }
        Ok(())
    }

    fn folder(&self, pipeline: &PipelineId) -> ServiceResult<PathBuf> {
        let folder = self.inner.settings.folder.as_ref().ok_or_else(|| ServiceError::Conflict {
            message: "this console keeps no files".into(),
            hint: "start it with a data folder".into(),
        })?;
        Ok(folder.join(pipeline.as_str()))
    }

    /// Removes a pipeline's files. Failing to costs only room.
    pub(super) async fn remove_files(&self, pipeline: &PipelineId) {
        self.inner.preparations.cancel(pipeline);
        let Ok(folder) = self.folder(pipeline) else { return };
        match tokio::fs::remove_dir_all(&folder).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a pipeline's files could not be removed");
            }
            _ => {}
        }
    }
}

fn channel_file(folder: &Path, channel: Channel) -> PathBuf {
    folder.join(format!("channel-{}.csv", channel.key()))
}

impl DataUpload {
    /// Writes the next part.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] where the table grows over the limit.
    pub async fn write(&mut self, part: &[u8]) -> ServiceResult<()> {
        let most = self.pipelines.inner.settings.most_bytes;
        self.bytes += part.len() as u64;
        if self.bytes > most {
            return Err(refused(format!("the file is over {most} bytes"), "take a part of its rows"));
        }
        Ok(self.file.write_all(part).await?)
    }

    /// Looks at the first rows and keeps the table, with answers that fit them.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] where it has no rows.
    pub async fn finish(mut self) -> ServiceResult<()> {
        self.file.flush().await?;
        let preview = looked_at(self.part.clone()).await?;
        self.pipelines.inner.preparations.cancel(&self.pipelines.draft_record(&self.draft).await?.value.pipeline);
        tokio::fs::rename(&self.part, &self.table).await?;
        self.kept = true;
        let columns = preview.columns.iter().map(|column| column.name.clone()).collect();
        let uploaded = Uploaded { file: self.name.clone(), bytes: self.bytes, columns };
        self.pipelines
            .change_draft(&self.draft, |draft| {
                draft.uploaded = Some(uploaded.clone());
                draft.prepared = None;
                draft.data.header = if preview.header { "on".into() } else { String::new() };
                draft.data.label = preview.label.to_string();
                draft.data.left_out.clear();
            })
            .await
    }
}

impl Drop for DataUpload {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_file(&self.part)
        {
            tracing::warn!(%error, "an upload that was given up could not be removed");
        }
    }
}

async fn looked_at(path: PathBuf) -> ServiceResult<Preview> {
    let records = blocking(move || convert::first_records(&path)).await.map_err(|unfit| unfit.refused())?;
    let first = Preview::of(&records);
    first.ok_or_else(|| refused("the file has no rows", "choose a CSV file with rows"))
}

fn refused(message: impl Into<String>, hint: &str) -> ServiceError {
    let problem = FieldProblem { field: "file".into(), message: message.into(), hint: Some(hint.into()) };
    ServiceError::Invalid { problems: vec![problem] }
}
