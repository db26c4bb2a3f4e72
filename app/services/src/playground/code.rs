//! A request as a program that sends it from somewhere else. Nothing is called, so that a share which this console can't
//! use itself has programs too.

use super::{in_scope, refusal, route};
use crate::{Operator, ServiceError, ServiceResult, Services};
use domain::invoke::code::{CodeCredentials, CodeLanguage, CodeRefusal, CodeView, render};
use domain::invoke::{InvokeParams, Through};
use domain::names::SessionName;
use domain::share::intent::InvokeAction;
use domain::share::view::ShareState;
use domain::wizard::FieldProblem;

/// What CloudTrail shows the sessions of programs as, until who runs one names them otherwise.
const SESSION: &str = "sagebridge-code";

impl Services {
    /// The program that sends exactly this request. `Invalid` where the request could only be refused, or the language has
    /// no way to send it.
    pub async fn code(
        &self,
        _operator: &Operator,
        params: &InvokeParams,
        way: InvokeAction,
        language: CodeLanguage,
    ) -> ServiceResult<CodeView> {
        // Before anything is read: a broken request is broken whatever it goes through.
        params.check(way).map_err(refusal)?;
        let (region, credentials) = match &params.through {
            Through::Direct { connection, region } => {
                self.known_profile(connection).await?;
                (region.clone(), CodeCredentials::Profile(connection.clone()))
            }
            Through::Share(share) => {
                let record = self.share_record(share).await?.value;
                in_scope(&record, &params.endpoint)?;
                if record.state == ShareState::Undone {
                    let hint = "apply it again, or choose another share".into();
                    return Err(ServiceError::Conflict { message: "the share was undone".into(), hint });
                }
                let intent = record.intent;
                route::allowed(&intent, way)?;
                let credentials = CodeCredentials::Role {
                    arn: intent.role_arn(),
                    external_id: self.presented_id(&intent).await,
                    session: SessionName::parse(SESSION).unwrap_or_else(|_| unreachable!("the constant is a name")),
                };
                (intent.region, credentials)
            }
        };
        render(params, way, &region, &credentials, language).map_err(no_code)
    }
}

fn no_code(refused: CodeRefusal) -> ServiceError {
    let (field, hint) = (refused.field().into(), Some(refused.hint().into()));
    ServiceError::Invalid { problems: vec![FieldProblem { field, message: refused.to_string(), hint }] }
}
