//! SageMaker's control plane.
//!
//! One row an operation: its name, what it needs permission on, and the function that does it. Names are unique
//! without regard to case, and ARNs are in lower case; only InvokeEndpoint asks for the name in its own case.

pub mod asynchronous;
mod components;
mod configs;
pub mod deployment;
mod endpoints;
pub mod input;
pub mod model;
mod models;
mod tags;
pub mod training;
pub mod variants;

use crate::app::App;
use crate::call::{Call, Needs, Operation, Target};
use crate::error::Failure;
use std::sync::Arc;

/// Lists can't be restricted to resources.
fn everything(_: &Call<'_>) -> Result<Needs, Failure> {
    Ok(Target::new("*").into())
}

/// Takes up what was under way when the sandbox stopped.
pub fn resume(app: &Arc<App>) {
    deployment::resume(app);
    training::resume(app);
}

/// What SageMaker can do here.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "CreateModel", needs: models::target, run: models::create },
    Operation { name: "DescribeModel", needs: models::target, run: models::describe },
    Operation { name: "ListModels", needs: everything, run: models::list },
    Operation { name: "DeleteModel", needs: models::target, run: models::delete },
    Operation { name: "CreateEndpointConfig", needs: configs::target, run: configs::create },
    Operation { name: "DescribeEndpointConfig", needs: configs::target, run: configs::describe },
    Operation { name: "ListEndpointConfigs", needs: everything, run: configs::list },
    Operation { name: "DeleteEndpointConfig", needs: configs::target, run: configs::delete },
    Operation { name: "CreateEndpoint", needs: endpoints::target_with_config, run: endpoints::create },
    Operation { name: "DescribeEndpoint", needs: endpoints::target, run: endpoints::describe },
    Operation { name: "ListEndpoints", needs: everything, run: endpoints::list },
    Operation { name: "UpdateEndpoint", needs: endpoints::target_with_config, run: endpoints::update },
    Operation { name: "DeleteEndpoint", needs: endpoints::target, run: endpoints::delete },
    Operation { name: "CreateInferenceComponent", needs: components::target_with_endpoint, run: components::create },
    Operation { name: "DescribeInferenceComponent", needs: components::target, run: components::describe },
    Operation { name: "ListInferenceComponents", needs: everything, run: components::list },
    Operation { name: "DeleteInferenceComponent", needs: components::target, run: components::delete },
    Operation { name: "CreateTrainingJob", needs: training::target, run: training::create },
    Operation { name: "DescribeTrainingJob", needs: training::target, run: training::describe },
    Operation { name: "ListTrainingJobs", needs: everything, run: training::list },
    Operation { name: "StopTrainingJob", needs: training::target, run: training::stop },
    Operation { name: "AddTags", needs: tags::target, run: tags::add },
    Operation { name: "ListTags", needs: tags::target, run: tags::list },
    Operation { name: "DeleteTags", needs: tags::target, run: tags::remove },
];
