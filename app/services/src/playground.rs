//! The playground: which endpoints can be called, and calling them.

use crate::{Operator, ServiceResult, Services};
use domain::invoke::{InvokeOutcome, InvokeParams, TargetView};
use domain::names::{EndpointName, ShareId};

impl Services {
    /// Every endpoint of every share, without asking AWS: status and sample are left out.
    pub async fn targets(&self, operator: &Operator) -> ServiceResult<Vec<TargetView>> {
        let _ = operator;
        self.not_yet()
    }

    /// One endpoint, with its status and something to send.
    pub async fn target(
        &self,
        operator: &Operator,
        share: &ShareId,
        endpoint: &EndpointName,
    ) -> ServiceResult<TargetView> {
        let _ = (operator, share, endpoint);
        self.not_yet()
    }

    /// Invokes an endpoint through a share's role. What AWS or the model refuse is an outcome too.
    pub async fn invoke(&self, operator: &Operator, params: InvokeParams) -> ServiceResult<InvokeOutcome> {
        let _ = (operator, params);
        self.not_yet()
    }
}
