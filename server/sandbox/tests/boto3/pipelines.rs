//! CodePipeline, by the real boto3.
