//! How a batch is to be sent: as typed, and as it is meant.

use super::{BatchFile, BatchFormat, BatchLimits, Syntax, Template, limits};
use crate::invoke::{HeaderRule, InvokeHeaders, Through};
use crate::load::grouped;
use crate::names::EndpointName;
use crate::share::intent::InvokeAction;
use crate::wizard::FieldProblem;
use serde::{Deserialize, Serialize};

/// What a batch's form has, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchForm {
    /// Through what.
    pub through: String,
    /// Which endpoint.
    pub endpoint: String,
    /// `Content-Type` of each body.
    pub content_type: String,
    /// `Accept`.
    pub accept: String,
    /// Custom attributes; may name columns, as the other headers below.
    pub custom_attributes: String,
    /// Target model.
    pub target_model: String,
    /// Target variant.
    pub target_variant: String,
    /// Inference id.
    pub inference_id: String,
    /// `on`: the first record has the columns' names.
    pub header: String,
    /// The columns that are sent, by their place from 0; for CSV without a template.
    pub columns: Vec<String>,
    /// A body with `{{column}}`; empty for the row itself.
    pub template: String,
    /// How many requests at once.
    pub at_once: String,
    /// How often a row is tried in all.
    pub tries: String,
    /// Pause after so many failed rows one after another; 0 for never.
    pub stop_after: String,
}

/// How a batch is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSetup {
    /// Through what.
    pub through: Through,
    /// Which endpoint.
    pub endpoint: EndpointName,
    /// The headers; all but content type and accept are templates.
    pub headers: InvokeHeaders,
    /// Whether the first record has the columns' names.
    pub header: bool,
    /// The columns that are sent, by their place.
    pub columns: Vec<usize>,
    /// The body's template, if there is one.
    pub template: Option<String>,
    /// How many requests at once.
    pub at_once: u16,
    /// How often a row is tried in all.
    pub tries: u8,
    /// Pause after so many failed rows one after another; 0 for never.
    pub stop_after: u32,
}

impl BatchForm {
    /// What is offered for a file: all of its columns, and sending that bothers nobody.
    pub fn offered(file: &BatchFile, limits: &BatchLimits) -> Self {
        let content_type = if file.format == BatchFormat::Csv { "text/csv" } else { "application/json" };
        Self {
            content_type: content_type.into(),
            header: if file.header { "on".into() } else { String::new() },
            columns: (0..file.first.len()).map(|at| at.to_string()).collect(),
            at_once: limits.at_once.min(8).to_string(),
            tries: "5".into(),
            stop_after: "20".into(),
            ..Self::default()
        }
    }

    /// The headers as typed.
    pub fn headers(&self) -> InvokeHeaders {
        InvokeHeaders {
            content_type: self.content_type.trim().into(),
            accept: self.accept.trim().into(),
            custom_attributes: self.custom_attributes.clone(),
            target_model: self.target_model.trim().into(),
            target_variant: self.target_variant.trim().into(),
            inference_id: self.inference_id.trim().into(),
            ..InvokeHeaders::default()
        }
    }

    /// What it means for `file`.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn read(&self, file: &BatchFile, allowed: &BatchLimits) -> Result<BatchSetup, Vec<FieldProblem>> {
        let mut problems = Problems::default();
        let (through, endpoint) = self.target(&mut problems);
        let header = self.header == "on";
        let names = file.columns(header);
        let columns = self.sent(file, &mut problems);
        self.check_templates(&names, &mut problems);
        let at_once = problems.number("at_once", &self.at_once, 1, u32::from(allowed.at_once));
        let tries = problems.number("tries", &self.tries, 1, u32::from(limits::TRIES));
        let stop_after = problems.number("stop_after", &self.stop_after, 0, 1_000_000);
        if file.rows(header) == 0 {
            problems.add(
                "header",
                "the file has no rows",
                "say that its first record is a row, or choose another file",
            );
        }
        let (Some(through), Some(endpoint), []) = (through, endpoint, problems.0.as_slice()) else {
            return Err(problems.0);
        };
        let template = Some(self.template.clone()).filter(|text| !text.trim().is_empty());
        let small = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        Ok(BatchSetup {
            through,
            endpoint,
            headers: self.headers(),
            header,
            columns,
            template,
            at_once: small(at_once),
            tries: u8::try_from(tries).unwrap_or(u8::MAX),
            stop_after,
        })
    }

    fn target(&self, problems: &mut Problems) -> (Option<Through>, Option<EndpointName>) {
        let through = if self.through.trim().is_empty() {
            problems.add("through", "nothing is chosen to go through", "choose a share or a connection");
            None
        } else {
            problems.of("through", Through::parse(&self.through), "choose a share or a connection")
        };
        let endpoint = if self.endpoint.trim().is_empty() {
            problems.add("endpoint", "the endpoint is missing", "type its name as SageMaker shows it, or choose one");
            None
        } else {
            problems.of("endpoint", EndpointName::parse(&self.endpoint), "type its name as SageMaker shows it")
        };
        (through, endpoint)
    }

    fn sent(&self, file: &BatchFile, problems: &mut Problems) -> Vec<usize> {
        let known = |text: &String| text.parse().ok().filter(|at| *at < file.first.len());
        let mut columns: Vec<usize> = self.columns.iter().filter_map(known).collect();
        columns.sort_unstable();
        columns.dedup();
        if columns.is_empty() && file.format == BatchFormat::Csv && self.template.trim().is_empty() {
            problems.add("columns", "no column is sent", "tick at least one, or write a body");
        }
        columns
    }

    fn check_templates(&self, names: &[String], problems: &mut Problems) {
        if self.content_type.trim().is_empty() {
            problems.add("content_type", "the content type is missing", "say what a body is, such as text/csv");
        }
        let syntax = Syntax::of(&self.content_type);
        if let Err(problem) = Template::parse(&self.template, syntax, names) {
            problems.add("template", &problem.to_string(), "write `{{column}}`, or `\\{{` for the braces themselves");
        }
        let headers = self.headers();
        for rule in &HeaderRule::ALL {
            let value = rule.value(&headers);
            let fixed = matches!(rule.field, "content_type" | "accept");
            match Template::parse(value, Syntax::Plain, names) {
                Err(problem) if !fixed => problems.add(rule.field, &problem.to_string(), "write `{{column}}`"),
                _ => {}
            }
            // What a row's values make of it is checked row by row.
            if (fixed || !value.contains("{{"))
                && let Some(problem) = rule.problem(value)
            {
                problems.add(rule.field, &format!("the {} {problem}", rule.noun), "shorten or change it");
            }
            debug_assert!(value.is_empty() || rule.ways.contains(&InvokeAction::Invoke));
        }
    }
}

