//! Server functions: activity.
