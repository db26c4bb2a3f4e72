//! What `sagebridge explain` says to a scenario: one result, as JSON for programs or as a line for people.
//!
//! The shape is public: `docs/explain.md` describes it and `docs/explain.schema.json` holds it. It is written out here
//! and not derived from the evaluator's own types, so that those may change.

use super::reasons::{Cause, Element, ElementReport};
use super::scenario::{FaultKind, Scenario, ScenarioError};
use super::stream::{Piece, told_id};
use super::{Change, Decision, Explanation, Fix, Layer, NamedPolicy, ResourceKind, Says, StatementReport, explain};
use crate::policy::json::{self, Kind, Node};
use crate::policy::{
    AwsPrincipal, Effect, PolicyDocument, PolicyError, PrincipalPattern, validate_identity, validate_resource,
    validate_trust,
};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;

/// The result of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The scenario's own `id`, a string or a number; null when it has none or could not be read.
    pub id: Value,
    /// The line of the input the scenario starts on, from 1.
    pub line: usize,
    /// The decision with its reasons, or why there is none.
    pub outcome: Result<Box<Explained>, ScenarioError>,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// What the evaluator says.
    pub explanation: Explanation,
    /// What AWS would not take where it is attached; it was evaluated all the same.
    pub warnings: Vec<Warning>,
}

/// A fault of a document that can be evaluated but not saved in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Where the document is attached.
    pub layer: Layer,
    /// The level of control policies, from the root down, from 0.
    pub level: Option<usize>,
    /// The name of its policy.
    pub policy: String,
    /// The element.
    pub path: String,
    /// What AWS says, or would say.
    pub message: String,
}

impl Answer {
    /// Answers one part of a stream.
    pub fn to_piece(piece: &Piece) -> Self {
        match piece {
            Piece::Object { text, line, column } => Self::to_text(text, *line, *column),
            Piece::Broken { error, id } => Self { id: id.clone(), line: error.line, outcome: Err(error.clone()) },
        }
    }

    /// Answers a scenario's text, which starts at a line and a column of the input.
    pub fn to_text(text: &str, line: usize, column: usize) -> Self {
        let moved = |error: ScenarioError| error.moved(line, column);
        let node = match json::parse(text) {
            Ok(node) => node,
            Err(error) => return Self { id: told_id(text), line, outcome: Err(moved(ScenarioError::json(error))) },
        };
        Self { id: id(&node), line, outcome: Scenario::read(&node).map(|one| explained(&one)).map_err(moved) }
    }

    /// Whether there is no decision.
    pub fn is_error(&self) -> bool {
        self.outcome.is_err()
    }

    /// The result as JSON, in one line.
    pub fn json(&self) -> String {
        let text = match &self.outcome {
            Ok(explained) => serde_json::to_string(&ResultView::new(&self.id, explained)),
            Err(error) => serde_json::to_string(&FailureView { id: &self.id, error: ErrorView::new(error) }),
        };
        text.unwrap_or_else(|_| unreachable!("views have nothing that JSON can't hold"))
    }

    /// The result for people, in one line.
    pub fn text(&self) -> String {
        let name = match &self.id {
            Value::String(id) => id.clone(),
            Value::Null => format!("line {}", self.line),
            other => other.to_string(),
        };
        let mut line = match &self.outcome {
            Err(error) => format!("{name}: error: {error}"),
            Ok(explained) => {
                let explanation = &explained.explanation;
                let mut line = format!("{name}: {:?}: {}", explanation.decision, explanation.sentence());
                // Writing to a String can't fail.
                let _ = explanation.fix().map(|fix| write!(line, "; to allow it: {fix}"));
                line
            }
        };
        for warning in self.outcome.iter().flat_map(|explained| &explained.warnings) {
            let _ =
                write!(line, "; AWS would refuse `{}`: {} (at `{}`)", warning.policy, warning.message, warning.path);
        }
        visible(&line)
    }
}

/// The scenario's name as it was written.
fn id(node: &Node) -> Value {
    match node.get("id").map(|node| &node.kind) {
        Some(Kind::Text(text)) => Value::String(text.clone()),
        // A number that serde can't hold is kept as its digits.
        Some(Kind::Number(text)) => text.parse().map_or_else(|_| Value::String(text.clone()), Value::Number),
        _ => Value::Null,
    }
}

