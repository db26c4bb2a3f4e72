//! What an approval is decided by: how a model was trained and how well, beside the one that serves now.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A training job, as SageMaker describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingJob {
    /// Its name.
    pub name: String,
    /// `InProgress`, `Completed`, `Failed`, `Stopping` or `Stopped`.
    pub status: String,
    /// What it is doing: `Downloading`, `Training`, …
    pub phase: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// The container's image.
    pub image: String,
    /// What the container was told.
    pub hyperparameters: BTreeMap<String, String>,
    /// The last value of each metric.
    pub metrics: BTreeMap<String, f64>,
    /// Where the data of each channel is.
    pub channels: BTreeMap<String, String>,
    /// Where the model is, once there is one.
    pub artifact: Option<String>,
    /// What it ran on.
    pub instance_type: String,
    /// How many of them.
    pub instance_count: u32,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Seconds that are paid for.
    pub billable_seconds: Option<u32>,
}

/// A version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// Its key.
    pub key: String,
    /// Which version.
    pub version: String,
    /// Its size.
    pub bytes: u64,
    /// When it was put.
    pub modified: Timestamp,
    /// Whether it only marks that the object was deleted.
    pub deleted: bool,
}

/// The model's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it is.
    pub uri: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits; none where it is too large to be read for that.
    pub sha256: Option<String>,
}

/// What differs from the model that serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Whose value it is.
    pub name: String,
    /// Of the model that serves.
    pub live: Option<String>,
    /// Of the one that waits.
    pub candidate: Option<String>,
}

/// A metric of both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// `validation:auc`
    pub name: String,
    /// Of the model that serves.
    pub live: Option<f64>,
    /// Of the one that waits.
    pub candidate: Option<f64>,
}

impl Metric {
    /// How far the candidate is from the model that serves, and whether that is better, as far as the metric is known.
    pub fn change(&self) -> Option<(f64, Option<bool>)> {
        let change = self.candidate? - self.live?;
        let name = self.name.rsplit([':', '-']).next().unwrap_or(&self.name);
        // `error@0.7`, `ndcg@5`
        let name = name.split('@').next().unwrap_or(name);
        let better = if HIGHER.contains(&name) {
            Some(change > 0.0)
        } else if LOWER.contains(&name) {
            Some(change < 0.0)
        } else {
            None
        };
        Some((change, better.filter(|_| change != 0.0)))
    }
}

/// Metrics of XGBoost's container of which more is better.
///
/// Source: SageMaker developer guide, "Tune an XGBoost Model", and XGBoost's parameter reference.
const HIGHER: [&str; 11] = [
    "accuracy",
    "auc",
    "aucpr",
    "balanced_accuracy",
    "f1",
    "f1_binary",
    "f1_macro",
    "map",
    "ndcg",
    "precision",
    "recall",
];
/// And those of which less is.
const LOWER: [&str; 12] = [
    "error",
    "gamma-nloglik",
    "logloss",
    "mae",
    "mape",
    "merror",
    "mlogloss",
    "mse",
    "mphe",
    "poisson-nloglik",
    "rmse",
    "rmsle",
];

/// A training with the data that it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// The job.
    pub job: TrainingJob,
    /// The versions of the objects that were there when it began, by channel.
    pub data: BTreeMap<String, ObjectVersion>,
}

/// Everything an approval is decided by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What waits.
    pub candidate: Trained,
    /// What serves; none before the first deployment, or where its training is not to be found.
    pub live: Option<Trained>,
    /// The model's file.
    pub artifact: Option<Artifact>,
    /// Metrics of both.
    pub metrics: Vec<Metric>,
    /// What the container was told otherwise.
    pub hyperparameters: Vec<Difference>,
    /// What the training was given otherwise: data, image and instances.
    pub inputs: Vec<Difference>,
}

impl Evidence {
    /// Compares what waits with what serves.
    pub fn of(candidate: Trained, live: Option<Trained>, artifact: Option<Artifact>) -> Self {
        let job = live.as_ref().map(|live| &live.job);
        let none = BTreeMap::new();
        let metrics = metrics(job.map(|job| &job.metrics), &candidate.job.metrics);
        let told = job.map_or(&none, |job| &job.hyperparameters);
        let hyperparameters =
            if live.is_some() { differences(told, &candidate.job.hyperparameters) } else { Vec::new() };
        let inputs = live.as_ref().map(|live| differences(&given(live), &given(&candidate))).unwrap_or_default();
        Self { candidate, live, artifact, metrics, hyperparameters, inputs }
    }
}

/// The version of each object that was the newest at `then`; none where it was deleted.
pub fn as_of<'a>(versions: &'a [ObjectVersion], key: &str, then: Timestamp) -> Option<&'a ObjectVersion> {
    let before = versions.iter().filter(|version| version.key == key && version.modified <= then);
    before.max_by_key(|version| version.modified).filter(|version| !version.deleted)
}

