//! Key Management Service: keys with their policies, and what is done with them.
