//! Whether a value is one that its declaration allows.

use super::pattern::Pattern;
use super::{Inner, ParameterDeclaration};
use crate::words;

/// Why a value is refused, in CloudFormation's words; `None` if it is not.
///
/// The text for patterns and the one with a constraint description are recorded; those for lengths, numbers and allowed
/// values are from other implementations, which agree.
pub(super) fn refusal(name: &str, declaration: &ParameterDeclaration, value: &str) -> Option<String> {
    let reason = broken(declaration, &values(declaration, value))?;
    Some(match (&declaration.constraint_description, reason) {
        (_, Broken::DoesNotExist(value)) => {
            // Recorded.
            let shown = if declaration.no_echo { words::MASKED } else { &value };
            format!("Parameter validation failed: parameter value {shown} for parameter name {name} does not exist")
        }
        (_, Broken::Pattern(reason)) => reason.message(name),
        (Some(description), Broken::Constraint(_)) => {
            format!("Parameter {name} failed to satisfy constraint: {description}")
        }
        (None, Broken::Constraint(reason)) => format!("Parameter '{name}' {reason}"),
    })
}

/// The values of a list, or the only one. Space around commas is not part of a value.
pub(super) fn values<'a>(declaration: &ParameterDeclaration, value: &'a str) -> Vec<&'a str> {
    if !declaration.parameter_type.is_list() {
        return vec![value];
    }
    if value.is_empty() { Vec::new() } else { value.split(',').map(str::trim).collect() }
}

enum Broken {
    Constraint(String),
    DoesNotExist(String),
    Pattern(super::pattern::Refused),
}

fn broken(declaration: &ParameterDeclaration, values: &[&str]) -> Option<Broken> {
    let constraint = |reason: String| Some(Broken::Constraint(reason));
    let allowed = |value: &str| declaration.allowed_values.iter().any(|allowed| allowed == value);
    if !declaration.allowed_values.is_empty() && !values.iter().all(|value| allowed(value)) {
        return constraint("must be one of AllowedValues".to_owned());
    }
    if *declaration.parameter_type.inner() == Inner::Number {
        return values.iter().find_map(|value| number(declaration, value)).map(Broken::Constraint);
    }
    if !declaration.parameter_type.is_list() {
        let length = values.iter().map(|value| value.chars().count() as u64).sum::<u64>();
        if let Some(least) = declaration.min_length.filter(|least| length < *least) {
            return constraint(format!("must contain at least {least} characters"));
        }
        if let Some(most) = declaration.max_length.filter(|most| length > *most) {
            return constraint(format!("must contain at most {most} characters"));
        }
    }
    if let Some(written) = &declaration.allowed_pattern {
        match Pattern::new(written) {
            Err(refused) => return Some(Broken::Pattern(refused)),
            Ok(pattern) if !values.iter().all(|value| pattern.matches(value)) => {
                return constraint(format!("must match pattern {written}"));
            }
            Ok(_) => {}
        }
    }
    let inner = declaration.parameter_type.inner();
    values.iter().find(|value| !inner.fits(value)).map(|value| Broken::DoesNotExist((*value).to_owned()))
}

fn number(declaration: &ParameterDeclaration, value: &str) -> Option<String> {
    let bound =
        |bound: &Option<String>| bound.as_ref().and_then(|bound| Some((bound.clone(), bound.parse::<f64>().ok()?)));
    let Some(number) = value.trim().parse::<f64>().ok().filter(|number| number.is_finite()) else {
        return Some("must be a number".to_owned());
    };
    if let Some((least, _)) = bound(&declaration.min_value).filter(|(_, least)| number < *least) {
        return Some(format!("must be a number not less than {least}"));
    }
    bound(&declaration.max_value)
        .filter(|(_, most)| number > *most)
        .map(|(most, _)| format!("must be a number not greater than {most}"))
}
