//! CodeCommit and EventBridge, by the real boto3.
