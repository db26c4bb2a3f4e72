//! Models that training jobs made, served as SageMaker's XGBoost container serves them.
//!
//! What an endpoint has downloaded stays below the sandbox's folder, named by its content, for as long as an endpoint
//! needs it: the object in S3 may change or go.
//!
//! Source: the container's own `algorithm_mode/serve.py` and `serve_utils.py`.

use super::json::base;
use super::{Answer, Inference, ModelFailure};
use crate::ids::hex;
use crate::persist;
use boosting::{Model, Predictions};
use bytes::Bytes;
use domain::names::Region;
use domain::pipeline::images::{Image, Version};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CSV: &str = "text/csv";
const JSON: &str = "application/json";
/// What the container can be asked for.
const ACCEPTED: [&str; 2] = [CSV, JSON];
/// Models that are held in memory; the others are read from their files again.
const MOST_LOADED: usize = 32;

/// Whether an image is that of SageMaker's XGBoost, in whichever region.
pub fn is_container(image: &str) -> bool {
    let region = image.split('.').nth(3).and_then(|region| Region::parse(region).ok());
    let bare = image.strip_suffix("-cpu-py3").unwrap_or(image);
    region.is_some_and(|region| {
        Version::all().any(|version| Image::of(&region, &version).is_some_and(|known| known.uri() == bare))
    })
}

/// The models that endpoints have downloaded.
pub struct Shelf {
    dir: PathBuf,
    loaded: Mutex<HashMap<String, Arc<Model>>>,
}

impl Shelf {
    /// The models below a sandbox's folder.
    pub fn open(dir: &Path) -> Self {
        Self { dir: dir.join("artifacts"), loaded: Mutex::default() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.tar.gz"))
    }

    /// Unpacks an archive and keeps it. Gives its name, or why it can't be loaded.
    pub async fn keep(&self, archive: Bytes) -> Result<String, String> {
        let (dir, bytes) = (self.dir.clone(), archive.clone());
        let name = hex(&Sha256::digest(&archive));
        let file = self.file(&name);
        let loaded = tokio::task::spawn_blocking(move || {
            let model = Model::from_archive(io::Cursor::new(&bytes)).map_err(|error| error.to_string())?;
            let written = std::fs::create_dir_all(&dir).and_then(|()| persist::replace(&file, &bytes));
            written.map(|()| model).map_err(|error| error.to_string())
        });
        let model = loaded.await.map_err(|error| error.to_string())??;
        self.hold(&name, Arc::new(model));
        Ok(name)
    }

    fn hold(&self, name: &str, model: Arc<Model>) {
        let mut loaded = self.loaded.lock();
        if loaded.len() >= MOST_LOADED {
            loaded.clear();
        }
        loaded.insert(name.to_owned(), model);
    }

    /// Forgets all but these.
    pub fn retain(&self, names: &BTreeSet<String>) {
        self.loaded.lock().retain(|name, _| names.contains(name));
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !names.contains(name.strip_suffix(".tar.gz").unwrap_or(name))
                && let Err(error) = std::fs::remove_file(&path)
            {
                tracing::warn!(%error, path = %path.display(), "an endpoint's model can't be removed");
            }
        }
    }

    async fn model(&self, name: &str) -> Option<Arc<Model>> {
        if let Some(model) = self.loaded.lock().get(name) {
            return Some(Arc::clone(model));
        }
        let file = self.file(name);
        let read = tokio::task::spawn_blocking(move || {
            let file = std::fs::File::open(file).ok()?;
            Model::from_archive(io::BufReader::new(file)).ok()
        });
        let model = Arc::new(read.await.ok()??);
        self.hold(name, Arc::clone(&model));
        Some(model)
    }

