//! The rules of Choice states: what they compare, and whether they match.
//!
//! Source: Step Functions developer guide, "Choice workflow state"; specification, "Data-test expression".

use crate::failure::Failure;
use crate::matching::matches;
use crate::path::Path;
use crate::template::Evaluation;
use crate::time;
use serde_json::Value;
use std::cmp::Ordering;

/// A rule without the state that it leads to.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    And(Vec<Rule>),
    Or(Vec<Rule>),
    Not(Box<Rule>),
    Test { variable: Path, operator: Operator, operand: Operand },
}

/// What a variable is compared with.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Value(Value),
    Path(Path),
}

/// A data test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Compare(Kind, Comparison),
    Matches,
    Is(Is),
}

/// What is compared; a value of any other type makes a comparison false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Numeric,
    String,
    Timestamp,
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equals,
    GreaterThan,
    GreaterThanEquals,
    LessThan,
    LessThanEquals,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    Boolean,
    Null,
    Numeric,
    Present,
    String,
    Timestamp,
}

impl Operator {
    /// The operator of a field, and whether its operand is a path; `None` for every other field.
    pub(crate) fn parse(field: &str) -> Option<(Self, bool)> {
        let is = match field {
            "IsBoolean" => Some(Is::Boolean),
            "IsNull" => Some(Is::Null),
            "IsNumeric" => Some(Is::Numeric),
            "IsPresent" => Some(Is::Present),
            "IsString" => Some(Is::String),
            "IsTimestamp" => Some(Is::Timestamp),
            _ => None,
        };
        if let Some(is) = is {
            return Some((Self::Is(is), false));
        }
        if field == "StringMatches" {
            return Some((Self::Matches, false));
        }
        let (name, path) = field.strip_suffix("Path").map_or((field, false), |name| (name, true));
        let kinds = [
            ("Boolean", Kind::Boolean),
            ("Numeric", Kind::Numeric),
            ("String", Kind::String),
            ("Timestamp", Kind::Timestamp),
        ];
        let (kind, rest) = kinds.iter().find_map(|(word, kind)| Some((*kind, name.strip_prefix(word)?)))?;
        let comparison = match rest {
            "Equals" => Comparison::Equals,
            "GreaterThan" => Comparison::GreaterThan,
            "GreaterThanEquals" => Comparison::GreaterThanEquals,
            "LessThan" => Comparison::LessThan,
            "LessThanEquals" => Comparison::LessThanEquals,
            _ => return None,
        };
        let ordered = kind != Kind::Boolean || comparison == Comparison::Equals;
        ordered.then_some((Self::Compare(kind, comparison), path))
    }

    /// The type that a written operand has to have, in the words of the messages; `None` where this one has it.
    pub(crate) fn expects(self, operand: &Value) -> Option<&'static str> {
        let (right, expected) = match self {
            Self::Is(_) | Self::Compare(Kind::Boolean, _) => (operand.is_boolean(), "Boolean"),
            Self::Compare(Kind::Numeric, _) => (operand.is_number(), "Number"),
            Self::Matches | Self::Compare(Kind::String | Kind::Timestamp, _) => (operand.is_string(), "String"),
        };
        (!right).then_some(expected)
    }
}