fn explained(scenario: &Scenario) -> Box<Explained> {
    let explanation = explain(&scenario.request, &scenario.policies());
    Box::new(Explained { explanation, warnings: warnings(scenario) })
}

/// Whatever a name may hold, it stays one line, and does nothing to a terminal.
fn visible(line: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    line.chars().fold(String::with_capacity(line.len()), |mut out, c| {
        if hidden(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
        out
    })
}

/// What AWS would not take, a document at a time.
fn warnings(scenario: &Scenario) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut check = |layer, level, policies: &[NamedPolicy], rule: fn(&PolicyDocument) -> Result<(), PolicyError>| {
        for policy in policies {
            if let Err(PolicyError { message, path, .. }) = rule(&policy.document) {
                warnings.push(Warning { layer, level, policy: policy.name.clone(), path, message });
            }
        }
    };
    for (level, policies) in scenario.service_control.iter().flatten().enumerate() {
        check(Layer::ServiceControl, Some(level), policies, validate_identity);
    }
    let rule = if scenario.resource_kind == ResourceKind::Trust { validate_trust } else { validate_resource };
    check(Layer::Resource, None, scenario.resource.as_slice(), whole_principals);
    check(Layer::Resource, None, scenario.resource.as_slice(), rule);
    check(Layer::Identity, None, &scenario.identity, validate_identity);
    check(Layer::Boundary, None, scenario.boundaries.as_deref().unwrap_or_default(), validate_identity);
    check(Layer::Session, None, scenario.session.as_deref().unwrap_or_default(), validate_identity);
    warnings
}

/// Principals with a wildcard in them are refused when a document is saved.
fn whole_principals(document: &PolicyDocument) -> Result<(), PolicyError> {
    for (index, statement) in document.statements.iter().enumerate() {
        let Some(clause) = &statement.principal else { continue };
        for principal in &clause.principals {
            if let PrincipalPattern::Aws(AwsPrincipal::Other(text)) = principal
                && text.contains(['*', '?'])
            {
                let element = if clause.negated { "NotPrincipal" } else { "Principal" };
                let message = format!("Invalid principal in policy: \"AWS\":\"{text:.100}\"");
                return Err(PolicyError::at_path(format!("Statement[{index}].{element}.AWS"), message));
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct FailureView<'a> {
    id: &'a Value,
    error: ErrorView<'a>,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    kind: FaultKind,
    message: &'a str,
    path: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
}

impl<'a> ErrorView<'a> {
    fn new(error: &'a ScenarioError) -> Self {
        let ScenarioError { kind, message, path, line, column } = error;
        let place = |number: usize| (number > 0).then_some(number);
        let path = Some(path.as_str()).filter(|path| !path.is_empty());
        Self { kind: *kind, message, path, line: place(*line), column: place(*column) }
    }
}

#[derive(Serialize)]
struct ResultView<'a> {
    id: &'a Value,
    decision: Decision,
    decided_by: Layer,
    explanation: ExplanationView<'a>,
}

#[derive(Serialize)]
struct ExplanationView<'a> {
    sentence: String,
    caller: &'a str,
    action: &'a str,
    resource: &'a str,
    resource_kind: ResourceKind,
    cross_account: bool,
    layers: Vec<LayerView>,
    statements: Vec<StatementView<'a>>,
    fixes: Vec<FixView<'a>>,
    warnings: &'a [Warning],
    details: Vec<String>,
}

#[derive(Serialize)]
struct LayerView {
    layer: Layer,
    level: Option<usize>,
    label: &'static str,
    says: Says,
    blocks: bool,
}

#[derive(Serialize)]
struct StatementView<'a> {
    layer: Layer,
    level: Option<usize>,
    policy: &'a str,
    index: usize,
    sid: Option<&'a str>,
    effect: Effect,
    matches: bool,
    elements: Vec<ElementView<'a>>,
}

#[derive(Serialize)]
struct ElementView<'a> {
    element: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    matches: bool,
    cause: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variable: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_id: Option<&'a str>,
    sentence: &'a str,
}

