//! What Step Functions, SageMaker's training jobs, CloudWatch Logs and Service Quotas answer.

use crate::canned::{Canned, Received, Reply, ireland, json, json_error, parent};
use domain::time::Timestamp;
use serde_json::json;
use services::ports::gateway::{GatewayErrorKind, LogLine, LogSlice};

const EXECUTION: &str = "arn:aws:states:eu-west-1:222222222222:execution:churn-training:0f8f";

#[tokio::test]
async fn an_execution_of_the_state_machine_is_read_with_why_it_failed() {
    let canned = Canned::start(|_| {
        let body = json!({
            "executionArn": EXECUTION, "stateMachineArn": "arn:aws:states:…", "name": "0f8f", "status": "FAILED",
            "startDate": 1.5, "stopDate": 9.5, "error": "SageMaker.AmazonSageMakerException", "cause": "no instances",
        });
        json(200, &body.to_string())
    })
    .await;
    let training = canned.pipeline().await.training;
    let read = training.machine_execution(&parent(), &ireland(), EXECUTION).await.unwrap().unwrap();
    assert_eq!((read.arn.as_str(), read.status.as_str()), (EXECUTION, "FAILED"));
    assert_eq!((read.started, read.stopped), (Timestamp(1500), Some(Timestamp(9500))));
    assert_eq!(read.error.as_deref(), Some("SageMaker.AmazonSageMakerException"));
    assert_eq!(read.cause.as_deref(), Some("no instances"));
    assert_eq!(canned.requests()[0].json(), json!({ "executionArn": EXECUTION }));
}

#[tokio::test]
async fn what_is_missing_is_no_error_to_look_for() {
    let canned = Canned::start(|request| match request.operation().as_str() {
        "DescribeExecution" => json_error(400, "ExecutionDoesNotExist", "Execution Does Not Exist"),
        "DescribeTrainingJob" => json_error(400, "ValidationException", "Requested resource not found."),
        _ => json_error(400, "ResourceNotFoundException", "The specified log group does not exist."),
    })
    .await;
    let training = canned.pipeline().await.training;
    assert_eq!(training.machine_execution(&parent(), &ireland(), EXECUTION).await.unwrap(), None);
    assert_eq!(training.training_job(&parent(), &ireland(), "churn-0f8f").await.unwrap(), None);
    let lines = training.log_lines(&parent(), &ireland(), LogSlice::default(), None).await.unwrap();
    assert_eq!((lines.items, lines.next), (vec![], None));
}

#[tokio::test]
async fn a_training_job_is_read_with_its_metrics_and_channels() {
    let canned = Canned::start(|_| {
        let body = json!({
            "TrainingJobName": "churn-0f8f", "TrainingJobArn": "arn:aws:sagemaker:…",
            "ModelArtifacts": { "S3ModelArtifacts": "s3://churn/models/churn-0f8f/output/model.tar.gz" },
            "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed",
            "HyperParameters": { "eta": "0.1" },
            "AlgorithmSpecification": { "TrainingImage": "xgboost:1.7-1", "TrainingInputMode": "File" },
            "InputDataConfig": [{ "ChannelName": "train", "DataSource": { "S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://churn/data/train/" } } }],
            "ResourceConfig": { "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10 },
            "CreationTime": 1.5, "TrainingEndTime": 9.5, "BillableTimeInSeconds": 7,
            "FinalMetricDataList": [{ "MetricName": "validation:auc", "Value": 0.912_345, "Timestamp": 9 }],
        });
        json(200, &body.to_string())
    })
    .await;
    let job =
        canned.pipeline().await.training.training_job(&parent(), &ireland(), "churn-0f8f").await.unwrap().unwrap();
    assert_eq!((job.name.as_str(), job.status.as_str()), ("churn-0f8f", "Completed"));
    assert_eq!((job.metrics["validation:auc"], job.billable_seconds), (0.912_345, Some(7)));
    assert_eq!((job.channels["train"].as_str(), job.instance_type.as_str()), ("s3://churn/data/train/", "ml.m5.large"));
    assert!(job.artifact.unwrap().ends_with("model.tar.gz"));
}

