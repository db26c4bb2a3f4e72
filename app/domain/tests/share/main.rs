//! Shares from the outside: plans carried out on a small model of IAM, and what people are shown about them.

#![allow(clippy::unwrap_used, missing_docs)]

mod accept;
mod documents;
mod drift;
mod editing;
mod function;
mod handoff;
mod import;
mod lambda;
mod map;
mod model;
mod plans;
mod programs;
mod properties;
mod review;
mod rotation;
mod teardown;
mod upkeep;
mod wizard;

use domain::arn::CallerArn;
use domain::names::ExternalId;
use domain::share::intent::{CallerScope, EndpointScope, InvokeAction, ParentSide, ShareIntent};

pub const PARENT: &str = "111111111111";
pub const CHILD: &str = "222222222222";

pub fn caller(name: &str) -> CallerArn {
    CallerArn::parse(&format!("arn:aws:iam::{CHILD}:{name}")).unwrap()
}

pub fn endpoint(name: &str) -> domain::endpoint::EndpointArn {
    domain::endpoint::EndpointArn::parse(&format!("arn:aws:sagemaker:eu-west-1:{PARENT}:endpoint/{name}")).unwrap()
}

/// One endpoint, one caller, an external ID: the wizard's defaults.
pub fn intent() -> ShareIntent {
    ShareIntent {
        id: "share-1".parse().unwrap(),
        parent_side: ParentSide::Connected("parent".parse().unwrap()),
        parent: PARENT.parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        endpoints: EndpointScope::Named([endpoint("churn-classifier")].into()),
        child_connection: Some("child".parse().unwrap()),
        child: CHILD.parse().unwrap(),
        callers: CallerScope::Named([caller("role/scoring-lambda")].into()),
        actions: [InvokeAction::Invoke].into(),
        policy_name: "SageMakerExternalInvokeEndpoint".parse().unwrap(),
        role_name: "SageMakerExternal".parse().unwrap(),
        session_seconds: 3600,
        external_id: Some(ExternalId::parse("sagebridge-external-id").unwrap()),
        grant_name: "AllowAssumeSagemakerExternalRole".parse().unwrap(),
        grantees: [caller("role/scoring-lambda")].into(),
        adopt: false,
        adopting: Default::default(),
        accepted: false,
        console: None,
        rotation: None,
        results: [].into(),
    }
}
