//! The headers of an invocation, with their limits.

use super::limits;
use crate::share::intent::InvokeAction;
use serde::{Deserialize, Serialize};

/// What is said about the body and about who in the endpoint shall answer. An empty text stands for none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvokeHeaders {
    /// `Content-Type` of the body.
    pub content_type: String,
    /// `Accept`.
    pub accept: String,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: String,
    /// `X-Amzn-SageMaker-Target-Model`: which model of a multi-model endpoint.
    pub target_model: String,
    /// `X-Amzn-SageMaker-Target-Variant`: which production variant.
    pub target_variant: String,
    /// `X-Amzn-SageMaker-Target-Container-Hostname`: which container of a multi-container endpoint.
    pub target_container: String,
    /// `X-Amzn-SageMaker-Inference-Component`: which inference component.
    pub inference_component: String,
    /// `X-Amzn-SageMaker-Inference-Id`: what data capture names the call.
    pub inference_id: String,
    /// `X-Amzn-SageMaker-Enable-Explanations`: a JMESPath expression that says for which records.
    pub explanations: String,
    /// `X-Amzn-SageMaker-Session-Id`: of a stateful session; `NEW_SESSION` asks for one.
    pub session: String,
}

impl InvokeHeaders {
    /// Nothing but the body's type.
    pub fn of_type(content_type: impl Into<String>) -> Self {
        Self { content_type: content_type.into(), ..Self::default() }
    }

    /// Each header as `value` gives it.
    pub fn by_field(mut value: impl FnMut(&HeaderRule) -> String) -> Self {
        let mut headers = Self::default();
        for rule in &HeaderRule::ALL {
            *(rule.get_mut)(&mut headers) = value(rule);
        }
        headers
    }
}

/// What one header takes. Source: SageMaker Runtime API reference, InvokeEndpoint, InvokeEndpointWithResponseStream and
/// InvokeEndpointAsync.
pub struct HeaderRule {
    /// The field of [`InvokeHeaders`] and of forms.
    pub field: &'static str,
    /// In words: `content type`.
    pub noun: &'static str,
    /// The longest value, in characters.
    pub limit: usize,
    /// The operations that take it.
    pub ways: &'static [InvokeAction],
    form: Form,
    get: fn(&InvokeHeaders) -> &str,
    get_mut: fn(&mut InvokeHeaders) -> &mut String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Printable,
    /// Letters, digits and hyphens, with a letter or digit at both ends.
    Name,
}

use InvokeAction::{Async, Invoke, Stream};

/// A rule by its field's identifier.
macro_rules! rule {
    ($field:ident, $noun:literal, $limit:expr, $ways:expr) => {
        HeaderRule {
            field: stringify!($field),
            noun: $noun,
            limit: $limit,
            ways: $ways,
            form: Form::Printable,
            get: |headers| &headers.$field,
            get_mut: |headers| &mut headers.$field,
        }
    };
}

impl HeaderRule {
    /// All headers.
    pub const ALL: [Self; 10] = [
        rule!(content_type, "content type", limits::CONTENT_TYPE, &InvokeAction::ALL),
        rule!(accept, "accept header", limits::CONTENT_TYPE, &InvokeAction::ALL),
        rule!(custom_attributes, "custom attributes", limits::CUSTOM_ATTRIBUTES, &InvokeAction::ALL),
        rule!(target_model, "target model", limits::TARGET_MODEL, &[Invoke]),
        rule!(target_variant, "target variant", limits::TARGET_NAME, &[Invoke, Stream]).name(),
        rule!(target_container, "container hostname", limits::TARGET_NAME, &[Invoke, Stream]).name(),
        rule!(inference_component, "inference component", limits::TARGET_NAME, &[Invoke, Stream]).name(),
        rule!(inference_id, "inference id", limits::INFERENCE_ID, &[Invoke, Stream, Async]),
        rule!(explanations, "explanations", limits::EXPLANATIONS, &[Invoke]),
        rule!(session, "session", limits::SESSION, &[Invoke, Stream]),
    ];

    /// The rule of a field.
    pub fn of(field: &str) -> Option<&'static Self> {
        static ALL: [HeaderRule; 10] = HeaderRule::ALL;
        ALL.iter().find(|rule| rule.field == field)
    }

    /// The header's value.
    pub fn value<'a>(&self, headers: &'a InvokeHeaders) -> &'a str {
        (self.get)(headers)
    }

    /// What is wrong with a value, as the rest of a sentence that begins with the noun: `has 70 characters; SageMaker takes
    /// at most 63`.
    pub fn problem(&self, value: &str) -> Option<String> {
        let has = if self.is_plural() { "have" } else { "has" };
        let length = value.chars().count();
        if length > self.limit {
            return Some(format!("{has} {length} characters; SageMaker takes at most {}", self.limit));
        }
        if let Some(bad) = value.chars().find(|c| !(' '..='~').contains(c)) {
            return Some(format!("{has} the character {bad:?}; only printable ASCII can travel in a header"));
        }
        if self.form == Form::Name && !value.is_empty() && !is_name(value) {
            return Some(format!("{has} something else than letters, digits and hyphens, or a hyphen at an end"));
        }
        None
    }

    /// Whether the noun names several things: `custom attributes`.
    fn is_plural(&self) -> bool {
        self.noun.ends_with('s')
    }

    const fn name(mut self) -> Self {
        self.form = Form::Name;
        self
    }
}

fn is_name(text: &str) -> bool {
    let inner = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    inner && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_one_rule_that_reads_it() {
        let json = serde_json::to_value(InvokeHeaders::default()).unwrap_or_default();
        let fields: Vec<_> = json.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect();
        assert_eq!(fields.len(), HeaderRule::ALL.len());
        for field in fields {
            let with: InvokeHeaders = serde_json::from_value(serde_json::json!({ &field: "x" })).unwrap_or_default();
            let rule = HeaderRule::of(&field);
            assert_eq!(rule.map(|rule| rule.value(&with)), Some("x"), "{field}");
            assert_eq!(InvokeHeaders::by_field(|rule| rule.value(&with).to_owned()), with);
        }
    }

    #[test]
    fn a_value_is_measured_against_its_limit_and_its_form() {
        let problem = |field: &str, value: &str| HeaderRule::of(field).and_then(|rule| rule.problem(value));
        assert_eq!(problem("target_variant", "Champion-2"), None);
        assert_eq!(problem("target_model", "tenants/a b.tar.gz"), None);
        assert!(problem("target_variant", "-a").is_some());
        assert!(problem("custom_attributes", "naïve").is_some_and(|why| why.contains('ï')));
        assert!(problem("inference_id", &"x".repeat(65)).is_some_and(|why| why.contains("at most 64")));
    }

    #[test]
    fn a_problem_goes_on_with_its_noun() {
        let told = |field: &str, value: &str| {
            HeaderRule::of(field).and_then(|rule| Some(format!("{} {}", rule.noun, rule.problem(value)?)))
        };
        for (field, begin) in [
            ("custom_attributes", "custom attributes have the character 'ï'"),
            ("explanations", "explanations have the character 'ï'"),
            ("inference_id", "inference id has the character 'ï'"),
            ("session", "session has the character 'ï'"),
        ] {
            assert!(told(field, "naïve").is_some_and(|text| text.starts_with(begin)), "{field}");
        }
    }
}
