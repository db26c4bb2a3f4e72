//! Server functions: playground.
