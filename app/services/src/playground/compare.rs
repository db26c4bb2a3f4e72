//! Two requests at the same time, and what differs in their answers.

use crate::{Operator, ServiceResult, Services};
use domain::invoke::compare::{Difference, compare};
use domain::invoke::{InvokeAnswer, InvokeOutcome, InvokeParams};

/// What two requests came to. One side's failure takes nothing from the other.
#[derive(Debug)]
pub struct Comparison {
    /// The first one's outcome, or why it was not sent.
    pub left: ServiceResult<InvokeOutcome>,
    /// The second one's.
    pub right: ServiceResult<InvokeOutcome>,
    /// What differs; `None` where a side gave no answer.
    pub difference: Option<Difference>,
}

impl Services {
    /// Sends two requests at the same time, so that neither finds the endpoint warmed up by the other. Each is in the audit
    /// trail as any call is.
    pub async fn compare(&self, operator: &Operator, left: InvokeParams, right: InvokeParams) -> Comparison {
        let (left, right) = tokio::join!(self.invoke(operator, left), self.invoke(operator, right));
        let difference = answer(&left).zip(answer(&right)).map(|(left, right)| compare(left, right));
        Comparison { left, right, difference }
    }
}

fn answer(side: &ServiceResult<InvokeOutcome>) -> Option<&InvokeAnswer> {
    side.as_ref().ok()?.result.as_ref().ok()
}
