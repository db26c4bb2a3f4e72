//! What a load check is asked to do.

use super::{LoadLimits, grouped};
use crate::invoke::compare::{CompareForm, CompareSide};
use crate::invoke::{BodyEncoding, InvokeHeaders, InvokeParams, Through};
use crate::names::EndpointName;
use crate::share::intent::InvokeAction;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// What a load check's form has, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadForm {
    /// Through what.
    pub through: String,
    /// Which endpoint.
    pub endpoint: String,
    /// `Content-Type`.
    pub content_type: String,
    /// `Accept`.
    pub accept: String,
    /// Custom attributes.
    pub custom_attributes: String,
    /// Target variant.
    pub target_variant: String,
    /// The body, as text.
    pub body: String,
    /// `rate`: so many calls a second are begun; anything else: so many are always under way.
    pub pace: String,
    /// How many at once, at most.
    pub at_once: String,
    /// How many a second.
    pub rate: String,
    /// For how many seconds.
    pub seconds: String,
    /// How many calls at most.
    pub calls: String,
}

/// How calls follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadPace {
    /// As soon as one is answered the next is begun.
    AtOnce,
    /// So many are begun each second, whether others are answered or not; one that would be over what may be under way is
    /// left out and counted.
    Rate(u32),
}

/// What a load check does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSetup {
    /// The request.
    pub params: InvokeParams,
    /// How calls follow each other.
    pub pace: LoadPace,
    /// How many may be under way.
    pub at_once: u16,
    /// For how long calls are begun, in seconds.
    pub seconds: u32,
    /// How many are made at most.
    pub calls: u64,
}

impl LoadForm {
    /// What is offered: a check that most endpoints bear.
    pub fn offered(limits: &LoadLimits) -> Self {
        Self {
            content_type: "text/csv".into(),
            at_once: limits.at_once.min(4).to_string(),
            rate: "10".into(),
            seconds: limits.seconds.min(20).to_string(),
            calls: limits.calls.min(1_000).to_string(),
            ..Self::default()
        }
    }

    /// What is offered for a request.
    pub fn offered_for(limits: &LoadLimits, request: CompareForm) -> Self {
        let CompareForm { left, content_type, accept, custom_attributes, body, .. } = request;
        let CompareSide { through, endpoint, target_variant, .. } = left;
        let offered = Self::offered(limits);
        Self { through, endpoint, content_type, accept, custom_attributes, target_variant, body, ..offered }
    }

    /// What it means.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn read(&self, limits: &LoadLimits) -> Result<LoadSetup, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let (through, endpoint) = self.target(&mut problems);
        let at_once = number(&mut problems, "at_once", &self.at_once, u64::from(limits.at_once));
        let seconds = number(&mut problems, "seconds", &self.seconds, u64::from(limits.seconds));
        let calls = number(&mut problems, "calls", &self.calls, limits.calls);
        let pace = match self.pace.as_str() {
            "rate" => {
                let rate = number(&mut problems, "rate", &self.rate, u64::from(limits.rate));
                LoadPace::Rate(u32::try_from(rate).unwrap_or(u32::MAX))
            }
            _ => LoadPace::AtOnce,
        };
        let (Some(through), Some(endpoint)) = (through, endpoint) else { return Err(problems) };
        let headers = InvokeHeaders {
            content_type: self.content_type.trim().into(),
            accept: self.accept.trim().into(),
            custom_attributes: self.custom_attributes.clone(),
            target_variant: self.target_variant.trim().into(),
            ..InvokeHeaders::default()
        };
        let params = InvokeParams { through, endpoint, headers, body: self.body.clone(), encoding: BodyEncoding::Text };
        if let Err(refusal) = params.check(InvokeAction::Invoke) {
            add(&mut problems, refusal.field(), refusal.to_string(), refusal.hint());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let at_once = u16::try_from(at_once).unwrap_or(u16::MAX);
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        Ok(LoadSetup { params, pace, at_once, seconds, calls })
    }

    fn target(&self, problems: &mut Vec<FieldProblem>) -> (Option<Through>, Option<EndpointName>) {
        let through = if self.through.trim().is_empty() {
            add(problems, "through", "nothing is chosen to go through".into(), "choose a share or a connection");
            None
        } else {
            of(problems, "through", Through::parse(&self.through), "choose a share or a connection")
        };
        let endpoint = if self.endpoint.trim().is_empty() {
            let hint = "type its name as SageMaker shows it, or choose one";
            add(problems, "endpoint", "the endpoint is missing".into(), hint);
            None
        } else {
            of(problems, "endpoint", EndpointName::parse(&self.endpoint), "type its name as SageMaker shows it")
        };
        (through, endpoint)
    }
}

