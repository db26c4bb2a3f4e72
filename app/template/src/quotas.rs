//! Limits, most of them AWS's.
//!
//! Source: CloudFormation user guide, "Understand CloudFormation quotas".

/// A template sent in the request, in bytes.
pub const BODY_BYTES: usize = 51_200;
/// A template at an address in S3, in bytes: "1 MB" in the guide.
pub const TEMPLATE_BYTES: usize = 1_000_000;
/// The template's description, in bytes.
pub const DESCRIPTION_BYTES: usize = 1024;
/// Resources of a template.
pub const RESOURCES: usize = 500;
/// Parameters of a template.
pub const PARAMETERS: usize = 200;
/// Outputs of a template.
pub const OUTPUTS: usize = 200;
/// Mappings of a template.
pub const MAPPINGS: usize = 200;
/// Attributes of a mapping.
pub const MAPPING_ATTRIBUTES: usize = 200;
/// The name of a member of a section, in characters.
pub const NAME_CHARACTERS: usize = 255;
/// A parameter's value, in bytes.
pub const PARAMETER_BYTES: usize = 4096;

/// How deep values may be nested. Ours: state machines and policies inside functions need some thirty levels, and
/// every walk over a template is recursive.
pub const DEPTH: usize = 100;
/// What aliases may add to a template, in bytes of text and eight for each value. Ours.
pub(crate) const ALIASED: usize = 1_000_000;
/// What the functions of one resource may make, in bytes of text and eight for each value. Ours; AWS's services take
/// far less.
pub(crate) const RESOLVED: usize = 8_000_000;
/// The program that an AllowedPattern becomes, in bytes. Ours.
pub(crate) const PATTERN_BYTES: usize = 1 << 20;
