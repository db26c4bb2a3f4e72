//! Pipelines themselves: made, changed, read, deleted, tagged.

use super::declaration::Declaration;
use super::engine;
use super::executions;
use super::input::{arn, name, no_pipeline, null, optional, page, read, refuse, required};
use super::kinds::KINDS;
use super::model::{Pipeline, Pipelines};
use super::structure;
use super::validate;
use crate::call::Call;
use crate::check::Checks;
use crate::clock::epoch_seconds;
use crate::error::Failure;
use crate::protocol::Reply;
use domain::arn::Arn;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// The most pipelines of an account in a region.
const PIPELINES: usize = 1000;
/// The most tags of a pipeline.
const TAGS: usize = 50;

/// Tags of an input, as they are asked for and stored.
pub fn tags(body: &Value) -> Result<BTreeMap<String, String>, Failure> {
    let mut read = BTreeMap::new();
    for tag in body.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let (key, value) = (required(tag, "key")?, required(tag, "value")?);
        Checks::new().length("tags.key", key, 1, 128).length("tags.value", value, 0, 256).finish()?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(refuse("InvalidTagsException", format!("Tag keys can't begin with aws: {key}")));
        }
        if read.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(refuse("InvalidTagsException", format!("The tag key {key} is used more than once")));
        }
    }
    few(&read)?;
    Ok(read)
}

fn few(tags: &BTreeMap<String, String>) -> Result<(), Failure> {
    if tags.len() > TAGS {
        return Err(refuse("TooManyTagsException", format!("A pipeline can have at most {TAGS} tags")));
    }
    Ok(())
}

fn shown_tags(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// CreatePipeline. A new pipeline runs at once.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let declaration = validate::read(&call.body)?;
    let tags = tags(&call.body)?;
    let known = call.read(|known: &Pipelines| (known.pipelines.contains_key(&declaration.name), known.pipelines.len()));
    if known.0 {
        return Err(in_use(&declaration.name));
    }
    if known.1 >= PIPELINES {
        return Err(refuse("LimitExceededException", format!("An account can have at most {PIPELINES} pipelines")));
    }
    structure::check(call, &declaration)?;
    let name = declaration.name.clone();
    let made = declaration.completed(1);
    let output = json!({ "pipeline": made, "tags": shown_tags(&tags) });
    call.change(|known: &mut Pipelines| {
        if known.pipelines.contains_key(&name) {
            return Err(in_use(&name));
        }
        let pipeline = Pipeline {
            versions: BTreeMap::from([(1, made)]),
            created: call.now,
            updated: call.now,
            tags,
            transitions: BTreeMap::new(),
            executions: VecDeque::new(),
        };
        known.pipelines.insert(name.clone(), pipeline);
        Ok(())
    })?;
    engine::change(call, &name, |pipeline, turn| {
        let fresh = executions::fresh(call, pipeline, "CreatePipeline");
        executions::enter(pipeline, fresh, turn);
        Ok(())
    })?;
    Ok(Reply::Json(output))
}

fn in_use(name: &str) -> Failure {
    refuse("PipelineNameInUseException", format!("A pipeline with the name '{name}' already exists"))
}

/// UpdatePipeline. What is under way goes on by the version it began with.
pub fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let declaration = validate::read(&call.body)?;
    let name = declaration.name.clone();
    read(call, &name, |_| Ok(()))?;
    structure::check(call, &declaration)?;
    let made = engine::change(call, &name, |pipeline, turn| {
        let number = pipeline.version() + 1;
        let made = declaration.completed(number);
        pipeline.versions.insert(number, made.clone());
        pipeline.updated = turn.now;
        Ok(made)
    })?;
    Ok(Reply::Json(json!({ "pipeline": made })))
}

/// GetPipeline.
pub fn get(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "name")?;
    let wanted = match call.body.get("version").filter(|version| !version.is_null()) {
        None => None,
        Some(version) => {
            let version =
                version.as_i64().ok_or_else(|| refuse("SerializationException", "`version` is not a number"))?;
            Checks::new().range("version", version, 1, i64::MAX).finish()?;
            u64::try_from(version).ok()
        }
    };
    let output = read(call, name, |pipeline| {
        let number = wanted.unwrap_or_else(|| pipeline.version());
        let found: &Declaration = pipeline.versions.get(&number).ok_or_else(|| {
            let message = format!("Pipeline '{name}' does not have a version '{number}'");
            refuse("PipelineVersionNotFoundException", message)
        })?;
        let metadata = json!({
            "pipelineArn": arn(&call.region, call.account(), name),
            "created": epoch_seconds(pipeline.created),
            "updated": epoch_seconds(pipeline.updated),
        });
        Ok(json!({ "pipeline": found, "metadata": metadata }))
    })?;
    Ok(Reply::Json(output))
}