#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: &str, message: &str, hint: &str) {
        self.0.push(FieldProblem { field: field.into(), message: message.into(), hint: Some(hint.into()) });
    }

    fn of<T, E: std::fmt::Display>(&mut self, field: &str, read: Result<T, E>, hint: &str) -> Option<T> {
        read.map_err(|error| self.add(field, &error.to_string(), hint)).ok()
    }

    fn number(&mut self, field: &str, text: &str, least: u32, most: u32) -> u32 {
        let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let range = format!("whole number from {least} to {}", grouped(u64::from(most)));
            let message = match text.trim() {
                "" => format!("a {range} is missing"),
                typed => format!("`{typed}` is not a {range}"),
            };
            self.add(field, &message, "type a number in digits");
        }
        number.unwrap_or(least)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file() -> BatchFile {
        BatchFile {
            name: "a.csv".into(),
            bytes: 10,
            format: BatchFormat::Csv,
            delimiter: ',',
            header: true,
            records: 3,
            first: vec!["id".into(), "x".into()],
            sample: Vec::new(),
        }
    }

    fn form() -> BatchForm {
        let offered = BatchForm::offered(&file(), &BatchLimits::default());
        BatchForm { through: "s1".into(), endpoint: "echo".into(), ..offered }
    }

    fn problems(change: impl FnOnce(&mut BatchForm)) -> Vec<String> {
        let mut form = form();
        change(&mut form);
        let problems = form.read(&file(), &BatchLimits { at_once: 16, ..BatchLimits::default() }).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn what_is_offered_is_complete_but_for_the_target() {
        let setup = form().read(&file(), &BatchLimits::default()).unwrap();
        assert_eq!((setup.columns.as_slice(), setup.header, setup.at_once), ([0, 1].as_slice(), true, 8));
        assert_eq!((setup.tries, setup.stop_after, setup.template), (5, 20, None));
        assert_eq!(problems(|form| form.endpoint = String::new()), ["endpoint"]);
    }

    #[test]
    fn what_is_missing_is_named_and_not_quoted() {
        let form = BatchForm { through: " ".into(), endpoint: String::new(), ..form() };
        let problems = form.read(&file(), &BatchLimits::default()).unwrap_err();
        let said: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(said, ["nothing is chosen to go through", "the endpoint is missing"]);
    }

    #[test]
    fn each_problem_is_at_its_field() {
        assert_eq!(problems(|form| form.at_once = "17".into()), ["at_once"]);
        assert_eq!(problems(|form| form.tries = "0".into()), ["tries"]);
        assert_eq!(problems(|form| form.stop_after = "x".into()), ["stop_after"]);
        assert_eq!(problems(|form| form.columns = vec!["9".into()]), ["columns"]);
        assert_eq!(problems(|form| form.content_type = " ".into()), ["content_type"]);
        assert_eq!(problems(|form| form.template = "{{y}}".into()), ["template"]);
        assert_eq!(problems(|form| form.custom_attributes = "a={{y}}".into()), ["custom_attributes"]);
        assert_eq!(problems(|form| form.custom_attributes = "ä".into()), ["custom_attributes"]);
        assert_eq!(problems(|form| form.target_variant = "-".into()), ["target_variant"]);
    }

    #[test]
    fn a_column_may_be_kept_out_and_a_template_needs_none() {
        let mut form = form();
        form.columns = vec!["1".into(), "1".into()];
        assert_eq!(form.read(&file(), &BatchLimits::default()).unwrap().columns, [1]);
        form.columns = Vec::new();
        form.template = "{\"x\": {{x}}}".into();
        assert!(form.read(&file(), &BatchLimits::default()).is_ok());
    }
}
