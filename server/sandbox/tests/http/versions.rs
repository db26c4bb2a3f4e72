//! S3: versions, encryption and the settings of buckets.
