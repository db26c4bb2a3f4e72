//! The Amazon States Language: what a state machine's definition says, whether it is one, and what its executions do.
//!
//! [`StateMachine::parse`] reads a definition and tells everything that is wrong with it in AWS's words.
//! [`Execution`] runs one: a host tells it what happened ([`Signal`]) and when, and is told what to do ([`Effect`]):
//! begin a task, forget one, come back at a time. It has no clock, randomness, network or threads of its own, so the
//! same signals give the same history, and it can be stored at any moment and go on.
//!
//! It does no task itself, knows no permissions and no service: what a resource's ARN stands for is the host's matter.
//! The query language is JSONPath only; a definition in JSONata is refused, and so are variables (`Assign`) and maps
//! in distributed mode, each with a diagnostic that says so.
//!
//! Sources: the specification of the language (states-language.net), the developer guide of Step Functions, its API
//! reference. Where the service was seen to do other than the specification says, it is followed, and the place says so.

mod choice;
mod context;
mod data;
mod definition;
mod diagnostic;
mod execution;
mod failure;
mod flow;
mod history;
mod intrinsic;
pub mod limits;
mod matching;
mod path;
mod random;
mod resource;
mod substitution;
mod template;
mod time;

pub use definition::{StateMachine, StateMachineType};
pub use diagnostic::{Code, Diagnostic, InvalidDefinition, Severity};
pub use execution::{
    Effect, Execution, ExecutionStatus, Identity, Outcome, Signal, SignalError, StartError, TaskRequest,
};
pub use failure::{Failure, names};
pub use history::{Details, EventType, HistoryEvent, TaskCredentials};
pub use resource::{Pattern, Resource};
pub use substitution::{SubstitutionError, substitute};
