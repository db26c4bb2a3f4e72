//! Training jobs, and endpoints that serve what they made.

mod endpoints;

use self::endpoints::{artifact, settled, version};
use crate::client::{Answer, Client, allowing, denying};
use crate::support::{Lab, PARENT};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const BUCKET: &str = "training-of-parent";

pub const IMAGE: &str = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1";
const IRELAND: &str =
    "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

async fn s3(client: &Client, method: Method, path: &str, body: String) -> Answer {
    let answer = client.send(client.signed("s3", method, path, &[], body.into())).await;
    assert!(answer.status < 300, "{path}: {}", answer.text());
    answer
}

/// Rows of y = 2a - b: the label, then the features.
fn rows(count: i32, shift: i32) -> String {
    let row = |n: i32| {
        let (a, b) = (f64::from((n * 7 + shift) % 23), f64::from((n * 5 + shift) % 17));
        format!("{},{a},{b}\n", 2.0 * a - b)
    };
    (0..count).map(row).collect()
}

/// A sandbox in which the parent has a bucket with data, and a role that may do what a job needs.
async fn lab() -> (Lab, Client, String) {
    let lab = Lab::start().await;
    lab.settings(json!({
        "training_phase_ms": 0, "endpoint_creation_ms": 0, "endpoint_update_ms": 0, "deployment_second_ms": 0,
    }))
    .await;
    let parent = lab.client("parent");
    s3(&parent, Method::PUT, &format!("/{BUCKET}"), IRELAND.to_owned()).await;
    s3(&parent, Method::PUT, &format!("/{BUCKET}/data/train/train.csv"), rows(200, 0)).await;
    s3(&parent, Method::PUT, &format!("/{BUCKET}/data/validation/validation.csv"), rows(40, 3)).await;
    let role = parent.new_role("trainer", TRUST, &[&allowing("*", "*")]).await;
    (lab, parent, role)
}

fn channel(name: &str) -> Value {
    json!({
        "ChannelName": name, "ContentType": "text/csv",
        "DataSource": { "S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": format!("s3://{BUCKET}/data/{name}/"),
            "S3DataDistributionType": "FullyReplicated",
        } },
    })
}

fn job(name: &str, role: &str) -> Value {
    json!({
        "TrainingJobName": name, "RoleArn": role,
        "AlgorithmSpecification": { "TrainingImage": IMAGE, "TrainingInputMode": "File" },
        "HyperParameters": { "objective": "reg:squarederror", "num_round": "30", "eta": "0.3" },
        "InputDataConfig": [channel("train"), channel("validation")],
        "OutputDataConfig": { "S3OutputPath": format!("s3://{BUCKET}/models/") },
        "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10 },
        "StoppingCondition": { "MaxRuntimeInSeconds": 3600 },
    })
}

