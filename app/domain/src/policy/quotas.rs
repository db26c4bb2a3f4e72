//! How large policies may be and how many a role or user may have, kept in one place so that it is easy to correct.
//!
//! Source: IAM user guide, "IAM and AWS STS quotas". Sizes are in characters without white space, as
//! [`PolicyDocument::size`](super::PolicyDocument::size) counts them.

/// A managed policy.
pub const MANAGED_POLICY: usize = 6144;
/// A trust policy, unless the quota was raised.
pub const TRUST_POLICY: usize = 2048;
/// All inline policies of a role together.
pub const INLINE_OF_ROLE: usize = 10_240;
/// All inline policies of a user together.
pub const INLINE_OF_USER: usize = 2048;
/// All inline policies of a group together.
pub const INLINE_OF_GROUP: usize = 5120;
/// Managed policies attached to a role or user, unless the quota was raised.
pub const ATTACHED: usize = 10;
