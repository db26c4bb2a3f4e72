//! From a draft to an intent.

use super::{Connected, ModelForm, PipelineDraft, PipelineStep};
use crate::pipeline::data::Layout;
use crate::pipeline::hyperparameters::{HyperparameterError, Hyperparameters, Objective};
use crate::pipeline::intent::{Deployment, PipelineIntent, Place, Prefix, Source, Training, Update};
use std::collections::BTreeMap;

/// What the form has fields of its own for, beside the lines.
const ELSEWHERE: [&str; 2] = ["objective", "num_class"];

/// `name=value` a line, without what has a field of its own.
pub(super) fn lines(values: &Hyperparameters) -> String {
    values
        .iter()
        .filter(|(name, _)| !ELSEWHERE.contains(name))
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

/// Name and value of one of the form's lines.
pub fn hyperparameter(line: &str) -> Result<(&str, &str), HyperparameterError> {
    let Some((name, value)) = line.split_once('=') else {
        return Err(HyperparameterError::Line(line.trim().chars().take(80).collect()));
    };
    match ELSEWHERE.iter().find(|elsewhere| **elsewhere == name.trim()) {
        Some(elsewhere) => Err(HyperparameterError::Elsewhere(elsewhere)),
        None => Ok((name.trim(), value.trim())),
    }
}

/// What stands in the form's lines, with the objective and the number of classes beside them.
pub fn hyperparameters(form: &ModelForm) -> Result<Hyperparameters, HyperparameterError> {
    let mut values = BTreeMap::new();
    for line in form.hyperparameters.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = hyperparameter(line)?;
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(HyperparameterError::Twice(name.to_owned()));
        }
    }
    values.insert("objective".to_owned(), form.objective.clone());
    if objective(form) == Some(Objective::Classes) && !form.classes.trim().is_empty() {
        values.insert("num_class".to_owned(), form.classes.trim().to_owned());
    }
    Hyperparameters::try_from(values)
}

pub(super) fn objective(form: &ModelForm) -> Option<Objective> {
    Objective::ALL.into_iter().find(|objective| objective.key() == form.objective)
}

pub(super) fn update(form: &ModelForm) -> Option<Update> {
    Update::ALL.into_iter().find(|update| update.key() == form.update)
}

/// Writes an intent's answers into a draft's forms.
pub(super) fn fill(draft: &mut PipelineDraft, intent: &PipelineIntent) {
    let (training, deployment) = (&intent.training, &intent.deployment);
    let connection = |place: &Place| place.connection.to_string();
    draft.accounts.shared_services = connection(&intent.shared_services);
    draft.accounts.training = connection(&intent.training_account);
    draft.accounts.production = connection(&intent.production);
    for (place, caller) in [
        (&intent.training_account, None),
        (&intent.production, None),
        (&intent.shared_services, Some(intent.administrator.clone())),
    ] {
        draft.found.insert(connection(place), Connected { account: place.account.clone(), caller });
    }
    let told = |asked: &str| {
        let found = training.hyperparameters.iter().find(|(name, _)| *name == asked);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let model = &mut draft.model;
    model.prefix = intent.prefix.to_string();
    model.bucket.clone_from(&intent.bucket);
    match &intent.source {
        Source::Bucket => model.source = "bucket".into(),
        Source::Repository { name, branch } => {
            (model.repository, model.branch) = (name.clone(), branch.clone());
        }
    }
    model.version = training.version.to_string();
    (model.objective, model.classes) = (told("objective"), told("num_class"));
    model.hyperparameters = lines(&training.hyperparameters);
    model.training_instance.clone_from(&training.instance_type);
    model.training_count = training.instance_count.to_string();
    model.volume = training.volume_gigabytes.to_string();
    model.minutes = (training.max_seconds / 60).to_string();
    model.endpoint = deployment.endpoint.to_string();
    model.endpoint_instance.clone_from(&deployment.instance_type);
    model.endpoint_count = deployment.instance_count.to_string();
    model.update = deployment.update.key().into();
    model.wait = deployment.wait_seconds.to_string();
    model.alarms = if deployment.alarms { "on".into() } else { String::new() };
}

impl PipelineDraft {
    /// The pipeline as asked for; `None` while a step before the review has a problem.
    pub fn intent(&self) -> Option<PipelineIntent> {
        let open =
            [PipelineStep::Accounts, PipelineStep::Model].into_iter().any(|step| !self.problems(step).is_empty());
        if open { None } else { self.read_intent() }
    }

    /// What depends on the accounts and their region alone, under names that stand in for those that are not chosen yet.
    /// The usual instances are in it, and no repository.
    pub fn unnamed_intent(&self) -> Option<PipelineIntent> {
        let usual = Self::new(self.id.clone(), self.pipeline.clone(), &self.accounts.region).model;
        let name = || "pipeline".to_owned();
        let model = ModelForm { prefix: name(), endpoint: name(), source: "bucket".into(), ..usual };
        Self { model, ..self.clone() }.intent()
    }

    fn read_intent(&self) -> Option<PipelineIntent> {
        let (accounts, model) = (&self.accounts, &self.model);
        let place = |connection: &str| {
            let found = self.found.get(connection)?;
            Some(Place { connection: connection.parse().ok()?, account: found.account.clone() })
        };
        let prefix = Prefix::parse(&model.prefix).ok()?;
        let region = accounts.region.parse().ok()?;
        let shared_services = place(&accounts.shared_services)?;
        let bucket = match model.bucket.trim() {
            "" => PipelineIntent::usual_bucket(&prefix, &shared_services.account, &region),
            chosen => chosen.to_owned(),
        };
        Some(PipelineIntent {
            prefix,
            region,
            administrator: self.found.get(&accounts.shared_services)?.caller.clone()?,
            shared_services,
            training_account: place(&accounts.training)?,
            production: place(&accounts.production)?,
            bucket,
            source: match model.source.as_str() {
                "bucket" => Source::Bucket,
                _ => Source::Repository {
                    name: model.repository.trim().to_owned(),
                    branch: model.branch.trim().to_owned(),
                },
            },
            training: Training {
                version: model.version.clone().try_into().ok()?,
                instance_type: model.training_instance.trim().to_owned(),
                instance_count: model.training_count.trim().parse().ok()?,
                volume_gigabytes: model.volume.trim().parse().ok()?,
                max_seconds: model.minutes.trim().parse::<u32>().ok()?.checked_mul(60)?,
                hyperparameters: hyperparameters(model).ok()?,
            },
            deployment: Deployment {
                endpoint: model.endpoint.parse().ok()?,
                instance_type: model.endpoint_instance.trim().to_owned(),
                instance_count: model.endpoint_count.trim().parse().ok()?,
                update: update(model)?,
                wait_seconds: model.wait.trim().parse().ok()?,
                alarms: !model.alarms.is_empty(),
            },
        })
    }

    pub(super) fn read_layout(&self) -> Option<Layout> {
        let columns = self.uploaded.as_ref()?.columns.clone();
        let objective = objective(&self.model)?;
        let classes = match objective {
            Objective::Classes => Some(self.model.classes.trim().parse().ok()?),
            Objective::Binary | Objective::Number => None,
        };
        Some(Layout {
            columns,
            header: !self.data.header.is_empty(),
            label: self.data.label.parse().ok()?,
            left_out: self.data.left_out.iter().filter_map(|at| at.parse().ok()).collect(),
            objective,
            classes,
            validation_percent: self.data.validation.trim().parse().ok()?,
            seed: 0,
        })
    }
}
