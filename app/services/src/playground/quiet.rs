//! A call without a line of its own in the audit trail and the history, for whoever makes many and writes one line about all of them.

use super::answers::PageBody;
use super::{Call, request};
use crate::{Operator, ServiceResult, Services};
use domain::invoke::{InvokeOutcome, InvokeParams};
use domain::share::intent::InvokeAction;

impl Services {
    /// Invokes an endpoint the way [`Services::invoke`] does: with the same checks and the same cached credentials.
    pub(crate) async fn invoke_quietly(
        &self,
        operator: &Operator,
        params: InvokeParams,
    ) -> ServiceResult<InvokeOutcome> {
        let route = self.route(&params, InvokeAction::Invoke).await?;
        let call = Call { operator, route: &route, action: InvokeAction::Invoke, request: request(params)? };
        Ok(self.in_real_time(&call, |_, body| PageBody::whole(body)).await)
    }
}
