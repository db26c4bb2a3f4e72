//! A training job, from its channels to its model: what the container's `algorithm_mode/train.py` does on one instance.
//!
//! It runs on the thread that calls it, as long as it takes; whoever calls is told of lines for the log and of metrics,
//! and is asked between rows, levels and rounds whether to go on. It has no clock: times are put before the lines by
//! whoever keeps them.

mod early;
mod margins;

use crate::data::bins::{Binned, Cuts};
use crate::data::{Channel, Role, read};
use crate::failure::Failure;
use crate::hyperparameters::Hyperparameters;
use crate::metric::Metric;
use crate::model::Model;
use crate::objective::{Gradient, Objective};
use crate::random::Random;
use crate::tree::grow::{Grown, Soil, grow};
use early::{EarlyStop, Verdict};
use margins::Margins;

/// Who watches a training job. `()` watches nothing and never stops.
pub trait Observer {
    /// A line that the container logs, without time and level: `[0]#011train-rmse:1.23000`.
    fn log(&mut self, line: &str) {
        let _ = line;
    }

    /// A metric after a round.
    fn metric(&mut self, metric: &MetricValue) {
        let _ = metric;
    }

    /// Whether the job is to end now, as StopTrainingJob asks. It is called often and must be quick.
    fn stopped(&mut self) -> bool {
        false
    }
}

impl Observer for () {}

/// A metric after a round.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricValue {
    /// As CloudWatch has it: `validation:rmse`.
    pub name: String,
    /// The round, from 0.
    pub round: usize,
    /// The value; it may be NaN or infinite, which CloudWatch doesn't take.
    pub value: f64,
}

/// The data of a training job.
#[derive(Debug, Default)]
pub struct Channels<'a> {
    /// What is learned from; without it the job fails.
    pub train: Option<Channel<'a>>,
    /// What is only measured.
    pub validation: Option<Channel<'a>>,
}

/// A job that has come to its end.
#[derive(Debug, Clone)]
pub struct Training {
    /// What has been learned; after an early stop, until the best round.
    pub model: Model,
    /// Every metric of every round, in the order in which they were measured.
    pub metrics: Vec<MetricValue>,
    /// The round that early stopping found to be the best, from 0.
    pub best_round: Option<usize>,
}

/// Why there is no model, or only a part of one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrainingError {
    /// The job has failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The observer asked for it.
    #[error("the training was stopped")]
    Stopped {
        /// What had been learned, where `save_model_on_termination` says that it is kept.
        model: Option<Box<Model>>,
    },
}

/// Trains a model. Blocking: seconds for ten thousands of rows.
pub fn train(
    parameters: &Hyperparameters,
    channels: Channels<'_>,
    observer: &mut dyn Observer,
) -> Result<Training, TrainingError> {
    observer.log("Running XGBoost Sagemaker in algorithm mode");
    let (cuts, train, validation) = load(parameters, channels, observer)?;
    observer.log("Single node training.");
    observer.log(&format!("Train matrix has {} rows and {} columns", train.rows(), cuts.len()));
    if let Some(validation) = &validation {
        observer.log(&format!("Validation matrix has {} rows", validation.rows()));
    }
    let early = early_stop(parameters, validation.is_some(), observer);
    for data in [Some(&train), validation.as_ref()].into_iter().flatten() {
        for metric in &parameters.eval_metric {
            metric.check(parameters.objective, &data.labels, parameters.groups())?;
        }
    }
    let model = Model::new(parameters, cuts.len());
    let mut watched = vec![Watched::new("train", &train, parameters)];
    watched.extend(validation.as_ref().map(|data| Watched::new("validation", data, parameters)));
    let random = Random::new(parameters.seed);
    Job { parameters, cuts: &cuts, model, watched, random, metrics: Vec::new(), early, observer }.run()
}

/// Reads the channels and bins them.
fn load(
    parameters: &Hyperparameters,
    channels: Channels<'_>,
    observer: &mut dyn Observer,
) -> Result<(Vec<Cuts>, Binned, Option<Binned>), TrainingError> {
    let train = channels.train.ok_or_else(|| Failure::user("Missing required channel: train"))?;
    let train = read(Role::Train, train, parameters, observer)?;
    let features = train.features;
    let mut cuts = Vec::with_capacity(features);
    for feature in 0..features {
        if observer.stopped() {
            return Err(TrainingError::Stopped { model: None });
        }
        cuts.push(Cuts::of(train.column(feature), &train.weights, parameters.max_bin));
    }
    let train = Binned::new(train, &cuts);
    let Some(validation) = channels.validation else { return Ok((cuts, train, None)) };
    let validation = read(Role::Validation, validation, parameters, observer)?;
    if validation.features != features {
        let (more, less) = (validation.features.max(features), validation.features.min(features));
        return Err(Failure::training(format!(
            "Check failed: learner_model_param_.num_feature == p_fmat->Info().num_col_ ({more} vs. {less}) : Number of \
             columns does not match number of features in booster."
        ))
        .into());
    }
    let validation = Binned::new(validation, &cuts);
    Ok((cuts, train, Some(validation)))
}

