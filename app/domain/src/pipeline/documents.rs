//! The documents of a pipeline as people read them, and how they differ from those of the one that is there.

use crate::pipeline::predicted::{Predicted, PredictedResource};
use crate::pipeline::stacks::Stack;
use crate::pipeline::templates;
use crate::pipeline::view::ReviewedResource;
use crate::share::diff::{Change, DocumentDiff, diff_lines};
use serde_json::Value;
use std::collections::BTreeMap;

/// A document in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub title: &'static str,
    /// Its text.
    pub text: String,
}

/// Key policy, bucket policy, state machine, pipeline and deploy handler, each in full.
pub fn documents(predicted: &Predicted) -> Vec<Document> {
    let resource = |kind: &str| predicted.resources.iter().find(|resource| resource.resource_type == kind);
    let mut documents = vec![
        Document { title: "Key policy", text: pretty(&predicted.key_policy.document.to_value()) },
        Document { title: "Bucket policy", text: pretty(&predicted.bucket_policy.document.to_value()) },
    ];
    if let Some(machine) = resource("AWS::StepFunctions::StateMachine") {
        documents.push(Document { title: "State machine", text: definition(machine) });
    }
    if let Some(pipeline) = resource("AWS::CodePipeline::Pipeline") {
        let text = pretty(&Value::Object(pipeline.properties.clone()));
        documents.push(Document { title: "Pipeline", text });
    }
    documents.push(Document { title: "Deploy handler", text: templates::HANDLER.to_owned() });
    documents
}

/// Documents against those of before, where there were any.
pub fn compared(new: Vec<Document>, old: Option<&[Document]>) -> Vec<DocumentDiff> {
    let of_old = |title| old.and_then(|old| old.iter().find(|document| document.title == title));
    let compare =
        |document: Document| diff(document.title, of_old(document.title).map(|old| old.text.as_str()), &document.text);
    new.into_iter().map(compare).collect()
}

/// A document against the one of before: `None` where there is none.
pub fn diff(title: &str, old: Option<&str>, new: &str) -> DocumentDiff {
    let note = match old {
        None => "new",
        Some(old) if old == new => "unchanged",
        Some(_) => "changed",
    };
    DocumentDiff { title: title.to_owned(), note: note.into(), lines: diff_lines(old.unwrap_or_default(), new) }
}

/// A stack's parameters, `Name: value` a line; with `key` in place of the key that nobody knows before it is made.
pub fn parameters(stack: &Stack, predicted: &Predicted, key: Option<&str>) -> String {
    let known = |value: &str| match key {
        Some(key) => value.replace(predicted.key.as_str(), key),
        None => value.to_owned(),
    };
    stack.parameters.iter().map(|(name, value)| format!("{name}: {}\n", known(value))).collect()
}

/// The same of a stack that is there.
pub fn parameters_there(parameters: &BTreeMap<String, String>) -> String {
    parameters.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

/// A stack's resources as they will be, against those that it has; `None` where there is no such stack yet.
pub fn resources<'a>(
    new: impl Iterator<Item = &'a PredictedResource>,
    old: Option<&[PredictedResource]>,
) -> Vec<ReviewedResource> {
    let shown = |resource: &PredictedResource, change| ReviewedResource {
        logical_id: resource.logical_id.clone(),
        resource_type: resource.resource_type.clone(),
        name: name(resource),
        change,
    };
    let new: Vec<_> = new.collect();
    let change = |resource: &PredictedResource| {
        let before = old.into_iter().flatten().find(|before| before.logical_id == resource.logical_id);
        match before {
            None => Change::Create,
            Some(before) if before.properties == resource.properties => Change::Keep,
            Some(_) => Change::Update,
        }
    };
    let gone = |before: &&PredictedResource| new.iter().all(|resource| resource.logical_id != before.logical_id);
    let taken_away = old.into_iter().flatten().filter(gone).map(|before| shown(before, Change::Remove));
    new.iter().map(|resource| shown(resource, change(resource))).chain(taken_away).collect()
}

/// The name that a resource's properties give it: the kinds that the templates make have one property for it each.
fn name(resource: &PredictedResource) -> Option<String> {
    const NAMES: [&str; 9] = [
        "RoleName",
        "BucketName",
        "AliasName",
        "RepositoryName",
        "FunctionName",
        "AlarmName",
        "StateMachineName",
        "LogGroupName",
        "Name",
    ];
    // A policy of its own names the role or the bucket that it is for, not itself.
    if resource.resource_type.ends_with("Policy") {
        return None;
    }
    let of = |property: &&str| resource.properties.get(*property).and_then(Value::as_str);
    NAMES.iter().find_map(of).map(str::to_owned)
}

