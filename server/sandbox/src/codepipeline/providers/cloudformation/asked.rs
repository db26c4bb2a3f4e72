//! What a stack is asked for with: the template and its configuration out of artifacts, and overrides of parameters.
//!
//! Source: CloudFormation user guide, "AWS CloudFormation artifacts", "Using parameter override functions with
//! CodePipeline pipelines".

use super::super::{Context, Trouble};
use super::put;
use crate::codepipeline::artifacts;
use crate::codepipeline::model::Artifact;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a configuration file says.
#[derive(Debug, Default, PartialEq)]
struct Configuration {
    parameters: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    policy: Option<Value>,
}

/// The input of CreateStack and UpdateStack.
pub async fn stack_input(context: &Context<'_>) -> Result<Value, Trouble> {
    let template = artifacts::file(context, context.required("TemplatePath")?).await?;
    let mut wanted = match context.configured("TemplateConfiguration") {
        Some(path) => configuration(&artifacts::file(context, path).await?).map_err(Trouble::configuration)?,
        None => Configuration::default(),
    };
    if let Some(text) = context.configured("ParameterOverrides") {
        wanted.parameters.extend(overrides(context, text).await?);
    }
    let mut input = Map::new();
    input.insert("StackName".into(), context.required("StackName")?.into());
    input.insert("TemplateBody".into(), template.into());
    input.insert("ClientRequestToken".into(), context.task.action.as_str().into());
    let parameter = |(key, value): (String, String)| json!({ "ParameterKey": key, "ParameterValue": value });
    let parameters: Vec<Value> = wanted.parameters.into_iter().map(parameter).collect();
    put(&mut input, "Parameters", (!parameters.is_empty()).then(|| parameters.into()));
    let tags: Vec<Value> = wanted.tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    put(&mut input, "Tags", (!tags.is_empty()).then(|| tags.into()));
    put(&mut input, "StackPolicyBody", wanted.policy.map(|policy| policy.to_string().into()));
    put(&mut input, "RoleARN", context.configured("RoleArn").map(Value::from));
    put(&mut input, "Capabilities", context.configured("Capabilities").map(|text| capabilities(text).into()));
    Ok(input.into())
}

fn capabilities(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A plain value as the text that a parameter is.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(list) => Some(list.iter().map(plain).collect::<Option<Vec<_>>>()?.join(",")),
        _ => None,
    }
}

/// Reads a configuration file: `{"Parameters": {…}, "Tags": {…}, "StackPolicy": {…}}`.
fn configuration(text: &str) -> Result<Configuration, String> {
    let told = |what: &str| format!("The template configuration is not valid: {what}");
    let read: Value = serde_json::from_str(text).map_err(|e| told(&e.to_string()))?;
    let read = read.as_object().ok_or_else(|| told("it is not a JSON object"))?;
    if let Some(unknown) = read.keys().find(|key| !["Parameters", "Tags", "StackPolicy"].contains(&key.as_str())) {
        return Err(told(&format!("it has an unknown member {unknown}")));
    }
    let texts = |name: &str| -> Result<BTreeMap<String, String>, String> {
        let Some(found) = read.get(name) else { return Ok(BTreeMap::new()) };
        let found = found.as_object().ok_or_else(|| told(&format!("{name} is not a JSON object")))?;
        let one = |(key, value): (&String, &Value)| {
            let value = plain(value).ok_or_else(|| told(&format!("{key} in {name} is not a text")))?;
            Ok((key.clone(), value))
        };
        found.iter().map(one).collect()
    };
    Ok(Configuration {
        parameters: texts("Parameters")?,
        tags: texts("Tags")?,
        policy: read.get("StackPolicy").cloned(),
    })
}

/// An override of a parameter.
#[derive(Debug, PartialEq)]
enum Wanted {
    Text(String),
    /// `Fn::GetArtifactAtt`: something of an artifact itself.
    Attribute {
        artifact: String,
        attribute: String,
    },
    /// `Fn::GetParam`: a value of a JSON file in an artifact.
    Parameter {
        artifact: String,
        file: String,
        key: String,
    },
}

fn parse_overrides(text: &str) -> Result<Vec<(String, Wanted)>, String> {
    let told = |what: String| format!("ParameterOverrides is not valid: {what}");
    let read: Map<String, Value> = serde_json::from_str(text).map_err(|e| told(e.to_string()))?;
    let one = |(key, value): (String, Value)| {
        let wanted = wanted(&value).ok_or_else(|| told(format!("the value of {key}")))?;
        Ok((key, wanted))
    };
    read.into_iter().map(one).collect()
}

