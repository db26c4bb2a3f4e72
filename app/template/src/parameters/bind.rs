//! The values that a stack has for its parameters.

use super::constraints::{refusal, values};
use super::{ParameterDeclaration, ParameterType};
use crate::error::{ErrorKind, Path, Result, TemplateError};
use crate::section::Section;
use crate::template::Template;
use crate::{quotas, words};
use serde_json::Value;

/// A parameter of a request: CreateStack, UpdateStack, CreateChangeSet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterInput {
    /// `ParameterKey`.
    pub key: String,
    /// `ParameterValue`.
    pub value: Option<String>,
    /// `UsePreviousValue`: what the stack has stays.
    pub use_previous_value: bool,
}

impl ParameterInput {
    /// A value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: Some(value.into()), use_previous_value: false }
    }

    /// What the stack has stays.
    pub fn previous(key: impl Into<String>) -> Self {
        Self { key: key.into(), value: None, use_previous_value: true }
    }
}

/// Where the values of `AWS::SSM::Parameter::Value<…>` come from.
pub trait ParameterStore {
    /// The value of a parameter of the store, lists with commas between; `None` if there is none of that name.
    fn parameter(&self, name: &str) -> Option<String>;
}

/// No parameter store: every name is missing from it.
impl ParameterStore for () {
    fn parameter(&self, _name: &str) -> Option<String> {
        None
    }
}

/// A parameter with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Bound {
    /// Its type.
    pub parameter_type: ParameterType,
    /// What was given, or the default; of a parameter of the store the name. Not to be shown: see [`Bound::shown`].
    pub given: String,
    /// Of a parameter of the store the value that it had.
    pub stored: Option<String>,
    /// Whether it is masked.
    pub no_echo: bool,
}

impl Bound {
    /// The value that the template's functions see: a list for types of lists, else a string.
    pub fn value(&self) -> Value {
        let text = self.stored.as_deref().unwrap_or(&self.given);
        if !self.parameter_type.is_list() {
            return Value::String(text.to_owned());
        }
        if text.is_empty() {
            return Value::Array(Vec::new());
        }
        Value::Array(text.split(',').map(|value| Value::String(value.trim().to_owned())).collect())
    }

    /// `ParameterValue` in answers: what was given, masked where the template says so.
    pub fn shown(&self) -> &str {
        if self.no_echo { words::MASKED } else { &self.given }
    }

    /// `ResolvedValue` in answers: what the parameter store had, masked where the template says so.
    pub fn shown_stored(&self) -> Option<&str> {
        self.stored.as_deref().map(|stored| if self.no_echo { words::MASKED } else { stored })
    }
}

/// Values with NoEcho stay out of logs.
impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound")
            .field("parameter_type", &self.parameter_type)
            .field("given", &self.shown())
            .field("stored", &self.shown_stored())
            .field("no_echo", &self.no_echo)
            .finish()
    }
}

/// The values of all parameters of a template.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(Section<Bound>);

impl Parameters {
    /// Binds what a request gives to what a template declares. Values of the parameter store are looked up anew, also for
    /// [`ParameterInput::previous`].
    ///
    /// # Errors
    /// In CloudFormation's words: a parameter that the template doesn't have, one without a value, a value that is not
    /// allowed.
    pub fn bind(
        template: &Template,
        given: &[ParameterInput],
        previous: Option<&Parameters>,
        store: &dyn ParameterStore,
    ) -> Result<Self> {
        check_inputs(template, given, previous)?;
        let mut bound = Section::default();
        let mut missing = Vec::new();
        for (name, declaration) in template.parameters.iter() {
            let input = given.iter().find(|input| input.key == name);
            let value = match input {
                Some(input) if input.use_previous_value => {
                    previous.and_then(|previous| previous.get(name)).map(|bound| bound.given.clone())
                }
                Some(input) => input.value.clone().or_else(|| declaration.default.clone()),
                None => declaration.default.clone(),
            };
            match value {
                Some(value) => bound.insert(name, bind(name, declaration, value, store)?),
                None => missing.push(name),
            }
        }
        if !missing.is_empty() {
            // Recorded.
            return Err(fault(format!("Parameters: [{}] must have values", missing.join(", "))));
        }
        Ok(Self(bound))
    }

