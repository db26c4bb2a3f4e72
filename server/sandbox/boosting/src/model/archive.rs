//! `model.tar.gz`: what SageMaker makes of `/opt/ml/model` after a training job, and unpacks before an endpoint starts.

use super::Model;
use super::json::ModelError;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, Read};

/// The name that the container gives its model.
pub const MODEL_FILE: &str = "xgboost-model";

/// No model of the sandbox is larger, unpacked.
const LARGEST: u64 = 512 << 20;

/// Why an archive has no model.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no `.tar.gz`.
    #[error("the archive can't be read")]
    Unreadable(#[source] io::Error),
    /// There is no file in it that could be the model.
    #[error("there is no `{MODEL_FILE}` in the archive")]
    NoModel,
    /// The file is larger than any model.
    #[error("`{MODEL_FILE}` is larger than {} MB", LARGEST >> 20)]
    TooLarge,
    /// The file is no model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl Model {
    /// Writes the archive. The same model gives the same bytes: times and owners are zero.
    pub fn to_archive(&self) -> io::Result<Vec<u8>> {
        let json = self.to_json()?;
        let mut header = tar::Header::new_gnu();
        header.set_size(json.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        archive.append_data(&mut header, MODEL_FILE, json.as_slice())?;
        archive.into_inner()?.finish()
    }

    /// Reads an archive that holds one model, in XGBoost's JSON; the container takes whatever file is there.
    pub fn from_archive(bytes: impl Read) -> Result<Self, ArchiveError> {
        let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(LARGEST + (1 << 20)));
        for entry in archive.entries().map_err(ArchiveError::Unreadable)? {
            let entry = entry.map_err(ArchiveError::Unreadable)?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            if entry.size() > LARGEST {
                return Err(ArchiveError::TooLarge);
            }
            let mut json = Vec::new();
            entry.take(LARGEST).read_to_end(&mut json).map_err(ArchiveError::Unreadable)?;
            return Ok(Self::from_json(&json)?);
        }
        Err(ArchiveError::NoModel)
    }
}
