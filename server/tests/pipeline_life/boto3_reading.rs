//! boto3 reads back every resource that applying made, and each is as the review said.
//!
//! Needs a Python with the packages of `server/sandbox/tests/boto3/requirements.txt`, named by `SAGEBRIDGE_PYTHON`.

use crate::world::{BUCKET, World};
use domain::names::PipelineId;
use domain::pipeline::apply::Lane;
use domain::pipeline::documents::documents;
use domain::pipeline::intent::PipelineIntent;
use domain::pipeline::predicted::Predicted;
use domain::pipeline::stacks;
use domain::pipeline::view::PipelineView;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// What is given to CloudFormation and kept by nobody who could be asked; and the function's package, which is on AWS's
/// shelves only.
const UNREAD: [&str; 4] = ["PendingWindowInDays", "RestartExecutionOnUpdate", "DefinitionSubstitutions", "Code"];

async fn read(world: &World, asked: &Value) -> Value {
    let python = std::env::var_os("SAGEBRIDGE_PYTHON").expect("SAGEBRIDGE_PYTHON names a Python that has boto3");
    let folder = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/pipeline_life");
    let file = world.folder.path().join("asked.json");
    std::fs::write(&file, asked.to_string()).unwrap();
    let mut command = Command::new(python);
    command
        .arg(folder.join("reading.py"))
        .arg(file)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", world.folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", world.sandbox.credentials_file())
        .env("AWS_CONFIG_FILE", world.sandbox.config_file());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the review said, with the key that there is in place of the one that stood for it.
fn predicted(view: &PipelineView) -> (Vec<Value>, Value) {
    let predicted = Predicted::of(&view.intent).unwrap();
    let key = &view.outputs.values().find_map(|outputs| outputs.get("KeyArn")).unwrap().clone();
    let id = |arn: &str| arn.rsplit('/').next().unwrap().to_owned();
    let (guessed, made) = (id(predicted.key.as_str()), id(key));
    let known = |text: String| serde_json::from_str::<Value>(&text.replace(&guessed, &made)).unwrap();
    let resources = predicted.resources.iter().map(|resource| {
        known(
            json!({
                "profile": profile(&view.intent, &resource.stack),
                "stack": resource.stack, "id": resource.logical_id, "type": resource.resource_type,
                "properties": resource.properties,
            })
            .to_string(),
        )
    });
    let machine = documents(&predicted).into_iter().find(|document| document.title == "State machine").unwrap();
    (resources.collect(), known(machine.text))
}

fn profile(intent: &PipelineIntent, stack: &str) -> String {
    let lane = match stack {
        stack if stack == intent.shared_services_stack() => Lane::SharedServices,
        stack if stack == intent.production_stack() => Lane::Production,
        _ => Lane::Training,
    };
    lane.place(intent).connection.to_string()
}

/// Where what was read is not what was said; more may be read than was said.
fn difference(said: &Value, read: &Value, path: &str) -> Option<String> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (said, read) {
        (Value::Object(said), Value::Object(read)) => said
            .iter()
            .filter(|(name, _)| !UNREAD.contains(&name.as_str()))
            .find_map(|(name, value)| match read.get(name) {
                Some(found) => difference(value, found, &format!("{path} > {name}")),
                None => Some(format!("{path} > {name} was not read")),
            }),
        (Value::Array(said), Value::Array(read)) if said.len() == read.len() => said
            .iter()
            .zip(read)
            .enumerate()
            .find_map(|(at, (said, read))| difference(said, read, &format!("{path} > {at}"))),
        (said, read) if said.is_array() || read.is_array() || plain(said) != plain(read) => {
            Some(format!("{path} is {read}, not {said}"))
        }
        _ => None,
    }
}

fn checked(pipeline: &PipelineId, said: &Value, read: &Value, machine: &Value) {
    let mut properties = said["properties"].clone();
    let (kind, name) = (said["type"].as_str().unwrap(), format!("{} {}", said["stack"], said["id"]));
    let (own, tags) = (&read["properties"], &read["tags"]);
    match kind {
        "AWS::IAM::Role" => {
            assert_eq!(own["Attached"], json!([]), "{name}");
            assert_eq!(own["Inline"].as_array().unwrap().len(), 1, "{name}");
        }
        "AWS::KMS::Key" => assert_eq!(own["State"], "Enabled"),
        "AWS::StepFunctions::StateMachine" => {
            let fields = properties.as_object_mut().unwrap();
            fields.remove("DefinitionString");
            fields.insert("Definition".into(), machine.clone());
        }
        _ => {}
    }
    assert_eq!(difference(&properties, own, &name), None, "{read:#}");
    assert!(read["status"] == "CREATE_COMPLETE" || read["status"] == "UPDATE_COMPLETE", "{name}: {read:#}");
    if !tags.is_null() {
        assert_eq!(tags["sagebridge:pipeline"], pipeline.as_str(), "{name}: {tags}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_is_as_the_review_said() {
    let world = World::new().await;
    let pipeline = world.made(|_| {}).await;
    // The pipeline itself makes the last of the stacks.
    world.waiting(&pipeline, &[]).await;
    let view = world.view(&pipeline).await;
    let (said, machine) = predicted(&view);
    assert!(said.len() > 20, "{said:#?}");
    let read =
        read(&world, &json!({ "resources": said, "bucket": BUCKET, "repository": "churn", "branch": "main" })).await;
    for (said, read) in said.iter().zip(read["resources"].as_array().unwrap()) {
        checked(&pipeline, said, read, &machine);
    }

    let key = &view.outputs[&domain::pipeline::apply::Part::SharedServices]["KeyArn"];
    let objects = read["objects"].as_object().unwrap();
    for (name, object) in objects {
        assert_eq!((&object[0], &object[1], &object[2]), (&json!("aws:kms"), &json!(key), &json!(true)), "{name}");
    }
    for channel in ["train", "validation"] {
        let object = &objects[&format!("data/{channel}/{channel}.csv")];
        assert_eq!(object[3].as_str().map(str::len), Some(64), "its SHA-256 is with it: {object}");
    }
    assert!(objects.keys().any(|name| name.starts_with("models/churn-")), "{objects:#?}");
    let outputs = |part| &view.outputs[&part];
    let (own, theirs) =
        (outputs(domain::pipeline::apply::Part::SharedServices), outputs(domain::pipeline::apply::Part::Training));
    let source = stacks::source(&view.intent, own, theirs).unwrap();
    let committed = source.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
    assert_eq!(read["files"], Value::Object(committed));
}
