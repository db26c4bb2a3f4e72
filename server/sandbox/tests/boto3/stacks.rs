//! CloudFormation, by the real boto3.
