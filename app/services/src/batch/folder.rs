//! A batch's files: what was uploaded, and what came of it. Readable by their owner only.

use super::read::{self, Unfit};
use crate::activity::Happened;
use crate::ports::store::BatchRecord;
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::batch::{BatchForm, BatchState, BatchView};
use domain::names::BatchId;
use domain::wizard::FieldProblem;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn input(folder: &Path) -> PathBuf {
    folder.join("input")
}

pub(super) fn result(folder: &Path) -> PathBuf {
    folder.join("result")
}

/// Removes a batch's folder; no error if it is gone.
pub(super) async fn remove(folder: PathBuf) -> io::Result<()> {
    match tokio::fs::remove_dir_all(&folder).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Does what reads or writes a file where it holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and whoever waits goes with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// A file that is being uploaded. Dropping it before [`BatchUpload::finish`] removes what came.
pub struct BatchUpload {
    services: Services,
    operator: Operator,
    id: BatchId,
    folder: PathBuf,
    name: String,
    file: File,
    bytes: u64,
    kept: bool,
}

/// A result to download: as much of it as there is.
#[derive(Debug)]
pub struct BatchDownload {
    /// What it is saved as.
    pub file_name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The file, at its beginning.
    pub file: File,
    /// How many bytes of it hold whole rows.
    pub bytes: u64,
}

impl Services {
    /// Begins to take a file that a person calls `name`.
    pub async fn begin_upload(&self, operator: &Operator, name: &str) -> ServiceResult<BatchUpload> {
        let id: BatchId = crate::drafts::fresh(BatchId::parse)?;
        let folder = self.batch_folder(&id)?;
        make(&folder)?;
        let path = input(&folder);
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(path).await?;
        // Browsers give a name, others may give a path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        let (services, operator) = (self.clone(), operator.clone());
        Ok(BatchUpload { services, operator, id, folder, name, file, bytes: 0, kept: false })
    }

    /// The result of a batch, also while it is made: up to the last row that was written.
    pub async fn batch_result(&self, operator: &Operator, id: &BatchId) -> ServiceResult<BatchDownload> {
        let view = self.batch(operator, id).await?;
        let none = || ServiceError::NotFound { what: "result of the batch", id: id.to_string() };
        let file = match File::open(result(&self.batch_folder(id)?)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(none()),
            opened => opened?,
        };
        // Each write is of whole rows: wherever the file ends now, a row ends.
        let bytes = file.metadata().await?.len();
        let media_type = match view.file.format {
            domain::batch::BatchFormat::Csv => "text/csv; charset=utf-8",
            domain::batch::BatchFormat::JsonLines => "application/jsonlines",
        };
        Ok(BatchDownload { file_name: view.file.result_name(), media_type, file, bytes })
    }
}

impl BatchUpload {
    /// Writes the next part.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] where the file grows over the limit.
    pub async fn write(&mut self, part: &[u8]) -> ServiceResult<()> {
        let most = self.services.inner.settings.batch.limits.file_bytes;
        self.bytes += part.len() as u64;
        if self.bytes > most {
            return Err(refused(&format!("the file is over {most} bytes"), "split it, or ask for a higher limit"));
        }
        Ok(self.file.write_all(part).await?)
    }

    /// Looks at what came and keeps it.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] where it can't be read as rows.
    pub async fn finish(mut self) -> ServiceResult<BatchId> {
        if self.bytes == 0 {
            return Err(refused("no file was chosen, or it is empty", "choose a CSV or JSON Lines file"));
        }
        self.file.flush().await?;
        let (path, name) = (input(&self.folder), self.name.clone());
        let found = blocking(move || read::look_at(&path, &name)).await;
        let file = found.map_err(|unfit| match unfit {
            Unfit::Refused { message, hint } => refused(&message, hint),
            Unfit::Io(error) => error.into(),
        })?;
        let now = self.services.now();
        let limits = &self.services.inner.settings.batch.limits;
        let keep = i64::try_from(limits.keep_days).unwrap_or(i64::MAX).saturating_mul(DAY_MS);
        let view = BatchView {
            id: self.id.clone(),
            revision: 1,
            by: self.operator.label().to_owned(),
            created: now,
            expires: now.plus_ms(keep),
            form: BatchForm::offered(&file, limits),
            file,
            setup: None,
            state: BatchState::Ready,
            done: 0,
            ahead: 0,
            failed: 0,
            retried: 0,
            pace: 0,
            predictions: 0,
            started: None,
            finished: None,
            spent_ms: 0,
            why: None,
        };
        let detail = format!("{} rows, {} bytes", view.rows(), view.file.bytes);
        self.services.inner.stores.batches.put(&BatchRecord { view, written: 0 }).await?;
        self.kept = true;
        let happened = Happened::done(format!("uploaded batch {}", self.id)).detail(detail);
        self.services.note(self.operator.label(), happened).await;
        Ok(self.id.clone())
    }
}

impl Drop for BatchUpload {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_dir_all(&self.folder)
        {
            tracing::warn!(%error, "an upload that was given up could not be removed");
        }
    }
}

/// Makes a folder that only its owner may read.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn refused(message: &str, hint: &str) -> ServiceError {
    let problem = FieldProblem { field: "file".into(), message: message.into(), hint: Some(hint.into()) };
    ServiceError::Invalid { problems: vec![problem] }
}
