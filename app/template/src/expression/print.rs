//! A value as JSON, functions in their long forms.

use super::{Expression, Function};
use serde_json::{Value, json};

impl Expression {
    /// As JSON, functions in their long forms. Parsed again it is the same value.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => list(items),
            Self::Map(members) => {
                Value::Object(members.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
            }
            Self::Function(function) => json!({ function.name(): function.value() }),
        }
    }
}

fn list(items: &[Expression]) -> Value {
    Value::Array(items.iter().map(Expression::to_json).collect())
}

impl Function {
    fn value(&self) -> Value {
        match self {
            Self::Ref(name) | Self::Condition(name) | Self::RefAll(name) => Value::String(name.clone()),
            Self::GetAtt { resource, attribute } => json!([resource, attribute.to_json()]),
            Self::Sub(sub) if sub.variables.is_empty() => Value::String(sub.text.clone()),
            Self::Sub(sub) => json!([sub.text, Expression::Map(sub.variables.clone()).to_json()]),
            Self::Join { delimiter, values: of } | Self::Split { delimiter, source: of } => {
                json!([delimiter, of.to_json()])
            }
            Self::If { condition, then, otherwise } => json!([condition, then.to_json(), otherwise.to_json()]),
            Self::Base64(one) | Self::GetAzs(one) | Self::ImportValue(one) => one.to_json(),
            Self::ValueOf(one, two) | Self::ValueOfAll(one, two) => json!([one, two]),
            Self::And(all) | Self::Or(all) => list(all),
            Self::Select { .. }
            | Self::FindInMap { .. }
            | Self::Cidr { .. }
            | Self::Equals(..)
            | Self::Not(_)
            | Self::Contains(..)
            | Self::EachMemberEquals(..)
            | Self::EachMemberIn(..) => {
                Value::Array(self.arguments().into_iter().map(|(_, one)| one.to_json()).collect())
            }
        }
    }
}
