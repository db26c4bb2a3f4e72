//! The states, each with the fields that its type has.

use super::fields::Fields;
use super::read::{Reading, query_language, workflow};
use super::{Kind, MapOver, Number, Parallel, Pattern, State, StateMachineType, Task, Then, WaitFor, Words, rules};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::SECONDS;
use crate::resource::Resource;
use crate::template::Expression;
use crate::time;
use serde_json::Value;

const COMMON: &[&str] = &["Type", "Comment", "QueryLanguage"];
const FLOW: &[&str] = &["InputPath", "OutputPath"];
const NEXT: &[&str] = &["Next", "End"];
const RESULT: &[&str] = &["Parameters", "ResultPath"];
const WORK: &[&str] = &["ResultSelector", "Retry", "Catch"];
const TASK: &[&str] =
    &["Resource", "TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Credentials"];
const MAP: &[&str] =
    &["ItemProcessor", "Iterator", "ItemsPath", "ItemSelector", "MaxConcurrency", "MaxConcurrencyPath"];
const WAIT: &[&str] = &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];
/// Fields of the other query language.
const JSONATA: &[&str] = &["Arguments", "Output", "Items"];
/// Fields of maps in distributed mode.
const DISTRIBUTED: &[&str] = &[
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
];

pub(super) fn state(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<State> {
    fields.require(&["Type"]);
    fields.string("Comment");
    let kind = fields.string("Type")?;
    let known: &[&[&str]] = match kind {
        "Choice" => &[COMMON, FLOW, &["Choices", "Default"]],
        "Fail" => &[COMMON, &["Error", "ErrorPath", "Cause", "CausePath"]],
        "Map" => &[COMMON, FLOW, NEXT, RESULT, WORK, MAP, DISTRIBUTED],
        "Parallel" => &[COMMON, FLOW, NEXT, RESULT, WORK, &["Branches"]],
        "Pass" => &[COMMON, FLOW, NEXT, RESULT, &["Result"]],
        "Succeed" => &[COMMON, FLOW],
        "Task" => &[COMMON, FLOW, NEXT, RESULT, WORK, TASK],
        "Wait" => &[COMMON, FLOW, NEXT, WAIT],
        _ => {
            let types = "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]";
            fields.wrong_at("Type", format!("The field 'Type' should have one of these values: {types}"));
            return None;
        }
    };
    if !query_language(fields, true) {
        return None;
    }
    let mut known = known.to_vec();
    known.extend([JSONATA, &["Assign"]]);
    fields.only(&known);
    elsewhere(fields);
    if known.contains(&NEXT) {
        next_or_end(fields);
    }
    let (input_path, output_path) = (fields.selection("InputPath"), fields.selection("OutputPath"));
    let next = if known.contains(&NEXT) { fields.string("Next").map(str::to_owned) } else { None };
    let kind = kind_of(kind, fields, reading)?;
    Some(State { input_path, output_path, next, kind })
}

/// Notes what the language has and this implementation hasn't.
fn elsewhere(fields: &mut Fields<'_>) {
    for field in JSONATA {
        if fields.has(field) {
            let message = format!(
                "The QueryLanguage is set to 'JSONPath', but field '{field}' is only supported for the 'JSONata' QueryLanguage"
            );
            fields.wrong(message);
        }
    }
    if fields.has("Assign") {
        fields.wrong_at("Assign", "the state assigns variables, which are not supported here");
    }
    for field in DISTRIBUTED {
        if fields.has(field) {
            fields.wrong_at(field, "the field is for maps in distributed mode, which is not supported here");
        }
    }
}

fn next_or_end(fields: &mut Fields<'_>) {
    let end = fields.boolean("End");
    match (fields.has("Next"), end) {
        (true, Some(true)) => fields.wrong("There should only be one of the following fields: [Next, End]"),
        (false, None | Some(false)) if end.is_some() || !fields.has("End") => {
            fields.wrong("This object should have only one of the following fields: [Next, End]");
        }
        _ => {}
    }
}

fn kind_of(kind: &str, fields: &mut Fields<'_>, reading: &mut Reading) -> Option<Kind> {
    match kind {
        "Choice" => {
            fields.require(&["Choices"]);
            let default = fields.string("Default").map(str::to_owned);
            Some(Kind::Choice { rules: rules::choices(fields), default })
        }
        "Fail" => {
            Some(Kind::Fail { error: words(fields, "Error", "ErrorPath"), cause: words(fields, "Cause", "CausePath") })
        }
        "Map" => map(fields, reading).map(Box::new).map(Kind::Map),
        "Parallel" => Some(Kind::Parallel(Box::new(parallel(fields, reading)))),
        "Pass" => Some(pass(fields)),
        "Succeed" => Some(Kind::Succeed),
        "Task" => task(fields, reading).map(Box::new).map(Kind::Task),
        _ => wait(fields).map(Kind::Wait),
    }
}

fn pass(fields: &mut Fields<'_>) -> Kind {
    let result = fields.get("Result").cloned();
    let looks_dynamic = |(name, value): (&String, &Value)| name.ends_with(".$") && value.is_string();
    if result.as_ref().and_then(Value::as_object).is_some_and(|object| object.iter().any(looks_dynamic)) {
        let message = "The result of a Pass state is static: paths in it are not replaced";
        let at = format!("{}/Result", fields.at);
        fields.problems.push(Diagnostic::warning(Code::PassResultIsStatic, message, &at));
    }
    Kind::Pass { result, parameters: fields.template("Parameters", true), result_path: fields.placement("ResultPath") }
}

fn then(fields: &mut Fields<'_>) -> Then {
    Then {
        result_selector: fields.template("ResultSelector", false),
        result_path: fields.placement("ResultPath"),
        retry: rules::retry(fields),
        catch: rules::catch(fields),
    }
}

/// A number in one field or its place in another.
fn number(fields: &mut Fields<'_>, field: &str, path: &str, least: u64) -> Option<Number> {
    fields.at_most_one(&[field, path]);
    match fields.integer(field, least, SECONDS) {
        Some(number) => Some(Number::Fixed(number)),
        None => fields.reference(path).map(Number::At),
    }
}

/// A text in one field, or a path or an intrinsic function in another.
fn words(fields: &mut Fields<'_>, field: &str, path: &str) -> Option<Words> {
    fields.at_most_one(&[field, path]);
    if let Some(fixed) = fields.string(field) {
        return Some(Words::Fixed(fixed.to_owned()));
    }
    let text = fields.string(path)?;
    let expression = Expression::parse(text);
    if expression.is_none() {
        fields.wrong_at(path, "Value must be a valid JSONPath or a valid intrinsic function call");
    }
    expression.map(Words::Found)
}

fn wait(fields: &mut Fields<'_>) -> Option<WaitFor> {
    fields.exactly_one(WAIT);
    if let Some(seconds) = fields.seconds("Seconds", 0) {
        return Some(WaitFor::Seconds(seconds));
    }
    if let Some(text) = fields.string("Timestamp") {
        let time = time::parse(text);
        if time.is_none() {
            fields.wrong_at("Timestamp", "String does not match RFC3339 timestamp");
        }
        return time.map(WaitFor::Timestamp);
    }
    if let Some(path) = fields.reference("SecondsPath") {
        return Some(WaitFor::SecondsPath(path));
    }
    fields.reference("TimestampPath").map(WaitFor::TimestampPath)
}

fn task(fields: &mut Fields<'_>, reading: &Reading) -> Option<Task> {
    fields.require(&["Resource"]);
    let resource = resource(fields, reading.kind);
    let timeout = number(fields, "TimeoutSeconds", "TimeoutSecondsPath", 1);
    let heartbeat = number(fields, "HeartbeatSeconds", "HeartbeatSecondsPath", 1);
    if let (Some(Number::Fixed(timeout)), Some(Number::Fixed(heartbeat))) = (&timeout, &heartbeat)
        && heartbeat >= timeout
    {
        fields.wrong("HeartbeatSeconds must be smaller than TimeoutSeconds");
    }
    if let Some(credentials) = fields.object("Credentials")
        && !credentials.contains_key("RoleArn")
        && !credentials.contains_key("RoleArn.$")
    {
        fields.wrong_at("Credentials", "The field 'RoleArn' is required but was missing");
    }
    let (parameters, credentials) = (fields.template("Parameters", true), fields.template("Credentials", true));
    let then = then(fields);
    Some(Task { resource: resource?, parameters, credentials, timeout, heartbeat, then })
}

fn resource(fields: &mut Fields<'_>, kind: StateMachineType) -> Option<Resource> {
    let arn = fields.string("Resource")?;
    if !arn.starts_with("arn:") {
        fields.wrong_at("Resource", "Value is not a valid resource ARN");
        return None;
    }
    let resource = Resource::parse(arn);
    let refused = match (&resource, kind) {
        (None, _) => Some(format!(
            "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
        )),
        (Some(Resource::Activity { .. }), StateMachineType::Express) => {
            Some("Express state machine does not support Activity ARN".to_owned())
        }
        (Some(Resource::Integration { pattern, .. }), StateMachineType::Express) => {
            let name = match pattern {
                Pattern::RequestResponse => None,
                Pattern::Sync | Pattern::Sync2 => Some(".sync"),
                Pattern::WaitForTaskToken => Some(".waitForTaskToken"),
            };
            // The space at the end is the service's.
            name.map(|name| format!("Express state machine does not support '{name}' service integration "))
        }
        _ => None,
    };
    if let Some(message) = refused {
        fields.wrong_at("Resource", message);
    }
    resource
}

fn parallel(fields: &mut Fields<'_>, reading: &mut Reading) -> Parallel {
    fields.require(&["Branches"]);
    let mut branches = Vec::new();
    for (index, value) in fields.filled_list("Branches").into_iter().flatten().enumerate() {
        let place = format!("Branches[{index}]");
        match value.as_object() {
            Some(object) => {
                let at = format!("{}/{place}", fields.at);
                let mut branch = Fields { object, at, problems: fields.problems };
                branch.only(&[&["Comment", "StartAt", "States"]]);
                branches.push(workflow(&mut branch, reading));
            }
            None => fields.wrong_at(&place, "Expected value of type Object"),
        }
    }
    Parallel { parameters: fields.template("Parameters", true), branches, then: then(fields) }
}

fn map(fields: &mut Fields<'_>, reading: &mut Reading) -> Option<MapOver> {
    fields.exactly_one(&["ItemProcessor", "Iterator"]);
    fields.at_most_one(&["ItemSelector", "Parameters"]);
    let mut processor = None;
    for field in ["ItemProcessor", "Iterator"] {
        let Some(object) = fields.object(field) else { continue };
        let at = format!("{}/{field}", fields.at);
        let mut inner = Fields { object, at, problems: fields.problems };
        inner.only(&[&["Comment", "ProcessorConfig", "StartAt", "States"]]);
        if let Some(config) = inner.object("ProcessorConfig") {
            let mode = config.get("Mode").and_then(Value::as_str);
            if mode.is_some_and(|mode| mode != "INLINE") {
                inner.wrong_at("ProcessorConfig/Mode", "only maps in the mode INLINE are supported here");
            }
        }
        processor = Some(workflow(&mut inner, reading));
    }
    let items_path = fields.definite("ItemsPath");
    let selector = if fields.has("ItemSelector") { "ItemSelector" } else { "Parameters" };
    let item_selector = fields.template(selector, true);
    let max_concurrency = number(fields, "MaxConcurrency", "MaxConcurrencyPath", 0);
    let then = then(fields);
    Some(MapOver { items_path, item_selector, max_concurrency, processor: processor?, then })
}
