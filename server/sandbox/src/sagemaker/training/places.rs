//! What a training job reads from and writes to other services, with the permissions of its role.

use super::model::TrainingJob;
use crate::acting::Acting;
use crate::app::App;
use crate::logs;
use crate::s3::{self, Asked};
use boosting::DataFile;
use bytes::Bytes;
use domain::s3::Location;
use domain::time::Timestamp;
use s3s::S3Error;
use serde_json::{Value, json};

/// The log group of all training jobs.
pub const LOG_GROUP: &str = "/aws/sagemaker/TrainingJobs";
/// The namespace of their metrics.
const NAMESPACE: &str = "/aws/sagemaker/TrainingJobs";
/// How much a job reads at most: it is kept in memory.
const LARGEST_INPUT: u64 = 1 << 30;
/// What one PutMetricData takes.
const METRICS_AT_ONCE: usize = 1000;

/// A channel with its files.
pub struct Downloaded {
    name: String,
    content_type: Option<String>,
    files: Vec<(String, Bytes)>,
}

impl Downloaded {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// As the container finds it.
    pub fn channel(&self) -> boosting::Channel<'_> {
        let file =
            |(name, bytes): &'_ (String, Bytes)| DataFile::new(name.clone(), std::io::Cursor::new(bytes.clone()));
        boosting::Channel { content_type: self.content_type.clone(), files: self.files.iter().map(file).collect() }
    }
}

/// Why S3 refused, as SageMaker repeats it.
fn said(error: &S3Error) -> String {
    let status = error.status_code().map_or(400, |status| status.as_u16());
    format!("{} ({status}): {}", error.code().as_str(), error.message().unwrap_or_default())
}

/// Reads all channels of a job, or gives its `FailureReason`.
pub async fn download(app: &App, acting: &Acting, job: &TrainingJob) -> Result<Vec<Downloaded>, String> {
    let mut channels = Vec::new();
    let mut room = LARGEST_INPUT;
    for channel in job.request.get("InputDataConfig").and_then(Value::as_array).into_iter().flatten() {
        channels.push(one(app, acting, job, channel, &mut room).await?);
    }
    Ok(channels)
}

async fn one(
    app: &App,
    acting: &Acting,
    job: &TrainingJob,
    channel: &Value,
    room: &mut u64,
) -> Result<Downloaded, String> {
    let text = |pointer: &str| channel.pointer(pointer).and_then(Value::as_str);
    let uri = text("/DataSource/S3DataSource/S3Uri").unwrap_or_default();
    let name = text("/ChannelName").unwrap_or_default().to_owned();
    let failed = |what: String| format!("ClientError: Data download failed:{what}");
    let Some(Location { bucket, key: prefix }) = Location::parse(uri) else {
        return Err(failed(format!("{uri} is not a place in S3")));
    };
    let call = acting.call(app);
    let listed = s3::list(&call, &bucket, &prefix).await.map_err(|error| failed(said(&error)))?;
    // What consoles make to show an empty folder is no data.
    let found: Vec<_> = listed.into_iter().filter(|listed| !listed.key.ends_with('/')).collect();
    if found.is_empty() {
        return Err(failed(format!(
            "No S3 objects found under S3 URL \"{uri}\" given in input data source. Please ensure that the bucket exists \
             in the selected region ({}), that objects exist under that S3 prefix, and that the role \"{}\" has \
             \"s3:ListBucket\" permissions on bucket \"{bucket}\".",
            call.region,
            job.text("/RoleArn").unwrap_or_default()
        )));
    }
    // Files are called by what their keys have after the prefix's folder.
    let folder = prefix.rfind('/').map_or(0, |at| at + 1);
    let mut files = Vec::new();
    for listed in found {
        if listed.size > *room {
            return Err(failed(format!("the sandbox trains on {} MB at most", LARGEST_INPUT >> 20)));
        }
        let bytes = s3::get(&call, &bucket, &listed.key, *room).await.map_err(|error| failed(said(&error)))?;
        *room -= bytes.len() as u64;
        let path = format!("/opt/ml/input/data/{name}/{}", listed.key.get(folder..).unwrap_or(&listed.key));
        files.push((path, bytes));
    }
    Ok(Downloaded { name, content_type: text("/ContentType").map(str::to_owned), files })
}

/// Writes a job's model, or gives its `FailureReason`.
pub async fn upload(app: &App, acting: &Acting, job: &TrainingJob, archive: Vec<u8>) -> Result<(), String> {
    let failed = |what: String| format!("ClientError: Artifact upload failed:{what}");
    let place = job.output().ok_or_else(|| failed("there is no S3OutputPath".to_owned()))?;
    let kms_key = job.text("/OutputDataConfig/KmsKeyId").filter(|key| !key.is_empty()).map(str::to_owned);
    let asked = Asked { content_type: "application/x-gzip".to_owned(), kms_key };
    let call = acting.call(app);
    let put = s3::put_with(&call, &place.bucket, &place.key, archive.into(), &asked).await;
    put.map(|_| ()).map_err(|error| failed(said(&error)))
}

/// Writes lines to a job's log. A role that may not write logs trains all the same, and nobody sees it.
pub async fn log(app: &App, acting: &Acting, stream: &str, lines: &[(Timestamp, String)]) {
    if let Err(failure) = logs::deliver(acting, app, LOG_GROUP, stream, lines).await {
        tracing::debug!(stream, failure = failure.message, "a training job's log is not written");
    }
}

/// Counts a job's metrics in CloudWatch: the values of every round, as they were measured.
pub async fn measured(app: &App, acting: &Acting, job: &TrainingJob, values: &[(Timestamp, boosting::MetricValue)]) {
    let dimensions = json!([{ "Name": "Host", "Value": format!("{}/algo-1", job.name) }]);
    let finite = values.iter().filter(|(_, metric)| metric.value.is_finite());
    let data: Vec<Value> = finite
        .map(|(at, metric)| {
            json!({
                "MetricName": metric.name, "Value": metric.value, "Timestamp": crate::clock::epoch_seconds(*at),
                "Dimensions": dimensions,
            })
        })
        .collect();
    for data in data.chunks(METRICS_AT_ONCE) {
        let input = json!({ "Namespace": NAMESPACE, "MetricData": data });
        if let Err(failure) = acting.json(app, "cloudwatch", "PutMetricData", input).await {
            tracing::debug!(job = job.name, failure = failure.message, "a training job's metrics are not counted");
            return;
        }
    }
}
