//! `${Name}` in a definition, filled in by CloudFormation's `DefinitionSubstitutions`.
//!
//! Source: CloudFormation user guide, "AWS::StepFunctions::StateMachine".

use std::collections::BTreeMap;

/// No placeholder is longer: CloudFormation's own names end at 255 characters.
const NAME_BYTES: usize = 1_024;

/// What CloudFormation would not do with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubstitutionError {
    /// Values hold placeholders of each other for ever.
    #[error("the values of DefinitionSubstitutions refer to each other without end")]
    Endless,
    /// What came out is longer than a definition may be.
    #[error("State Machine definition file cannot exceed 1MB.")]
    TooLong,
}

/// The definition's text with each `${Name}` replaced that `values` has, again and again until none is left, as the
/// resource's handler does. A placeholder without a value stays as it is: CloudFormation itself says nothing of it,
/// and the definition's own validation finds what it makes wrong. Values go in as they are: nothing is escaped.
pub fn substitute(definition: &str, values: &BTreeMap<String, String>) -> Result<String, SubstitutionError> {
    let mut text = definition.to_owned();
    // Each round goes one level deeper into values within values: more rounds than values are a circle.
    for _ in 0..=values.len() {
        let (replaced, changed) = once(&text, values)?;
        text = replaced;
        if !changed {
            return Ok(text);
        }
    }
    Err(SubstitutionError::Endless)
}

fn once(text: &str, values: &BTreeMap<String, String>) -> Result<(String, bool), SubstitutionError> {
    let (mut out, mut rest, mut changed) = (String::with_capacity(text.len()), text, false);
    while let Some(at) = rest.find("${") {
        let inner = &rest[at + 2..];
        let found = inner[..inner.floor_char_boundary(NAME_BYTES)].find('}').and_then(|length| {
            let value = values.get(&inner[..length])?;
            Some((value, at + length + 3))
        });
        let (piece, next) = match &found {
            Some((value, next)) => (value.as_str(), *next),
            None => ("${", at + 2),
        };
        changed |= found.is_some();
        out.push_str(&rest[..at]);
        out.push_str(piece);
        rest = &rest[next..];
        if out.len() > crate::limits::DEFINITION_BYTES {
            return Err(SubstitutionError::TooLong);
        }
    }
    out.push_str(rest);
    Ok((out, changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn placeholders_with_a_value_are_replaced_and_others_stay() {
        let values =
            values(&[("Role", "arn:aws:iam::1:role/r"), ("Seconds", "30"), ("Outer", "<${Inner}>"), ("Inner", "x")]);
        for (text, replaced) in [
            (r#"{"R": "${Role}", "S": ${Seconds}}"#, r#"{"R": "arn:aws:iam::1:role/r", "S": 30}"#),
            ("${Unknown} ${Role", "${Unknown} ${Role"),
            ("${${Inner}}", "${x}"),
            ("${Outer}", "<x>"),
            ("$.a ${} $${Inner}", "$.a ${} $x"),
            ("", ""),
        ] {
            assert_eq!(substitute(text, &values).as_deref(), Ok(replaced), "{text}");
        }
    }

    #[test]
    fn values_in_a_circle_are_an_error() {
        let circle = values(&[("A", "${B}"), ("B", "${A}")]);
        assert_eq!(substitute("${A}", &circle), Err(SubstitutionError::Endless));
        let doubling = values(&[("A", "${A}${A}")]);
        assert_eq!(substitute("${A}", &doubling), Err(SubstitutionError::Endless));
        let many: BTreeMap<_, _> = (0..64).map(|n| (format!("V{n}"), format!("${{V{0}}}${{V{0}}}", n + 1))).collect();
        assert_eq!(substitute("${V0}", &many), Err(SubstitutionError::TooLong));
    }
}