/// DeletePipeline. One that is not there is deleted already.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = name(&call.body, "name")?;
    call.change(|known: &mut Pipelines| {
        known.pipelines.remove(name);
        Ok(())
    })?;
    Ok(Reply::Json(json!({})))
}

/// ListPipelines.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    let row = |(name, pipeline): (&String, &Pipeline)| {
        let declaration = pipeline.declaration();
        let row = json!({
            "name": name,
            "version": pipeline.version(),
            "pipelineType": declaration.pipeline_type,
            "executionMode": declaration.execution_mode,
            "created": epoch_seconds(pipeline.created),
            "updated": epoch_seconds(pipeline.updated),
        });
        (name.clone(), row)
    };
    let rows = call.read(|known: &Pipelines| known.pipelines.iter().map(row).collect());
    page(call, "pipelines", 1000, rows).map(Reply::Json)
}

/// ListActionTypes: those that the sandbox has.
pub fn list_types(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = optional(&call.body, "actionOwnerFilter")?;
    if let Some(owner) = owner {
        Checks::new().one_of("actionOwnerFilter", owner, &["AWS", "ThirdParty", "Custom"]).finish()?;
    }
    let ours = owner.is_none_or(|owner| owner == "AWS");
    let rows = KINDS.iter().filter(|_| ours).map(|kind| (kind.provider.to_owned(), kind.shown()));
    page(call, "actionTypes", 100, rows.collect()).map(Reply::Json)
}

/// The pipeline that a resource's ARN names.
pub fn tagged(call: &Call<'_>) -> Result<String, Failure> {
    let given = required(&call.body, "resourceArn")?;
    let invalid = || refuse("InvalidArnException", format!("The ARN {given} is not valid"));
    let parsed = Arn::parse(given).map_err(|_| invalid())?;
    let own = parsed.service() == "codepipeline"
        && parsed.region() == call.region.as_str()
        && parsed.account_id().as_ref() == Some(call.account());
    if !own || parsed.resource().contains([':', '/']) {
        return Err(invalid());
    }
    Ok(parsed.resource().to_owned())
}

fn no_resource(name: &str) -> impl Fn(Failure) -> Failure {
    let message = format!("The resource {name} was not found");
    move |failure| match failure.code.as_ref() {
        "PipelineNotFoundException" => refuse("ResourceNotFoundException", message.as_str()),
        _ => failure,
    }
}

/// TagResource.
pub fn tag(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = tagged(call)?;
    if call.body.get("tags").is_none_or(Value::is_null) {
        return Err(null("tags"));
    }
    let more = tags(&call.body)?;
    let changed = change_tags(call, &name, |tags| {
        let mut all = tags.clone();
        all.extend(more);
        few(&all)?;
        *tags = all;
        Ok(())
    });
    changed.map_err(no_resource(&name))?;
    Ok(Reply::Json(json!({})))
}

/// UntagResource.
pub fn untag(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = tagged(call)?;
    let keys = call.body.get("tagKeys").and_then(Value::as_array).ok_or_else(|| null("tagKeys"))?;
    let changed = change_tags(call, &name, |tags| {
        tags.retain(|key, _| !keys.iter().any(|gone| gone.as_str() == Some(key)));
        Ok(())
    });
    changed.map_err(no_resource(&name))?;
    Ok(Reply::Json(json!({})))
}

fn change_tags(
    call: &Call<'_>,
    name: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    call.change(|known: &mut Pipelines| match known.pipelines.get_mut(name) {
        Some(pipeline) => change(&mut pipeline.tags),
        None => Err(no_pipeline(call.account(), name)),
    })
}

/// ListTagsForResource.
pub fn list_tags(call: &Call<'_>) -> Result<Reply, Failure> {
    let name = tagged(call)?;
    let row = |(key, value): (&String, &String)| (key.clone(), json!({ "key": key, "value": value }));
    let rows = read(call, &name, |pipeline| Ok(pipeline.tags.iter().map(row).collect())).map_err(no_resource(&name))?;
    page(call, "tags", 100, rows).map(Reply::Json)
}
