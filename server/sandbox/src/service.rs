//! The services the sandbox has, and how a request finds its own.
//!
//! To add an operation, add a row to its service's `OPERATIONS`. To add a service, add a [`Service`] to [`SERVICES`].

use crate::app::App;
use crate::call::Operation;
use crate::error::{Failure, Family};
use crate::{
    cloudformation, cloudwatch, codecommit, codepipeline, events, iam, kms, lambda, logs, organizations, quotas,
    runtime, s3, sagemaker, stepfunctions, sts,
};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A service.
pub struct Service {
    /// Its name in counters, faults and IAM actions.
    pub name: &'static str,
    /// The name in credential scopes.
    pub signs_as: &'static str,
    /// How it speaks.
    pub protocol: Protocol,
    /// What it can do.
    pub operations: &'static [Operation],
}

/// An operation with the members of its input that method, path and query carry.
pub type Routed = (&'static str, Map<String, Value>);

/// How a service speaks.
pub enum Protocol {
    /// awsQuery.
    Query {
        /// The XML namespace.
        namespace: &'static str,
    },
    /// awsJson.
    Json {
        /// The prefix of `X-Amz-Target`.
        target: &'static str,
        /// `1.0` or `1.1`.
        version: &'static str,
    },
    /// restJson1.
    Rest {
        /// What a method and path mean.
        route: fn(&Method, &Uri) -> Option<Routed>,
    },
}

/// All services whose operations are declared in tables. InvokeEndpoint and Invoke are not: they are asynchronous and
/// have a binary body, see [`crate::runtime`] and [`crate::lambda::invoke`]; nor is S3, whose bodies are streams, see
/// [`crate::s3`].
pub const SERVICES: &[Service] = &[
    Service {
        name: "sts",
        signs_as: "sts",
        protocol: Protocol::Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
        operations: sts::OPERATIONS,
    },
    Service {
        name: "iam",
        signs_as: "iam",
        protocol: Protocol::Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
        operations: iam::OPERATIONS,
    },
    Service {
        name: "sagemaker",
        signs_as: "sagemaker",
        protocol: Protocol::Json { target: "SageMaker", version: "1.1" },
        operations: sagemaker::OPERATIONS,
    },
    Service {
        name: "organizations",
        signs_as: "organizations",
        protocol: Protocol::Json { target: "AWSOrganizationsV20161128", version: "1.1" },
        operations: organizations::OPERATIONS,
    },
    Service {
        name: "lambda",
        signs_as: "lambda",
        protocol: Protocol::Rest { route: lambda::route },
        operations: lambda::OPERATIONS,
    },
    Service {
        name: "kms",
        signs_as: "kms",
        protocol: Protocol::Json { target: "TrentService", version: "1.1" },
        operations: kms::OPERATIONS,
    },
    Service {
        name: "codecommit",
        signs_as: "codecommit",
        protocol: Protocol::Json { target: "CodeCommit_20150413", version: "1.1" },
        operations: codecommit::OPERATIONS,
    },
    Service {
        name: "events",
        signs_as: "events",
        protocol: Protocol::Json { target: "AWSEvents", version: "1.1" },
        operations: events::OPERATIONS,
    },
    Service {
        name: "logs",
        signs_as: "logs",
        protocol: Protocol::Json { target: "Logs_20140328", version: "1.1" },
        operations: logs::OPERATIONS,
    },
    Service {
        name: "cloudwatch",
        signs_as: "monitoring",
        protocol: Protocol::Json { target: "GraniteServiceVersion20100801", version: "1.0" },
        operations: cloudwatch::OPERATIONS,
    },
    Service {
        name: "states",
        signs_as: "states",
        protocol: Protocol::Json { target: "AWSStepFunctions", version: "1.0" },
        operations: stepfunctions::OPERATIONS,
    },
    Service {
        name: "cloudformation",
        signs_as: "cloudformation",
        protocol: Protocol::Query { namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/" },
        operations: cloudformation::OPERATIONS,
    },
    Service {
        name: "codepipeline",
        signs_as: "codepipeline",
        protocol: Protocol::Json { target: "CodePipeline_20150709", version: "1.1" },
        operations: codepipeline::OPERATIONS,
    },
    Service {
        name: "servicequotas",
        signs_as: "servicequotas",
        protocol: Protocol::Json { target: "ServiceQuotasV20190624", version: "1.1" },
        operations: quotas::OPERATIONS,
    },
];

/// Takes up what was under way when the sandbox stopped.
pub fn resume(app: &Arc<App>) {
    for resume in
        [sagemaker::resume, cloudwatch::resume, stepfunctions::resume, cloudformation::resume, codepipeline::resume]
    {
        resume(app);
    }
}

/// The service of this name.
pub fn named(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

/// The names of all services, for messages.
fn names() -> String {
    let mut names: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
    names.push("s3");
    names.join(", ")
}

impl Service {
    /// Whether it has one place for all regions, `us-east-1`.
    pub fn is_global(&self) -> bool {
        ["iam", "organizations"].contains(&self.name)
    }
    /// The family of its protocol.
    pub fn family(&self) -> Family {
        match self.protocol {
            Protocol::Query { .. } => Family::Query,
            Protocol::Json { .. } => Family::Json,
            Protocol::Rest { .. } => Family::Rest,
        }
    }
    /// The XML namespace, for query services.
    pub fn namespace(&self) -> &'static str {
        match self.protocol {
            Protocol::Query { namespace } => namespace,
            Protocol::Json { .. } | Protocol::Rest { .. } => "",
        }
    }
    /// The operation called so.
    pub fn operation(&self, name: &str) -> Result<&'static Operation, Failure> {
        self.operations.iter().find(|operation| operation.name == name).ok_or_else(|| match self.protocol {
            Protocol::Query { .. } => {
                Failure::new(400, "InvalidAction", format!("Could not find operation {name} for this version."))
            }
            Protocol::Json { .. } | Protocol::Rest { .. } => {
                Failure::new(400, "UnknownOperationException", format!("The operation {name} is not known."))
            }
        })
    }
}

/// Where a request goes.
pub enum Route {
    /// To a service with a table of operations.
    Table(&'static Service),
    /// To SageMaker Runtime.
    Runtime,
    /// To Lambda's Invoke.
    Invoke,
}

impl Route {
    /// The family its errors take.
    pub fn family(&self) -> Family {
        match self {
            Self::Table(service) => service.family(),
            Self::Runtime | Self::Invoke => Family::Rest,
        }
    }
    /// The version of awsJson that it speaks, if it does.
    pub fn json_version(&self) -> Option<&'static str> {
        match self {
            Self::Table(Service { protocol: Protocol::Json { version, .. }, .. }) => Some(version),
            _ => None,
        }
    }
    /// Whether it spoke awsQuery once: clients then read the old error codes in a header.
    pub fn is_query_compatible(&self) -> bool {
        matches!(self, Self::Table(service) if service.name == "cloudwatch")
    }
    /// The XML namespace of its errors.
    pub fn namespace(&self) -> &'static str {
        match self {
            Self::Table(service) => service.namespace(),
            Self::Runtime | Self::Invoke => "",
        }
    }
}