/// A state machine's definition with what is put in for its placeholders.
fn definition(machine: &PredictedResource) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut definition = machine.properties.get("DefinitionString").map(text).unwrap_or_default();
    let substitutions = machine.properties.get("DefinitionSubstitutions").and_then(Value::as_object);
    for (name, value) in substitutions.into_iter().flatten() {
        definition = definition.replace(&format!("${{{name}}}"), &text(value));
    }
    match serde_json::from_str::<Value>(&definition) {
        Ok(definition) => pretty(&definition),
        // As it is: the checks of the states' own crate say what is wrong with it.
        Err(_) => definition,
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pipeline::stacks::tests::repository;
    use crate::share::diff::LineMark;

    #[test]
    fn every_document_is_whole_and_resolved() {
        let documents = documents(&Predicted::of(&repository()).unwrap());
        let titles: Vec<_> = documents.iter().map(|document| document.title).collect();
        assert_eq!(titles, ["Key policy", "Bucket policy", "State machine", "Pipeline", "Deploy handler"]);
        let machine: Value = serde_json::from_str(&documents[2].text).unwrap();
        let job = &machine["States"]["Train"]["Parameters"];
        assert_eq!(job["ResourceConfig"]["InstanceCount"], 1);
        assert_eq!(job["HyperParameters"]["objective"], "binary:logistic");
        assert!(!documents[2].text.contains("${"), "{}", documents[2].text);
    }

    #[test]
    fn a_change_of_the_answers_shows_in_the_document_that_it_reaches() {
        let mut changed = repository();
        changed.training.volume_gigabytes = 99;
        let (old, new) = (Predicted::of(&repository()).unwrap(), Predicted::of(&changed).unwrap());
        let compared = compared(documents(&new), Some(&documents(&old)));
        let notes: Vec<_> = compared.iter().map(|document| document.note.as_str()).collect();
        assert_eq!(notes, ["unchanged", "unchanged", "changed", "unchanged", "unchanged"]);
        let added: Vec<_> = compared[2].lines.iter().filter(|line| line.mark == LineMark::Added).collect();
        assert_eq!(added.len(), 1);
        assert!(added[0].text.contains("\"VolumeSizeInGB\": 99"));
    }

    #[test]
    fn resources_are_marked_by_what_becomes_of_them() {
        let mut changed = repository();
        changed.deployment.instance_count += 1;
        let (old, new) = (Predicted::of(&repository()).unwrap(), Predicted::of(&changed).unwrap());
        let of = |predicted: &Predicted, stack: &str| -> Vec<PredictedResource> {
            predicted.resources.iter().filter(|resource| resource.stack == stack).cloned().collect()
        };
        let (old, mut new) = (of(&old, "churn-production"), of(&new, "churn-production"));
        assert!(resources(new.iter(), None).iter().all(|resource| resource.change == Change::Create));
        let marked = resources(new.iter(), Some(&old));
        let changed = |all: &[ReviewedResource]| -> Vec<(String, Change)> {
            let changed = all.iter().filter(|resource| resource.change != Change::Keep);
            changed.map(|resource| (resource.logical_id.clone(), resource.change)).collect()
        };
        assert_eq!(changed(&marked), [("DeployFunction".to_owned(), Change::Update)]);
        let role = marked.iter().find(|resource| resource.resource_type == "AWS::IAM::Role").unwrap();
        assert!(role.name.as_ref().unwrap().starts_with("churn-"), "{role:?}");
        new.retain(|resource| resource.logical_id != "DeployFunction");
        assert_eq!(changed(&resources(new.iter(), Some(&old))), [("DeployFunction".to_owned(), Change::Remove)]);
    }

    #[test]
    fn the_key_that_is_there_takes_the_place_of_the_one_that_is_guessed() {
        let predicted = Predicted::of(&repository()).unwrap();
        let (_, training) = &predicted.stacks[1];
        assert!(parameters(training, &predicted, None).contains("KeyArn: arn:aws:kms:eu-west-1:111111111111:key/0000"));
        assert!(parameters(training, &predicted, Some("arn:key")).contains("KeyArn: arn:key\n"));
    }
}
