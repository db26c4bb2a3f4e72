//! What CloudFormation says, in one place, so that a text is easy to correct.
//!
//! Each text names how well it is known, here and where a text stands beside its rule. *Recorded*: it was seen in a
//! recorded answer of AWS's or in several reports of people who got it. *From other implementations*: independent ones
//! agree on it, no answer of AWS's was found. *Not confirmed*: the rule is AWS's, the wording is built after its
//! neighbours. *Ours*: the rule is ours.

use crate::quotas;

/// Answer of UpdateStack when nothing changes. Recorded.
pub const NO_UPDATES: &str = "No updates are to be performed.";

/// `StatusReason` of a change set without changes. Recorded; some such change sets have [`NO_UPDATES`] instead.
pub const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// What stands for a value in a change set that only its execution gives. Recorded.
pub const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// What stands for the value of a parameter with `NoEcho`. Recorded.
pub const MASKED: &str = "****";

/// Recorded.
pub(crate) fn body_too_long(body: &str) -> String {
    format!(
        "1 validation error detected: Value '{body}' at 'templateBody' failed to satisfy constraint: Member must have \
         length less than or equal to {}",
        quotas::BODY_BYTES
    )
}

/// Not confirmed: reports have the same text with an older limit.
pub(crate) fn template_too_long() -> String {
    format!("Template may not exceed {} bytes in size.", quotas::TEMPLATE_BYTES)
}

/// Recorded.
pub(crate) fn not_well_formed(format: &str, line: usize, column: usize) -> String {
    format!("Template format error: {format} not well-formed. (line {line}, column {column})")
}

/// Recorded: a template that is no map.
pub(crate) const UNSUPPORTED_STRUCTURE: &str = "Template format error: unsupported structure.";

/// Recorded.
pub(crate) const ALIASES: &str = "Template error: YAML aliases are not allowed in CloudFormation templates.";

/// Not confirmed: the user guide says that merges are not supported.
pub(crate) const MERGES: &str = "Template error: YAML merge keys are not allowed in CloudFormation templates.";

/// Not confirmed.
pub(crate) fn duplicate(path: &str, key: &str) -> String {
    format!("Template format error: [{path}] duplicate key [{key}]")
}

/// Recorded for numbers and maps.
pub(crate) fn key_no_string(path: &str, received: &str) -> String {
    format!("Template format error: [{path}] map keys must be strings; received {received} instead")
}

/// Recorded.
pub(crate) fn null(path: &str) -> String {
    format!("[{path}] 'null' values are not allowed in templates")
}

/// Recorded.
pub(crate) fn unknown_sections(names: &[&str]) -> String {
    format!("Invalid template property or properties [{}]", names.join(", "))
}

/// Recorded.
pub(crate) const UNSUPPORTED_VERSION: &str = "Template format error: unsupported value for AWSTemplateFormatVersion.";

/// Recorded.
pub(crate) fn description_too_long() -> String {
    format!("Template format error: 'Description' length is greater than {}", quotas::DESCRIPTION_BYTES)
}

/// Recorded for Condition, Default and DependsOn values.
pub(crate) fn every_member_a_string(member: &str) -> String {
    format!("Template format error: Every {member} member must be a string.")
}

/// Not confirmed.
pub(crate) fn section_no_map(section: &str) -> String {
    format!("Template format error: {section} must be a map")
}

/// Recorded for resources.
pub(crate) fn too_many(what: &str, count: usize, limit: usize) -> String {
    format!("Template format error: Number of {what}, {count}, is greater than maximum allowed, {limit}")
}

/// Recorded for resources.
pub(crate) fn non_alphanumeric(what: &str, name: &str) -> String {
    format!("Template format error: {what} name {name} is non alphanumeric.")
}

/// Not confirmed: names have at most 255 characters.
pub(crate) fn name_too_long(what: &str, name: &str) -> String {
    let short: String = name.chars().take(32).collect();
    format!(
        "Template format error: {what} name {short}... exceeds the maximum number of allowed characters ({})",
        quotas::NAME_CHARACTERS
    )
}

/// Recorded.
pub(crate) const NO_RESOURCES: &str = "Template format error: At least one Resources member must be defined.";

/// Recorded.
pub(crate) fn resource_malformed(name: &str) -> String {
    format!("Template format error: [/Resources/{name}] resource definition is malformed")
}

/// Recorded.
pub(crate) fn resource_without_type(name: &str) -> String {
    format!("Template format error: [/Resources/{name}] Every Resources object must contain a Type member.")
}

/// Recorded.
pub(crate) fn unknown_resource_attribute(name: &str) -> String {
    format!("Invalid template resource property '{name}'")
}

/// Not confirmed.
pub(crate) fn attribute_no_map(resource: &str, attribute: &str) -> String {
    format!("Template format error: [/Resources/{resource}/{attribute}] Every {attribute} member must be a map")
}

/// From other implementations.
pub(crate) const DEPENDS_ON: &str = "Template format error: Every DependsOn value must be a string.";

/// From other implementations.
pub(crate) fn unknown_policy(attribute: &str, value: &str, resource: &str) -> String {
    format!("Template format error: Unrecognized {attribute} {value} for resource {resource}")
}

