//! Written by the share core.
