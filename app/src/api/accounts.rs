//! Server functions: accounts.
