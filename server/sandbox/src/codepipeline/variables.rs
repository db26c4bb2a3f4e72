//! Variables in configurations: `#{namespace.key}`.
//!
//! Source: CodePipeline user guide, "Variables reference".

use std::collections::BTreeMap;

/// Fills in the variables of a text; the reference that could not be resolved if there is one.
pub fn resolve(text: &str, look_up: impl Fn(&str, &str) -> Option<String>) -> Result<String, String> {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("#{") {
        let Some((inside, behind)) = after.split_once('}') else { break };
        resolved.push_str(before);
        let found = inside.split_once('.').and_then(|(namespace, key)| look_up(namespace, key));
        resolved.push_str(&found.ok_or_else(|| format!("#{{{inside}}}"))?);
        rest = behind;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// Fills in the variables of a configuration.
pub fn fill(
    configuration: &BTreeMap<String, String>,
    look_up: impl Fn(&str, &str) -> Option<String>,
) -> Result<BTreeMap<String, String>, String> {
    configuration.iter().map(|(key, value)| Ok((key.clone(), resolve(value, &look_up)?))).collect()
}

/// Whether every reference in a text is a namespace and a key of the characters that these have.
pub fn is_well_formed(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '-' | '_'))
    };
    text.split("#{").skip(1).all(|after| {
        let inside = after.split_once('}').map(|(inside, _)| inside);
        inside.and_then(|inside| inside.split_once('.')).is_some_and(|(space, key)| fits(space) && fits(key))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn known(namespace: &str, key: &str) -> Option<String> {
        (namespace == "Train" && key == "Arn").then(|| "arn:x".to_owned())
    }

    #[test]
    fn references_are_filled_in_wherever_they_stand() {
        let asked = r##"{"a": "#{Train.Arn}", "b": "#{Train.Arn}"}"##;
        assert_eq!(resolve(asked, known).unwrap(), r#"{"a": "arn:x", "b": "arn:x"}"#);
        assert_eq!(resolve("no # { variable }", known).unwrap(), "no # { variable }");
        assert_eq!(resolve("#{open", known).unwrap(), "#{open");
    }

    #[test]
    fn what_is_unknown_is_told() {
        assert_eq!(resolve("a #{Train.Nothing} b", known).unwrap_err(), "#{Train.Nothing}");
        assert_eq!(resolve("#{Train}", known).unwrap_err(), "#{Train}");
    }

    #[test]
    fn a_value_is_not_resolved_again() {
        let look_up = |_: &str, _: &str| Some("#{a.b}".to_owned());
        assert_eq!(resolve("#{x.y}", look_up).unwrap(), "#{a.b}");
    }

    #[test]
    fn a_reference_is_a_namespace_and_a_key() {
        assert!(is_well_formed("#{a.b} #{codepipeline.PipelineExecutionId} #"));
        for bad in ["#{a}", "#{.b}", "#{a.}", "#{a.b", "#{a b.c}"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
