//! Conditions: an operator, a key and values, prepared for matching.
//!
//! Source: IAM user guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued context
//! keys".

use super::pattern::{Pattern, ResourcePattern, Size, VariableCost};
use std::fmt;

/// How a key with several values is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `ForAnyValue:`: at least one of the request's values has to match.
    ForAnyValue,
    /// `ForAllValues:`: every one has to; none is enough.
    ForAllValues,
}

macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What a condition compares, without quantifier and `IfExists`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operator { $($(#[$doc])* $name),* }

        impl Operator {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As written in a document.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}
operators! {
    /// The same text.
    StringEquals,
    /// Another text.
    StringNotEquals,
    /// The same text but for case.
    StringEqualsIgnoreCase,
    /// Another text, whatever the case.
    StringNotEqualsIgnoreCase,
    /// The text matches a pattern.
    StringLike,
    /// The text matches no pattern.
    StringNotLike,
    /// The same number.
    NumericEquals,
    /// Another number.
    NumericNotEquals,
    /// A smaller number.
    NumericLessThan,
    /// A number not above.
    NumericLessThanEquals,
    /// A greater number.
    NumericGreaterThan,
    /// A number not below.
    NumericGreaterThanEquals,
    /// The same time.
    DateEquals,
    /// Another time.
    DateNotEquals,
    /// Before.
    DateLessThan,
    /// Not after.
    DateLessThanEquals,
    /// After.
    DateGreaterThan,
    /// Not before.
    DateGreaterThanEquals,
    /// True or false.
    Bool,
    /// The same bytes, in base64.
    BinaryEquals,
    /// An address within a range.
    IpAddress,
    /// An address outside of all ranges.
    NotIpAddress,
    /// An ARN that matches a pattern; the same as ArnLike.
    ArnEquals,
    /// An ARN that matches no pattern; the same as ArnNotLike.
    ArnNotEquals,
    /// An ARN that matches a pattern.
    ArnLike,
    /// An ARN that matches no pattern.
    ArnNotLike,
    /// Whether the request carries the key at all.
    Null,
}

impl Operator {
    /// Whether it asks that no value matches.
    pub fn is_negated(self) -> bool {
        use Operator::*;
        matches!(
            self,
            StringNotEquals
                | StringNotEqualsIgnoreCase
                | StringNotLike
                | NumericNotEquals
                | DateNotEquals
                | NotIpAddress
                | ArnNotEquals
                | ArnNotLike
        )
    }
}

/// An operator as a document names it: `ForAnyValue:StringLikeIfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConditionOperator {
    /// For keys with several values.
    pub quantifier: Option<Quantifier>,
    /// What is compared.
    pub operator: Operator,
    /// Whether the condition holds when the request lacks the key.
    pub if_exists: bool,
}

impl From<Operator> for ConditionOperator {
    fn from(operator: Operator) -> Self {
        Self { quantifier: None, operator, if_exists: false }
    }
}

impl ConditionOperator {
    /// Reads an operator; case makes no difference.
    pub fn parse(text: &str) -> Option<Self> {
        let (quantifier, rest) = match text.split_once(':') {
            Some((word, rest)) if word.eq_ignore_ascii_case("ForAnyValue") => (Some(Quantifier::ForAnyValue), rest),
            Some((word, rest)) if word.eq_ignore_ascii_case("ForAllValues") => (Some(Quantifier::ForAllValues), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let find = |name: &str| Operator::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(name));
        if let Some(operator) = find(rest) {
            return Some(Self { quantifier, operator, if_exists: false });
        }
        let cut = rest.len().checked_sub("IfExists".len())?;
        if !rest.is_char_boundary(cut) || !rest[cut..].eq_ignore_ascii_case("IfExists") {
            return None;
        }
        // Null asks about existence itself.
        let operator = find(&rest[..cut]).filter(|operator| *operator != Operator::Null)?;
        Some(Self { quantifier, operator, if_exists: true })
    }
}

impl fmt::Display for ConditionOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quantifier {
            Some(Quantifier::ForAnyValue) => f.write_str("ForAnyValue:")?,
            Some(Quantifier::ForAllValues) => f.write_str("ForAllValues:")?,
            None => {}
        }
        f.write_str(self.operator.as_str())?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}

/// A value of a condition, prepared for its operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConditionValue {
    pub(crate) pattern: Pattern,
    pub(crate) arn: Option<ResourcePattern>,
}

impl ConditionValue {
    /// As written.
    pub fn as_str(&self) -> &str {
        self.pattern.as_str()
    }

    /// No more than so many steps compare it with these values.
    pub(crate) fn work(&self, values: Size, variable: VariableCost) -> u64 {
        let arn = self.arn.as_ref().map_or(0, |arn| arn.work(values, variable));
        self.pattern.work(values, variable).saturating_add(arn)
    }
}

/// One condition of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// How it compares.
    pub operator: ConditionOperator,
    /// The condition key, as written; case makes no difference.
    pub key: Box<str>,
    /// What the request's value is compared with: any of them.
    pub values: Vec<ConditionValue>,
}

impl Condition {
    /// Prepares a condition.
    pub fn new<'a>(
        operator: impl Into<ConditionOperator>,
        key: &str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        use Operator::*;
        let operator = operator.into();
        let value = |text: &str| match operator.operator {
            StringLike | StringNotLike => ConditionValue { pattern: Pattern::new(text), arn: None },
            ArnEquals | ArnNotEquals | ArnLike | ArnNotLike => {
                ConditionValue { pattern: Pattern::new(text), arn: Some(ResourcePattern::new(text)) }
            }
            _ => ConditionValue { pattern: Pattern::literal(text), arn: None },
        };
        Self { operator, key: key.into(), values: values.into_iter().map(value).collect() }
    }
}
