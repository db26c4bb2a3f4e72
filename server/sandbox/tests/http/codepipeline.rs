//! CodePipeline: pipelines and their executions.