fn given(trained: &Trained) -> BTreeMap<String, String> {
    let job = &trained.job;
    let mut given = BTreeMap::from([
        ("image".to_owned(), job.image.clone()),
        ("instances".to_owned(), format!("{} × {}", job.instance_count, job.instance_type)),
    ]);
    for (channel, uri) in &job.channels {
        let what = trained.data.get(channel).map_or_else(
            || uri.clone(),
            |object| format!("{uri} ({} bytes, version {})", object.bytes, object.version),
        );
        given.insert(format!("{channel} data"), what);
    }
    given
}

fn differences(live: &BTreeMap<String, String>, candidate: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: BTreeSet<&String> = live.keys().chain(candidate.keys()).collect();
    let both = names.into_iter().map(|name| Difference {
        name: name.clone(),
        live: live.get(name).cloned(),
        candidate: candidate.get(name).cloned(),
    });
    both.filter(|difference| difference.live != difference.candidate).collect()
}

fn metrics(live: Option<&BTreeMap<String, f64>>, candidate: &BTreeMap<String, f64>) -> Vec<Metric> {
    let names: BTreeSet<&String> = live.into_iter().flat_map(BTreeMap::keys).chain(candidate.keys()).collect();
    let metric = |name: &String| Metric {
        name: name.clone(),
        live: live.and_then(|live| live.get(name)).copied(),
        candidate: candidate.get(name).copied(),
    };
    names.into_iter().map(metric).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn trained(eta: &str, auc: f64, version: &str) -> Trained {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let job = TrainingJob {
            name: "churn-1".into(),
            status: "Completed".into(),
            phase: "Completed".into(),
            failure: None,
            image: "image:1.7-1".into(),
            hyperparameters: [pair("eta", eta), pair("num_round", "10")].into(),
            metrics: [("validation:auc".to_owned(), auc)].into(),
            channels: [pair("train", "s3://b/data/train/")].into(),
            artifact: None,
            instance_type: "ml.m5.large".into(),
            instance_count: 1,
            created: Timestamp(10),
            ended: None,
            billable_seconds: None,
        };
        let object = ObjectVersion {
            key: "data/train/train.csv".into(),
            version: version.into(),
            bytes: 7,
            modified: Timestamp(5),
            deleted: false,
        };
        Trained { job, data: [("train".to_owned(), object)].into() }
    }

    #[test]
    fn a_change_is_better_or_worse_where_the_metric_is_known() {
        let change = |name: &str, live, candidate| {
            Metric { name: name.into(), live: Some(live), candidate: Some(candidate) }.change().unwrap()
        };
        assert_eq!(change("validation:auc", 0.5, 0.75), (0.25, Some(true)));
        assert_eq!(change("validation:rmse", 0.5, 0.75), (0.25, Some(false)));
        assert_eq!(change("train:error@0.7", 0.5, 0.25), (-0.25, Some(true)));
        assert_eq!(change("validation:auc", 0.5, 0.5), (0.0, None));
        assert_eq!(change("validation:ours", 0.5, 0.75), (0.25, None));
        assert_eq!(Metric { name: "auc".into(), live: None, candidate: Some(0.5) }.change(), None);
    }

    #[test]
    fn what_was_told_and_given_otherwise_is_listed() {
        let evidence = Evidence::of(trained("0.2", 0.9, "v2"), Some(trained("0.1", 0.8, "v1")), None);
        let difference = &evidence.hyperparameters[..];
        assert_eq!((difference.len(), difference[0].name.as_str()), (1, "eta"));
        assert_eq!((difference[0].live.as_deref(), difference[0].candidate.as_deref()), (Some("0.1"), Some("0.2")));
        assert_eq!((evidence.metrics[0].live, evidence.metrics[0].candidate), (Some(0.8), Some(0.9)));
        assert_eq!(evidence.inputs.len(), 1);
        assert_eq!(evidence.inputs[0].candidate.as_deref(), Some("s3://b/data/train/ (7 bytes, version v2)"));
    }

    #[test]
    fn a_first_model_differs_from_nothing() {
        let evidence = Evidence::of(trained("0.2", 0.9, "v2"), None, None);
        assert!(evidence.hyperparameters.is_empty() && evidence.inputs.is_empty());
        assert_eq!((evidence.metrics[0].live, evidence.metrics[0].candidate), (None, Some(0.9)));
    }

    #[test]
    fn data_is_what_it_was_when_the_training_began() {
        let version = |version: &str, at, deleted| ObjectVersion {
            key: "k".into(),
            version: version.into(),
            bytes: 1,
            modified: Timestamp(at),
            deleted,
        };
        let versions = [version("1", 1, false), version("2", 5, false), version("3", 9, true)];
        assert_eq!(as_of(&versions, "k", Timestamp(7)).unwrap().version, "2");
        assert_eq!(as_of(&versions, "k", Timestamp(9)), None, "it was deleted");
        assert_eq!(as_of(&versions, "k", Timestamp(0)), None);
        assert_eq!(as_of(&versions, "other", Timestamp(7)), None);
    }
}
