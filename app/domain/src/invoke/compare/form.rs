//! What is to be compared, as it is typed.

use crate::invoke::{BodyEncoding, InvokeHeaders, InvokeParams, Through};
use crate::names::EndpointName;
use crate::share::intent::InvokeAction;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// The same request to two targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompareForm {
    /// The first target.
    pub left: CompareSide,
    /// The second one.
    pub right: CompareSide,
    /// `Content-Type` of the body.
    pub content_type: String,
    /// `Accept`.
    pub accept: String,
    /// Custom attributes.
    pub custom_attributes: String,
    /// The body, as `encoding` says.
    pub body: String,
    /// What `body` is.
    pub encoding: BodyEncoding,
}

/// One of the two: an endpoint, and who in it shall answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompareSide {
    /// Through what.
    pub through: String,
    /// Which endpoint.
    pub endpoint: String,
    /// Which production variant.
    pub target_variant: String,
    /// Which model of a multi-model endpoint.
    pub target_model: String,
    /// Which inference component.
    pub inference_component: String,
    /// Which container of a multi-container endpoint.
    pub target_container: String,
}

impl CompareSide {
    /// Whether it says who in the endpoint shall answer.
    pub fn is_narrowed(&self) -> bool {
        let Self { target_variant, target_model, inference_component, target_container, .. } = self;
        [target_variant, target_model, inference_component, target_container].iter().any(|text| !text.trim().is_empty())
    }

    /// In words: `churn-live`, `churn-live · variant b`.
    pub fn label(&self) -> String {
        let named = [
            ("variant", &self.target_variant),
            ("model", &self.target_model),
            ("component", &self.inference_component),
            ("container", &self.target_container),
        ];
        let mut label = self.endpoint.trim().to_owned();
        for (noun, value) in named.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
            label.push_str(" · ");
            label.push_str(noun);
            label.push(' ');
            label.push_str(value.trim());
        }
        label
    }

    fn of(params: &InvokeParams) -> Self {
        let InvokeParams { through, endpoint, headers, .. } = params;
        Self {
            through: through.to_string(),
            endpoint: endpoint.to_string(),
            target_variant: headers.target_variant.clone(),
            target_model: headers.target_model.clone(),
            inference_component: headers.inference_component.clone(),
            target_container: headers.target_container.clone(),
        }
    }
}

impl CompareForm {
    /// A request with its own target on both sides: who in the endpoint shall answer is still to be told apart.
    pub fn of(params: InvokeParams) -> Self {
        let side = CompareSide::of(&params);
        let InvokeParams { headers, body, encoding, .. } = params;
        let InvokeHeaders { content_type, accept, custom_attributes, .. } = headers;
        Self { left: side.clone(), right: side, content_type, accept, custom_attributes, body, encoding }
    }

    /// Both requests.
    ///
    /// # Errors
    /// What is wrong, field by field; a target's fields begin with `left.` or `right.`.
    pub fn read(&self) -> Result<[InvokeParams; 2], Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let left = self.side("left", &self.left, &mut problems);
        let right = self.side("right", &self.right, &mut problems);
        match (left, right) {
            (Some(left), Some(right)) if problems.is_empty() => Ok([left, right]),
            _ => Err(problems),
        }
    }

    fn side(&self, name: &str, side: &CompareSide, problems: &mut Vec<FieldProblem>) -> Option<InvokeParams> {
        let mut wrong = |field: &str, message: String, hint: &str| {
            let problem = FieldProblem { field: field.into(), message, hint: Some(hint.into()) };
            // What both have in common is wrong once.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        };
        let through = Through::parse(&side.through);
        let through = through.map_err(|error| {
            wrong(&format!("{name}.through"), error.to_string(), "choose a share or a connection");
        });
        let endpoint = EndpointName::parse(side.endpoint.trim()).map_err(|error| {
            let missing = side.endpoint.trim().is_empty();
            let message = if missing { "the endpoint is missing".into() } else { error.to_string() };
            wrong(&format!("{name}.endpoint"), message, "type its name as SageMaker shows it");
        });
        let (through, endpoint) = (through.ok()?, endpoint.ok()?);
        let headers = InvokeHeaders {
            content_type: self.content_type.trim().into(),
            accept: self.accept.trim().into(),
            custom_attributes: self.custom_attributes.clone(),
            target_variant: side.target_variant.trim().into(),
            target_model: side.target_model.trim().into(),
            inference_component: side.inference_component.trim().into(),
            target_container: side.target_container.trim().into(),
            ..InvokeHeaders::default()
        };
        let params = InvokeParams { through, endpoint, headers, body: self.body.clone(), encoding: self.encoding };
        if let Err(refusal) = params.check(InvokeAction::Invoke) {
            let field = refusal.field();
            let common = ["content_type", "accept", "custom_attributes", "body"].contains(&field);
            let field = if common { field.to_owned() } else { format!("{name}.{field}") };
            wrong(&field, refusal.to_string(), refusal.hint());
        }
        Some(params)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form() -> CompareForm {
        let side = CompareSide { through: "s1".into(), endpoint: "churn".into(), ..CompareSide::default() };
        let right = CompareSide { target_variant: "b".into(), ..side.clone() };
        let (content_type, body) = ("text/csv".into(), "1,2".into());
        CompareForm { left: side, right, content_type, body, ..CompareForm::default() }
    }

    #[test]
    fn two_requests_differ_in_their_targets_only() {
        let [left, right] = form().read().unwrap();
        assert_eq!(left.headers.target_variant, "");
        assert_eq!(right.headers.target_variant, "b");
        assert_eq!((left.body, left.endpoint), (right.body, right.endpoint));
        assert_eq!(form().right.label(), "churn · variant b");
    }

    #[test]
    fn what_is_wrong_is_told_at_its_side_and_of_both_once() {
        let mut form = form();
        form.content_type = String::new();
        form.right.endpoint = "no name".into();
        form.left.target_variant = "-".into();
        let fields = |form: &CompareForm| form.read().unwrap_err().into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert_eq!(fields(&form), ["content_type", "right.endpoint"]);
        form.content_type = "text/csv".into();
        assert_eq!(fields(&form), ["left.target_variant", "right.endpoint"]);
        form.right.endpoint = "churn".into();
        form.left.target_variant = String::new();
        form.custom_attributes = "ü".into();
        assert_eq!(fields(&form), ["custom_attributes"]);
    }

    #[test]
    fn a_request_begins_with_its_target_on_both_sides() {
        let [left, _] = form().read().unwrap();
        let begun = CompareForm::of(left.clone());
        assert_eq!(begun.read(), Ok([left.clone(), left]));
    }
}
