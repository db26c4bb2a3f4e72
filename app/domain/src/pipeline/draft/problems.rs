//! What can be wrong with the answers, step by step.

use super::answers::{hyperparameters, objective, update};
use super::{PipelineDraft, PipelineStep};
use crate::names::{EndpointName, Region};
use crate::pipeline::hyperparameters::{HyperparameterError, Objective};
use crate::pipeline::images::{Image, Version};
use crate::pipeline::intent::{PipelineIntent, Prefix};
use crate::wizard::{FieldProblem, Found};
use std::ops::RangeInclusive;

/// The longest a training job may run: SageMaker's own five days, in minutes.
const MINUTES: RangeInclusive<u32> = 1..=7_200;

impl PipelineDraft {
    /// What is wrong with a step's answers. Review and Apply have none of their own.
    pub fn problems(&self, step: PipelineStep) -> Vec<FieldProblem> {
        let mut found = Found::default();
        match step {
            PipelineStep::Accounts => self.account_problems(&mut found),
            PipelineStep::Model => {
                self.name_problems(&mut found);
                self.training_problems(&mut found);
                self.endpoint_problems(&mut found);
            }
            PipelineStep::Data => self.data_problems(&mut found),
            PipelineStep::Review | PipelineStep::Apply => {}
        }
        found.all()
    }

    /// What is wrong anywhere, in the order of the steps.
    pub fn all_problems(&self) -> Vec<(PipelineStep, FieldProblem)> {
        PipelineStep::ALL.into_iter().flat_map(|step| self.problems(step).into_iter().map(move |p| (step, p))).collect()
    }

    fn account_problems(&self, found: &mut Found) {
        let accounts = &self.accounts;
        for (field, connection, what) in [
            ("shared_services", &accounts.shared_services, "keeps source, data and pipeline"),
            ("training", &accounts.training, "trains the model"),
            ("production", &accounts.production, "serves the model"),
        ] {
            if connection.is_empty() {
                found.add(field, "no account is chosen", &format!("choose the account that {what}"));
            } else if !self.found.contains_key(connection) {
                let message = format!("the account behind connection `{connection}` is not known");
                found.add(field, message, "look at the connection under Accounts, then save this step again");
            }
        }
        let known = self.found.get(&accounts.shared_services);
        if known.is_some_and(|known| known.caller.is_none()) {
            found.add(
                "shared_services",
                format!("connection `{}` is neither a role nor a user", accounts.shared_services),
                "choose a connection of a role or a user: it is to administer the key",
            );
        }
        match Region::parse(&accounts.region) {
            Err(error) => found.add("region", error.to_string(), "choose the region of all three accounts"),
            Ok(region) if Image::of(&region, &Version::default()).is_none() => found.add(
                "region",
                format!("the XGBoost container is not to be had in `{region}`"),
                "choose a region that has it",
            ),
            Ok(_) => {}
        }
    }

    fn name_problems(&self, found: &mut Found) {
        let model = &self.model;
        let prefix = found.check("prefix", Prefix::parse(&model.prefix), "all names begin with it");
        match model.source.as_str() {
            "repository" => {
                let name = model.repository.trim();
                let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                if !(1..=100).contains(&name.len()) || !name.chars().all(plain) || name.ends_with(".git") {
                    let message = format!("`{name}` is not a repository's name");
                    found.add(
                        "repository",
                        message,
                        "1 to 100 letters, digits, dots, hyphens and underscores, not ending with .git",
                    );
                }
                if !is_branch(model.branch.trim()) {
                    found.add("branch", format!("`{}` is not a branch's name", model.branch.trim()), "usually main");
                }
                if self.repositories == Some(false) {
                    let message = "account A can't make repositories: CodeCommit takes no new customers";
                    found.add("source", message, "take the template from the bucket instead");
                }
            }
            "bucket" => {}
            other => found.add("source", format!("`{other}` is no source"), "choose a repository or the bucket"),
        }
        let account = self.found.get(&self.accounts.shared_services).map(|known| &known.account);
        let bucket = match (model.bucket.trim(), prefix, account, Region::parse(&self.accounts.region)) {
            ("", Some(prefix), Some(account), Ok(region)) => PipelineIntent::usual_bucket(&prefix, account, &region),
            (chosen, ..) => chosen.to_owned(),
        };
        if !bucket.is_empty() && !is_bucket(&bucket) {
            let hint = "3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit";
            found.add("bucket", format!("`{bucket}` is not a bucket's name"), hint);
        }
    }

