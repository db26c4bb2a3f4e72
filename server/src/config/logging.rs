//! What is logged, and how.

use crate::cli::LogFormat;
use crate::failure::StartError;
use tracing_subscriber::EnvFilter;

/// Which lines are logged: a level, or `target=level,…`.
const VARIABLE: &str = "SAGEBRIDGE_LOG";
// S3 of the sandbox is told of by the sandbox itself: the crate logs every refusal as an error.
const DEFAULT: &str = "info,s3s=off";

/// What is logged, and how. Always to standard error: standard output belongs to the printed addresses.
#[derive(Debug)]
pub struct LoggingConfig {
    /// A line for people or a JSON object.
    pub format: LogFormat,
    /// Which lines; `SAGEBRIDGE_LOG`.
    pub filter: EnvFilter,
}

impl LoggingConfig {
    /// With the filter from the environment.
    pub fn new(format: LogFormat) -> Result<Self, StartError> {
        let directives = std::env::var(VARIABLE).ok().filter(|v| !v.trim().is_empty());
        let directives = directives.as_deref().unwrap_or(DEFAULT);
        let filter = EnvFilter::try_new(directives)
            .map_err(|error| StartError::LogFilter(crate::failure::in_one_line(&error)))?;
        Ok(Self { format, filter })
    }
}
