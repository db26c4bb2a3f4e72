//! CloudFormation: stacks, made from templates by calls of the sandbox's own operations.