/// The family that a request looks like, for errors before its service is known.
pub fn family_of(parts: &Parts) -> Family {
    if target(&parts.headers).is_some() {
        Family::Json
    } else if parts.uri.path() == "/" {
        Family::Query
    } else {
        Family::Rest
    }
}

/// `X-Amz-Target`.
pub fn target(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()
}

/// Finds the service by the credential scope and, where two sign alike, by target or path.
pub fn route(signs_as: &str, parts: &Parts) -> Result<Route, Failure> {
    let prefix = target(&parts.headers).map(|target| target.split('.').next().unwrap_or_default());
    let fits = |service: &&Service| {
        service.signs_as == signs_as
            && match service.protocol {
                Protocol::Query { .. } => prefix.is_none(),
                Protocol::Json { target, .. } => prefix == Some(target),
                Protocol::Rest { .. } => prefix.is_none(),
            }
    };
    if signs_as == "lambda" && lambda::invoke::is_invocation(parts) {
        return Ok(Route::Invoke);
    }
    if let Some(service) = SERVICES.iter().find(fits) {
        return Ok(Route::Table(service));
    }
    if signs_as == "sagemaker" && prefix.is_none() && parts.uri.path().starts_with("/endpoints/") {
        return Ok(Route::Runtime);
    }
    let known = names();
    Err(Failure::new(
        400,
        "UnknownOperationException",
        format!("the sandbox has no operation for a request signed for `{signs_as}`; it speaks {known}"),
    ))
}

/// What is wrong with the names in a fault rule, if anything: a switch for a misspelt operation would do nothing.
pub fn unknown_names(service: &str, operation: &str) -> Option<String> {
    let apart = [("runtime", runtime::operations()), ("lambda", vec!["Invoke"]), ("s3", s3::operations())];
    let tables = SERVICES.iter().map(|s| (s.name, s.operations.iter().map(|o| o.name).collect::<Vec<_>>()));
    let all: Vec<(&str, Vec<&str>)> = tables.chain(apart).collect();
    let fits = |pattern: &str, name: &str| pattern == "*" || pattern.eq_ignore_ascii_case(name);
    if !all.iter().any(|(name, _)| fits(service, name)) {
        return Some(format!("`{service}` is not a service of the sandbox: {}, runtime or *", names()));
    }
    let known = all.iter().filter(|(name, _)| fits(service, name)).flat_map(|(_, names)| names);
    let found = operation == "*" || known.into_iter().any(|name| fits(operation, name));
    (!found).then(|| format!("`{operation}` is not an operation of `{service}` in the sandbox"))
}
