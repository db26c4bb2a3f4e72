//! `churn`: will a customer leave? Gradient-boosted trees, trained on the shipped table of made-up telephone
//! customers.
//!
//! There are two of it, trained on the same table by different recipes, so that there is something to compare: the
//! champion, and a challenger of few and shallow trees that knows less and says so with more caution.
//!
//! The champion is trained beside everything else as soon as somebody asks SageMaker anything, the challenger when it
//! is asked first; the first invocation waits for it. The result is kept in the data folder under a name that changes
//! with the table and the parameters.

mod table;

use super::{Answer, Inference, ModelFailure};
use crate::ids::hex;
use crate::persist;
use sha2::{Digest as _, Sha256};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::xgboost::{XGRegressor, XGRegressorParameters};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::watch;

/// The table: the label first, as XGBoost's container takes it, with a header.
pub const TABLE: &str = include_str!("../../data/churn.csv");

type Trees = XGRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

/// How a model is trained, and the model of this process: training is the same each time, so several sandboxes share
/// it.
pub struct Recipe {
    rounds: usize,
    depth: u16,
    eta: f64,
    trained: OnceLock<Option<Arc<Trees>>>,
}

/// What is in service for everybody.
pub static CHAMPION: Recipe = Recipe { rounds: 60, depth: 3, eta: 0.15, trained: OnceLock::new() };
/// What it is compared with.
pub static CHALLENGER: Recipe = Recipe { rounds: 12, depth: 2, eta: 0.1, trained: OnceLock::new() };

/// The model, once somebody is interested in it.
pub struct Churn {
    recipe: &'static Recipe,
    file: PathBuf,
    started: AtomicBool,
    made: watch::Sender<Option<Option<Arc<Trees>>>>,
}

impl Churn {
    /// Knows where the trained model is kept, and does nothing yet.
    pub fn prepare(recipe: &'static Recipe, dir: &Path) -> Self {
        Self { recipe, file: recipe.cache_file(dir), started: AtomicBool::new(false), made: watch::channel(None).0 }
    }

    /// Loads or trains the model on a thread of its own, if that has not begun.
    pub fn warm(&self) {
        if self.started.load(Ordering::Relaxed) || self.started.swap(true, Ordering::Relaxed) {
            return;
        }
        let (recipe, file, made) = (self.recipe, self.file.clone(), self.made.clone());
        std::thread::spawn(move || {
            let trees = recipe.trained.get_or_init(|| load(&file).or_else(|| recipe.make(&file)).map(Arc::new));
            made.send_replace(Some(trees.clone()));
        });
    }

    /// Answers a request.
    pub async fn run(&self, inference: Inference) -> Result<Answer, ModelFailure> {
        let request = table::Request::read(&inference)?;
        self.warm();
        let mut made = self.made.subscribe();
        let trees = made.wait_for(Option::is_some).await.ok().and_then(|trees| trees.clone()).flatten();
        let trees = trees.ok_or_else(|| ModelFailure::model(503, "the model could not be loaded"))?;
        let output = request.output;
        let scores = predict(&trees, request.rows).map_err(|e| ModelFailure::model(500, e))?;
        Ok(output.write(&scores))
    }
}

fn load(file: &Path) -> Option<Trees> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

impl Recipe {
    fn cache_file(&self, dir: &Path) -> PathBuf {
        let mut hash = Sha256::new();
        hash.update(TABLE.as_bytes());
        hash.update(format!("{}/{}/{}/1", self.rounds, self.depth, self.eta).as_bytes());
        dir.join("models").join(format!("churn-{}.json", &hex(&hash.finalize())[..16]))
    }

    fn make(&self, file: &Path) -> Option<Trees> {
        let trees = self.train(&table::training_rows(TABLE));
        let trees = trees.map_err(|e| tracing::error!(error = %e, "churn can't be trained")).ok()?;
        // Kept for the next start only; without it that start trains again.
        let kept = file.parent().map(std::fs::create_dir_all).transpose().and_then(|_| {
            let bytes = serde_json::to_vec(&trees).map_err(std::io::Error::other)?;
            persist::replace(file, &bytes)
        });
        if let Err(e) = kept {
            tracing::warn!(path = %file.display(), error = %e, "the trained model can't be kept");
        }
        Some(trees)
    }

