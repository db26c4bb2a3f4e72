//! The choices of a test function, as they are typed.

use super::ExecutionRole;
use crate::arn::{CallerArn, CallerKind};
use crate::names::{EndpointName, FunctionName, NameError, RoleName};
use crate::share::intent::{EndpointScope, ShareIntent};
use crate::share::render::lambda;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// The form: what was typed, valid or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionForm {
    /// The function's name.
    pub name: String,
    /// The endpoint it calls.
    pub endpoint: String,
    /// `new` or `existing`.
    pub role: String,
    /// The new role's name.
    pub role_name: String,
    /// The existing role's ARN.
    pub role_arn: String,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionChoice {
    /// The function's name.
    pub name: FunctionName,
    /// The endpoint it calls.
    pub endpoint: EndpointName,
    /// What it runs as.
    pub role: ExecutionRole,
}

impl FunctionForm {
    /// With what is left empty filled in: the share's own names, its first endpoint, a new role.
    #[must_use]
    pub fn filled(self, intent: &ShareIntent, endpoints: &[EndpointName]) -> Self {
        let or = |typed: String, otherwise: String| if typed.trim().is_empty() { otherwise } else { typed };
        let endpoint = self.endpoint.trim();
        // Of all endpoints the list holds some: any other may be typed.
        let known = endpoints.iter().any(|name| name.as_str() == endpoint)
            || intent.endpoints == EndpointScope::All && !endpoint.is_empty();
        let first = endpoints.first().map(ToString::to_string).unwrap_or_default();
        Self {
            name: or(self.name, lambda::function_name(&intent.id).to_string()),
            endpoint: if known { self.endpoint } else { first },
            role: or(self.role, "new".into()),
            role_name: or(self.role_name, lambda::execution_role_name(&intent.id).to_string()),
            role_arn: self.role_arn,
        }
    }

    /// What was chosen, or what is wrong with each answer.
    pub fn parse(&self, intent: &ShareIntent) -> Result<FunctionChoice, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let name = taken(&mut problems, "name", FunctionName::parse(&self.name));
        let endpoint = taken(&mut problems, "endpoint", EndpointName::parse(&self.endpoint));
        let role = if self.role == "existing" {
            self.existing(intent).map(ExecutionRole::Existing).map_err(|problem| problems.push(problem)).ok()
        } else {
            taken(&mut problems, "role_name", RoleName::parse(&self.role_name)).map(ExecutionRole::New)
        };
        match (name, endpoint, role) {
            (Some(name), Some(endpoint), Some(role)) if problems.is_empty() => {
                Ok(FunctionChoice { name, endpoint, role })
            }
            _ => Err(problems),
        }
    }

    fn existing(&self, intent: &ShareIntent) -> Result<CallerArn, FieldProblem> {
        let problem = |message: String, hint: &str| FieldProblem {
            field: "role_arn".into(),
            message,
            hint: Some(hint.to_owned()),
        };
        if self.role_arn.trim().is_empty() {
            return Err(problem("no role is chosen".into(), "choose one, or have a new one made"));
        }
        let role =
            CallerArn::parse(&self.role_arn).map_err(|error| problem(error.to_string(), "choose it from the list"))?;
        if role.kind() != CallerKind::Role {
            return Err(problem(format!("`{}` is no role", role.name()), "functions run as roles"));
        }
        if role.account() != intent.child {
            let message = format!("`{}` is a role of account {}", role.name(), role.account());
            return Err(problem(message, &format!("choose one of account {}", intent.child)));
        }
        Ok(role)
    }
}

fn taken<T>(problems: &mut Vec<FieldProblem>, field: &str, parsed: Result<T, NameError>) -> Option<T> {
    let refuse = |error: NameError| {
        let message = if error.input.is_empty() {
            format!("nothing is given; it should be {}", error.expected)
        } else {
            error.to_string()
        };
        problems.push(FieldProblem { field: field.into(), message, hint: None });
    };
    parsed.map_err(refuse).ok()
}
