//! Generated programs before the judges of their languages: cfn-lint, ShellCheck, ruff, Python itself.
//!
//! They come from the packages of requirements.txt, in the Python that SAGEBRIDGE_PYTHON names.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

/// In one module, so that the whole can be left out by its name.
mod with_python;
