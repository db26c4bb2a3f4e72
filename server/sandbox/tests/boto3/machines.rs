//! Step Functions, by the real boto3.