#[derive(Serialize)]
struct FixView<'a> {
    layer: Layer,
    level: Option<usize>,
    #[serde(flatten)]
    what: &'a Change,
    sentence: &'a str,
}

impl<'a> ResultView<'a> {
    fn new(id: &'a Value, explained: &'a Explained) -> Self {
        let explanation = &explained.explanation;
        let fix =
            |Fix { layer, level, what, sentence }: &'a Fix| FixView { layer: *layer, level: *level, what, sentence };
        Self {
            id,
            decision: explanation.decision,
            decided_by: explanation.decided_by,
            explanation: ExplanationView {
                sentence: explanation.sentence(),
                caller: &explanation.caller,
                action: &explanation.action,
                resource: &explanation.resource,
                resource_kind: explanation.resource_kind,
                cross_account: explanation.cross_account,
                layers: layers(explanation),
                statements: explanation.statements.iter().map(StatementView::new).collect(),
                fixes: explanation.fixes.iter().map(fix).collect(),
                warnings: &explained.warnings,
                details: explanation.details(),
            },
        }
    }
}

fn layers(explanation: &Explanation) -> Vec<LayerView> {
    let kind = explanation.resource_kind;
    let view = |one: &super::LayerReport| LayerView {
        layer: one.layer,
        level: one.level,
        label: one.layer.label(kind),
        says: one.says,
        blocks: one.blocks,
    };
    explanation.layers.iter().map(view).collect()
}

impl<'a> StatementView<'a> {
    fn new(report: &'a StatementReport) -> Self {
        Self {
            layer: report.layer,
            level: report.level,
            policy: &report.policy,
            index: report.index,
            sid: report.sid.as_deref(),
            effect: report.effect,
            matches: report.matches,
            elements: report.elements.iter().map(ElementView::new).collect(),
        }
    }
}

impl<'a> ElementView<'a> {
    fn new(report: &'a ElementReport) -> Self {
        let (operator, key) = match &report.element {
            Element::Condition { operator, key } => (Some(operator.as_str()), Some(key.as_str())),
            _ => (None, None),
        };
        let mut view = Self {
            element: element(&report.element),
            operator,
            key,
            matches: report.matches,
            cause: cause(&report.cause),
            fields: None,
            variable: None,
            unique_id: None,
            sentence: &report.sentence,
        };
        match &report.cause {
            Cause::OtherResource { fields } => view.fields = Some(fields),
            Cause::NoVariable { key } => view.variable = Some(key),
            Cause::OrphanedPrincipal { id } => view.unique_id = Some(id),
            _ => {}
        }
        view
    }
}

fn element(element: &Element) -> &'static str {
    match element {
        Element::Principal => "Principal",
        Element::NotPrincipal => "NotPrincipal",
        Element::Action => "Action",
        Element::NotAction => "NotAction",
        Element::Resource => "Resource",
        Element::NotResource => "NotResource",
        Element::Condition { .. } => "Condition",
    }
}

fn cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::Matches => "matches",
        Cause::OtherAction => "other_action",
        Cause::ActionLeftOut => "action_left_out",
        Cause::OtherResource { .. } => "other_resource",
        Cause::ResourceCase => "resource_case",
        Cause::NoResource => "no_resource",
        Cause::ResourceLeftOut => "resource_left_out",
        Cause::NoVariable { .. } => "no_variable",
        Cause::OtherPrincipal => "other_principal",
        Cause::PrincipalCase => "principal_case",
        Cause::PrincipalAccount => "principal_account",
        Cause::PrincipalWildcard => "principal_wildcard",
        Cause::OtherSession => "other_session",
        Cause::OrphanedPrincipal { .. } => "orphaned_principal",
        Cause::PrincipalLeftOut => "principal_left_out",
        Cause::NoPrincipal => "no_principal",
        Cause::NoKey => "no_key",
        Cause::KeyPresent => "key_present",
        Cause::OtherValue => "other_value",
        Cause::ValueCase => "value_case",
        Cause::NoExternalId => "no_external_id",
        Cause::OtherExternalId => "other_external_id",
    }
}