    fn train(&self, rows: &[(f64, Vec<f64>)]) -> Result<Trees, String> {
        let (labels, features): (Vec<f64>, Vec<Vec<f64>>) = rows.iter().cloned().unzip();
        let matrix = DenseMatrix::from_2d_vec(&features).map_err(|e| e.to_string())?;
        let base = labels.iter().sum::<f64>() / labels.len().max(1) as f64;
        let parameters = XGRegressorParameters::default()
            .with_n_estimators(self.rounds)
            .with_max_depth(self.depth)
            .with_learning_rate(self.eta)
            .with_min_child_weight(10)
            .with_base_score(base)
            .with_seed(1);
        XGRegressor::fit(&matrix, &labels, parameters).map_err(|e| e.to_string())
    }
}

/// Probabilities. The trees minimise the squared error against 0 and 1, which estimates a probability but may step a
/// little over its bounds.
fn predict(trees: &Trees, rows: Vec<Vec<f64>>) -> Result<Vec<f64>, String> {
    let matrix = DenseMatrix::from_2d_vec(&rows).map_err(|e| e.to_string())?;
    let scores = trees.predict(&matrix).map_err(|e| e.to_string())?;
    Ok(scores.into_iter().map(|score| score.clamp(0.001, 0.999)).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The chance that a customer who left scores higher than one who stayed.
    fn auc(scored: &[(f64, f64)]) -> f64 {
        let (left, stayed): (Vec<_>, Vec<_>) = scored.iter().partition(|(label, _)| *label > 0.5);
        let wins = |score: f64| -> f64 {
            let rank = |other: f64| {
                if score > other {
                    1.0
                } else if score == other {
                    0.5
                } else {
                    0.0
                }
            };
            stayed.iter().map(|(_, other)| rank(*other)).sum()
        };
        left.iter().map(|(_, score)| wins(*score)).sum::<f64>() / (left.len() * stayed.len()) as f64
    }

    #[test]
    fn customers_it_has_not_seen_are_told_apart() {
        let rows = table::training_rows(TABLE);
        let (seen, unseen): (Vec<_>, Vec<_>) = rows.into_iter().enumerate().partition(|(n, _)| n % 4 != 0);
        let bare = |rows: Vec<(usize, (f64, Vec<f64>))>| rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>();
        let (seen, unseen) = (bare(seen), bare(unseen));
        let (labels, features): (Vec<f64>, Vec<Vec<f64>>) = unseen.into_iter().unzip();
        let measured = |recipe: &Recipe| {
            let scores = predict(&recipe.train(&seen).unwrap(), features.clone()).unwrap();
            auc(&labels.iter().copied().zip(scores).collect::<Vec<_>>())
        };
        let (champion, challenger) = (measured(&CHAMPION), measured(&CHALLENGER));
        assert!(champion > 0.78, "the area under the curve is {champion}");
        assert!((0.65..champion).contains(&challenger), "the challenger's is {challenger}");
    }

    #[test]
    fn a_kept_model_predicts_like_the_trained_one() {
        let rows: Vec<_> = table::training_rows(TABLE).into_iter().take(300).collect();
        let trees = CHAMPION.train(&rows).unwrap();
        let kept: Trees = serde_json::from_slice(&serde_json::to_vec(&trees).unwrap()).unwrap();
        let features: Vec<Vec<f64>> = rows.into_iter().map(|(_, features)| features).collect();
        let pairs = predict(&trees, features.clone()).unwrap().into_iter().zip(predict(&kept, features).unwrap());
        // JSON keeps all but the last bits.
        assert!(pairs.clone().count() == 300 && pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9));
    }
}