#[tokio::test]
async fn lines_of_a_log_come_in_pages_of_streams_that_begin_so() {
    let canned = Canned::start(|_| {
        let body = json!({
            "events": [
                { "logStreamName": "churn-0f8f/algo-1", "timestamp": 1500, "message": "[0] train-auc:0.8", "eventId": "1" },
                { "logStreamName": "churn-0f8f/algo-1", "timestamp": 1600, "message": "[1] train-auc:0.9\n", "eventId": "2" },
            ],
            "nextToken": "more",
        });
        json(200, &body.to_string())
    })
    .await;
    let training = canned.pipeline().await.training;
    let group = "/aws/sagemaker/TrainingJobs";
    let (since, until) = (Some(Timestamp(1000)), Some(Timestamp(2000)));
    let slice = LogSlice { group, stream: Some("churn-0f8f/"), since, until };
    let page = training.log_lines(&parent(), &ireland(), slice, Some("here")).await.unwrap();
    let expected = [
        LogLine { at: Timestamp(1500), text: "[0] train-auc:0.8".into() },
        LogLine { at: Timestamp(1600), text: "[1] train-auc:0.9".into() },
    ];
    assert_eq!((page.items, page.next.as_deref()), (expected.to_vec(), Some("more")));
    let sent = json!({
        "logGroupName": group, "logStreamNamePrefix": "churn-0f8f/", "nextToken": "here", "limit": 1000,
        "startTime": 1000, "endTime": 2000,
    });
    assert_eq!(canned.requests()[0].json(), sent);
}

fn quotas(request: &Received) -> Reply {
    let quota = |name: &str, value: f64| json!({ "ServiceCode": "sagemaker", "QuotaName": name, "Value": value });
    let body = match request.json().get("NextToken") {
        None => json!({ "Quotas": [quota("ml.m5.large for training job usage", 0.0)], "NextToken": "more" }),
        Some(_) => json!({ "Quotas": [quota("ml.m5.large for endpoint usage", 4.0)] }),
    };
    json(200, &body.to_string())
}

#[tokio::test]
async fn a_quota_is_found_by_its_name_on_whatever_page_it_is() {
    let canned = Canned::start(quotas).await;
    let training = canned.pipeline().await.training;
    let quota = async |name: &str| training.quota(&parent(), &ireland(), name).await.unwrap();
    assert_eq!(quota("ml.m5.large for training job usage").await, Some(0.0));
    assert_eq!(canned.requests().len(), 1, "what is found needs no further page");
    assert_eq!(quota("ml.m5.large for endpoint usage").await, Some(4.0));
    assert_eq!(quota("ml.p5.48xlarge for endpoint usage").await, None);
    assert_eq!(canned.requests()[0].json()["ServiceCode"], "sagemaker");
}

#[tokio::test]
async fn where_nobody_tells_quotas_none_is_known_and_a_denial_is_told() {
    for (status, code) in
        [(404, "UnknownOperationException"), (400, "NoSuchResourceException"), (500, "ServiceException")]
    {
        let canned = Canned::start(move |_| json_error(status, code, "no")).await;
        let quota = canned.pipeline().await.training.quota(&parent(), &ireland(), "any").await;
        assert_eq!(quota.unwrap(), None, "{code}");
    }
    let canned = Canned::start(|_| json_error(400, "AccessDeniedException", "no")).await;
    let denied = canned.pipeline().await.training.quota(&parent(), &ireland(), "any").await.unwrap_err();
    assert_eq!(
        (denied.kind, denied.action().as_str()),
        (GatewayErrorKind::AccessDenied, "servicequotas:ListServiceQuotas")
    );
}