/// The container leaves early stopping out, without a word, where there is nothing to stop by. Here it says so.
fn early_stop(parameters: &Hyperparameters, has_validation: bool, observer: &mut dyn Observer) -> Option<EarlyStop> {
    let rounds = parameters.early_stopping_rounds?;
    let missing = match (has_validation, parameters.eval_metric_given) {
        (true, true) => {
            let metric = *parameters.eval_metric.last()?;
            return Some(EarlyStop::new(rounds, metric.is_maximized()));
        }
        (false, _) => "there is no validation channel",
        (true, false) => "eval_metric is not set",
    };
    observer.log(&format!("early_stopping_rounds has no effect: {missing}"));
    None
}

/// Data that is measured after each round.
struct Watched<'a> {
    name: &'static str,
    data: &'a Binned,
    margins: Margins,
}

impl<'a> Watched<'a> {
    fn new(name: &'static str, data: &'a Binned, parameters: &Hyperparameters) -> Self {
        let base = parameters.objective.base_margin(parameters.base_score);
        Self { name, data, margins: Margins::new(data.rows(), parameters.groups(), base) }
    }
}

struct Job<'a> {
    parameters: &'a Hyperparameters,
    cuts: &'a [Cuts],
    model: Model,
    /// The train channel first.
    watched: Vec<Watched<'a>>,
    random: Random,
    metrics: Vec<MetricValue>,
    early: Option<EarlyStop>,
    observer: &'a mut dyn Observer,
}

impl Job<'_> {
    fn run(mut self) -> Result<Training, TrainingError> {
        for round in 0..self.parameters.num_round {
            let Some(trees) = self.round() else { return Err(self.stop()) };
            for grown in trees {
                self.model.push(grown.tree);
            }
            let last = self.measure(round);
            if self.early.as_mut().is_some_and(|early| early.judge(last) == Verdict::Stop) {
                break;
            }
        }
        let best = self.early.as_ref().and_then(EarlyStop::best);
        if let Some((round, score)) = best {
            self.model.keep_best(round, score);
        }
        Ok(Training { model: self.model, metrics: self.metrics, best_round: best.map(|(round, _)| round) })
    }

    fn stop(self) -> TrainingError {
        let kept = self.parameters.save_model_on_termination && self.model.trees() > 0;
        TrainingError::Stopped { model: kept.then(|| Box::new(self.model)) }
    }

    /// A tree for each group; none at all when the job is stopped meanwhile.
    fn round(&mut self) -> Option<Vec<Grown>> {
        let groups = self.parameters.groups();
        let data = self.watched.first()?.data;
        let shares = if groups > 1 { self.watched.first()?.margins.shares() } else { Vec::new() };
        let mut trees = Vec::with_capacity(groups);
        for group in 0..groups {
            let gradients = self.gradients(data, group, &shares);
            let rows = self.sample(data.rows());
            let soil = Soil { data, cuts: self.cuts, parameters: self.parameters, gradients: &gradients };
            let grown = grow(&soil, rows, &mut self.random, &mut || self.observer.stopped())?;
            for watched in &mut self.watched {
                watched.margins.add(group, |row| grown.value(watched.data, row));
            }
            trees.push(grown);
        }
        Some(trees)
    }

    fn gradients(&self, data: &Binned, group: usize, shares: &[(f32, f32)]) -> Vec<Gradient> {
        let Hyperparameters { objective, scale_pos_weight, max_delta_step, .. } = *self.parameters;
        let scaled = matches!(objective, Objective::SquaredError | Objective::RegLogistic | Objective::BinaryLogistic);
        let margins = &self.watched[0].margins;
        let of = |(row, label): (usize, &f32)| {
            let weight = data.weight(row);
            let margin = margins.get(row, group);
            if let Some((most, sum)) = shares.get(row) {
                let probability = (margin - most).exp() / sum;
                return Objective::class_gradient(probability, *label as usize == group, weight);
            }
            let weight = if scaled && *label == 1.0 { weight * scale_pos_weight } else { weight };
            objective.gradient(margin, *label, weight, max_delta_step)
        };
        data.labels.iter().enumerate().map(of).collect()
    }

    /// The rows that a tree is grown from.
    fn sample(&mut self, rows: usize) -> Vec<u32> {
        let share = f64::from(self.parameters.subsample);
        let all = 0..rows as u32;
        if share >= 1.0 { all.collect() } else { all.filter(|_| self.random.unit() < share).collect() }
    }

    /// Measures everything that is watched, tells of it, and returns the last value.
    fn measure(&mut self, round: usize) -> f64 {
        let mut line = format!("[{round}]");
        let mut last = f64::NAN;
        for watched in &self.watched {
            let predictions = watched.margins.evaluated(self.parameters.objective);
            let scored = watched.margins.scored(&predictions, watched.data);
            for metric in &self.parameters.eval_metric {
                let name = Metric::name(*metric);
                last = metric.measure(&scored);
                line.push_str(&format!("#011{}-{name}:{}", watched.name, five_digits(last)));
                let value = MetricValue { name: format!("{}:{name}", watched.name), round, value: last };
                self.observer.metric(&value);
                self.metrics.push(value);
            }
        }
        self.observer.log(&line);
        last
    }
}

/// As Python writes `{:.5f}`.
fn five_digits(value: f64) -> String {
    match value {
        _ if value.is_nan() => "nan".to_owned(),
        f64::INFINITY => "inf".to_owned(),
        _ => format!("{value:.5}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
