//! CloudWatch Logs: groups, streams and what was written to them.
