//! KMS, and S3's versions and encryption, by the real boto3.