    /// Answers a request with the model of this name.
    pub async fn run(&self, name: &str, inference: Inference) -> Result<Answer, ModelFailure> {
        let model = self.model(name).await;
        let model = model.ok_or_else(|| ModelFailure::model(500, "Unable to load model: the artifact is gone"))?;
        if inference.body.is_empty() {
            return Ok(answer(String::new(), Bytes::new()));
        }
        let wanted = accepted(&inference)?;
        // A large request takes its time.
        let predicted = tokio::task::spawn_blocking(move || predict(&model, &inference));
        let predictions = predicted.await.map_err(|error| ModelFailure::model(500, error.to_string()))??;
        Ok(match wanted {
            JSON => answer(JSON.to_owned(), json_of(&predictions).to_string()),
            _ => answer(format!("{CSV}; charset=utf-8"), predictions.to_csv()),
        })
    }
}

fn answer(content_type: String, body: impl Into<Bytes>) -> Answer {
    Answer { content_type, custom_attributes: None, closed_session: None, body: body.into() }
}

/// The type that is wanted.
fn accepted(inference: &Inference) -> Result<&'static str, ModelFailure> {
    let wanted = base(inference.accept.as_deref().unwrap_or_default().split(',').next().unwrap_or_default());
    if wanted.is_empty() || wanted == "*/*" {
        return Ok(CSV);
    }
    ACCEPTED.into_iter().find(|known| *known == wanted).ok_or_else(|| {
        ModelFailure::model(
            406,
            format!(
                "Accept type {wanted} is not supported. Please use supported accept types: {}.",
                ACCEPTED.join(", ")
            ),
        )
    })
}

fn json_of(predictions: &Predictions) -> Value {
    let score = |row: &[f32]| match row {
        [one] => json!({ "score": f64::from(*one) }),
        several => json!({ "score": several.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>() }),
    };
    json!({ "predictions": predictions.rows().map(score).collect::<Vec<Value>>() })
}

fn predict(model: &Model, inference: &Inference) -> Result<Predictions, ModelFailure> {
    let kind = base(inference.content_type.as_deref().unwrap_or_default());
    let text = || {
        std::str::from_utf8(&inference.body).map_err(|_| ModelFailure::model(415, "the payload is not text in UTF-8"))
    };
    match kind.as_str() {
        CSV | "csv" => {
            model.predict_csv(text()?).map_err(|error| ModelFailure::model(error.status(), error.to_string()))
        }
        "" | "text/libsvm" | "text/x-libsvm" | "libsvm" => libsvm(model, text()?),
        _ => Err(ModelFailure::model(415, format!("Content-type {kind} is not supported."))),
    }
}

/// Rows as `label index:value …`; what a row doesn't name is missing.
fn libsvm(model: &Model, text: &str) -> Result<Predictions, ModelFailure> {
    let bad = |what: &str| {
        ModelFailure::model(
            415,
            format!(
                "Loading libsvm data failed with Exception, please ensure data is in libsvm format:\n \
                 <class 'ValueError'>\n could not convert string to float: '{what}'"
            ),
        )
    };
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let mut row = vec![f32::NAN; model.features()];
        for word in line.split_whitespace().filter(|word| word.contains(':')) {
            let pair =
                word.split_once(':').and_then(|(at, value)| Some((at.parse::<usize>().ok()?, value.parse().ok()?)));
            let (at, value): (usize, f32) = pair.ok_or_else(|| bad(word))?;
            let Some(cell) = row.get_mut(at) else {
                return Err(ModelFailure::model(
                    400,
                    format!(
                        "Unable to evaluate payload provided: Feature size of libsvm inference data {} is larger than \
                         feature size of trained model {}.",
                        at.saturating_add(1),
                        model.features()
                    ),
                ));
            };
            *cell = value;
        }
        if !line.split_whitespace().next().is_some_and(|word| word.contains(':') || word.parse::<f32>().is_ok()) {
            return Err(bad(line));
        }
        rows.push(row);
    }
    model
        .predict(rows.iter().map(Vec::as_slice))
        .map_err(|error| ModelFailure::model(error.status(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_registry_region_and_version() {
        let ireland = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1";
        assert!(is_container(ireland) && is_container(&format!("{ireland}-cpu-py3")));
        for other in [
            "141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
            "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:latest",
            "sagebridge-echo:1",
        ] {
            assert!(!is_container(other), "{other}");
        }
    }
}