/// Recorded.
pub(crate) fn unresolved_resources(names: &[&str], block: &str) -> String {
    format!(
        "Template format error: Unresolved resource dependencies [{}] in the {block} block of the template",
        names.join(", ")
    )
}

/// Recorded.
pub(crate) fn unresolved_in_conditions(names: &[&str]) -> String {
    format!(
        "Template format error: Unresolved dependencies [{}]. Cannot reference resources in the Conditions block of \
         the template",
        names.join(", ")
    )
}

/// From other implementations.
pub(crate) fn unresolved_condition(name: &str, block: &str) -> String {
    format!("Template format error: Unresolved condition dependency {name} in the {block} block of the template")
}

/// Recorded for `Fn::If`.
pub(crate) fn unresolved_condition_in(name: &str, function: &str) -> String {
    format!("Template error: unresolved condition dependency {name} in {function}")
}

/// Not confirmed: other implementations agree on the beginning.
pub(crate) fn circular_conditions(names: &[&str]) -> String {
    format!("Template error: Found circular condition dependency: [{}]", names.join(", "))
}

/// Recorded.
pub(crate) const CONDITIONS_ONLY_BOOLEAN: &str =
    "Template format error: Conditions can only be boolean operations on parameters and other conditions";

/// Recorded for Fn::ImportValue.
pub(crate) fn not_in_conditions(function: &str) -> String {
    format!("Template error: Cannot use {function} in Conditions")
}

/// Recorded.
pub(crate) fn not_in_rules(function: &str) -> String {
    format!(
        "Template format error: Following functions are not supported in the Rules block of the template: [{function}]"
    )
}

/// From other implementations, for Fn::Equals.
pub(crate) fn only_in_conditions(function: &str) -> String {
    format!("Template error: {function} cannot be partially collapsed")
}

/// Recorded, but for the list of functions.
pub(crate) fn unknown_function(function: &str) -> String {
    format!(
        "Template error: Encountered unsupported function: {function} Supported functions are: [Fn::Base64, \
         Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, Fn::Equals, \
         Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, Fn::EachMemberIn, \
         Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr]"
    )
}

/// Ours: macros and transforms are not part of this crate.
pub(crate) fn transforms(name: &str) -> String {
    format!("transforms and macros are not supported, the template asks for `{name}`")
}

/// Recorded.
pub(crate) fn undefined_in_get_att(resource: &str) -> String {
    format!("Template error: instance of Fn::GetAtt references undefined resource {resource}")
}

/// Recorded.
pub(crate) fn undefined_in_sub(variable: &str) -> String {
    format!("Template error: instance of Fn::Sub references invalid resource attribute {variable}")
}

/// From other implementations; the list's form is not confirmed.
pub(crate) fn common_names(names: &[&str]) -> String {
    format!(
        "Template error: all resources and parameters must have unique names. Common name(s):[{}]",
        names.join(", ")
    )
}

/// Recorded.
pub(crate) fn circular(names: &[&str]) -> String {
    format!("Circular dependency between resources: [{}]", names.join(", "))
}

/// Recorded.
pub(crate) fn mapping_no_map(name: &str) -> String {
    format!("Template format error: Every Mappings member {name} must be a map")
}

/// Recorded.
pub(crate) const MAPPING_VALUE: &str = "Template format error: Every Mappings attribute must be a String or a List.";

/// Recorded.
pub(crate) fn no_mapping(name: &str) -> String {
    format!("Template error: Mapping named '{name}' is not present in the 'Mappings' section of template.")
}

/// Recorded.
pub(crate) fn no_mapping_value(map: &str, top: &str, second: &str) -> String {
    format!("Template error: Unable to get mapping for {map}::{top}::{second}")
}

/// Recorded.
pub(crate) const OUTPUT_WITHOUT_VALUE: &str = "Template format error: Every Outputs member must contain a Value object";

/// Recorded.
pub(crate) const OUTPUT_NO_STRING: &str =
    "Template format error: The Value field of every Outputs member must evaluate to a String.";

/// Not confirmed.
pub(crate) fn unknown_output_attribute(name: &str) -> String {
    format!("Invalid template output property '{name}'")
}

/// Not confirmed.
pub(crate) fn output_malformed(name: &str) -> String {
    format!("Template format error: Output {name} is malformed.")
}

/// Recorded.
pub(crate) fn export_name(output: &str) -> String {
    format!(
        "Template format error: Output {output} is malformed. The Name field of every Export member must be specified \
         and consist only of alphanumeric characters, colons, or hyphens."
    )
}

/// Recorded, with both spaces.
pub(crate) fn export_depends(output: &str) -> String {
    format!(
        "Template format error: Output {output} is malformed.  The Name field of Export must not depend on any \
         resources, imported values, or Fn::GetAZs."
    )
}

/// Recorded.
pub(crate) const IMPORT_DEPENDS: &str =
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs";

/// Recorded.
pub(crate) fn no_export(name: &str) -> String {
    format!("No export named {name} found.")
}

/// Recorded: what a stack's event says when a type has no such attribute.
pub(crate) fn no_attribute(attribute: &str, resource_type: &str) -> String {
    format!("Requested attribute {attribute} does not exist in schema for {resource_type}")
}