    /// A parameter by its name.
    pub fn get(&self, name: &str) -> Option<&Bound> {
        self.0.get(name)
    }

    /// The same with masked values.
    pub(crate) fn masked(&self) -> Self {
        let masked = |bound: &Bound| Bound {
            given: bound.shown().to_owned(),
            stored: bound.shown_stored().map(str::to_owned),
            ..bound.clone()
        };
        Self(self.0.iter().map(|(name, bound)| (name.to_owned(), masked(bound))).collect())
    }

    /// The parameters in the order of the template.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bound)> {
        self.0.iter()
    }
}

fn fault(message: impl Into<String>) -> TemplateError {
    TemplateError::whole(ErrorKind::Parameter, message)
}

fn check_inputs(template: &Template, given: &[ParameterInput], previous: Option<&Parameters>) -> Result<()> {
    let unknown: Vec<&str> =
        given.iter().map(|input| input.key.as_str()).filter(|key| !template.parameters.contains(key)).collect();
    if !unknown.is_empty() {
        // Recorded.
        return Err(fault(format!("Parameters: [{}] do not exist in the template", unknown.join(", "))));
    }
    for (index, input) in given.iter().enumerate() {
        let key = &input.key;
        if given[..index].iter().any(|earlier| earlier.key == *key) {
            // Not confirmed.
            return Err(fault(format!("Duplicate parameter key [{key}]")));
        }
        if input.value.as_ref().is_some_and(|value| value.len() > quotas::PARAMETER_BYTES) {
            // Not confirmed.
            return Err(fault(format!(
                "1 validation error detected: Value at 'parameters.{}.member.parameterValue' failed to satisfy \
                 constraint: Member must have length less than or equal to {}",
                index + 1,
                quotas::PARAMETER_BYTES
            )));
        }
        if !input.use_previous_value {
            continue;
        }
        if input.value.as_ref().is_some_and(|value| !value.is_empty()) {
            // Recorded.
            return Err(fault(format!(
                "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value \
                 for a parameter"
            )));
        }
        if previous.is_none_or(|previous| previous.get(key).is_none()) {
            // Recorded.
            return Err(fault(format!(
                "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key \
                 not in the previous template"
            )));
        }
    }
    Ok(())
}

fn bind(name: &str, declaration: &ParameterDeclaration, given: String, store: &dyn ParameterStore) -> Result<Bound> {
    let root = Path::Root;
    let section = root.key("Parameters");
    let path = section.key(name);
    let fault = |message: String| TemplateError::new(ErrorKind::Parameter, &path, message);
    let stored = match declaration.parameter_type {
        ParameterType::SsmValue { .. } => Some(store.parameter(&given).ok_or_else(|| {
            // Recorded, but for its beginning.
            fault(format!("Unable to fetch parameters [{given}] from parameter store for this account."))
        })?),
        _ => None,
    };
    // The constraints of a parameter of the store are on its name.
    let checked = match declaration.parameter_type {
        ParameterType::SsmValue { .. } => {
            let named = ParameterDeclaration { parameter_type: ParameterType::SsmName, ..declaration.clone() };
            refusal(name, &named, &given).or_else(|| {
                let inner = declaration.parameter_type.inner();
                let stored = stored.as_deref().unwrap_or_default();
                let misfit = values(declaration, stored).into_iter().find(|value| !inner.fits(value))?;
                let misfit = if declaration.no_echo { words::MASKED } else { misfit };
                Some(format!(
                    "Parameter validation failed: parameter value {misfit} for parameter name {name} does not exist"
                ))
            })
        }
        _ => refusal(name, declaration, &given),
    };
    match checked {
        Some(message) => Err(fault(message)),
        None => Ok(Bound {
            parameter_type: declaration.parameter_type.clone(),
            given,
            stored,
            no_echo: declaration.no_echo,
        }),
    }
}
