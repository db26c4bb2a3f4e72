//! Types of parameters.

use std::fmt;

/// A parameter's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterType {
    /// One value.
    One(Inner),
    /// `List<…>` or `CommaDelimitedList`: values with commas between.
    List(Inner),
    /// `AWS::SSM::Parameter::Name`: a name in the parameter store, not looked up further.
    SsmName,
    /// `AWS::SSM::Parameter::Value<…>`: the value given is a name in the parameter store, the parameter's value is what
    /// the store has under it.
    SsmValue {
        /// What the value is.
        inner: Inner,
        /// Whether the value is a list.
        list: bool,
    },
}

/// What one value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inner {
    /// Any text.
    String,
    /// A number.
    Number,
    /// A resource of the account, by an AWS-specific type such as `AWS::EC2::VPC::Id`. Only its shape is checked here.
    Aws(&'static str),
}

/// The AWS-specific types, with what their values begin with; an empty prefix is any text.
///
/// Source: CloudFormation user guide, "Supported AWS-specific parameter types".
const AWS_TYPES: &[(&str, &str)] = &[
    ("AWS::EC2::AvailabilityZone::Name", ""),
    ("AWS::EC2::Image::Id", "ami-"),
    ("AWS::EC2::Instance::Id", "i-"),
    ("AWS::EC2::KeyPair::KeyName", ""),
    ("AWS::EC2::SecurityGroup::GroupName", ""),
    ("AWS::EC2::SecurityGroup::Id", "sg-"),
    ("AWS::EC2::Subnet::Id", "subnet-"),
    ("AWS::EC2::VPC::Id", "vpc-"),
    ("AWS::EC2::Volume::Id", "vol-"),
    ("AWS::Route53::HostedZone::Id", ""),
];

impl ParameterType {
    /// Reads a type; `None` if CloudFormation has none of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let wrapped = |name: &str, prefix: &str| {
            name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>')).map(str::to_owned)
        };
        if name == "AWS::SSM::Parameter::Name" {
            return Some(Self::SsmName);
        }
        if let Some(inner) = wrapped(name, "AWS::SSM::Parameter::Value<") {
            return match Self::parse(&inner)? {
                Self::One(inner) if inner != Inner::Number => Some(Self::SsmValue { inner, list: false }),
                Self::List(inner) => Some(Self::SsmValue { inner, list: true }),
                _ => None,
            };
        }
        if name == "CommaDelimitedList" {
            return Some(Self::List(Inner::String));
        }
        match wrapped(name, "List<") {
            Some(inner) => Inner::parse(&inner).map(Self::List),
            None => Inner::parse(name).map(Self::One),
        }
    }

    /// Whether a value is a list.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::SsmValue { list: true, .. })
    }

    /// What each value is.
    pub fn inner(&self) -> &Inner {
        match self {
            Self::One(inner) | Self::List(inner) | Self::SsmValue { inner, .. } => inner,
            Self::SsmName => &Inner::String,
        }
    }
}

impl Inner {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "String" => Some(Self::String),
            "Number" => Some(Self::Number),
            _ => AWS_TYPES.iter().find(|(known, _)| *known == name).map(|(known, _)| Self::Aws(known)),
        }
    }

    /// Whether a value has the shape of an AWS-specific type: whether there is such a resource is for the host to say.
    pub(super) fn fits(&self, value: &str) -> bool {
        let Self::Aws(name) = self else { return true };
        let prefix = AWS_TYPES.iter().find(|(known, _)| known == name).map_or("", |(_, prefix)| *prefix);
        match value.strip_prefix(prefix) {
            Some(_) if prefix.is_empty() => !value.is_empty(),
            Some(id) => (8..=17).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit()),
            None => false,
        }
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, inner: &Inner| match inner {
            Inner::String => f.write_str("CommaDelimitedList"),
            inner => write!(f, "List<{inner}>"),
        };
        match self {
            Self::One(inner) => inner.fmt(f),
            Self::List(inner) => list(f, inner),
            Self::SsmName => f.write_str("AWS::SSM::Parameter::Name"),
            Self::SsmValue { inner, list: false } => write!(f, "AWS::SSM::Parameter::Value<{inner}>"),
            Self::SsmValue { inner, list: true } => write!(f, "AWS::SSM::Parameter::Value<List<{inner}>>"),
        }
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Aws(name) => name,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_shown_alike() {
        for name in [
            "String",
            "Number",
            "List<Number>",
            "CommaDelimitedList",
            "AWS::EC2::VPC::Id",
            "List<AWS::EC2::Subnet::Id>",
            "AWS::SSM::Parameter::Name",
            "AWS::SSM::Parameter::Value<String>",
            "AWS::SSM::Parameter::Value<List<String>>",
            "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>",
        ] {
            assert_eq!(ParameterType::parse(name).map(|parsed| parsed.to_string()).as_deref(), Some(name), "{name}");
        }
        for name in [
            "",
            "string",
            "List<>",
            "List<List<String>>",
            "AWS::EC2::Nothing::Id",
            "AWS::SSM::Parameter::Value<Number>",
        ] {
            assert_eq!(ParameterType::parse(name), None, "{name}");
        }
    }
}
