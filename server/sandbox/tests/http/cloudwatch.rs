//! CloudWatch: metrics and alarms.