fn wanted(value: &Value) -> Option<Wanted> {
    if let Some(text) = plain(value) {
        return Some(Wanted::Text(text));
    }
    let (name, list) = value.as_object().filter(|object| object.len() == 1)?.iter().next()?;
    let list: Vec<String> =
        list.as_array()?.iter().map(|part| part.as_str().map(str::to_owned)).collect::<Option<_>>()?;
    match (name.as_str(), list.as_slice()) {
        ("Fn::GetArtifactAtt", [artifact, attribute]) => {
            Some(Wanted::Attribute { artifact: artifact.clone(), attribute: attribute.clone() })
        }
        ("Fn::GetParam", [artifact, file, key]) => {
            Some(Wanted::Parameter { artifact: artifact.clone(), file: file.clone(), key: key.clone() })
        }
        _ => None,
    }
}

async fn overrides(context: &Context<'_>, text: &str) -> Result<Vec<(String, String)>, Trouble> {
    let mut resolved = Vec::new();
    for (parameter, wanted) in parse_overrides(text).map_err(Trouble::configuration)? {
        let value = match wanted {
            Wanted::Text(text) => text,
            Wanted::Attribute { artifact, attribute } => of_artifact(context, &artifact, &attribute)?,
            Wanted::Parameter { artifact, file, key } => {
                let content = artifacts::file(context, &format!("{artifact}::{file}")).await?;
                let read: Value = serde_json::from_str(&content)
                    .map_err(|e| Trouble::configuration(format!("{file} in {artifact} is not JSON: {e}")))?;
                read.get(&key)
                    .and_then(plain)
                    .ok_or_else(|| Trouble::configuration(format!("{file} in {artifact} has no value for {key}")))?
            }
        };
        resolved.push((parameter, value));
    }
    Ok(resolved)
}

fn of_artifact(context: &Context<'_>, name: &str, attribute: &str) -> Result<String, Trouble> {
    let found = context.run.inputs.iter().find(|input| input.name == name);
    let Artifact { bucket, key, .. } = found
        .ok_or_else(|| Trouble::configuration(format!("The artifact {name} is not an input artifact of the action")))?;
    match attribute {
        "BucketName" => Ok(bucket.clone()),
        "ObjectKey" => Ok(key.clone()),
        "URL" => Ok(format!("https://s3.{}.amazonaws.com/{bucket}/{key}", context.task.place.region)),
        other => Err(Trouble::configuration(format!("`{other}` is not BucketName, ObjectKey or URL"))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_parameters_tags_and_a_policy() {
        let read = configuration(
            r#"{"Parameters": {"A": "x", "N": 3, "L": ["a", "b"]}, "Tags": {"t": "v"}, "StackPolicy": {"Statement": []}}"#,
        );
        let read = read.unwrap();
        let pairs = |list: &[(&str, &str)]| {
            list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(read.parameters, pairs(&[("A", "x"), ("N", "3"), ("L", "a,b")]));
        assert_eq!(read.tags, pairs(&[("t", "v")]));
        assert_eq!(read.policy, Some(json!({ "Statement": [] })));
        assert_eq!(configuration("{}").unwrap(), Configuration::default());
    }

    #[test]
    fn a_configuration_that_is_none_is_told() {
        for bad in ["", "[]", r#"{"parameters": {}}"#, r#"{"Parameters": {"A": {"b": 1}}}"#, r#"{"Tags": []}"#] {
            assert!(configuration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn overrides_are_texts_or_come_from_artifacts() {
        let read = parse_overrides(
            r#"{"A": "x", "B": {"Fn::GetArtifactAtt": ["app", "BucketName"]}, "C": {"Fn::GetParam": ["app", "f.json", "k"]}}"#,
        );
        let expected = [
            ("A".to_owned(), Wanted::Text("x".into())),
            ("B".to_owned(), Wanted::Attribute { artifact: "app".into(), attribute: "BucketName".into() }),
            ("C".to_owned(), Wanted::Parameter { artifact: "app".into(), file: "f.json".into(), key: "k".into() }),
        ];
        assert_eq!(read.unwrap(), expected);
        for bad in ["x", "[]", r#"{"A": {"Fn::Nothing": ["a"]}}"#, r#"{"A": {"Fn::GetParam": ["a"]}}"#] {
            assert!(parse_overrides(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn capabilities_are_a_list() {
        assert_eq!(capabilities("CAPABILITY_IAM, CAPABILITY_NAMED_IAM"), ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]);
    }
}
