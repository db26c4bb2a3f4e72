//! The services the sandbox has, and how a request finds its own.
//!
//! To add an operation, add a row to its service's `OPERATIONS`. To add a service, add a [`Service`] to [`SERVICES`].

use crate::call::Operation;
use crate::error::{Failure, Family};
use crate::{iam, lambda, organizations, runtime, s3, sagemaker, sts};
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use serde_json::{Map, Value};

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
    /// awsJson 1.1.
    Json {
        /// The prefix of `X-Amz-Target`.
        target: &'static str,
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
        protocol: Protocol::Json { target: "SageMaker" },
        operations: sagemaker::OPERATIONS,
    },
    Service {
        name: "organizations",
        signs_as: "organizations",
        protocol: Protocol::Json { target: "AWSOrganizationsV20161128" },
        operations: organizations::OPERATIONS,
    },
    Service {
        name: "lambda",
        signs_as: "lambda",
        protocol: Protocol::Rest { route: lambda::route },
        operations: lambda::OPERATIONS,
    },
];

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
                Protocol::Json { target } => prefix == Some(target),
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
    let known = "sts, iam, sagemaker, organizations, lambda, s3";
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
        return Some(format!(
            "`{service}` is not a service of the sandbox: sts, iam, sagemaker, organizations, lambda, s3, runtime or *"
        ));
    }
    let known = all.iter().filter(|(name, _)| fits(service, name)).flat_map(|(_, names)| names);
    let found = operation == "*" || known.into_iter().any(|name| fits(operation, name));
    (!found).then(|| format!("`{operation}` is not an operation of `{service}` in the sandbox"))
}