impl Rule {
    /// Whether it matches. A variable that isn't there is a failure, but for `IsPresent`.
    pub(crate) fn holds(&self, evaluation: &mut Evaluation<'_>) -> Result<bool, Failure> {
        match self {
            Self::And(rules) => {
                for rule in rules {
                    if !rule.holds(evaluation)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(rules) => {
                for rule in rules {
                    if rule.holds(evaluation)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(rule) => Ok(!rule.holds(evaluation)?),
            Self::Test { variable, operator, operand } => {
                let found = evaluation.read(variable)?;
                if let (Operator::Is(Is::Present), Operand::Value(expected)) = (operator, operand) {
                    return Ok(Value::Bool(found.is_some()) == *expected);
                }
                let value = found.ok_or_else(|| invalid(variable))?;
                match operand {
                    Operand::Value(operand) => Ok(operator.test(&value, operand)),
                    Operand::Path(path) => {
                        let operand = evaluation.read(path)?.ok_or_else(|| invalid(path))?;
                        Ok(operator.test(&value, &operand))
                    }
                }
            }
        }
    }
}

fn invalid(path: &Path) -> Failure {
    let path = path.text();
    Failure::runtime(format!("Invalid path '{path}': The choice state's condition path references an invalid value."))
}

impl Operator {
    fn test(self, value: &Value, operand: &Value) -> bool {
        match self {
            Self::Is(is) => Value::Bool(is.holds(value)) == *operand,
            Self::Matches => match (value.as_str(), operand.as_str()) {
                (Some(text), Some(pattern)) => matches(pattern, text),
                _ => false,
            },
            Self::Compare(kind, comparison) => {
                kind.order(value, operand).is_some_and(|ordering| comparison.holds(ordering))
            }
        }
    }
}

impl Kind {
    fn order(self, one: &Value, two: &Value) -> Option<Ordering> {
        match self {
            Self::Boolean => Some(one.as_bool()?.cmp(&two.as_bool()?)),
            Self::String => Some(one.as_str()?.cmp(two.as_str()?)),
            Self::Timestamp => Some(time::parse(one.as_str()?)?.cmp(&time::parse(two.as_str()?)?)),
            Self::Numeric => match (one.as_i64(), two.as_i64()) {
                (Some(one), Some(two)) => Some(one.cmp(&two)),
                _ => one.as_f64()?.partial_cmp(&two.as_f64()?),
            },
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equals => ordering.is_eq(),
            Self::GreaterThan => ordering.is_gt(),
            Self::GreaterThanEquals => ordering.is_ge(),
            Self::LessThan => ordering.is_lt(),
            Self::LessThanEquals => ordering.is_le(),
        }
    }
}

impl Is {
    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Null => value.is_null(),
            Self::Numeric => value.is_number(),
            Self::Present => true,
            Self::String => value.is_string(),
            Self::Timestamp => value.as_str().is_some_and(|text| time::parse(text).is_some()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::path::Scope;
    use crate::random::Randomness;
    use serde_json::json;

    fn holds(field: &str, variable: &str, operand: Value) -> Result<bool, Failure> {
        let (operator, path) = Operator::parse(field).unwrap();
        let operand = match (path, operand) {
            (true, Value::String(path)) => Operand::Path(Path::parse(&path).unwrap()),
            (_, value) => Operand::Value(value),
        };
        let input = json!({
            "s": "b", "n": 5, "f": 5.5, "t": true, "null": null, "time": "2026-01-31T12:00:00Z", "o": {},
            "later": "2026-01-31T14:00:00+01:00", "a": "b", "m": 5
        });
        let context = Context::of_value(json!({}));
        let mut random = Randomness::new([0; 32]);
        let rule = Rule::Test { variable: Path::parse(variable).unwrap(), operator, operand };
        rule.holds(&mut Evaluation::new(Scope { input: &input, context: &context }, &mut random, "C"))
    }

    #[test]
    fn each_operator_compares_its_own_type_only() {
        for (field, variable, operand, expected) in [
            ("StringEquals", "$.s", json!("b"), true),
            ("StringEquals", "$.n", json!("5"), false),
            ("StringLessThan", "$.s", json!("c"), true),
            ("StringLessThanEquals", "$.s", json!("b"), true),
            ("StringGreaterThan", "$.s", json!("B"), true),
            ("StringGreaterThanEquals", "$.s", json!("c"), false),
            ("StringEqualsPath", "$.s", json!("$.a"), true),
            ("StringLessThanPath", "$.s", json!("$.a"), false),
            ("StringMatches", "$.time", json!("2026-*Z"), true),
            ("StringMatches", "$.n", json!("*"), false),
            ("NumericEquals", "$.n", json!(5.0), true),
            ("NumericEquals", "$.s", json!(5), false),
            ("NumericLessThan", "$.n", json!(5.5), true),
            ("NumericLessThanEquals", "$.n", json!(5), true),
            ("NumericGreaterThan", "$.f", json!(5), true),
            ("NumericGreaterThanEquals", "$.n", json!(6), false),
            ("NumericEqualsPath", "$.n", json!("$.m"), true),
            ("NumericGreaterThanPath", "$.n", json!("$.f"), false),
            ("NumericEqualsPath", "$.n", json!("$.s"), false),
            ("BooleanEquals", "$.t", json!(true), true),
            ("BooleanEquals", "$.null", json!(false), false),
            ("BooleanEqualsPath", "$.t", json!("$.t"), true),
            ("TimestampEquals", "$.time", json!("2026-01-31T13:00:00+01:00"), true),
            ("TimestampLessThanPath", "$.time", json!("$.later"), true),
            ("TimestampGreaterThan", "$.time", json!("2026-01-31T11:59:59Z"), true),
            ("TimestampGreaterThanEquals", "$.s", json!("2026-01-31T11:59:59Z"), false),
            ("TimestampLessThanEquals", "$.time", json!("2026-01-31T12:00:00Z"), true),
            ("IsPresent", "$.s", json!(true), true),
            ("IsPresent", "$.none", json!(true), false),
            ("IsPresent", "$.none", json!(false), true),
            ("IsPresent", "$.null", json!(true), true),
            ("IsNull", "$.null", json!(true), true),
            ("IsNull", "$.s", json!(false), true),
            ("IsString", "$.s", json!(true), true),
            ("IsNumeric", "$.f", json!(true), true),
            ("IsBoolean", "$.t", json!(true), true),
            ("IsTimestamp", "$.time", json!(true), true),
            ("IsTimestamp", "$.s", json!(true), false),
        ] {
            assert_eq!(holds(field, variable, operand.clone()), Ok(expected), "{field} {variable} {operand}");
        }
    }

    #[test]
    fn what_is_not_there_can_only_be_asked_for_by_is_present() {
        for (field, variable, operand) in [
            ("StringEquals", "$.none", json!("x")),
            ("IsNull", "$.none", json!(true)),
            ("StringEqualsPath", "$.s", json!("$.none")),
        ] {
            let failure = holds(field, variable, operand).unwrap_err();
            assert_eq!(failure.error.as_deref(), Some("States.Runtime"));
            assert_eq!(
                failure.cause.as_deref(),
                Some("Invalid path '$.none': The choice state's condition path references an invalid value.")
            );
        }
    }

    #[test]
    fn the_language_has_thirty_nine_data_tests() {
        let mut fields: Vec<String> =
            ["IsBoolean", "IsNull", "IsNumeric", "IsPresent", "IsString", "IsTimestamp", "StringMatches"]
                .map(str::to_owned)
                .to_vec();
        for kind in ["Boolean", "Numeric", "String", "Timestamp"] {
            for comparison in ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"] {
                for path in ["", "Path"] {
                    fields.push(format!("{kind}{comparison}{path}"));
                }
            }
        }
        assert_eq!(fields.iter().filter(|field| Operator::parse(field).is_some()).count(), 39);
        for none in ["BooleanLessThan", "StringMatchesPath", "IsPresentPath", "Next", "Variable", ""] {
            assert_eq!(Operator::parse(none), None, "{none}");
        }
    }
}