impl LoadSetup {
    /// How many calls are made at most.
    pub fn most_calls(&self) -> u64 {
        match self.pace {
            LoadPace::AtOnce => self.calls,
            LoadPace::Rate(rate) => self.calls.min(u64::from(rate) * u64::from(self.seconds)),
        }
    }
}

fn add(problems: &mut Vec<FieldProblem>, field: &str, message: String, hint: &str) {
    problems.push(FieldProblem { field: field.into(), message, hint: Some(hint.into()) });
}

fn of<T, E: std::fmt::Display>(
    problems: &mut Vec<FieldProblem>,
    field: &str,
    read: Result<T, E>,
    hint: &str,
) -> Option<T> {
    read.map_err(|error| add(problems, field, error.to_string(), hint)).ok()
}

fn number(problems: &mut Vec<FieldProblem>, field: &str, text: &str, most: u64) -> u64 {
    let text = text.trim();
    let read = text.parse().ok().filter(|number| (1..=most).contains(number));
    if read.is_none() {
        let range = format!("whole number from 1 to {}", grouped(most));
        let message =
            if text.is_empty() { format!("a {range} is missing") } else { format!("`{text}` is not a {range}") };
        // Of digits alone, and not nought: too large, even for a number of ours.
        let too_large = text.bytes().all(|b| b.is_ascii_digit()) && text.bytes().any(|b| b != b'0');
        let hint = if too_large {
            "this console allows no more; whoever runs it can change that"
        } else {
            "type a whole number"
        };
        add(problems, field, message, hint);
    }
    read.unwrap_or(1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form() -> LoadForm {
        let offered = LoadForm::offered(&LoadLimits::default());
        LoadForm { through: "s1".into(), endpoint: "echo".into(), body: "1".into(), ..offered }
    }

    #[test]
    fn a_check_is_bounded_in_every_way() {
        let limits = LoadLimits { seconds: 10, at_once: 2, rate: 5, calls: 100 };
        let typed = LoadForm { seconds: "9".into(), at_once: "2".into(), calls: "100".into(), ..form() };
        let setup = typed.read(&limits).unwrap();
        assert_eq!((setup.pace, setup.most_calls()), (LoadPace::AtOnce, 100));
        let by_rate = LoadForm { pace: "rate".into(), rate: "5".into(), ..typed.clone() }.read(&limits).unwrap();
        assert_eq!((by_rate.pace, by_rate.most_calls()), (LoadPace::Rate(5), 45));
        let fields = |form: LoadForm| form.read(&limits).unwrap_err().into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert_eq!(fields(LoadForm { seconds: "11".into(), ..typed.clone() }), ["seconds"]);
        assert_eq!(fields(LoadForm { at_once: "3".into(), calls: "0".into(), ..typed.clone() }), ["at_once", "calls"]);
        assert_eq!(fields(LoadForm { pace: "rate".into(), rate: "6".into(), ..typed.clone() }), ["rate"]);
        assert_eq!(fields(LoadForm { content_type: String::new(), ..typed }), ["content_type"]);
    }

    #[test]
    fn a_number_that_is_none_is_not_told_that_it_is_too_large() {
        let large = "this console allows no more; whoever runs it can change that";
        for (typed, hint) in [
            ("10001", large),
            ("99999999999999999999999", large),
            ("0", "type a whole number"),
            ("-1", "type a whole number"),
            ("1e3", "type a whole number"),
            ("1.5", "type a whole number"),
        ] {
            let problems = LoadForm { calls: typed.into(), ..form() }.read(&LoadLimits::default()).unwrap_err();
            assert_eq!(problems[0].message, format!("`{typed}` is not a whole number from 1 to 10,000"));
            assert_eq!(problems[0].hint.as_deref(), Some(hint), "{typed}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_not_quoted() {
        let typed = LoadForm { through: String::new(), endpoint: " ".into(), calls: String::new(), ..form() };
        let problems = typed.read(&LoadLimits::default()).unwrap_err();
        let said: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            said,
            [
                "nothing is chosen to go through",
                "the endpoint is missing",
                "a whole number from 1 to 10,000 is missing"
            ]
        );
    }
}
