//! Server functions: shell.
