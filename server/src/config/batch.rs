//! How large batches may be, and how hard load checks.

use crate::cli::ServeArgs;
use domain::batch::BatchLimits;
use domain::load::LoadLimits;

/// How large batches may be, and how hard load checks: both make many calls, and calls cost money.
#[derive(Debug, Clone, Default)]
pub struct BatchConfig {
    /// The largest file, the most requests at once, and for how long files are kept.
    pub batch: BatchLimits,
    /// The longest, the most calls at once and a second, and the most calls in all.
    pub load: LoadLimits,
}

impl BatchConfig {
    /// As the command line says.
    pub fn new(args: &ServeArgs) -> Self {
        Self {
            batch: BatchLimits {
                file_bytes: u64::from(args.batch_megabytes) * 1024 * 1024,
                at_once: args.batch_at_once,
                keep_days: u64::from(args.batch_keep_days),
            },
            load: LoadLimits {
                seconds: args.load_seconds,
                at_once: args.load_at_once,
                rate: args.load_rate,
                calls: args.load_calls,
            },
        }
    }
}