/// Polls until `done` says so.
async fn until(client: &Client, operation: &str, input: Value, done: impl Fn(&Value) -> bool) -> Value {
    let look = async {
        loop {
            let found = client.json_ok("sagemaker", operation, input.clone()).await;
            if done(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), look).await.expect("it comes to its end")
}

async fn ended(client: &Client, name: &str) -> Value {
    let over = |job: &Value| {
        ["Completed", "Failed", "Stopped"].contains(&job["TrainingJobStatus"].as_str().unwrap_or_default())
    };
    until(client, "DescribeTrainingJob", json!({ "TrainingJobName": name }), over).await
}

async fn trained(client: &Client, request: Value) -> Value {
    client.json_ok("sagemaker", "CreateTrainingJob", request.clone()).await;
    ended(client, request["TrainingJobName"].as_str().unwrap()).await
}

/// Asserts why a job failed.
#[track_caller]
fn failed(job: &Value, reason: &str) {
    assert_eq!(job["TrainingJobStatus"], "Failed", "{job}");
    let told = job["FailureReason"].as_str().unwrap();
    assert!(told.contains(reason), "`{told}` does not contain `{reason}`");
    assert_eq!(job["SecondaryStatus"], "Failed");
}

#[tokio::test]
async fn a_job_trains_and_leaves_its_model_in_s3() {
    let (_lab, parent, role) = lab().await;
    let mut request = job("first", &role);
    request["Tags"] = json!([{ "Key": "team", "Value": "a" }]);
    let made = parent.json_ok("sagemaker", "CreateTrainingJob", request).await;
    let arn = format!("arn:aws:sagemaker:eu-west-1:{PARENT}:training-job/first");
    assert_eq!(made, json!({ "TrainingJobArn": arn }));
    let done = ended(&parent, "first").await;
    assert_eq!(
        (&done["TrainingJobStatus"], &done["SecondaryStatus"]),
        (&json!("Completed"), &json!("Completed")),
        "{done}"
    );
    let way: Vec<&str> =
        done["SecondaryStatusTransitions"].as_array().unwrap().iter().map(|t| t["Status"].as_str().unwrap()).collect();
    assert_eq!(way, ["Starting", "Downloading", "Training", "Uploading", "Completed"]);
    let place = format!("s3://{BUCKET}/models/first/output/model.tar.gz");
    assert_eq!(done["ModelArtifacts"]["S3ModelArtifacts"], place.as_str());
    assert!(done["BillableTimeInSeconds"].as_i64().unwrap() >= 1);
    let metrics = done["FinalMetricDataList"].as_array().unwrap();
    let rmse = metrics.iter().find(|metric| metric["MetricName"] == "validation:rmse").unwrap();
    assert!(rmse["Value"].as_f64().unwrap() < 5.0, "{rmse}");
    let archive = s3(&parent, Method::GET, &format!("/{BUCKET}/models/first/output/model.tar.gz"), String::new()).await;
    assert_eq!(&archive.body[..2], [0x1f, 0x8b]);
    let tags = parent.json_ok("sagemaker", "ListTags", json!({ "ResourceArn": arn })).await;
    assert_eq!(tags["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    // The name is taken, in any case, and a job that is over can't be stopped.
    let again = parent.sagemaker("CreateTrainingJob", job("FIRST", &role)).await;
    again.refused(400, "ResourceInUse", "a training job with this name already exists");
    let stop = parent.sagemaker("StopTrainingJob", json!({ "TrainingJobName": "first" })).await;
    stop.refused(
        400,
        "ValidationException",
        "The request was rejected because the training job is in status Completed.",
    );
    let none = parent.sagemaker("DescribeTrainingJob", json!({ "TrainingJobName": "none" })).await;
    none.refused(400, "ValidationException", "Requested resource not found.");
    // Its metrics are in CloudWatch.
    let listed = parent.json_ok("monitoring", "ListMetrics", json!({ "MetricName": "validation:rmse" })).await;
    assert_eq!(
        listed["Metrics"],
        json!([{
            "Namespace": "/aws/sagemaker/TrainingJobs", "MetricName": "validation:rmse",
            "Dimensions": [{ "Name": "Host", "Value": "first/algo-1" }],
        }])
    );
}

#[tokio::test]
async fn jobs_are_listed_in_pages_and_by_status() {
    let (_lab, parent, role) = lab().await;
    for name in ["one", "two", "three"] {
        trained(&parent, job(name, &role)).await;
    }
    let mut broken = job("broken", &role);
    broken["HyperParameters"]["eta"] = "much".into();
    trained(&parent, broken).await;
    let mut names = Vec::new();
    let mut input = json!({ "MaxResults": 2, "SortBy": "Name", "SortOrder": "Ascending" });
    loop {
        let page = parent.json_ok("sagemaker", "ListTrainingJobs", input.clone()).await;
        for job in page["TrainingJobSummaries"].as_array().unwrap() {
            assert!(job["CreationTime"].is_number() && job["TrainingJobArn"].is_string());
            names.push(job["TrainingJobName"].as_str().unwrap().to_owned());
        }
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["broken", "one", "three", "two"]);
    let failed = parent.json_ok("sagemaker", "ListTrainingJobs", json!({ "StatusEquals": "Failed" })).await;
    assert_eq!(failed["TrainingJobSummaries"].as_array().unwrap().len(), 1);
    assert_eq!(failed["TrainingJobSummaries"][0]["SecondaryStatus"], "Failed");
}

#[tokio::test]
async fn bad_data_and_bad_hyperparameters_fail_in_the_containers_words() {
    let (_lab, parent, role) = lab().await;
    let with = |name: &str, set: &[(&str, &str)]| {
        let mut request = job(name, &role);
        for (key, value) in set {
            request["HyperParameters"][*key] = (*value).into();
        }
        request
    };
    let user = "AlgorithmError: framework error: \nsagemaker_algorithm_toolkit.exceptions.UserError: ";
    let unknown = trained(&parent, with("unknown", &[("depth", "3")])).await;
    failed(&unknown, &format!("{user}Extraneous hyperparameter found: depth, exit code: 1"));
    failed(&trained(&parent, with("range", &[("eta", "7")])).await, "Hyperparameter eta: 7.0 is not in [0, 1]");
    failed(&trained(&parent, with("label", &[("objective", "binary:logistic")])).await, "label must be in [0,1]");
    for (name, csv, words) in [
        ("text", "1,2,3\n1,two,3\n", "line 2, column 2"),
        ("header", "y,a,b\n1,2,3\n", "ClientError: Non-numeric value 'y' found in the header line"),
        ("ragged", "1,2,3\n1,2\n", "line 2"),
    ] {
        s3(&parent, Method::PUT, &format!("/{BUCKET}/data/{name}/rows.csv"), csv.to_owned()).await;
        let mut request = job(name, &role);
        request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] =
            format!("s3://{BUCKET}/data/{name}/").into();
        failed(&trained(&parent, request).await, words);
    }
    let mut request = job("nothing", &role);
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = format!("s3://{BUCKET}/none/").into();
    failed(
        &trained(&parent, request).await,
        &format!("ClientError: Data download failed:No S3 objects found under S3 URL \"s3://{BUCKET}/none/\""),
    );
    let mut request = job("stranger", &role);
    request["InputDataConfig"][1]["ChannelName"] = "test".into();
    failed(&trained(&parent, request).await, "Extraneous channel found: test");
}

#[tokio::test]
async fn what_its_role_may_not_do_fails_the_job_where_it_is_needed() {
    let (_lab, parent, _) = lab().await;
    for (n, (action, words)) in [
        ("s3:ListBucket", "ClientError: Data download failed:AccessDenied (403): "),
        ("s3:GetObject", "ClientError: Data download failed:AccessDenied (403): "),
        ("s3:PutObject", "ClientError: Artifact upload failed:AccessDenied (403): "),
    ]
    .into_iter()
    .enumerate()
    {
        let role = parent.new_role(&format!("r{n}"), TRUST, &[&allowing("*", "*"), &denying(action, "*")]).await;
        let job = trained(&parent, job(&format!("denied-{n}"), &role)).await;
        failed(&job, words);
        failed(&job, &format!("is not authorized to perform: {action} on resource"));
    }
    // Without logs and metrics it trains all the same.
    let role = parent
        .new_role("quiet", TRUST, &[&allowing("s3:*", "*"), &denying("logs:*", "*"), &denying("cloudwatch:*", "*")])
        .await;
    assert_eq!(trained(&parent, job("quiet", &role)).await["TrainingJobStatus"], "Completed");
}

#[tokio::test]
async fn who_may_not_is_refused_at_once() {
    let (_lab, parent, role) = lab().await;
    let create = allowing("sagemaker:*", "*");
    let passing = allowing("iam:PassRole", &role);
    let stranger = parent.new_user("stranger", &[&passing]).await;
    let denied = stranger.sagemaker("CreateTrainingJob", job("j", &role)).await;
    denied.refused(
        400,
        "AccessDeniedException",
        "perform: sagemaker:CreateTrainingJob on resource: arn:aws:sagemaker:",
    );
    let without = parent.new_user("without-pass", &[&create]).await;
    let denied = without.sagemaker("CreateTrainingJob", job("j", &role)).await;
    denied.refused(400, "AccessDeniedException", "iam:PassRole");
    let untagged = parent.new_user("untagged", &[&create, &passing, &denying("sagemaker:AddTags", "*")]).await;
    let mut tagged = job("j", &role);
    tagged["Tags"] = json!([{ "Key": "a", "Value": "b" }]);
    untagged.sagemaker("CreateTrainingJob", tagged).await.refused(400, "AccessDeniedException", "sagemaker:AddTags");
    let lambda = TRUST.replace("sagemaker.", "lambda.");
    let other = parent.new_role("other", &lambda, &[]).await;
    let refused = parent.sagemaker("CreateTrainingJob", job("j", &other)).await;
    refused.refused(400, "ValidationException", &format!("Could not assume role {other}. Please ensure that the role"));
}

#[tokio::test]
async fn input_out_of_shape_and_what_the_sandbox_cant_do_are_refused() {
    let (_lab, parent, role) = lab().await;
    let set = |pointer: &str, value: Value| {
        let mut request = job("j", &role);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[name] = value;
        request
    };
    for (request, words) in [
        (
            set("/TrainingJobName", json!("a_b")),
            "at 'trainingJobName' failed to satisfy constraint: Member must satisfy",
        ),
        (set("/ResourceConfig/InstanceType", json!("ml.huge")), "'resourceConfig.instanceType'"),
        (set("/ResourceConfig/InstanceCount", json!(2)), "The sandbox trains on one instance only"),
        (set("/OutputDataConfig/S3OutputPath", json!("models/")), "'outputDataConfig.s3OutputPath'"),
        (set("/AlgorithmSpecification/TrainingInputMode", json!("Pipe")), "do not support the input mode Pipe"),
        (set("/AlgorithmSpecification/TrainingImage", json!("me/own:1")), "The sandbox trains with the images of"),
        (
            set("/AlgorithmSpecification/MetricDefinitions", json!([{ "Name": "a", "Regex": "b" }])),
            "You can't override the metric definitions for Amazon SageMaker algorithms.",
        ),
        (set("/InputDataConfig/0/CompressionType", json!("Gzip")), "do not support CompressionType"),
        (set("/InputDataConfig/1/ChannelName", json!("train")), "train is there twice"),
        (set("/StoppingCondition/MaxRuntimeInSeconds", json!(0)), "'stoppingCondition.maxRuntimeInSeconds'"),
        (set("/VpcConfig", json!({ "Subnets": ["s"], "SecurityGroupIds": ["g"] })), "do not support VpcConfig"),
        (set("/OutputDataConfig", Value::Null), "Value null at 'outputDataConfig'"),
    ] {
        parent.sagemaker("CreateTrainingJob", request).await.refused(400, "ValidationException", words);
    }
    let typed = set("/HyperParameters/num_round", json!(3));
    parent.sagemaker("CreateTrainingJob", typed).await.refused(400, "SerializationException", "num_round");
}

#[tokio::test]
async fn a_job_is_stopped_and_one_that_takes_too_long_stops_by_itself() {
    let (lab, parent, role) = lab().await;
    let mut long = job("long", &role);
    // A hundred million trees: no machine comes to their end.
    for (channel, rows) in [("train", 200), ("validation", 40)] {
        let rows: String = (0..rows).map(|row| format!("{row},{},{}\n", row % 7, row % 11)).collect();
        s3(&parent, Method::PUT, &format!("/{BUCKET}/data/{channel}/{channel}.csv"), rows).await;
    }
    long["HyperParameters"] = json!({
        "objective": "multi:softprob",
        "num_class": "1000",
        "num_round": "100000",
        "save_model_on_termination": "true",
    });
    parent.json_ok("sagemaker", "CreateTrainingJob", long.clone()).await;
    let name = json!({ "TrainingJobName": "long" });
    until(&parent, "DescribeTrainingJob", name.clone(), |job| job["SecondaryStatus"] == "Training").await;
    parent.json_ok("sagemaker", "StopTrainingJob", name).await;
    let stopped = ended(&parent, "long").await;
    assert_eq!((&stopped["TrainingJobStatus"], &stopped["SecondaryStatus"]), (&json!("Stopped"), &json!("Stopped")));
    let mut short = long.clone();
    short["TrainingJobName"] = "short".into();
    short["StoppingCondition"]["MaxRuntimeInSeconds"] = 1.into();
    let stopped = trained(&parent, short).await;
    assert_eq!(
        (&stopped["TrainingJobStatus"], &stopped["SecondaryStatus"]),
        (&json!("Stopped"), &json!("MaxRuntimeExceeded")),
        "{stopped}"
    );
    // What it had learned by then was kept.
    s3(&parent, Method::GET, &format!("/{BUCKET}/models/short/output/model.tar.gz"), String::new()).await;
    // One that has not begun is stopped as well.
    lab.settings(json!({ "training_phase_ms": 600_000 })).await;
    parent.json_ok("sagemaker", "CreateTrainingJob", job("early", &role)).await;
    parent.json_ok("sagemaker", "StopTrainingJob", json!({ "TrainingJobName": "early" })).await;
    assert_eq!(ended(&parent, "early").await["TrainingJobStatus"], "Stopped");
}

#[tokio::test]
async fn a_job_begins_again_after_a_restart() {
    let (lab, parent, role) = lab().await;
    lab.settings(json!({ "training_phase_ms": 600_000 })).await;
    parent.json_ok("sagemaker", "CreateTrainingJob", job("again", &role)).await;
    let Lab { sandbox, dir } = lab;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(crate::support::config(dir.path())).await.unwrap();
    let lab = Lab { sandbox, dir };
    let parent = lab.client("parent");
    let done = ended(&parent, "again").await;
    assert_eq!(done["TrainingJobStatus"], "Completed", "{done}");
    let way = done["SecondaryStatusTransitions"].as_array().unwrap();
    assert!(way.iter().any(|step| step["Status"] == "Restarting"), "{way:?}");
}

#[tokio::test]
async fn each_round_is_in_the_log_and_each_step_an_event() {
    let (_lab, parent, role) = lab().await;
    let group = "/aws/events/training";
    parent.json_ok("logs", "CreateLogGroup", json!({ "logGroupName": group })).await;
    let pattern = json!({ "source": ["aws.sagemaker"], "detail": { "TrainingJobStatus": ["Completed"] } });
    let rule = json!({ "Name": "trained", "EventPattern": pattern.to_string() });
    parent.json_ok("events", "PutRule", rule).await;
    let arn = format!("arn:aws:logs:eu-west-1:{PARENT}:log-group:{group}");
    let targets = json!({ "Rule": "trained", "Targets": [{ "Id": "1", "Arn": arn }] });
    parent.json_ok("events", "PutTargets", targets).await;
    trained(&parent, job("told", &role)).await;
    let found =
        parent.json_ok("logs", "FilterLogEvents", json!({ "logGroupName": "/aws/sagemaker/TrainingJobs" })).await;
    let events = found["events"].as_array().unwrap();
    let stream = events[0]["logStreamName"].as_str().unwrap();
    assert!(stream.starts_with("told/algo-1-"), "{stream}");
    let lines: Vec<&str> = events.iter().map(|event| event["message"].as_str().unwrap()).collect();
    let rounds = lines.iter().filter(|line| line.contains("#011train-rmse:") && line.contains("#011validation-rmse:"));
    assert_eq!(rounds.count(), 30, "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with(":INFO] Train matrix has 200 rows and 2 columns")), "{lines:?}");
    let arrived = async {
        loop {
            let answer = parent.json("logs", "FilterLogEvents", json!({ "logGroupName": group })).await;
            if let Some(event) = answer.json()["events"].as_array().and_then(|events| events.first().cloned()) {
                return event;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let event = tokio::time::timeout(Duration::from_secs(30), arrived).await.expect("it comes");
    let event: Value = serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
    assert_eq!(event["detail-type"], "SageMaker Training Job State Change");
    assert_eq!(
        (&event["detail"]["TrainingJobName"], &event["detail"]["SecondaryStatus"]),
        (&json!("told"), &json!("Completed"))
    );
    assert!(event["detail"]["CreationTime"].is_i64());
}

#[tokio::test]
async fn keys_are_asked_for_where_data_is_read_and_models_are_written() {
    let (_lab, parent, role) = lab().await;
    let key = parent.json_ok("kms", "CreateKey", json!({})).await["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let sealed = [("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", &key)];
    let path = format!("/{BUCKET}/data/sealed/train.csv");
    let put = parent.send(parent.signed("s3", Method::PUT, &path, &sealed, rows(100, 1).into())).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let request = |name: &str, role: &str| {
        let mut request = job(name, role);
        request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] =
            format!("s3://{BUCKET}/data/sealed/").into();
        request["OutputDataConfig"]["KmsKeyId"] = key.as_str().into();
        request
    };
    let all = allowing("*", "*");
    let unreading = parent.new_role("unreading", TRUST, &[&all, &denying("kms:Decrypt", "*")]).await;
    let denied = trained(&parent, request("unreading", &unreading)).await;
    failed(&denied, "ClientError: Data download failed:AccessDenied (403): ");
    failed(&denied, "kms:Decrypt");
    let unwriting = parent.new_role("unwriting", TRUST, &[&all, &denying("kms:GenerateDataKey", "*")]).await;
    let denied = trained(&parent, request("unwriting", &unwriting)).await;
    failed(&denied, "ClientError: Artifact upload failed:AccessDenied (403): ");
    failed(&denied, "kms:GenerateDataKey");
    let done = trained(&parent, request("sealed", &role)).await;
    assert_eq!(done["TrainingJobStatus"], "Completed", "{done}");
    let place = format!("/{BUCKET}/models/sealed/output/model.tar.gz");
    let head = parent.send(parent.signed("s3", Method::HEAD, &place, &[], "".into())).await;
    assert_eq!(head.header("x-amz-server-side-encryption-aws-kms-key-id"), key);
    // A model's role needs the key, too.
    version(&parent, "unreading", artifact("sealed"), &unreading).await;
    let endpoint = settled(&parent, "CreateEndpoint", "unreading", Value::Null).await;
    assert_eq!(endpoint["EndpointStatus"], "Failed", "{endpoint}");
    parent.json_ok("sagemaker", "DeleteEndpoint", json!({ "EndpointName": "Own" })).await;
    version(&parent, "reading", artifact("sealed"), &role).await;
    assert_eq!(settled(&parent, "CreateEndpoint", "reading", Value::Null).await["EndpointStatus"], "InService");
}
