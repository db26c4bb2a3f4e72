//! Training jobs, logs and metrics, by the real boto3.
