//! Whether one document allows more than another, as far as that can be told from actions and resources alone.

use crate::policy::Pattern;
use serde_json::Value;

/// How a new document relates to the one in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It allows less.
    Narrower,
    /// It allows more.
    Wider,
    /// It allows something else, or it can't be told.
    Different,
}

/// Compares what two documents allow. Denies, conditions and `Not…` elements make it [`Reach::Different`]: a guess would
/// be worse than no answer.
pub(super) fn reach(old: &str, new: &str) -> Reach {
    match coverage(old, new) {
        Some((true, false)) => Reach::Narrower,
        Some((false, true)) => Reach::Wider,
        _ => Reach::Different,
    }
}

/// Whether `old` allows all that `new` allows, and whether `new` allows all that `old` does; `None` when it can't be
/// told.
pub(crate) fn coverage(old: &str, new: &str) -> Option<(bool, bool)> {
    let (old, new) = (grants(old)?, grants(new)?);
    Some((covered(&new, &old), covered(&old, &new)))
}

type Grants = Vec<(String, String)>;

fn grants(document: &str) -> Option<Grants> {
    let document: Value = serde_json::from_str(document).ok()?;
    let mut grants = Vec::new();
    for statement in list(document.get("Statement")?) {
        let plain =
            statement.as_object()?.keys().all(|k| matches!(k.as_str(), "Sid" | "Effect" | "Action" | "Resource"));
        if !plain || statement.get("Effect")?.as_str() != Some("Allow") {
            return None;
        }
        for action in list(statement.get("Action")?) {
            for resource in list(statement.get("Resource")?) {
                grants.push((action.as_str()?.to_lowercase(), resource.as_str()?.to_owned()));
            }
        }
    }
    Some(grants)
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

fn covered(inner: &Grants, outer: &Grants) -> bool {
    let outer: Vec<_> = outer.iter().map(|(action, resource)| (Pattern::new(action), Pattern::new(resource))).collect();
    inner.iter().all(|(action, resource)| outer.iter().any(|(a, r)| covers(a, action) && covers(r, resource)))
}

/// Whether a pattern matches all that another text does. Wildcards in `text` are compared as they are, which errs towards
/// [`Reach::Different`]; a `?` could take one of them, or part of a variable, for the single character it stands for.
fn covers(pattern: &Pattern, text: &str) -> bool {
    let single = pattern.as_str().contains('?') && text.contains(['*', '$']);
    pattern.as_str() == text || (!single && pattern.matches(text, false, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(resource: &str) -> String {
        format!(r#"{{"Statement":{{"Effect":"Allow","Action":"sagemaker:InvokeEndpoint","Resource":"{resource}"}}}}"#)
    }

    #[test]
    fn one_endpoint_is_narrower_than_all_of_them() {
        assert_eq!(reach(&allow("arn:x:endpoint/*"), &allow("arn:x:endpoint/a")), Reach::Narrower);
        assert_eq!(reach(&allow("arn:x:endpoint/a"), &allow("arn:x:endpoint/*")), Reach::Wider);
        assert_eq!(reach(&allow("arn:x:endpoint/a"), &allow("arn:x:endpoint/b")), Reach::Different);
    }

    #[test]
    fn a_pattern_with_many_wildcards_is_compared_at_once() {
        let many = format!("{}z", "*?".repeat(60));
        let long = "a".repeat(600);
        assert_eq!(reach(&allow(&many), &allow(&long)), Reach::Different);
        assert_eq!(reach(&allow(&many), &allow(&format!("{long}z"))), Reach::Narrower);
    }

    #[test]
    fn one_character_is_not_taken_for_a_wildcard_or_a_variable() {
        assert_eq!(reach(&allow("arn:x:endpoint/?"), &allow("arn:x:endpoint/a")), Reach::Narrower);
        assert_eq!(reach(&allow("arn:x:endpoint/?"), &allow("arn:x:endpoint/*")), Reach::Wider);
        assert_eq!(reach(&allow("arn:x:endpoint/????"), &allow("arn:x:endpoint/${a}")), Reach::Different);
    }

    #[test]
    fn a_document_with_a_deny_is_not_guessed_about() {
        let deny = allow("*").replace("Allow", "Deny");
        assert_eq!(reach(&deny, &allow("arn:x:endpoint/a")), Reach::Different);
    }
}
