//! Server functions: shares.
