//! How much of anything there may be: AWS's quotas where AWS has one, ours where a hostile definition could otherwise
//! take all memory or time.
//!
//! Source: Step Functions developer guide, "Service quotas".

/// Characters in a state's name.
pub const NAME_CHARS: usize = 80;
/// Bytes of a definition.
pub const DEFINITION_BYTES: usize = 1_048_576;
/// Bytes of JSON that go into a state or come out of it: 256 KiB.
pub const DATA_BYTES: usize = 262_144;
/// Events in an execution's history; the last one is the end of the execution.
pub const HISTORY_EVENTS: u64 = 25_000;
/// The largest number of seconds in any field.
pub const SECONDS: u64 = 99_999_999;
/// Iterations of an inline map that run at the same time.
pub const INLINE_CONCURRENCY: usize = 40;
/// Calls within calls of an intrinsic function.
pub const INTRINSIC_NESTING: usize = 10;
/// Elements that `States.ArrayRange` makes.
pub const RANGE_ELEMENTS: usize = 1_000;
/// Characters that are encoded, decoded or hashed by an intrinsic function.
pub const CODED_CHARS: usize = 10_000;
/// Characters of an error's name.
pub const ERROR_CHARS: usize = 256;
/// Characters of a cause.
pub const CAUSE_CHARS: usize = 32_768;

/// Arrays and objects within each other, in data. Ours: below what the parser of JSON takes (128), so that whatever
/// was written can be read again.
pub const DATA_DEPTH: usize = 100;
/// Bytes that the paths and functions of one state may touch while its data are worked out. Ours.
pub const EVALUATION_BYTES: usize = 16 * DATA_BYTES;
/// States that one turn of an execution enters or begins before it hands control back to its host. Ours.
pub const STATES_A_TURN: usize = 500;
/// Bytes that a turn's evaluations touch before it hands control back. Ours.
pub const TURN_BYTES: usize = 4 * EVALUATION_BYTES;
/// Bytes of inputs and outputs that a history holds; events after that have none and are marked truncated. Ours.
pub const HISTORY_BYTES: usize = 64 * 1024 * 1024;
/// Characters of a path. Ours.
pub const PATH_CHARS: usize = 1_024;
