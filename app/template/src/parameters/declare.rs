//! How a template declares a parameter.

use super::pattern::Pattern;
use super::{Inner, ParameterDeclaration, ParameterType};
use crate::error::{Path, Result, TemplateError};
use crate::node::Node;
use crate::{quotas, words};

const KNOWN: &[&str] = &[
    "Type",
    "Default",
    "NoEcho",
    "Description",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];

/// Not confirmed.
const NO_MAP: &str = "Template format error: Any Parameters member must be a JSON object.";
/// From other implementations.
const NO_TYPE: &str = "Template format error: Every Parameters object must contain a Type member.";
/// From other implementations.
const ALLOWED_VALUES: &str = "Template format error: Every AllowedValues member must be a list.";
/// From other implementations.
const ALLOWED_VALUE: &str = "Template format error: Every AllowedValues value must be a string.";
/// The most characters of a parameter's description and constraint description.
const TEXT_CHARACTERS: usize = 4000;

/// Reads a declaration.
pub(crate) fn declaration(name: &str, node: Node, path: &Path<'_>) -> Result<ParameterDeclaration> {
    let Node::Map(members) = node else { return Err(TemplateError::at(path, NO_MAP)) };
    if let Some((key, _)) = members.iter().find(|(key, _)| !KNOWN.contains(&key.as_str())) {
        // Recorded, for properties of resources.
        let message = format!("Invalid template parameter property '{key}'");
        return Err(TemplateError::at(&path.key(key), message));
    }
    let reader = Reader { name, members, path };
    let Some(written) = reader.text("Type")? else { return Err(TemplateError::at(path, NO_TYPE)) };
    let parameter_type = ParameterType::parse(&written).ok_or_else(|| {
        // Recorded.
        reader.fault("Type", format!("Template format error: Unrecognized parameter type: {written}"))
    })?;
    let declaration = ParameterDeclaration {
        default: reader.text("Default")?,
        no_echo: reader.text("NoEcho")?.is_some_and(|value| value.eq_ignore_ascii_case("true")),
        description: reader.description("Description")?,
        allowed_values: reader.allowed_values()?,
        allowed_pattern: reader.text("AllowedPattern")?,
        constraint_description: reader.description("ConstraintDescription")?,
        min_length: reader.length("MinLength")?,
        max_length: reader.length("MaxLength")?,
        min_value: reader.number("MinValue")?,
        max_value: reader.number("MaxValue")?,
        parameter_type,
    };
    reader.check(&declaration)?;
    Ok(declaration)
}

struct Reader<'a> {
    name: &'a str,
    members: Vec<(String, Node)>,
    path: &'a Path<'a>,
}

impl Reader<'_> {
    fn fault(&self, key: &str, message: impl Into<String>) -> TemplateError {
        TemplateError::at(&self.path.key(key), message)
    }

    fn get(&self, key: &str) -> Option<&Node> {
        self.members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> Result<Option<String>> {
        self.get(key)
            .map(|value| value.scalar().ok_or_else(|| self.fault(key, words::every_member_a_string(key))))
            .transpose()
    }

    fn description(&self, key: &str) -> Result<Option<String>> {
        let text = self.text(key)?;
        if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARACTERS) {
            // From other implementations.
            let message = format!("Template format error: {key} must be no longer than {TEXT_CHARACTERS} characters.");
            return Err(self.fault(key, message));
        }
        Ok(text)
    }

    fn allowed_values(&self) -> Result<Vec<String>> {
        match self.get("AllowedValues") {
            None => Ok(Vec::new()),
            Some(Node::List(items)) => items
                .iter()
                .map(|item| item.scalar().ok_or_else(|| self.fault("AllowedValues", ALLOWED_VALUE)))
                .collect(),
            Some(_) => Err(self.fault("AllowedValues", ALLOWED_VALUES)),
        }
    }

    fn number(&self, key: &str) -> Result<Option<String>> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        if text.trim().parse::<f64>().is_ok_and(f64::is_finite) {
            return Ok(Some(text.trim().to_owned()));
        }
        // From other implementations.
        Err(self.fault(key, format!("Template format error: Every {key} member must be a number.")))
    }

    fn length(&self, key: &str) -> Result<Option<u64>> {
        let Some(text) = self.number(key)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            // Not confirmed.
            self.fault(key, format!("Template format error: Every {key} member must be a number."))
        })
    }

    fn check(&self, declaration: &ParameterDeclaration) -> Result<()> {
        let number = *declaration.parameter_type.inner() == Inner::Number;
        let of_type = |key: &str, fits: bool, kind: &str| {
            if self.get(key).is_none() || fits {
                return Ok(());
            }
            // From other implementations.
            let message =
                format!("Template error: Parameter '{}' {key} must be on a parameter of type {kind}", self.name);
            Err(self.fault(key, message))
        };
        let text = !number && !declaration.parameter_type.is_list();
        of_type("MinLength", text, "String")?;
        of_type("MaxLength", text, "String")?;
        of_type("AllowedPattern", !number, "String")?;
        of_type("MinValue", number, "Number")?;
        of_type("MaxValue", number, "Number")?;
        if let Some(pattern) = &declaration.allowed_pattern
            && let Err(reason) = Pattern::new(pattern)
        {
            return Err(self.fault("AllowedPattern", reason.message(self.name)));
        }
        if let Some(default) = declaration.default.as_ref().filter(|text| text.len() > quotas::PARAMETER_BYTES) {
            let shown = if declaration.no_echo { words::MASKED } else { default };
            // Recorded.
            let message = format!(
                "Template format error: Parameter '{}' default value '[{shown}]' length is greater than {}.",
                self.name,
                quotas::PARAMETER_BYTES
            );
            return Err(self.fault("Default", message));
        }
        Ok(())
    }
}