    fn training_problems(&self, found: &mut Found) {
        let model = &self.model;
        if let Err(error) = Version::try_from(model.version.clone()) {
            found.add("version", error.to_string(), "choose one of the list");
        }
        if objective(model).is_none() {
            found.add("objective", format!("`{}` is no objective", model.objective), "choose one of the list");
        }
        if let Err(error) = hyperparameters(model) {
            let classes = matches!(&error, HyperparameterError::Missing("num_class"))
                || matches!(&error, HyperparameterError::Range { name: "num_class", .. });
            if classes && objective(model) == Some(Objective::Classes) {
                found.add("classes", error.to_string(), "how many different labels there are");
            } else {
                found.add("hyperparameters", error.to_string(), "a name, =, and a value a line");
            }
        }
        instance(found, "training_instance", &model.training_instance);
        number(found, "training_count", &model.training_count, 1..=20);
        number(found, "volume", &model.volume, 1..=16_384);
        number(found, "minutes", &model.minutes, MINUTES);
    }

    fn endpoint_problems(&self, found: &mut Found) {
        let model = &self.model;
        let endpoint =
            found.check("endpoint", EndpointName::parse(&model.endpoint), "what the endpoint is to be called");
        if endpoint.is_some_and(|endpoint| endpoint.as_str().bytes().any(|b| b.is_ascii_uppercase())) {
            let hint = "its ARN is in lower case, and policies compare it letter by letter";
            found.add("endpoint", format!("`{}` has capital letters", model.endpoint.trim()), hint);
        }
        instance(found, "endpoint_instance", &model.endpoint_instance);
        let count = number(found, "endpoint_count", &model.endpoint_count, 1..=100);
        number(found, "wait", &model.wait, 0..=3_600);
        match update(model) {
            None => found.add("update", format!("`{}` is no way to update", model.update), "choose one of the list"),
            Some(update) if count.is_some_and(|count| count < update.least_instances()) => found.add(
                "endpoint_count",
                format!("one instance can't be updated in parts, as `{}` does", update.key()),
                "take two instances, or update all at once",
            ),
            Some(_) => {}
        }
    }

    fn data_problems(&self, found: &mut Found) {
        let data = &self.data;
        if !["sample", "upload"].contains(&data.source.as_str()) {
            found.add("source", format!("`{}` is no source of data", data.source), "choose the sample or a file");
        }
        number(found, "validation", &data.validation, 1..=50);
        let Some(uploaded) = &self.uploaded else {
            return found.add("file", "there is no data yet", "choose a CSV file, or the sample");
        };
        let columns = uploaded.columns.len();
        let label = data.label.parse::<usize>().ok().filter(|at| *at < columns);
        if label.is_none() {
            found.add("label", format!("`{}` is no column of the file", data.label), "choose what is to be predicted");
        }
        let left_out: Option<Vec<usize>> = data.left_out.iter().map(|at| at.parse().ok()).collect();
        match left_out {
            Some(left_out) if left_out.iter().all(|at| *at < columns) => {
                let label_too = label.is_some_and(|label| left_out.contains(&label));
                if label_too {
                    found.add(
                        "left_out",
                        "the label itself is left out",
                        "leave out columns that say nothing about it",
                    );
                } else if (0..columns).filter(|at| Some(*at) != label && !left_out.contains(at)).count() == 0 {
                    found.add("left_out", "no column is left to learn from", "leave out fewer columns");
                }
            }
            _ => found.add("left_out", "a column that the file does not have is left out", "choose from the list"),
        }
    }
}

/// What Git takes as a branch's name. Source: git-check-ref-format; CodeCommit API reference, BranchName: 1 to 256.
fn is_branch(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    (1..=256).contains(&name.len())
        && !name.contains(|c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c))
        && !name.contains("..")
        && !name.contains("@{")
        && !name.starts_with('-')
        && !name.ends_with('.')
        && name != "@"
        && name.split('/').all(part)
}

/// S3 user guide, "General purpose bucket naming rules"; without dots, which TLS names can't have.
fn is_bucket(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| plain(b) || b == b'-')
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias")
}

fn instance(found: &mut Found, field: &str, text: &str) {
    let text = text.trim();
    let parts: Vec<_> = text.split('.').collect();
    let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !(parts.len() == 3 && parts[0] == "ml" && parts[1..].iter().all(plain)) {
        found.add(field, format!("`{text}` is not an instance type"), "such as ml.m5.large");
    }
}

fn number(found: &mut Found, field: &str, text: &str, range: RangeInclusive<u32>) -> Option<u32> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let message = format!("`{}` is not a whole number from {} to {}", text.trim(), range.start(), range.end());
        found.add(field, message, "");
    }
    number
}
